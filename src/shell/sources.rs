//! What a session is made from: the built-in catalogue and the user's, the config, the keys. Opens files, reads the
//! environment, starts the programs that the config names for keys.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use etcetera::{BaseStrategy, choose_base_strategy, home_dir};

use crate::domain::roster::Secret;
use crate::providers::assemble::{Assembly, assemble};
use crate::providers::catalogue::Catalogue;
use crate::providers::config::Config;
use crate::providers::config::source::{KeySource, value};

/// The config's name in the config folder, and the catalogue's that goes over the built-in one.
const CONFIG: &str = "config.toml";
const CATALOGUE: &str = "providers.toml";

/// What a session is made from.
#[derive(Debug)]
pub struct Sources {
    /// Lanes, keys, and what is missing.
    pub assembly: Assembly,
    /// All providers that are known.
    pub catalogue: Catalogue,
    /// Where the config is, or would be.
    pub config: PathBuf,
}

/// Gathers. `chosen`: the config that the user named; it must be there. Err: a sentence with the line and what was
/// meant.
pub fn gather(chosen: Option<&Path>) -> Result<Sources, String> {
    let folder = choose_base_strategy().map(|base| base.config_dir().join("roundel")).unwrap_or_default();
    let mut catalogue = Catalogue::built_in().map_err(|error| error.to_string())?;
    let own = folder.join(CATALOGUE);
    if let Some(text) = read(&own, false)? {
        let own = Catalogue::read(&text).map_err(|error| format!("{}: {error}", own.display()))?;
        catalogue = catalogue.overlaid(own);
    }
    let path = chosen.map_or_else(|| folder.join(CONFIG), Path::to_owned);
    let config = match read(&path, chosen.is_some())? {
        Some(text) => Config::read(&text, &catalogue).map_err(|error| format!("{}: {error}", path.display()))?,
        None => Config::default(),
    };
    let env = |name: &str| std::env::var(name).ok();
    let mut assembly = assemble(&catalogue, &config, &env, &mut |source| fetch(source));
    for gone in &assembly.gone {
        let what = &gone.what;
        assembly.notices.push(format!("{} no longer helps: {} ({})", gone.variable, what.why, what.since));
    }
    let accounts: Vec<&str> = config.literals().collect();
    if !accounts.is_empty() && others_can_read(&path) {
        let (path, accounts) = (path.display(), accounts.join(", "));
        assembly.notices.push(format!("{path} holds a key ({accounts}) and others can read it: chmod 600 {path}"));
    }
    Ok(Sources { assembly, catalogue, config: path })
}

fn read(path: &Path, must: bool) -> Result<Option<String>, String> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound && !must => Ok(None),
        Err(error) => Err(format!("cannot read {}: {error}", path.display())),
    }
}

/// Fetches a key. Err: why not, without the key.
fn fetch(source: &KeySource) -> Result<Secret, String> {
    let text = match source {
        KeySource::File(path) => {
            let path = match (path.strip_prefix("~/"), home_dir()) {
                (Some(rest), Ok(home)) => home.join(rest),
                _ => PathBuf::from(path),
            };
            fs::read_to_string(&path).map_err(|error| error.to_string())?
        }
        KeySource::Command(command) => {
            let run = Command::new("sh").arg("-c").arg(command).stdin(Stdio::null()).stderr(Stdio::null()).output();
            let out = run.map_err(|error| error.to_string())?;
            if !out.status.success() {
                return Err(format!("it failed ({})", out.status));
            }
            String::from_utf8(out.stdout).map_err(|_| "it printed no text".to_owned())?
        }
        KeySource::Env(_) | KeySource::Literal(_) => return Err("it stands elsewhere".into()),
    };
    value(&text).map_err(|bad| bad.to_string())
}

#[cfg(unix)]
fn others_can_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_can_read(_path: &Path) -> bool {
    false
}
