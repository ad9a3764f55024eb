//! What is done with turns that are there already: asked again, on the same lanes or on another; their question written
//! anew, and the chat gone on from there. What a new turn takes the place of is left out of what is sent from then on.
//!
//! ```text
//!  1 2 3 4   again: 3   1 2 ·3 ·4 5    (5 asks what 3 asked; 3 and 4 stay to be read, and are sent no more)
//! ```

use std::collections::BTreeSet;

use crate::app::action::Focus;
use crate::app::laid::Cell;
use crate::app::lanes::{Choice, Lanes};
use crate::app::message::Effect;
use crate::app::row::Role;
use crate::app::state::{App, Overlay};
use crate::domain::clock::Time;
use crate::domain::conversation::{Request, Turn};
use crate::domain::ids::{LaneId, TurnId};

impl App {
    /// Whether a turn is on its way, or was asked for and has not been heard of yet.
    pub(in crate::app) fn is_busy(&self) -> bool {
        self.awaited.is_some() || self.transcript.running().next().is_some()
    }

    /// Whether a turn is sent along no more.
    pub(in crate::app) fn is_left_out(&self, turn: TurnId) -> bool {
        self.left_out.contains(&turn) || self.fork.is_some_and(|fork| turn >= fork)
    }

    /// From this turn on nothing is sent along any more.
    pub(in crate::app) fn leave_out_from(&mut self, turn: TurnId) {
        let later = self.transcript.cells().iter().map(|cell| cell.turn.id).filter(|id| *id >= turn);
        self.left_out.extend(later);
    }

    /// Counts what goes along with the next question, after the turns or what is left out of them have changed.
    pub(in crate::app) fn count_along(&mut self) {
        let turns = || self.transcript.cells().iter().map(|cell| &cell.turn);
        let replacing = turns().filter(|turn| turn.stands()).filter_map(|turn| Some((turn.replaces?, turn.id)));
        let ranges: Vec<(TurnId, TurnId)> = replacing.collect();
        // What was asked and has not been heard of yet stands, too.
        let asked = self.asked.iter().filter(|ask| ask.conversation == self.conversations.current());
        let asked = asked.filter_map(|ask| Some((ask.replaces?, ask.turn)));
        let ranges: Vec<(TurnId, TurnId)> = ranges.into_iter().chain(asked).collect();
        let is_out = |id: TurnId| ranges.iter().any(|(from, to)| (*from..*to).contains(&id));
        self.left_out = if ranges.is_empty() {
            BTreeSet::new()
        } else {
            turns().map(|turn| turn.id).filter(|id| is_out(*id)).collect()
        };
        let along: BTreeSet<TurnId> = turns().filter(|turn| self.goes_along(turn)).map(|turn| turn.id).collect();
        let cells = self.transcript.cells.iter_mut().filter(|cell| along.contains(&cell.turn.id));
        let turns: u64 = cells.map(Cell::tokens).sum();
        let head = self
            .conversations
            .settings()
            .head()
            .map_or(0, |head| Request { messages: vec![head], ..Request::default() }.estimated_tokens());
        self.along = 4 + head + turns;
    }

    /// The turn that a key means: the selected one in the chat, else the last one.
    fn meant(&self) -> Option<&Turn> {
        let selected = (self.focus == Focus::Transcript).then(|| self.transcript.selected()).flatten();
        selected.or_else(|| self.transcript.cells().last()).map(|cell| &cell.turn)
    }

    /// Asks the turn's question again.
    pub(in crate::app) fn again(&mut self, now: Time) -> Vec<Effect> {
        let Some(turn) = self.meant().map(|turn| turn.id) else {
            self.say("nothing was asked yet", Role::Dim, now);
            return Vec::new();
        };
        self.ask_again(turn, None, now)
    }

    fn ask_again(&mut self, turn: TurnId, only: Option<LaneId>, now: Time) -> Vec<Effect> {
        if self.is_busy() {
            self.say("an answer is on its way: Ctrl+C stops it", Role::Warn, now);
            return Vec::new();
        }
        let Some(turn) = self.turn(turn) else { return Vec::new() };
        let replaces = (!turn.answer.is_empty()).then_some(turn.id);
        let (prompt, attachments) = (turn.prompt.clone(), turn.attachments.clone());
        self.ask(prompt, attachments, only, replaces, now)
    }

    /// Opens the list of lanes: for the turn that is meant, or for the next one.
    pub(in crate::app) fn choose_lane(&mut self, again: bool) {
        let again = again.then(|| self.meant().map(|turn| turn.id)).flatten();
        self.open(Overlay::Lanes(Lanes { again, ..Lanes::default() }));
    }

