//! Attempts over real sockets, against a server that answers well, badly, or not at all: what the scheduler is told.

use std::time::Duration;

use roundel::domain::clock::Clock;
use roundel::domain::conversation::{Message, Request, Role, Usage};
use roundel::domain::failure::Class;
use roundel::domain::ids::AttemptId;
use roundel::domain::roster::{Dialect, LaneSpec, Secret, Wire};
use roundel::providers::http::Client;
use roundel::scheduler::flight::{Event, FLIGHTS, Reached, Transport, fly};
use roundel::sim::exchange::{Ending, Exchange};
use roundel::sim::transport::SimTransport;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// What came of an attempt.
#[derive(Debug, Default)]
struct Told {
    status: Option<u16>,
    text: String,
    reasoning: String,
    usage: Usage,
    failed: Option<(Class, String, Reached)>,
    /// What came with the failure.
    body: Option<String>,
}

fn lane(wire: Wire, base_url: &str) -> LaneSpec {
    let spec = LaneSpec::new("x/m".into(), wire, Dialect::Generic, base_url);
    LaneSpec { key: Some(Secret::new("sk-canary")), ..spec }
}

async fn flown(lane: &LaneSpec, transport: &Transport) -> Told {
    let request = Request { messages: vec![Message::text(Role::User, "what?")], ..Request::default() };
    let (news, mut events) = mpsc::channel(FLIGHTS);
    let flight = async {
        fly(AttemptId(1), lane, &request, transport, Clock::System, &news).await;
        drop(news);
    };
    let mut told = Told::default();
    let listen = async {
        while let Some(flown) = events.recv().await {
            match flown.event {
                Event::Head(head) => told.status = Some(head.status),
                Event::Said { text, reasoning: false } => told.text.push_str(&text),
                Event::Said { text, reasoning: true } => told.reasoning.push_str(&text),
                Event::Usage(usage) => told.usage = usage,
                Event::Begun | Event::Gone => {}
                Event::Answered => return,
                Event::Failed(failure, reached) => {
                    told.body = failure.body;
                    told.failed = Some((failure.class, failure.message, reached));
                    return;
                }
            }
        }
    };
    tokio::join!(flight, listen);
    told
}

/// Serves one connection: reads the request, writes `response` in pieces of `size`, closes. Gives the request back.
async fn serve(response: Vec<u8>, size: usize) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.set_nodelay(true).unwrap();
        let mut request = Vec::new();
        let mut chunk = [0; 4096];
        while !request.ends_with(b"}") {
            let read = socket.read(&mut chunk).await.unwrap();
            request.extend_from_slice(&chunk[..read]);
        }
        for piece in response.chunks(size) {
            if socket.write_all(piece).await.is_err() {
                break;
            }
        }
        String::from_utf8(request).unwrap()
    });
    (base, task)
}

fn http(status: &str, label: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-type: {label}\r\nconnection: close\r\n\r\n{body}").into_bytes()
}

async fn answer(wire: Wire, response: Vec<u8>, size: usize) -> Told {
    let (base, _task) = serve(response, size).await;
    flown(&lane(wire, &base), &Transport::Http(Client::new([]).unwrap())).await
}

const SSE: &str = concat!(
    ": hello\n\n",
    "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"reasoning\":\"hm\"}}]}\n\n",
    "data: {\"choices\":[{\"delta\":{\"content\":\"Tides é\"}}]}\n\n",
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n",
    "data: [DONE]\n\n",
);

