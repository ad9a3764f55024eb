//! A short list of which one thing is taken: a block of code, a form of file.

use crate::app::cells;
use crate::app::row::{Piece, Role, Row};
use crate::domain::clock::Time;
use crate::domain::ids::LaneId;
use crate::domain::look::Theme;
use crate::domain::standing::Target;
use crate::domain::text::one_line;

/// What is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offered {
    /// One of these blocks of code, to be copied.
    Blocks(Vec<String>),
    /// A form in which the conversation is saved.
    Export,
    /// The colours of the screen, which shows each while it is chosen.
    Themes,
    /// For how long this is out of the rotation: in words, and until when; None: until the user's hand.
    Off(Target, Vec<(String, Option<Time>)>),
    /// Whether this lane is tested, for what it costs.
    Test(LaneId, String),
}

/// The forms in which a conversation is saved: ending, and what it is.
pub const FORMS: [(&str, &str); 2] = [("md", "Markdown, to be read"), ("json", "JSON, with every figure")];

/// The list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// What is offered.
    pub offered: Offered,
    /// The chosen row.
    pub at: usize,
}

impl Options {
    /// With the first one chosen.
    pub const fn new(offered: Offered) -> Self {
        Self { offered, at: 0 }
    }

    /// What it is for.
    pub fn title(&self) -> String {
        match &self.offered {
            Offered::Blocks(_) => "Copy which block".into(),
            Offered::Export => "Save the conversation as".into(),
            Offered::Themes => "Colours".into(),
            Offered::Off(target, _) => format!("{} off", target.name()),
            Offered::Test(lane, _) => format!("Test {lane}"),
        }
    }

    /// Whether what it offers was said in a chat.
    pub const fn is_of_chat(&self) -> bool {
        matches!(self.offered, Offered::Blocks(_))
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        match &self.offered {
            Offered::Blocks(blocks) => blocks.len(),
            Offered::Export => FORMS.len(),
            Offered::Themes => Theme::ALL.len(),
            Offered::Off(_, ends) => ends.len(),
            Offered::Test(..) => 1,
        }
    }

    /// Goes through it.
    pub fn go(&mut self, down: bool) {
        self.at = if down { (self.at + 1).min(self.count().saturating_sub(1)) } else { self.at.saturating_sub(1) };
    }

    /// Its rows in `width` columns; the first nine have their digit.
    pub fn rows(&self, width: usize) -> Vec<Row> {
        let row = |number: usize, text: &str, more: String| {
            let digit = if number < 9 { format!("{} ", number + 1) } else { "  ".to_owned() };
            let room = width.saturating_sub(cells::of(&more) + 4);
            let text = Piece::plain(cells::cut(&one_line(text), room));
            Row::spread(Row(vec![Piece::new(digit, Role::Accent), text]), Row::of(more, Role::Dim), width)
        };
        match &self.offered {
            Offered::Blocks(blocks) => {
                let first =
                    |code: &str| code.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned();
                let lines = |code: &str| match code.lines().count() {
                    1 => "1 line".to_owned(),
                    lines => format!("{lines} lines"),
                };
                blocks.iter().enumerate().map(|(number, code)| row(number, &first(code), lines(code))).collect()
            }
            Offered::Themes => Theme::ALL
                .iter()
                .enumerate()
                .map(|(number, (_, name, words))| row(number, name, (*words).to_owned()))
                .collect(),
            Offered::Off(_, ends) => {
                ends.iter().enumerate().map(|(number, (words, _))| row(number, words, String::new())).collect()
            }
            Offered::Test(_, cost) => vec![row(0, cost, "Enter asks".into())],
            Offered::Export => {
                FORMS.iter().enumerate().map(|(number, (_, words))| row(number, words, String::new())).collect()
            }
        }
    }
}
