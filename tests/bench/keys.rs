//! From a key to its letter on the screen, in a pseudo-terminal: at rest and while answers stream at 200 tokens a second
//! each; what one such stream costs; a large paste; the screen beside a busy endpoint. The provider is on this computer.
//! `cargo bench --bench keys` (`-- keys`, `-- paste`, `-- load`: this alone); the figures in the README come from here.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark measures the time, prints, and has nobody to report to"
)]

use std::time::{Duration, Instant};

use crate::rig::{Rig, configure};
use crate::stub::{Manner, Stub, config};

/// Beside a busy endpoint.
#[path = "load.rs"]
mod load;
/// The program in its terminal.
#[path = "rig.rs"]
mod rig;
/// The provider.
#[path = "../support/stub.rs"]
mod stub;

/// Between two keys.
const BEAT: Duration = Duration::from_millis(50);
/// Keys that are typed of each kind.
const KEYS: usize = 300;
/// For so long a stream is watched.
const SPAN: Duration = Duration::from_secs(10);

fn ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}

/// Types letters into the composer, and takes them away again: how long each took to be seen.
fn type_keys(rig: &mut Rig) -> Vec<Duration> {
    let (mut typed, mut spans) = (String::new(), Vec::new());
    for number in 0..KEYS {
        let letter = char::from(b'a' + u8::try_from(number % 26).unwrap());
        let back = number % 40 >= 20;
        if back {
            typed.pop();
        } else {
            typed.push(letter);
        }
        let wanted = if typed.is_empty() { "Ask something".to_owned() } else { typed.clone() };
        let shown = format!("│ › {wanted}");
        let sent = rig.send(if back { "\x7f".to_owned() } else { letter.to_string() }.as_bytes());
        let seen = rig.row("letter", |row| {
            row.strip_prefix(&*shown).is_some_and(|rest| rest.starts_with("  ") || rest.trim_start().starts_with('│'))
        });
        spans.push(seen.duration_since(sent));
        rig.read_for(BEAT.saturating_sub(sent.elapsed()));
    }
    spans.sort_unstable();
    spans
}

fn print_keys(what: &str, spans: &[Duration], more: &str) {
    let of = |share: usize| spans.get((spans.len() * share / 100).min(spans.len() - 1)).map_or(0.0, |span| ms(*span));
    println!(
        "a key to its letter, {what:<26} p50 {:5.2} ms  p99 {:5.2} ms  worst {:5.2} ms{more}",
        of(50),
        of(99),
        of(100)
    );
}

/// Asks in a conversation of its own.
fn ask(rig: &mut Rig, number: usize) {
    if number > 0 {
        rig.send(b"\x0e");
        rig.until("Ask something: the answer");
    }
    rig.send(format!("question {number}").as_bytes());
    rig.until(&format!("› question {number}"));
    // Not a paste.
    rig.read_for(Duration::from_millis(60));
    rig.send(b"\r");
    rig.until("The Moon");
}

fn dashboard(streams: usize, cols: u16, rows: u16) -> (Rig, Stub, tempfile::TempDir) {
    let manner = Manner { tokens: 1_000_000, gap: Duration::from_millis(5), refusals: (0, 0) };
    let (stub, home) = (Stub::serve(manner), tempfile::tempdir().unwrap());
    configure(home.path(), &config(&stub.base, 5, 1, None));
    let mut rig = Rig::start(home.path(), cols, rows);
    for number in 0..streams {
        ask(&mut rig, number);
    }
    rig.read_for(Duration::from_secs(1));
    (rig, stub, home)
}

/// What so many streams cost when nobody types.
fn watch(rig: &mut Rig, stub: &Stub) -> String {
    let (cost, bytes, frames, said) = (rig.cost(), rig.bytes, rig.frames, stub.said());
    let begun = Instant::now();
    rig.read_for(SPAN);
    let tokens = stub.said() - said;
    let seconds = begun.elapsed().as_secs_f64();
    format!(
        "{:5.1} % of a core, {:4.0} bytes a token, {:4.1} frames a second, {:5.0} tokens a second",
        rig.cost().since(cost),
        (rig.bytes - bytes) as f64 / tokens.max(1) as f64,
        (rig.frames - frames) as f64 / seconds,
        tokens as f64 / seconds
    )
}

fn keys() {
    for (cols, rows) in [(120, 40), (200, 60)] {
        println!("{cols}x{rows}");
        let (mut rig, _stub, _home) = dashboard(0, cols, rows);
        print_keys("at rest", &type_keys(&mut rig), "");
        for streams in [1, 5] {
            let (mut rig, stub, _home) = dashboard(streams, cols, rows);
            println!("{streams} at 200 tokens a second: {}", watch(&mut rig, &stub));
            let cost = rig.cost();
            let spans = type_keys(&mut rig);
            let cost = rig.cost().since(cost);
            print_keys(&format!("{streams} at 200 tokens/s each"), &spans, &format!("  {cost:.1} % of a core"));
        }
    }
}

fn paste() {
    let (mut rig, _stub, _home) = dashboard(0, 120, 40);
    let mut pastes = Vec::new();
    for _ in 0..5 {
        let paste = format!("\x1b[200~{}\x1b[201~", "0123456789 abcdefgh\r".repeat(5000));
        let sent = rig.send(paste.as_bytes());
        let seen = rig.row("placeholder", |row| row.contains("[pasted #"));
        pastes.push(seen.duration_since(sent));
        rig.send(b"\x03");
        rig.row("empty composer", |row| row.contains("› Ask something"));
    }
    pastes.sort_unstable();
    let median = pastes.get(2).copied().unwrap_or_default();
    println!("a paste of 100 kB to its placeholder: {:.1} ms (median of 5)", ms(median));
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let parts: [(&str, fn()); 3] = [("keys", keys), ("paste", paste), ("load", load::run)];
    for (name, part) in parts {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            part();
        }
    }
}
