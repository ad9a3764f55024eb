//! `roundel log`: the attempts that are kept, newest last, read beside whoever owns them. Following, it looks at the disk
//! four times a second, and at the rows only when somebody has written.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal};
use std::time::Duration;

use tokio::signal;
use tokio::time::sleep;

use crate::app::cells;
use crate::app::due::took;
use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::clock::{Time, Zone};
use crate::domain::ids::AttemptId;
use crate::domain::text::one_line;
use crate::shell::ask::say;
use crate::shell::engine::Config;
use crate::shell::json;
use crate::shell::visit::{NotDone, Place, print};
use crate::store::Store;
use crate::store::peek::{Filter, Peek, Unreadable};

/// How often the disk is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// How a row is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// In columns for a terminal, with tabs for a pipe.
    Words,
    /// One JSON object a line.
    Json,
    /// Comma-separated, with a line of names first.
    Csv,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which attempts.
    pub filter: Filter,
    /// At most so many.
    pub newest: u32,
    /// How they are written.
    pub form: Form,
    /// Go on with those that end from now on.
    pub follow: bool,
}

/// Prints the rows.
pub async fn log(config: &Config, wanted: &Wanted) -> Result<(), NotDone> {
    let place = Place::find(config)?;
    let look = || Store::peek(&place.folder).map_err(failed);
    let mut peek = look()?;
    let mut shown = Shown { last: wanted.filter.after, open: BTreeSet::new() };
    let aligned = io::stdout().is_terminal();
    if wanted.form == Form::Csv && !print(CSV)? {
        return Ok(());
    }
    let first = match &peek {
        Some(peek) => peek.attempts(&wanted.filter, wanted.newest).map_err(failed)?,
        None => Vec::new(),
    };
    if first.is_empty() && !wanted.follow {
        say(if peek.is_some() { "no attempt is such" } else { "nothing was asked yet" });
    }
    let rows = if wanted.follow { shown.ended(first) } else { first };
    if !show(&rows, wanted.form, aligned)? || !wanted.follow {
        return Ok(());
    }
    let mut version = None;
    loop {
        tokio::select! {
            () = sleep(LOOK) => {}
            _ = signal::ctrl_c() => return Ok(()),
        }
        let Some(open) = &peek else {
            peek = look()?;
            continue;
        };
        let now = open.version().map_err(failed)?;
        if version == Some(now) {
            continue;
        }
        version = Some(now);
        let rows = shown.ended(shown.more(open, &wanted.filter).map_err(failed)?);
        if !show(&rows, wanted.form, aligned)? {
            return Ok(());
        }
    }
}

/// What was shown already, while one follows. A row is shown when its attempt is over.
struct Shown {
    /// Up to this one all is shown, but for those that are open.
    last: Option<AttemptId>,
    /// In the air when they were seen last.
    open: BTreeSet<AttemptId>,
}

impl Shown {
    /// The rows that may be new.
    fn more(&self, peek: &Peek, filter: &Filter) -> Result<Vec<Attempt>, Unreadable> {
        let before = self.open.first().map(|id| AttemptId(id.0.saturating_sub(1)));
        let after = before.min(self.last).or(self.last);
        peek.attempts(&Filter { after, ..filter.clone() }, u32::MAX)
    }

    /// Those of them that are over and were not shown; the others are waited for.
    fn ended(&mut self, rows: Vec<Attempt>) -> Vec<Attempt> {
        let mut ended = Vec::new();
        for row in rows {
            let known = self.last.is_some_and(|last| row.id <= last) && !self.open.contains(&row.id);
            self.last = self.last.max(Some(row.id));
            if row.outcome == Outcome::Running {
                self.open.insert(row.id);
            } else if !known {
                self.open.remove(&row.id);
                ended.push(row);
            }
        }
        ended
    }
}

fn show(rows: &[Attempt], form: Form, aligned: bool) -> Result<bool, NotDone> {
    let line = |row: &Attempt| match form {
        Form::Json => format!("{}\n", json::attempt(row)),
        Form::Csv => csv(row),
        Form::Words if aligned => columns(row),
        Form::Words => format!("{}\n", fields(row).join("\t")),
    };
    if rows.is_empty() { Ok(true) } else { print(&rows.iter().map(line).collect::<String>()) }
}

fn failed(error: Unreadable) -> NotDone {
    NotDone::failed(&error)
}

/// `2026-11-22 09:41:02`, in the zone of this computer.
fn time(at: Time) -> String {
    format!("{} {}", Zone::Local.ymd(at), Zone::Local.hms(at))
}

fn result(row: &Attempt) -> String {
    match (row.status, row.outcome) {
        (Some(status), Outcome::Answered | Outcome::Failed(_)) => status.to_string(),
        (None, Outcome::Failed(class)) => class.word().to_owned(),
        (_, outcome) => outcome.key().to_owned(),
    }
}

