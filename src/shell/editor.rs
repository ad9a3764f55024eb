//! The user's editor, with the draft in it: which one, the file that it is given, and what it left. Nothing is lost,
//! however it ends. The terminal is given to it, and taken from it, by the event loop.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// What comes back has at most so many bytes.
const MOST: u64 = 32 * 1024 * 1024;

/// An editor that is to be started.
#[derive(Debug)]
pub struct Editor {
    command: String,
    path: PathBuf,
    draft: String,
}

impl Editor {
    /// Puts the draft into a file for this user alone, under `folder` (None: where temporary files are). Err: a sentence.
    pub fn prepare(folder: Option<&Path>, draft: String) -> Result<Self, String> {
        let command = command(|name| std::env::var(name).ok(), is_there)
            .ok_or("no editor: set EDITOR to the one you like (EDITOR=nano), then Ctrl+G opens it")?;
        let folder = folder.map_or_else(std::env::temp_dir, |folder| folder.join("tmp"));
        let path = folder.join(format!("draft-{}.md", std::process::id()));
        write(&folder, &path, &draft).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(Self { command, path, draft })
    }

    /// Starts it on this terminal, and waits for its end. Blocks. What it made of the draft; Err: a sentence, and the
    /// draft is as it was.
    pub fn run(self) -> Result<String, String> {
        let status = launch(&self.command, &self.path).status();
        let left = self.left(status);
        if !matches!(left, Err((_, true))) {
            let _ = fs::remove_file(&self.path);
        }
        left.map_err(|(why, _)| why)
    }

    /// What it left. Err: why that does not count, and whether its file is to stay.
    fn left(&self, status: io::Result<ExitStatus>) -> Result<String, (String, bool)> {
        let program = self.command.split_whitespace().next().unwrap_or_default();
        let status = status.map_err(|error| (format!("{program} cannot be started: {error}"), false))?;
        let too_long = fs::metadata(&self.path).is_ok_and(|about| about.len() > MOST);
        let bytes = if too_long { Ok(Vec::new()) } else { fs::read(&self.path) };
        let same = bytes.as_ref().is_ok_and(|bytes| bytes == self.draft.as_bytes());
        let kept = if same || bytes.is_err() {
            "the draft is as it was".to_owned()
        } else {
            format!("the draft is as it was; what it wrote is in {}", self.path.display())
        };
        let kept = |why: String| (format!("{why}: {kept}"), !same);
        match (status.success(), status.code()) {
            (true, _) => {}
            (false, Some(126 | 127)) => return Err(kept(format!("{program} was not found, or cannot be run"))),
            // A shell says so of what a signal has ended.
            (false, Some(128..) | None) => return Err(kept(format!("{program} was killed"))),
            (false, Some(code)) => return Err(kept(format!("{program} ended with {code}"))),
        }
        let bytes = bytes.map_err(|error| (format!("what {program} wrote cannot be read: {error}"), true))?;
        if too_long {
            return Err(kept(format!("{program} left more than 32 MB")));
        }
        let text = String::from_utf8(bytes).map_err(|_| kept(format!("{program} left a text that is not UTF-8")))?;
        let text = text.replace("\r\n", "\n");
        // Editors end the last line.
        let ended = text.strip_suffix('\n').filter(|_| !self.draft.ends_with('\n')).map(str::to_owned);
        Ok(ended.unwrap_or(text))
    }
}

/// `$VISUAL`, else `$EDITOR`, else what is there.
fn command(variable: impl Fn(&str) -> Option<String>, there: impl Fn(&str) -> bool) -> Option<String> {
    let named = ["VISUAL", "EDITOR"].into_iter().filter_map(variable).find(|name| !name.trim().is_empty());
    let known = if cfg!(windows) { ["notepad", "edit", "vim"] } else { ["vi", "nano", "emacs"] };
    named.or_else(|| known.into_iter().find(|name| there(name)).map(str::to_owned))
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let ending = if cfg!(windows) { ".exe" } else { "" };
    std::env::split_paths(&path).any(|folder| folder.join(format!("{program}{ending}")).is_file())
}

/// As a shell reads the variable: `code -w`, `'/opt/my editor' +1`.
#[cfg(unix)]
fn launch(command: &str, path: &Path) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(format!("{command} \"$@\"")).arg("roundel").arg(path);
    shell
}

#[cfg(not(unix))]
fn launch(command: &str, path: &Path) -> Command {
    let mut words = command.split_whitespace();
    let mut program = Command::new(words.next().unwrap_or_default());
    program.args(words).arg(path);
    program
}

fn write(folder: &Path, path: &Path, draft: &str) -> io::Result<()> {
    if !folder.exists() {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    // Never through what somebody else has put there.
    let _ = fs::remove_file(path);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(draft.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_word_counts_first() {
        let pick = |variables: &[(&str, &str)], there: &[&str]| {
            let variable =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, it)| (*it).to_owned());
            command(variable, |name| there.contains(&name))
        };
        assert_eq!(pick(&[("VISUAL", "code -w"), ("EDITOR", "ed")], &["vi"]), Some("code -w".into()));
        assert_eq!(pick(&[("VISUAL", " "), ("EDITOR", "ed")], &[]), Some("ed".into()));
        assert_eq!(pick(&[], &["nano"]), Some("nano".into()));
        assert_eq!(pick(&[], &[]), None);
    }

    #[cfg(unix)]
    #[test]
    fn however_it_ends_nothing_is_lost() {
        let temp = tempfile::tempdir().unwrap();
        let run = |script: &str| {
            let path = temp.path().join("tmp").join("draft.md");
            write(&temp.path().join("tmp"), &path, "a draft").unwrap();
            let editor = Editor { command: script.into(), path: path.clone(), draft: "a draft".into() };
            let left = editor.run();
            let kept = fs::read(&path).ok();
            (left, kept)
        };
        assert_eq!(run("f() { echo ' more' >> \"$1\"; }; f"), (Ok("a draft more".into()), None));
        assert_eq!(run("true"), (Ok("a draft".into()), None));
        let (left, kept) = run("false");
        assert_eq!((left, kept), (Err("false ended with 1: the draft is as it was".into()), None));
        let (left, kept) = run("f() { echo x > \"$1\"; exit 3; }; f");
        assert!(left.unwrap_err().contains("what it wrote is in") && kept == Some(b"x\n".to_vec()));
        let (left, kept) = run("f() { printf '\\377' > \"$1\"; }; f");
        assert!(left.unwrap_err().contains("not UTF-8") && kept == Some(vec![0xff]));
        let (left, _) = run("no-such-editor-here");
        assert_eq!(left, Err("no-such-editor-here was not found, or cannot be run: the draft is as it was".into()));
        let (left, _) = run("f() { rm \"$1\"; }; f");
        assert!(left.unwrap_err().contains("cannot be read"));
        let (left, _) = run("f() { kill -9 $$; }; f");
        assert_eq!(left, Err("f() was killed: the draft is as it was".into()));
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_for_this_user_alone() {
        use std::os::unix::fs::PermissionsExt;
        let temp = tempfile::tempdir().unwrap();
        let (folder, path) = (temp.path().join("tmp"), temp.path().join("tmp/draft.md"));
        for _ in 0..2 {
            write(&folder, &path, "x").unwrap();
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&folder), mode(&path)), (0o700, 0o600));
        }
    }
}
