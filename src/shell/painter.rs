//! The thread that writes to the terminal, so that a terminal nobody reads blocks nothing else. It owns the output
//! wholly: frames come through a place for one (the newest replaces what was not yet drawn), the terminal's modes
//! through a short queue that goes before frames. Knows nothing of what the modes mean.
//!
//! ```text
//!  event loop --frame, repaint--> [one place, newest only] --.
//!  guard, panic hook --order----> [queue of 8] --------------+--> painter thread --one write--> terminal
//!                    <--done----- (each order has its own)   '--> tally (draws, bytes)
//! ```
//!
//! | queue | bound | when full | when closed |
//! |---|---|---|---|
//! | frames | 1 | replaced | painter ends |
//! | orders | 8 | refused: the giver helps himself | painter ends; for the giver: the painter is gone |
//! | done | 1 for each order | never | the order will not be done |

use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

/// Frames, and the bytes between them.
pub mod canvas;

use crate::shell::painter::canvas::{Canvas, Frame};

/// Places in the queue of orders.
const ORDERS: usize = 8;

/// How long to wait before a terminal that is set to non-blocking, and full, is tried again.
const FULL: Duration = Duration::from_millis(4);

/// What has been written since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Frames that changed anything on the screen.
    pub draws: u64,
    /// Bytes, the modes included.
    pub bytes: u64,
}

/// Whether frames are drawn after an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// They are, beginning with the newest one, whole.
    Draw,
    /// They wait.
    Hold,
    /// As before; what waited is drawn first.
    Same,
}

/// Bytes that are no frame.
#[derive(Debug)]
struct Order {
    bytes: Vec<u8>,
    then: Then,
    done: SyncSender<()>,
}

#[derive(Debug, Default)]
struct Place {
    frame: Option<Arc<Frame>>,
    repaints: u64,
}

/// The handle of the painter's thread. When it is dropped, the thread ends.
#[derive(Debug)]
pub struct Painter {
    place: watch::Sender<Place>,
    orders: mpsc::Sender<Order>,
    tally: watch::Receiver<Tally>,
}

impl Painter {
    /// Starts the thread. Frames wait until an order says [`Then::Draw`].
    pub fn start(output: impl Write + Send + 'static) -> io::Result<Self> {
        let (place, frames) = watch::channel(Place::default());
        let (orders, given) = mpsc::channel(ORDERS);
        let (tally, read) = watch::channel(Tally::default());
        let brush = Brush { output, canvas: Canvas::default(), drawing: false, repaints: 0, tally };
        thread::Builder::new().name("painter".into()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            if let Err(error) = runtime.and_then(|runtime| runtime.block_on(brush.run(frames, given))) {
                tracing::warn!(%error, "the terminal takes no more output");
            }
        })?;
        Ok(Self { place, orders, tally: read })
    }

    /// Shows this frame as soon as the terminal takes it; a newer one may go before it. Never waits.
    pub fn paint(&self, frame: Frame) {
        self.place.send_modify(|place| place.frame = Some(Arc::new(frame)));
    }

    /// Draws the newest frame again, wholly. Never waits.
    pub fn repaint(&self) {
        self.place.send_modify(|place| place.repaints = place.repaints.wrapping_add(1));
    }

    /// Writes `bytes` before any further frame. Never waits: what is returned hears when it is done, and is closed at
    /// once if it can't be (the painter is gone, or stuck with a full queue).
    pub fn order(&self, bytes: Vec<u8>, then: Then) -> Receiver<()> {
        let (done, heard) = sync_channel(1);
        // Refused: `done` goes with the order, and `heard` is closed.
        drop(self.orders.try_send(Order { bytes, then, done }));
        heard
    }

    /// Waits until all that was painted is written; false if that takes longer than `patience`, or the painter is gone.
    pub fn finish(&self, patience: Duration) -> bool {
        self.order(Vec::new(), Then::Same).recv_timeout(patience).is_ok()
    }

    /// What has been written since the start.
    pub fn tally(&self) -> Tally {
        *self.tally.borrow()
    }

    /// Returns once the painter has ended: the terminal takes no more output.
    pub async fn gone(&self) {
        self.orders.closed().await;
    }
}

/// The thread's own state.
struct Brush<W> {
    output: W,
    canvas: Canvas,
    drawing: bool,
    repaints: u64,
    tally: watch::Sender<Tally>,
}

