//! The setup: each provider, what it gives for free, whether it trains on prompts, where its key is had; and the key as
//! it is typed in. A key is shown by its last letters at most, and leaves this place only as a secret.

use std::fmt;
use std::sync::Arc;

use crate::app::cells;
use crate::app::help::fold;
use crate::app::log::pad;
use crate::app::offer::{After, Heard, Offer, Tried, Wanted};
use crate::app::row::{Piece, Role, Row};
use crate::domain::roster::{Secret, Training};
use crate::domain::text::one_line;

/// A key while it is typed in.
#[derive(Clone, PartialEq, Eq, Default)]
struct Entry(String);

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The most that a key may have, in bytes.
const LONGEST: usize = 4096;

/// Keys shorter than this show nothing of themselves.
const SHOWN_FROM: usize = 16;

impl Entry {
    /// A sign for each letter; of a long one, the last four as they are.
    fn masked(&self, room: usize) -> String {
        let count = self.0.chars().count();
        let tail: String = if count >= SHOWN_FROM { self.0.chars().skip(count - 4).collect() } else { String::new() };
        format!("{}{}", "•".repeat((count - tail.chars().count()).min(room.saturating_sub(6))), one_line(&tail))
    }
}

/// What is being done with the chosen provider.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Stage {
    #[default]
    Choose,
    Write,
    Testing,
    /// A key is kept; what has still to be done.
    Done(Option<After>),
}

/// What Enter asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Nothing.
    Stay,
    /// The test of a key.
    Test(Wanted),
    /// The end of the setup.
    Close,
    /// A new beginning with the real providers.
    Begin,
}

/// The setup.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Setup {
    /// What there is; None: it is not known yet.
    offers: Option<Vec<Offer>>,
    /// The chosen provider.
    at: usize,
    stage: Stage,
    entry: Entry,
    said: Option<(Role, String)>,
    /// It opened by itself, and goes by itself when lanes come.
    pub by_itself: bool,
}

impl Setup {
    /// Before anything is known.
    pub fn new(by_itself: bool) -> Self {
        Self { by_itself, ..Self::default() }
    }

    /// The row of the chosen provider.
    pub const fn at(&self) -> usize {
        // A row of words, and an empty one.
        self.at + 2
    }

    /// Rows that belong to the chosen one, and should be seen with it.
    pub fn with(&self, width: usize) -> usize {
        self.chosen().map_or(0, |offer| self.detail(offer, width).len())
    }

    fn chosen(&self) -> Option<&Offer> {
        self.offers.as_ref()?.get(self.at)
    }

    /// Goes to another provider; what was typed for this one is forgotten.
    pub fn go(&mut self, by: isize) {
        if self.stage == Stage::Testing {
            return;
        }
        let last = self.offers.as_ref().map_or(0, |offers| offers.len().saturating_sub(1));
        let at = self.at.saturating_add_signed(by).min(last);
        if at != self.at {
            *self = Self { at, offers: self.offers.take(), ..Self::default() };
        }
    }

    /// Writes at the key, which may be pasted at once.
    pub fn write(&mut self, text: &str) {
        if !matches!(self.stage, Stage::Choose | Stage::Write) {
            return;
        }
        self.by_itself = false;
        if self.stage == Stage::Choose && !self.begin() {
            return;
        }
        self.said = None;
        let text = text.trim().chars().filter(|char| !char.is_control());
        self.entry.0.extend(text.take(LONGEST.saturating_sub(self.entry.0.len())));
    }

    /// Takes back a letter, or all.
    pub fn delete(&mut self, all: bool) {
        if self.stage == Stage::Write {
            self.said = None;
            let kept = if all { 0 } else { self.entry.0.char_indices().next_back().map_or(0, |(at, _)| at) };
            self.entry.0.truncate(kept);
        }
    }

    /// One step back; false: there is none, it is to be closed.
    pub fn back(&mut self) -> bool {
        let stepped = matches!(self.stage, Stage::Write | Stage::Testing);
        (self.stage, self.entry) = (Stage::Choose, Entry::default());
        self.said = None;
        stepped
    }

    /// Begins with a key, unless one cannot be taken; then it says why.
    fn begin(&mut self) -> bool {
        let Some(offer) = self.chosen() else { return false };
        let variable = &offer.variable;
        let why = match &offer.found {
            Some(found) if !offer.ours => {
                Some(format!("its key comes from {found}, which goes first: change it there"))
            }
            _ if !offer.besides.is_empty() => {
                let all = offer.besides.join(", ");
                Some(format!("it wants {all} as well: set that in the environment first, and start again"))
            }
            _ if variable.is_empty() => Some("it wants no key".to_owned()),
            _ => None,
        };
        self.said = why.map(|why| (Role::Warn, why));
        if self.said.is_none() {
            self.stage = Stage::Write;
        }
        self.said.is_none()
    }

