//! The body of an exchange, played by tokio's clock (which tests can pause). Knows neither world nor sockets.

use std::collections::VecDeque;
use std::future;

use bytes::Bytes;
use tokio::time::{Instant, sleep_until};

use crate::domain::exchange::Broken;
use crate::sim::exchange::{Ending, Exchange, Frame};

/// A body that is being played. Dropping it is hanging up.
#[derive(Debug)]
pub struct SimBody {
    frames: VecDeque<Frame>,
    ending: Ending,
    /// When the piece before the next one was due: a slow reader finds the later ones waiting.
    due: Instant,
}

impl SimBody {
    /// Begins now, with the head just come.
    pub fn new(exchange: Exchange) -> Self {
        Self { frames: exchange.frames.into(), ending: exchange.ending, due: Instant::now() }
    }

    /// The next piece, at its time. None at a clean end; after an error nothing more; for ever pending where the body
    /// stalls. Dropping the future before it is ready loses nothing.
    pub async fn next(&mut self) -> Option<Result<Bytes, Broken>> {
        if let Some(frame) = self.frames.front() {
            let due = self.due + frame.after;
            sleep_until(due).await;
            self.due = due;
            return self.frames.pop_front().map(|frame| Ok(frame.bytes));
        }
        match self.ending {
            Ending::Clean => None,
            Ending::Cut => {
                self.ending = Ending::Clean;
                Some(Err(Broken("the connection was cut".into())))
            }
            Ending::Stall => future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    const GAP: Duration = Duration::from_millis(100);

    fn three(ending: Ending) -> SimBody {
        let mut exchange = Exchange::whole(200, "");
        exchange.frames = ["a", "b", "c"].map(|text| Frame { after: GAP, bytes: Bytes::from(text) }).into();
        SimBody::new(Exchange { ending, ..exchange })
    }

    #[tokio::test(start_paused = true)]
    async fn pieces_come_at_their_times() {
        let start = Instant::now();
        let mut body = three(Ending::Clean);
        let mut seen = Vec::new();
        while let Some(piece) = body.next().await {
            seen.push((start.elapsed().as_millis(), piece.unwrap()));
        }
        assert_eq!(seen, [(100, "a".into()), (200, "b".into()), (300, "c".into())]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_gives_up_loses_nothing() {
        let start = Instant::now();
        let mut body = three(Ending::Clean);
        assert!(timeout(Duration::from_millis(60), body.next()).await.is_err());
        assert_eq!(body.next().await, Some(Ok("a".into())));
        assert_eq!(start.elapsed(), GAP);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cut_and_a_stall() {
        let mut body = three(Ending::Cut);
        for _ in 0..3 {
            assert!(body.next().await.unwrap().is_ok());
        }
        assert_eq!(body.next().await, Some(Err(Broken("the connection was cut".into()))));
        assert_eq!(body.next().await, None);

        let mut body = three(Ending::Stall);
        for _ in 0..3 {
            assert!(body.next().await.unwrap().is_ok());
        }
        assert!(timeout(Duration::from_hours(24), body.next()).await.is_err());
    }
}