impl<W: Write> Brush<W> {
    async fn run(mut self, mut frames: watch::Receiver<Place>, mut orders: mpsc::Receiver<Order>) -> io::Result<()> {
        loop {
            tokio::select! {
                biased;
                order = orders.recv() => {
                    let Some(Order { bytes, then, done }) = order else { return Ok(()) };
                    if then == Then::Same {
                        self.draw(&mut frames)?;
                    }
                    self.write(&bytes)?;
                    match then {
                        Then::Draw => {
                            self.drawing = true;
                            self.canvas.forget();
                            self.draw(&mut frames)?;
                        }
                        Then::Hold => self.drawing = false,
                        Then::Same => {}
                    }
                    // Nobody may be waiting for it.
                    let _ = done.try_send(());
                }
                changed = frames.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                    self.draw(&mut frames)?;
                }
            }
        }
    }

    fn draw(&mut self, frames: &mut watch::Receiver<Place>) -> io::Result<()> {
        if !self.drawing {
            return Ok(());
        }
        // The place is let go at once: as long as it is looked at, it can't be filled.
        let (frame, repaints) = {
            let place = frames.borrow_and_update();
            (place.frame.clone(), place.repaints)
        };
        if repaints != self.repaints {
            self.repaints = repaints;
            self.canvas.forget();
        }
        let Some(frame) = frame else { return Ok(()) };
        let bytes = self.canvas.turn_to(frame)?;
        if !bytes.is_empty() {
            self.write(&bytes)?;
            self.tally.send_modify(|tally| tally.draws += 1);
        }
        Ok(())
    }

    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let total = bytes.len() as u64;
        while !bytes.is_empty() {
            match self.output.write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Another program may have left the terminal so.
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::park_timeout(FULL),
                Err(error) => return Err(error),
            }
        }
        self.output.flush()?;
        self.tally.send_modify(|tally| tally.bytes += total);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// Hands every write over; takes no further one while nobody has fetched the last.
    struct Pipe(SyncSender<Vec<u8>>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(|_| io::Error::from(ErrorKind::BrokenPipe))?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn frame(text: &str) -> Frame {
        Frame { buffer: Buffer::with_lines([text]), ..Frame::default() }
    }

    #[test]
    fn the_same_frame_twice_writes_nothing_the_second_time() {
        let (pipe, written) = sync_channel(64);
        let painter = Painter::start(Pipe(pipe)).unwrap();
        painter.order(b"open".to_vec(), Then::Draw);
        painter.paint(frame("hello"));
        assert!(painter.finish(LONG));
        let first = painter.tally();
        painter.paint(frame("hello"));
        assert!(painter.finish(LONG));
        assert_eq!(painter.tally(), first);
        assert_eq!(first.draws, 1);
        painter.paint(frame("hallo"));
        assert!(painter.finish(LONG));
        assert!(painter.tally().bytes - first.bytes < 32);
        painter.repaint();
        assert!(painter.finish(LONG));
        assert_eq!(painter.tally().draws, 3);
        drop(painter);
        let writes: Vec<Vec<u8>> = written.iter().collect();
        assert_eq!(writes.len(), 4, "one write for each change: {writes:?}");
        assert_eq!(writes[0], b"open");
    }

    #[test]
    fn frames_wait_until_the_screen_is_ours_and_after_it_is_not() {
        let (pipe, written) = sync_channel(64);
        let painter = Painter::start(Pipe(pipe)).unwrap();
        painter.paint(frame("early"));
        assert!(painter.finish(LONG));
        assert_eq!(painter.tally(), Tally::default());
        assert_eq!(painter.order(b"open".to_vec(), Then::Draw).recv_timeout(LONG), Ok(()));
        assert_eq!(painter.tally().draws, 1);
        assert_eq!(painter.order(b"close".to_vec(), Then::Hold).recv_timeout(LONG), Ok(()));
        painter.paint(frame("late"));
        assert!(painter.finish(LONG));
        drop(painter);
        let writes: Vec<Vec<u8>> = written.iter().collect();
        assert_eq!((writes[0].as_slice(), writes[2].as_slice(), writes.len()), (&b"open"[..], &b"close"[..], 3));
    }

    #[test]
    fn a_terminal_nobody_reads_blocks_the_painter_alone_and_gets_the_newest_frame() {
        let (pipe, written) = sync_channel(0);
        let painter = Painter::start(Pipe(pipe)).unwrap();
        let open = painter.order(b"open".to_vec(), Then::Draw);
        for n in 0..1000 {
            painter.paint(frame(&format!("frame-{n:03}")));
        }
        assert!(!painter.finish(Duration::from_millis(1)));
        let reader = thread::spawn(move || written.iter().collect::<Vec<_>>());
        assert_eq!(open.recv_timeout(LONG), Ok(()));
        assert!(painter.finish(LONG));
        assert_eq!(painter.tally().draws, 1);
        drop(painter);
        let writes = reader.join().unwrap();
        assert!(String::from_utf8_lossy(&writes[1]).contains("frame-999"), "{writes:?}");
    }

    #[test]
    fn a_terminal_that_went_away_ends_the_painter() {
        let (pipe, written) = sync_channel(1);
        drop(written);
        let painter = Painter::start(Pipe(pipe)).unwrap();
        assert!(painter.order(b"open".to_vec(), Then::Draw).recv_timeout(LONG).is_err());
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(painter.gone());
        // Further frames go nowhere, and harm nobody.
        painter.paint(frame("more"));
        assert!(!painter.finish(LONG));
    }
}