/// Time, origin, lane, result, first token, in all, tokens, what came of it.
fn fields(row: &Attempt) -> [String; 8] {
    let span = |span: Option<Duration>| span.map(took).unwrap_or_default();
    let tokens = match (row.usage.input, row.usage.output) {
        (None, None) => String::new(),
        (input, output) => {
            let word = |count: Option<u64>| count.map_or_else(|| "?".to_owned(), |count| count.to_string());
            format!("{}+{}", word(input), word(output))
        }
    };
    let lane = one_line(row.lane.as_str()).into_owned();
    let note = one_line(&row.note).into_owned();
    [
        time(row.started),
        row.origin.word().into(),
        lane,
        result(row),
        span(row.first_token),
        span(row.took),
        tokens,
        note,
    ]
}

fn columns(row: &Attempt) -> String {
    let fields = fields(row);
    let widths = [19, 5, 36, 9, 6, 6, 9, 0];
    let mut line = String::new();
    for (field, width) in fields.iter().zip(widths) {
        line.push_str(field);
        line.push_str(&" ".repeat(usize::saturating_sub(width, cells::of(field)) + 2));
    }
    format!("{}\n", line.trim_end())
}

/// The names of the columns, as a line of CSV.
pub const CSV: &str = "id,turn,number,origin,lane,started,status,outcome,class,first_token_s,took_s,input_tokens,\
                   output_tokens,why,note,simulated\n";

/// As RFC 4180 has it, but for the end of the line.
pub fn csv(row: &Attempt) -> String {
    let word = |value: Option<String>| value.unwrap_or_default();
    let class = if let Outcome::Failed(class) = row.outcome { class.word() } else { "" };
    let fields = [
        row.id.to_string(),
        row.turn.to_string(),
        row.number.to_string(),
        row.origin.word().to_owned(),
        row.lane.to_string(),
        json::stamp(row.started),
        word(row.status.map(|status| status.to_string())),
        row.outcome.key().to_owned(),
        class.to_owned(),
        word(row.first_token.map(|span| json::seconds(span).to_string())),
        word(row.took.map(|span| json::seconds(span).to_string())),
        word(row.usage.input.map(|count| count.to_string())),
        word(row.usage.output.map(|count| count.to_string())),
        row.why.clone(),
        row.note.clone(),
        row.simulated.to_string(),
    ];
    let quoted = |field: &String| {
        let needs = field.contains(['"', ',', '\n', '\r']);
        if needs { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.clone() }
    };
    format!("{}\n", fields.iter().map(quoted).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::conversation::{Origin, Usage};
    use crate::domain::failure::Class;
    use crate::domain::ids::TurnId;

    fn row(id: u64, outcome: Outcome) -> Attempt {
        Attempt {
            id: AttemptId(id),
            turn: TurnId(7),
            number: 1,
            origin: Origin::Ask,
            lane: "a/b".into(),
            started: Time::from_ms(1_795_348_800_123),
            status: None,
            outcome,
            first_token: Some(Duration::from_millis(240)),
            took: Some(Duration::from_millis(1400)),
            usage: Usage { input: Some(3), output: None },
            headers: vec![("x-a".into(), "1".into())],
            why: "a, \"b\"".into(),
            note: "two\nlines".into(),
            simulated: false,
        }
    }

    #[test]
    fn a_row_is_shown_once_and_when_it_is_over() {
        let mut shown = Shown { last: None, open: BTreeSet::new() };
        let ids = |rows: Vec<Attempt>| rows.iter().map(|row| row.id.0).collect::<Vec<u64>>();
        assert_eq!(ids(shown.ended(vec![row(1, Outcome::Answered), row(2, Outcome::Running)])), [1]);
        assert_eq!(ids(shown.ended(vec![row(2, Outcome::Running), row(3, Outcome::Answered)])), [3]);
        assert_eq!(ids(shown.ended(vec![row(2, Outcome::Cancelled), row(3, Outcome::Answered)])), [2]);
        assert_eq!(ids(shown.ended(vec![row(2, Outcome::Cancelled), row(3, Outcome::Answered)])), [0; 0]);
        assert_eq!((shown.last, shown.open.len()), (Some(AttemptId(3)), 0));
    }

    #[test]
    fn commas_and_lines_stay_in_their_field() {
        let class = Outcome::Failed(Class::Gone);
        assert_eq!(
            csv(&row(1, class)),
            "1,7,1,ask,a/b,2026-11-22T12:00:00.123Z,,failed,model gone,0.24,1.4,3,,\"a, \"\"b\"\"\",\"two\nlines\",false\n"
        );
        assert_eq!(CSV.split(',').count(), 16);
        assert!(columns(&row(1, class)).ends_with("model gone  0.2 s   1.4 s   3+?        two lines\n"));
    }
}
