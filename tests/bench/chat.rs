//! What the chat costs, measured on the dashboard's own state, view and painter, without a process around them: opening
//! a long conversation, a frame, a new width, a key while five answers stream, a piece of an answer at the beginning
//! and at the end of a long one, the bytes that one stream costs. Times are CPU time. `cargo bench --bench chat`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark measures the time, prints, and has nobody to report to"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use roundel::app::keymap::{KeyCode, KeyEvent, KeyModifiers};
use roundel::app::{App, AppConfig, Effect, Msg};
use roundel::domain::clock::{Time, Zone};
use roundel::domain::conversation::{Origin, Turn, TurnState};
use roundel::domain::hand::Control;
use roundel::domain::ids::{ConversationId, TurnId};
use roundel::domain::saving::Saving;
use roundel::domain::standing::Need;
use roundel::scheduler::link::{Moved, Report, Said, Snapshot};
use roundel::shell::highlight::Highlighter;
use roundel::shell::painter::canvas::{Canvas, Frame};
use roundel::view;
use rustix::time::{ClockId, clock_gettime};

/// Turns of the long conversation: two messages each.
const TURNS: u64 = 2500;
const NOW: Time = Time::from_ms(1_795_340_462_000);

const ANSWER: &str = "The Moon pulls the near ocean **more** than the Earth, and the Earth more than the far ocean, see \
[tides](https://example.com/tides). So the water bulges *twice*:\n\n1. the near bulge, where the pull is `stronger` \
than on the Earth as a whole\n   - and a list in it, with 日本語 and e\u{301} and ⚠\u{fe0f}\n2. the far bulge\n\n## In \
numbers\n\n| sea | range | cause |\n|:--|--:|---|\n| Baltic | 0.1 m | too small and too closed for a tide of its own |\n\
| Fundy | 16 m | **resonance** |\n\n```rust\nfn tides(day: Day) -> usize {\n    // twice, about 12 h 25 min apart\n    \
day.hours().filter(|hour| hour.is_high()).count()\n}\n```\n\n> As the Earth turns, each coast passes both, which takes \
a little longer than a day because the Moon goes on meanwhile.\n\nAnd so on, until the end of it.";

fn config(width: u16, height: u16) -> AppConfig {
    AppConfig {
        subscriber: 1,
        zone: Zone::UTC,
        log_path: "/tmp/log".into(),
        data_path: "/tmp/data".into(),
        kept: false,
        color: true,
        links: true,
        key_name: "KEY".into(),
        usual: Need::USUAL,
        owner: None,
        screen: roundel::domain::look::Wanted::default(),
        size: (width, height),
    }
}

fn turn(id: u64, answer: &str, state: TurnState) -> Turn {
    let asked = Turn::new(TurnId(id), Origin::Chat, NOW, format!("Question {id}: why are there two tides a day?"));
    let lane = Some("groq/openai/gpt-oss-120b".into());
    Turn { answer: answer.into(), state, lane, conversation: ConversationId::FIRST, ..asked }
}

fn snapshot(turns: Vec<Turn>) -> Report {
    Report::Snapshot(Box::new(Snapshot {
        at: NOW,
        simulated: false,
        lanes: vec![],
        meters: vec![],
        next: None,
        usual: Need::USUAL,
        turns,
        conversations: vec![],
        log: vec![],
        saving: Saving::Yes,
        draft: String::new(),
        notices: vec![],
        offer: None,
        look: roundel::domain::look::Look::default(),
        endpoint: None,
        control: Control::default(),
    }))
}

fn long_chat() -> Vec<Turn> {
    (1..=TURNS).map(|id| turn(id, &format!("{id}. {ANSWER}"), TurnState::Done)).collect()
}

/// A dashboard with the painter behind it.
struct Desk {
    app: App,
    canvas: Canvas,
    bytes: usize,
    parsing: Duration,
    highlighter: Option<Highlighter>,
}

impl Desk {
    fn new(width: u16, height: u16) -> Self {
        let app = App::new(config(width, height));
        Self { app, canvas: Canvas::default(), bytes: 0, parsing: Duration::ZERO, highlighter: None }
    }

