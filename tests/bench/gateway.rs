//! What the endpoint adds to a request, measured against a stub on this computer that answers at once: the real engine
//! with its log on the disk, in this process. `cargo bench --bench gateway`; the figures in the README come from here.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark measures the time, prints, and has nobody to report to"
)]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use roundel::domain::clock::Clock;
use roundel::domain::roster::{Cost, Dialect, LaneSpec, Wire};
use roundel::gateway::Settings;
use roundel::gateway::server::open;
use roundel::providers::http::Client;
use roundel::scheduler::actor;
use roundel::scheduler::desk::Desk;
use roundel::scheduler::effect::Opening;
use roundel::scheduler::flight::Transport;
use roundel::scheduler::kept::Kept;
use roundel::scheduler::ledger::Ledger;
use roundel::scheduler::link::Urgent;
use roundel::store::Store;
use roundel::store::folder::Folder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Each measurement lasts so long.
const SPAN: Duration = Duration::from_secs(3);
/// Requests after which the memory is looked at.
const MANY: usize = 20_000;

const WHOLE: &str = r#"{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Tides come twice a day."},"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"completion_tokens":6,"total_tokens":18}}"#;
const CHUNK: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Tides\"}}]}\n\n";
const REST: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":6}}\n\ndata: [DONE]\n\n";

