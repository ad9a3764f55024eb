//! What an account may use, asked at addresses that cost nothing and count nothing. Pure: which address is asked, and
//! what its answer means; nothing here opens a connection. An answer in another shape than the known one says nothing.
//!
//! | provider | asked | says | source |
//! |---|---|---|---|
//! | `OpenRouter` | `/key` | free requests of the day, the key's credit, its end | openrouter.ai/docs/api-reference/limits |
//! | `LiteLLM` | `/key/info` | limits of the minute, budget, the key's end | docs.litellm.ai/docs/proxy/virtual_keys |
//! | `LiteLLM` | `/model/info` | limits of the minute of each model | docs.litellm.ai/docs/proxy/model_management |
//! | Ollama Cloud | `/api/usage` | used shares of session, week, month | none: it is not documented, and seen since July 2026 |
//!
//! `LiteLLM`'s `/health` is never asked: it calls every model.

use serde_json::Value;

use crate::domain::clock::Time;
use crate::domain::roster::{Dialect, LaneSpec};

/// What an answer says of an account.
pub mod answer;

/// The end of a key.
mod expiry;

/// `OpenRouter`'s `/key`.
mod openrouter;

/// `LiteLLM`'s `/key/info` and `/model/info`.
mod litellm;

/// Ollama Cloud's `/api/usage`.
mod ollama;

use crate::providers::account::answer::Answer;

/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// What `OpenRouter` says of a key.
    OpenrouterKey,
    /// What a `LiteLLM` says of a key; it needs a database for that.
    LitellmKey,
    /// What a `LiteLLM` says of its models.
    LitellmModels,
    /// What Ollama Cloud says of an account.
    OllamaUsage,
}

/// What there is to ask about an account of this shape, and where. Empty: its provider tells nothing for nothing.
pub fn questions(shape: &LaneSpec) -> Vec<(Question, String)> {
    let base = shape.base_url.trim_end_matches('/');
    let root = base.strip_suffix("/v1").unwrap_or(base);
    match (shape.dialect, shape.key.is_some()) {
        (Dialect::Openrouter, true) => vec![(Question::OpenrouterKey, format!("{base}/key"))],
        (Dialect::Litellm, key) => {
            let own = key.then(|| (Question::LitellmKey, format!("{root}/key/info")));
            own.into_iter().chain([(Question::LitellmModels, format!("{root}/model/info"))]).collect()
        }
        // Without a key it is one's own computer, which has no limits.
        (Dialect::Ollama, true) => vec![(Question::OllamaUsage, format!("{root}/api/usage"))],
        _ => Vec::new(),
    }
}

/// What `value` says in answer to `question` about an account of this shape, heard at `now`.
pub fn read(question: Question, shape: &LaneSpec, value: &Value, now: Time) -> Answer {
    let account = shape.account();
    match question {
        Question::OpenrouterKey => openrouter::key(&account, &shape.limits, &value["data"], now),
        Question::LitellmKey => litellm::key(&account, &value["info"], now),
        Question::LitellmModels => litellm::models(value),
        Question::OllamaUsage => ollama::usage(&value["limits"]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::roster::{Secret, Wire};

    fn shape(dialect: Dialect, base_url: &str, key: bool) -> LaneSpec {
        let key = key.then(|| Secret::new("sk-canary"));
        LaneSpec { key, ..LaneSpec::new("a/".into(), Wire::Openai, dialect, base_url) }
    }

    #[test]
    fn who_is_asked_what() {
        for (dialect, base, key, asked) in [
            (Dialect::Openrouter, "https://openrouter.ai/api/v1", true, &["https://openrouter.ai/api/v1/key"][..]),
            (Dialect::Openrouter, "https://openrouter.ai/api/v1", false, &[]),
            (Dialect::Litellm, "http://box:4000/", true, &["http://box:4000/key/info", "http://box:4000/model/info"]),
            (Dialect::Litellm, "http://box:4000/v1", false, &["http://box:4000/model/info"]),
            (Dialect::Ollama, "https://ollama.com", true, &["https://ollama.com/api/usage"]),
            (Dialect::Ollama, "http://127.0.0.1:11434", false, &[]),
            (Dialect::Groq, "https://api.groq.com/openai/v1", true, &[]),
        ] {
            let found: Vec<String> = questions(&shape(dialect, base, key)).into_iter().map(|(_, url)| url).collect();
            assert_eq!(found, asked, "{dialect:?}");
            assert!(found.iter().all(|url| !url.contains("health") && !url.contains("canary")));
        }
    }

    #[test]
    fn whatever_it_answers_is_no_fault() {
        let odd = json!({
            "data": { "free_model_daily_requests": 7, "limit": "x", "expires_at": 3, "is_free_tier": "no" },
            "info": { "rpm_limit": -3, "tpm_limit": "many", "max_budget": [], "spend": "0", "expires": "soon" },
            "limits": { "session": { "usage": "much" }, "weekly": 5, "monthly": { "usage": null } },
        });
        let all = [Question::OpenrouterKey, Question::LitellmKey, Question::LitellmModels, Question::OllamaUsage];
        for value in [json!(null), json!([]), json!("x"), json!({ "data": [1, {}] }), json!({ "data": 7 }), odd] {
            for question in all {
                let answer = read(question, &shape(Dialect::Generic, "x", true), &value, Time::from_ms(0));
                assert_eq!(answer, Answer::default(), "{question:?} {value}");
            }
        }
    }
}