#[tokio::test]
async fn three_wires_one_reading_however_they_are_cut() {
    let gemini = concat!(
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"hm\",\"thought\":true},{\"text\":\"Tides é\"}]},\"finishReason\":\"STOP\"}],",
        "\"usageMetadata\":{\"promptTokenCount\":3,\"candidatesTokenCount\":2}}\r\n\r\n"
    );
    let ollama = concat!(
        "{\"message\":{\"content\":\"Tides é\",\"thinking\":\"hm\"},\"done\":false}\n",
        "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":3,\"eval_count\":2}\n"
    );
    for (wire, label, body) in [
        (Wire::Openai, "text/event-stream", SSE),
        (Wire::Openai, "application/json", SSE),
        (Wire::Gemini, "text/event-stream", gemini),
        (Wire::Ollama, "application/x-ndjson", ollama),
    ] {
        for size in [1, 7, 4096] {
            let told = answer(wire, http("200 OK", label, body), size).await;
            assert_eq!(told.failed, None, "{wire:?} {label} {size}");
            assert_eq!((told.text.as_str(), told.reasoning.as_str()), ("Tides é", "hm"), "{wire:?} {label} {size}");
            assert_eq!(told.usage, Usage { input: Some(3), output: Some(2) }, "{wire:?} {label} {size}");
        }
    }
}

#[tokio::test]
async fn the_key_goes_in_a_header_and_never_in_the_url() {
    for (wire, path, header) in [
        (Wire::Openai, "POST /chat/completions ", "authorization: Bearer sk-canary"),
        (Wire::Gemini, "POST /models/m:streamGenerateContent?alt=sse ", "x-goog-api-key: sk-canary"),
        (Wire::Ollama, "POST /api/chat ", "authorization: Bearer sk-canary"),
    ] {
        let (base, task) = serve(http("200 OK", "text/event-stream", SSE), 4096).await;
        flown(&lane(wire, &base), &Transport::Http(Client::new([]).unwrap())).await;
        let request = task.await.unwrap();
        assert!(request.starts_with(path) && request.contains(header), "{request}");
        assert_eq!(request.matches("canary").count(), 1, "{request}");
    }
}

#[tokio::test]
async fn what_goes_wrong_is_told_with_the_text_so_far() {
    let half = SSE.split("data: [DONE]").next().unwrap().split("data: {\"choices\":[{\"delta\":{},").next().unwrap();
    let endless = format!("data: {}\n\n", "x".repeat(9 * 1024 * 1024));
    for (name, response, text, class) in [
        ("cut off", http("200 OK", "text/event-stream", half), "Tides é", Class::Server),
        (
            "an error in mid-stream",
            http(
                "200 OK",
                "text/event-stream",
                &format!("{half}data: {{\"error\":{{\"message\":\"overloaded\",\"code\":503}}}}\n\n"),
            ),
            "Tides é",
            Class::Overloaded,
        ),
        (
            "an error with 200",
            http("200 OK", "application/json", "{\"error\":{\"message\":\"Invalid API key\",\"code\":401}}"),
            "",
            Class::Auth,
        ),
        (
            "JSON where a stream was due, cut off",
            http("200 OK", "application/json", "{\"choices\":["),
            "",
            Class::Server,
        ),
        ("nothing at all", http("200 OK", "text/event-stream", ""), "", Class::Server),
        ("a flood", http("200 OK", "text/event-stream", &endless), "", Class::Server),
        ("a page", http("502 Bad Gateway", "text/html", "<html><h1>502</h1></html>"), "", Class::Server),
        (
            "Gemini's bad key",
            http(
                "400 Bad Request",
                "application/json",
                "[{\"error\":{\"code\":400,\"message\":\"API key not valid\",\"status\":\"INVALID_ARGUMENT\"}}]",
            ),
            "",
            Class::Auth,
        ),
        (
            "a body cut short",
            b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\ndata: {\"choices\":[{\"delta\":{\"content\":\"Ti\"}}]}\n\n"
                .to_vec(),
            "Ti",
            Class::Server,
        ),
        ("an end mark and nothing else", http("200 OK", "text/event-stream", "data: [DONE]\n\n"), "", Class::Server),
        ("no HTTP", b"SSH-2.0-OpenSSH_9.6\r\n".to_vec(), "", Class::Server),
    ] {
        let told = answer(Wire::Openai, response, 65_536).await;
        let (failed, _, _) = told.failed.clone().unwrap_or_else(|| panic!("{name} is no failure: {told:?}"));
        assert_eq!((told.text.as_str(), failed), (text, class), "{name}: {told:?}");
    }
}

#[tokio::test]
async fn a_key_that_the_provider_echoes_goes_no_further() {
    let body = "{\"error\":{\"message\":\"Incorrect API key provided: sk-canary\"}}";
    let told = answer(Wire::Openai, http("401 Unauthorized", "application/json", body), 4096).await;
    let (class, words, reached) = told.failed.unwrap();
    assert_eq!((class, words.as_str(), reached), (Class::Auth, "Incorrect API key provided: [key]", Reached::Provider));
}

#[tokio::test]
async fn nobody_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let told = flown(&lane(Wire::Openai, &base), &Transport::Http(Client::new([]).unwrap())).await;
    let (class, words, reached) = told.failed.unwrap();
    assert_eq!((class, reached), (Class::Server, Reached::Nobody));
    assert!(words.starts_with("could not connect") && !words.contains("127.0.0.1"), "{words}");
}

