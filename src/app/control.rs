//! The user's hand on the rotation: off for a while, kept back, order, weight, strategy, pause. What is set shows at once;
//! what the scheduler tells takes its place.

use std::time::Duration;

use crate::app::action::Lever;
use crate::app::ask::words;
use crate::app::due::Due;
use crate::app::message::Effect;
use crate::app::options::{Offered, Options};
use crate::app::palette::Palette;
use crate::app::roster::Item;
use crate::app::row::Role;
use crate::app::state::{App, Overlay};
use crate::app::steady::{Key, Whose};
use crate::domain::clock::Time;
use crate::domain::hand::{Control, HEAVIEST, Setting};
use crate::domain::ids::AccountId;
use crate::domain::quota::meter::Meter;
use crate::domain::roster::Strategy;
use crate::domain::standing::{LaneState, Target};
use crate::scheduler::link::Command;

/// Taken back: as the config has it.
const RESET: &str = "reset";

impl App {
    /// What a key of the quota pane, or a command that is one, does.
    pub(in crate::app) fn pull(&mut self, lever: Lever, now: Time) -> Vec<Effect> {
        match lever {
            Lever::Pause => return vec![Effect::Send(Command::Pause(self.control.paused.is_none()))],
            Lever::Freeze => return self.freeze(now),
            Lever::Strategy => {
                let next = match self.control.strategy {
                    Strategy::Harvest => Strategy::Even,
                    Strategy::Even => Strategy::Order,
                    Strategy::Order => Strategy::Harvest,
                };
                return self.set_strategy(Some(next), now);
            }
            Lever::Off | Lever::Keep | Lever::Test | Lever::Up | Lever::Down | Lever::Heavier | Lever::Lighter => {}
        }
        let target = match self.at_hand() {
            Some(Item::Of(target)) => target,
            Some(Item::Listed(account)) => Target::Account(account),
            None => return Vec::new(),
        };
        let account = target.account();
        match lever {
            Lever::Off => self.offer_off(target, now),
            Lever::Keep => {
                let name = match &target {
                    Target::Account(account) => account.to_string(),
                    Target::Lane(lane) => lane.to_string(),
                };
                let filter = format!("keep {name} ");
                self.open(Overlay::Palette(Palette { filter, ..Palette::default() }));
            }
            Lever::Test => self.offer_test(&target, now),
            Lever::Up => return self.move_by(&account, -1, now),
            Lever::Down => return self.move_by(&account, 1, now),
            Lever::Heavier => return self.weigh_by(&account, 1, now),
            Lever::Lighter => return self.weigh_by(&account, -1, now),
            Lever::Pause | Lever::Freeze | Lever::Strategy => {}
        }
        Vec::new()
    }

    /// What keys of the quota mean: the detail that is open, or what is selected.
    pub(in crate::app) fn at_hand(&self) -> Option<Item> {
        match &self.overlay {
            Some(Overlay::Target(target)) => Some(Item::Of(target.clone())),
            Some(_) => None,
            None => self.selected_item(),
        }
    }

    /// Takes in how the rotation is set.
    pub(in crate::app) fn controlled(&mut self, control: Control) {
        self.control = control;
        self.put_in_order();
    }

    fn put_in_order(&mut self) {
        let order = &self.control.order;
        let place = |lane: &LaneState| order.iter().position(|known| *known == lane.spec.account());
        self.roster.lanes.sort_by_key(|lane| place(lane).unwrap_or(usize::MAX));
    }

    /// Sets one thing; `said`: what is so then.
    pub(in crate::app) fn set(&mut self, setting: Setting, said: &str, now: Time) -> Vec<Effect> {
        self.undo = Some(Command::Set(self.control.hand.undoing(&setting)));
        self.say(format!("{said}, by you  z undo"), Role::Plain, now);
        self.show_set(&setting);
        vec![Effect::Send(Command::Set(setting))]
    }

    /// Shows what is set, as far as it is known here what comes of it.
    pub(in crate::app) fn show_set(&mut self, setting: &Setting) {
        match setting {
            Setting::Strategy(Some(strategy)) => self.control.strategy = *strategy,
            Setting::Order(order) if !order.is_empty() => {
                self.control.order.clone_from(order);
                self.put_in_order();
            }
            Setting::Strategy(None) | Setting::Order(_) | Setting::Weight(..) | Setting::Keep(..) => {}
        }
        self.control.hand.set(setting.clone());
    }

