//! What the desk tells all at once, and what it takes in that was found out after the start. Pure.

use crate::domain::clock::Time;
use crate::domain::standing::LaneState;
use crate::scheduler::desk::Desk;
use crate::scheduler::effect::Found;
use crate::scheduler::link::{Report, Snapshot};

impl Desk {
    /// The roster.
    pub fn lanes(&self) -> &[LaneState] {
        self.ledger.lanes()
    }

    /// All there is, for a new subscriber.
    pub fn snapshot(&self, now: Time) -> Snapshot {
        Snapshot {
            at: now,
            simulated: self.simulated,
            lanes: self.ledger.in_order(),
            meters: self.ledger.meters().to_vec(),
            next: self.announced.clone(),
            usual: self.usual,
            turns: self.turns.all(),
            conversations: self.conversations.newest(),
            log: self.turns.log(),
            saving: self.saving.clone(),
            draft: self.draft.clone(),
            notices: self.notices.clone(),
            offer: self.offer.clone(),
            endpoint: self.endpoint.at,
            look: self.look,
            control: self.control(),
        }
    }

    /// Takes in what was found out after the start: lanes that join, a line to know, an offer. The screens are owed a
    /// snapshot then, but for what changes lanes and limits alone.
    pub fn learn(&mut self, found: Found, now: Time) {
        let owed = !found.aside || !found.notices.is_empty() || found.endpoint.is_some();
        self.ledger.join(found.lanes, now);
        self.ledger.told(&found.told, now);
        self.notices.extend(found.notices);
        if let Some(endpoint) = found.endpoint {
            self.notices.retain(|notice| *notice != self.endpoint.words);
            self.notices.push(endpoint.words.clone());
            self.endpoint = endpoint;
        }
        self.offer = found.offer.or_else(|| self.offer.take());
        self.finding &= found.aside;
        self.replan(now);
        self.tell_ledger(None, Vec::new(), now);
        if owed {
            self.outbox.tell(Report::Snapshot(Box::new(self.snapshot(now))));
        }
    }
}
