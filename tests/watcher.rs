//! Accounts that are asked what is left, while others hang, break or send nonsense: what the scheduler comes to know.

use std::time::Duration;

use roundel::domain::clock::{Clock, Time};
use roundel::domain::failure::Class;
use roundel::domain::quota::limit::Evidence;
use roundel::domain::roster::Standby;
use roundel::domain::standing::LaneState;
use roundel::providers::assemble::account::Account;
use roundel::providers::assemble::{Assembly, assemble};
use roundel::providers::catalogue::Catalogue;
use roundel::providers::config::Config;
use roundel::providers::http::Client;
use roundel::scheduler::actor;
use roundel::scheduler::desk::Desk;
use roundel::scheduler::door::Link;
use roundel::scheduler::effect::Opening;
use roundel::scheduler::flight::Transport;
use roundel::scheduler::kept::Kept;
use roundel::scheduler::ledger::Ledger;
use roundel::scheduler::link::{Report, Snapshot};
use roundel::shell::asking::{get, list};
use roundel::shell::lists::Lists;
use roundel::shell::watcher::{Ask, watch};
use roundel::store::Store;
use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::support::web::{Reply, Web};

/// How long anything may take before the test fails.
const LONG: Duration = Duration::from_secs(30);

fn made(config: &str) -> Assembly {
    let catalogue = Catalogue::built_in().unwrap();
    let config = Config::read(config, &catalogue).unwrap();
    assemble(&catalogue, &config, &|_| None, &mut |_| Err("none".into()))
}

fn provider(id: &str, base: &str) -> String {
    format!("[providers.{id}]\nbase_url = '{base}'\nkey = 'sk-canary'\n")
}

/// A scheduler of these lanes.
fn scheduler(assembly: &Assembly, client: &Client) -> Link {
    let now = Clock::System.now();
    let ledger = Ledger::new(assembly.lanes.clone(), Kept::default(), now);
    let desk = Desk::new(Opening { ledger, ..Opening::default() }, now);
    let (actor, link) = actor::new(desk, Store::ephemeral(), Transport::Http(client.clone()), Clock::System);
    tokio::spawn(actor.run());
    link
}

/// Subscribes until a snapshot is as wanted.
async fn until(link: &Link, wanted: impl Fn(&Snapshot) -> bool) -> Box<Snapshot> {
    let look = async {
        let mut subscription = link.subscribe().await.unwrap();
        let mut state: Option<Box<Snapshot>> = None;
        loop {
            match subscription.reports.recv().await.unwrap() {
                Report::Snapshot(snapshot) => state = Some(snapshot),
                Report::Moved(moved) => {
                    let state = state.as_mut().unwrap();
                    for lane in moved.lanes {
                        if let Some(old) = state.lanes.iter_mut().find(|old| old.spec.id == lane.spec.id) {
                            *old = lane;
                        }
                    }
                    for meter in moved.meters {
                        let same = |old: &&mut roundel::domain::quota::meter::Meter| {
                            old.pool == meter.pool && old.unit == meter.unit && old.window == meter.window
                        };
                        match state.meters.iter_mut().find(same) {
                            Some(old) => *old = meter,
                            None => state.meters.push(meter),
                        }
                    }
                }
                _ => {}
            }
            if let Some(state) = state.take_if(|state| wanted(state)) {
                return state;
            }
        }
    };
    timeout(LONG, look).await.expect("it comes to know")
}

fn lane<'a>(snapshot: &'a Snapshot, id: &str) -> &'a LaneState {
    snapshot.lanes.iter().find(|lane| lane.spec.id.as_str() == id).unwrap()
}

fn caps(snapshot: &Snapshot, now: Time) -> Vec<String> {
    let told = snapshot.meters.iter().filter(|meter| meter.cap.is_some_and(|cap| cap.evidence == Evidence::Reported));
    told.map(|one| format!("{} {} {} of {}", one.pool, one.unit, one.remaining(now).unwrap(), one.cap.unwrap().value))
        .collect()
}

#[tokio::test]
async fn what_is_left_is_heard_whatever_the_others_do() {
    let openrouter = Web::with(vec![(
        "/key",
        json!({ "data": { "free_model_daily_requests": { "limit": 90, "used": 8, "remaining": 82 },
                 "expires_at": "2020-01-02T00:00:00Z" } }),
    )]);
    let usage = json!({ "limits": { "session": { "usage": 0.25 }, "weekly": { "usage": 0.5 } } });
    let ollama = Web::with(vec![("/api/usage", usage)]);
    let dead = Web::serve(|_| Reply::Hang);
    let odd = Web::serve(|path| match path {
        "/models" => Reply::Body(200, "<html>".into()),
        _ => Reply::Body(500, "x".repeat(10 << 20)),
    });
    let config = [
        provider("openrouter", &openrouter.base),
        provider("ollama-cloud", &ollama.base),
        provider("litellm", &dead.base),
        provider("groq", &dead.base),
        provider("mistral", &odd.base),
    ];
    let assembly = made(&config.concat());
    let client = Client::new([]).unwrap();
    let link = scheduler(&assembly, &client);
    let (once, found) = oneshot::channel();
    let accounts: Vec<Account> = assembly.accounts.into_iter().filter(|one| one.shape.key.is_some()).collect();
    let lists = Lists::new(None);
    let watching = tokio::spawn(watch(accounts, lists, client, link.clone(), Ask::Rounds, found));
    // Before anybody has given up on those who hang.
    let now = Clock::System.now();
    let heard = until(&link, |snapshot| caps(snapshot, now).len() >= 3).await;
    assert_eq!(
        caps(&heard, now),
        [
            "openrouter/:free requests 82 of 90",
            "ollama-cloud % of session 75 of 100",
            "ollama-cloud % of week 50 of 100"
        ]
    );
    assert_eq!(dead.paths().iter().filter(|path| path.contains("health")).count(), 0);
    once.send(()).unwrap();
    let told = until(&link, |snapshot| !snapshot.notices.is_empty()).await;
    assert_eq!(told.notices, ["openrouter: its key ended on 2020-01-02; it wants a new one"]);
    assert!(told.lanes.iter().all(|lane| lane.rest.is_none()), "who does not answer is not out");
    assert_eq!(openrouter.paths(), ["/key", "/models"], "each once");
    assert!(odd.paths().len() <= 1, "who sends nonsense is not asked again");
    watching.abort();
}

