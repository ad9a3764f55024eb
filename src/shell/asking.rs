//! Asks a provider for what costs nothing: its models, its limits. Each question has a time limit of its own and is put
//! once; who does not answer is asked again when the next round comes.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::time::timeout;

use crate::domain::clock::Clock;
use crate::domain::exchange::{KeyHeader, Outgoing};
use crate::domain::failure::Class;
use crate::domain::roster::{LaneSpec, Wire};
use crate::providers::http::Client;
use crate::providers::models::{List, Page, page, urls};
use crate::providers::refusal;

/// How long one answer may take.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// How long one page of a list may take: some are of a megabyte.
const LIST_PATIENCE: Duration = Duration::from_secs(10);
/// The largest answer that is read, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;
/// Pages of one list that are read.
const PAGES: usize = 20;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unheard {
    /// What its refusal means; None: it did not get to refuse.
    pub class: Option<Class>,
    /// The reason, without the key.
    pub words: String,
}

impl Unheard {
    fn broken(words: impl ToString) -> Self {
        Self { class: None, words: words.to_string() }
    }
}

/// Asks at `url`, with the key and the headers of `shape`.
pub async fn get(shape: &LaneSpec, url: &str, patience: Duration, client: &Client) -> Result<Value, Unheard> {
    let header = if shape.wire == Wire::Gemini { KeyHeader::Google } else { KeyHeader::Bearer };
    let out = Outgoing {
        url: url.to_owned(),
        key: shape.key.clone().map(|key| (header, key)),
        headers: shape.headers.clone(),
        proxy: shape.proxy.clone(),
        body: Bytes::new(),
    };
    let exchange = async {
        let (head, mut body) = client.get(&out).await.map_err(Unheard::broken)?;
        let bytes = body.all(LARGEST).await.map_err(Unheard::broken)?;
        if !(200..300).contains(&head.status) {
            let text = out.redacted(&String::from_utf8_lossy(&bytes));
            let failure = refusal::read(shape.dialect, &head, text.as_bytes(), Clock::System.now());
            let words = format!("{} (HTTP {}): {}", failure.class.word(), head.status, failure.message);
            return Err(Unheard { class: Some(failure.class), words });
        }
        serde_json::from_slice(&bytes).map_err(|_| Unheard::broken("it sends no JSON"))
    };
    timeout(patience, exchange)
        .await
        .unwrap_or_else(|_| Err(Unheard::broken(format!("nothing in {} s", patience.as_secs()))))
}

/// Asks for the list of models, page by page.
pub async fn list(shape: &LaneSpec, client: &Client) -> Result<List, Unheard> {
    let mut why = Unheard::broken("it has no list");
    for url in urls(shape) {
        match pages(shape, &url, client).await {
            Ok(list) => return Ok(list),
            Err(unheard) => why = unheard,
        }
    }
    Err(why)
}

async fn pages(shape: &LaneSpec, first: &str, client: &Client) -> Result<List, Unheard> {
    let mut list = List { at: Clock::System.now(), whole: false, models: Vec::new() };
    let mut url = first.to_owned();
    for _ in 0..PAGES {
        let value = get(shape, &url, LIST_PATIENCE, client).await?;
        let Page { models, next } =
            page(shape, &value).ok_or_else(|| Unheard::broken("what it sends is no list of models"))?;
        list.models.extend(models);
        let Some(next) = next else {
            list.whole = true;
            break;
        };
        url = format!("{first}{}{next}", if first.contains('?') { '&' } else { '?' });
    }
    Ok(list)
}
