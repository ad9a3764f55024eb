//! `roundel models`: each provider's own list of its models, beside what the roster makes of it. Asks only for lists,
//! which cost nothing; a list that is younger than a day is not asked for again. Shows no key.

use std::io::{self, IsTerminal, Write};

use tokio::task::JoinSet;

use crate::domain::clock::{Clock, Time};
use crate::domain::roster::LaneSpec;
use crate::domain::standing::{Rest, Target};
use crate::providers::assemble::account::Account;
use crate::providers::assemble::{Assembly, Discover, Missing};
use crate::providers::catalogue::Finder;
use crate::providers::http::Client;
use crate::providers::models::List;
use crate::shell::ask::say;
use crate::shell::asking::list;
use crate::shell::engine::{Config, Mode};
use crate::shell::lists::Lists;
use crate::shell::paths;
use crate::shell::providers::missing_line;
use crate::shell::sources::gather;
use crate::store::Store;

/// A list and the roster, model by model.
pub mod survey;

/// The survey in words.
pub mod page;

use crate::shell::models::page::{aligned, json, plain};
use crate::shell::models::survey::{Survey, survey};

/// What the user wants to see.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Ask again, whatever is kept.
    pub refresh: bool,
    /// One JSON object.
    pub json: bool,
    /// Providers or accounts; none: all.
    pub providers: Vec<String>,
}

/// Why nothing was listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotListed {
    /// It was called in a way that cannot work.
    #[error("{0}")]
    Usage(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

/// A list, or none, and why it is not a new one.
struct Heard {
    account: Account,
    list: Option<List>,
    fault: Option<String>,
}

/// Lists the models. True: all that were asked answered.
pub async fn models(config: &Config, wanted: &Wanted) -> Result<bool, NotListed> {
    if config.mode == Mode::Demo {
        return Err(NotListed::Usage("the demo's providers are simulated and list no models: leave out --demo".into()));
    }
    let assembly = gather(config.config.as_deref()).map_err(NotListed::Failed)?.assembly;
    let (accounts, missing) = chosen(&assembly, &wanted.providers)?;
    let folder = paths::data_folder(config.data_dir.clone(), false).filter(|_| !config.ephemeral);
    let lists = Lists::new(paths::lists_folder(config.data_dir.clone()).filter(|_| !config.ephemeral));
    let proxies = accounts.iter().filter_map(|account| account.shape.proxy.clone());
    let client = Client::new(proxies.collect::<Vec<_>>()).map_err(|error| NotListed::Failed(error.to_string()))?;
    let now = Clock::System.now();
    let heard = hear(accounts, &lists, &client, wanted.refresh, now).await;
    // An Ollama that is not there is not missed by who did not ask for it.
    let heard = heard.into_iter().filter(|one| {
        let local = one.account.finder == Some(Finder::Ollama) && one.account.models.is_empty();
        !(local && one.list.is_none() && wanted.providers.is_empty())
    });
    let rests = folder.map(|folder| Store::rests(&folder)).unwrap_or_default();
    let surveys: Vec<Survey> = heard.map(|one| surveyed(one, &assembly.discover, &rests, now)).collect();
    print(&surveys, &missing, wanted.json);
    Ok(surveys.iter().all(|one| one.fault.is_none()))
}

/// The accounts and the missing providers that are meant.
fn chosen<'a>(assembly: &'a Assembly, names: &[String]) -> Result<(Vec<Account>, Vec<&'a Missing>), NotListed> {
    let known = |name: &String| {
        assembly.accounts.iter().any(|account| is_named(account, name))
            || assembly.missing.iter().any(|missing| missing.id == *name)
    };
    if let Some(stranger) = names.iter().find(|name| !known(name)) {
        let sentence = format!("there is no provider or account `{stranger}`; `roundel providers` lists them");
        return Err(NotListed::Usage(sentence));
    }
    let meant = |account: &&Account| names.is_empty() || names.iter().any(|name| is_named(account, name));
    let missing = assembly.missing.iter().filter(|one| names.is_empty() || names.contains(&one.id));
    Ok((assembly.accounts.iter().filter(meant).cloned().collect(), missing.collect()))
}

fn is_named(account: &Account, name: &str) -> bool {
    account.provider == name || account.id().as_str() == name
}

/// All of them at once, in the order of the rotation.
async fn hear(accounts: Vec<Account>, lists: &Lists, client: &Client, refresh: bool, now: Time) -> Vec<Heard> {
    let mut asked: JoinSet<(usize, Heard)> = JoinSet::new();
    for (place, account) in accounts.into_iter().enumerate() {
        let (lists, client) = (lists.clone(), client.clone());
        asked.spawn(async move { (place, one(account, &lists, &client, refresh, now).await) });
    }
    let mut all: Vec<(usize, Heard)> = asked.join_all().await;
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, heard)| heard).collect()
}

async fn one(account: Account, lists: &Lists, client: &Client, refresh: bool, now: Time) -> Heard {
    if let Some(list) = lists.fresh(&account.shape, now).filter(|_| !refresh) {
        return Heard { account, list: Some(list), fault: None };
    }
    match list(&account.shape, client).await {
        Ok(list) => {
            if let Err(error) = lists.keep(&account.shape, &list) {
                say(&format!("the list of {} is not kept: {error}", account.id()));
            }
            Heard { account, list: Some(list), fault: None }
        }
        Err(why) => Heard { list: lists.kept(&account.shape), fault: Some(why.words), account },
    }
}

fn surveyed(heard: Heard, discover: &[Discover], rests: &[Rest], now: Time) -> Survey {
    let id = heard.account.id();
    let discover = discover.iter().find(|one| one.account() == id);
    let rests: Vec<Rest> = rests.iter().filter(|rest| covers(rest, &heard.account.shape)).cloned().collect();
    let mut survey = survey(&heard.account, discover, heard.list.as_ref(), &rests, now);
    survey.fault = heard.fault;
    survey
}

fn covers(rest: &Rest, shape: &LaneSpec) -> bool {
    matches!(&rest.target, Target::Lane(lane) if lane.account() == shape.account())
}

fn print(surveys: &[Survey], missing: &[&Missing], as_json: bool) {
    let mut out = io::stdout().lock();
    let is_terminal = out.is_terminal();
    let mut text = if as_json {
        json(surveys, missing)
    } else {
        let page = if is_terminal { aligned } else { plain };
        surveys.iter().map(page).collect()
    };
    if !as_json && is_terminal && !missing.is_empty() {
        text.push_str("Set a key to list\n");
        text.extend(missing.iter().map(|one| format!("{}\n", missing_line(one))));
    }
    // Nobody there to read it is no reason to complain.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    drop(out);
    if !as_json && !is_terminal {
        for one in missing {
            say(missing_line(one).trim());
        }
        for one in surveys {
            if let Some(fault) = &one.fault {
                say(&format!("{}: {fault}", one.account));
            }
        }
    }
}
