//! What goes wrong, in the shape in which `OpenAI`'s API says it, so that its clients raise what they know.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use crate::scheduler::link::call::{Cause, Refused};

/// An error on its way to a client. No message carries a token or a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::gateway) struct ApiError {
    status: StatusCode,
    kind: &'static str,
    code: Option<&'static str>,
    message: String,
    retry: Option<Duration>,
}

impl ApiError {
    /// The request is at fault.
    pub(in crate::gateway) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", None, message)
    }

    pub(in crate::gateway) fn new(
        status: StatusCode,
        kind: &'static str,
        code: Option<&'static str>,
        message: impl Into<String>,
    ) -> Self {
        Self { status, kind, code, message: message.into(), retry: None }
    }

    /// No such model.
    pub(in crate::gateway) fn no_model(message: String) -> Self {
        Self::new(StatusCode::NOT_FOUND, "invalid_request_error", Some("model_not_found"), message)
    }

    /// Too much of it.
    pub(in crate::gateway) fn too_many(code: &'static str, message: String, retry: Option<Duration>) -> Self {
        Self { retry, ..Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", Some(code), message) }
    }

    /// The scheduler has ended.
    pub(in crate::gateway) fn ended() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "server_error", Some("ending"), "roundel is ending; ask again later")
    }

    /// The answer broke off.
    pub(in crate::gateway) fn broken(words: String) -> Self {
        Self::new(
            StatusCode::BAD_GATEWAY,
            "server_error",
            Some("broke_off"),
            format!("broke off in the middle: {words}"),
        )
    }

    /// The JSON of it.
    pub(in crate::gateway) fn body(&self) -> Value {
        json!({ "error": { "message": self.message, "type": self.kind, "param": null, "code": self.code } })
    }

    /// The response.
    pub(in crate::gateway) fn response(&self) -> Response {
        let mut response = Response::new(Body::from(self.body().to_string()));
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(retry) = self.retry {
            let seconds = retry.as_secs() + u64::from(retry.subsec_nanos() > 0);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        let words = refused.words;
        match refused.cause {
            Cause::BadRequest => Self::bad_request(words),
            Cause::Unable => Self { code: Some("unsupported"), ..Self::bad_request(words) },
            Cause::TooLarge => Self { code: Some("context_length_exceeded"), ..Self::bad_request(words) },
            Cause::Busy => Self::too_many("rate_limit_exceeded", words, refused.retry),
            Cause::Share => Self::too_many("token_quota", words, refused.retry),
            Cause::Nobody => Self::new(StatusCode::SERVICE_UNAVAILABLE, "server_error", Some("no_lane"), words),
            Cause::Failed => Self::new(StatusCode::BAD_GATEWAY, "server_error", Some("all_failed"), words),
        }
    }
}
