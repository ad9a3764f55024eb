//! What the dashboard's setup wants: the providers with what they give, and a key tested and kept. Blocks: each is an
//! errand. A test asks for what costs nothing: the key's own state where there is such a page, then the list of models.

use std::path::{Path, PathBuf};

use tokio::runtime::Handle;

use crate::app::message::Msg;
use crate::app::offer::{After, Heard, Offer, Tried, Wanted};
use crate::domain::quota::limit::Unit;
use crate::domain::roster::{Cost, Secret};
use crate::providers::account::questions;
use crate::providers::assemble::account::Account;
use crate::providers::catalogue::limit::Limit;
use crate::providers::catalogue::{ModelSpec, ProviderSpec};
use crate::providers::config::source::clean;
use crate::providers::http::Client;
use crate::scheduler::effect::Found;
use crate::shell::asking::{PATIENCE, Unheard, get, list};
use crate::shell::saved::shown;
use crate::shell::session::NewKey;
use crate::shell::sources::{self, Sources};
use crate::shell::{keyring, paths};

/// Models of a provider that are told one by one.
const TOLD: usize = 3;

/// Does what is wanted. `config`: the one that the user named.
pub fn carry_out(wanted: Wanted, config: Option<&Path>, into: &NewKey) -> Msg {
    Msg::Setup(match wanted {
        Wanted::Offers => Heard::Offers(sources::glance(config).map(|sources| offers(&sources))),
        Wanted::Try { id, variable, key } => {
            let tried = tried(&id, &variable, &key, config, into);
            Heard::Tried(id, tried)
        }
    })
}

/// The answer where nothing can be done now.
pub fn refused(wanted: &Wanted) -> Msg {
    let why = || "too much else is being done: try again".to_owned();
    Msg::Setup(match wanted {
        Wanted::Offers => Heard::Offers(Err(why())),
        Wanted::Try { id, .. } => Heard::Tried(id.clone(), Tried::Unheard(why())),
    })
}

/// The providers that want a key, those for nothing first.
fn offers(sources: &Sources) -> Vec<Offer> {
    let assembly = &sources.assembly;
    let wants = |one: &&ProviderSpec| !one.keys.is_empty() && !one.key_url.is_empty();
    let mut all: Vec<(bool, Offer)> = Vec::new();
    for one in sources.catalogue.providers.iter().filter(wants) {
        let found = assembly.found.iter().find(|found| found.account.as_str() == one.id);
        let missing = assembly.missing.iter().find(|missing| missing.id == one.id);
        let free: Vec<&ModelSpec> = one.models.iter().filter(|model| model.cost == Cost::Free).collect();
        let pays = free.is_empty() && !one.models.is_empty();
        let key_from = found.and_then(|found| found.key_from.clone());
        let offer = Offer {
            id: one.id.clone(),
            name: one.name.clone(),
            brief: brief(one, &free),
            free: lines(one, &free),
            note: one.note.clone(),
            training: one.training,
            as_of: if one.as_of.is_empty() { String::new() } else { format!("{}, {}", one.as_of, one.source) },
            key_url: one.key_url.clone(),
            variable: one.keys.first().cloned().unwrap_or_default(),
            besides: missing.map(|missing| missing.besides.clone()).unwrap_or_default(),
            ours: key_from.as_ref().is_some_and(|from| from.contains(keyring::NAME)),
            found: key_from,
        };
        all.push((pays, offer));
    }
    all.sort_by_key(|(pays, offer)| (*pays, !offer.besides.is_empty()));
    all.into_iter().map(|(_, offer)| offer).collect()
}

fn brief(provider: &ProviderSpec, free: &[&ModelSpec]) -> String {
    match free.len() {
        _ if provider.discover.is_some() => "the models of your proxy".into(),
        0 => "costs money: off until you switch it on".into(),
        1 => "1 free model".into(),
        models => format!("{models} free models"),
    }
}

/// Limits of the account, then those of the models; requests first.
fn lines(provider: &ProviderSpec, free: &[&ModelSpec]) -> Vec<String> {
    let words = |limits: &[Limit]| {
        let mut limits: Vec<&Limit> = limits.iter().collect();
        limits.sort_by_key(|limit| (limit.unit != Unit::Requests, limit.window.span()));
        let limits =
            limits.into_iter().map(|limit| format!("{} {}/{}", limit.cap, limit.unit.short(), limit.window.short()));
        limits.collect::<Vec<_>>().join(", ")
    };
    let shared = Some(words(&provider.limits)).filter(|words| !words.is_empty());
    let mut all: Vec<String> = shared.map(|words| format!("all models together: {words}")).into_iter().collect();
    let own = |model: &&&ModelSpec| !model.limits.is_empty();
    all.extend(free.iter().filter(own).take(TOLD).map(|model| format!("{}: {}", model.id, words(&model.limits))));
    let more = free.iter().filter(own).count().saturating_sub(TOLD);
    if more > 0 {
        all.push(format!("and {more} more"));
    }
    if all.is_empty() && !free.is_empty() {
        all.push("no limit is documented".into());
    }
    all
}