    /// Enter.
    pub fn enter(&mut self) -> Next {
        self.by_itself = false;
        match self.stage {
            Stage::Choose => {
                self.begin();
                Next::Stay
            }
            Stage::Testing => Next::Stay,
            Stage::Done(Some(After::Begin)) => Next::Begin,
            Stage::Done(_) => Next::Close,
            Stage::Write => {
                let Some((id, variable)) = self.chosen().map(|offer| (offer.id.clone(), offer.variable.clone())) else {
                    return Next::Stay;
                };
                if self.entry.0.trim().is_empty() {
                    return Next::Stay;
                }
                (self.stage, self.said) = (Stage::Testing, None);
                Next::Test(Wanted::Try { id, variable, key: Secret::new(&self.entry.0) })
            }
        }
    }

    /// Takes in what was heard.
    pub fn take_in(&mut self, heard: Heard) {
        match heard {
            Heard::Offers(Ok(offers)) => self.offers = Some(offers),
            Heard::Offers(Err(why)) => self.said = Some((Role::Bad, why)),
            // What was asked for before may come after the user went on.
            Heard::Tried(id, tried)
                if self.stage == Stage::Testing && self.chosen().is_some_and(|offer| offer.id == id) =>
            {
                self.tried(&id, tried);
            }
            Heard::Tried(..) => {}
        }
    }

    fn tried(&mut self, id: &str, tried: Tried) {
        let (stage, role, words) = match tried {
            Tried::Kept { models, path, after } => {
                let next = match after {
                    None => "its lanes are in the rotation: Enter goes on".to_owned(),
                    Some(After::Begin) => "Enter begins with it".to_owned(),
                    Some(After::Owner(owner)) => format!("process {owner} takes it when it is started again"),
                };
                let models = if models == 1 { "1 model".to_owned() } else { format!("{models} models") };
                (Stage::Done(after), Role::Good, format!("{id} takes it, {models} listed; kept in {path}; {next}"))
            }
            Tried::Refused(words) => (Stage::Write, Role::Bad, format!("{id} refuses it: {words}")),
            Tried::Unheard(words) => {
                (Stage::Write, Role::Warn, format!("{id} cannot be asked: {words}; not kept, Enter tries again"))
            }
            Tried::NotKept(words) => (Stage::Write, Role::Bad, format!("not kept: {words}")),
        };
        if matches!(stage, Stage::Done(_)) {
            self.entry = Entry::default();
        }
        (self.stage, self.said) = (stage, Some((role, words)));
    }

    /// Its rows in `width` columns.
    pub fn rows(&self, width: usize) -> Vec<Row> {
        let Some(offers) = &self.offers else {
            let said = self.said.clone().unwrap_or((Role::Dim, "looking at what there is".into()));
            return vec![Row::of(one_line(&said.1), said.0)];
        };
        let mut rows = vec![Row::of("A key of any of these is enough; nothing that costs money is used.", Role::Dim)];
        rows.push(Row::default());
        let widest = offers.iter().map(|offer| cells::of(&offer.name)).max().unwrap_or(0).min(24);
        for (number, offer) in offers.iter().enumerate() {
            let (sign, role) = if offer.found.is_some() { ("●", Role::Good) } else { ("○", Role::Dim) };
            let name = pad(&cells::cut(&offer.name, widest), widest);
            let left = vec![
                Piece::new(format!("{sign} "), role),
                Piece::plain(name),
                Piece::dim(format!("  {}", offer.brief)),
            ];
            let right = match (&offer.found, offer.training) {
                (Some(_), _) => Piece::new("key is there", Role::Good),
                (None, Training::Yes) => Piece::new("trains on prompts", Role::Warn),
                (None, Training::No) => Piece::dim("no training"),
                (None, Training::Unknown) => Piece::dim("may train"),
            };
            rows.push(Row::spread(Row(left), Row(vec![right]), width));
            if number == self.at {
                rows.extend(self.detail(offer, width));
            }
        }
        rows
    }

    fn detail(&self, offer: &Offer, width: usize) -> Vec<Row> {
        let room = width.saturating_sub(4);
        // What is being done stands first: on a small screen the rest is not seen.
        let mut rows = vec![self.key_row(offer, room)];
        if let Some((role, words)) = &self.said {
            let sign = match role {
                Role::Good => "●",
                Role::Bad => "✕",
                _ => "◐",
            };
            rows.extend(fold(
                Row(vec![Piece::new(format!("{sign} "), *role), Piece::new(one_line(words), *role)]),
                room,
            ));
        }
        let link = offer.key_url.is_ascii().then(|| Arc::from(one_line(&offer.key_url).as_ref()));
        let page = Piece { link, ..Piece::new(one_line(&offer.key_url), Role::Link) };
        rows.push(Row(vec![Piece::dim(format!("{:<10}", "is had at")), page]));
        let mut say = |label: &str, words: &str, role: Role| {
            let row = Row(vec![Piece::dim(format!("{label:<10}")), Piece::new(one_line(words), role)]);
            rows.extend(fold(row, room));
        };
        for (number, line) in offer.free.iter().enumerate() {
            say(if number == 0 { "free" } else { "" }, line, Role::Plain);
        }
        let training = match offer.training {
            Training::Yes => ("trains on the prompts of who does not pay", Role::Warn),
            Training::No => ("does not train on prompts", Role::Plain),
            Training::Unknown => ("may train on prompts: it does not say", Role::Warn),
        };
        say("prompts", training.0, training.1);
        if !offer.note.is_empty() {
            say("note", &offer.note, Role::Dim);
        }
        if !offer.as_of.is_empty() {
            say("as of", &offer.as_of, Role::Dim);
        }
        rows.push(Row::default());
        for row in &mut rows {
            row.0.insert(0, Piece::plain("    "));
        }
        rows
    }

