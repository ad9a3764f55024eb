//! A plain HTTP exchange: what goes out and what comes in, without any client's types.

use std::borrow::Cow;

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

/// Names of response headers whose values are nobody's business: they are kept without them.
const SECRET_HEADERS: [&str; 10] = [
    "authorization",
    "proxy-authorization",
    "authentication-info",
    "cookie",
    "set-cookie",
    "set-cookie2",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "x-auth-token",
];

/// What stands in the place of a secret.
const SECRET: &str = "[secret]";

/// A response header's value, as far as it may be kept. `name` in lower case.
pub fn kept_value(name: &str, value: &str) -> String {
    if SECRET_HEADERS.contains(&name) { SECRET.to_owned() } else { scrubbed(value).into_owned() }
}

/// `text` without the secrets of addresses in it: `?key=...`, `&access_token=...`, `//name:password@host`.
pub fn scrubbed(text: &str) -> Cow<'_, str> {
    const NAMES: [&str; 9] =
        ["key=", "api_key=", "apikey=", "api-key=", "token=", "access_token=", "sig=", "signature=", "client_secret="];
    let mut clean = Cow::Borrowed(text);
    let ends = |char: char| char.is_whitespace() || "&#\"'<>,;)}]\\".contains(char);
    let mut from = 0;
    while let Some(mark) = clean.get(from..).and_then(|rest| rest.find(['?', '&'])).map(|at| from + at + 1) {
        from = mark;
        let rest = clean.get(mark..).unwrap_or_default();
        let name = NAMES.iter().find(|name| rest.get(..name.len()).is_some_and(|it| it.eq_ignore_ascii_case(name)));
        let Some(value) = name.and_then(|name| rest.get(name.len()..)) else { continue };
        let len = value.find(ends).unwrap_or(value.len());
        let start = clean.len() - value.len();
        if len > 0 {
            clean.to_mut().replace_range(start..start + len, SECRET);
        }
    }
    let mut from = 0;
    while let Some(host) = clean.get(from..).and_then(|rest| rest.find("://")).map(|at| from + at + 3) {
        from = host;
        let rest = clean.get(host..).unwrap_or_default();
        let end = rest.find(|char: char| char == '/' || ends(char)).unwrap_or(rest.len());
        if let Some(user) = rest.get(..end).and_then(|host| host.rfind('@')).filter(|user| *user > 0) {
            clean.to_mut().replace_range(host..host + user, SECRET);
        }
    }
    clean
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_their_secrets() {
        for (text, clean) in [
            ("https://a.example/v1?key=AIza-canary&alt=sse", "https://a.example/v1?key=[secret]&alt=sse"),
            (
                "see \"https://a.example/?a=1&ACCESS_TOKEN=canary\".",
                "see \"https://a.example/?a=1&ACCESS_TOKEN=[secret]\".",
            ),
            ("<https://ada:canary@a.example/x@y>", "<https://[secret]@a.example/x@y>"),
            ("?key=canary&key=canary", "?key=[secret]&key=[secret]"),
            ("?key=&monkey=4 key=7", "?key=&monkey=4 key=7"),
            ("req_01 remaining-tokens=5, a@b", "req_01 remaining-tokens=5, a@b"),
        ] {
            assert_eq!(scrubbed(text), clean);
        }
        assert_eq!(kept_value("authorization", "Bearer canary"), "[secret]");
        assert_eq!(kept_value("x-request-id", "req_01"), "req_01");
        assert_eq!(kept_value("x-ratelimit-remaining-tokens", "5100"), "5100");
    }
}