#[tokio::test]
async fn what_is_listed_no_more_is_gone_until_it_is_listed_again() {
    let listed = |ids: &[&str]| json!({ "data": ids.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>() });
    let client = Client::new([]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let lists = Lists::new(Some(folder.path().to_owned()));
    let all = ["openai/gpt-oss-120b", "openai/gpt-oss-20b", "qwen/qwen3.8-27b"];
    let web = Web::with(vec![("/models", listed(&all[..2]))]);
    let assembly = made(&provider("groq", &web.base));
    let accounts: Vec<Account> = assembly.accounts.iter().filter(|one| one.provider == "groq").cloned().collect();
    let link = scheduler(&assembly, &client);
    let begin = |ask| {
        let (once, found) = oneshot::channel();
        once.send(()).unwrap();
        tokio::spawn(watch(accounts.clone(), lists.clone(), client.clone(), link.clone(), ask, found))
    };
    let first = begin(Ask::Rounds);
    let gone = until(&link, |snapshot| lane(snapshot, "groq/qwen/qwen3.8-27b").rest.is_some()).await;
    let rest = lane(&gone, "groq/qwen/qwen3.8-27b").rest.clone().unwrap();
    assert_eq!((rest.class, rest.until), (Class::Gone, None));
    assert!(rest.words.starts_with("not in groq's list of 2"), "{}", rest.words);
    assert_eq!(gone.lanes.iter().filter(|lane| lane.rest.is_some()).count(), 1);
    first.abort();
    // What is kept of a day is enough for the next start, and asks nobody.
    let mut list = lists.kept(&accounts[0].shape).unwrap();
    list.models.push(roundel::providers::models::entry::Model { id: all[2].into(), ..Default::default() });
    lists.keep(&accounts[0].shape, &list).unwrap();
    web.paths();
    begin(Ask::Nobody).await.unwrap();
    let back = until(&link, |snapshot| lane(snapshot, "groq/qwen/qwen3.8-27b").rest.is_none()).await;
    assert!(back.lanes.iter().all(|lane| lane.rest.is_none()));
    assert_eq!(web.paths(), [""; 0]);
    // A price puts it on standby; a list that names none of them says nothing.
    list.models[0].cost = roundel::domain::roster::Cost::Paid;
    lists.keep(&accounts[0].shape, &list).unwrap();
    begin(Ask::Nobody).await.unwrap();
    let paid = until(&link, |snapshot| lane(snapshot, "groq/openai/gpt-oss-120b").spec.standby.is_some()).await;
    assert_eq!(lane(&paid, "groq/openai/gpt-oss-120b").spec.standby, Some(Standby::Paid));
    list.models.clear();
    lists.keep(&accounts[0].shape, &list).unwrap();
    begin(Ask::Nobody).await.unwrap();
    assert!(until(&link, |_| true).await.lanes.iter().all(|lane| lane.rest.is_none()));
}

#[tokio::test]
async fn what_the_config_names_stays_whatever_a_list_says() {
    let web = Web::with(vec![("/models", json!({ "data": [{ "id": "openai/gpt-oss-120b" }] }))]);
    let config = format!("{}models = ['qwen/qwen3.8-27b', 'openai/gpt-oss-120b']\n", provider("groq", &web.base));
    let assembly = made(&config);
    let client = Client::new([]).unwrap();
    let link = scheduler(&assembly, &client);
    let (once, found) = oneshot::channel();
    once.send(()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let lists = Lists::new(Some(folder.path().to_owned()));
    let accounts: Vec<Account> = assembly.accounts.iter().filter(|one| one.provider == "groq").cloned().collect();
    lists.keep(&accounts[0].shape, &list(&accounts[0].shape, &client).await.unwrap()).unwrap();
    watch(accounts, lists, client, link.clone(), Ask::Nobody, found).await;
    assert!(until(&link, |_| true).await.lanes.iter().all(|lane| lane.rest.is_none()));
}

#[tokio::test]
async fn an_answer_has_its_time_and_its_size() {
    let client = Client::new([]).unwrap();
    let (hang, big) = (Web::serve(|_| Reply::Hang), Web::serve(|_| Reply::Body(200, "1".repeat(10 << 20))));
    let refused = Web::serve(|_| Reply::Body(401, "{\"error\":{\"message\":\"bad key sk-canary\"}}".into()));
    for (web, words) in
        [(&hang, "nothing in 0 s"), (&big, "larger than"), (&refused, "bad key (HTTP 401): bad key [key]")]
    {
        let assembly = made(&provider("groq", &web.base));
        let shape = &assembly.accounts.iter().find(|one| one.provider == "groq").unwrap().shape;
        let patience = if words.starts_with("nothing") { Duration::from_millis(20) } else { LONG };
        let why = get(shape, &format!("{}/x", web.base), patience, &client).await.unwrap_err();
        assert!(why.words.contains(words), "{}", why.words);
        assert_eq!(why.class == Some(Class::Auth), words.contains("401"));
    }
}
