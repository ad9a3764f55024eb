//! The HTTP client: the only file that knows it. Opens connections, hands on bytes; reads nothing of what they say.
//! Addresses on this computer are reached without proxy and without TLS; what TLS needs is loaded when a provider
//! outside is first called.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, Url};
use tokio::sync::OnceCell;

use crate::domain::exchange::{Broken, Head, KeyHeader, Outgoing, kept_value};

/// How long a connection may take to open.
const CONNECT: Duration = Duration::from_secs(10);

/// Headers of one response that are kept, and characters of one value.
const MOST_HEADERS: usize = 64;
const LONGEST_VALUE: usize = 512;

/// Clients with their pools of connections. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    loopback: reqwest::Client,
    /// By the proxy that the config names; the empty name: the environment's.
    outside: Arc<BTreeMap<String, OnceCell<reqwest::Client>>>,
}

/// A body on its way in.
#[derive(Debug)]
pub struct Body(reqwest::Response);

impl Client {
    /// A client that knows these `proxies` besides the environment's.
    pub fn new(proxies: impl IntoIterator<Item = String>) -> Result<Self, Broken> {
        // Err: it is installed already.
        drop(rustls::crypto::ring::default_provider().install_default());
        // No authority is trusted here, so that none has to be installed.
        let loopback = plain().no_proxy().tls_certs_only([]).build().map_err(|error| broken(&error))?;
        let names = proxies.into_iter().chain([String::new()]);
        Ok(Self { loopback, outside: Arc::new(names.map(|name| (name, OnceCell::new())).collect()) })
    }

    /// Posts; returns as soon as the response's headers are there.
    pub async fn send(&self, out: &Outgoing) -> Result<(Head, Body), Broken> {
        let request = self.request(Method::POST, out).await?;
        let request = request.header(CONTENT_TYPE, "application/json").body(out.body.clone());
        exchange(request, out).await
    }

    /// Asks for what a provider tells without being paid for: its models, its quota. The body of `out` is not sent.
    pub async fn get(&self, out: &Outgoing) -> Result<(Head, Body), Broken> {
        exchange(self.request(Method::GET, out).await?, out).await
    }

    async fn request(&self, method: Method, out: &Outgoing) -> Result<RequestBuilder, Broken> {
        let url = Url::parse(&out.url).map_err(|error| Broken(format!("`{}` is no address: {error}", out.url)))?;
        let client = if is_loopback(&url) { &self.loopback } else { self.outside(out.proxy.as_deref()).await? };
        let mut request = client.request(method, url);
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
        Ok(request)
    }

    async fn outside(&self, proxy: Option<&str>) -> Result<&reqwest::Client, Broken> {
        let name = proxy.unwrap_or_default();
        let cell = self.outside.get(name).ok_or_else(|| Broken(format!("the proxy {name} is not known")))?;
        cell.get_or_try_init(|| async { with_tls(name) }).await
    }
}

/// What all clients share: no redirects (a key must not follow one), no time limit on a whole answer.
fn plain() -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder().connect_timeout(CONNECT).tcp_nodelay(true);
    builder.redirect(reqwest::redirect::Policy::none()).user_agent(concat!("roundel/", env!("CARGO_PKG_VERSION")))
}

/// A client for addresses outside, through the named proxy, or the environment's if the name is empty.
fn with_tls(proxy: &str) -> Result<reqwest::Client, Broken> {
    let mut builder = plain();
    if !proxy.is_empty() {
        let named = reqwest::Proxy::all(proxy).map_err(|error| Broken(format!("the proxy cannot be used: {error}")))?;
        builder = builder.proxy(named);
    }
    builder.build().map_err(|error| {
        let cause = innermost(&error);
        Broken(format!("TLS cannot be set up ({cause}); are certificate authorities installed (`ca-certificates`)?"))
    })
}

fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

async fn exchange(request: RequestBuilder, out: &Outgoing) -> Result<(Head, Body), Broken> {
    let response = request.send().await.map_err(|error| broken(&error))?;
    let head = Head { status: response.status().as_u16(), headers: headers(response.headers(), out) };
    Ok((head, Body(response)))
}

impl Body {
    /// The next bytes; None at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, Broken>> {
        self.0.chunk().await.map_err(|error| broken(&error)).transpose()
    }

    /// All of it, if that is no more than `most` bytes.
    pub async fn all(&mut self, most: usize) -> Result<Vec<u8>, Broken> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.next().await.transpose()? {
            if bytes.len() + chunk.len() > most {
                return Err(Broken(format!("the answer is larger than {most} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

/// A header's value that no log shows.
fn secret(text: &str, what: &str) -> Result<HeaderValue, Broken> {
    let mut value = HeaderValue::try_from(text)
        .map_err(|_| Broken(format!("{what} holds characters that no header can carry; was it copied whole?")))?;
    value.set_sensitive(true);
    Ok(value)
}

fn headers(map: &HeaderMap, out: &Outgoing) -> Vec<(String, String)> {
    let kept = map.iter().filter(|(name, _)| *name != reqwest::header::SET_COOKIE).take(MOST_HEADERS);
    kept.map(|(name, value)| {
        let text = out.redacted(&String::from_utf8_lossy(value.as_bytes()));
        let text = kept_value(name.as_str(), &text);
        (name.as_str().to_owned(), text.chars().take(LONGEST_VALUE).collect())
    })
    .collect()
}

/// What broke, and the innermost cause, without the URL.
fn broken(error: &reqwest::Error) -> Broken {
    let what = if error.is_connect() {
        "could not connect"
    } else if error.is_timeout() {
        "timed out"
    } else {
        Broken::CUT
    };
    Broken(format!("{what}: {}", innermost(error)))
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_computer_is_loopback() {
        for (url, loopback) in [
            ("http://127.0.0.1:11434/api", true),
            ("http://localhost/", true),
            ("http://[::1]:80/", true),
            ("https://127.0.0.1.example.com/", false),
            ("https://api.groq.com/", false),
            ("http://10.0.0.1/", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), loopback, "{url}");
        }
    }

    #[tokio::test]
    async fn a_key_that_no_header_can_carry_is_a_sentence_without_the_key() {
        let key = crate::domain::roster::Secret::new("sk-canary\nx");
        let out = Outgoing {
            url: "http://127.0.0.1:1/x".into(),
            key: Some((KeyHeader::Bearer, key)),
            headers: Vec::new(),
            proxy: None,
            body: Bytes::new(),
        };
        let error = Client::new([]).unwrap().send(&out).await.unwrap_err().to_string();
        assert!(error.contains("copied whole") && !error.contains("canary"), "{error}");
    }
}
