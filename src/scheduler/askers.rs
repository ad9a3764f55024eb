//! Who waits for an answer at the endpoint: their queues, and who of those that are parked has gone. The desk knows calls
//! by their ids; only here an id has a queue.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::domain::ids::TurnId;
use crate::domain::standing::LaneState;
use crate::providers::wire::outline::Outline;
use crate::scheduler::link::call::{CALLS, Call, Heard, Lanes, Line, Refused, Switched, Told, Wanted};

/// The askers, and the way in which they come.
#[derive(Debug)]
pub struct Askers {
    told: mpsc::Receiver<Told>,
    told_tx: mpsc::Sender<Told>,
    lanes: watch::Sender<Lanes>,
    switched: watch::Sender<Switched>,
    open: HashMap<TurnId, Asker>,
    parked: JoinSet<TurnId>,
}

#[derive(Debug, Clone)]
struct Asker {
    asked: Arc<Outline>,
    to: mpsc::Sender<Heard>,
}

/// What happens here.
#[derive(Debug)]
pub enum Happened {
    /// Somebody says something.
    Told(Told),
    /// A parked one has gone.
    Gone(TurnId),
}

impl Default for Askers {
    fn default() -> Self {
        let (told_tx, told) = mpsc::channel(CALLS);
        let lanes = watch::Sender::new(Arc::from(Vec::new()));
        let switched = watch::Sender::new((0, None));
        Self { told, told_tx, lanes, switched, open: HashMap::new(), parked: JoinSet::new() }
    }
}

impl Askers {
    /// A way in.
    pub fn line(&self) -> Line {
        Line::new(self.told_tx.clone(), self.lanes.subscribe(), self.switched.subscribe())
    }

    /// Somebody wants the endpoint opened, or closed; None: whichever it is not.
    pub fn switch(&self, open: Option<bool>) {
        self.switched.send_modify(|(times, wanted)| (*times, *wanted) = (*times + 1, open));
    }

    /// The next thing that happens. Safe to be dropped half-way.
    pub async fn next(&mut self) -> Happened {
        tokio::select! {
            Some(told) = self.told.recv() => Happened::Told(told),
            Some(Ok(id)) = self.parked.join_next() => Happened::Gone(id),
        }
    }

    /// What else has happened by now.
    pub fn waiting(&mut self) -> Option<Told> {
        self.told.try_recv().ok()
    }

    /// Takes an asker in; what it asked is given back.
    pub fn open(&mut self, id: TurnId, call: Call) -> (Arc<Outline>, Wanted) {
        let Call { asked, wanted, to } = call;
        self.open.insert(id, Asker { asked: Arc::clone(&asked), to });
        (asked, wanted)
    }

    /// What was asked, and the queue of who did.
    pub fn get(&self, id: TurnId) -> Option<(Arc<Outline>, mpsc::Sender<Heard>)> {
        self.open.get(&id).map(|one| (Arc::clone(&one.asked), one.to.clone()))
    }

    /// Looks from now on whether the asker of a parked call goes.
    pub fn park(&mut self, id: TurnId) {
        if let Some((_, to)) = self.get(id) {
            let _ = to.try_send(Heard::Parked);
            self.parked.spawn(async move {
                to.closed().await;
                id
            });
        }
    }

    /// Nobody answers this one. Its queue has room: nothing but that it waits was told before.
    pub fn refuse(&self, id: TurnId, refused: Box<Refused>) {
        if let Some(asker) = self.open.get(&id) {
            let _ = asker.to.try_send(Heard::Refused(refused));
        }
    }

    /// A call is over.
    pub fn forget(&mut self, id: TurnId) {
        self.open.remove(&id);
    }

    /// Tells which lanes there are, if that has changed.
    pub fn publish(&self, lanes: &[LaneState]) {
        self.lanes.send_if_modified(|known| {
            let same = known.len() == lanes.len() && known.iter().zip(lanes).all(|(a, b)| Arc::ptr_eq(a, &b.spec));
            if !same {
                *known = lanes.iter().map(|lane| Arc::clone(&lane.spec)).collect();
            }
            !same
        });
    }
}
