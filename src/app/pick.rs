//! The quota pane's selection, and what is done with what is selected: shown, switched, unfolded.

use crate::app::action::Move;
use crate::app::ask::words;
use crate::app::message::{Effect, Wanted};
use crate::app::roster::Item;
use crate::app::row::Role;
use crate::app::state::{App, Overlay};
use crate::domain::clock::Time;
use crate::domain::history::History;
use crate::domain::ids::AccountId;
use crate::domain::saving::Saving;
use crate::domain::standing::Target;
use crate::scheduler::link::Command;

/// Items that a page has.
const PAGE: usize = 5;

impl App {
    /// What is selected; the first item, if nothing was, or what was is not there any more.
    pub(in crate::app) fn selected_item(&self) -> Option<Item> {
        let items = self.roster.items(&self.unfolded);
        let selected = self.selected.clone();
        // If it was folded away: the line that stands for it.
        let fold = match &selected {
            Some(Item::Of(Target::Lane(lane))) => Some(Item::Listed(lane.account())),
            Some(Item::Of(Target::Account(_)) | Item::Listed(_)) | None => None,
        };
        let known = selected.into_iter().chain(fold).find(|item| items.contains(item));
        known.or_else(|| items.into_iter().next())
    }

    pub(in crate::app) fn select_by(&mut self, way: Move) {
        let items = self.roster.items(&self.unfolded);
        let selected = self.selected_item();
        let at = items.iter().position(|item| Some(item) == selected.as_ref()).unwrap_or(0);
        let to = match way {
            Move::Up | Move::PreviousTurn => at.saturating_sub(1),
            Move::Down | Move::NextTurn => at + 1,
            Move::PageUp | Move::HalfUp => at.saturating_sub(PAGE),
            Move::PageDown | Move::HalfDown => at + PAGE,
            Move::First => 0,
            Move::Last => usize::MAX,
        };
        self.selected = items.get(to.min(items.len().saturating_sub(1))).cloned();
    }

    /// Shows all that is known of what is selected, or what is folded into it.
    pub(in crate::app) fn open_item(&mut self) {
        match self.selected_item() {
            Some(Item::Of(target)) => self.open(Overlay::Target(target)),
            Some(Item::Listed(account)) => self.fold(account.clone(), !self.unfolded.contains(&account)),
            None => {}
        }
    }

    /// Shows or hides the listed lanes of the account to which the selection belongs.
    pub(in crate::app) fn fold_selected(&mut self, open: bool) {
        match self.selected_item() {
            Some(Item::Listed(account) | Item::Of(Target::Account(account))) => self.fold(account, open),
            Some(Item::Of(Target::Lane(lane))) => self.fold(lane.account(), open),
            None => {}
        }
    }

    fn fold(&mut self, account: AccountId, open: bool) {
        if open {
            self.unfolded.insert(account);
        } else {
            self.unfolded.remove(&account);
        }
        self.selected = self.selected_item();
        self.count_rows();
    }

    /// Asks for the last day of what has its detail open, if it is not known. Where nothing is kept, memory tells.
    pub(in crate::app) fn recall(&mut self, now: Time) -> Option<Effect> {
        let open = if let Some(Overlay::Target(target)) = &self.overlay { Some(target) } else { None };
        let target = self.past.wants(open, now)?;
        if self.saving == Saving::Never {
            let history = History::of(&target, self.log.attempts().iter(), now);
            self.past.learn(&target, Ok(history));
            return None;
        }
        Some(Effect::Look(Wanted::Day(target, now)))
    }

    pub(in crate::app) fn switch(&mut self, now: Time) -> Vec<Effect> {
        let (account, switch) = match self.at_hand() {
            None => return Vec::new(),
            Some(Item::Listed(account)) => (account, None),
            Some(Item::Of(Target::Account(account))) => {
                let target = Target::Account(account.clone());
                (account, self.roster.switch(&target))
            }
            Some(Item::Of(Target::Lane(lane))) => (lane.account(), self.roster.switch(&Target::Lane(lane))),
        };
        let Some((target, on)) = switch else {
            self.say(format!("{account}: switch its lanes on one by one"), Role::Warn, now);
            return Vec::new();
        };
        self.switched(target, on, now)
    }

    pub(in crate::app) fn undo(&mut self, now: Time) -> Vec<Effect> {
        match self.undo.take() {
            Some(Command::Switch { target, on, until: None }) => self.switched(target, on, now),
            Some(Command::Switch { target, until, .. }) => self.off_until(target, until, now),
            Some(Command::Set(setting)) => {
                self.undo = Some(Command::Set(self.control.hand.undoing(&setting)));
                self.show_set(&setting);
                self.say("undone  z does it again", Role::Plain, now);
                vec![Effect::Send(Command::Set(setting))]
            }
            Some(_) | None => {
                self.say("nothing to undo", Role::Dim, now);
                Vec::new()
            }
        }
    }