    /// Takes what was chosen in the list of lanes.
    pub(in crate::app) fn take_lane(&mut self, now: Time) -> Vec<Effect> {
        let Some(Overlay::Lanes(lanes)) = &self.overlay else { return Vec::new() };
        let (again, chosen) = (lanes.again, lanes.chosen(&self.roster));
        let Some(chosen) = chosen else { return Vec::new() };
        self.overlay = None;
        let only = match chosen {
            Choice::Any => None,
            Choice::Only(lane) => Some(lane),
        };
        if let Some(turn) = again {
            return self.ask_again(turn, only, now);
        }
        self.pin = only;
        self.focus = Focus::Composer;
        Vec::new()
    }

    /// Puts the question of the turn that is meant into the composer; sent from there, the chat goes on in its place.
    pub(in crate::app) fn edit_prompt(&mut self, now: Time) {
        let Some((id, prompt)) = self.meant().map(|turn| (turn.id, turn.prompt.clone())) else { return };
        if !self.composer.is_blank() {
            self.composer.clear();
            self.say("your draft waits behind ↑", Role::Plain, now);
        }
        self.composer.set(&prompt);
        self.fork = Some(id);
        self.focus = Focus::Composer;
        self.count_along();
    }

    /// The next message that waits is sent, if nothing holds it.
    pub(in crate::app) fn send_queued(&mut self, now: Time) -> Vec<Effect> {
        if self.is_busy() || self.queue_is_held() {
            return Vec::new();
        }
        match self.queue.take_next() {
            Some(queued) => self.ask_queued(queued, now),
            None => Vec::new(),
        }
    }

    /// What waits goes on its own only behind an answer: after a stop or a failure the user decides.
    pub(in crate::app) fn queue_is_held(&self) -> bool {
        use crate::domain::conversation::TurnState;
        let last = self.transcript.cells().last().map(|cell| &cell.turn.state);
        matches!(last, Some(TurnState::Stopped | TurnState::Failed(_) | TurnState::Interrupted))
    }

