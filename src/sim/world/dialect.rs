//! Whose habits a provider has: its errors, and what it says beside its limits. The shapes are those of recorded responses; the
//! organisation, the people and the numbers are made up. Plans no times.

use serde::Deserialize;
use serde_json::json;

use crate::domain::clock::Time;
use crate::sim::world::compatible;
use crate::sim::world::limit::Standing;
use crate::sim::world::refusal::{self, Refusal};

/// Whose habits a simulated provider has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Dialect {
    /// Six headers; prose that names the limit and the wait; a 413 for what is larger than the limit.
    Groq,
    /// The same six names.
    Openai,
    /// The window stands in the header's name; flat errors; nobody tells a wait.
    Mistral,
    /// No headers; errors are an array with details in it.
    Gemini,
    /// No headers on answers; comments while one waits; a reset in milliseconds since the epoch.
    Openrouter,
    /// `anthropic-ratelimit-*`, with a reset that is an instant in whole seconds.
    Anthropic,
    /// The six names with the length of the window beside them; resets in milliseconds.
    Azure,
    /// The window stands in the header's name; resets are bare seconds; refusals have none of it.
    Cerebras,
    /// Calls of the minute, and the cap of the month; refusals are prose.
    Cohere,
    /// A proxy before a provider with Groq's habits, with a limit of the minute of its own.
    Litellm,
    /// No headers, and not a word on limits.
    Nvidia,
    /// Names without a unit; the window is a second.
    Together,
    /// The fields of the standard's newest draft.
    Ietf,
}

impl Dialect {
    /// Headers that have nothing to do with limits; `id` is the exchange's.
    pub(crate) fn identity(self, id: &str) -> Vec<(String, String)> {
        let (name, value) = match self {
            Self::Groq | Self::Openai => ("x-request-id", format!("req_{id}")),
            Self::Mistral => ("mistral-correlation-id", id.to_owned()),
            Self::Gemini => ("x-gemini-service-tier", "standard".to_owned()),
            Self::Openrouter => ("x-generation-id", format!("gen-{id}")),
            Self::Anthropic => ("request-id", format!("req_{id}")),
            Self::Azure => ("apim-request-id", id.to_owned()),
            Self::Litellm => ("x-litellm-call-id", id.to_owned()),
            Self::Cerebras | Self::Cohere | Self::Nvidia | Self::Together | Self::Ietf => {
                ("x-request-id", id.to_owned())
            }
        };
        vec![("server".into(), "roundel-sim".into()), (name.into(), value)]
    }

    /// One of its limits is in the way.
    pub(crate) fn over_limit(self, model: &str, blocking: &Standing, now: Time) -> Refusal {
        match self {
            Self::Groq => refusal::groq(model, blocking),
            Self::Openai => refusal::openai(model, blocking),
            Self::Mistral => refusal::mistral(),
            Self::Gemini => refusal::gemini(model, blocking),
            Self::Openrouter => refusal::openrouter(blocking, now),
            Self::Anthropic => compatible::anthropic(blocking),
            Self::Azure => compatible::azure(blocking),
            Self::Cerebras => compatible::cerebras(blocking),
            Self::Cohere => compatible::cohere(blocking),
            Self::Litellm => compatible::litellm(blocking, now),
            Self::Nvidia => compatible::nvidia(),
            Self::Together => compatible::together(blocking),
            Self::Ietf => compatible::ietf(blocking),
        }
    }

    /// No such model here.
    pub(crate) fn unknown_model(self, model: &str) -> Refusal {
        let message = match self {
            Self::Groq | Self::Openai => {
                format!("The model `{model}` does not exist or you do not have access to it.")
            }
            Self::Mistral => format!("Invalid model: {model}"),
            Self::Gemini => format!(
                "models/{model} is not found for API version v1beta, or is not supported for generateContent. Call \
                 ListModels to see the list of available models and their supported methods."
            ),
            Self::Openrouter => format!("No endpoints found for {model}."),
            _ => format!("The model {model} does not exist here."),
        };
        self.plain(404, "model_not_found", &message)
    }

    /// The request itself is at fault.
    pub(crate) fn bad_request(self, message: &str) -> Refusal {
        self.plain(400, "invalid_request", message)
    }