    pub(in crate::app) fn set_strategy(&mut self, strategy: Option<Strategy>, now: Time) -> Vec<Effect> {
        let said = match strategy {
            Some(Strategy::Harvest) => "strategy harvest: what would expire unused goes first",
            Some(Strategy::Even) => "strategy even: one after the other",
            Some(Strategy::Order) => "strategy order: always the first that can",
            None => "strategy as the config has it",
        };
        self.set(Setting::Strategy(strategy), said, now)
    }

    fn weigh_by(&mut self, account: &AccountId, by: i32, now: Time) -> Vec<Effect> {
        let lane = self.roster.lanes.iter().find(|lane| lane.spec.account() == *account);
        let told = lane.map_or(1, |lane| lane.spec.weight);
        let weight = self.control.hand.weights.get(account).copied().unwrap_or(told);
        let weight = weight.saturating_add_signed(by).clamp(1, HEAVIEST);
        self.give_weight(account, Some(weight), now)
    }

    fn give_weight(&mut self, account: &AccountId, weight: Option<u32>, now: Time) -> Vec<Effect> {
        let said = match weight {
            Some(1) => format!("{account} takes 1 turn in a round"),
            Some(weight) => format!("{account} takes {weight} turns in a round"),
            None => format!("{account} takes turns as the config has it"),
        };
        self.set(Setting::Weight(account.clone(), weight), &said, now)
    }

    fn accounts(&self) -> Vec<AccountId> {
        self.roster.groups().iter().map(|group| group.account.clone()).collect()
    }

    fn move_by(&mut self, account: &AccountId, by: isize, now: Time) -> Vec<Effect> {
        let at = self.accounts().iter().position(|known| known == account);
        at.map_or_else(Vec::new, |at| self.move_to(account, at.saturating_add_signed(by), now))
    }

    fn move_to(&mut self, account: &AccountId, to: usize, now: Time) -> Vec<Effect> {
        let mut order = self.accounts();
        let Some(at) = order.iter().position(|known| known == account) else { return Vec::new() };
        let to = to.min(order.len().saturating_sub(1));
        if at == to {
            self.say(format!("{account} stands there already"), Role::Dim, now);
            return Vec::new();
        }
        let moved = order.remove(at);
        order.insert(to, moved);
        self.set(Setting::Order(order), &format!("{account} is number {} of the order", to + 1), now)
    }

    fn offer_off(&mut self, target: Target, now: Time) {
        let mut ends = vec![
            ("for 15 minutes".to_owned(), Some(now.plus(Duration::from_mins(15)))),
            ("for 1 hour".to_owned(), Some(now.plus(Duration::from_hours(1)))),
        ];
        if let Some((at, label)) = self.reset_of(&target, now) {
            let when = Due::new(now, self.config.zone).when(at);
            ends.push((format!("until its reset {when} ({label})"), Some(at)));
        }
        ends.push(("until I say".to_owned(), None));
        self.open(Overlay::Options(Options::new(Offered::Off(target, ends))));
    }

    /// Takes it out of the rotation until then.
    pub(in crate::app) fn off_until(&mut self, target: Target, until: Option<Time>, now: Time) -> Vec<Effect> {
        let when =
            until.map_or_else(String::new, |at| format!(" until {}", Due::new(now, self.config.zone).short_clock(at)));
        self.say(format!("{} is out of the rotation{when}  z undo", words(&target)), Role::Plain, now);
        self.undo = Some(self.back_to(&target));
        vec![Effect::Send(Command::Switch { target, on: false, until })]
    }

    /// The switch that brings back how it stands now.
    fn back_to(&self, target: &Target) -> Command {
        let mut covered = self.roster.lanes.iter().filter(|lane| target.covers(&lane.spec.id));
        let off = covered.find_map(|lane| lane.switch.as_ref().filter(|switch| !switch.on));
        let (on, until) = off.map_or((true, None), |switch| (false, switch.until));
        Command::Switch { target: target.clone(), on, until }
    }