    /// The message that was queued last comes back into the composer; false: none waits.
    pub(in crate::app) fn pull_back(&mut self) -> bool {
        let Some(queued) = self.queue.pull_back() else { return false };
        self.composer.set(&queued.draft);
        self.pin = queued.only;
        self.fork = queued.replaces;
        self.keep_waiting();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Msg;
    use crate::app::fixture::{NOW, fresh, turn};
    use crate::app::keymap::{KeyCode, KeyEvent, KeyModifiers};
    use crate::domain::conversation::{Part, TurnState};
    use crate::domain::standing::{Need, Target};
    use crate::scheduler::link::{Ask, Command, Moved, Report};

    fn press(app: &mut App, modifiers: KeyModifiers, code: KeyCode) -> Vec<Effect> {
        app.update(Msg::Key(KeyEvent::new(code, modifiers)), NOW)
    }

    fn plain(app: &mut App, code: KeyCode) -> Vec<Effect> {
        press(app, KeyModifiers::NONE, code)
    }

    fn write(app: &mut App, text: &str) -> Vec<Effect> {
        app.update(Msg::Paste(text.into()), NOW);
        plain(app, KeyCode::Enter)
    }

    fn hear(app: &mut App, turn: Turn) -> Vec<Effect> {
        let (attempts, lanes, meters, next) = (vec![], vec![], vec![], Some("quick/small-8b".into()));
        let moved = Moved { at: NOW, turn: Some(turn), attempts, lanes, meters, next, usual: Need::USUAL };
        app.update(Msg::Report(Report::Moved(Box::new(moved))), NOW)
    }

    fn asked(effects: &[Effect]) -> Option<&Ask> {
        effects.iter().find_map(|effect| match effect {
            Effect::Send(Command::Ask(ask)) => Some(&**ask),
            _ => None,
        })
    }

    /// All that is sent, as words.
    fn sent(effects: &[Effect]) -> Vec<String> {
        let messages = asked(effects).map(|ask| ask.request.messages.clone()).unwrap_or_default();
        messages
            .iter()
            .flat_map(|message| &message.parts)
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                part => format!("{part:?}"),
            })
            .collect()
    }

    fn chat() -> App {
        let mut app = fresh(120, 40);
        for (id, prompt, answer, state) in [
            (1, "one?", "One.", TurnState::Done),
            (2, "two?", "Two.", TurnState::Done),
            (3, "three?", "Thr", TurnState::Stopped),
            (4, "four?", "", TurnState::Failed("no".into())),
        ] {
            hear(&mut app, turn(id, prompt, answer, state));
        }
        app
    }

    #[test]
    fn a_turn_is_asked_again_in_its_own_place() {
        let mut app = chat();
        let effects = press(&mut app, KeyModifiers::ALT, KeyCode::Char('r'));
        assert_eq!(sent(&effects), ["one?", "One.", "two?", "Two.", "three?", "Thr", "four?"], "nothing was answered");
        // Of the middle, one by one up from the last.
        let mut app = chat();
        plain(&mut app, KeyCode::Tab);
        for _ in 0..2 {
            plain(&mut app, KeyCode::Char('K'));
        }
        let effects = plain(&mut app, KeyCode::Char('a'));
        assert_eq!(sent(&effects), ["one?", "One.", "two?"]);
        assert!(app.screen(NOW).chat.iter().any(|row| row.text().contains("left out: not sent along")));
        assert_eq!(plain(&mut app, KeyCode::Char('a')), [], "one at a time");
    }

    #[test]
    fn a_question_is_written_anew_and_the_chat_goes_on_from_there() {
        let mut app = chat();
        app.update(Msg::Paste("a draft".into()), NOW);
        plain(&mut app, KeyCode::Tab);
        for _ in 0..2 {
            plain(&mut app, KeyCode::Char('K'));
        }
        plain(&mut app, KeyCode::Char('E'));
        assert_eq!((app.composer().text().as_str(), app.focus()), ("two?", Focus::Composer));
        // Given up, nothing has changed, and the draft is there.
        press(&mut app, KeyModifiers::CONTROL, KeyCode::Char('c'));
        assert!(app.left_out.is_empty() && !app.is_left_out(TurnId(2)));
        plain(&mut app, KeyCode::Up);
        plain(&mut app, KeyCode::Up);
        assert_eq!(app.composer().text(), "a draft");
        press(&mut app, KeyModifiers::CONTROL, KeyCode::Char('c'));
        plain(&mut app, KeyCode::Tab);
        plain(&mut app, KeyCode::Char('E'));
        let effects = write(&mut app, " or rather");
        assert_eq!(sent(&effects), ["one?", "One.", "two? or rather"]);
    }

    #[test]
    fn one_turn_goes_to_a_chosen_lane() {
        let mut app = chat();
        press(&mut app, KeyModifiers::ALT, KeyCode::Char('p'));
        for letter in "tiny".chars() {
            plain(&mut app, KeyCode::Char(letter));
        }
        plain(&mut app, KeyCode::Enter);
        assert!(app.screen(NOW).prospect.text().contains("only to steady/tiny-3b"));
        let effects = write(&mut app, "five?");
        assert_eq!(asked(&effects).unwrap().only, Some(Target::Lane("steady/tiny-3b".into())));
        let id = asked(&effects).unwrap().turn;
        hear(&mut app, Turn { id, ..turn(5, "five?", "Five.", TurnState::Done) });
        assert_eq!(asked(&write(&mut app, "six?")).unwrap().only, None, "for that one turn");
        // Asked again, elsewhere.
        let mut app = chat();
        plain(&mut app, KeyCode::Tab);
        plain(&mut app, KeyCode::Char('A'));
        plain(&mut app, KeyCode::Down);
        let effects = plain(&mut app, KeyCode::Enter);
        assert_eq!(
            asked(&effects).map(|ask| (ask.prompt.as_str(), ask.only.clone())),
            Some(("four?", Some(Target::Lane("quick/small-8b".into()))))
        );
    }

    #[test]
    fn messages_wait_in_line_and_are_pulled_back() {
        let mut app = chat();
        let id = asked(&write(&mut app, "five?")).unwrap().turn;
        for text in ["six?", "seven?"] {
            assert_eq!(asked(&write(&mut app, text)), None);
        }
        assert!(app.screen(NOW).below.unwrap().contains("2 queued"));
        plain(&mut app, KeyCode::Up);
        assert_eq!(app.composer().text(), "seven?");
        let running = Turn { id, ..turn(5, "five?", "Fi", TurnState::Running) };
        assert_eq!(asked(&hear(&mut app, running.clone())), None);
        // Stopped: it is for the user to say whether the next one goes.
        assert_eq!(asked(&hear(&mut app, Turn { state: TurnState::Stopped, ..running.clone() })), None);
        assert!(app.screen(NOW).below.unwrap().contains("held"));
        // What is sent now goes behind what waited before it.
        let effects = plain(&mut app, KeyCode::Enter);
        let six = asked(&effects).unwrap();
        assert_eq!(six.prompt, "six?");
        let effects = hear(&mut app, Turn { id: six.turn, ..turn(6, "six?", "Six.", TurnState::Done) });
        assert_eq!(asked(&effects).unwrap().prompt, "seven?", "by itself, behind an answer");
    }

    #[test]
    fn what_waits_is_kept_with_the_draft() {
        let mut app = chat();
        write(&mut app, "five?");
        let effects = write(&mut app, "six?");
        assert_eq!(effects, [Effect::Send(Command::KeepDraft("six?\n\n".into()))]);
        let effects = app.leave(NOW);
        assert_eq!(effects, [Effect::Quit], "it is kept already");
    }
}
