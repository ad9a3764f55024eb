//! Fetches keys from where the config says they are: a file, or what a command prints. No message shows a key, nor what
//! a command wrote.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::domain::roster::Secret;
use crate::providers::config::Config;
use crate::providers::config::source::KeySource;

/// The key that `source` names. `home` stands for `~`. A command is run by `sh -c` with no input; its first line counts,
/// and what it complains of goes to where our own complaints go. Err: why not, in words.
pub fn fetch(source: &KeySource, home: Option<&Path>) -> Result<Secret, String> {
    match source {
        KeySource::Literal(secret) => Ok(secret.clone()),
        KeySource::Env(name) => {
            std::env::var(name).map(|text| Secret::new(&text)).map_err(|_| format!("{name} is not set"))
        }
        KeySource::File(path) => {
            let whole = expanded(path, home).ok_or_else(|| format!("{path}: the home folder is not known"))?;
            let text = std::fs::read_to_string(whole).map_err(|error| format!("{path} cannot be read: {error}"))?;
            Ok(Secret::new(&text))
        }
        KeySource::Command(command) => {
            let run = Command::new("sh").args(["-c", command]).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
            let done = run.map_err(|error| format!("`{command}` cannot be run: {error}"))?;
            if !done.status.success() {
                return Err(format!("`{command}` failed ({})", done.status));
            }
            let text = String::from_utf8(done.stdout).map_err(|_| format!("`{command}` printed no text"))?;
            Ok(Secret::new(text.trim_start().lines().next().unwrap_or_default()))
        }
    }
}

/// A sentence for a config that holds keys and that others on this computer can read.
pub fn warning(path: &Path, config: &Config) -> Option<String> {
    let accounts: Vec<&str> = config.literals().collect();
    if accounts.is_empty() || !others_can_read(path) {
        return None;
    }
    let (accounts, path) = (accounts.join(", "), path.display());
    Some(format!("others can read {path}, and the key of {accounts} is in it: run `chmod 600 {path}`"))
}

fn expanded(path: &str, home: Option<&Path>) -> Option<PathBuf> {
    match path.strip_prefix('~') {
        Some("") => home.map(Path::to_owned),
        Some(rest) if rest.starts_with('/') => Some(home?.join(rest.trim_start_matches('/'))),
        _ => Some(PathBuf::from(path)),
    }
}

#[cfg(unix)]
fn others_can_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o044 != 0)
}

/// Where rights are no mode bits, nothing is claimed.
#[cfg(not(unix))]
fn others_can_read(_: &Path) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::providers::catalogue::Catalogue;

    #[test]
    fn keys_come_from_files_and_commands() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), "sk-1\n").unwrap();
        let absolute = folder.path().join("key").to_str().unwrap().to_owned();
        let home = Some(folder.path());
        for (source, expected) in [
            (KeySource::File("~/key".into()), Ok("sk-1\n")),
            (KeySource::File(absolute), Ok("sk-1\n")),
            (KeySource::Command("printf 'sk-2\\nlogin: me\\n'".into()), Ok("sk-2")),
            (KeySource::Command("cat".into()), Ok("")),
            (KeySource::Command("echo sk-canary; exit 3".into()), Err("failed (exit status: 3)")),
            (KeySource::File("~/none".into()), Err("~/none cannot be read")),
            (KeySource::Env("ROUNDEL_NOT_SET".into()), Err("ROUNDEL_NOT_SET is not set")),
            (KeySource::Literal(Secret::new("sk-3")), Ok("sk-3")),
        ] {
            match (fetch(&source, home), expected) {
                (Ok(key), Ok(text)) => assert_eq!(key, Secret::new(text)),
                (Err(why), Err(words)) => assert!(why.contains(words), "{why}"),
                (found, _) => panic!("{source:?}: {found:?}"),
            }
        }
        assert!(fetch(&KeySource::File("~/key".into()), None).unwrap_err().contains("home folder"));
    }

    #[test]
    fn a_config_with_keys_in_it_is_the_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, "").unwrap();
        let read = |text: &str| Config::read(text, &Catalogue::built_in().unwrap()).unwrap();
        let (with, without) = (read("[providers.groq]\nkey = 'sk-canary'"), read("[providers.groq]\nkey = 'env:A'"));
        for (mode, config, warns) in [
            (0o600, &with, false),
            (0o644, &with, true),
            (0o640, &with, true),
            (0o604, &with, true),
            (0o644, &without, false),
        ] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let told = warning(&path, config);
            assert_eq!(told.is_some(), warns, "{mode:o}");
            assert!(told.is_none_or(|told| told.contains("groq") && !told.contains("canary")));
        }
    }
}
