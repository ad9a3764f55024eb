//! Keys that were typed in at the screen: lines of `NAME=value` in `keys.env` of the config folder, for this user alone.
//! The weakest source: a variable of the environment goes before it. No message shows a key.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use crate::domain::roster::Secret;

/// Its name in the config folder.
pub const NAME: &str = "keys.env";

/// More is no such file.
const LARGEST: u64 = 256 * 1024;

/// What the file holds, by name. Err: a sentence on why it is not read; nothing of it counts then.
pub fn read(path: &Path) -> Result<BTreeMap<String, Secret>, String> {
    let Some(text) = text(path)? else { return Ok(BTreeMap::new()) };
    let pairs = text.lines().filter_map(pair).filter(|(_, value)| !value.is_empty());
    Ok(pairs.map(|(name, value)| (name.to_owned(), Secret::new(value))).collect())
}

/// Keeps a key under this name, in the place of an older one; the other lines stay as they are.
pub fn keep(path: &Path, name: &str, key: &Secret) -> Result<(), String> {
    let old = text(path)?.unwrap_or_default();
    let mut lines: Vec<&str> = old.lines().filter(|line| pair(line).is_none_or(|(known, _)| known != name)).collect();
    let new = format!("{name}={}", key.expose());
    lines.push(&new);
    let failed = |error: io::Error| format!("{} cannot be written: {error}", path.display());
    write(path, &format!("{}\n", lines.join("\n"))).map_err(failed)
}

fn pair(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let (name, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
    (!name.starts_with('#')).then_some((name.trim(), value.trim()))
}

/// The text of the file, if there is one and nobody else can read it.
fn text(path: &Path) -> Result<Option<String>, String> {
    let failed = |error: io::Error| format!("{} is not used: {error}", path.display());
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if is_open_to_others(&file).map_err(failed)? {
        let path = path.display();
        return Err(format!("{path} is not used: others can read it, run `chmod 600 {path}`"));
    }
    let mut text = String::new();
    file.take(LARGEST).read_to_string(&mut text).map_err(failed)?;
    Ok(Some(text))
}

/// Written beside it, and put into its place: there is never half of it.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().ok_or(ErrorKind::NotFound)?;
    make(folder)?;
    let beside: PathBuf = folder.join(format!(".{NAME}.{}", std::process::id()));
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let done = written.and_then(|()| fs::rename(&beside, path));
    if done.is_err() {
        let _ = fs::remove_file(&beside);
    }
    done
}

fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(unix)]
fn is_open_to_others(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o077 != 0)
}

/// Where rights are no mode bits, nothing is claimed.
#[cfg(not(unix))]
fn is_open_to_others(_: &File) -> io::Result<bool> {
    Ok(false)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn keys_are_kept_for_this_user_alone_and_other_lines_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roundel").join(NAME);
        assert_eq!(read(&path), Ok(BTreeMap::new()));
        keep(&path, "GROQ_API_KEY", &Secret::new("sk-1")).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("# mine\nexport OTHER = x\n{text}")).unwrap();
        keep(&path, "GROQ_API_KEY", &Secret::new("sk-2")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "# mine\nexport OTHER = x\nGROQ_API_KEY=sk-2\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let all = read(&path).unwrap();
        assert_eq!(all.get("GROQ_API_KEY"), Some(&Secret::new("sk-2")));
        assert_eq!(all.get("OTHER"), Some(&Secret::new("x")));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn what_others_can_read_is_neither_used_nor_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        fs::write(&path, "GROQ_API_KEY=sk-canary\n").unwrap();
        for mode in [0o644, 0o640, 0o602] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            for why in [read(&path).unwrap_err(), keep(&path, "A", &Secret::new("sk-canary")).unwrap_err()] {
                assert!(why.contains("chmod 600") && !why.contains("canary"), "{why}");
            }
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "GROQ_API_KEY=sk-canary\n");
    }
}