    fn hear(&mut self, msg: Msg) {
        for effect in self.app.update(msg, NOW) {
            let Effect::Parse(snippet) = effect else { continue };
            match &self.highlighter {
                Some(highlighter) => assert!(highlighter.parse(snippet).is_none(), "its queue is long enough"),
                // Someone always answers.
                None => self.hear(Msg::Parsed(snippet.unknown())),
            }
        }
    }

    fn paint(&mut self) {
        let (width, height) = (self.app.areas().whole.width, self.app.areas().whole.height);
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let drawn = view::frame(&mut buffer, &self.app, NOW);
        let frame = Frame { buffer, cursor: drawn.cursor, links: drawn.links };
        self.bytes += self.canvas.turn_to(Arc::new(frame)).unwrap().len();
    }

    fn say(&mut self, turn: u64, from: usize, text: &str) {
        let said = Said { turn: TurnId(turn), from, text: text.into(), reasoning: false };
        self.hear(Msg::Report(Report::Said(said)));
    }

    fn open(&mut self, turn: Turn) {
        let moved = Moved {
            at: NOW,
            turn: Some(turn),
            attempts: vec![],
            lanes: vec![],
            meters: vec![],
            next: None,
            usual: Need::USUAL,
        };
        self.hear(Msg::Report(Report::Moved(Box::new(moved))));
    }
}

fn ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}

/// CPU time of this thread: a busy computer makes nothing slower than it is.
fn timed(work: impl FnOnce()) -> Duration {
    let now = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap();
    let start = now();
    work();
    now().saturating_sub(start)
}

fn percentiles(mut spans: Vec<Duration>) -> String {
    spans.sort_unstable();
    let of =
        |share: usize| ms(spans.get((spans.len() * share / 100).min(spans.len() - 1)).copied().unwrap_or_default());
    format!("{:8.3} ms median, {:.3} ms p99, {:.3} ms at most", of(50), of(99), of(100))
}

/// Tokens of an answer, as a model sends them.
fn tokens(text: &str) -> Vec<&str> {
    text.split_inclusive([' ', '\n'])
        .flat_map(|word| word.split_at_checked(word.len() / 2).map_or([word, ""], |(a, b)| [a, b]))
        .filter(|token| !token.is_empty())
        .collect()
}

fn conversation() -> Desk {
    let turns = long_chat();
    let bytes: usize = turns.iter().map(|turn| turn.answer.len()).sum();
    let mut desk = Desk::new(200, 60);
    let opened = timed(|| {
        desk.hear(Msg::Report(snapshot(turns)));
        desk.paint();
    });
    println!("{} messages, {:.1} MB of answers, 200x60", 2 * TURNS, bytes as f64 / 1e6);
    println!("opened, first frame           {:8.3} ms", ms(opened));
    desk
}

fn frames(desk: &mut Desk) {
    let mut spans = Vec::new();
    for row in 0..400 {
        // Each frame shows other rows.
        desk.hear(Msg::Key(KeyEvent::new(KeyCode::Up, KeyModifiers::SHIFT)));
        let span = timed(|| desk.paint());
        if row >= 20 {
            spans.push(span);
        }
    }
    println!("a frame                       {}", percentiles(spans));
    desk.hear(Msg::Key(KeyEvent::new(KeyCode::End, KeyModifiers::CONTROL)));
    let mut spans = Vec::new();
    for width in (140..=200).rev().chain(141..=200) {
        spans.push(timed(|| {
            desk.hear(Msg::Resize(width, 60));
            desk.paint();
        }));
    }
    println!("a new width, to its frame     {}", percentiles(spans));
}

