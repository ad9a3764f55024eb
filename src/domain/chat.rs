//! Conversations: what they are called, and how their questions are asked.

use serde::{Deserialize, Serialize};

use crate::domain::clock::Time;
use crate::domain::conversation::{Message, Params, Role};
use crate::domain::ids::{ConversationId, TurnId};
use crate::domain::text::one_line;

/// Characters of a name.
pub const NAME: usize = 80;

/// What a conversation is asked with, beside its turns.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The system prompt; empty: none.
    pub system: String,
    /// 0 (the likeliest word) to 2; None: the provider's default.
    pub temperature: Option<f64>,
    /// Upper bound of each answer, in tokens; None: the provider's default.
    pub max_tokens: Option<u64>,
    /// Only on lanes that do not train on prompts.
    pub no_training: bool,
}

impl Settings {
    /// What goes before the turns.
    pub fn head(&self) -> Option<Message> {
        let said = !self.system.trim().is_empty();
        said.then(|| Message::text(Role::System, &*self.system))
    }

    /// What goes beside them.
    pub fn params(&self) -> Params {
        Params { max_tokens: self.max_tokens, temperature: self.temperature, ..Params::default() }
    }
}

/// A conversation, without its turns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Its name: the first line of its first question, or what the user called it. Harmless, one line.
    pub name: String,
    /// When it began.
    pub began: Time,
    /// When it was asked last, or changed.
    pub touched: Time,
    /// Questions asked in it.
    pub turns: u64,
    /// How it is asked.
    pub settings: Settings,
    /// When it was deleted. It is kept for thirty days more, and can be brought back; None: it is not.
    pub deleted: Option<Time>,
}

/// A turn in which what was searched for is found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Its conversation.
    pub conversation: Conversation,
    /// The turn.
    pub turn: TurnId,
    /// When it was asked.
    pub asked: Time,
    /// The text around the first word that is found: not harmless.
    pub around: String,
}

/// What is done with a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Call it so.
    Rename(String),
    /// Ask it so.
    Set(Box<Settings>),
    /// Delete it.
    Delete,
    /// Bring it back.
    Restore,
}

impl Conversation {
    /// One that begins now, and has no name yet.
    pub fn new(id: ConversationId, now: Time) -> Self {
        let settings = Settings::default();
        Self { id, name: String::new(), began: now, touched: now, turns: 0, settings, deleted: None }
    }

    /// A question is asked in it. The first one gives it its name, and what is asked again is deleted no more.
    pub fn asked(&mut self, prompt: &str, now: Time) {
        if self.name.is_empty() {
            self.name = name_of(prompt);
        }
        self.turns += 1;
        self.touched = now;
        self.deleted = None;
    }

    /// Changes it.
    pub fn change(&mut self, change: Change, now: Time) {
        match change {
            Change::Rename(name) => self.name = name_of(&name),
            Change::Set(settings) => self.settings = *settings,
            Change::Delete => self.deleted = Some(now),
            Change::Restore => self.deleted = None,
        }
        if self.deleted.is_none() {
            self.touched = now;
        }
    }
}

/// The name that a text gives: its first line with something in it, harmless, of at most [`NAME`] characters.
pub fn name_of(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let line = one_line(line);
    match line.char_indices().nth(NAME) {
        Some((end, _)) => {
            let cut = line.get(..end).unwrap_or_default();
            let whole = cut.rfind(' ').filter(|at| *at > NAME / 2).and_then(|at| cut.get(..at)).unwrap_or(cut);
            format!("{}…", whole.trim_end())
        }
        None => line.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_ms(1_795_348_800_000);

    #[test]
    fn the_first_line_names_it() {
        let long = "word ".repeat(40);
        for (prompt, name) in [
            ("why two tides?\nand more", "why two tides?"),
            ("\n\n  # heading \n", "# heading"),
            ("", ""),
            ("a\u{1b}[31mb", "a\u{fffd}[31mb"),
            (&*long, "word word word word word word word word word word word word word word word word…"),
        ] {
            assert_eq!(name_of(prompt), name, "{prompt:?}");
        }
        assert!(name_of(&"x".repeat(500)).chars().count() <= NAME + 1);
    }

    #[test]
    fn what_the_user_called_it_stays() {
        let mut one = Conversation::new(ConversationId(7), NOW);
        one.change(Change::Rename("tides".into()), NOW);
        one.asked("why?", NOW);
        assert_eq!((one.name.as_str(), one.turns), ("tides", 1));
        one.change(Change::Delete, NOW);
        assert_eq!(one.deleted, Some(NOW));
        one.asked("again?", NOW);
        assert_eq!(one.deleted, None);
    }
}
