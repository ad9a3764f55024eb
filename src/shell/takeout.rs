//! What the user takes out of the log as files: one exchange as `roundel inspect` reads it, or all rows that a filter
//! means. Blocks: it is for errands.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::app::page::{Form, Recording};
use crate::domain::attempt::{Attempt, Outcome, Whence};
use crate::domain::clock::Time;
use crate::domain::exchange::Head;
use crate::domain::filter::Filter;
use crate::providers::inspect::conclude;
use crate::providers::inspect::exchange::{Exchange, Kind};
use crate::shell::{json, rows, saved};
use crate::store::Store;
use crate::store::peek::{Peek, Unreadable};

/// Rows that are read at once.
const PAGE: u32 = 1000;

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum NotWritten {
    /// What should stand in it cannot be read.
    #[error("nothing was written: {0}")]
    Unread(#[from] Unreadable),
    /// It itself cannot be written.
    #[error("the file was not written: {0}")]
    Disk(#[from] io::Error),
}

/// An attempt in the form of the recorded exchanges, with what it means to roundel.
pub fn recorded(recording: &Recording) -> Value {
    let attempt = &recording.attempt;
    let account = attempt.lane.account();
    let by_name = || account.as_str().split('@').next().unwrap_or_default().to_owned();
    let by_dialect = recording.dialect.and_then(|dialect| serde_json::to_value(dialect).ok());
    let provider = by_dialect.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_else(by_name);
    let status = attempt.status.unwrap_or(0);
    let kind = if (200..300).contains(&status) { Kind::Headers } else { Kind::Error };
    let body = recording.body.clone().unwrap_or_default();
    let head = Head { status, headers: attempt.headers.clone() };
    let exchange = Exchange { provider, kind, head, body, meaning: None };
    let meaning = conclude(&exchange);
    json!({
        "provider": exchange.provider,
        "kind": kind.word(),
        "status": status,
        "headers": attempt.headers,
        "body": exchange.body,
        "source": concat!("roundel ", env!("CARGO_PKG_VERSION")),
        "captured": json::stamp(attempt.started),
        "lane": attempt.lane,
        "simulated": attempt.simulated,
        "meaning": meaning,
        "note": note(recording),
    })
}

/// What a reader should know of the recording.
fn note(recording: &Recording) -> String {
    let attempt = &recording.attempt;
    let body = match (attempt.outcome, &recording.body) {
        (Outcome::Failed(_), Some(_)) => "the body is cut to 16 kB",
        (Outcome::Failed(_), None) => "nothing of the body is kept",
        _ => "answers are kept in the chat alone: the body is left out",
    };
    let secrets = "secrets and cookies are masked";
    match attempt.outcome {
        Outcome::Failed(class) => format!("roundel concluded: {} ({}); {body}; {secrets}", class.key(), attempt.note),
        _ => format!("{body}; {secrets}"),
    }
}

/// Writes an attempt into a new file. `data`: the data folder.
pub fn save(data: &Path, recording: &Recording, now: Time) -> Result<PathBuf, NotWritten> {
    let mut whole = recording.clone();
    if whole.body.is_none() && matches!(whole.attempt.outcome, Outcome::Failed(_)) {
        let peek = Store::peek(data)?;
        whole.body = peek.map(|peek| peek.body(whole.attempt.id)).transpose()?.flatten();
    }
    let name = format!("exchange-{}-{}", saved::stamp(now), saved::part(whole.attempt.lane.as_str()));
    let (file, path) = saved::create(data, &name, "json")?;
    let mut file = BufWriter::new(file);
    writeln!(file, "{:#}", recorded(&whole))?;
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(path)
}

/// Writes all rows that are meant into a new file, oldest first: how many, and where.
pub fn export(data: &Path, filter: &Filter, form: Form, now: Time) -> Result<(u64, PathBuf), NotWritten> {
    let ending = match form {
        Form::Csv => "csv",
        Form::Jsonl => "jsonl",
    };
    let peek = Store::peek(data)?;
    let (file, path) = saved::create(data, &format!("log-{}", saved::stamp(now)), ending)?;
    let written = write_rows(BufWriter::new(file), peek.as_ref(), filter, form);
    if written.is_err() {
        // Half of it would look like all of it.
        drop(std::fs::remove_file(&path));
    }
    Ok((written?, path))
}

fn write_rows(mut file: BufWriter<File>, peek: Option<&Peek>, filter: &Filter, form: Form) -> Result<u64, NotWritten> {
    if form == Form::Csv {
        file.write_all(rows::CSV.as_bytes())?;
    }
    let (mut written, mut whence) = (0, Whence::First);
    while let Some(peek) = peek {
        let page = peek.page(filter, whence, PAGE)?;
        for row in &page {
            let line = match form {
                Form::Csv => rows::csv(row),
                Form::Jsonl => format!("{}\n", json::attempt(row)),
            };
            file.write_all(line.as_bytes())?;
        }
        written += page.len() as u64;
        match page.last().map(Attempt::place) {
            Some(last) => whence = Whence::After(last),
            None => break,
        }
    }
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(written)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::clock::Clock;
    use crate::domain::conversation::{Origin, Usage};
    use crate::domain::failure::Class;
    use crate::domain::ids::{AttemptId, TurnId};
    use crate::domain::roster::Dialect;
    use crate::shell::inspect;
    use crate::store::folder::Folder;
    use crate::store::write::Write as Kept;

    const NOON: Time = Time::from_ms(1_795_348_800_000);
    const BODY: &str = r#"{"error":{"message":"Rate limit reached for model `m` on requests per minute (RPM): Limit 30, Used 30. Please try again in 7s.","code":"rate_limit_exceeded"}}"#;

    fn row(id: u64, outcome: Outcome) -> Attempt {
        let failed = matches!(outcome, Outcome::Failed(_));
        Attempt {
            id: AttemptId(id),
            turn: TurnId(id),
            number: 1,
            origin: Origin::Endpoint,
            lane: if id.is_multiple_of(2) { "groq/m".into() } else { "mistral/../m".into() },
            started: NOON,
            status: Some(if failed { 429 } else { 200 }),
            outcome,
            first_token: None,
            took: Some(Duration::from_secs(1)),
            usage: Usage::default(),
            headers: vec![("retry-after".into(), "7".into()), ("x-ratelimit-limit-requests".into(), "30".into())],
            why: "a, \"b\"\nc".into(),
            note: "=rate limited".into(),
            simulated: false,
        }
    }

    async fn kept(writes: Vec<Kept>) -> tempfile::TempDir {
        let temp = tempfile::tempdir().unwrap();
        let folder = Folder::open(temp.path(), "test", NOON).unwrap();
        let (mut store, _) = Store::open(&folder, Clock::System).unwrap();
        for write in writes {
            store.write(write);
        }
        store.close(Duration::from_secs(20)).await.unwrap();
        temp
    }

    #[tokio::test]
    async fn what_is_saved_means_the_same_to_inspect() {
        let refused = row(2, Outcome::Failed(Class::RateLimited));
        let writes = vec![Kept::Attempt(Box::new(refused.clone())), Kept::Body(refused.id, BODY.into())];
        let temp = kept(writes).await;
        let recording =
            |attempt: &Attempt| Recording { attempt: attempt.clone(), dialect: Some(Dialect::Groq), body: None };
        let path = save(temp.path(), &recording(&refused), NOON).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let wanted = inspect::Wanted { provider: None, json: true, files: vec![path.clone()] };
        let (told, faults) = inspect::inspect(&wanted);
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!((faults, &told["class"], &told["retry_after_s"]), (vec![], &json!("rate_limited"), &json!(7)));
        assert_eq!(told["limits"][0]["limit"], 30);
        // Of an answer no body is kept, and that is said. All that is saved agrees with what it says it means.
        let answered = save(temp.path(), &recording(&row(3, Outcome::Answered)), NOON).unwrap();
        let text = std::fs::read_to_string(&answered).unwrap();
        assert!(text.contains("answers are kept in the chat alone") && text.contains("\"body\": \"\""), "{text}");
        assert_eq!(inspect::check(&saved::folder(temp.path()), None), Ok(("2 of 2\n".into(), true)));
    }

    #[tokio::test]
    async fn all_rows_that_are_meant_are_written_and_read_back() {
        let rows: Vec<Attempt> = (1..=2500).map(|id| row(id, Outcome::Answered)).collect();
        let temp = kept(rows.iter().map(|row| Kept::Attempt(Box::new(row.clone()))).collect()).await;
        let filter = Filter::read("lane:groq", NOON).unwrap();
        let meant: Vec<&Attempt> = rows.iter().filter(|row| row.id.0.is_multiple_of(2)).collect();
        let (written, path) = export(temp.path(), &filter, Form::Jsonl, NOON).unwrap();
        assert_eq!((written, path.extension().unwrap().to_str()), (1250, Some("jsonl")));
        let text = std::fs::read_to_string(path).unwrap();
        let read: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(read, meant.iter().map(|row| json::attempt(row)).collect::<Vec<_>>());
        let (_, path) = export(temp.path(), &filter, Form::Csv, NOON).unwrap();
        let lines: String = meant.iter().map(|row| rows::csv(row)).collect();
        assert_eq!(std::fs::read_to_string(path).unwrap(), format!("{}{lines}", rows::CSV));
    }
}