    /// When the limit is full again that stops it first, and which that is; of several lanes the last one.
    pub(in crate::app) fn reset_of(&self, target: &Target, now: Time) -> Option<(Time, String)> {
        let lanes = self.roster.chosen().filter(|lane| target.covers(&lane.spec.id));
        let reset = |lane: &LaneState| {
            let drawn = || self.roster.meters.iter().filter(|meter| lane.spec.draws_on(&meter.pool));
            let whose = Whose::All(lane.spec.id.clone());
            let first = self.roster.steady.first(&whose, drawn(), self.config.usual, now)?;
            let meter: &Meter = drawn().find(|meter| Key::of(meter) == first)?;
            Some((meter.full_at(now)?, format!("{}/{}", meter.unit.short(), meter.window.short())))
        };
        lanes.filter_map(reset).max_by_key(|(at, _)| *at)
    }

    /// `keep TARGET REQUESTS`.
    pub(in crate::app) fn order_keep(&mut self, target: Target, count: &str, now: Time) -> Result<Vec<Effect>, String> {
        let requests = match count {
            RESET => None,
            count => Some(count.parse().map_err(|_| "write how many requests: 20, or 0, or reset".to_owned())?),
        };
        let lanes = self.roster.lanes.iter().filter(|lane| target.covers(&lane.spec.id));
        let of = |lane: &LaneState| {
            LaneState::kept_of(self.roster.meters.iter().filter(|meter| lane.spec.draws_on(&meter.pool)))
        };
        let Some(meter) = lanes.filter_map(of).max_by_key(|meter| meter.window.span()) else {
            return Err(format!("no limit on requests is known of {}: nothing can be kept back", target.name()));
        };
        let (name, unit) = (target.name(), format!("{}/{}", meter.unit.short(), meter.window.short()));
        let said = match requests {
            Some(0) => format!("nothing of {name} is kept back"),
            Some(requests) => format!("the last {requests} {unit} of {name} are kept for the chat"),
            None => format!("of {name} is kept back what the config says"),
        };
        Ok(self.set(Setting::Keep(target, requests), &said, now))
    }

    /// `weight ACCOUNT 1..9`.
    pub(in crate::app) fn order_weight(
        &mut self,
        account: &AccountId,
        to: &str,
        now: Time,
    ) -> Result<Vec<Effect>, String> {
        let weight = match to {
            RESET => None,
            to => {
                let known = to.parse().ok().filter(|weight| (1..=HEAVIEST).contains(weight));
                Some(known.ok_or_else(|| format!("a weight is a whole number from 1 to {HEAVIEST}, or reset"))?)
            }
        };
        Ok(self.give_weight(account, weight, now))
    }

    /// `move ACCOUNT up | down | first | last`, `move reset`.
    pub(in crate::app) fn order_move(
        &mut self,
        account: &AccountId,
        to: &str,
        now: Time,
    ) -> Result<Vec<Effect>, String> {
        match to {
            "up" => Ok(self.move_by(account, -1, now)),
            "down" => Ok(self.move_by(account, 1, now)),
            "first" => Ok(self.move_to(account, 0, now)),
            "last" => Ok(self.move_to(account, usize::MAX, now)),
            _ => Err("write up, down, first or last".into()),
        }
    }

    /// The order is as the config has it.
    pub(in crate::app) fn reset_order(&mut self, now: Time) -> Vec<Effect> {
        self.set(Setting::Order(Vec::new()), "the order is as the config has it", now)
    }

    /// `strategy harvest | even | order | reset`.
    pub(in crate::app) fn order_strategy(&mut self, name: &str, now: Time) -> Result<Vec<Effect>, String> {
        let all = [Strategy::Harvest, Strategy::Even, Strategy::Order];
        let found = all.into_iter().find(|strategy| strategy.word() == name);
        if found.is_none() && name != RESET {
            return Err("write harvest, even, order or reset".into());
        }
        Ok(self.set_strategy(found, now))
    }

    /// What the quota pane's heading says beside its name.
    pub(in crate::app) fn set_by_hand(&self) -> Option<String> {
        let hand = &self.control.hand;
        match (hand.strategy, hand.order.is_empty()) {
            (Some(strategy), true) => Some(format!("{}, by you", strategy.word())),
            (Some(strategy), false) => Some(format!("{}, in your order, by you", strategy.word())),
            (None, false) => Some("in your order".into()),
            (None, true) => None,
        }
    }
}
