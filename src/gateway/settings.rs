//! How the endpoint is to be: where, for whom, within which bounds. Plain values.

use std::net::IpAddr;
use std::time::Duration;

use crate::domain::roster::Secret;

/// How the endpoint is to be.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it listens.
    pub address: IpAddr,
    /// On which port; where it is taken, on the next free one. 0: on any.
    pub port: u16,
    /// How many ports behind it are tried.
    pub further: u16,
    /// Who may use it; nobody named: everyone on this computer.
    pub callers: Vec<Caller>,
    /// Web pages that may use it.
    pub origins: Vec<String>,
    /// Names for lanes.
    pub aliases: Vec<(String, String)>,
    /// How long a stream is held back before it is opened while it still waits for a lane.
    pub hold: Duration,
    /// How often an opened stream that waits shows that it lives.
    pub keep_alive: Duration,
    /// The largest request, in bytes.
    pub largest: usize,
    /// How long a request's headers may take, and then its body.
    pub patience: Duration,
    /// Connections at once.
    pub connections: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            address: IpAddr::from([127, 0, 0, 1]),
            port: 4114,
            further: 10,
            callers: Vec::new(),
            origins: Vec::new(),
            aliases: Vec::new(),
            hold: Duration::from_secs(10),
            keep_alive: Duration::from_secs(5),
            largest: 10 * 1024 * 1024,
            patience: Duration::from_mins(1),
            connections: 512,
        }
    }
}

/// Someone who may use the endpoint.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Its name, for messages.
    pub name: String,
    /// Its token.
    pub token: Secret,
    /// Requests that it may make between two midnights here.
    pub requests_per_day: Option<u64>,
    /// Its place among those that wait: the lower, the sooner.
    pub rank: u8,
}
