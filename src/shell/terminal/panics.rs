//! What a panic does while the screen is up. On the thread of the event loop: the terminal is given back, then the hook
//! that was there before reports on it. On any other thread, in any task: the screen stays, the report goes into the
//! log (stderr is led there) and in short to the event loop, which decides.

use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::sync::{Arc, Weak};
use std::thread::{self, ThreadId};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::shell::terminal::rig::Rig;

/// Places in the queue of panics. When it is full, the log alone has the report.
const PANICS: usize = 16;

/// Puts a hook before the one that is there. `ui`: the thread of the event loop.
pub fn hook(rig: &Arc<Rig>, ui: ThreadId, patience: Duration) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(PANICS);
    let rig: Weak<Rig> = Arc::downgrade(rig);
    let next = take_hook();
    set_hook(Box::new(move |info| {
        if let Some(rig) = rig.upgrade().filter(|rig| rig.is_up()) {
            if thread::current().id() == ui {
                rig.take_down(patience);
            } else {
                drop(sender.try_send(in_short(info)));
            }
        }
        next(info);
    }));
    receiver
}

/// `tokio-worker panicked at src/app.rs:12:3: index out of bounds`
fn in_short(info: &PanicHookInfo<'_>) -> String {
    let thread = thread::current();
    let name = thread.name().unwrap_or("a thread");
    let what = info.payload_as_str().unwrap_or("no message");
    match info.location() {
        Some(place) => format!("{name} panicked at {place}: {what}"),
        None => format!("{name} panicked: {what}"),
    }
}
