//! The task that carries out what the desk says: it owns the desk, the store and the attempts in the air, and is the
//! only one who speaks to subscribers. It never awaits a subscriber.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinError, JoinSet};

use crate::domain::clock::Clock;
use crate::domain::failure::{Class, Failure};
use crate::domain::ids::AttemptId;
use crate::scheduler::askers::{Askers, Happened};
use crate::scheduler::desk::Desk;
use crate::scheduler::door::{Door, Ends, Link, link};
use crate::scheduler::effect::Effect;
use crate::scheduler::flight::{Event, FLIGHTS, Flown, Reached, Transport, fly};
use crate::scheduler::link::call::{Line, Told};
use crate::scheduler::link::{Command, REPORTS, Report, Urgent};
use crate::scheduler::relay::Passage;
use crate::store::Store;
use crate::store::error::NotSaved;
use crate::store::write::Write;

/// How long the end may wait for the disk.
const LAST_WRITE: Duration = Duration::from_secs(2);
/// How often the store is asked whether what it was given is on the disk.
const UNSAVED: Duration = Duration::from_secs(1);
/// How often a subscriber that fell behind is tried again.
const BEHIND: Duration = Duration::from_millis(50);

/// The scheduler, ready to run.
#[derive(Debug)]
pub struct Actor {
    desk: Desk,
    store: Store,
    transport: Transport,
    clock: Clock,
    door: mpsc::Receiver<Door>,
    urgent: mpsc::Receiver<Urgent>,
    flown: mpsc::Receiver<Flown>,
    news: mpsc::Sender<Flown>,
    flights: JoinSet<AttemptId>,
    aborts: HashMap<AttemptId, AbortHandle>,
    subscribers: Vec<Subscriber>,
    gone: JoinSet<u16>,
    last_number: u16,
    askers: Askers,
}

#[derive(Debug)]
struct Subscriber {
    number: u16,
    reports: mpsc::Sender<Report>,
    /// It missed reports and is owed a snapshot.
    behind: bool,
}

enum Turned {
    On,
    End,
}

/// A scheduler and the way to it.
pub fn new(desk: Desk, store: Store, transport: Transport, clock: Clock) -> (Actor, Link) {
    let (link, Ends { door, urgent }) = link();
    let (news, flown) = mpsc::channel(FLIGHTS);
    let actor = Actor {
        desk,
        store,
        transport,
        clock,
        door,
        urgent,
        flown,
        news,
        flights: JoinSet::new(),
        aborts: HashMap::new(),
        subscribers: Vec::new(),
        gone: JoinSet::new(),
        last_number: 0,
        askers: Askers::default(),
    };
    (actor, link)
}

impl Actor {
    /// A way for the endpoint.
    pub fn line(&self) -> Line {
        self.askers.publish(self.desk.lanes());
        self.askers.line()
    }

    /// Runs until it is told to quit or nobody is left to tell it anything. Err: the last writes are not on the disk.
    pub async fn run(mut self) -> Result<(), NotSaved> {
        let mut saving = self.store.saving();
        loop {
            let now = self.clock.now();
            let desk = self.desk.next_wake(now).map(|at| at.since(now));
            let behind = self.subscribers.iter().any(|one| one.behind).then_some(BEHIND);
            let saving_late = self.store.is_behind().then_some(UNSAVED);
            let wake = desk.into_iter().chain(behind).chain(saving_late).min();
            let turned = tokio::select! {
                biased;
                urgent = self.urgent.recv() => self.urgent(urgent),
                Some(flown) = self.flown.recv() => {
                    let now = self.clock.now();
                    self.desk.flown(flown, now);
                    // What else has arrived is dealt with in the same turn.
                    while let Ok(flown) = self.flown.try_recv() {
                        self.desk.flown(flown, now);
                    }
                    Turned::On
                }
                door = self.door.recv() => self.door(door),
                happened = self.askers.next() => {
                    self.asked(happened);
                    Turned::On
                }
                Some(Ok(number)) = self.gone.join_next() => {
                    self.subscribers.retain(|one| one.number != number);
                    self.desk.asker_gone(number, self.clock.now());
                    Turned::On
                }
                Some(landed) = self.flights.join_next() => {
                    self.landed(landed);
                    // As many as have landed, in the same turn.
                    while let Some(landed) = self.flights.try_join_next() {
                        self.landed(landed);
                    }
                    Turned::On
                }
                Ok(()) = saving.changed() => {
                    let told = saving.borrow_and_update().clone();
                    self.desk.saving(told);
                    Turned::On
                }
                () = sleep(wake) => {
                    self.desk.wake(self.clock.now());
                    Turned::On
                }
            };
            if matches!(turned, Turned::End) {
                self.desk.quit(self.clock.now());
                self.carry_out();
                return self.store.close(LAST_WRITE).await;
            }
            self.carry_out();
            self.catch_up();
        }
    }

