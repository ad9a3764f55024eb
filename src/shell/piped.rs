//! What is piped in. A terminal is never read unless it is asked for, and an open pipe into which nobody writes (of cron,
//! of an editor, of ssh) holds nobody up for long.
//!
//! | queue | from -> to | bound | when full | when closed |
//! |---|---|---|---|---|
//! | chunks | the thread that reads -> who asked | 4 | the thread waits | all is read |

use std::io::{self, IsTerminal, Read};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

/// So long the first byte is waited for, where nobody said that there is any: files and most programs are far quicker.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// Of stdin as much is read: 1 MiB.
const LARGEST: usize = 1024 * 1024;

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piped {
    /// This, all of it; empty: nothing is piped in.
    Text(String),
    /// It is open, but nothing came in [`PATIENCE`].
    Silent,
    /// More than any model reads.
    TooLong,
}

/// Reads stdin. `must`: to its end however long that takes, a terminal too.
pub fn read(must: bool) -> Piped {
    let stdin = io::stdin();
    if stdin.is_terminal() && !must {
        return Piped::Text(String::new());
    }
    gather(&follow(stdin), must)
}

/// Reads in a thread of its own: nothing else can be done while one waits for a pipe. Nobody waits for its end.
fn follow(mut from: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (to, chunks) = sync_channel(4);
    thread::spawn(move || {
        let mut bytes = vec![0; 64 * 1024];
        loop {
            match from.read(&mut bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // What cannot be read was not piped.
                Ok(0) | Err(_) => return,
                Ok(count) => {
                    let chunk = bytes.get(..count).unwrap_or_default().to_vec();
                    if to.send(chunk).is_err() {
                        return;
                    }
                }
            }
        }
    });
    chunks
}

fn gather(chunks: &Receiver<Vec<u8>>, must: bool) -> Piped {
    let mut all = Vec::new();
    if !must {
        match chunks.recv_timeout(PATIENCE) {
            Ok(chunk) => all = chunk,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => return Piped::Silent,
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return Piped::Text(String::new()),
        }
    }
    // Who has begun to write is waited for.
    for chunk in chunks {
        all.extend(chunk);
        if all.len() > LARGEST {
            return Piped::TooLong;
        }
    }
    Piped::Text(String::from_utf8_lossy(&all).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_to_its_end_and_no_further_than_it_may() {
        let read = |bytes: Vec<u8>| gather(&follow(io::Cursor::new(bytes)), false);
        assert_eq!(read(b"a\xffb\n\n".to_vec()), Piped::Text("a\u{fffd}b".into()));
        assert_eq!(read(Vec::new()), Piped::Text(String::new()));
        assert_eq!(read(vec![b'x'; LARGEST]), Piped::Text("x".repeat(LARGEST)));
        assert_eq!(read(vec![b'x'; LARGEST + 1]), Piped::TooLong);
    }

    #[test]
    fn who_has_begun_is_waited_for() {
        let (to, chunks) = sync_channel(4);
        to.send(b"begun, ".to_vec()).unwrap();
        let gathering = thread::spawn(move || gather(&chunks, false));
        to.send(b"ended".to_vec()).unwrap();
        drop(to);
        assert_eq!(gathering.join().unwrap(), Piped::Text("begun, ended".into()));
    }
}