/// Answers at once, and keeps the connection.
async fn stub() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let whole =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{WHOLE}", WHOLE.len());
    let chunk = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{CHUNK}\r\n",
        CHUNK.len()
    );
    let rest = format!("{:x}\r\n{REST}\r\n0\r\n\r\n", REST.len());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            socket.set_nodelay(true).unwrap();
            let (whole, chunk, rest) = (whole.clone(), chunk.clone(), rest.clone());
            tokio::spawn(async move {
                let mut buffer = vec![0; 16 * 1024];
                let mut held = 0;
                while let Ok(read @ 1..) = socket.read(&mut buffer[held..]).await {
                    held += read;
                    let Some((start, length)) = request(&buffer[..held]) else { continue };
                    if held < start + length {
                        continue;
                    }
                    let streamed = buffer[start..held].windows(13).any(|window| window == b"\"stream\":true");
                    held = 0;
                    let sent = if streamed {
                        socket.write_all(chunk.as_bytes()).await.unwrap();
                        socket.write_all(rest.as_bytes()).await
                    } else {
                        socket.write_all(whole.as_bytes()).await
                    };
                    if sent.is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

/// Where the head ends, and how long the body is.
fn request(bytes: &[u8]) -> Option<(usize, usize)> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).ok()?.to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    Some((head, length))
}

fn asked(stream: bool) -> String {
    let flag = if stream { "\"stream\":true," } else { "" };
    let body = format!(
        "{{\"model\":\"auto\",{flag}\"messages\":[{{\"role\":\"user\",\"content\":\"How often do tides come?\"}}]}}"
    );
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

struct Asker {
    socket: TcpStream,
    buffer: Vec<u8>,
}

impl Asker {
    async fn new(to: SocketAddr) -> Self {
        let socket = TcpStream::connect(to).await.unwrap();
        socket.set_nodelay(true).unwrap();
        Self { socket, buffer: vec![0; 16 * 1024] }
    }

    /// Asks once: how long until the first byte, and until the last.
    async fn ask(&mut self, text: &str, stream: bool) -> (Duration, Duration) {
        let begun = Instant::now();
        self.socket.write_all(text.as_bytes()).await.unwrap();
        let (mut held, mut first) = (0, None);
        loop {
            let read = self.socket.read(&mut self.buffer[held..]).await.unwrap();
            assert!(read > 0, "closed");
            first.get_or_insert(begun.elapsed());
            held += read;
            let bytes = &self.buffer[..held];
            let whole = if stream {
                bytes.ends_with(b"\r\n0\r\n\r\n")
            } else {
                request(bytes).is_some_and(|(head, length)| held >= head + length)
            };
            if whole {
                assert!(bytes.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(bytes));
                return (first.unwrap(), begun.elapsed());
            }
        }
    }
}

/// Times to the first byte and to the last, sorted, and requests per second.
async fn measure(to: SocketAddr, askers: usize, stream: bool, span: Duration) -> (Vec<Duration>, Vec<Duration>, f64) {
    let text = asked(stream);
    let begun = Instant::now();
    let tasks: Vec<_> = (0..askers)
        .map(|_| {
            let text = text.clone();
            tokio::spawn(async move {
                let mut asker = Asker::new(to).await;
                let mut all = Vec::new();
                while begun.elapsed() < span {
                    all.push(asker.ask(&text, stream).await);
                }
                all
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    let rate = all.len() as f64 / begun.elapsed().as_secs_f64();
    let (mut first, mut last): (Vec<_>, Vec<_>) = all.into_iter().unzip();
    first.sort_unstable();
    last.sort_unstable();
    (first, last, rate)
}

fn at(times: &[Duration], share: usize) -> f64 {
    times.get(times.len() * share / 100).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1000.0
}

async fn run() {
    let upstream = stub().await;
    let folder = tempfile::tempdir().unwrap();
    let now = Clock::System.now();
    let folder = Folder::open(&folder.path().join("data"), "bench", now).unwrap();
    let (store, _) = Store::open(&folder, Clock::System).unwrap();
    // Three accounts, as many have.
    let lane = |id: &str| LaneSpec {
        cost: Cost::Free,
        ..LaneSpec::new(id.into(), Wire::Openai, Dialect::Generic, &format!("http://{upstream}/v1"))
    };
    let ledger = Ledger::new(vec![lane("a/m"), lane("b/m"), lane("c/m")], Kept::default(), now);
    let desk = Desk::new(Opening { ledger, ..Opening::default() }, now);
    let (actor, link) = actor::new(desk, store, Transport::Http(Client::new([]).unwrap()), Clock::System);
    let calls = actor.line();
    let running = tokio::spawn(actor.run());
    let server = open(Settings { port: 0, further: 0, ..Settings::default() }, calls).await.unwrap();
    let mut asked_in_all = measure(server.address, 16, false, Duration::from_millis(500)).await.1.len();
    println!("connections   bare p50    p99   through p50    p99   added p50    p99   requests/s");
    for askers in [1, 16, 64] {
        let (_, bare, _) = measure(upstream, askers, false, SPAN).await;
        let (_, through, rate) = measure(server.address, askers, false, SPAN).await;
        asked_in_all += through.len();
        let row = [at(&bare, 50), at(&bare, 99), at(&through, 50), at(&through, 99)];
        println!(
            "{askers:11} {:10.3} {:6.3} {:13.3} {:6.3} {:11.3} {:6.3} {rate:12.0}",
            row[0],
            row[1],
            row[2],
            row[3],
            row[2] - row[0],
            row[3] - row[1]
        );
    }
    let (bare, _, _) = measure(upstream, 1, true, SPAN).await;
    let (through, _, _) = measure(server.address, 1, true, SPAN).await;
    println!(
        "first byte of a stream, added: {:.3} ms p50, {:.3} ms p99",
        at(&through, 50) - at(&bare, 50),
        at(&through, 99) - at(&bare, 99)
    );
    asked_in_all += through.len() + MANY;
    let before = memory();
    let mut asker = Asker::new(server.address).await;
    let text = asked(false);
    for _ in 0..MANY {
        asker.ask(&text, false).await;
    }
    println!("memory of this whole process: {before:.1} MB, {:.1} MB after {MANY} more requests", memory());
    server.stop(Duration::from_secs(1)).await;
    link.urgent(Urgent::Quit).await;
    running.await.unwrap().expect("the log is on the disk");
    let database = rusqlite::Connection::open(folder.path().join("roundel.db")).unwrap();
    let rows: i64 = database.query_row("SELECT count(*) FROM attempts", [], |row| row.get(0)).unwrap();
    println!("log rows on the disk: {rows} of {asked_in_all}");
}

fn main() {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(run());
}
