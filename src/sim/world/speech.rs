//! An answer as a response: in pieces with their times, or whole; in each dialect's chunks. Counts nothing.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::domain::clock::Time;
use crate::domain::exchange::Head;
use crate::sim::exchange::{Ending, Exchange, Frame, done, event, pieces};
use crate::sim::world::dialect::Dialect;
use crate::sim::world::dice::Dice;
use crate::sim::world::question::Question;

/// How fast a provider is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// From the request to the head.
    pub(crate) head: Duration,
    /// From the request to the first word.
    pub(crate) first_token: Duration,
    /// Between two words.
    pub(crate) gap: Duration,
    /// How much each of them may differ, 0 to 1.
    pub(crate) jitter: f64,
}

/// What is said, and to whom.
#[derive(Debug)]
pub(crate) struct Speech<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) question: &'a Question,
    pub(crate) id: &'a str,
    /// Tokens of the answer, already cut to what was asked for.
    pub(crate) words: &'a [&'a str],
    /// Whether something was cut off.
    pub(crate) shortened: bool,
    pub(crate) now: Time,
}

/// The words of `text` that fit `most` tokens, and whether that is less than all.
pub(crate) fn within(text: &str, most: Option<u64>) -> (Vec<&str>, bool) {
    let mut words = pieces(text);
    let all = words.len();
    if let Some(most) = most.and_then(|most| usize::try_from(most).ok()) {
        words.truncate(most);
    }
    let shortened = words.len() < all;
    (words, shortened)
}

impl Speech<'_> {
    /// The whole response, with `headers` after the content type.
    pub(crate) fn exchange(&self, pace: Pace, headers: Vec<(String, String)>, dice: &mut Dice) -> Exchange {
        let kind = if self.question.stream { "text/event-stream" } else { "application/json" };
        let headers = std::iter::once(("content-type".to_owned(), kind.to_owned())).chain(headers).collect();
        let head = Head { status: 200, headers };
        let head_after = dice.around(pace.head, pace.jitter);
        let first = dice.around(pace.first_token, pace.jitter).max(head_after);
        let gaps: Vec<Duration> = self.words.iter().skip(1).map(|_| dice.around(pace.gap, pace.jitter)).collect();
        if !self.question.stream {
            let frames = vec![Frame { after: Duration::ZERO, bytes: Bytes::from(self.whole().to_string()) }];
            let head_after = first + gaps.iter().sum::<Duration>();
            return Exchange { head_after, head, frames, ending: Ending::Clean };
        }
        let mut frames = self.opening(first.saturating_sub(head_after));
        let gaps = std::iter::once(Duration::ZERO).chain(gaps);
        let words = self.words.iter().zip(gaps).enumerate();
        frames.extend(words.map(|(nth, (word, gap))| event(gap, &self.word(nth, word))));
        frames.extend(self.closing().iter().map(|chunk| event(Duration::ZERO, chunk)));
        frames.push(done());
        Exchange { head_after, head, frames, ending: Ending::Clean }
    }

    /// What comes before the first word, which is due after `wait`.
    fn opening(&self, wait: Duration) -> Vec<Frame> {
        let mut role = self.chunk(json!({"role": "assistant", "content": ""}), None);
        match self.dialect {
            Dialect::Openrouter => {
                let comment = |after| Frame { after, bytes: Bytes::from_static(b": OPENROUTER PROCESSING\n\n") };
                let half = wait / 2;
                vec![comment(Duration::ZERO), comment(half), event(wait.saturating_sub(half), &role)]
            }
            Dialect::Groq => {
                set(&mut role, "x_groq", json!({"id": format!("req_{}", self.id)}));
                vec![event(wait, &role)]
            }
            _ => vec![event(wait, &role)],
        }
    }

    fn word(&self, nth: usize, word: &str) -> Value {
        let mut chunk = self.chunk(json!({"content": word}), None);
        if self.dialect == Dialect::Mistral {
            // Padding of changing length, so that nobody can guess words from the size of packets.
            let padding: String = ('a'..='z').cycle().take(1 + nth * 7 % 23).collect();
            set(&mut chunk, "p", json!(padding));
        }
        chunk
    }

    /// What comes after the last word: the reason, and the usage wherever this dialect puts it.
    fn closing(&self) -> Vec<Value> {
        let reason = self.reason();
        let mut finish = self.chunk(json!({}), Some(reason));
        let mut trailer = self.chunk(json!({}), None);
        set(&mut trailer, "choices", json!([]));
        set(&mut trailer, "usage", self.usage());
        match self.dialect {
            // Up to three times the same figures.
            Dialect::Groq => {
                set(&mut finish, "x_groq", json!({"id": format!("req_{}", self.id), "usage": self.usage()}));
                if !self.question.include_usage {
                    return vec![finish];
                }
                set(&mut finish, "usage", self.usage());
                vec![finish, trailer]
            }
            // Unasked.
            Dialect::Mistral => {
                set(&mut finish, "usage", self.usage());
                vec![finish]
            }
            // Unasked, and with choices that are not empty.
            Dialect::Openrouter => {
                let mut last = finish.clone();
                set(&mut last, "usage", self.usage());
                vec![finish, last]
            }
            _ if self.question.include_usage => vec![finish, trailer],
            // Its compatible endpoint refuses the option, and tells it unasked.
            Dialect::Cohere => vec![finish, trailer],
            _ => vec![finish],
        }
    }

    /// The answer as one object.
    fn whole(&self) -> Value {
        let message = json!({"role": "assistant", "content": self.words.concat()});
        let choice = json!({"index": 0, "message": message, "finish_reason": self.reason()});
        json!({"id": self.chat_id(), "object": "chat.completion", "created": self.created(),
            "model": self.question.model, "choices": [choice], "usage": self.usage()})
    }

    fn chunk(&self, delta: Value, finish: Option<&str>) -> Value {
        let mut choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
        match self.dialect {
            Dialect::Groq | Dialect::Openai => set(&mut choice, "logprobs", Value::Null),
            Dialect::Openrouter => set(&mut choice, "native_finish_reason", json!(finish)),
            _ => {}
        }
        let mut chunk = json!({"id": self.chat_id(), "object": "chat.completion.chunk", "created": self.created(),
            "model": self.question.model, "choices": [choice]});
        match self.dialect {
            Dialect::Openai if self.question.include_usage => set(&mut chunk, "usage", Value::Null),
            Dialect::Openrouter => set(&mut chunk, "provider", json!("Somewhere")),
            _ => {}
        }
        chunk
    }

    fn usage(&self) -> Value {
        let prompt = self.question.prompt_tokens;
        let completion = u64::try_from(self.words.len()).unwrap_or(u64::MAX);
        let total = prompt.saturating_add(completion);
        let mut usage = json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total});
        if self.dialect == Dialect::Openrouter {
            set(&mut usage, "cost", json!(0));
            set(&mut usage, "is_byok", json!(false));
        }
        usage
    }

    const fn reason(&self) -> &'static str {
        if self.shortened { "length" } else { "stop" }
    }

    fn chat_id(&self) -> String {
        match self.dialect {
            Dialect::Openrouter => format!("gen-{}", self.id),
            Dialect::Mistral | Dialect::Gemini => self.id.to_owned(),
            _ => format!("chatcmpl-{}", self.id),
        }
    }

    const fn created(&self) -> i64 {
        self.now.ms().div_euclid(1000)
    }
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Value::Object(map) = object {
        map.insert(name.to_owned(), value);
    }
}
