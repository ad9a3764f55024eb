//! A provider on this computer that answers chat requests from a script, and remembers what it was asked.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

/// What a connection does.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Sends this.
    Send(Vec<u8>),
    /// Waits until the test opens the gate.
    Gate,
    /// Closes.
    Close,
    /// Keeps the connection open until the other end closes it, and tells so.
    Hang,
}

/// What an upstream tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A request: its head and its body.
    Asked(String, String),
    /// The other end has closed a connection that hung.
    HungUp,
}

/// An upstream that runs until the test ends.
pub(crate) struct Upstream {
    pub(crate) base: String,
    seen: mpsc::Receiver<Seen>,
    gate: watch::Sender<bool>,
}

impl Upstream {
    /// Answers the requests in this order, each connection one.
    pub(crate) async fn serve(script: Vec<Vec<Act>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let (tell, seen) = mpsc::channel(64);
        let (gate, open) = watch::channel(false);
        tokio::spawn(async move {
            for acts in script {
                let Ok((socket, _)) = listener.accept().await else { return };
                tokio::spawn(play(socket, acts, tell.clone(), open.clone()));
            }
        });
        Self { base: format!("http://{address}"), seen, gate }
    }

    pub(crate) fn open_gate(&self) {
        self.gate.send_replace(true);
    }

    /// The next thing that it tells.
    pub(crate) async fn seen(&mut self) -> Seen {
        tokio::time::timeout(Duration::from_secs(20), self.seen.recv()).await.unwrap().unwrap()
    }

    /// Nobody has asked anything that was not yet looked at.
    pub(crate) fn is_quiet(&mut self) -> bool {
        self.seen.try_recv().is_err()
    }

    /// The body of the next request, as JSON.
    pub(crate) async fn asked(&mut self) -> serde_json::Value {
        match self.seen().await {
            Seen::Asked(_, body) => serde_json::from_str(&body).unwrap(),
            Seen::HungUp => panic!("no request"),
        }
    }
}

/// A whole response.
pub(crate) fn response(status: &str, headers: &str, body: &str) -> Vec<Act> {
    let length = body.len();
    let text = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}");
    vec![Act::Send(text.into_bytes()), Act::Close]
}

/// The head of a stream.
pub(crate) fn stream_head(kind: &str) -> Act {
    Act::Send(format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n").into_bytes())
}

async fn play(mut socket: TcpStream, acts: Vec<Act>, tell: mpsc::Sender<Seen>, mut gate: watch::Receiver<bool>) {
    socket.set_nodelay(true).unwrap();
    let Some((head, body)) = request(&mut socket).await else { return };
    let _ = tell.send(Seen::Asked(head, body)).await;
    for act in acts {
        match act {
            Act::Send(bytes) => {
                if socket.write_all(&bytes).await.is_err() {
                    let _ = tell.send(Seen::HungUp).await;
                    return;
                }
            }
            Act::Gate => _ = gate.wait_for(|open| *open).await,
            Act::Close => return,
            Act::Hang => {
                let mut byte = [0];
                while matches!(socket.read(&mut byte).await, Ok(1..)) {}
                let _ = tell.send(Seen::HungUp).await;
                return;
            }
        }
    }
}

async fn request(socket: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; 16 * 1024];
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        let read = socket.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    while bytes.len() < end + length.unwrap_or(0usize) {
        let read = socket.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
    }
    Some((head, String::from_utf8_lossy(&bytes[end..]).into_owned()))
}
