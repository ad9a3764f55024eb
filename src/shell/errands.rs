//! What the dashboard wants done that may block: the disk read, files written, the clipboard. Each errand runs on a
//! thread of the runtime's pool, and comes back as a message.
//!
//! ```text
//!  event loop --errand--> (at most 16 at once; one more is refused) --came--> [queue of 16] --> event loop
//! ```
//!
//! The queue never fills up for long: it has a place for each errand. It ends with the event loop; what is still under
//! way then is finished by itself, and nobody hears of it.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

use crate::app::message::Msg;

/// Errands at once.
const PLACES: usize = 16;

/// What an errand brought back.
#[derive(Debug)]
pub struct Came {
    /// For the dashboard.
    pub msg: Msg,
    /// For the terminal.
    pub bytes: Option<Vec<u8>>,
}

impl From<Msg> for Came {
    fn from(msg: Msg) -> Self {
        Self { msg, bytes: None }
    }
}

/// The way out and back.
#[derive(Debug)]
pub struct Errands {
    places: Arc<Semaphore>,
    back: mpsc::Sender<Came>,
    came: mpsc::Receiver<Came>,
}

impl Default for Errands {
    fn default() -> Self {
        let (back, came) = mpsc::channel(PLACES);
        Self { places: Arc::new(Semaphore::new(PLACES)), back, came }
    }
}

impl Errands {
    /// Sends an errand off; false: there are too many already, and this one is not done.
    pub fn run(&self, errand: impl FnOnce() -> Came + Send + 'static) -> bool {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { return false };
        let back = self.back.clone();
        drop(tokio::task::spawn_blocking(move || {
            let came = errand();
            // The event loop may have ended.
            let _ = back.blocking_send(came);
            drop(place);
        }));
        true
    }

    /// The next one that came back; never, if none is under way.
    pub async fn next(&mut self) -> Came {
        match self.came.recv().await {
            Some(came) => came,
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    #[tokio::test]
    async fn each_comes_back_and_too_many_are_refused() {
        let mut errands = Errands::default();
        let gates: Vec<_> = (0..PLACES)
            .map(|number| {
                let (open, opened) = sync_channel::<()>(1);
                let errand = move || {
                    let _ = opened.recv();
                    Came::from(Msg::Done(number.to_string()))
                };
                assert!(errands.run(errand));
                open
            })
            .collect();
        assert!(!errands.run(|| Came::from(Msg::Tick)));
        gates[3].send(()).unwrap();
        assert_eq!(errands.next().await.msg, Msg::Done("3".into()));
        drop(gates);
        for _ in 1..PLACES {
            errands.next().await;
        }
    }
}
