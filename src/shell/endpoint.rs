//! The endpoint beside the dashboard: open while it runs, switched by a key, its address told as a notice. Whoever is
//! there when it closes has a moment to finish.

use std::time::Duration;

use etcetera::home_dir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::domain::clock::Clock;
use crate::domain::roster::Secret;
use crate::gateway::server::{Server, open};
use crate::gateway::{Caller, Settings};
use crate::providers::config::endpoint::{Endpoint, Priority};
use crate::providers::config::source::{KeySource, clean};
use crate::scheduler::door::Link;
use crate::scheduler::effect::Found;
use crate::scheduler::link::call::Line;
use crate::shell::keys;

/// How long what is under way may take when the endpoint is switched off.
const GRACE: Duration = Duration::from_secs(5);

/// What the endpoint is opened with. Err: a token that cannot be had, in words without it: the endpoint stays closed then.
pub fn settings(endpoint: &Endpoint, aliases: &[(String, String)]) -> Result<Settings, String> {
    let caller = |one: &crate::providers::config::endpoint::Caller| {
        let token = token(&one.token).map_err(|why| format!("the token `{}` of the endpoint: {why}", one.name))?;
        let rank = match one.priority {
            Priority::High => 0,
            Priority::Normal => 1,
            Priority::Low => 2,
        };
        Ok::<_, String>(Caller { name: one.name.clone(), token, requests_per_day: one.requests_per_day, rank })
    };
    Ok(Settings {
        address: endpoint.address,
        port: endpoint.port,
        callers: endpoint.callers.iter().map(caller).collect::<Result<_, _>>()?,
        origins: endpoint.origins.clone(),
        aliases: aliases.to_vec(),
        ..Settings::default()
    })
}

fn token(source: &KeySource) -> Result<Secret, String> {
    let secret = keys::fetch(source, home_dir().ok().as_deref())?;
    // An empty one would be everybody's.
    clean(secret.expose()).map_err(|bad| bad.to_string())
}

/// The task that opens and closes it.
#[derive(Debug)]
pub struct Keeper {
    task: JoinHandle<()>,
    stop: oneshot::Sender<Duration>,
}

impl Keeper {
    /// Opens it now if `on`, and from then on whenever somebody switches it.
    pub fn start(settings: Result<Settings, String>, on: bool, calls: Line, link: Link) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(keep(settings, on, calls, link, stopped));
        Self { task, stop }
    }

    /// Closes it; what is under way may take `patience`.
    pub async fn stop(self, patience: Duration) {
        if self.stop.send(patience).is_ok() {
            let _ = self.task.await;
        }
    }
}

async fn keep(
    settings: Result<Settings, String>,
    on: bool,
    mut calls: Line,
    link: Link,
    mut stopped: oneshot::Receiver<Duration>,
) {
    let mut server = if on { opened(&settings, &calls, &link).await } else { None };
    loop {
        let switched = tokio::select! {
            switched = calls.switched() => switched,
            patience = &mut stopped => {
                if let (Some(server), Ok(patience)) = (server, patience) {
                    server.stop(patience).await;
                }
                return;
            }
        };
        if !switched {
            return;
        }
        server = match server.take() {
            Some(open) => {
                tokio::spawn(open.stop(GRACE));
                tell(&link, "the endpoint is closed; Alt+S opens it".into()).await;
                None
            }
            None => opened(&settings, &calls, &link).await,
        };
    }
}

async fn opened(settings: &Result<Settings, String>, calls: &Line, link: &Link) -> Option<Server> {
    let opened = match settings {
        Ok(settings) => open(settings.clone(), calls.clone(), Clock::System).await.map_err(|error| error.to_string()),
        Err(why) => Err(why.clone()),
    };
    match opened {
        Ok(server) => {
            tell(link, told(&server)).await;
            Some(server)
        }
        Err(why) => {
            tell(link, format!("the endpoint is not open: {why}")).await;
            None
        }
    }
}

/// Where it listens, in a sentence.
pub fn told(server: &Server) -> String {
    let moved = if server.moved { " (the port before it is taken)" } else { "" };
    format!("other programs may ask at http://{}/v1{moved}", server.address)
}

async fn tell(link: &Link, notice: String) {
    link.learn(Found { notices: vec![notice], aside: true, ..Found::default() }).await;
}
