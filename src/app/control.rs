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
        let item = self.at_hand();
        if self.overlay.is_none() {
            // It stays selected, wherever it comes to stand.
            self.selected.clone_from(&item);
        }
        let target = match item {
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
    pub(in crate::app) fn controlled(&mut self, control: Box<Control>) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Msg;
    use crate::app::fixture::{NOW, app as some_app, app_of, in_, real_snapshot, snapshot, turn};
    use crate::app::keymap::{KeyCode, KeyEvent, KeyModifiers};
    use crate::app::row::Row;
    use crate::domain::conversation::{Origin, Turn, TurnState};
    use crate::domain::roster::Training;
    use crate::domain::standing::Need;
    use crate::scheduler::link::{Ask, Moved, Report, Snapshot};

    fn press(app: &mut App, keys: &str) -> Vec<Effect> {
        let key = |letter: char| match letter {
            '\n' => KeyCode::Enter,
            letter => KeyCode::Char(letter),
        };
        let effects =
            keys.chars().flat_map(|letter| app.update(Msg::Key(KeyEvent::new(key(letter), KeyModifiers::NONE)), NOW));
        effects.filter(|effect| matches!(effect, Effect::Send(_))).collect()
    }

    fn at_the_quota(mut app: App) -> App {
        for _ in 0..2 {
            app.update(Msg::Key(KeyEvent::new(KeyCode::Tab, KeyModifiers::NONE)), NOW);
        }
        app
    }

    fn set(setting: Setting) -> Vec<Effect> {
        vec![Effect::Send(Command::Set(setting))]
    }

    fn hear(app: &mut App, report: Report) -> Vec<Effect> {
        app.update(Msg::Report(report), NOW)
    }

    fn panel(app: &App) -> String {
        app.screen(NOW).panel.unwrap().rows.iter().map(Row::text).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn each_key_sets_one_thing_and_z_takes_it_back() {
        let quick = || AccountId::from("quick");
        for (keys, setting, back) in [
            ("s", Setting::Strategy(Some(Strategy::Order)), Setting::Strategy(None)),
            ("+", Setting::Weight(quick(), Some(2)), Setting::Weight(quick(), None)),
            (
                "b20\n",
                Setting::Keep(Target::Lane("quick/small-8b".into()), Some(20)),
                Setting::Keep(Target::Lane("quick/small-8b".into()), None),
            ),
        ] {
            let mut app = at_the_quota(some_app(120, 40));
            assert_eq!(press(&mut app, keys), set(setting.clone()), "{keys}");
            assert_eq!(press(&mut app, "z"), set(back), "{keys}");
            assert_eq!(press(&mut app, "z"), set(setting), "{keys}: and again");
        }
    }

    #[test]
    fn what_is_moved_stays_selected_and_two_presses_move_it_twice() {
        let mut app = at_the_quota(some_app(120, 40));
        let order = |effects: &[Effect]| match effects {
            [Effect::Send(Command::Set(Setting::Order(order)))] => {
                order.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(order(&press(&mut app, "J")), "steady quick slow silent moody home");
        assert_eq!(order(&press(&mut app, "J")), "steady slow quick silent moody home");
        assert_eq!(app.screen(NOW).quota.by_hand.as_deref(), Some("in your order"));
        press(&mut app, "KK");
        assert_eq!(press(&mut app, "K"), [], "it is the first");
        assert_eq!(press(&mut app, "---"), vec![set(Setting::Weight("quick".into(), Some(1))); 3].concat());
    }

    #[test]
    fn off_for_a_while_is_a_short_list_with_the_reset_where_one_is_known() {
        let off = |until| {
            vec![Effect::Send(Command::Switch { target: Target::Lane("quick/small-8b".into()), on: false, until })]
        };
        for (taken, until) in [("1", Some(in_(900))), ("2", Some(in_(3600))), ("4", None)] {
            let mut app = at_the_quota(some_app(120, 40));
            press(&mut app, "x");
            assert!(panel(&app).contains("until its reset"), "{}", panel(&app));
            assert_eq!(press(&mut app, taken), off(until));
            let on = Command::Switch { target: Target::Lane("quick/small-8b".into()), on: true, until: None };
            assert_eq!(press(&mut app, "z"), [Effect::Send(on)]);
        }
        // Nothing of it is used: no reset to wait for.
        let mut app = at_the_quota(some_app(120, 40));
        app.selected = Some(Item::Of(Target::Lane("home/llama3.2".into())));
        press(&mut app, "x");
        assert!(!panel(&app).contains("reset"), "{}", panel(&app));
        press(&mut app, "qi");
        press(&mut app, "/disable home until reset\n");
        assert!(app.screen(NOW).footer.text().contains("nobody knows when its limit is full again"));
        assert_eq!(app.undo, None);
        // What was off before comes back as it was.
        let mut app = at_the_quota(some_app(120, 40));
        app.selected = Some(Item::Of(Target::Lane("moody/chat".into())));
        press(&mut app, "x1");
        let Some(Command::Switch { on: false, until: None, .. }) = app.undo else { panic!("{:?}", app.undo) };
    }

    #[test]
    fn what_is_wrong_with_a_command_is_said() {
        let mut app = some_app(120, 40);
        for (line, why) in [
            ("keep quick many", "write how many requests: 20, or 0, or reset"),
            ("keep home 20", "no limit on requests is known of"),
            ("weight quick 10", "a weight is a whole number from 1 to 9, or reset"),
            ("move quick sideways", "write up, down, first or last"),
            ("strategy fair", "write harvest, even, order or reset"),
            ("keep quick", "keep wants more: keep TARGET 20"),
        ] {
            let effects = press(&mut app, &format!("/{line}\n"));
            assert!(!effects.iter().any(|effect| matches!(effect, Effect::Send(Command::Set(_)))), "{line}");
            assert!(app.screen(NOW).footer.text().contains(why), "{line}: {}", app.screen(NOW).footer.text());
            app.composer.set("");
        }
        assert_eq!(
            press(&mut app, "/keep quick reset\n").first(),
            set(Setting::Keep(Target::Account("quick".into()), None)).first()
        );
    }

    #[test]
    fn a_test_says_its_cost_and_what_came_of_it() {
        let mut app = at_the_quota(some_app(120, 40));
        assert_eq!(press(&mut app, "t"), []);
        assert!(panel(&app).contains("one request of") && panel(&app).contains("simulated"), "{}", panel(&app));
        let effects = press(&mut app, "\n");
        let [Effect::Send(Command::Ask(ask))] = effects.as_slice() else { panic!("{effects:?}") };
        let lane = Target::Lane("quick/small-8b".into());
        assert_eq!(
            (ask.origin, ask.only.clone(), ask.request.params.max_tokens),
            (Origin::Probe, Some(lane), Some(16))
        );
        let Ask { turn: id, .. } = **ask;
        let failed =
            Turn { id, origin: Origin::Probe, ..turn(1, "q", "", TurnState::Failed("no \u{1b}[2J key".into())) };
        let moved = Moved {
            at: NOW,
            turn: Some(failed),
            attempts: vec![],
            lanes: vec![],
            meters: vec![],
            next: None,
            usual: Need::USUAL,
        };
        hear(&mut app, Report::Moved(Box::new(moved)));
        assert!(app.screen(NOW).footer.text().contains("✕ quick/small-8b: no \u{fffd}[2J key"));
        // Neither where prompts may be trained on, nor what is off; what costs money says so.
        let usual = Need { no_training: true, ..Need::USUAL };
        let mut app = at_the_quota(app_of(Snapshot { usual, ..real_snapshot() }, 120, 40));
        let trains = app.roster.chosen().find(|lane| lane.spec.training != Training::No).unwrap().spec.id.clone();
        app.selected = Some(Item::Of(Target::Lane(trains)));
        press(&mut app, "t");
        assert!(app.overlay.is_none() && app.screen(NOW).footer.text().contains("no training is wanted"));
        let mut app = at_the_quota(app_of(real_snapshot(), 120, 40));
        app.selected = Some(Item::Of(Target::Lane("openai/gpt-4.1".into())));
        press(&mut app, "t");
        assert!(app.overlay.is_none());
    }

    #[test]
    fn a_pause_is_loud_and_says_what_goes_on() {
        let mut app = at_the_quota(some_app(120, 40));
        assert_eq!(press(&mut app, "p"), [Effect::Send(Command::Pause(true))]);
        let control = Control { paused: Some(NOW), ..Control::default() };
        hear(&mut app, Report::Controlled(Box::new(control)));
        let screen = app.screen(NOW);
        assert!(screen.header.text().contains("PAUSED by you"));
        assert_eq!(screen.alerts[0].text(), " ◐ PAUSED by you since 09:41: nothing new is sent. p in a pane goes on");
        assert!(screen.prospect.text().contains("waits: paused by you"));
        assert_eq!(press(&mut app, "p"), [Effect::Send(Command::Pause(false))]);
    }

    #[test]
    fn a_frozen_screen_holds_back_what_is_told_and_asks_again_for_what_it_missed() {
        let mut app = at_the_quota(some_app(120, 40));
        press(&mut app, "f");
        let before = app.screen(NOW);
        let told = |id: u64| {
            let turn = Some(turn(100 + id, "later?", "Later.", TurnState::Done));
            Report::Moved(Box::new(Moved {
                at: NOW,
                turn,
                attempts: vec![],
                lanes: vec![],
                meters: vec![],
                next: None,
                usual: Need::USUAL,
            }))
        };
        for id in 0..42 {
            assert_eq!(hear(&mut app, told(id)), []);
        }
        let screen = app.screen(in_(7200));
        assert!(screen.header.text().contains("FROZEN +42"), "{}", screen.header.text());
        assert_eq!((screen.chat, screen.log.rows), (before.chat, before.log.rows));
        assert_eq!(screen.quota.board, before.quota.board);
        app.update(Msg::Tick, in_(10));
        assert_eq!(app.next_change(in_(7200)), None, "nothing changes by time");
        assert_eq!(press(&mut app, "f"), []);
        assert!(app.screen(NOW).chat.iter().any(|row| row.text().contains("Later.")));
        // More than is held: one snapshot in the end. One that comes by itself is all there is.
        press(&mut app, "f");
        (0..300).for_each(|id| drop(hear(&mut app, told(id))));
        assert_eq!(press(&mut app, "f"), [Effect::Send(Command::Refresh)]);
        press(&mut app, "f");
        (0..300).for_each(|id| drop(hear(&mut app, told(id))));
        hear(&mut app, Report::Snapshot(Box::new(snapshot())));
        assert_eq!(press(&mut app, "f"), []);
    }
}
