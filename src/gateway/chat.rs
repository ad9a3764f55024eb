//! One question and its answer. Headers wait for the first byte of a lane's answer; a stream that still waits after a
//! while is opened all the same and shows that it lives. What drops this drops the attempt.
//!
//! ```text
//!  POST ─▶ call ─▶ refused ──────────────▶ 4xx, 5xx
//!            │ ─▶ begun ─▶ bytes ─▶ done ─▶ 200 with all fields
//!            └ ─▶ (a stream, held long) ─▶ 200, keep-alives ─▶ comment, bytes | error event ─▶ [DONE]
//! ```

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::gateway::error::ApiError;
use crate::gateway::fields;
use crate::gateway::guard::Who;
use crate::gateway::names::Meaning;
use crate::gateway::settings::Settings;
use crate::providers::wire::outline::Outline;
use crate::providers::wire::relay::DONE;
use crate::scheduler::link::call::{Call, Heard, Line, TEXT, Wanted};

/// How long a call waits for a lane unless it says otherwise, and at most.
const PATIENCE: Duration = Duration::from_mins(1);
const LONGEST: Duration = Duration::from_mins(10);

/// What an opened stream says while it waits.
const WAITS: &[u8] = b": roundel waits for a lane\n\n";

/// What the asker's headers say of waiting.
#[derive(Debug, Clone, Copy)]
pub(in crate::gateway) struct Waits {
    patience: Duration,
    hold: Duration,
}

impl Waits {
    /// Reads `x-roundel-patience` and `x-roundel-hold`, both in seconds.
    pub(in crate::gateway) fn read(headers: &HeaderMap, settings: &Settings) -> Self {
        let seconds = |name: &str| {
            let value: f64 = headers.get(name)?.to_str().ok()?.trim().parse().ok()?;
            // `nan` is read as a number, and is none.
            (!value.is_nan()).then(|| Duration::from_secs_f64(value.clamp(0.0, LONGEST.as_secs_f64())))
        };
        let hold = seconds("x-roundel-hold").unwrap_or(settings.hold);
        // Who does not want to be held does not want to wait.
        let patience = if hold.is_zero() { hold } else { seconds("x-roundel-patience").unwrap_or(PATIENCE) };
        Self { patience, hold }
    }
}

/// Asks, and answers.
pub(in crate::gateway) async fn ask(
    line: &Line,
    asked: Outline,
    meaning: Meaning,
    waits: Waits,
    who: Who,
    settings: &Settings,
) -> Result<Response, ApiError> {
    let (to, mut heard) = mpsc::channel(TEXT);
    let stream = asked.stream;
    let Meaning { route, strategy, wants } = meaning;
    let Who { rank, share } = who;
    let wanted = Wanted { route, strategy, wants, patience: waits.patience, rank, share };
    if !line.call(Call { asked: Arc::new(asked), wanted, to }).await {
        return Err(ApiError::ended());
    }
    let mut first = Ok(heard.recv().await);
    while let Ok(Some(Heard::Parked)) = first {
        first = if stream { timeout(waits.hold, heard.recv()).await } else { Ok(heard.recv().await) };
    }
    match first {
        Err(_) => Ok(opened(heard, settings.keep_alive)),
        Ok(Some(Heard::Refused(refused))) => Err(ApiError::from(*refused)),
        Ok(Some(Heard::Begun(begun))) => {
            let mut response = if stream { streamed(heard) } else { whole(&mut heard).await? };
            fields::put(response.headers_mut(), &begun);
            Ok(response)
        }
        Ok(Some(Heard::Broken(words))) => Err(ApiError::broken(words)),
        Ok(Some(Heard::Bytes(_) | Heard::Done | Heard::Parked) | None) => Err(ApiError::ended()),
    }
}

/// An answer in one: it is all there when its lane is told.
async fn whole(heard: &mut mpsc::Receiver<Heard>) -> Result<Response, ApiError> {
    let mut all: Vec<Bytes> = Vec::new();
    loop {
        match heard.recv().await {
            Some(Heard::Bytes(bytes)) => all.push(bytes),
            Some(Heard::Done) => break,
            Some(Heard::Begun(_) | Heard::Parked) => {}
            Some(Heard::Broken(words)) => return Err(ApiError::broken(words)),
            Some(Heard::Refused(refused)) => return Err(ApiError::from(*refused)),
            None => return Err(ApiError::ended()),
        }
    }
    let body = match <[Bytes; 1]>::try_from(all) {
        Ok([one]) => one,
        Err(all) => {
            let mut joined = BytesMut::with_capacity(all.iter().map(Bytes::len).sum());
            for bytes in all {
                joined.extend_from_slice(&bytes);
            }
            joined.freeze()
        }
    };
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// A stream whose lane is known.
fn streamed(heard: mpsc::Receiver<Heard>) -> Response {
    let pieces = stream::unfold(Some(heard), |heard| async move {
        let mut heard = heard?;
        match heard.recv().await {
            Some(Heard::Bytes(bytes)) => Some((Ok::<_, std::io::Error>(bytes), Some(heard))),
            Some(Heard::Done) => None,
            last => Some((Ok(end(last)), None)),
        }
    });
    event_stream(Body::from_stream(pieces))
}

/// A stream that is opened while its call still waits.
fn opened(heard: mpsc::Receiver<Heard>, keep_alive: Duration) -> Response {
    let begin = stream::iter([Ok::<_, Infallible>(Bytes::from_static(WAITS))]);
    let pieces = stream::unfold(Some((heard, false)), move |state| async move {
        let (mut heard, runs) = state?;
        let next = if runs { Ok(heard.recv().await) } else { timeout(keep_alive, heard.recv()).await };
        match next {
            Err(_) => Some((Ok(Bytes::from_static(WAITS)), Some((heard, false)))),
            Ok(Some(Heard::Begun(lane))) => Some((Ok(Bytes::from(fields::comment(&lane))), Some((heard, true)))),
            Ok(Some(Heard::Bytes(bytes))) => Some((Ok(bytes), Some((heard, true)))),
            Ok(Some(Heard::Parked)) => Some((Ok(Bytes::from_static(WAITS)), Some((heard, runs)))),
            Ok(Some(Heard::Done)) => None,
            Ok(last) => Some((Ok(end(last)), None)),
        }
    });
    event_stream(Body::from_stream(futures_util::StreamExt::chain(
        futures_util::StreamExt::map(begin, |bytes| bytes.map_err(|never| match never {})),
        pieces,
    )))
}

/// The last of a stream that did not end well: its error, and the end mark, for clients wait for it.
fn end(last: Option<Heard>) -> Bytes {
    let error = match last {
        Some(Heard::Broken(words)) => ApiError::broken(words),
        Some(Heard::Refused(refused)) => ApiError::from(*refused),
        // An attempt that let its asker go, or the scheduler's end.
        _ => ApiError::ended(),
    };
    let mut bytes = BytesMut::from(format!("data: {}\n\n", error.body()).as_bytes());
    bytes.extend_from_slice(DONE);
    bytes.freeze()
}

fn event_stream(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
