//! Who may ask. A page in a browser on this computer reaches 127.0.0.1 as well as any program does: so the name by which
//! it came (DNS rebinding) and the page that sent it are looked at before anything else, and no page is ever told that it
//! may. Pure.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};

use crate::domain::share::Share;
use crate::gateway::error::ApiError;
use crate::gateway::settings::{Caller, Settings};

/// What is checked, and against what.
#[derive(Debug, Clone)]
pub(in crate::gateway) struct Guard {
    /// Only this computer reaches it, so only this computer's names are right.
    loopback: bool,
    origins: Arc<[String]>,
    callers: Arc<[Caller]>,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::gateway) struct Who {
    /// Its place among those that wait.
    pub(in crate::gateway) rank: u8,
    /// What it may have of a day; None: as much as there is.
    pub(in crate::gateway) share: Option<Share>,
}

/// The place of one without a token of its own.
const NORMAL: u8 = 1;

impl Guard {
    pub(in crate::gateway) fn new(settings: &Settings) -> Self {
        Self {
            loopback: settings.address.is_loopback(),
            origins: settings.origins.clone().into(),
            callers: settings.callers.clone().into(),
        }
    }

    /// Whether a request may be read at all: by whom it was sent, and to whom it thinks it speaks.
    pub(in crate::gateway) fn admit(&self, headers: &HeaderMap, uri: &Uri) -> Result<Who, ApiError> {
        let forbidden =
            |what: &str| Err(ApiError::new(StatusCode::FORBIDDEN, "invalid_request_error", Some("forbidden"), what));
        if headers.get_all(HOST).iter().count() > 1 {
            return forbidden("a request has one Host");
        }
        let host = uri.host().or_else(|| headers.get(HOST)?.to_str().ok());
        if self.loopback && !host.is_some_and(is_local) {
            return forbidden("this endpoint is called 127.0.0.1 or localhost, and by no other name");
        }
        if let Some(origin) = headers.get(ORIGIN) {
            let origin = origin.to_str().unwrap_or_default();
            let local = origin.split_once("://").is_some_and(|(_, host)| is_local(host));
            if !local && !self.origins.iter().any(|known| known == origin) {
                return forbidden(
                    "this web page may not use the endpoint; the config's `origins` lists those that may",
                );
            }
        } else if headers.get(HeaderName::from_static("sec-fetch-site")).is_some_and(|site| site == "cross-site") {
            return forbidden("a web page may not use the endpoint unasked");
        }
        self.caller(headers)
    }

    fn caller(&self, headers: &HeaderMap) -> Result<Who, ApiError> {
        if self.callers.is_empty() {
            return Ok(Who { rank: NORMAL, share: None });
        }
        let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let given = given.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let given = given.map_or("", |(_, token)| token.trim());
        // All are compared, so that the time tells nothing.
        let mut found = None;
        for one in &*self.callers {
            if is_same(one.token.expose().as_bytes(), given.as_bytes()) {
                let share = one.requests_per_day.map(|per_day| Share { name: one.name.clone(), per_day });
                found = Some(Who { rank: one.rank, share });
            }
        }
        let words = "a token is needed, and this is none: send it as the API key (`Authorization: Bearer ...`)";
        found.ok_or_else(|| {
            ApiError::new(StatusCode::UNAUTHORIZED, "authentication_error", Some("invalid_api_key"), words)
        })
    }
}

/// Whether a host, with or without its port, is this computer.
fn is_local(host: &str) -> bool {
    let host = host.split('/').next().unwrap_or_default();
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Compares without telling by its time how much is right; that the length is wrong may be told.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let differs = one.iter().zip(other).fold(0, |sum, (a, b)| sum | (a ^ b));
    std::hint::black_box(differs) == 0 && one.len() == other.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::roster::Secret;

    fn admit(settings: &Settings, headers: &[(&'static str, &str)]) -> Result<Who, ApiError> {
        let map = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect::<HeaderMap>();
        Guard::new(settings).admit(&map, &Uri::from_static("/v1/models"))
    }

    #[test]
    fn names_and_pages_of_others_are_refused() {
        let settings = Settings { origins: vec!["https://ok.example".into()], ..Settings::default() };
        for (headers, good) in [
            (&[("host", "127.0.0.1:4114")][..], true),
            (&[("host", "localhost:4114")], true),
            (&[("host", "[::1]:4114")], true),
            (&[("host", "LOCALHOST")], true),
            (&[("host", "evil.example:4114")], false),
            (&[("host", "127.0.0.1.evil.example")], false),
            (&[("host", "localhost.evil.example")], false),
            (&[], false),
            (&[("host", "localhost"), ("origin", "http://localhost:3000")], true),
            (&[("host", "localhost"), ("origin", "https://ok.example")], true),
            (&[("host", "localhost"), ("origin", "https://evil.example")], false),
            (&[("host", "localhost"), ("origin", "https://localhost.evil.example")], false),
            (&[("host", "localhost"), ("origin", "null")], false),
            (&[("host", "localhost"), ("sec-fetch-site", "cross-site")], false),
            (&[("host", "localhost"), ("sec-fetch-site", "none")], true),
        ] {
            assert_eq!(admit(&settings, headers).is_ok(), good, "{headers:?}");
        }
    }

    #[test]
    fn a_token_is_compared_whole_and_has_its_rank_and_share() {
        let caller =
            Caller { name: "editor".into(), token: Secret::new("sk-canary"), requests_per_day: Some(2), rank: 2 };
        let settings = Settings { callers: vec![caller], ..Settings::default() };
        for (value, good) in [
            ("Bearer sk-canary", true),
            ("bearer sk-canary", true),
            ("Bearer sk-canar", false),
            ("Bearer sk-canary1", false),
            ("sk-canary", false),
            ("Bearer ", false),
        ] {
            let admitted = admit(&settings, &[("host", "localhost"), ("authorization", value)]);
            assert_eq!(admitted.is_ok(), good, "{value}");
            assert!(!format!("{admitted:?}").contains("canary"));
        }
        let who = admit(&settings, &[("host", "localhost"), ("authorization", "Bearer sk-canary")]).unwrap();
        assert_eq!(who, Who { rank: 2, share: Some(Share { name: "editor".into(), per_day: 2 }) });
    }
}
