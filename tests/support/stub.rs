//! A provider on this computer that speaks `OpenAI`'s chat API and answers everybody: whole answers at once, streams at a
//! pace, and refusals where it is told to. Knows nothing of roundel; the benches use it too.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use tokio::time::Instant;

/// How it answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// Tokens of a stream, at most.
    pub(crate) tokens: usize,
    /// Between two of them.
    pub(crate) gap: Duration,
    /// The first so many requests are refused, with so many seconds to wait.
    pub(crate) refusals: (usize, u64),
}

/// A provider that runs until the process ends.
pub(crate) struct Stub {
    /// Where its API begins: `http://127.0.0.1:1234/v1`.
    pub(crate) base: String,
    said: Arc<AtomicUsize>,
}

const WORDS: [&str; 12] =
    ["The ", "**Moon** ", "pulls ", "the ", "near ", "ocean ", "more ", "than ", "the ", "`Earth`", ", ", "and\n\n"];

impl Stub {
    /// Answers on a port of its own.
    pub(crate) fn serve(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}/v1", listener.local_addr().unwrap());
        let (said, asked) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let telling = Arc::clone(&said);
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let (said, asked) = (Arc::clone(&telling), Arc::clone(&asked));
                thread::spawn(move || answer(&socket, manner, &said, &asked));
            }
        });
        Self { base, said }
    }

    /// How many tokens it has said in streams so far.
    pub(crate) fn said(&self) -> usize {
        self.said.load(Ordering::Relaxed)
    }
}

/// Answers on one connection until the other end closes it.
fn answer(socket: &TcpStream, manner: Manner, said: &AtomicUsize, asked: &AtomicUsize) -> Option<()> {
    socket.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(socket);
    loop {
        let (first, body) = request(&mut reader)?;
        let mut to = socket;
        if !first.starts_with("POST") {
            to.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").ok()?;
        } else if asked.fetch_add(1, Ordering::Relaxed) < manner.refusals.0 {
            let body = r#"{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}"#;
            let wait = manner.refusals.1;
            let head = "HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\nretry-after";
            to.write_all(format!("{head}: {wait}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).as_bytes()).ok()?;
        } else if body.contains("\"stream\":true") {
            stream(to, manner, said)?;
        } else {
            let body = r#"{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Twice a day."},"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"completion_tokens":6,"total_tokens":18}}"#;
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json";
            to.write_all(format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).as_bytes()).ok()?;
        }
    }
}

fn stream(mut to: &TcpStream, manner: Manner, said: &AtomicUsize) -> Option<()> {
    to.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n").ok()?;
    let mut piece = |data: &str| {
        let event = format!("data: {data}\n\n");
        to.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes()).ok()
    };
    let mut due = Instant::now();
    for (number, word) in WORDS.iter().cycle().take(manner.tokens).enumerate() {
        let content = word.replace('\n', "\\n");
        let end = if number % 12 == 11 { format!("{content}{number}. ") } else { content };
        piece(&format!(r#"{{"choices":[{{"index":0,"delta":{{"content":"{end}"}}}}]}}"#))?;
        said.fetch_add(1, Ordering::Relaxed);
        due += manner.gap;
        // Its own pace; nobody is waited for.
        thread::park_timeout(due.saturating_duration_since(Instant::now()));
    }
    piece(r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#)?;
    piece(r#"{"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":6}}"#)?;
    piece("[DONE]")?;
    to.write_all(b"0\r\n\r\n").ok()
}

/// The first line of a request, and its body.
fn request(reader: &mut impl BufRead) -> Option<(String, String)> {
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().ok()?;
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((first, String::from_utf8_lossy(&body).into_owned()))
}

/// A config with `accounts` of so many `models` each, all at `base`, and an endpoint on this port, or none.
pub(crate) fn config(base: &str, accounts: usize, models: usize, endpoint: Option<u16>) -> String {
    let models: Vec<String> = (0..models).map(|number| format!("\"model-{number}\"")).collect();
    let models = models.join(", ");
    let provider = |number: usize| {
        format!(
            "[providers.p{number}]\nbase_url = '{base}'\nwire = 'openai'\nquota = 'generic'\nkey = 'sk-canary'\n\
             cost = 'free'\ntraining = 'no'\nmodels = [{models}]\n"
        )
    };
    let providers: String = (0..accounts).map(provider).collect();
    let endpoint = endpoint.map_or("on = false".to_owned(), |port| format!("port = {port}"));
    format!("[providers.ollama]\non = false\n{providers}[endpoint]\n{endpoint}\n")
}
