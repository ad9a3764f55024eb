//! What the dashboard wants read (folders, files, prompts that are kept). Blocks: for a thread that may.

use std::fs::{self, Metadata};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::app::fetch::{ENTRIES, Entry, Fetch, Fetched, PROMPTS};
use crate::domain::attachment::{Attachment, Body, IMAGE, IMAGES, TEXTS};
use crate::store::Store;

/// Reads it. `data`: the data folder; None: nothing is kept.
pub fn read(data: Option<&Path>, fetch: Fetch) -> Fetched {
    match fetch {
        Fetch::Prompts => Fetched::Prompts(prompts(data)),
        Fetch::Folder(folder) => {
            let entries = entries(&folder);
            Fetched::Folder(folder, entries)
        }
        Fetch::Sizes(paths) => {
            let size = |path: String| (path.clone(), found(&path).map(|(_, _, about)| about.len()));
            Fetched::Sizes(paths.into_iter().map(size).collect())
        }
        Fetch::Files(number, paths) => Fetched::Files(number, files(&paths)),
    }
}

/// The answer where nothing can be read now.
pub fn refused(fetch: Fetch) -> Fetched {
    let why = || "too much is being read at once: try again".to_owned();
    match fetch {
        Fetch::Prompts => Fetched::Prompts(Err(why())),
        Fetch::Folder(folder) => Fetched::Folder(folder, Vec::new()),
        Fetch::Sizes(_) => Fetched::Sizes(Vec::new()),
        Fetch::Files(number, _) => Fetched::Files(number, Err(why())),
    }
}

fn prompts(data: Option<&Path>) -> Result<Vec<String>, String> {
    let Some(data) = data else { return Ok(Vec::new()) };
    let peek = Store::peek(data).map_err(|error| error.to_string())?;
    peek.map_or_else(|| Ok(Vec::new()), |peek| peek.prompts(PROMPTS).map_err(|error| error.to_string()))
}

/// The place that a typed path means.
fn place(typed: &str) -> PathBuf {
    match (typed.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ if typed.is_empty() => PathBuf::from("."),
        _ => PathBuf::from(typed),
    }
}

/// The entries of a folder: files and folders with names that can be typed.
fn entries(folder: &str) -> Vec<Entry> {
    let Ok(entries) = fs::read_dir(place(folder)) else { return Vec::new() };
    let entry = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().ok().filter(|name| !name.contains(char::is_control))?;
        // Through links: what they lead to counts.
        let about = fs::metadata(entry.path()).ok()?;
        let size = about.is_file().then_some(about.len());
        (size.is_some() || about.is_dir()).then_some(Entry { name, size })
    };
    let mut entries: Vec<Entry> = entries.filter_map(Result::ok).take(ENTRIES).filter_map(entry).collect();
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    entries
}

/// The regular file that a path names, as it is typed or without what a sentence puts behind it.
fn found(typed: &str) -> Option<(&str, PathBuf, Metadata)> {
    let bare = typed.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '\'', '"']);
    [typed, bare].into_iter().filter(|name| !name.is_empty()).find_map(|name| {
        let path = place(name);
        let about = fs::metadata(&path).ok().filter(Metadata::is_file)?;
        Some((name, path, about))
    })
}

/// What goes along with a message: those of the paths that name regular files.
fn files(paths: &[String]) -> Result<Vec<Attachment>, String> {
    let mut all: Vec<Attachment> = Vec::new();
    for typed in paths {
        let Some((name, path, about)) = found(typed) else { continue };
        if all.iter().any(|known| known.name == name) {
            continue;
        }
        if about.len() > IMAGE {
            return Err(format!("@{name} has more than 5 MB"));
        }
        let mut bytes = Vec::new();
        let read = fs::File::open(&path).and_then(|file| file.take(IMAGE + 1).read_to_end(&mut bytes));
        read.map_err(|error| match error.kind() {
            ErrorKind::PermissionDenied => format!("@{name} may not be read"),
            _ => format!("@{name} cannot be read: {error}"),
        })?;
        all.push(Attachment::of(name, bytes).map_err(|why| format!("@{name} {why}"))?);
        let texts = all.iter().filter(|file| matches!(file.body, Body::Text(_))).map(|file| file.size);
        if texts.sum::<u64>() > TEXTS {
            return Err("the texts have more than 1 MB together".into());
        }
        let pictures = all.iter().filter(|file| file.is_image()).map(|file| file.size);
        if pictures.sum::<u64>() > IMAGES {
            return Err("the pictures have more than 8 MB together".into());
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_read_or_said_to_be_unreadable() {
        let temp = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = temp.path().join(name);
            fs::write(&path, bytes).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let text = write("a.txt", b"hello");
        let image = write("b.png", b"\x89PNG\r\n\x1a\n...");
        let long = write("long.txt", &vec![b'x'; 262_145]);
        let binary = write("c.bin", b"\0\0");
        let nothing = format!("{text}x");
        let read = |paths: &[&str]| files(&paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>());
        let names =
            |paths: &[&str]| read(paths).map(|all| all.iter().map(|file| (file.size, file.is_image())).collect());
        assert_eq!(names(&[&format!("{text},"), &text, &image, &nothing, temp.path().to_str().unwrap(), "bob"]), {
            Ok(vec![(5, false), (11, true)])
        });
        for (path, why) in [(&long, "more than 256 kB"), (&binary, "neither text")] {
            let error = read(&[&text, path]).unwrap_err();
            assert!(error.contains(why) && error.starts_with(&format!("@{path}")), "{error}");
        }
        let fours: Vec<String> = (0..5).map(|number| write(&format!("{number}"), &vec![b'x'; 262_000])).collect();
        assert_eq!(files(&fours), Err("the texts have more than 1 MB together".into()));
    }

    #[test]
    fn a_folder_is_listed_by_name() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("b.rs"), "12345").unwrap();
        fs::write(temp.path().join("a\x1b[2J"), "").unwrap();
        fs::create_dir(temp.path().join("a")).unwrap();
        let expected = [Entry { name: "a".into(), size: None }, Entry { name: "b.rs".into(), size: Some(5) }];
        assert_eq!(entries(temp.path().to_str().unwrap()), expected);
        assert_eq!(entries("/no/such/folder/"), []);
    }
}
