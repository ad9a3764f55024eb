//! Requests, answers and turns: what is asked and what comes back, before it is put into any provider's wire format.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::attachment::{Attachment, Body};
use crate::domain::clock::Time;
use crate::domain::ids::{AttemptId, ConversationId, LaneId, TurnId};

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Instructions.
    System,
    /// The person, or the program, that asks.
    User,
    /// The model.
    Assistant,
    /// The result of a tool.
    Tool,
}

/// A piece of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Text.
    Text(String),
    /// What the model thought before it answered.
    Reasoning(String),
    /// A picture, as a `https:` or `data:` URL.
    Image(String),
    /// The model asks for a tool.
    ToolCall {
        /// The call's id.
        id: String,
        /// The tool.
        name: String,
        /// Its arguments, as JSON text.
        arguments: String,
        /// What the provider wants back with it, verbatim: Gemini's thought signature.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<String>,
    },
    /// What a tool gave.
    ToolResult {
        /// The id of the call that it answers.
        id: String,
        /// What came out.
        content: String,
    },
}

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub parts: Vec<Part>,
}

impl Message {
    /// A message of one text.
    pub fn text(role: Role, text: impl Into<String>) -> Self {
        Self { role, parts: vec![Part::Text(text.into())] }
    }

    /// A question with the files that go along: their texts before it, in one text, for not every provider takes more;
    /// pictures behind it.
    pub fn question(prompt: &str, files: &[Attachment]) -> Self {
        let texts = files.iter().filter_map(Attachment::fenced).map(|text| text + "\n\n");
        let text: String = texts.chain([prompt.to_owned()]).collect();
        let image = |file: &Attachment| match &file.body {
            Body::Image(url) => Some(Part::Image(url.to_string())),
            Body::Text(_) => None,
        };
        Self { role: Role::User, parts: [Part::Text(text)].into_iter().chain(files.iter().filter_map(image)).collect() }
    }
}

/// What the asker may set. None: the provider's default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Params {
    /// Upper bound of the answer, in tokens.
    pub max_tokens: Option<u64>,
    /// 0 (the likeliest word) to 2.
    pub temperature: Option<f64>,
    /// Only words within this share of the probability, 0 to 1.
    pub top_p: Option<f64>,
    /// Texts that end the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
    /// The same seed, the same answer, as far as the provider can.
    pub seed: Option<i64>,
    /// -2 to 2: words that were said become less likely.
    pub presence_penalty: Option<f64>,
    /// -2 to 2: words that were said often become less likely.
    pub frequency_penalty: Option<f64>,
    /// The shape of the answer.
    pub format: Option<Format>,
    /// Tools that the model may call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
    /// Whether it calls one.
    pub tool_choice: Option<ToolChoice>,
}

/// The shape of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// JSON.
    Json,
    /// JSON after this schema.
    Schema {
        /// Its name.
        name: String,
        /// The JSON Schema.
        schema: serde_json::Value,
        /// To the letter.
        strict: Option<bool>,
    },
}

/// A tool that the model may call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// The JSON Schema of its arguments; None: it takes none.
    pub parameters: Option<serde_json::Value>,
    /// To the letter.
    pub strict: Option<bool>,
}

/// Whether the model calls a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolChoice {
    /// As it likes.
    Auto,
    /// It does not.
    None,
    /// It does.
    Required,
    /// This one.
    Tool(String),
}

/// A question with all that goes before it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The conversation, oldest first; the last message is the question.
    pub messages: Vec<Message>,
    /// What the asker set.
    pub params: Params,
    /// Fields that roundel does not know, kept verbatim for a lane of the same wire.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub extra: serde_json::Map<String, serde_json::Value>,
}

impl Request {
    /// Whether it has a picture in it: then only a lane with eyes may take it.
    pub fn has_images(&self) -> bool {
        self.messages.iter().flat_map(|message| &message.parts).any(|part| matches!(part, Part::Image(_)))
    }

