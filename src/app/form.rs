//! How the conversation on the screen is asked: its name, the system prompt, temperature, the longest answer.

use crate::app::cells;
use crate::app::row::{Piece, Role, Row};
use crate::domain::chat::Settings;
use crate::domain::text::one_line;

/// The fields, from the top.
const FIELDS: [(&str, &str); 5] = [
    ("name", "its first question"),
    ("system prompt", "none"),
    ("temperature", "as each model likes it; 0 to 2"),
    ("max tokens", "as long as each model likes"),
    ("no training", ""),
];
/// The field that is yes or no.
const NO_TRAINING: usize = 4;

/// The form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form {
    /// The field that takes letters.
    pub at: usize,
    /// What stands in them.
    texts: [String; 4],
    no_training: bool,
    /// What is wrong with it.
    pub wrong: Option<String>,
}

impl Form {
    /// With what holds now.
    pub fn new(name: &str, settings: &Settings) -> Self {
        let number = |number: Option<String>| number.unwrap_or_default();
        let texts = [
            name.to_owned(),
            settings.system.clone(),
            number(settings.temperature.map(|temperature| temperature.to_string())),
            number(settings.max_tokens.map(|tokens| tokens.to_string())),
        ];
        Self { at: 1, texts, no_training: settings.no_training, wrong: None }
    }

    /// Goes to another field.
    pub fn go(&mut self, down: bool) {
        self.at = if down { (self.at + 1).min(FIELDS.len() - 1) } else { self.at.saturating_sub(1) };
    }

    /// Goes to the field of this number, if there is one.
    pub fn go_to(&mut self, number: usize) {
        if number < FIELDS.len() {
            self.at = number;
        }
    }

    /// Writes into the field; the one that is yes or no turns at a space.
    pub fn write(&mut self, text: &str) {
        self.wrong = None;
        if let Some(field) = self.texts.get_mut(self.at) {
            let kept = |char: &char| !char.is_control() || self.at == 1 && *char == '\n';
            field.extend(text.replace("\r\n", "\n").chars().filter(kept));
        } else {
            self.no_training = match text {
                "y" => true,
                "n" => false,
                " " => !self.no_training,
                _ => self.no_training,
            };
        }
    }

    /// Takes back a letter.
    pub fn delete(&mut self) {
        self.wrong = None;
        if let Some(field) = self.texts.get_mut(self.at) {
            field.pop();
        }
    }

    /// Nothing stands in the field any more.
    pub fn clear(&mut self) {
        self.wrong = None;
        if let Some(field) = self.texts.get_mut(self.at) {
            field.clear();
        }
    }

    /// The name and the settings that it says; an error says what is wrong, and in which field.
    pub fn settings(&self) -> Result<(String, Settings), (usize, String)> {
        let [name, system, temperature, tokens] = &self.texts;
        let number = temperature.trim().replace(',', ".");
        let temperature = match number.as_str() {
            "" => None,
            number => {
                let known = number.parse().ok().filter(|value| (0.0..=2.0).contains(value));
                Some(known.ok_or((2, "a temperature is a number from 0 to 2".to_owned()))?)
            }
        };
        let max_tokens = match tokens.trim() {
            "" => None,
            tokens => {
                let known = tokens.parse().ok().filter(|value| *value > 0_u64);
                Some(known.ok_or((3, "max tokens is a whole number above 0".to_owned()))?)
            }
        };
        let system = system.trim_end().to_owned();
        Ok((name.trim().to_owned(), Settings { system, temperature, max_tokens, no_training: self.no_training }))
    }

    /// Its rows in `width` columns.
    pub fn rows(&self, width: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        for (number, (name, empty)) in FIELDS.into_iter().enumerate() {
            let chosen = number == self.at;
            let label = Piece::new(format!("{name:<15}"), if chosen { Role::Accent } else { Role::Dim });
            let room = width.saturating_sub(17);
            let value = match self.texts.get(number) {
                Some(text) if text.is_empty() && !chosen => Piece::dim(empty),
                Some(text) => {
                    // The end is what is written at.
                    let line = one_line(text).into_owned();
                    let end = if cells::of(&line) >= room {
                        format!("…{}", tail(&line, room.saturating_sub(2)))
                    } else {
                        line
                    };
                    Piece::plain(if chosen { format!("{end}▏") } else { end })
                }
                None => {
                    Piece::plain(if self.no_training { "yes: only lanes that do not train" } else { "no: any lane" })
                }
            };
            rows.push(Row(vec![label, Piece::plain(" "), value]));
        }
        rows.push(Row::default());
        rows.push(match &self.wrong {
            Some(wrong) => Row::of(format!("✕ {wrong}"), Role::Bad),
            None if self.at == NO_TRAINING => Row::of("Space turns it; Enter keeps all, Esc nothing", Role::Dim),
            None => Row::of("Enter keeps all, Esc nothing", Role::Dim),
        });
        rows
    }
}

/// The last characters of a line, in at most `width` columns.
fn tail(line: &str, width: usize) -> String {
    let mut from = line.len();
    for (at, _) in line.char_indices().rev() {
        if line.get(at..).is_some_and(|rest| cells::of(rest) > width) {
            break;
        }
        from = at;
    }
    line.get(from..).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_is_wrong_and_where() {
        let with = |temperature: &str, tokens: &str| Form {
            texts: [String::new(), "Be brief.\n".into(), temperature.into(), tokens.into()],
            ..Form::default()
        };
        let settings = |temperature, max_tokens| Settings {
            system: "Be brief.".into(),
            temperature,
            max_tokens,
            no_training: false,
        };
        assert_eq!(with("0,7", " 500 ").settings(), Ok((String::new(), settings(Some(0.7), Some(500)))));
        assert_eq!(with("", "").settings(), Ok((String::new(), settings(None, None))));
        for (temperature, tokens, field) in
            [("3", "", 2), ("-1", "", 2), ("warm", "", 2), ("NaN", "", 2), ("1", "0", 3), ("1", "many", 3)]
        {
            assert_eq!(
                with(temperature, tokens).settings().map_err(|(field, _)| field),
                Err(field),
                "{temperature} {tokens}"
            );
        }
        let kept = settings(Some(0.7), Some(500));
        assert_eq!(Form::new("x", &kept).settings(), Ok(("x".into(), kept)));
    }
}
