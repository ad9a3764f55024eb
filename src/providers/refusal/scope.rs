//! What a refusal covers: the key, the account, or the one model.

use crate::domain::failure::{Class, Scope};
use crate::domain::quota::told::Told;
use crate::domain::roster::Dialect;
use crate::providers::refusal::token::{Token, tokens};
use crate::providers::refusal::words::Words;

/// What a failed response covers.
pub fn of_refusal(dialect: Dialect, class: Class, words: &Words, limits: &[Told]) -> Scope {
    let text = words.texts.to_lowercase();
    match class {
        // The key that a proxy holds for one of its upstreams is not the caller's.
        Class::Auth if text.contains("exception - ") || text.contains("model group") => Scope::Unknown,
        Class::Auth => Scope::Key,
        Class::Payment if dialect == Dialect::Gemini && limits.iter().any(|told| told.limit == Some(0.0)) => {
            Scope::Model
        }
        Class::Payment => Scope::Account,
        Class::TooLarge => Scope::Model,
        Class::Overloaded if text.contains("provider returned error") => Scope::Model,
        Class::Gone | Class::Overloaded | Class::Server if means_model(&text) => Scope::Model,
        Class::Gone | Class::Overloaded | Class::Server | Class::BadRequest => Scope::Unknown,
        Class::RateLimited | Class::QuotaExhausted => of_limits(dialect, &text),
    }
}

/// What limits cover, by the words beside them (in lower case) and by the provider.
pub fn of_limits(dialect: Dialect, text: &str) -> Scope {
    use Dialect::{
        Anthropic, Azure, Cerebras, Cloudflare, Cohere, Gemini, Github, Groq, Huggingface, Litellm, Mistral, Ollama,
        Openai, Xai,
    };
    let words = tokens(text);
    if text.contains("free-models") {
        return Scope::Account;
    }
    if names_model(&words) {
        return Scope::Model;
    }
    let account = |word: &str| {
        ["organization", "organisation", "account", "team", "user", "organizations", "accounts"].contains(&word)
    };
    if text.contains("daily free") || words.iter().filter_map(Token::word).any(account) {
        return Scope::Account;
    }
    match dialect {
        Groq | Openai | Anthropic | Mistral | Gemini | Cerebras | Azure | Github | Xai | Litellm => Scope::Model,
        Cohere => Scope::Key,
        Huggingface | Cloudflare | Ollama => Scope::Account,
        _ => Scope::Unknown,
    }
}

/// `model llama-9`, `this model`, `for gpt-9 in organization`.
fn names_model(words: &[Token]) -> bool {
    let id = |word: &str| {
        !word.starts_with("http") && (word.contains(['/', '-', '_']) || word.chars().any(|c| c.is_ascii_digit()))
    };
    let after = |at: usize| {
        let signs = words
            .iter()
            .skip(at)
            .take(3)
            .take_while(|token| matches!(token, Token::Sign(':' | '=' | '`' | '\'' | '"')))
            .count();
        words.get(at + signs).and_then(Token::word)
    };
    words.iter().enumerate().any(|(at, token)| match token.word() {
        Some("model") => {
            at > 0 && words.get(at - 1).is_some_and(|token| token.is("this")) || after(at + 1).is_some_and(id)
        }
        Some("for") => {
            let next = after(at + 1);
            next.is_some_and(id) && words.iter().skip(at + 2).take(3).any(|token| token.is("in") || token.is("on"))
        }
        Some(word) => word.starts_with("limit_rp") && word.contains('/'),
        None => false,
    })
}

/// A weaker sign is enough where only a model can be meant.
fn means_model(text: &str) -> bool {
    let words = tokens(text);
    let id = |token: &Token| token.word().is_some_and(|word| word.contains('/') && !word.starts_with("http"));
    let after_for = words.windows(2).any(|pair| matches!(pair, [lead, name] if lead.is("for") && id(name)));
    let word =
        |word: &str| word.starts_with("model") || word.ends_with("model") || word == "function" || word == "deployment";
    after_for || words.iter().filter_map(Token::word).any(word)
}