    /// About how many tokens the prompt has: a fourth of its bytes for Latin letters, one for each CJK character, four
    /// for each message. An estimate; the provider's own count replaces it.
    pub fn estimated_tokens(&self) -> u64 {
        self.messages.iter().map(message_tokens).sum()
    }
}

impl Request {
    /// The conversation without its oldest turns, so that it has at most so many tokens, and how many were left out. What
    /// stands before the first question (the system prompt) and the last question stay; where the cut is, the model is
    /// told of it. None: it is short enough as it is, or even the last question alone is too long.
    pub fn without_oldest(&self, tokens: u64) -> Option<(Self, usize)> {
        let is_question = |message: &Message| message.role == Role::User;
        let begins: Vec<usize> =
            self.messages.iter().enumerate().filter(|(_, message)| is_question(message)).map(|(at, _)| at).collect();
        let head = self.messages.get(..*begins.first()?)?;
        let size = |messages: &[Message]| messages.iter().map(message_tokens).sum::<u64>();
        let whole = self.estimated_tokens();
        let mut left = whole;
        for (dropped, at) in begins.iter().enumerate().skip(1) {
            let before = begins.get(dropped - 1).copied()?;
            left -= size(self.messages.get(before..*at)?);
            let mark = format!("[The {dropped} turns before this one are left out here: they did not fit.]");
            if left + text_tokens(&mark) <= tokens && whole > tokens {
                let mut messages = head.to_vec();
                messages.extend_from_slice(self.messages.get(*at..)?);
                messages.get_mut(head.len())?.parts.insert(0, Part::Text(mark));
                return Some((Self { messages, ..self.clone() }, dropped));
            }
        }
        None
    }
}

fn message_tokens(message: &Message) -> u64 {
    4 + message.parts.iter().map(part_tokens).sum::<u64>()
}

fn part_tokens(part: &Part) -> u64 {
    match part {
        Part::Text(text) | Part::Reasoning(text) => text_tokens(text),
        // What OpenAI documents for one tile of a picture at low detail.
        Part::Image(_) => 85,
        Part::ToolCall { name, arguments, .. } => text_tokens(name) + text_tokens(arguments),
        Part::ToolResult { content, .. } => text_tokens(content),
    }
}

/// About how many tokens `text` has.
pub fn text_tokens(text: &str) -> u64 {
    let (mut bytes, mut wide) = (0u64, 0u64);
    for char in text.chars() {
        if matches!(char, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}') {
            wide += 1;
        } else {
            bytes += char.len_utf8() as u64;
        }
    }
    wide + bytes.div_ceil(4)
}

/// Tokens that the provider counted; None: it did not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompt.
    pub input: Option<u64>,
    /// Tokens of the answer, hidden thinking included where the provider counts it so.
    pub output: Option<u64>,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The person at the dashboard.
    Chat,
    /// `roundel ask`.
    Ask,
    /// The endpoint.
    Endpoint,
    /// A test of a lane, asked for by hand.
    Probe,
}

impl Origin {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Ask => "ask",
            Self::Endpoint => "api",
            Self::Probe => "probe",
        }
    }
}

/// Where a turn stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnState {
    /// No lane can take it now.
    Waiting {
        /// The earliest instant at which one can, if known.
        until: Option<Time>,
        /// For whom and why: `quick/small, 3 requests per minute spent`.
        on: String,
    },
    /// On a lane.
    Running,
    /// Answered.
    Done,
    /// Stopped by the asker; what had come is kept.
    Stopped,
    /// Not answered, or broken off in the middle: the reason, in words.
    Failed(String),
    /// Roundel ended while it ran; what had come is kept.
    Interrupted,
}

impl TurnState {
    /// Whether no lane was looked for yet.
    pub const fn is_new(&self) -> bool {
        matches!(self, Self::Waiting { until: None, on } if on.is_empty())
    }

    /// Whether nothing more will come.
    pub const fn is_over(&self) -> bool {
        !matches!(self, Self::Waiting { .. } | Self::Running)
    }
}