    /// The key that is typed, or where it is, or which variable it goes into.
    fn key_row(&self, offer: &Offer, room: usize) -> Row {
        if matches!(self.stage, Stage::Choose | Stage::Done(_)) {
            let wants = [&offer.variable].into_iter().chain(&offer.besides).map(String::as_str).collect::<Vec<_>>();
            let place = offer.found.as_ref().map_or_else(|| wants.join(", "), |found| format!("from {found}"));
            return Row(vec![Piece::dim(format!("{:<10}", "key")), Piece::plain(one_line(&place))]);
        }
        let masked = self.entry.masked(room.saturating_sub(40).max(12));
        let end = if self.stage == Stage::Testing { "  asking for its models" } else { "▏" };
        let hint = if self.entry.0.is_empty() { "paste it here; only its last letters are shown" } else { "" };
        let label = Piece::new(format!("{:<10}", "key"), Role::Accent);
        Row(vec![label, Piece::plain(masked), Piece::new(end, Role::Accent), Piece::dim(hint)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(id: &str) -> Offer {
        Offer {
            id: id.into(),
            name: id.into(),
            brief: "1 free model".into(),
            free: vec!["m: 20 req/day".into()],
            note: String::new(),
            training: Training::No,
            as_of: "2026-10-01, example.com".into(),
            key_url: "https://example.com/keys".into(),
            variable: "A_KEY".into(),
            besides: Vec::new(),
            found: None,
            ours: false,
        }
    }

    fn setup() -> Setup {
        let mut setup = Setup::new(false);
        let taken = Offer { found: Some("B_KEY".into()), ..offer("b") };
        let more = Offer { besides: vec!["C_ID".into()], ..offer("c") };
        setup.take_in(Heard::Offers(Ok(vec![offer("a"), taken, more])));
        setup
    }

    fn text(setup: &Setup) -> String {
        setup.rows(80).iter().map(Row::text).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_key_is_masked_wherever_it_is_looked_at() {
        let mut setup = setup();
        setup.write("gsk_canary0123456789wxyz\n");
        assert!(text(&setup).contains("••wxyz▏") && !text(&setup).contains("9wxyz"), "{}", text(&setup));
        let next = setup.enter();
        assert!(
            matches!(&next, Next::Test(Wanted::Try { id, key, .. }) if id == "a" && key.expose().ends_with("wxyz"))
        );
        assert!(!format!("{setup:?} {next:?}").contains("canary"));
        // A short one shows nothing; another provider, nothing of this one.
        setup.back();
        setup.write("short-key-wxyz");
        assert!(!text(&setup).contains("wxyz"));
        setup.go(1);
        setup.go(-1);
        assert!(!text(&setup).contains('•'));
    }

    #[test]
    fn what_comes_of_a_key_is_told_and_says_what_next() {
        let words = || "wrong key".to_owned();
        let kept = |after| Tried::Kept { models: 3, path: "~/keys.env".into(), after };
        for (tried, says, next) in [
            (Tried::Refused(words()), "✕ a refuses it: wrong key", None),
            (Tried::Unheard(words()), "◐ a cannot be asked: wrong key; not kept", None),
            (Tried::NotKept(words()), "✕ not kept: wrong key", None),
            (kept(None), "● a takes it, 3 models listed; kept in ~/keys.env", Some(Next::Close)),
            (kept(Some(After::Begin)), "Enter begins with it", Some(Next::Begin)),
            (kept(Some(After::Owner(7))), "process 7 takes it", Some(Next::Close)),
        ] {
            let mut setup = setup();
            setup.write("gsk_canary0123456789wxyz");
            setup.enter();
            setup.take_in(Heard::Tried("b".into(), kept(None)));
            assert_eq!(setup.enter(), Next::Stay, "of another one, and nothing is tested twice at once");
            setup.take_in(Heard::Tried("a".into(), tried));
            let folded = text(&setup).split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(folded.contains(says), "{says} in {folded}");
            match next {
                Some(next) => assert_eq!(setup.enter(), next),
                None => assert!(matches!(setup.enter(), Next::Test(_)), "it can be tried again"),
            }
        }
    }

    #[test]
    fn who_cannot_take_a_key_here_says_why() {
        let mut setup = setup();
        for (says, _) in [("B_KEY, which goes first", 1), ("C_ID", 2)] {
            setup.go(1);
            setup.write("gsk_canary0123456789wxyz");
            assert!(text(&setup).contains(says), "{}", text(&setup));
            assert!(!text(&setup).contains('•'));
            assert_eq!(setup.enter(), Next::Stay);
        }
    }
}
