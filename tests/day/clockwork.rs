//! A virtual day: the real desk against the simulated provider, driven event by event, without a runtime, a socket or a
//! pause. The provider lives in true time; the desk has a clock of its own, which may be wrong, and may sleep.
//!
//! ```text
//!  asks ─▶ desk ── Fly ─▶ encode ─▶ World::answer ─▶ head, chunks ─▶ the real readers ─▶ desk
//!  others ─────────────────────────▶ World::answer                      after each step: gauge against truth
//! ```

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use roundel::domain::clock::Time;
use roundel::domain::conversation::{Message, Origin, Params, Request, Role, TurnState};
use roundel::domain::exchange::Head;
use roundel::domain::failure::{Class, Failure};
use roundel::domain::headers;
use roundel::domain::headers::value::date;
use roundel::domain::ids::{AttemptId, PoolId, TurnId};
use roundel::domain::quota::limit::{Reading, Unit, Window};
use roundel::domain::quota::meter::Meter;
use roundel::domain::roster::{LaneSpec, LimitSpec, Wire};
use roundel::domain::standing::{Rest, Target};
use roundel::providers::refusal;
use roundel::providers::wire::piece::Piece;
use roundel::providers::wire::{Decoder, encode};
use roundel::scheduler::desk::Desk;
use roundel::scheduler::effect::{Effect, Opening};
use roundel::scheduler::flight::{Event, Flown, Reached};
use roundel::scheduler::kept::Kept;
use roundel::scheduler::ledger::Ledger;
use roundel::scheduler::link::{Ask, Command, Report};
use roundel::sim::exchange::Exchange;
use roundel::sim::world::World;
use roundel::sim::world::truth::Truth;
use roundel::store::write::Write;

use crate::day::books::{Book, Use};
use crate::day::cases::Case;

/// What happens besides our own traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Another user of the same key.
    Others,
    /// A quit and a kill, each with a restart.
    Restarts,
    /// The clock is set back, and forward.
    Clock,
    /// The laptop sleeps for three hours.
    Sleep,
}

/// What a day was like.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) answered: u64,
    pub(crate) refused: u64,
    /// Of the refused those in which no limit had a part.
    pub(crate) faults: u64,
    pub(crate) compared: u64,
    /// Comparisons in which nothing but equality would do.
    pub(crate) exact: u64,
    /// Of these the ones in which the instant of the reset was compared, too.
    pub(crate) resets: u64,
    /// The largest difference.
    pub(crate) most: u64,
}

enum Happening {
    Ask { long: bool },
    GiveUp(TurnId),
    Others,
    Event(AttemptId, Event),
    Refused(AttemptId, Head, Vec<u8>),
    Look,
    Quit,
    Kill,
    SetClock(i64),
}

/// One own attempt.
struct Own {
    model: usize,
    landed: bool,
}

struct Day<'a> {
    case: &'a Case,
    world: World,
    desk: Desk,
    specs: Vec<LaneSpec>,
    /// What the desk's clock shows too much, in ms.
    wrong: i64,
    asleep: Option<(Time, Time)>,
    queue: BTreeMap<(Time, u64), Happening>,
    number: u64,
    turns: u64,
    waiting: HashSet<TurnId>,
    attempts: HashMap<AttemptId, Own>,
    /// The gauges as the screens were told them.
    gauges: HashMap<(PoolId, Unit, Window), Meter>,
    /// The same as they were kept.
    kept: HashMap<(PoolId, Unit, Window), Meter>,
    rests: HashMap<Target, Rest>,
    books: Vec<Vec<Book>>,
    luck: u64,
    outcome: Outcome,
}

/// Runs the day. Err: where gauge and truth were further apart than the dialect can know.
pub(crate) fn run(case: &Case, troubles: &[Trouble], seed: u64) -> Result<Outcome, String> {
    let start = date(case.start).unwrap();
    let world = World::from_toml(&case.world(seed)).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let specs = specs(case);
    let desk = opened(&specs, Kept::default(), start);
    let books = case.limits.iter().map(|limit| case.models.iter().map(|_| Book::new(limit)).collect()).collect();
    let mut day = Day {
        case,
        world,
        desk,
        specs,
        wrong: 0,
        asleep: None,
        queue: BTreeMap::new(),
        number: 0,
        turns: 0,
        waiting: HashSet::new(),
        attempts: HashMap::new(),
        gauges: HashMap::new(),
        kept: HashMap::new(),
        rests: HashMap::new(),
        books,
        luck: seed,
        outcome: Outcome::default(),
    };
    day.adopt(start);
    day.plan(start, troubles);
    day.live()?;
    Ok(day.outcome)
}