    /// No room at the provider's, whatever the caller has left.
    pub(crate) fn overloaded(self, model: &str) -> Refusal {
        match self {
            Self::Groq => self.plain(503, "over_capacity", &format!("The model `{model}` is currently over capacity.")),
            Self::Openai => self.plain(503, "overloaded", "That model is currently overloaded with other requests."),
            Self::Mistral => self.plain(429, "3505", "Service tier capacity exceeded for this model."),
            Self::Gemini => self.plain(503, "", "The model is overloaded. Please try again later."),
            Self::Openrouter => {
                self.plain(503, "", &format!("The provider of {model} is overloaded. Please try again later."))
            }
            Self::Anthropic => self.plain(529, "overloaded_error", "Overloaded"),
            Self::Cerebras => self.plain(429, "queue_exceeded", "There is high traffic at the moment."),
            _ => self.plain(503, "overloaded", "The server is overloaded."),
        }
    }

    /// Someone behind the provider has no room; told apart from its own limits by an aggregator alone.
    pub(crate) fn busy(self, model: &str) -> Refusal {
        if self != Self::Openrouter {
            return self.overloaded(model);
        }
        let raw = format!(
            "{model} is temporarily rate-limited upstream. Please retry shortly, or add your own key to accumulate \
             your rate limits."
        );
        let metadata = json!({"raw": raw, "provider_name": "Somewhere"});
        let error = json!({"message": "Provider returned error", "code": 429, "metadata": metadata});
        Refusal { status: 429, headers: Vec::new(), body: json!({"error": error, "user_id": "user_demo"}) }
    }

    /// An error with nothing but a code and a sentence, in its shape.
    fn plain(self, status: u16, code: &str, message: &str) -> Refusal {
        let kind = if status < 500 { "invalid_request_error" } else { "server_error" };
        let body = match self {
            Self::Groq => json!({"error": {"message": message, "type": kind, "code": code}}),
            Self::Openai => json!({"error": {"message": message, "type": kind, "param": null, "code": code}}),
            Self::Mistral => {
                let kind = if code == "3505" { "service_tier_capacity_exceeded" } else { kind };
                json!({"object": "error", "message": message, "type": kind, "param": null, "code": code,
                    "raw_status_code": status})
            }
            Self::Gemini => {
                let word = match status {
                    404 => "NOT_FOUND",
                    503 => "UNAVAILABLE",
                    _ => "INVALID_ARGUMENT",
                };
                json!([{"error": {"code": status, "message": message, "status": word}}])
            }
            Self::Openrouter => json!({"error": {"message": message, "code": status}}),
            Self::Anthropic => json!({"type": "error", "error": {"type": code, "message": message}}),
            Self::Cerebras => json!({"message": message, "type": kind, "param": "", "code": code}),
            Self::Cohere => json!({"id": "demo", "message": message}),
            Self::Nvidia => json!({"status": status, "title": message}),
            Self::Azure | Self::Litellm | Self::Together | Self::Ietf => {
                json!({"error": {"message": message, "type": kind, "code": code}})
            }
        };
        Refusal { status, headers: Vec::new(), body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_the_shape_of_their_dialect() {
        use Dialect::{Gemini, Groq, Mistral, Openai, Openrouter};
        let shapes = [Groq, Openai, Mistral, Gemini, Openrouter].map(|dialect| {
            let refusal = dialect.unknown_model("x");
            (refusal.status, refusal.body.to_string())
        });
        let bodies = [
            r#"{"error":{"code":"model_not_found","message":"The model `x` does not exist or you do not have access to it.","type":"invalid_request_error"}}"#,
            r#"{"error":{"code":"model_not_found","message":"The model `x` does not exist or you do not have access to it.","param":null,"type":"invalid_request_error"}}"#,
            r#"{"code":"model_not_found","message":"Invalid model: x","object":"error","param":null,"raw_status_code":404,"type":"invalid_request_error"}"#,
            r#"[{"error":{"code":404,"message":"models/x is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods.","status":"NOT_FOUND"}}]"#,
            r#"{"error":{"code":404,"message":"No endpoints found for x."}}"#,
        ];
        assert_eq!(shapes, bodies.map(|body| (404, body.to_owned())));
    }

    #[test]
    fn capacity_is_not_the_callers_limit() {
        let busy = Dialect::Openrouter.busy("small:free");
        assert_eq!(busy.status, 429);
        assert_eq!(busy.body.pointer("/error/message"), Some(&json!("Provider returned error")));
        assert_eq!(busy.headers, []);
        let mistral = Dialect::Mistral.busy("m");
        assert_eq!((mistral.status, &mistral.body["code"]), (429, &json!("3505")));
        assert_eq!(Dialect::Gemini.overloaded("m").body[0]["error"]["status"], "UNAVAILABLE");
    }
}