    fn urgent(&mut self, urgent: Option<Urgent>) -> Turned {
        match urgent {
            Some(Urgent::Cancel(turn)) => {
                self.desk.cancel(turn, self.clock.now());
                Turned::On
            }
            Some(Urgent::Quit) | None => Turned::End,
        }
    }

    fn door(&mut self, door: Option<Door>) -> Turned {
        match door {
            Some(Door::Command(from, Command::Refresh)) => {
                // It gets a snapshot once its queue is empty.
                self.subscribers.iter_mut().filter(|one| one.number == from).for_each(|one| one.behind = true);
                Turned::On
            }
            Some(Door::Command(from, command)) => {
                self.desk.command(from, command, self.clock.now());
                Turned::On
            }
            Some(Door::Subscribe(reports, reply)) => {
                // Without an answer who asks is told that it cannot be.
                let Some(number) = self.free_number() else { return Turned::On };
                self.last_number = number;
                let leaving = reports.clone();
                self.gone.spawn(async move {
                    leaving.closed().await;
                    number
                });
                self.subscribers.push(Subscriber { number, reports, behind: true });
                let _ = reply.send(number);
                Turned::On
            }
            Some(Door::Learn(found)) => {
                self.desk.learn(*found, self.clock.now());
                self.askers.publish(self.desk.lanes());
                Turned::On
            }
            None => Turned::End,
        }
    }

    /// The next number that nobody has: after a thousand short visits the first visitor may still be there.
    fn free_number(&self) -> Option<u16> {
        let next = (1..=1024).map(|by| self.last_number.wrapping_add(by) & 1023);
        next.into_iter().find(|number| self.subscribers.iter().all(|one| one.number != *number))
    }

    fn asked(&mut self, happened: Happened) {
        let now = self.clock.now();
        let mut next = match happened {
            Happened::Told(told) => Some(told),
            Happened::Gone(id) => {
                self.desk.caller_gone(id, now);
                None
            }
        };
        // What else has arrived is dealt with in the same turn.
        while let Some(told) = next {
            match told {
                Told::Call(call) => {
                    let id = self.desk.next_call(now);
                    let (asked, wanted) = self.askers.open(id, *call);
                    self.desk.call(id, &asked, wanted, now);
                }
                Told::Look(reply) => drop(reply.send(Box::new(self.desk.view(now)))),
            }
            next = self.askers.waiting();
        }
    }

    /// A task that panicked is an attempt that failed and cannot say so itself.
    fn landed(&mut self, landed: Result<AttemptId, JoinError>) {
        let panicked = match landed {
            Ok(attempt) => {
                self.aborts.remove(&attempt);
                return;
            }
            Err(error) => error.is_panic().then(|| error.id()),
        };
        let attempt = self.aborts.iter().find(|(_, abort)| Some(abort.id()) == panicked).map(|(attempt, _)| *attempt);
        if let Some(attempt) = attempt {
            self.aborts.remove(&attempt);
            let failure =
                Failure::new(Class::Server, "roundel's own reader of the answer broke; see the log file".into());
            let event = Event::Failed(failure, Reached::Provider);
            self.desk.flown(Flown { attempt, event }, self.clock.now());
        }
    }