fn specs(case: &Case) -> Vec<LaneSpec> {
    let lane = |model: &&str| {
        let id = format!("p/{model}");
        let limit = |limit: &crate::day::cases::Limit| LimitSpec {
            pool: if limit.per_model { id.as_str().into() } else { "p".into() },
            unit: limit.unit.into(),
            window: limit.listed.parse().unwrap(),
            cap: limit.cap,
        };
        let limits = case.limits.iter().map(limit).collect();
        LaneSpec { limits, ..LaneSpec::new(id.as_str().into(), Wire::Openai, case.dialect, "http://127.0.0.1:1") }
    };
    case.models.iter().map(lane).collect()
}

fn opened(specs: &[LaneSpec], kept: Kept, now: Time) -> Desk {
    Desk::new(Opening { ledger: Ledger::new(specs.to_vec(), kept, now), ..Opening::default() }, now)
}

impl Day<'_> {
    fn dice(&mut self, below: u64) -> u64 {
        self.luck = self.luck.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.luck >> 33) % below.max(1)
    }

    fn add(&mut self, at: Time, what: Happening) {
        self.number += 1;
        self.queue.insert((at, self.number), what);
    }

    fn local(&self, now: Time) -> Time {
        Time::from_ms(now.ms() + self.wrong)
    }

    /// Lays out the day: bursts and idle times, looks between, and whatever troubles it.
    fn plan(&mut self, start: Time, troubles: &[Trouble]) {
        let end = start.plus(Duration::from_hours(self.case.hours));
        let hour = |hours: u64| start.plus(Duration::from_hours(hours));
        let mut at = start;
        while at < end {
            at = at.plus(Duration::from_millis(10_000 + self.dice(5_000_000)));
            for _ in 0..=self.dice(8) {
                let long = self.dice(6) == 0;
                self.add(at, Happening::Ask { long });
                at = at.plus(Duration::from_millis(200 + self.dice(15_000)));
            }
        }
        let mut at = start;
        while troubles.contains(&Trouble::Others) && at < end {
            at = at.plus(Duration::from_millis(1000 + self.dice(3_000_000)));
            for _ in 0..=self.dice(4) {
                self.add(at, Happening::Others);
                at = at.plus(Duration::from_millis(100 + self.dice(30_000)));
            }
        }
        let mut at = start;
        while at < end {
            at = at.plus(Duration::from_millis(61_000 + self.dice(240_000)));
            self.add(at, Happening::Look);
        }
        if troubles.contains(&Trouble::Restarts) {
            self.add(hour(9), Happening::Quit);
            self.add(hour(15), Happening::Kill);
            // Each in the middle of something.
            self.add(hour(9).minus(Duration::from_millis(200)), Happening::Ask { long: false });
            self.add(hour(15).minus(Duration::from_millis(200)), Happening::Ask { long: false });
        }
        if troubles.contains(&Trouble::Clock) {
            self.add(hour(2), Happening::SetClock(-4_033_017));
            self.add(hour(3), Happening::SetClock(0));
            self.add(hour(5), Happening::SetClock(7_201_301));
            self.add(hour(6), Happening::SetClock(0));
        }
        if troubles.contains(&Trouble::Sleep) {
            self.asleep = Some((hour(11), hour(14)));
            self.add(hour(11).minus(Duration::from_millis(150)), Happening::Ask { long: false });
        }
    }

    fn live(&mut self) -> Result<(), String> {
        let mut now = Time::from_ms(0);
        while let Some((&(at, _), _)) = self.queue.first_key_value() {
            now = at.max(now);
            let due = self.desk.next_wake(self.local(now)).map(|local| Time::from_ms(local.ms() - self.wrong));
            let wake = due.filter(|due| *due < at).map(|due| self.awake(due.max(now)));
            if let Some(wake) = wake.filter(|wake| *wake < at) {
                now = wake;
                self.desk.wake(self.local(now));
                self.effects(now);
            } else if let Some((_, what)) = self.queue.pop_first() {
                let sleeps = !matches!(what, Happening::Others);
                let then = self.awake(at);
                if sleeps && then > at {
                    // Asleep: what was due is dealt with on waking.
                    self.add(then, what);
                    continue;
                }
                // Words and their count move no gauge.
                let silent = matches!(what, Happening::Event(_, Event::Said { .. } | Event::Usage(_)));
                self.happen(what, now);
                if silent {
                    continue;
                }
            }
            if self.awake(now) == now {
                self.compare(now)?;
            }
        }
        self.compare(now)
    }

    fn awake(&self, at: Time) -> Time {
        match self.asleep {
            Some((from, until)) if at >= from && at < until => until,
            _ => at,
        }
    }

    fn happen(&mut self, what: Happening, now: Time) {
        let local = self.local(now);
        match what {
            Happening::Ask { long } => self.ask(long, now),
            Happening::GiveUp(turn) if self.waiting.contains(&turn) => self.desk.cancel(turn, local),
            Happening::Others => self.others(now),
            Happening::Event(attempt, event) => {
                match &event {
                    Event::Head(head) => self.head(attempt, head, now),
                    Event::Answered | Event::Failed(..) => self.landed(attempt, now),
                    Event::Said { .. } | Event::Usage(_) | Event::Begun | Event::Gone => {}
                }
                self.desk.flown(Flown { attempt, event }, local);
            }
            Happening::Refused(attempt, head, body) => {
                let failure = refusal::read(self.case.dialect, &head, &body, local);
                let readings = failure.readings.clone();
                self.heard(attempt, &readings, now);
                self.landed(attempt, now);
                self.desk.flown(Flown { attempt, event: Event::Failed(failure, Reached::Provider) }, local);
            }
            Happening::GiveUp(_) | Happening::Look => {}
            Happening::Quit => {
                self.desk.quit(local);
                self.effects(now);
                self.reopen(now);
            }
            Happening::Kill => self.reopen(now),
            Happening::SetClock(wrong) => {
                self.wrong = wrong;
                for book in self.books.iter_mut().flatten() {
                    book.clock_set(now, wrong != 0);
                }
                self.desk.wake(self.local(now));
            }
        }
        self.effects(now);
    }

    fn ask(&mut self, long: bool, now: Time) {
        self.turns += 1;
        let turn = TurnId(self.turns);
        let words = if long { 1500 + self.dice(5000) } else { 5 + self.dice(200) };
        let prompt = "x".repeat(usize::try_from(words).unwrap());
        let params = Params { max_tokens: Some(2 + self.dice(6)), ..Params::default() };
        let messages = vec![Message::text(Role::User, prompt.clone())];
        let request = Request { messages, params, ..Request::default() };
        let ask = Ask {
            turn,
            origin: Origin::Chat,
            prompt,
            request,
            no_training: false,
            only: None,
            patience: None,
            attachments: vec![],
        };
        self.desk.command(1, Command::Ask(Box::new(ask)), self.local(now));
        let patience = Duration::from_millis(10_000 + self.dice(70_000));
        self.add(now.plus(patience), Happening::GiveUp(turn));
    }

    /// Somebody else asks with the same key.
    fn others(&mut self, now: Time) {
        let model = usize::try_from(self.dice(self.case.models.len() as u64)).unwrap();
        let content = "y".repeat(usize::try_from(self.dice(600)).unwrap());
        let body = serde_json::json!({"model": self.case.models[model], "max_tokens": 9,
            "messages": [{"role": "user", "content": content}]});
        let (_, amounts) = self.provider(model, body.to_string().as_bytes(), now);
        for (limit, amount) in amounts.into_iter().enumerate() {
            self.book(limit, model).add(Use::stranger(now, amount));
        }
    }

    /// Asks the provider; what each limit has counted for it.
    fn provider(&mut self, model: usize, body: &[u8], now: Time) -> (Exchange, Vec<u64>) {
        let before = self.truth(model, now);
        let exchange = self.world.answer("p", body, now);
        let after = self.truth(model, now);
        let amounts = before.iter().zip(&after).map(|(before, after)| after.used - before.used).collect();
        (exchange, amounts)
    }

    fn truth(&self, model: usize, now: Time) -> Vec<Truth> {
        self.world.truth("p", self.case.models[model], now)
    }

    fn book(&mut self, limit: usize, model: usize) -> &mut Book {
        let model = if self.case.limits[limit].per_model { model } else { 0 };
        &mut self.books[limit][model]
    }

    fn effects(&mut self, now: Time) {
        for effect in self.desk.take_effects() {
            match effect {
                Effect::Fly { attempt, lane, request } => self.fly(attempt, &lane, &request, now),
                Effect::Tell(Report::Moved(moved)) => {
                    for meter in moved.meters {
                        self.gauges.insert((meter.pool.clone(), meter.unit.clone(), meter.window), meter);
                    }
                    if let Some(turn) = moved.turn {
                        if matches!(turn.state, TurnState::Waiting { .. }) {
                            self.waiting.insert(turn.id);
                        } else {
                            self.waiting.remove(&turn.id);
                        }
                    }
                }
                Effect::Keep(Write::Meter(meter)) => {
                    self.kept.insert((meter.pool.clone(), meter.unit.clone(), meter.window), *meter);
                }
                Effect::Keep(Write::Rest { target, rest }) => {
                    match rest {
                        Some(rest) => self.rests.insert(target, rest),
                        None => self.rests.remove(&target),
                    };
                }
                Effect::Tell(_) | Effect::Keep(_) | Effect::Abort(_) => {}
                other => panic!("no call was made: {other:?}"),
            }
        }
    }

    /// As a flight does it: the request in its wire, the answer through the wire's reader, each piece at its time.
    fn fly(&mut self, attempt: AttemptId, lane: &Arc<LaneSpec>, request: &Arc<Request>, now: Time) {
        let model = self.case.models.iter().position(|model| *model == lane.id.model()).unwrap();
        let out = encode(lane, request);
        let (exchange, amounts) = self.provider(model, &out.body, now);
        let answered = exchange.head.status == 200;
        let truths = self.truth(model, now);
        let most = request.params.max_tokens.unwrap_or(0);
        for (limit, amount) in amounts.into_iter().enumerate() {
            let held = match self.case.limits[limit].unit {
                "requests" => 1,
                _ => request.estimated_tokens() + most,
            };
            let truth = truths[limit];
            self.book(limit, model).add(Use::own(now, attempt, amount, held, answered, truth));
        }
        self.attempts.insert(attempt, Own { model, landed: false });
        let mut at = now.plus(exchange.head_after);
        self.add(at, Happening::Event(attempt, Event::Head(exchange.head.clone())));
        if !answered {
            self.outcome.refused += 1;
            self.outcome.faults += u64::from(truths.iter().all(|truth| truth.used <= truth.cap));
            let body = exchange.body();
            self.add(at, Happening::Refused(attempt, exchange.head, body));
            return;
        }
        self.outcome.answered += 1;
        let mut decoder = Decoder::new(lane.wire);
        let mut finished = false;
        for frame in exchange.frames {
            at = at.plus(frame.after);
            for piece in decoder.push(&frame.bytes).unwrap() {
                match piece {
                    Piece::Text(text) => {
                        self.add(at, Happening::Event(attempt, Event::Said { text, reasoning: false }));
                    }
                    Piece::Usage(usage) => self.add(at, Happening::Event(attempt, Event::Usage(usage))),
                    Piece::Finish(_) | Piece::End => finished = true,
                    piece => panic!("{piece:?}"),
                }
            }
        }
        let last = if finished {
            Event::Answered
        } else {
            Event::Failed(Failure::new(Class::Server, "cut".into()), Reached::Provider)
        };
        self.add(at, Happening::Event(attempt, last));
    }

    fn head(&mut self, attempt: AttemptId, head: &Head, now: Time) {
        if head.status != 200 {
            return;
        }
        let readings = headers::readings(self.case.dialect, head, self.local(now));
        self.heard(attempt, &readings, now);
    }

    /// The words of the provider on each limit have been read.
    fn heard(&mut self, attempt: AttemptId, readings: &[Reading], now: Time) {
        let Some(model) = self.attempts.get(&attempt).map(|own| own.model) else { return };
        for limit in 0..self.case.limits.len() {
            let rule = &self.case.limits[limit];
            let length = self.books[limit][0].length;
            let told = readings.iter().any(|reading| {
                reading.unit.as_str() == rule.unit && reading.window.span() == length && reading.remaining.is_some()
            });
            if told {
                self.book(limit, model).heard(attempt, now);
            }
        }
    }

    fn landed(&mut self, attempt: AttemptId, now: Time) {
        let Some(own) = self.attempts.get_mut(&attempt) else { return };
        own.landed = true;
        let model = own.model;
        for limit in 0..self.case.limits.len() {
            self.book(limit, model).landed(attempt, now);
        }
    }

    /// A new process with what the last one kept.
    fn reopen(&mut self, now: Time) {
        // As the store writes and reads it.
        let meters = serde_json::to_string(&self.kept.values().collect::<Vec<_>>()).unwrap();
        let rests = serde_json::to_string(&self.rests.values().collect::<Vec<_>>()).unwrap();
        let kept = Kept {
            meters: serde_json::from_str(&meters).unwrap(),
            rests: serde_json::from_str(&rests).unwrap(),
            ..Kept::default()
        };
        self.queue
            .retain(|_, what| !matches!(what, Happening::Event(..) | Happening::Refused(..) | Happening::GiveUp(_)));
        self.waiting.clear();
        for (attempt, _) in self.attempts.drain() {
            for book in self.books.iter_mut().flatten() {
                book.lost(attempt, now);
            }
        }
        self.desk = opened(&self.specs, kept, self.local(now));
        self.adopt(now);
    }

    /// The gauges of a new screen.
    fn adopt(&mut self, now: Time) {
        let meters = self.desk.snapshot(self.local(now)).meters;
        self.gauges =
            meters.into_iter().map(|meter| ((meter.pool.clone(), meter.unit.clone(), meter.window), meter)).collect();
    }

    /// Gauge against truth, for each limit of each model.
    fn compare(&mut self, now: Time) -> Result<(), String> {
        let local = self.local(now);
        for model in 0..self.case.models.len() {
            let truths = self.truth(model, now);
            for (limit, truth) in truths.into_iter().enumerate() {
                let rule = &self.case.limits[limit];
                if !rule.per_model && model > 0 {
                    continue;
                }
                let pool = if rule.per_model { format!("p/{}", self.case.models[model]) } else { "p".into() };
                let key = (PoolId::from(pool), Unit::from(rule.unit), rule.listed.parse().unwrap());
                let gauge = self.gauges.get(&key).ok_or_else(|| format!("{}: no gauge {key:?}", self.case.name))?;
                let shown = gauge.remaining(local);
                let back = gauge.full_at(local);
                let book = &mut self.books[limit][model];
                book.see(truth, now);
                let left = shown.ok_or_else(|| format!("{}: no cap on {key:?}", self.case.name))?;
                let tell = |what: String| {
                    format!("{} at {} ms: {} {}: {what}", self.case.name, now.ms(), rule.unit, rule.listed)
                };
                if left > rule.cap || back.is_some_and(|back| back <= local) {
                    return Err(tell(format!("{left} left, back {back:?} at {local:?}")));
                }
                let Some(sight) = book.sight(now) else { continue };
                let bound = (rule.bound)(&sight).min(sight.cap);
                let apart = left.abs_diff(truth.left);
                self.outcome.compared += 1;
                self.outcome.exact += u64::from(bound == 0);
                self.outcome.most = self.outcome.most.max(apart);
                if apart > bound {
                    return Err(tell(format!("shows {left}, truth {truth:?}, bound {bound} of {sight:?}, {gauge:?}")));
                }
                // Where the count is certain, so is the instant at which all of it is back.
                if bound == 0 && truth.used > 0 && gauge.reserved == 0 {
                    self.outcome.resets += 1;
                    let shown = back.map_or(Duration::ZERO, |back| back.since(local));
                    if shown.abs_diff(truth.full_after) > book.grain(now) {
                        return Err(tell(format!(
                            "full in {shown:?}, truth {truth:?}, bound {:?}, {gauge:?}",
                            book.grain(now)
                        )));
                    }
                }
            }
        }
        Ok(())
    }
}
