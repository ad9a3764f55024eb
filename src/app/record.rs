//! All that is known of one attempt: what was asked where, why there, what came, and what roundel made of it.

use crate::app::cells;
use crate::app::detail::Page;
use crate::app::due::{Due, took};
use crate::app::log::columns::rate;
use crate::app::log::status;
use crate::app::prose::{Prose, Reading};
use crate::app::row::{Role, Row};
use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::conversation::{Origin, Turn};
use crate::domain::ids::LaneId;
use crate::domain::roster::{LaneSpec, Wire};
use crate::domain::text::{harmless, one_line, shortened};

/// What is known besides the row itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    /// The turn of the chat that it was made for.
    pub turn: Option<&'a Turn>,
    /// Its lane, if that is still there.
    pub lane: Option<&'a LaneSpec>,
    /// The lane that took the turn after it.
    pub next: Option<&'a LaneId>,
    /// The body of the failure.
    pub body: Body<'a>,
}

/// What is known of a body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Body<'a> {
    /// Not yet, or there is none to be known.
    #[default]
    Unknown,
    /// Nothing of it is kept.
    Gone,
    /// This, cut to 16 kB.
    Kept(&'a str),
}

/// The detail of an attempt.
pub fn rows(attempt: &Attempt, about: About<'_>, width: usize, due: &mut Due) -> Vec<Row> {
    let mut page = Page::new(width);
    page.title(&format!("{}, try {} of its turn", attempt.lane, attempt.number));
    let (word, role) = status(attempt);
    page.line("status", &word, role);
    concluded(&mut page, attempt, about);
    page.line("started", &due.clock(attempt.started), Role::Plain);
    if let Some(span) = attempt.first_token {
        page.line("first token", &took(span), Role::Plain);
    }
    if let Some(span) = attempt.took {
        page.line("total", &took(span), Role::Plain);
    }
    let count = |count: Option<u64>| count.map_or_else(|| "not told".to_owned(), |count| count.to_string());
    let usage = attempt.usage;
    let tokens = match (usage.input, usage.output) {
        (None, None) => "not told".to_owned(),
        (input, output) => {
            let rate = rate(attempt).map_or_else(String::new, |rate| format!(", {rate} a second"));
            format!("{} in, {} out{rate}", count(input), count(output))
        }
    };
    page.line("tokens", &tokens, Role::Plain);
    if attempt.simulated {
        page.line("simulated", "no provider was asked", Role::Plain);
    }
    asked(&mut page, attempt, about);
    if !attempt.why.is_empty() {
        page.line("chosen", &attempt.why, Role::Plain);
    }
    body(&mut page, about);
    page.title("Headers, as they came");
    page.name = attempt.headers.iter().map(|(name, _)| cells::of(name) + 2).max().unwrap_or(0).max(14);
    for (name, value) in &attempt.headers {
        let quota = name.contains("ratelimit") || name.contains("retry-after");
        page.line(&one_line(name), value, if quota { Role::Strong } else { Role::Plain });
    }
    if attempt.headers.is_empty() {
        page.rows.push(Row::of("none", Role::Dim));
    }
    page.rows
}

/// What roundel made of it.
fn concluded(page: &mut Page, attempt: &Attempt, about: About<'_>) {
    if let Outcome::Failed(class) = attempt.outcome {
        page.line("class", &format!("{} ({})", class.word(), class.key()), Role::Plain);
    }
    if !attempt.note.is_empty() {
        page.line("note", &attempt.note, Role::Plain);
    }
    if let (Outcome::Failed(_), Some(next)) = (attempt.outcome, about.next) {
        page.line("went on to", next.as_str(), Role::Plain);
    }
}

/// The request's shape; what was asked only where the chat shows it anyway.
fn asked(page: &mut Page, attempt: &Attempt, about: About<'_>) {
    page.title("What was asked");
    page.line("by", attempt.origin.word(), Role::Plain);
    if let Some(lane) = about.lane {
        let wire = match lane.wire {
            Wire::Openai => "OpenAI's",
            Wire::Gemini => "Gemini's",
            Wire::Ollama => "Ollama's",
        };
        page.line("at", &format!("{}, on {wire} wire", lane.base_url), Role::Plain);
    }
    page.line("model", attempt.lane.model(), Role::Plain);
    match (about.turn, attempt.origin) {
        (Some(turn), _) => {
            page.line("parameters", "those of the conversation (Alt+O), streamed", Role::Plain);
            page.line("question", &shortened(&turn.prompt, 400), Role::Plain);
            page.line("", "t goes to it", Role::Dim);
        }
        (None, Origin::Endpoint) => page.line("question", "not kept: it was a program's own", Role::Dim),
        (None, _) => {}
    }
}

fn body(page: &mut Page, about: About<'_>) {
    if about.body == Body::Unknown {
        return;
    }
    page.title("Body, as it came");
    match about.body {
        Body::Kept(text) => {
            let prose = Prose::whole(Reading::Verbatim, page.width, &harmless(text));
            page.rows.extend(prose.rows().iter().cloned());
        }
        Body::Unknown | Body::Gone => page.rows.push(Row::of("nothing of it is kept", Role::Dim)),
    }
}
