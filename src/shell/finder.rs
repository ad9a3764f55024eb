//! Asks the servers whose models no file can list, at the start, and a silent Ollama now and then after it. Costs
//! nothing and blocks nothing: who does not answer is not there.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::domain::roster::Standby;
use crate::providers::assemble::Discover;
use crate::providers::catalogue::Finder;
use crate::providers::discover::{Listed, litellm, names, ollama};
use crate::providers::http::Client;
use crate::scheduler::door::Link;
use crate::scheduler::effect::Found;
use crate::shell::asking::{self, PATIENCE};

/// How often an Ollama that did not answer is asked again.
const AGAIN: Duration = Duration::from_mins(1);

/// Whether what is found joins the roster, or is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A session with real providers.
    Join,
    /// The demo: a line says what could be.
    Offer,
}

/// Asks all of them, hands over what they say, and goes on asking an Ollama that did not answer. `once` fires
/// when all have been asked.
pub async fn find(all: Vec<Discover>, client: Client, link: Link, purpose: Use, once: oneshot::Sender<()>) {
    let mut found = Found::default();
    let mut silent = Vec::new();
    for discover in all {
        match ask(&discover, &client).await {
            Ok(listed) => add(&mut found, &discover, listed, purpose),
            Err(_) if discover.finder == Finder::Ollama => silent.push(discover),
            Err(why) if purpose == Use::Join => {
                found.notices.push(format!("{} at {}: {why}", discover.name(), discover.base_url()));
            }
            Err(_) => {}
        }
    }
    if !link.learn(found).await {
        return;
    }
    // Err: nobody waits for it.
    let _ = once.send(());
    while !silent.is_empty() {
        sleep(AGAIN).await;
        let mut still = Vec::new();
        for discover in silent {
            let Ok(mut listed) = ask(&discover, &client).await else {
                still.push(discover);
                continue;
            };
            // What appears later is offered, never switched to.
            for lane in &mut listed.lanes {
                lane.standby = lane.standby.or(Some(Standby::Listed));
            }
            let mut found = Found::default();
            if purpose == Use::Join && !listed.lanes.is_empty() {
                let offer = format!("{} answers now; Space in the quota pane takes its models in", discover.name());
                found.notices.push(offer);
            }
            add(&mut found, &discover, listed, purpose);
            if !link.learn(found).await {
                return;
            }
        }
        silent = still;
    }
}

fn add(found: &mut Found, discover: &Discover, listed: Listed, purpose: Use) {
    match purpose {
        Use::Join => {
            found.lanes.extend(listed.lanes);
            found.notices.extend(Some(listed.notice).filter(|notice| !notice.is_empty()));
        }
        Use::Offer => {
            let first = listed.lanes.iter().find(|lane| lane.standby.is_none()).or(listed.lanes.first());
            found.offer = first.map(|lane| format!("{} answers here with {}", discover.name(), lane.id.model()));
        }
    }
}

async fn ask(discover: &Discover, client: &Client) -> Result<Listed, String> {
    match discover.finder {
        Finder::Ollama => {
            let tags = get(discover, client, "api/tags").await?;
            let loaded = get(discover, client, "api/ps").await.unwrap_or(Value::Null);
            Ok(ollama(discover, &tags, &loaded))
        }
        Finder::Litellm => match get(discover, client, "model/info").await {
            Ok(info) => Ok(litellm(discover, &info)),
            // Some keys may not see prices.
            Err(_) => Ok(names(discover, &get(discover, client, "v1/models").await?)),
        },
    }
}

async fn get(discover: &Discover, client: &Client, path: &str) -> Result<Value, String> {
    let base = discover.base_url().trim_end_matches('/');
    let root = base.strip_suffix("/v1").unwrap_or(base);
    asking::get(discover.shape(), &format!("{root}/{path}"), PATIENCE, client).await.map_err(|why| why.words)
}
