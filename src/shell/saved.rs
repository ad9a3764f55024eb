//! Files that the user asks for on the screen: in `exports/` of the data folder, for this user alone. Knows nothing of
//! what stands in them.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::domain::clock::{Time, Zone};

/// Files of one name, second and lane: more of them are a fault.
const MOST: u32 = 99;

/// Where such files stand.
pub fn folder(data: &Path) -> PathBuf {
    data.join("exports")
}

/// `20261122-094102`, in the zone of this computer: what such names have in them.
pub fn stamp(now: Time) -> String {
    Zone::Local.wall(now).format("%Y%m%d-%H%M%S").to_string()
}

/// `text` as a part of a file's name: letters, digits, `-`, `_`, `.` and `@`, at most 60 of them.
pub fn part(text: &str) -> String {
    let fits = |char: char| char.is_alphanumeric() || "-_@.".contains(char);
    text.chars().map(|char| if fits(char) { char } else { '-' }).take(60).collect()
}

/// A path as people write it: `~` is the home folder.
pub fn shown(path: &Path) -> String {
    let in_home = etcetera::home_dir().ok().and_then(|home| path.strip_prefix(home).ok().map(Path::to_owned));
    in_home.map_or_else(|| path.display().to_string(), |path| format!("~/{}", path.display()))
}

/// Makes a new file, `NAME.ENDING`, or `NAME-2.ENDING` where there is one already.
pub fn create(data: &Path, name: &str, ending: &str) -> io::Result<(File, PathBuf)> {
    let folder = folder(data);
    make(&folder)?;
    for number in 1..=MOST {
        let name = if number == 1 { format!("{name}.{ending}") } else { format!("{name}-{number}.{ending}") };
        let path = folder.join(name);
        match private().create_new(true).open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// Writes a text into a new file that is called after `name`.
pub fn text(data: &Path, name: &str, ending: &str, text: &str) -> io::Result<PathBuf> {
    let name = part(name);
    // No hidden file, and none without a name.
    let name = name.trim_matches(['-', '.', '_']);
    let (mut file, path) = create(data, if name.is_empty() { "conversation" } else { name }, ending)?;
    file.write_all(text.as_bytes())?;
    Ok(path)
}

/// Writes a file anew that is always the same one.
pub fn replace(data: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    let folder = folder(data);
    make(&folder)?;
    let path = folder.join(name);
    // An older one may have been opened to others: a new one takes its place.
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    private().create_new(true).open(&path)?.write_all(bytes)?;
    Ok(path)
}

fn make(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_takes_the_place_of_another_unless_it_is_to() {
        let temp = tempfile::tempdir().unwrap();
        let (mut file, first) = create(temp.path(), "log-1", "csv").unwrap();
        file.write_all(b"x").unwrap();
        let (_, second) = create(temp.path(), "log-1", "csv").unwrap();
        assert!(first.ends_with("exports/log-1.csv") && second.ends_with("exports/log-1-2.csv"));
        assert_eq!(std::fs::read(&first).unwrap(), b"x");
        for text in ["one", "two"] {
            let path = replace(temp.path(), "copied.txt", text.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            }
        }
    }

    #[test]
    fn names_lead_nowhere_else() {
        assert_eq!(part("groq@work/../a b\u{1b}é"), "groq@work-..-a-b-é");
        assert_eq!(part(&"x".repeat(200)).len(), 60);
    }
}
