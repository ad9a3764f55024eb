//! Who may ask. A page in a browser on this computer reaches 127.0.0.1 as well as any program does: so the name by which
//! it came (DNS rebinding) and the page that sent it are looked at before anything else, and no page is ever told that it
//! may. Pure but for the counters of the day.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};

use crate::domain::clock::Time;
use crate::gateway::error::ApiError;
use crate::gateway::settings::{Caller, Settings};

const DAY: i64 = 86_400_000;

/// What is checked, and against what.
#[derive(Debug, Clone)]
pub(in crate::gateway) struct Guard {
    /// Only this computer reaches it, so only this computer's names are right.
    loopback: bool,
    origins: Arc<[String]>,
    callers: Arc<[Counted]>,
}

#[derive(Debug)]
struct Counted {
    caller: Caller,
    /// The day in the upper half, the requests of that day in the lower.
    today: AtomicU64,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::gateway) struct Asker {
    /// Its place among those that wait.
    pub(in crate::gateway) rank: u8,
    caller: Option<usize>,
}

/// The place of one without a token of its own.
const NORMAL: u8 = 1;

impl Guard {
    pub(in crate::gateway) fn new(settings: &Settings) -> Self {
        let counted = |caller: &Caller| Counted { caller: caller.clone(), today: AtomicU64::new(0) };
        Self {
            loopback: settings.address.is_loopback(),
            origins: settings.origins.clone().into(),
            callers: settings.callers.iter().map(counted).collect(),
        }
    }

    /// Whether a request may be read at all: by whom it was sent, and to whom it thinks it speaks.
    pub(in crate::gateway) fn admit(&self, headers: &HeaderMap, uri: &Uri) -> Result<Asker, ApiError> {
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

    fn caller(&self, headers: &HeaderMap) -> Result<Asker, ApiError> {
        if self.callers.is_empty() {
            return Ok(Asker { rank: NORMAL, caller: None });
        }
        let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let given = given.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let given = given.map_or("", |(_, token)| token.trim());
        // All are compared, so that the time tells nothing.
        let mut found = None;
        for (at, one) in self.callers.iter().enumerate() {
            if is_same(one.caller.token.expose().as_bytes(), given.as_bytes()) {
                found = Some(Asker { rank: one.caller.rank, caller: Some(at) });
            }
        }
        let words = "a token is needed, and this is none: send it as the API key (`Authorization: Bearer ...`)";
        found.ok_or_else(|| {
            ApiError::new(StatusCode::UNAUTHORIZED, "authentication_error", Some("invalid_api_key"), words)
        })
    }

    /// Takes one of the requests that the asker has in a day.
    pub(in crate::gateway) fn count(&self, asker: Asker, now: Time) -> Result<(), ApiError> {
        let Some(one) = asker.caller.and_then(|at| self.callers.get(at)) else { return Ok(()) };
        let Some(most) = one.caller.requests_per_day else { return Ok(()) };
        let day = u64::try_from(now.ms().div_euclid(DAY)).unwrap_or(0) & 0xffff_ffff;
        let taken = one.today.fetch_update(Ordering::AcqRel, Ordering::Acquire, |packed| {
            let used = if packed >> 32 == day { packed & 0xffff_ffff } else { 0 };
            (used < most).then_some(day << 32 | (used + 1))
        });
        if taken.is_ok() {
            return Ok(());
        }
        let left = u64::try_from(DAY - now.ms().rem_euclid(DAY)).unwrap_or(0);
        let name = &one.caller.name;
        let words = format!("the token `{name}` has made its {most} requests of today; more at midnight UTC");
        Err(ApiError::too_many("token_quota", words, Some(std::time::Duration::from_millis(left))))
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

    fn admit(settings: &Settings, headers: &[(&'static str, &str)]) -> Result<Asker, ApiError> {
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
    fn a_token_is_compared_whole_and_counted_by_the_day() {
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
        let guard = Guard::new(&settings);
        let asker = Asker { rank: 2, caller: Some(0) };
        let now = Time::from_ms(1_795_348_800_000);
        assert!(guard.count(asker, now).is_ok() && guard.count(asker, now).is_ok());
        let error = guard.count(asker, now).unwrap_err();
        assert_eq!(error.response().headers()["retry-after"], "43200");
        assert!(guard.count(asker, now.plus(std::time::Duration::from_hours(12))).is_ok());
    }
}
