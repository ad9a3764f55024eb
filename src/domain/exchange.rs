//! A plain HTTP exchange: what goes out and what comes in, without any client's types.

use bytes::Bytes;

use crate::domain::roster::Secret;

/// How a key travels. Never in the URL: that ends in logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyHeader {
    /// `Authorization: Bearer KEY`.
    Bearer,
    /// `x-goog-api-key: KEY`.
    Google,
}

/// A POST that is about to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where to. Never carries a key.
    pub url: String,
    /// The key, and the header in which it goes.
    pub key: Option<(KeyHeader, Secret)>,
    /// Further headers: name, value.
    pub headers: Vec<(String, Secret)>,
    /// The proxy to go through, instead of the environment's.
    pub proxy: Option<String>,
    /// The JSON body.
    pub body: Bytes,
}

/// A secret shorter than this is no secret, and masking it would mangle text.
const SHORTEST_SECRET: usize = 6;

impl Outgoing {
    /// `text` without the key, the values of the further headers, and the proxy's password: providers echo what they
    /// are sent. To be called on the whole text, before anything is cut off it.
    pub fn redacted(&self, text: &str) -> String {
        let key = self.key.iter().map(|(_, key)| key.expose());
        let headers = self.headers.iter().map(|(_, value)| value.expose());
        let proxy =
            self.proxy.iter().filter_map(|proxy| proxy.split_once("://")?.1.rsplit_once('@').map(|(user, _)| user));
        let secrets = key.chain(headers).chain(proxy).filter(|secret| secret.len() >= SHORTEST_SECRET);
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret, "[key]"))
    }
}

/// The beginning of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The HTTP status.
    pub status: u16,
    /// The headers as they came, names in lower case, bytes that are no UTF-8 replaced.
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The first value of a header; `name` in lower case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The exchange broke before its end. The words say what happened, without addresses' secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub String);

impl Broken {
    /// How a reason begins if the connection had stood: the request may have arrived, and been counted.
    pub const CUT: &str = "the connection broke";

    /// Whether the request may have reached the provider.
    pub fn may_have_arrived(&self) -> bool {
        self.0.starts_with(Self::CUT)
    }
}