    fn switched(&mut self, target: Target, on: bool, now: Time) -> Vec<Effect> {
        self.undo = Some(Command::Switch { target: target.clone(), on: !on, until: None });
        let what = if on { "is in the rotation" } else { "is out of the rotation" };
        self.say(format!("{} {what}  z undo", words(&target)), Role::Plain, now);
        vec![Effect::Send(Command::Switch { target, on, until: None })]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Msg;
    use crate::app::fixture::{NOW, app_of, real_snapshot};
    use crate::app::keymap::{KeyCode, KeyEvent, KeyModifiers};
    use crate::app::row::Row;
    use crate::scheduler::link::Report;

    fn press(app: &mut App, codes: &[KeyCode]) -> Vec<Effect> {
        let key = |code: &KeyCode| Msg::Key(KeyEvent::new(*code, KeyModifiers::NONE));
        let effects = codes.iter().flat_map(|code| app.update(key(code), NOW));
        effects.filter(|effect| !matches!(effect, Effect::Look(Wanted::Day(..)))).collect()
    }

    /// The dashboard with the fold of `openrouter`'s 24 listed lanes selected.
    fn at_the_fold() -> App {
        let mut app = app_of(real_snapshot(), 120, 40);
        press(&mut app, &[KeyCode::Tab, KeyCode::Tab]);
        press(&mut app, &[KeyCode::Down; 7]);
        assert_eq!(app.selected_item(), Some(Item::Listed("openrouter".into())));
        app
    }

    fn lane(id: &str) -> Item {
        Item::Of(Target::Lane(id.into()))
    }

    #[test]
    fn listed_lanes_unfold_and_fold() {
        use KeyCode::{Down, Enter, Left, Right};
        let mut app = at_the_fold();
        let count = |app: &App| app.roster.items(&app.unfolded).len();
        let folded = count(&app);
        for (open, close) in [(Right, Left), (Enter, Enter)] {
            press(&mut app, &[open]);
            assert_eq!(count(&app), folded + 24);
            press(&mut app, &[close]);
            assert_eq!((count(&app), app.selected_item()), (folded, Some(Item::Listed("openrouter".into()))));
        }
        press(&mut app, &[Right, Down, Down]);
        assert_eq!(app.selected_item(), Some(lane("openrouter/vendor/model-2")));
        press(&mut app, &[Left]);
        assert_eq!(app.selected_item(), Some(Item::Listed("openrouter".into())), "what stands for it");
    }

    #[test]
    fn only_its_own_switch_puts_a_listed_lane_in() {
        use KeyCode::{Char, Down, Right};
        let mut app = at_the_fold();
        assert_eq!(press(&mut app, &[Char(' ')]), []);
        assert!(app.screen(NOW).footer.text().contains("openrouter: switch its lanes on one by one"));
        let on = |id: &str| Effect::Send(Command::Switch { target: Target::Lane(id.into()), on: true, until: None });
        assert_eq!(press(&mut app, &[Right, Down, Char(' ')]), [on("openrouter/vendor/model-1")]);
        // An account that has nothing else.
        app.selected = Some(Item::Of(Target::Account("openai".into())));
        assert_eq!(press(&mut app, &[Char(' ')]), []);
        assert!(app.screen(NOW).footer.text().contains("openai: switch its lanes on one by one"));
        // One that has others is switched as ever.
        app.selected = Some(Item::Of(Target::Account("openrouter".into())));
        let off =
            Effect::Send(Command::Switch { target: Target::Account("openrouter".into()), on: false, until: None });
        assert_eq!(press(&mut app, &[Char(' ')]), [off]);
        // A single lane of its account, in its detail.
        app.selected = Some(lane("litellm/house-model"));
        assert_eq!(press(&mut app, &[KeyCode::Enter, Char(' ')]), [on("litellm/house-model")]);
    }
    #[test]
    fn a_detail_asks_for_the_last_day_once() {
        use KeyCode::{Enter, Esc, Tab};
        let key = |code: KeyCode| Msg::Key(KeyEvent::new(code, KeyModifiers::NONE));
        let mut app = app_of(real_snapshot(), 120, 40);
        press(&mut app, &[Tab, Tab]);
        let Some(Item::Of(target)) = app.selected_item() else { panic!() };
        assert_eq!(app.update(key(Enter), NOW), [Effect::Look(Wanted::Day(target.clone(), NOW))]);
        assert_eq!(app.update(Msg::Tick, NOW), []);
        let detail =
            |app: &App| app.screen(NOW).panel.unwrap().rows.iter().map(Row::text).collect::<Vec<_>>().join("\n");
        app.update(key(KeyCode::End), NOW);
        assert!(detail(&app).contains("reading …"));
        app.update(Msg::Recalled(target.clone(), Err("the disk \u{1b}[2J is damaged".into())), NOW);
        assert!(detail(&app).contains("the disk \u{fffd}[2J is damaged"));
        press(&mut app, &[Esc]);
        // Where nothing is kept, memory tells, and that is said.
        app.update(Msg::Report(Report::Saving(Saving::Never)), NOW);
        assert_eq!(app.update(key(Enter), NOW), []);
        app.update(key(KeyCode::End), NOW);
        assert!(detail(&app).contains("from memory") && detail(&app).contains("nothing was asked"));
    }
}
