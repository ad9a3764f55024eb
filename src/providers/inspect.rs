//! Recorded exchanges read as the dashboard reads live ones: what a user looks at when a provider has changed its
//! format. Pure; sees provider, kind, status, headers and body, nothing else.

use serde_json::{Map, Value, json};

use crate::domain::failure::{Class, Scope};
use crate::domain::headers;
use crate::domain::quota::told::Told;
use crate::domain::roster::Dialect;
use crate::providers::catalogue::Catalogue;
use crate::providers::refusal;

/// The recordings themselves.
pub mod exchange;

/// Answers in pieces.
pub mod stream;

/// Lists of models.
pub mod models;

/// A reading against what is meant.
pub mod compare;

use crate::providers::inspect::exchange::{Exchange, Kind};

/// Names by which providers go besides those of the catalogue and of the dialects.
const ALIASES: [(&str, Dialect); 12] = [
    ("github-models", Dialect::Github),
    ("azure-openai", Dialect::Azure),
    ("google", Dialect::Gemini),
    ("vertex", Dialect::Gemini),
    ("claude", Dialect::Anthropic),
    ("x-ai", Dialect::Xai),
    ("grok", Dialect::Xai),
    ("togetherai", Dialect::Together),
    ("hf", Dialect::Huggingface),
    ("zhipu", Dialect::Zai),
    ("ollama-cloud", Dialect::Ollama),
    ("workers-ai", Dialect::Cloudflare),
];

/// The dialect of a provider by its name; unknown names follow the general grammar.
pub fn dialect(provider: &str) -> Dialect {
    let name = provider.trim().to_lowercase();
    let by_word = || serde_json::from_value(Value::from(name.replace('-', "_"))).ok();
    let by_alias = || ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, dialect)| *dialect);
    let by_catalogue = || Catalogue::built_in().ok()?.provider(&name).map(|provider| provider.dialect);
    by_word().or_else(by_alias).or_else(by_catalogue).unwrap_or(Dialect::Generic)
}

/// What an exchange says: the keys and words in which recordings state their meaning; null where it does not say.
pub fn conclude(exchange: &Exchange) -> Value {
    match exchange.kind {
        Kind::Headers | Kind::Error => limits(exchange),
        Kind::Stream => stream::read(&exchange.provider, &exchange.body),
        Kind::Models => models::read(&exchange.body),
    }
}

fn limits(exchange: &Exchange) -> Value {
    let at = headers::sent_at(&exchange.head);
    let verdict = refusal::conclude(dialect(&exchange.provider), &exchange.head, exchange.body.as_bytes(), at);
    let mut found = json!({
        "limits": verdict.limits.iter().map(limit).collect::<Vec<_>>(),
        "retry_after_s": verdict.wait.map(plain),
        "class": verdict.class.map(class_word),
        "scope": scope_word(verdict.scope),
    });
    if let Value::Object(fields) = &mut found {
        for (key, value) in [
            ("context_limit", verdict.context_limit),
            ("requested_max_tokens", verdict.requested_max_tokens),
            ("affordable_tokens", verdict.affordable_tokens),
        ] {
            add(fields, key, value.map(plain));
        }
    }
    found
}

fn limit(told: &Told) -> Value {
    let mut fields = Map::new();
    fields.insert("unit".into(), told.unit.as_ref().map(ToString::to_string).into());
    fields.insert("window_s".into(), told.length.seconds().map(plain).into());
    add(&mut fields, "window", told.length.word());
    fields.insert("limit".into(), told.limit.map(plain).into());
    fields.insert("remaining".into(), told.remaining.map(plain).into());
    fields.insert("reset_after_s".into(), told.reset_after.map(plain).into());
    add(&mut fields, "reset_at", told.reset_at.clone().filter(|_| told.reset_epoch.is_none()));
    add(&mut fields, "reset_at_unix_s", told.reset_epoch.map(plain));
    add(&mut fields, "used", told.used.map(plain));
    add(&mut fields, "requested", told.requested.map(plain));
    add(&mut fields, "policy", told.policy.clone());
    add(&mut fields, "applies_to", told.applies_to.clone());
    fields.into()
}

fn add(fields: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        fields.insert(key.into(), value.into());
    }
}

/// Whole numbers without a point.
fn plain(number: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small enough")]
    if number.fract() == 0.0 && number.abs() < 9e15 { Value::from(number as i64) } else { Value::from(number) }
}

fn class_word(class: Class) -> Value {
    serde_json::to_value(class).unwrap_or_default()
}

fn scope_word(scope: Scope) -> Value {
    serde_json::to_value(scope).unwrap_or_default()
}
