//! The HTTP client: the only file that knows it. Opens connections, hands on bytes; reads nothing of what they say.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use crate::domain::exchange::{Broken, Head, KeyHeader, Outgoing};

/// How long a connection may take to open.
const CONNECT: Duration = Duration::from_secs(10);

/// Headers of one response that are kept, and characters of one value.
const MOST_HEADERS: usize = 64;
const LONGEST_VALUE: usize = 512;

/// A client with its pool of connections. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client(reqwest::Client);

/// A body on its way in.
#[derive(Debug)]
pub struct Body(reqwest::Response);

impl Client {
    /// A client for addresses on this machine: no proxy, no TLS, no redirects, and no time limit on a whole answer.
    pub fn for_loopback() -> Result<Self, Broken> {
        let builder = reqwest::Client::builder().no_proxy().connect_timeout(CONNECT).tcp_nodelay(true);
        builder.redirect(reqwest::redirect::Policy::none()).build().map(Self).map_err(|error| broken(&error))
    }

    /// Sends a request; returns as soon as the response's headers are there.
    pub async fn send(&self, out: &Outgoing) -> Result<(Head, Body), Broken> {
        let mut request = self.0.post(&out.url).header(CONTENT_TYPE, "application/json").body(out.body.clone());
        if let Some((header, key)) = &out.key {
            let (name, value) = match header {
                KeyHeader::Bearer => ("authorization", format!("Bearer {}", key.expose())),
                KeyHeader::Google => ("x-goog-api-key", key.expose().to_owned()),
            };
            request = request.header(name, secret(&value, "the key")?);
        }
        for (name, value) in &out.headers {
            request = request.header(name, secret(value.expose(), name)?);
        }
        let response = request.send().await.map_err(|error| broken(&error))?;
        let head = Head { status: response.status().as_u16(), headers: headers(response.headers()) };
        Ok((head, Body(response)))
    }
}

impl Body {
    /// The next bytes; None at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, Broken>> {
        self.0.chunk().await.map_err(|error| broken(&error)).transpose()
    }
}

/// A header's value that no log shows.
fn secret(text: &str, what: &str) -> Result<HeaderValue, Broken> {
    let mut value = HeaderValue::try_from(text)
        .map_err(|_| Broken(format!("{what} holds characters that no header can carry; was it copied whole?")))?;
    value.set_sensitive(true);
    Ok(value)
}

fn headers(map: &HeaderMap) -> Vec<(String, String)> {
    let kept = map.iter().filter(|(name, _)| *name != reqwest::header::SET_COOKIE).take(MOST_HEADERS);
    kept.map(|(name, value)| {
        let text = String::from_utf8_lossy(value.as_bytes());
        (name.as_str().to_owned(), text.chars().take(LONGEST_VALUE).collect())
    })
    .collect()
}

/// The error's innermost cause, without the URL.
fn broken(error: &reqwest::Error) -> Broken {
    let what = if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        "could not connect"
    } else {
        "the connection broke"
    };
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let detail = if std::ptr::addr_eq(cause, error) { String::new() } else { format!(": {cause}") };
    Broken(format!("{what}{detail}"))
}