/// Five answers at once; a key after each round of their tokens, as if all came in the same instant.
fn keys(desk: &mut Desk) {
    let long = ANSWER.repeat(6);
    let parts = tokens(&long);
    let first = TURNS + 1;
    for id in first..first + 5 {
        desk.open(turn(id, "", TurnState::Running));
    }
    let (mut spans, mut from) = (Vec::new(), 0);
    for (round, token) in parts.iter().enumerate() {
        let span = timed(|| {
            for id in first..first + 5 {
                desk.say(id, from, token);
            }
            let letter = if round % 20 == 19 { KeyCode::Backspace } else { KeyCode::Char('x') };
            desk.hear(Msg::Key(KeyEvent::new(letter, KeyModifiers::NONE)));
            desk.paint();
        });
        from += token.len();
        spans.push(span);
    }
    println!("five tokens, a key, its frame {}", percentiles(spans));
}

/// One answer of 200 tokens a second, painted forty times a second, on its own and behind the long conversation.
fn stream(desk: &mut Desk, what: &str, id: u64) {
    desk.open(turn(id, "", TurnState::Running));
    desk.paint();
    let long = ANSWER.repeat(8);
    let parts = tokens(&long);
    let (mut from, before) = (0, desk.bytes);
    let span = timed(|| {
        for (number, token) in parts.iter().enumerate() {
            desk.say(id, from, token);
            from += token.len();
            if number % 5 == 4 {
                desk.paint();
            }
        }
    });
    let seconds = parts.len() as f64 / 200.0;
    println!(
        "a stream of 200 tokens/s, {what:<4} {:8.2} % of a core, {:.0} bytes a token",
        span.as_secs_f64() / seconds * 100.0,
        (desk.bytes - before) as f64 / parts.len() as f64
    );
    desk.open(turn(id, &long, TurnState::Done));
}

/// What one token more costs at the beginning of an answer and at the end of a long one.
fn deltas(what: &str, block: &str, bytes: usize) {
    let mut desk = Desk::new(120, 40);
    desk.open(turn(1, "", TurnState::Running));
    let long = block.repeat(bytes / block.len());
    let parts = tokens(&long);
    let mut from = 0;
    let mut cost = Vec::new();
    for chunk in parts.chunks(parts.len() / 10) {
        let span = timed(|| {
            for token in chunk {
                desk.say(1, from, token);
                from += token.len();
            }
        });
        cost.push(span / u32::try_from(chunk.len()).unwrap());
    }
    let (first, last) = (cost.first().copied().unwrap_or_default(), cost.get(9).copied().unwrap_or_default());
    println!(
        "a token in {:3} kB of {what:<9}{:8.1} us in the first tenth, {:.1} us in the last",
        bytes / 1000,
        ms(first) * 1000.0,
        ms(last) * 1000.0
    );
}

fn code() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut desk = Desk { highlighter: Some(Highlighter::start().unwrap()), ..Desk::new(120, 40) };
    let lines = "    let total: usize = day.hours().filter(|hour| hour.is_high()).count(); // twice\n".repeat(200);
    let text = format!("```rust\nfn main() {{\n{lines}}}\n```\n");
    let asked = Instant::now();
    desk.open(turn(1, &text, TurnState::Done));
    let mut highlighter = desk.highlighter.take().unwrap();
    let parsed = runtime.block_on(highlighter.next());
    desk.parsing = asked.elapsed();
    let taken = timed(|| desk.hear(Msg::Parsed(parsed)));
    println!(
        "200 lines of code: coloured after {:.0} ms elsewhere, {:.2} ms of the dashboard's own",
        ms(desk.parsing),
        ms(taken)
    );
}

fn main() {
    let mut desk = conversation();
    frames(&mut desk);
    keys(&mut desk);
    let last = TURNS + 5;
    for id in TURNS + 1..=last {
        desk.open(turn(id, ANSWER, TurnState::Done));
    }
    stream(&mut desk, "long", last + 1);
    stream(&mut Desk::new(200, 60), "new", 1);
    stream(&mut Desk::new(80, 24), "80", 1);
    deltas("markdown", ANSWER, 400_000);
    deltas("one line", "words that go on and on without any end ", 400_000);
    deltas("stars", "*a **b _c ~~d [e ", 40_000);
    deltas("one code", "```\nlet a = 1;\nlet b = 2;\n", 400_000);
    code();
}
