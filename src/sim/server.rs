//! The simulated providers over loopback HTTP, with real timing: what the demo talks to. Decides nothing: the world
//! plans, this plays.
//!
//! ```text
//! client --POST--> handler --question--> keeper (owns the world)
//!        <--head-- handler <--exchange--
//!        <--frames, each when it is due, until its end, the client's or the server's
//! ```

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use bytes::Bytes;
use futures_util::stream;
use tokio::net::TcpListener;
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::domain::clock::Clock;
use crate::domain::exchange::{Broken, Head};
use crate::sim::body::SimBody;
use crate::sim::exchange::Exchange;
use crate::sim::keeper::{Keeper, Source};
use crate::sim::world::World;

/// The largest request that is read, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;

/// The server. Dropping it stops it: what is under way breaks off.
#[derive(Debug)]
pub struct Server {
    /// `http://127.0.0.1:40123`; a provider is at `/{provider}/v1` under it.
    pub base_url: String,
    _stop: DropGuard,
}

#[derive(Debug, Clone)]
struct Desk {
    keeper: Keeper,
    stop: CancellationToken,
}

/// Serves `world` on a free port of the loopback interface, at the time of `clock`.
///
/// # Errors
/// The port can't be had.
pub async fn serve(world: World, clock: Clock) -> io::Result<Server> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let base_url = format!("http://{}", listener.local_addr()?);
    let stop = CancellationToken::new();
    let desk = Desk { keeper: Keeper::start(Source::World(Box::new(world), clock)), stop: stop.clone() };
    let router = Router::new()
        .route("/{provider}/v1/chat/completions", post(chat))
        .route("/{provider}/v1/models", get(models))
        .fallback(nothing_here)
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(desk);
    // A word is a few bytes: without this the kernel would wait for more of them. Where it can't be set, words come late.
    let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
    let stopped = stop.clone().cancelled_owned();
    tokio::spawn(async move { axum::serve(listener, router).with_graceful_shutdown(stopped).await });
    Ok(Server { base_url, _stop: stop.drop_guard() })
}

async fn chat(State(desk): State<Desk>, Path(provider): Path<String>, body: Bytes) -> Response {
    match desk.keeper.chat(provider, body).await {
        Ok(exchange) => desk.play(exchange).await,
        Err(broken) => gone(&broken),
    }
}

async fn models(State(desk): State<Desk>, Path(provider): Path<String>) -> Response {
    match desk.keeper.models(provider).await {
        Ok(exchange) => desk.play(exchange).await,
        Err(broken) => gone(&broken),
    }
}

async fn nothing_here() -> Response {
    (StatusCode::NOT_FOUND, "Here are only /{provider}/v1/chat/completions and /{provider}/v1/models.\n")
        .into_response()
}

impl Desk {
    /// The head when it is due; the body follows by itself, each frame flushed when it comes.
    async fn play(self, exchange: Exchange) -> Response {
        tokio::select! {
            () = sleep(exchange.head_after) => {}
            () = self.stop.cancelled() => return gone(&stopped()),
        }
        let head = exchange.head.clone();
        let body = SimBody::new(exchange);
        let frames = stream::unfold((body, self.stop), |(mut body, stop)| async move {
            let piece = tokio::select! {
                piece = body.next() => piece?,
                () = stop.cancelled() => Err(stopped()),
            };
            // An error makes the server drop the connection without the mark that ends a body.
            Some((piece.map_err(io::Error::other), (body, stop)))
        });
        response(&head, Body::from_stream(frames))
    }
}

fn gone(broken: &Broken) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, broken.to_string()).into_response()
}

fn stopped() -> Broken {
    Broken("the simulated providers were stopped".into())
}