fn tried(id: &str, variable: &str, key: &Secret, config: Option<&Path>, into: &NewKey) -> Tried {
    let key = match clean(key.expose()) {
        Ok(key) => key,
        Err(bad) => return Tried::NotKept(format!("this is no key: {bad}")),
    };
    let Some(file) = file().filter(|_| !matches!(into, NewKey::Nowhere)) else {
        return Tried::NotKept(format!("--ephemeral writes no file: set {variable} in the environment"));
    };
    // Before anything is asked: what could not be kept needs no test.
    if let Err(why) = keyring::read(&file) {
        return Tried::NotKept(why);
    }
    let assembly = match sources::gather_trying(config, variable, &key) {
        Ok(sources) => sources.assembly,
        Err(why) => return Tried::NotKept(why),
    };
    let Some(account) = assembly.accounts.iter().find(|account| account.id().as_str() == id) else {
        return Tried::NotKept(format!("{id} wants more than this key: `roundel providers` says what"));
    };
    let models = match Client::new(account.shape.proxy.clone()) {
        Ok(client) => Handle::current().block_on(asked(account, &client)),
        Err(error) => return Tried::Unheard(error.to_string()),
    };
    let models = match models {
        Ok(models) => models,
        Err(Unheard { class: Some(_), words }) => return Tried::Refused(words),
        Err(Unheard { class: None, words }) => return Tried::Unheard(words),
    };
    if let Err(why) = keyring::keep(&file, variable, &key) {
        return Tried::NotKept(why);
    }
    let after = match into {
        NewKey::Roster(link) if account.finder.is_none() => {
            let lanes = assembly.lanes.iter().filter(|lane| lane.account() == account.id()).cloned().collect();
            let found = Found { lanes, aside: true, ..Found::default() };
            (!Handle::current().block_on(link.learn(found))).then_some(After::Begin)
        }
        NewKey::Owner(owner) => Some(After::Owner(*owner)),
        NewKey::Roster(_) | NewKey::Beginning | NewKey::Nowhere => Some(After::Begin),
    };
    Tried::Kept { models, path: shown(&file), after }
}

/// Models that the account lists. Some lists are open to all: the key's own state goes first.
async fn asked(account: &Account, client: &Client) -> Result<usize, Unheard> {
    for (_, url) in questions(&account.shape) {
        get(&account.shape, &url, PATIENCE, client).await?;
    }
    list(&account.shape, client).await.map(|list| list.models.len())
}

fn file() -> Option<PathBuf> {
    Some(paths::config_folder()?.join(keyring::NAME))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::roster::Training;
    use crate::providers::assemble::assemble;
    use crate::providers::catalogue::Catalogue;
    use crate::providers::config::Config;

    #[test]
    fn each_provider_says_what_it_gives_and_what_it_wants() {
        let catalogue = Catalogue::built_in().unwrap();
        let env = |name: &str| (name == "GROQ_API_KEY").then(|| "sk-canary".into());
        let assembly = assemble(&catalogue, &Config::default(), &env, &mut |_| Err("none".into()));
        let sources = Sources { assembly, catalogue, ..Sources::bare() };
        let all = offers(&sources);
        let of = |id: &str| all.iter().find(|offer| offer.id == id).unwrap();
        assert_eq!((of("groq").found.as_deref(), of("groq").ours), (Some("GROQ_API_KEY"), false));
        assert_eq!((of("gemini").training, of("gemini").variable.as_str()), (Training::Yes, "GEMINI_API_KEY"));
        assert!(of("gemini").free[0].starts_with("gemini-3.8-flash: 5 req/min, 20 req/day"), "{:?}", of("gemini").free);
        assert_eq!(of("cloudflare").besides, ["CLOUDFLARE_ACCOUNT_ID"]);
        assert!(of("openai").brief.contains("costs money"));
        assert!(all.iter().all(|offer| offer.key_url.starts_with("https://")));
        assert!(!format!("{all:?}").contains("canary"));
    }
}