/// One question and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Its id.
    pub id: TurnId,
    /// Who asked.
    pub origin: Origin,
    /// When it was asked.
    pub asked: Time,
    /// The question, as typed.
    pub prompt: String,
    /// The files that went along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The answer so far, as the model wrote it: not harmless, see [`crate::domain::text`].
    pub answer: String,
    /// What the model thought, if it said.
    pub reasoning: String,
    /// Where it stands.
    pub state: TurnState,
    /// The lane that answers, or answered.
    pub lane: Option<LaneId>,
    /// Its tries, oldest first.
    pub attempts: Vec<AttemptId>,
    /// Tokens, as the provider counted them.
    pub usage: Usage,
    /// From the start of the answering attempt to its first token.
    pub first_token: Option<Duration>,
    /// From the start of the answering attempt to its end.
    pub took: Option<Duration>,
    /// Whether a simulated provider answered.
    pub simulated: bool,
    /// Where it was asked; [`ConversationId::NONE`] for what is no part of the chat.
    pub conversation: ConversationId,
    /// It takes the place of this turn and of all between: they are sent along no more, once it is answered.
    #[serde(default)]
    pub replaces: Option<TurnId>,
    /// What did not go along, because no lane took all of it.
    #[serde(default)]
    pub unsent: Option<Unsent>,
}

/// Turns that did not go along with a question: the oldest ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsent {
    /// How many.
    pub turns: u64,
    /// The first turn that did go along; None: none did.
    pub from: Option<TurnId>,
}

impl Turn {
    /// A turn that has just been asked: no lane was looked for yet.
    pub fn new(id: TurnId, origin: Origin, asked: Time, prompt: String) -> Self {
        Self {
            id,
            origin,
            asked,
            prompt,
            attachments: Vec::new(),
            answer: String::new(),
            reasoning: String::new(),
            state: TurnState::Waiting { until: None, on: String::new() },
            lane: None,
            attempts: Vec::new(),
            usage: Usage::default(),
            first_token: None,
            took: None,
            simulated: false,
            conversation: ConversationId::NONE,
            replaces: None,
            unsent: None,
        }
    }

    /// Whether what it takes the place of is sent along no more: it is answered, or may be yet.
    pub fn stands(&self) -> bool {
        !self.state.is_over() || !self.answer.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_turns_are_left_out_from_the_oldest_on() {
        let turn = |n: usize| {
            [
                Message::text(Role::User, format!("question {n} {}", "x".repeat(400))),
                Message::text(Role::Assistant, "y".repeat(400)),
            ]
        };
        let head = [Message::text(Role::System, "be brief")];
        let messages: Vec<Message> =
            head.into_iter().chain((1..=4).flat_map(turn)).chain([Message::text(Role::User, "last")]).collect();
        let request = Request { messages, ..Request::default() };
        let (whole, one) = (request.estimated_tokens(), 211);
        assert_eq!(request.without_oldest(whole), None, "it fits");
        for (tokens, dropped) in [(whole - 1, 1), (whole - one, 2), (whole - 2 * one, 3), (50, 4)] {
            let (cut, left_out) = request.without_oldest(tokens).unwrap();
            assert_eq!(left_out, dropped, "{tokens}");
            assert!(cut.estimated_tokens() <= tokens);
            assert_eq!(cut.messages[0], request.messages[0], "the system prompt stays");
            let first = &cut.messages[1];
            assert!(
                matches!(&first.parts[..], [Part::Text(mark), _] if mark.contains(&format!("The {dropped} turns")))
            );
            assert_eq!(cut.messages.len(), request.messages.len() - 2 * dropped);
            assert_eq!(cut.messages.last().map(|message| message.role), Some(Role::User));
        }
        assert_eq!(request.without_oldest(10), None, "not even the last question fits");
    }

    #[test]
    fn the_estimate_knows_scripts() {
        assert_eq!(text_tokens("abcdefgh"), 2);
        assert_eq!(text_tokens("日本語"), 3);
        assert_eq!(text_tokens(""), 0);
        let request = Request { messages: vec![Message::text(Role::User, "abcd")], ..Request::default() };
        assert_eq!(request.estimated_tokens(), 5);
    }
}
