//! How each kind of provider tells its limits, and how it refuses. The shapes are those of recorded responses; the
//! organisation, the people and the numbers are made up. Plans no times.

use serde::Deserialize;
use serde_json::json;

use crate::domain::clock::Time;
use crate::sim::world::limit::{Standing, Unit};
use crate::sim::world::refusal::{self, Refusal, go_duration, plural};

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
}

impl Dialect {
    /// The headers that tell `standings`, which are those after this request's prompt was counted. Its answer is not
    /// in them: when the head leaves, no one knows how long the answer will be.
    pub(crate) fn telling(self, standings: &[Standing]) -> Vec<(String, String)> {
        let told = || standings.iter().filter(|standing| standing.told);
        let mut headers = Vec::new();
        let mut add = |name: String, value: String| headers.push((name, value));
        match self {
            Self::Groq | Self::Openai => {
                for standing in told() {
                    add(format!("x-ratelimit-limit-{}", plural(standing.unit)), standing.cap.to_string());
                    add(format!("x-ratelimit-remaining-{}", plural(standing.unit)), standing.left.to_string());
                    // The time until the bucket is full, not until one more request fits.
                    add(format!("x-ratelimit-reset-{}", plural(standing.unit)), go_duration(standing.full_after));
                }
            }
            Self::Mistral => {
                for standing in told() {
                    let unit = match standing.unit {
                        Unit::Requests => "req",
                        Unit::Tokens => "tokens",
                    };
                    add(format!("x-ratelimit-limit-{unit}-minute"), standing.cap.to_string());
                    add(format!("x-ratelimit-remaining-{unit}-minute"), standing.left.to_string());
                    if standing.unit == Unit::Tokens {
                        add("x-ratelimit-tokens-query-cost".into(), standing.asked.to_string());
                    }
                }
            }
            Self::Gemini | Self::Openrouter => {}
        }
        headers
    }

    /// Whether its headers can tell a limit like this.
    pub(crate) const fn can_tell(self) -> bool {
        match self {
            Self::Groq | Self::Openai | Self::Mistral => true,
            Self::Gemini | Self::Openrouter => false,
        }
    }

    /// Headers that have nothing to do with limits; `id` is the exchange's.
    pub(crate) fn identity(self, id: &str) -> Vec<(String, String)> {
        let (name, value) = match self {
            Self::Groq | Self::Openai => ("x-request-id", format!("req_{id}")),
            Self::Mistral => ("mistral-correlation-id", id.to_owned()),
            Self::Gemini => ("x-gemini-service-tier", "standard".to_owned()),
            Self::Openrouter => ("x-generation-id", format!("gen-{id}")),
        };
        vec![("server".into(), "roundel-sim".into()), (name.into(), value)]
    }

    /// One of its limits is in the way.
    pub(crate) fn over_limit(self, model: &str, blocking: &Standing, standings: &[Standing], now: Time) -> Refusal {
        let mut refusal = match self {
            Self::Groq => refusal::groq(model, blocking),
            Self::Openai => refusal::openai(model, blocking),
            Self::Mistral => refusal::mistral(),
            Self::Gemini => refusal::gemini(model, blocking),
            Self::Openrouter => refusal::openrouter(blocking, now),
        };
        refusal.headers.extend(self.telling(standings));
        refusal
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
