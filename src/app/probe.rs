//! One tiny question to one lane, after saying what it costs; what came of it is a line that passes, and a row of the log.

use crate::app::due::{count, took};
use crate::app::message::Effect;
use crate::app::options::{Offered, Options};
use crate::app::roster::is_listed;
use crate::app::row::Role;
use crate::app::state::{App, Overlay};
use crate::domain::clock::Time;
use crate::domain::conversation::{Turn, TurnState};
use crate::domain::ids::LaneId;
use crate::domain::quota::limit::Unit;
use crate::domain::roster::{Cost, Training};
use crate::domain::standing::{LaneState, Off, Target};
use crate::domain::text::one_line;
use crate::scheduler::link::{Ask, Command, turn_id};

impl App {
    /// Says what a test of the lane costs; of an account its first lane that is on is meant.
    pub(in crate::app) fn offer_test(&mut self, target: &Target, now: Time) {
        let mut lanes = self.roster.lanes.iter().filter(|lane| target.covers(&lane.spec.id));
        let lane = lanes.clone().find(|lane| !is_listed(lane)).or_else(|| lanes.next());
        let Some(lane) = lane else { return };
        let id = lane.spec.id.clone();
        if let Some(why) = self.untestable(lane) {
            self.say(format!("{id} is not tested: {why}"), Role::Warn, now);
            return;
        }
        let cost = self.cost_of_test(lane, now);
        self.open(Overlay::Options(Options::new(Offered::Test(id, cost))));
    }

    /// Why the lane is asked nothing; None: it may be.
    fn untestable(&self, lane: &LaneState) -> Option<String> {
        if self.config.usual.no_training && lane.spec.training != Training::No {
            return Some("it may train on prompts, and no training is wanted (Alt+T)".into());
        }
        if self.control.paused.is_some() {
            return Some("the scheduler is paused; p goes on".into());
        }
        lane.off().map(|off| format!("it is {}; Space switches it on", Off::reason(off)))
    }

    /// `one request of 14.4k left req/day, about 40 tok, free`.
    fn cost_of_test(&self, lane: &LaneState, now: Time) -> String {
        let drawn = || self.roster.meters.iter().filter(|meter| lane.spec.draws_on(&meter.pool));
        let requests = LaneState::kept_of(drawn()).and_then(|meter| Some((meter.remaining(now)?, meter.window)));
        let of = requests.map_or_else(String::new, |(left, window)| {
            format!(" of {} left {}/{}", count(left), Unit::Requests.short(), window.short())
        });
        let ask = Ask::probe(turn_id(now, 0, self.last_turn), lane.spec.id.clone());
        let most = ask.request.estimated_tokens() + ask.request.params.max_tokens.unwrap_or_default();
        let cost = match lane.spec.cost {
            _ if lane.spec.simulated => "simulated",
            Cost::Free => "free",
            Cost::Paid => "COSTS MONEY",
            Cost::Unknown => "MAY COST MONEY",
        };
        format!("one request{of}, about {most} tok, {cost}")
    }

    /// Asks the lane.
    pub(in crate::app) fn test(&mut self, lane: LaneId, now: Time) -> Vec<Effect> {
        let turn = turn_id(now, self.config.subscriber, self.last_turn);
        self.last_turn = turn;
        let ask = Ask { no_training: self.config.usual.no_training, ..Ask::probe(turn, lane.clone()) };
        self.say(format!("asking {lane} …"), Role::Plain, now);
        self.probe = Some((turn, lane));
        vec![Effect::Send(Command::Ask(Box::new(ask)))]
    }

    /// Says what came of the test, if the turn is that.
    pub(in crate::app) fn tested(&mut self, turn: &Turn, now: Time) {
        let Some((_, lane)) = self.probe.take_if(|(probe, _)| *probe == turn.id && turn.state.is_over()) else {
            return;
        };
        match &turn.state {
            TurnState::Done => {
                let span = turn.took.map_or_else(String::new, |span| format!(" in {}", took(span)));
                self.say(format!("● {lane} has answered{span}"), Role::Good, now);
            }
            TurnState::Failed(why) => self.say(format!("✕ {lane}: {}", one_line(why)), Role::Bad, now),
            _ => self.say(format!("{lane}: the test was stopped"), Role::Plain, now),
        }
    }
}
