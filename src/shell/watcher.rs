//! Hears of accounts what costs nothing, behind everybody's back: limits and keys at the start and every half an hour,
//! lists of models when the kept one is a day old. Each account is asked in a task of its own; one that does not answer
//! holds up nobody, is not asked again before the next round, and is told of only if its key is refused, once.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::domain::clock::Clock;
use crate::domain::failure::Class;
use crate::domain::ids::{AccountId, LaneId};
use crate::domain::roster::Cost;
use crate::providers::account::answer::Answer;
use crate::providers::account::{questions, read};
use crate::providers::assemble::account::Account;
use crate::providers::http::Client;
use crate::providers::models::{List, is_for_nothing};
use crate::scheduler::door::Link;
use crate::scheduler::effect::Found;
use crate::scheduler::ledger::told::Told;
use crate::shell::asking::{PATIENCE, get, list};
use crate::shell::lists::Lists;

/// The time between two rounds. Headers and refusals tell more and sooner; this is for what they leave out.
const EVERY: Duration = Duration::from_mins(30);

/// Whether providers are asked, or only what is kept of them is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// A session that stays.
    Rounds,
    /// One question, one answer: it would ask again and again in a script.
    Nobody,
}

/// What came of one account.
#[derive(Debug, Default)]
struct Heard {
    told: Vec<Told>,
    notices: Vec<(String, String)>,
    /// Its lanes may still be looked for.
    later: bool,
}

/// Watches until the scheduler ends. `found`: fires when the lanes that no file lists have been looked for.
pub async fn watch(
    accounts: Vec<Account>,
    lists: Lists,
    client: Client,
    link: Link,
    ask: Ask,
    mut found: oneshot::Receiver<()>,
) {
    let now = Clock::System.now();
    let kept = accounts.iter().filter_map(|one| Some(verdicts(one, &lists.fresh(&one.shape, now)?))).flatten();
    if !learn(&link, kept.collect(), Vec::new()).await || ask == Ask::Nobody || accounts.is_empty() {
        return;
    }
    let (mut ready, mut said) = (false, BTreeSet::new());
    loop {
        let mut round: JoinSet<Heard> = JoinSet::new();
        for account in accounts.clone() {
            let (lists, client) = (lists.clone(), client.clone());
            round.spawn(async move { hear(&account, &lists, &client).await });
        }
        let (mut waits, mut notices) = (Vec::new(), Vec::new());
        loop {
            let mut told = Vec::new();
            tokio::select! {
                // Err: it fires no more.
                _ = &mut found, if !ready => ready = true,
                Some(heard) = round.join_next() => {
                    // Err: a reader broke, and the log file says where.
                    let heard = heard.unwrap_or_default();
                    if heard.later { waits.extend(heard.told) } else { told = heard.told }
                    notices.extend(heard.notices);
                }
                else => break,
            }
            let mut new = Vec::new();
            if ready {
                told.append(&mut waits);
                let all = notices.drain(..).filter(|(key, _): &(String, String)| said.insert(key.clone()));
                new.extend(all.map(|(_, notice)| notice));
            }
            if !learn(&link, told, new).await {
                return;
            }
        }
        sleep(EVERY).await;
    }
}

/// False: the scheduler has ended.
async fn learn(link: &Link, told: Vec<Told>, notices: Vec<String>) -> bool {
    if told.is_empty() && notices.is_empty() {
        return true;
    }
    link.learn(Found { told, notices, aside: true, ..Found::default() }).await
}

async fn hear(account: &Account, lists: &Lists, client: &Client) -> Heard {
    let mut heard = Heard { later: account.finder.is_some(), ..Heard::default() };
    let id = account.id();
    for (question, url) in questions(&account.shape) {
        match get(&account.shape, &url, PATIENCE, client).await {
            Ok(value) => {
                let answer = read(question, &account.shape, &value, Clock::System.now());
                let notices = answer.notices.iter().map(|notice| (format!("{id} {question:?}"), notice.clone()));
                heard.notices.extend(notices);
                heard.told.extend(limits(&id, answer));
            }
            Err(why) if why.class == Some(Class::Auth) => {
                heard.notices.push((format!("{id} key"), format!("{id}: {}", why.words)));
            }
            Err(why) => tracing::info!(account = id.as_str(), why = why.words, "it does not say what is left"),
        }
    }
    let stale = account.finder.is_none() && is_for_nothing(account.shape.dialect);
    if stale && lists.fresh(&account.shape, Clock::System.now()).is_none() {
        match list(&account.shape, client).await {
            Ok(list) => {
                if let Err(error) = lists.keep(&account.shape, &list) {
                    tracing::warn!(account = id.as_str(), %error, "its list of models is not kept");
                }
                heard.told.extend(verdicts(account, &list));
            }
            Err(why) => tracing::info!(account = id.as_str(), why = why.words, "it does not list its models"),
        }
    }
    heard
}

fn limits(account: &AccountId, answer: Answer) -> impl Iterator<Item = Told> {
    let account = account.clone();
    answer.limits.into_iter().map(move |limits| Told::Limits {
        lane: limits.model.map(|model| LaneId::new(&account, &model)),
        account: account.clone(),
        readings: limits.readings,
    })
}

/// What a list says of the lanes that the catalogue made. What the config names is its user's wish, and what a server
/// lists by itself is found there.
fn verdicts(account: &Account, list: &List) -> Vec<Told> {
    if account.finder.is_some() {
        return Vec::new();
    }
    let (id, dialect) = (account.id(), account.shape.dialect);
    let known: Vec<&str> = account.models.iter().filter(|one| !one.named).map(|one| one.id.as_str()).collect();
    let missing = list.missing(dialect, &known);
    let told = |model: &&str| {
        let lane = LaneId::new(&id, model);
        match list.find(dialect, model) {
            None if missing.contains(model) => vec![Told::Unlisted(lane, list.silence(id.as_str()))],
            None => Vec::new(),
            Some(listed) if listed.cost == Cost::Paid => vec![Told::Listed(lane.clone()), Told::Costs(lane)],
            Some(_) => vec![Told::Listed(lane)],
        }
    };
    known.iter().flat_map(told).collect()
}