    fn carry_out(&mut self) {
        for effect in self.desk.take_effects() {
            match effect {
                Effect::Fly { attempt, lane, request } => {
                    let (transport, clock, news) = (self.transport.clone(), self.clock, self.news.clone());
                    let abort = self.flights.spawn(async move {
                        fly(attempt, &lane, &request, &transport, clock, &news).await;
                        attempt
                    });
                    self.aborts.insert(attempt, abort);
                }
                Effect::Pass { attempt, lane, call, begun } => {
                    let Some((asked, to)) = self.askers.get(call) else { continue };
                    let (transport, clock, news) = (self.transport.clone(), self.clock, self.news.clone());
                    let abort = self.flights.spawn(async move {
                        let (lane, asked, to, transport, news) = (&*lane, &*asked, &to, &transport, &news);
                        Passage { attempt, lane, asked, to, transport, clock, news }.fly(begun).await;
                        attempt
                    });
                    self.aborts.insert(attempt, abort);
                }
                Effect::Park(call) => self.askers.park(call),
                Effect::Refuse(call, refused) => self.askers.refuse(call, refused),
                Effect::SwitchEndpoint(open) => self.askers.switch(open),
                Effect::Forget(call) => self.askers.forget(call),
                Effect::Abort(attempt) => {
                    if let Some(abort) = self.aborts.remove(&attempt) {
                        abort.abort();
                    }
                }
                Effect::Tell(report) => self.tell(&report),
                Effect::Keep(Write::Body(attempt, body)) if !self.store.keeps() => {
                    self.tell(&Report::Refused(attempt, body));
                }
                // A full queue loses nothing: what it cannot take waits in the store.
                Effect::Keep(write) => drop(self.store.write(write)),
            }
        }
        let now = self.clock.now();
        self.store.check(now);
    }

    fn tell(&mut self, report: &Report) {
        for one in self.subscribers.iter_mut().filter(|one| !one.behind) {
            one.behind = one.reports.try_send(report.clone()).is_err();
        }
    }

    /// Gives a snapshot to whoever is new or missed something, once its queue is empty.
    fn catch_up(&mut self) {
        for one in self.subscribers.iter_mut().filter(|one| one.behind && one.reports.capacity() == REPORTS) {
            let snapshot = self.desk.snapshot(self.clock.now());
            one.behind = one.reports.try_send(Report::Snapshot(Box::new(snapshot))).is_err();
        }
    }
}

async fn sleep(span: Option<Duration>) {
    match span {
        Some(span) => tokio::time::sleep(span).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::clock::Time;
    use crate::providers::http::Client;
    use crate::scheduler::effect::Opening;

    #[tokio::test]
    async fn a_number_belongs_to_one_for_as_long_as_it_listens() {
        let clock = Clock::virtual_at(Time::from_ms(1_795_348_800_000));
        let desk = Desk::new(Opening::default(), clock.now());
        let transport = Transport::Http(Client::new(BTreeSet::new()).unwrap());
        let (actor, link) = new(desk, Store::ephemeral(), transport, clock);
        let running = tokio::spawn(actor.run());
        let mut first = link.subscribe().await.unwrap();
        assert!(matches!(first.reports.recv().await, Some(Report::Snapshot(_))));
        for _ in 0..1100 {
            let mut visit = link.subscribe().await.unwrap();
            assert_ne!(visit.number, first.number);
            assert!(matches!(visit.reports.recv().await, Some(Report::Snapshot(_))));
        }
        // The first one is still told what happens.
        assert!(link.send(first.number, Command::AvoidTraining(true)).await);
        assert!(matches!(first.reports.recv().await, Some(Report::Moved(moved)) if moved.usual.no_training));
        link.urgent(Urgent::Quit).await;
        running.await.unwrap().unwrap();
    }
}
