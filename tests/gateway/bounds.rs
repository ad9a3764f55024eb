//! What one client may take of the endpoint: time, places, room. And what it may say of its own patience.

use super::*;

/// Reads until the other end closes.
async fn rest(mut socket: TcpStream) -> String {
    let mut bytes = Vec::new();
    let end = socket.read_to_end(&mut bytes);
    tokio::time::timeout(LONG, end).await.expect("it stays open").unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn quick() -> Settings {
    Settings { patience: Duration::from_millis(60), ..settings() }
}

#[tokio::test]
async fn headers_that_never_end_end_the_connection() {
    let house = house(vec![], quick()).await;
    for begun in ["", "GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: "] {
        let mut socket = house.connect().await;
        socket.write_all(begun.as_bytes()).await.unwrap();
        assert!(!rest(socket).await.contains("200 OK"), "{begun:?}");
    }
    // An idle connection is closed, too; what was asked on it was answered.
    let mut socket = house.connect().await;
    socket.write_all(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").await.unwrap();
    assert!(rest(socket).await.contains("200 OK"));
}

#[tokio::test]
async fn a_body_that_never_ends_is_refused_in_words() {
    let upstream = Upstream::serve(vec![]).await;
    let house = house(vec![openai("a/m", &upstream)], quick()).await;
    let mut socket = house.connect().await;
    let head =
        "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: 100\r\n\r\n{";
    socket.write_all(head.as_bytes()).await.unwrap();
    let answer = read(socket).await;
    assert_eq!((answer.status, answer.message().as_str()), (408, "the body did not come in time"));
    // Nothing of it went anywhere.
    assert_eq!(house.snapshot().await.log, []);
}

#[tokio::test]
async fn a_body_without_a_length_is_bounded_as_well() {
    let house = house(vec![], Settings { largest: 1000, ..settings() }).await;
    let mut socket = house.connect().await;
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("3e8\r\n{}\r\n", "x".repeat(1000));
    socket.write_all(chunk.repeat(2).as_bytes()).await.unwrap();
    assert_eq!(read(socket).await.status, 413);
}

#[tokio::test]
async fn more_connections_than_there_are_places_wait_for_one() {
    let house = house(vec![], Settings { connections: 1, ..settings() }).await;
    let asked = b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
    let mut first = house.connect().await;
    let mut answered = [0; 4096];
    first.write_all(asked).await.unwrap();
    assert!(first.read(&mut answered).await.unwrap() > 0);
    let second = house.begin("GET /healthz", "", "").await;
    // Who is in goes on being answered, time and again, and the other one is not.
    for _ in 0..50 {
        first.write_all(asked).await.unwrap();
        assert!(first.read(&mut answered).await.unwrap() > 0);
    }
    assert!(second.try_read(&mut answered).is_err(), "it got a place that there is not");
    drop(first);
    assert_eq!(read(second).await.status, 200);
}

#[tokio::test]
async fn more_headers_than_anyone_needs_are_refused() {
    let house = house(vec![], settings()).await;
    let many = "x-one: y\r\n".repeat(150);
    assert_eq!(house.ask("GET /healthz", &many, "").await.status, 431);
}

#[tokio::test]
async fn a_client_says_how_long_it_waits() {
    let (now, ms) = (Clock::System.now(), |answer: &Answer| answer.header("x-roundel-wait-ms").map(str::to_owned));
    for patience in ["0", "0.0", "-3"] {
        let refusal = response("429 Too Many Requests", "retry-after: 30\r\n", "{\"error\":{\"message\":\"slow\"}}");
        let upstream = Upstream::serve(vec![refusal]).await;
        let house = house(vec![openai("a/m", &upstream)], settings()).await;
        let answer = house.chat(&format!("x-roundel-patience: {patience}\r\n"), &hello("auto")).await;
        assert_eq!((answer.status, answer.header("retry-after")), (429, Some("30")), "{patience} {}", answer.body);
        assert!(answer.message().contains("no lane can answer within 0 s"), "{}", answer.body);
    }
    // What is no number of seconds says nothing; more than there is, is all there is.
    for patience in ["20", "soon", "nan", "inf", "1e300"] {
        let upstream = rested(vec![response("200 OK", "", WHOLE)]).await;
        let house = house(vec![openai("a/m", &upstream)], settings()).await;
        let answer = house.chat(&format!("x-roundel-patience: {patience}\r\n"), &hello("auto")).await;
        assert_eq!((answer.status, answer.header("x-roundel-attempts")), (200, Some("2")), "{patience}");
        let waited: u64 = ms(&answer).unwrap().parse().unwrap();
        assert!(waited >= 1000 && u128::from(waited) <= Clock::System.now().since(now).as_millis(), "{waited}");
    }
}

#[tokio::test]
async fn a_client_that_leaves_a_stream_that_waits_frees_its_place() {
    let upstream = rested(vec![]).await;
    let house = house(vec![openai("a/m", &upstream)], settings()).await;
    let mut socket = house.begin("POST /v1/chat/completions", "", &streamed("auto").to_string()).await;
    let mut seen = Vec::new();
    while !seen.ends_with(b": roundel waits for a lane\n\n") {
        seen.push(socket.read_u8().await.unwrap());
    }
    assert!(house.get("/metrics").await.body.contains("roundel_parked 1\n"));
    drop(socket);
    let gone = async { while !house.get("/metrics").await.body.contains("roundel_parked 0\n") {} };
    tokio::time::timeout(LONG, gone).await.expect("it still waits");
    let snapshot = house.snapshot().await;
    assert!(snapshot.lanes[0].in_flight == 0 && snapshot.meters.iter().all(|meter| meter.reserved == 0));
}

#[test]
fn what_is_promised_is_what_is_set() {
    let usual = Settings::default();
    assert_eq!((usual.hold, usual.patience, usual.port), (Duration::from_secs(10), Duration::from_mins(1), 4114));
    assert!(usual.keep_alive < Duration::from_secs(15), "proxies close what is silent for so long");
}