#[tokio::test(start_paused = true)]
async fn silence_in_mid_answer_ends_it_and_keeps_the_text() {
    let stalled = Exchange::spoken("half an answer", Duration::from_millis(10)).ending(3, Ending::Stall);
    let transport = Transport::Sim(SimTransport::scripted(vec![stalled]));
    let told = flown(&lane(Wire::Openai, "http://127.0.0.1/x/v1"), &transport).await;
    let (class, words, _) = told.failed.unwrap();
    assert_eq!((class, words.as_str()), (Class::Server, "nothing came for 60 s"));
    assert!(!told.text.is_empty());
}

#[tokio::test]
async fn an_answer_with_its_reason_to_finish_is_whole_without_an_end_mark() {
    let finished = SSE.split("data: [DONE]").next().unwrap();
    let cut = format!("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{finished}").into_bytes();
    for response in [http("200 OK", "text/event-stream", finished), cut] {
        let told = answer(Wire::Openai, response, 4096).await;
        assert_eq!((told.failed, told.text.as_str()), (None, "Tides é"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_word_may_take_minutes() {
    let slow = Exchange::spoken("at last", Duration::from_secs(150));
    let transport = Transport::Sim(SimTransport::scripted(vec![slow]));
    let told = flown(&lane(Wire::Openai, "http://127.0.0.1/x/v1"), &transport).await;
    let (_, words, _) = told.failed.expect("the second word is late");
    assert_eq!((words.as_str(), told.text.is_empty()), ("nothing came for 60 s", false));
}

#[tokio::test]
async fn secrets_are_masked_before_anything_is_cut_off() {
    let body = format!("{{\"error\":{{\"message\":\"{}sk-canary and hs-canary\"}}}}", "x".repeat(294));
    let (base, _task) = serve(http("401 Unauthorized", "application/json", &body), 4096).await;
    let header = ("x-team".to_owned(), Secret::new("hs-canary"));
    let lane = LaneSpec { headers: vec![header], ..lane(Wire::Openai, &base) };
    let told = flown(&lane, &Transport::Http(Client::new([]).unwrap())).await;
    let (_, words, _) = told.failed.unwrap();
    assert!(words.ends_with("[key]…") || words.contains("[key]"), "{words}");
    assert!(!words.contains("sk-") && !words.contains("canary"), "{words}");
}

#[tokio::test]
async fn the_body_of_a_failure_is_kept_without_the_key_and_bounded() {
    let body = format!("{{\"error\":\"no: sk-canary ?key=canary\",\"more\":\"{}\"}}", "é".repeat(20_000));
    let told = answer(Wire::Openai, http("429 Too Many Requests", "application/json", &body), 4096).await;
    let kept = told.body.unwrap();
    assert!(kept.starts_with("{\"error\":\"no: [key] ?key=[secret]\"") && !kept.contains("canary"), "{kept}");
    assert!((15_990..=16_000).contains(&kept.len()), "{}", kept.len());
}
