//! What a session is made from: the built-in catalogue and the user's, the config, the keys. Opens files, reads the
//! environment, starts the programs that the config names for keys.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use etcetera::home_dir;

use crate::domain::attempt::Retention;
use crate::domain::look::Wanted;
use crate::domain::roster::Secret;
use crate::providers::assemble::{Assembly, assemble};
use crate::providers::catalogue::Catalogue;
use crate::providers::config::Config;
use crate::providers::config::endpoint::Endpoint;
use crate::providers::config::source::KeySource;
use crate::shell::{keyring, keys, paths};

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
    /// The endpoint, as the config wants it.
    pub endpoint: Endpoint,
    /// Names for lanes, at the endpoint.
    pub aliases: Vec<(String, String)>,
    /// How long rows of the log are kept.
    pub retention: Retention,
    /// What the screen is like.
    pub screen: Wanted,
}

/// Gathers. `chosen`: the config that the user named; it must be there. Err: a sentence with the line and what was
/// meant.
pub fn gather(chosen: Option<&Path>) -> Result<Sources, String> {
    let home = home_dir().ok();
    gather_with(chosen, None, &mut |source| keys::fetch(source, home.as_deref()))
}

/// The same for who asks no provider: no program is started for a key, and what stands for the keys opens nothing.
pub fn glance(chosen: Option<&Path>) -> Result<Sources, String> {
    gather_with(chosen, None, &mut |_| Ok(Secret::new("not-read")))
}

/// The same with one more key in the variable of that name, as if it were kept already. No program is started.
pub fn gather_trying(chosen: Option<&Path>, name: &str, key: &Secret) -> Result<Sources, String> {
    let home = home_dir().ok();
    gather_with(chosen, Some((name, key)), &mut |source| match source {
        KeySource::Command(_) => Ok(Secret::new("not-read")),
        source => keys::fetch(source, home.as_deref()),
    })
}

fn gather_with(
    chosen: Option<&Path>,
    tried: Option<(&str, &Secret)>,
    fetch: &mut dyn FnMut(&KeySource) -> Result<Secret, String>,
) -> Result<Sources, String> {
    let folder = paths::config_folder().unwrap_or_default();
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
    let typed = folder.join(keyring::NAME);
    let (mut kept, not_kept) = match keyring::read(&typed) {
        Ok(kept) => (kept, None),
        Err(why) => (BTreeMap::new(), Some(why)),
    };
    kept.extend(tried.map(|(name, key)| (name.to_owned(), key.clone())));
    let set = |name: &str| std::env::var(name).ok().filter(|text| !text.trim().is_empty());
    // The environment goes first, under whichever of its names a provider's key stands there.
    for provider in catalogue.providers.iter().filter(|one| one.keys.iter().any(|name| set(name).is_some())) {
        kept.retain(|name, _| !provider.keys.contains(name));
    }
    let stored = |name: &str| kept.get(name).filter(|_| set(name).is_none());
    let env = |name: &str| stored(name).map(|key| key.expose().to_owned()).or_else(|| std::env::var(name).ok());
    let mut assembly = assemble(&catalogue, &config, &env, &mut |source| match source {
        KeySource::Env(name) if stored(name).is_some() => Ok(stored(name).cloned().unwrap_or_else(|| Secret::new(""))),
        source => fetch(source),
    });
    for found in &mut assembly.found {
        if let Some(from) = found.key_from.as_mut().filter(|from| stored(from).is_some()) {
            *from = format!("{from} in {}", typed.display());
        }
    }
    assembly.notices.extend(not_kept);
    for gone in &assembly.gone {
        let what = &gone.what;
        assembly.notices.push(format!("{} no longer helps: {} ({})", gone.variable, what.why, what.since));
    }
    assembly.notices.extend(keys::warning(&path, &config));
    let Config { endpoint, aliases, retention, screen, .. } = config;
    Ok(Sources { assembly, catalogue, config: path, endpoint, aliases, retention, screen })
}

#[cfg(test)]
impl Sources {
    /// Nothing at all.
    pub(in crate::shell) fn bare() -> Self {
        Self {
            assembly: Assembly::default(),
            catalogue: Catalogue::default(),
            config: PathBuf::from("/c/config.toml"),
            endpoint: Endpoint::default(),
            aliases: Vec::new(),
            retention: Retention::default(),
            screen: Wanted::default(),
        }
    }
}

fn read(path: &Path, must: bool) -> Result<Option<String>, String> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound && !must => Ok(None),
        Err(error) => Err(format!("cannot read {}: {error}", path.display())),
    }
}
