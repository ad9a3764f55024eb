//! The survey of an account in words: aligned for a screen, plain for a pipe, JSON. Pure.

use std::fmt::Write;

use serde_json::{Value, json as value};

use crate::domain::clock::{Time, Zone};
use crate::domain::roster::Cost;
use crate::domain::text::one_line;
use crate::providers::assemble::Missing;
use crate::shell::models::survey::{Row, State, Survey};

/// Columns, under a line that says how old the list is.
pub fn aligned(survey: &Survey) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}", text.trim_end());
    };
    line(&format!("{:<22} {}", survey.account, head(survey)));
    let shown: Vec<&Row> = survey.rows.iter().filter(|row| is_shown(row)).collect();
    let width = shown.iter().map(|row| row.id.chars().count()).max().unwrap_or(0).min(60);
    for row in &shown {
        let context = row.context.map(short).unwrap_or_default();
        let (state, cost, id, words) = (row.state.word(), row.cost.word(), one_line(&row.id), one_line(&row.words));
        line(&format!("  {state:<12}  {cost:<12}  {context:>6}  {id:<width$}  {words}"));
    }
    let hidden = survey.rows.len() - shown.len();
    if hidden > 0 {
        line(&format!("  and {hidden} that answer no questions in text"));
    }
    let config = survey.config();
    if !config.is_empty() {
        line("  The new free ones are used once the config names them, with all others that shall be on:");
        for text in config.lines() {
            line(&format!("    {text}"));
        }
    }
    line("");
    out
}

/// A line for each model, with tabs: lane, state, cost, context, day of the list, words.
pub fn plain(survey: &Survey) -> String {
    let day = survey.at.map(|at| Zone::UTC.ymd(at)).unwrap_or_default();
    let line = |row: &Row| {
        let context = row.context.map(|tokens| tokens.to_string()).unwrap_or_default();
        let (lane, words) = (format!("{}/{}", survey.account, row.id), one_line(&row.words));
        format!("{}\t{}\t{}\t{context}\t{day}\t{words}\n", one_line(&lane), row.state.word(), row.cost.word())
    };
    survey.rows.iter().filter(|row| is_shown(row)).map(line).collect()
}

/// One object of all.
pub fn json(surveys: &[Survey], missing: &[&Missing]) -> String {
    let missing = missing.iter().map(|one| {
        value!({ "provider": one.id, "name": one.name, "keys": one.keys, "besides": one.besides, "key_url": one.key_url })
    });
    let providers: Vec<Value> = surveys.iter().map(object).collect();
    let all = value!({ "providers": providers, "missing": missing.collect::<Vec<_>>() });
    format!("{all:#}\n")
}

fn object(survey: &Survey) -> Value {
    let models = survey.rows.iter().map(|row| {
        value!({
            "id": row.id,
            "state": row.state.word(),
            "in_roster": row.state != State::New,
            "cost": match row.cost { Cost::Free => "free", Cost::Paid => "paid", Cost::Unknown => "unknown" },
            "context": row.context,
            "chat": row.chat,
            "why": row.words,
        })
    });
    let config = Some(survey.config()).filter(|config| !config.is_empty());
    value!({
        "account": survey.account,
        "name": survey.name,
        "as_of": survey.at.map(|at| Zone::UTC.wall(at).format("%Y-%m-%dT%H:%M:%SZ").to_string()),
        "age_seconds": survey.at.map(|at| survey.now.since(at).as_secs()),
        "fault": survey.fault,
        "config": config,
        "models": models.collect::<Vec<_>>(),
    })
}

/// What answers no questions is no lane, unless it is one.
fn is_shown(row: &Row) -> bool {
    row.chat || row.state != State::New
}

fn head(survey: &Survey) -> String {
    let Survey { name, listed, now, .. } = survey;
    match (survey.at, &survey.fault) {
        (Some(at), None) => format!("{name}, {listed} models listed on {}, {}", day(at), age(at, *now)),
        (Some(at), Some(fault)) => {
            format!("{name}, {listed} models as of {}, {}; now: {}", day(at), age(at, *now), one_line(fault))
        }
        (None, Some(fault)) => format!("{name}, no list: {}", one_line(fault)),
        (None, None) => format!("{name}, no list"),
    }
}

fn day(at: Time) -> String {
    format!("{} {} UTC", Zone::UTC.ymd(at), Zone::UTC.hm(at))
}

fn age(at: Time, now: Time) -> String {
    match now.since(at).as_secs() {
        0..60 => "just now".into(),
        secs @ 60..3600 => format!("{} min ago", secs / 60),
        secs @ 3600..172_800 => format!("{} h ago", secs / 3600),
        secs => format!("{} days ago", secs / 86_400),
    }
}

/// `128k`, `1.0M`.
fn short(tokens: u64) -> String {
    match tokens {
        0..1000 => tokens.to_string(),
        1000..1_000_000 => format!("{}k", tokens / 1000),
        _ => format!("{}.{}M", tokens / 1_000_000, tokens % 1_000_000 / 100_000),
    }
}