fn response(head: &Head, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(head.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &head.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;
    use crate::domain::clock::Time;

    /// One fast provider for each way in which a body may end.
    fn world() -> World {
        let provider = |name: &str, fault: &str| {
            format!(
                "[providers.{name}]\ndialect = \"openai\"\nmodels = [\"m\"]\nhead_ms = 1\nfirst_token_ms = 2\n\
                 tokens_per_second = 5000\n[providers.{name}.faults]\n{fault}\n"
            )
        };
        let text =
            ["seed = 1\n".into(), provider("good", ""), provider("cut", "cut = 1"), provider("stall", "stall = 1")];
        World::from_toml(&text.concat()).unwrap()
    }

    async fn start() -> (Server, String) {
        let server = serve(world(), Clock::System).await.unwrap();
        let address = server.base_url.strip_prefix("http://").unwrap().to_owned();
        (server, address)
    }

    async fn send(address: &str, line: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "{line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// Head and body of a response, read to the end of the connection.
    async fn receive(mut stream: TcpStream) -> (String, String) {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    const HELLO: &str = r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"hello"}]}"#;

    #[tokio::test]
    async fn streams_over_the_loopback() {
        let (_server, address) = start().await;
        let (head, body) = receive(send(&address, "POST /good/v1/chat/completions", HELLO).await).await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"), "{head}");
        assert!(body.contains(r#""content":"This""#), "{body}");
        assert!(body.ends_with("data: [DONE]\n\n\r\n0\r\n\r\n"), "{body}");

        let (head, body) = receive(send(&address, "GET /good/v1/models", "").await).await;
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
        assert!(body.contains(r#""id":"m""#), "{body}");
    }

    #[tokio::test]
    async fn refusals_and_strangers() {
        let (_server, address) = start().await;
        for (line, body, status) in [
            ("POST /good/v1/chat/completions", "{", "400 Bad Request"),
            ("POST /nobody/v1/chat/completions", HELLO, "404 Not Found"),
            ("GET /nobody/v1/models", "", "404 Not Found"),
            ("GET /", "", "404 Not Found"),
            ("GET /good/v1/chat/completions", "", "405 Method Not Allowed"),
        ] {
            let (head, _) = receive(send(&address, line, body).await).await;
            assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{line}: {head}");
        }
    }

    #[tokio::test]
    async fn a_large_request_passes_and_a_huge_one_does_not() {
        let (_server, address) = start().await;
        for (size, status) in [(3_000_000, "200 OK"), (5_000_000, "413 Payload Too Large")] {
            let body = HELLO.replace("hello", &format!("hello {}", "x".repeat(size)));
            let mut stream = TcpStream::connect(&address).await.unwrap();
            let request = format!(
                "POST /good/v1/chat/completions HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            let (mut reading, mut writing) = stream.into_split();
            // The half that writes stays open: closing it is hanging up. A refusal may come before all is written.
            let writer = tokio::spawn(async move {
                let written = writing.write_all(body.as_bytes()).await;
                (writing, written)
            });
            let mut start = [0; 64];
            let read = reading.read(&mut start).await.unwrap();
            let head = String::from_utf8_lossy(&start[..read]).into_owned();
            assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{head}");
            writer.abort();
        }
    }

    #[tokio::test]
    async fn a_cut_body_has_no_end_mark() {
        let (_server, address) = start().await;
        let (head, body) = receive(send(&address, "POST /cut/v1/chat/completions", HELLO).await).await;
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
        assert!(body.contains("data: ") && !body.ends_with("0\r\n\r\n"), "{body}");
    }

    #[tokio::test]
    async fn dropping_the_server_breaks_off_what_is_under_way() {
        let (server, address) = start().await;
        let mut stream = send(&address, "POST /stall/v1/chat/completions", HELLO).await;
        // Each word is sent when it is due: some are here, although the answer never ends.
        let mut begun = Vec::new();
        while !begun.ends_with(b"simulated") {
            begun.push(stream.read_u8().await.unwrap());
        }
        assert!(begun.starts_with(b"HTTP/1.1 200 OK"));
        drop(server);
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        assert!(!rest.ends_with(b"0\r\n\r\n"));
    }

    #[tokio::test]
    async fn a_client_that_hangs_up_leaves_the_others_alone() {
        let (_server, address) = start().await;
        drop(send(&address, "POST /stall/v1/chat/completions", HELLO).await);
        let (head, _) = receive(send(&address, "POST /good/v1/chat/completions", HELLO).await).await;
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    }

    #[tokio::test]
    async fn the_world_keeps_its_time_by_the_clock_it_was_given() {
        let text = "seed = 1\n[providers.p]\ndialect = \"gemini\"\nmodels = [\"m\"]\nhead_ms = 0\nfirst_token_ms = 0\n\
            tokens_per_second = 9000\n[[providers.p.limits]]\nunit = \"requests\"\nwindow = \"day\"\ncap = 1\n\
            per = \"model\"\ntold = false\n";
        let origin = Time::from_ms(1_795_348_800_000);
        let clock = Clock::virtual_at(origin.plus(Duration::from_hours(1)));
        let server = serve(World::from_toml(text).unwrap(), clock).await.unwrap();
        let address = server.base_url.strip_prefix("http://").unwrap();
        let (head, _) = receive(send(address, "POST /p/v1/chat/completions", HELLO).await).await;
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
        let (head, body) = receive(send(address, "POST /p/v1/chat/completions", HELLO).await).await;
        assert!(head.starts_with("HTTP/1.1 429 Too Many Requests"), "{head}");
        assert!(body.contains("GenerateRequestsPerDayPerProjectPerModel-FreeTier"), "{body}");
    }
}
