//! What a pane shows, as rows of pieces, each with the role that it plays. Roles become colours in `view`; here
//! nothing has a colour.

use std::sync::Arc;

use crate::app::cells;

/// What a piece of text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Role {
    /// The thing itself.
    #[default]
    Plain,
    /// Secondary: labels, ages, what is always the same.
    Dim,
    /// What the eye should find first.
    Strong,
    /// Stressed in an answer.
    Emphasis,
    /// Code in an answer.
    Code,
    /// Of code: words of the language.
    Keyword,
    /// Of code: text in quotes.
    Quoted,
    /// Of code: numbers, and names that stand for values.
    Constant,
    /// Of code: what is called.
    Called,
    /// Of code: types and classes.
    Named,
    /// What is searched for.
    Found,
    /// Struck out in an answer.
    Struck,
    /// What leads elsewhere.
    Link,
    /// The focused pane, and what belongs to it.
    Accent,
    /// It is as it should be.
    Good,
    /// It needs attention soon.
    Warn,
    /// It is broken, or spent.
    Bad,
}

/// Text in one role.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Piece {
    /// Harmless, without newlines.
    pub text: String,
    /// Its role.
    pub role: Role,
    /// Where it leads: an address in printable ASCII.
    pub link: Option<Arc<str>>,
}

impl Piece {
    /// A piece.
    pub fn new(text: impl Into<String>, role: Role) -> Self {
        Self { text: text.into(), role, link: None }
    }

    /// A plain piece.
    pub fn plain(text: impl Into<String>) -> Self {
        Self::new(text, Role::Plain)
    }

    /// A dim piece.
    pub fn dim(text: impl Into<String>) -> Self {
        Self::new(text, Role::Dim)
    }
}

/// One row of the screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row(pub Vec<Piece>);

impl Row {
    /// A row of one piece.
    pub fn of(text: impl Into<String>, role: Role) -> Self {
        Self(vec![Piece::new(text, role)])
    }

    /// Its columns.
    pub fn width(&self) -> usize {
        self.0.iter().map(|piece| cells::of(&piece.text)).sum()
    }

    /// What it says.
    pub fn text(&self) -> String {
        self.0.iter().map(|piece| piece.text.as_str()).collect()
    }

    /// `left`, and `right` at the end of `width` columns; what does not fit is cut from the left one.
    #[must_use]
    pub fn spread(left: Self, right: Self, width: usize) -> Self {
        let room = width.saturating_sub(right.width());
        let mut row = left.cut_to(room.saturating_sub(usize::from(!right.0.is_empty())));
        let gap = room.saturating_sub(row.width());
        row.0.push(Piece::plain(" ".repeat(gap)));
        row.0.extend(right.0);
        row
    }

    /// At most `width` columns of it.
    #[must_use]
    pub fn cut_to(mut self, width: usize) -> Self {
        let mut used = 0;
        for piece in &mut self.0 {
            let size = cells::of(&piece.text);
            if used + size > width {
                piece.text = cells::cut(&piece.text, width.saturating_sub(used));
            }
            used += size;
        }
        self.0.retain(|piece| !piece.text.is_empty());
        self
    }
}

impl From<Vec<Piece>> for Row {
    fn from(pieces: Vec<Piece>) -> Self {
        Self(pieces)
    }
}
