//! A server on this computer that answers GETs from a script, and remembers what it was asked.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;

/// An answer.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// This status and body.
    Body(u16, String),
    /// Nothing, ever: the connection stays open.
    Hang,
}

/// A server that runs until the test ends.
pub(crate) struct Web {
    /// Where it is: `http://127.0.0.1:1234`.
    pub(crate) base: String,
    asked: mpsc::Receiver<String>,
}

impl Web {
    /// Answers with what `script` has for the path with its query.
    pub(crate) fn serve(script: impl Fn(&str) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let (tell, asked) = mpsc::sync_channel(1024);
        std::thread::spawn(move || {
            let mut hung = Vec::new();
            for socket in listener.incoming() {
                let Ok(mut socket) = socket else { continue };
                let Some(request) = head(&mut socket) else { continue };
                let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                let reply = script(&path);
                if tell.send(request).is_err() {
                    return;
                }
                match reply {
                    Reply::Hang => hung.push(socket),
                    Reply::Body(status, body) => {
                        let length = body.len();
                        let head =
                            format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
                        let _ = socket.write_all(head.as_bytes()).and_then(|()| socket.write_all(body.as_bytes()));
                    }
                }
            }
        });
        Self { base: format!("http://{address}"), asked }
    }

    /// One that answers this JSON at these paths, and 404 elsewhere.
    pub(crate) fn with(replies: Vec<(&'static str, serde_json::Value)>) -> Self {
        Self::serve(move |path| match replies.iter().find(|(known, _)| *known == path) {
            Some((_, value)) => Reply::Body(200, value.to_string()),
            None => Reply::Body(404, "{\"error\":{\"message\":\"no such page\"}}".into()),
        })
    }

    /// The paths that it was asked for since this was called last.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.requests().iter().filter_map(|request| Some(request.split(' ').nth(1)?.to_owned())).collect()
    }

    /// The same, with all headers.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.asked.try_iter().collect()
    }
}

fn head(socket: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut byte = [0; 1];
    while !request.ends_with(b"\r\n\r\n") {
        if socket.read(&mut byte).ok()? == 0 {
            return None;
        }
        request.extend_from_slice(&byte);
    }
    String::from_utf8(request).ok()
}
