//! The endpoint beside the dashboard: open while it runs, switched by a key, its address told as a notice. Whoever is
//! there when it closes has a moment to finish.

use std::time::Duration;

use etcetera::home_dir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::domain::roster::Secret;
use crate::gateway::server::{Server, open};
use crate::gateway::{Caller, Settings};
use crate::providers::config::endpoint::{self, Priority};
use crate::providers::config::source::{KeySource, clean};
use crate::scheduler::door::Link;
use crate::scheduler::effect::{Endpoint, Found};
use crate::scheduler::link::call::Line;
use crate::shell::keys;

/// How long what is under way may take when the endpoint is switched off.
const GRACE: Duration = Duration::from_secs(5);

/// What the endpoint is opened with. Err: a token that cannot be had, in words without it: the endpoint stays closed then.
pub fn settings(endpoint: &endpoint::Endpoint, aliases: &[(String, String)]) -> Result<Settings, String> {
    let caller = |one: &endpoint::Caller| {
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

/// What a keeper begins with.
#[derive(Debug)]
pub enum First {
    /// It is closed until somebody wants it.
    Closed,
    /// It is opened.
    Open,
    /// It is open already.
    Here(Server),
}

/// The task that opens and closes it.
#[derive(Debug)]
pub struct Keeper {
    task: JoinHandle<()>,
    stop: oneshot::Sender<Duration>,
}

impl Keeper {
    /// Keeps it as it is first, and from then on as somebody wants it.
    pub fn start(settings: Result<Settings, String>, first: First, calls: Line, link: Link) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(keep(settings, first, calls, link, stopped));
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
    first: First,
    mut calls: Line,
    link: Link,
    mut stopped: oneshot::Receiver<Duration>,
) {
    let mut server = match first {
        First::Closed => None,
        First::Open => opened(&settings, &calls, &link).await,
        First::Here(server) => {
            tell(&link, Some(&server), told(&server)).await;
            Some(server)
        }
    };
    loop {
        let wanted = tokio::select! {
            wanted = calls.switched(server.is_some()) => wanted,
            patience = &mut stopped => {
                if let (Some(server), Ok(patience)) = (server, patience) {
                    server.stop(patience).await;
                }
                return;
            }
        };
        let Some(open) = wanted else { return };
        server = match (server.take(), open) {
            (Some(server), true) => Some(server),
            (None, true) => opened(&settings, &calls, &link).await,
            (server, false) => {
                // Who is there finishes while the next one may already be open.
                server.map(|server| tokio::spawn(server.stop(GRACE)));
                tell(&link, None, "the endpoint is closed; Alt+S opens it".into()).await;
                None
            }
        };
    }
}

async fn opened(settings: &Result<Settings, String>, calls: &Line, link: &Link) -> Option<Server> {
    let opened = match settings {
        Ok(settings) => open(settings.clone(), calls.clone()).await.map_err(|error| error.to_string()),
        Err(why) => Err(why.clone()),
    };
    match opened {
        Ok(server) => {
            tell(link, Some(&server), told(&server)).await;
            Some(server)
        }
        Err(why) => {
            tell(link, None, format!("the endpoint is not open: {why}")).await;
            None
        }
    }
}

/// Where it listens, in a sentence.
fn told(server: &Server) -> String {
    let moved = if server.moved { " (the port before it is taken)" } else { "" };
    format!("other programs may ask at http://{}/v1{moved}", server.address)
}

async fn tell(link: &Link, server: Option<&Server>, words: String) {
    let endpoint = Endpoint { at: server.map(|server| server.address), words };
    link.learn(Found { endpoint: Some(endpoint), aside: true, ..Found::default() }).await;
}
