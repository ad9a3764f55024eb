//! Work for the dashboard that must not hold up its task: reading what is kept, writing files. Each runs on a thread
//! for such work and answers with one message.
//!
//! | queue | from -> to | bound | when full | when closed |
//! |---|---|---|---|---|
//! | jobs | loop -> threads | 16 at once | said, and not done | what runs is waited for no longer |

use std::path::PathBuf;

use tokio::task::JoinSet;

use crate::app::message::Msg;
use crate::domain::ids::ConversationId;
use crate::store::Store;
use crate::store::peek::Peek;

/// How many may run at once.
const MOST: usize = 16;

/// What runs.
#[derive(Debug)]
pub struct Jobs {
    running: JoinSet<Msg>,
    /// Where things are kept; None: nowhere.
    folder: Option<PathBuf>,
}

impl Jobs {
    /// None yet.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { running: JoinSet::new(), folder }
    }

    /// The next answer. Cancelled, it loses none.
    pub async fn next(&mut self) -> Msg {
        loop {
            match self.running.join_next().await {
                Some(Ok(msg)) => return msg,
                Some(Err(error)) if error.is_panic() => {
                    return Msg::Told("that did not work: a fault of roundel, see its log".into());
                }
                Some(Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// Does it on a thread of its own. None: too much runs already.
    pub fn run(&mut self, work: impl FnOnce() -> Msg + Send + 'static) -> Option<()> {
        (self.running.len() < MOST).then(|| drop(self.running.spawn_blocking(work)))
    }

    /// Reads what is kept. None: nothing is.
    fn look(
        &mut self,
        work: impl FnOnce(&Peek) -> Result<Msg, crate::store::peek::Unreadable> + Send + 'static,
    ) -> Option<()> {
        let folder = self.folder.clone()?;
        self.run(move || match Store::peek(&folder) {
            Ok(Some(peek)) => work(&peek).unwrap_or_else(|error| Msg::Told(error.to_string())),
            Ok(None) => Msg::Tick,
            Err(error) => Msg::Told(error.to_string()),
        })
    }

    /// Reads the turns of a conversation.
    pub fn read(&mut self, id: ConversationId) {
        self.look(move |peek| Ok(Msg::Read(id, peek.conversation(id)?)));
    }
}
