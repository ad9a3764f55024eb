//! Floor 3: the dashboard's state, pure. `update` takes a message and the time, and says what is to be done; `screen`
//! says what is to be seen. Knows no colour, no terminal, no clock and no task.
//!
//! ```text
//!  Msg ──update──▶ App ──screen──▶ Screen (rows with roles)
//!        │          └──next_change──▶ when it looks different by time alone
//!        └──▶ Vec<Effect>
//! ```

/// Columns of texts, and where they are cut.
pub mod cells;

/// Rows and the roles of their pieces.
pub mod row;

/// What is not to be seen on a picture.
pub mod veil;

/// Numbers and times in few columns, and when they change.
pub mod due;

/// How well a name fits what is typed.
pub mod fuzzy;

/// One mark of a line.
pub mod mark;

/// Marks inside a line.
pub mod inline;

/// What a line is, and what stands before it.
pub mod lead;

/// Tables.
pub mod table;

/// Blocks of code.
pub mod listing;

/// Texts as wrapped rows.
pub mod prose;

/// Code on its way to be looked into.
pub mod snippet;

/// Pages of the log, and what is written down of it.
pub mod page;

/// What can be done.
pub mod action;

/// Where keys mean what.
pub mod place;

/// Every key.
pub mod keymap;

/// What the mouse did.
pub mod pointer;

/// What is offered at the setup.
pub mod offer;

/// What is read for the dashboard.
pub mod fetch;

/// What is told, and what is to be done.
pub mod message;

/// The draft.
pub mod composer;

/// Messages that wait.
pub mod queue;

/// Conversations as last reported.
pub mod conversations;
/// Files that go along with a message.
pub mod scales;

/// Where everything stands.
pub mod geometry;

/// What a model thought.
pub mod thoughts;

/// One turn, laid out.
pub mod laid;

/// The chat, and what is seen of it.
pub mod transcript;

/// The selected turn.
pub mod choice;

/// What is shown first, until something clearly changes.
pub mod steady;

/// How much can still be asked.
pub mod ahead;

/// Lanes and limits as last reported.
pub mod roster;

/// What can be done by name.
pub mod command;
/// Forecasts in words.
pub mod foresight;

/// One limit.
pub mod gauge;

/// One lane or account of the quota pane.
pub mod block;

/// The day to come.
pub mod ribbon;

/// The quota pane.
pub mod board;

/// The request log.
pub mod log;

/// The log beyond what is held.
mod older;

/// The help.
pub mod help;

/// The last day of a lane.
pub mod past;

/// All that is known of one thing.
pub mod detail;

/// All that is known of one attempt.
pub mod record;

/// Providers, and the key for one.
pub mod setup;

/// The list of lanes.
pub mod lanes;

/// The list of conversations.
pub mod shelf;

/// The settings of a conversation.
pub mod form;

/// A short list.
pub mod options;

/// What is searched for in the chat.
pub mod find;
/// The list of commands.
pub mod palette;

/// The search in the earlier prompts.
pub mod recall;

/// What completes a word of the draft.
pub mod menu;

/// What is told while the screen is frozen.
pub mod held;

/// All that is remembered.
pub mod state;

/// The rows of the chat.
pub mod chat;

/// What stands where the first turn will.
mod welcome;

/// Header, footer, and the lines between.
pub mod status;

/// All that is seen.
pub mod screen;

/// The same, said.
pub mod spoken;

/// The screen, veiled.
mod veiled;

/// When its user is called.
mod call;

/// What the scheduler says, taken in.
mod hear;

/// What is asked, and what comes back unsent.
mod ask;

/// What is done with turns that are there already.
mod steer;

/// What is done with conversations.
mod converse;

/// Files that are named, read and weighed.
mod attach;
/// What is taken out of a conversation: copied, saved.
mod take_out;

/// Commands by name, done.
mod order;

/// When words of the draft are completed.
mod complete;

/// What is selected in the quota pane.
mod pick;

/// What is done at the setup.
mod equip;

/// What is done to the look of the screen.
mod looks;

/// The frozen screen.
mod freeze;

/// One tiny question to one lane.
mod probe;

/// The user's hand on the rotation.
mod control;

/// What keys do.
mod act;

/// What is done with the log.
mod logbook;

/// What the mouse does.
mod point;

/// A dashboard in the middle of its work, for tests.
#[cfg(test)]
pub(crate) mod fixture;

use crate::app::pointer::pointer;
use crate::app::row::Role;
use crate::app::state::{Link, Overlay};
use crate::domain::clock::Time;
use crate::domain::text::one_line;
use crate::scheduler::link::Command;

pub use crate::app::message::{AppConfig, Effect, Msg};
pub use crate::app::screen::Screen;
pub use crate::app::state::App;

impl App {
    /// Takes in what happened at `now`, and says what is to be done.
    pub fn update(&mut self, msg: Msg, now: Time) -> Vec<Effect> {
        let writes = matches!(msg, Msg::Key(_) | Msg::Paste(_) | Msg::Fetched(_) | Msg::Edited(_) | Msg::Mouse(_));
        let mut effects = match msg {
            Msg::Key(key) => self.key(key, now),
            Msg::Paste(text) => {
                self.write(&text, now);
                Vec::new()
            }
            Msg::Mouse(mouse) => pointer(mouse).map_or_else(Vec::new, |pointer| self.point(pointer, now)),
            Msg::Resize(width, height) => {
                self.size = (width, height);
                Vec::new()
            }
            Msg::Report(report) => self.hear_or_hold(report, now),
            Msg::Tick if self.frozen.is_some() => Vec::new(),
            Msg::Tick => {
                self.roster.follow(None, self.config.usual, now);
                self.roster.look_ahead(false, self.config.usual, now);
                Vec::new()
            }
            Msg::SchedulerStopped(why) => {
                self.link = Link::Stopped;
                self.transcript.break_off("the scheduler has stopped");
                self.broke(format!("{why}: nothing can be sent; quit and start again"));
                Vec::new()
            }
            Msg::OwnerLost(owner) => {
                self.say(format!("process {owner} has ended: another one takes over"), Role::Warn, now);
                Vec::new()
            }
            Msg::OwnerFound { subscriber, owner, said } => {
                let effects = self.thaw(now);
                self.owner_found(subscriber, owner, said, now);
                effects
            }
            Msg::Told(sentence) => {
                if let Some(Overlay::Shelf(list)) = &mut self.overlay {
                    list.give_up();
                }
                self.say(one_line(&sentence), Role::Warn, now);
                Vec::new()
            }
            Msg::Done(sentence) => {
                self.say(one_line(&sentence), Role::Plain, now);
                Vec::new()
            }
            Msg::Refused(command) => {
                self.refused(command, now);
                Vec::new()
            }
            Msg::Panicked(what) => {
                self.broke(format!("a part of roundel broke: {what}"));
                Vec::new()
            }
            Msg::Fetched(fetched) => self.fetched(fetched, now),
            Msg::Edited(edited) => {
                self.edited(edited, now);
                Vec::new()
            }
            Msg::Interrupted => self.leave(now),
            came => {
                self.take_in(came, now);
                Vec::new()
            }
        };
        if self.notice.as_ref().is_some_and(|notice| notice.until <= now) {
            self.notice = None;
        }
        if self.fork.is_some() && self.composer.is_blank() {
            self.fork = None;
            self.count_along();
        }
        if self.link != Link::Stopped {
            self.composer.note(now);
            effects.extend(self.composer.to_keep(now, false).map(Command::KeepDraft).map(Effect::Send));
        }
        effects.extend(self.keep_look());
        effects.extend(self.look_for());
        if writes {
            effects.extend(self.refresh_menu());
            effects.extend(self.weigh());
        }
        self.lay_out();
        effects.extend(self.recall(now));
        effects.extend(self.transcript.ask().into_iter().map(Effect::Parse));
        effects.extend(self.log.ask().map(Effect::ReadLog));
        effects
    }

    /// What was read, or found out, for the dashboard.
    fn take_in(&mut self, msg: Msg, now: Time) {
        match msg {
            Msg::Read(id, turns) => {
                self.read(id, turns);
            }
            Msg::Found(words, hits) => {
                if let Some(Overlay::Shelf(list)) = &mut self.overlay {
                    list.take_in(words, hits);
                }
            }
            Msg::Parsed(found) => {
                self.transcript.learn(found);
            }
            Msg::Recalled(target, found) => {
                self.past.learn(&target, found);
            }
            Msg::LogRead(page) => {
                self.log.read(page);
            }
            Msg::LogUnread(number, why) => {
                self.log.unread(number);
                self.say(one_line(&format!("older rows of the log cannot be read: {why}")), Role::Warn, now);
            }
            Msg::Focused(focused) => self.looks.away = !focused,
            Msg::Setup(heard) => self.hear_setup(heard),
            Msg::Body(attempt, body) => {
                self.learn_body(attempt, body);
            }
            _ => {}
        }
    }

    /// The next instant at which something is to be drawn or kept by time alone: then `update` wants a [`Msg::Tick`].
    /// It may have passed already: then at once. None: nothing changes until something happens.
    pub fn next_change(&self, now: Time) -> Option<Time> {
        self.next_after(self.screen(now).due.next(), now)
    }

    /// [`App::next_change`], where it is known already that what is seen changes at `seen`.
    pub fn next_after(&self, seen: Option<Time>, now: Time) -> Option<Time> {
        let notice = self.notice.as_ref().map(|notice| notice.until.max(now));
        let keep = self.composer.keep_at().filter(|_| self.link != Link::Stopped);
        [seen, notice, keep].into_iter().flatten().min()
    }

    fn broke(&mut self, what: String) {
        if self.broken.last() != Some(&what) {
            self.broken.push(what);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::app::action::Focus;
    use crate::app::fixture::{NOW, app, app_of, config, fresh, in_, real_snapshot, snapshot, turn};
    use crate::app::keymap::{KeyCode, KeyEvent, KeyModifiers, MouseEvent, MouseEventKind};
    use crate::domain::attempt::Outcome;
    use crate::domain::conversation::{Message, Origin, Request, Role, Turn, TurnState};
    use crate::domain::ids::TurnId;
    use crate::domain::roster::{Cost, LaneSpec, Training};
    use crate::domain::saving::Saving;
    use crate::domain::standing::{Need, Target};
    use crate::scheduler::link::{Ask, Moved, Report, Said, Snapshot, Urgent, turn_id};

    const CTRL: KeyModifiers = KeyModifiers::CONTROL;

    fn key(code: KeyCode) -> Msg {
        Msg::Key(KeyEvent::new(code, KeyModifiers::NONE))
    }

    fn ctrl(letter: char) -> Msg {
        Msg::Key(KeyEvent::new(KeyCode::Char(letter), CTRL))
    }

    fn write(app: &mut App, text: &str) {
        for letter in text.chars() {
            app.update(key(KeyCode::Char(letter)), NOW);
        }
    }

    fn hear(app: &mut App, turn: Turn) -> Vec<Effect> {
        let next = Some("quick/small-8b".into());
        let moved = Moved {
            at: NOW,
            turn: Some(turn),
            attempts: vec![],
            lanes: vec![],
            meters: vec![],
            next,
            usual: Need::USUAL,
        };
        app.update(Msg::Report(Report::Moved(Box::new(moved))), NOW)
    }

    fn idle() -> App {
        fresh(100, 40)
    }

    #[test]
    fn enter_asks_with_all_that_was_said_before() {
        let mut app = idle();
        hear(&mut app, turn(1, "one?", "One.", TurnState::Done));
        hear(&mut app, turn(2, "two?", "", TurnState::Failed("no".into())));
        hear(&mut app, turn(3, "three?", "", TurnState::Stopped));
        write(&mut app, "four?");
        let id = turn_id(NOW, 1, TurnId(3));
        let messages = vec![
            Message::text(Role::User, "one?"),
            Message::text(Role::Assistant, "One."),
            Message::text(Role::User, "four?"),
        ];
        let request = Request { messages, ..Request::default() };
        let ask = Ask {
            conversation: crate::domain::ids::ConversationId::FIRST,
            along: vec![TurnId(1)],
            ..Ask::new(id, Origin::Chat, "four?".into(), request)
        };
        assert_eq!(app.update(key(KeyCode::Enter), NOW), [Effect::Send(Command::Ask(Box::new(ask)))]);
        assert_eq!(app.composer().text(), "");
        assert_eq!(app.update(key(KeyCode::Enter), NOW), []);
        // Another one in the same millisecond waits, and has another id.
        write(&mut app, "five?");
        let kept = Effect::Send(Command::KeepDraft("five?\n\n".into()));
        assert_eq!(app.update(key(KeyCode::Enter), NOW), [kept]);
        let done = Turn { id, ..turn(4, "four?", "Four.", TurnState::Done) };
        let effects = hear(&mut app, done);
        let Some(Effect::Send(Command::Ask(ask))) = effects.first() else { panic!("{effects:?}") };
        assert!(ask.turn > id);
    }

    #[test]
    fn a_request_carries_the_whole_conversation() {
        let mut app = idle();
        for id in 1..=30 {
            hear(&mut app, turn(id, "q", "a", TurnState::Done));
        }
        write(&mut app, "x");
        let effects = app.update(key(KeyCode::Enter), NOW);
        let Some(Effect::Send(Command::Ask(ask))) = effects.first() else { panic!("{effects:?}") };
        assert_eq!((ask.request.messages.len(), ask.along.len()), (61, 30));
    }

    #[test]
    fn what_was_refused_comes_back() {
        let mut app = idle();
        write(&mut app, "keep me");
        let effects = app.update(key(KeyCode::Enter), NOW);
        let Some(Effect::Send(ask @ Command::Ask(_))) = effects.into_iter().next() else { panic!() };
        app.update(Msg::Refused(ask.clone()), NOW);
        assert_eq!(app.composer().text(), "keep me");
        assert!(app.screen(NOW).footer.text().contains("not sent"));
        app.update(Msg::Refused(ask), NOW);
        assert_eq!(app.composer().text(), "keep me\nkeep me");
    }

    #[test]
    fn ctrl_c_stops_the_nearest_thing() {
        let mut app = idle();
        hear(&mut app, turn(1, "q", "half", TurnState::Running));
        hear(&mut app, turn(2, "q", "half", TurnState::Running));
        write(&mut app, "draft");
        app.update(key(KeyCode::F(1)), NOW);
        assert_eq!(app.update(ctrl('c'), NOW), [], "closes the help");
        assert_eq!(app.update(ctrl('c'), NOW), [Effect::Urgent(Urgent::Cancel(TurnId(2)))]);
        assert_eq!(app.update(ctrl('c'), NOW), [Effect::Urgent(Urgent::Cancel(TurnId(1)))]);
        assert_eq!((app.update(ctrl('c'), NOW), app.composer().text()), (vec![], String::new()), "clears the draft");
        app.update(key(KeyCode::Up), NOW);
        assert_eq!(app.composer().text(), "draft");
        app.update(ctrl('c'), NOW);
        assert_eq!(app.update(ctrl('c'), NOW), [], "arms");
        assert_eq!(app.update(ctrl('c'), in_(2)), [], "too late: arms again");
        assert_eq!(app.update(ctrl('c'), in_(3)), [Effect::Quit]);
    }

    #[test]
    fn quitting_keeps_the_draft_and_asks_while_an_answer_comes() {
        let mut app = idle();
        hear(&mut app, turn(1, "q", "half", TurnState::Running));
        write(&mut app, "draft");
        assert_eq!(app.update(ctrl('d'), NOW), [], "deletes, there is something");
        app.update(key(KeyCode::Tab), NOW);
        assert_eq!(app.update(key(KeyCode::Char('q')), NOW), []);
        let kept = Effect::Send(Command::KeepDraft("draft".into()));
        assert_eq!(app.update(key(KeyCode::Char('q')), in_(1)), [kept, Effect::Quit]);
        assert_eq!(idle().update(ctrl('d'), NOW), [Effect::Quit]);
        assert_eq!(idle().update(Msg::Interrupted, NOW), [Effect::Quit]);
    }

    #[test]
    fn a_draft_is_kept_while_it_is_written_and_found_again() {
        let mut app = idle();
        write(&mut app, "ab");
        assert_eq!(app.next_change(NOW), Some(in_(1)));
        assert_eq!(app.update(Msg::Tick, in_(1)), [Effect::Send(Command::KeepDraft("ab".into()))]);
        assert_eq!((app.update(Msg::Tick, in_(2)), app.next_change(in_(2))), (vec![], None));
        let kept = || Msg::Report(Report::Snapshot(Box::new(snapshot_with_draft("ab"))));
        let mut again = App::new(config(100, 40));
        again.update(kept(), NOW);
        assert_eq!(again.composer().text(), "ab");
        let mut typed = App::new(config(100, 40));
        write(&mut typed, "new");
        typed.update(kept(), NOW);
        assert_eq!(typed.composer().text(), "new");
    }

    fn snapshot_with_draft(draft: &str) -> crate::scheduler::link::Snapshot {
        crate::scheduler::link::Snapshot { draft: draft.into(), ..snapshot() }
    }

    #[test]
    fn a_paste_is_never_sent() {
        let mut app = idle();
        app.update(key(KeyCode::Tab), NOW);
        assert_eq!(app.update(Msg::Paste("one\r\ntwo\rthree\n".into()), NOW), []);
        assert_eq!((app.composer().text().as_str(), app.focus()), ("one\ntwo\nthree\n", Focus::Composer));
    }

    #[test]
    fn space_switches_what_is_selected_and_z_undoes_it() {
        let mut app = app(120, 40);
        app.update(Msg::Key(KeyEvent::new(KeyCode::Char('2'), KeyModifiers::ALT)), NOW);
        let switch = |target: Target, on| vec![Effect::Send(Command::Switch { target, on, until: None })];
        let lane = |id: &str| Target::Lane(id.into());
        assert_eq!(app.update(key(KeyCode::Char(' ')), NOW), switch(lane("quick/small-8b"), false));
        assert_eq!(app.update(key(KeyCode::Char('z')), NOW), switch(lane("quick/small-8b"), true));
        app.update(key(KeyCode::Char('j')), NOW);
        assert_eq!(app.update(key(KeyCode::Char(' ')), NOW), switch(Target::Account("steady".into()), false));
        for _ in 0..5 {
            app.update(key(KeyCode::Down), NOW);
        }
        // It was switched off with its account, so it comes back with it.
        assert_eq!(app.update(key(KeyCode::Char(' ')), NOW), switch(Target::Account("moody".into()), true));
    }

    #[test]
    fn nothing_changes_on_a_fresh_screen() {
        for (width, height) in [(80, 24), (120, 40), (200, 60), (60, 20)] {
            let app = fresh(width, height);
            assert_eq!(app.next_change(NOW), None, "{width}x{height}");
            assert_eq!(app.next_change(in_(100_000)), None, "{width}x{height}");
        }
    }

    /// Steps through an hour: between two instants that were named, nothing looks different.
    #[test]
    fn what_changes_by_time_is_named_before() {
        let mut app = app(200, 60);
        let mut ended = snapshot();
        ended.turns.iter_mut().for_each(|turn| turn.state = TurnState::Done);
        ended.log.iter_mut().for_each(|attempt| attempt.outcome = Outcome::Answered);
        app.update(Msg::Report(Report::Snapshot(Box::new(ended))), NOW);
        let seen = |app: &App, now: Time| {
            let screen = app.screen(now);
            format!("{:?} {:?} {:?} {:?}", screen.header, screen.chat, screen.quota.board, screen.footer)
        };
        let mut now = NOW;
        let mut steps = 0;
        while let Some(next) = app.next_change(now).filter(|next| next.since(NOW) < Duration::from_hours(1)) {
            assert!(next > now);
            // A bucket names its steps a millisecond late, so that they are true.
            let before = Time::from_ms(next.ms() - 2);
            // What changes many times a second is drawn once a second, so it may differ within one.
            if next.since(now) > Duration::from_secs(1) {
                assert!(seen(&app, now) == seen(&app, before), "between {now:?} and {next:?}");
            }
            now = next;
            steps += 1;
        }
        assert!((20..400).contains(&steps), "{steps}");
    }

    #[test]
    fn the_mouse_scrolls_what_is_under_it_and_selects() {
        let mut app = app(120, 40);
        let mouse = |kind, column, row| Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
        app.update(mouse(MouseEventKind::ScrollUp, 5, 5), NOW);
        assert!(!app.transcript().follows());
        app.update(mouse(MouseEventKind::ScrollDown, 5, 5), NOW);
        assert!(app.transcript().follows());
        let click = MouseEventKind::Down(crate::app::keymap::MouseButton::Left);
        app.update(mouse(click, 80, 5), NOW);
        assert_eq!((app.focus(), app.screen(NOW).quota.selected), (Focus::Quota, Some(1)));
        let log = app.areas().log;
        app.update(mouse(click, log.x + 4, log.y + 3), NOW);
        assert_eq!((app.focus(), app.log().window().selected()), (Focus::Log, Some(1)));
        app.update(mouse(click, 5, 37), NOW);
        assert_eq!(app.focus(), Focus::Composer);
    }

    #[test]
    fn what_is_wrong_stays_on_the_screen() {
        let mut app = idle();
        let saving = Saving::No { since: NOW, why: "the disk is full".into() };
        app.update(Msg::Report(Report::Saving(saving)), NOW);
        app.update(Msg::Panicked("index out of bounds".into()), NOW);
        app.update(Msg::SchedulerStopped("the scheduler has stopped".into()), NOW);
        let alerts: Vec<String> = app.screen(NOW).alerts.iter().map(crate::app::row::Row::text).collect();
        assert_eq!(
            alerts,
            [
                " ✕ a part of roundel broke: index out of bounds",
                " ✕ the scheduler has stopped: nothing can be sent; quit and start again",
                " ✕ not saving since 09:41: the disk is full (kept in memory)",
            ]
        );
        app.update(Msg::Report(Report::Saving(Saving::Yes)), NOW);
        assert_eq!(app.screen(NOW).alerts.len(), 2);
        assert_eq!(app.next_change(NOW), None);
    }

    #[test]
    fn a_stopped_scheduler_lets_one_quit() {
        let mut app = idle();
        hear(&mut app, turn(1, "q", "half", TurnState::Running));
        app.update(Msg::SchedulerStopped("the scheduler has stopped".into()), NOW);
        app.update(ctrl('c'), NOW);
        assert_eq!(app.update(ctrl('c'), NOW), [Effect::Quit]);
    }

    #[test]
    fn another_owner_changes_nothing_here_and_hears_what_the_last_one_took_with_it() {
        let config = AppConfig { owner: Some(1234), ..config(120, 40) };
        let mut app = App::new(config);
        app.update(Msg::Report(Report::Snapshot(Box::new(real_snapshot()))), NOW);
        let header = |app: &App| app.screen(NOW).header.text();
        assert!(header(&app).contains("  attached to process 1234 "), "{}", header(&app));
        app.update(Msg::Resize(80, 24), NOW);
        assert!(header(&app).contains(" 1234 ") && cells::of(&header(&app)) <= 80, "{}", header(&app));
        write(&mut app, "first");
        let first = app.update(key(KeyCode::Enter), NOW);
        let Some(Effect::Send(asked)) = first.first() else { panic!("{first:?}") };
        write(&mut app, "half a th");
        app.update(Msg::OwnerLost(1234), NOW);
        let found = Msg::OwnerFound { subscriber: 7, owner: None, said: "took over from process 1234".into() };
        assert_eq!(app.update(found, NOW), []);
        // The last owner told nobody of the question.
        let mut after = real_snapshot();
        after.draft = "what stood there before".into();
        let again = app.update(Msg::Report(Report::Snapshot(Box::new(after.clone()))), NOW);
        assert_eq!(again, [Effect::Send(asked.clone())]);
        assert_eq!(app.composer().text(), "half a th");
        assert!(!header(&app).contains("attached"));
        assert_eq!(app.screen(NOW).footer.text().trim(), "took over from process 1234");
        // Once is enough, and what was typed is kept anew.
        assert_eq!(app.update(Msg::Report(Report::Snapshot(Box::new(after))), NOW), []);
        let later = in_(2);
        assert_eq!(app.update(Msg::Tick, later), [Effect::Send(Command::KeepDraft("half a th".into()))]);
        // Asked under the new number, once the first is answered.
        let Command::Ask(asked) = asked else { panic!("{asked:?}") };
        hear(&mut app, turn(asked.turn.0, "first", "so far", TurnState::Done));
        let Some(Effect::Send(Command::Ask(second))) = app.update(key(KeyCode::Enter), later).into_iter().next() else {
            panic!("not asked");
        };
        assert_eq!(second.turn.0 & 1023, 7);
    }

    #[test]
    fn text_goes_where_its_turn_is() {
        let mut app = idle();
        hear(&mut app, turn(1, "q", "He", TurnState::Running));
        let said = Said { turn: TurnId(1), from: 2, text: "llo\u{1b}[2J".into(), reasoning: false };
        app.update(Msg::Report(Report::Said(said)), NOW);
        let rows: Vec<String> = app.screen(NOW).chat.iter().map(crate::app::row::Row::text).collect();
        assert!(rows.contains(&"Hello\u{fffd}[2J".to_owned()), "{rows:?}");
    }

    #[test]
    fn the_draft_says_what_it_would_take() {
        let mut app = idle();
        let prospect = |app: &App| app.screen(NOW).prospect.text();
        assert_eq!(prospect(&app), "goes to quick/small-8b");
        write(&mut app, "four letters");
        assert_eq!(prospect(&app), "about 7 tok, goes to quick/small-8b, fits");
        hear(&mut app, turn(1, "abcd", &"word ".repeat(800), TurnState::Done));
        assert_eq!(prospect(&app), "about 1k tok, goes to quick/small-8b, fits");
    }

    #[test]
    fn a_turn_leads_to_its_log_rows_and_back() {
        let mut app = app(120, 40);
        for code in [KeyCode::Tab, KeyCode::Char('K'), KeyCode::Enter] {
            app.update(key(code), NOW);
        }
        let row = app.log().selected_attempt().unwrap();
        assert_eq!((app.focus(), row.turn, row.number), (Focus::Log, TurnId(2), 2), "the last of its tries");
        app.update(key(KeyCode::Up), NOW);
        app.update(key(KeyCode::Char('t')), NOW);
        let selected = app.transcript().selected().map(|cell| cell.turn.id);
        assert_eq!((app.focus(), selected), (Focus::Transcript, Some(TurnId(2))));
        // One of the endpoint's has no turn here.
        for code in [KeyCode::Char('3'), KeyCode::Char('G'), KeyCode::Up, KeyCode::Char('t')] {
            app.update(key(code), NOW);
        }
        assert_eq!(app.focus(), Focus::Log);
        assert!(app.screen(NOW).footer.text().contains("not made for this chat"));
    }

    #[test]
    fn an_answer_is_shown_as_it_was_written() {
        let mut app = app(120, 60);
        let rows = |app: &App| app.screen(NOW).chat.iter().map(crate::app::row::Row::text).collect::<Vec<_>>();
        assert!(rows(&app).iter().any(|row| row.contains("1. the near bulge")));
        for code in [KeyCode::Tab, KeyCode::Char('K'), KeyCode::Char('K'), KeyCode::Char('r')] {
            app.update(key(code), NOW);
        }
        assert!(rows(&app).iter().any(|row| row.contains("**more**")));
        assert!(rows(&app).iter().any(|row| row == "```rust"));
        app.update(key(KeyCode::Char('r')), NOW);
        assert!(!rows(&app).iter().any(|row| row.contains("**more**")));
    }

    #[test]
    fn code_is_asked_about_once_and_coloured_when_the_answer_is_there() {
        let mut app = app(120, 60);
        let mut asked = app.update(Msg::Report(Report::Snapshot(Box::new(snapshot()))), NOW);
        asked.extend(App::new(config(120, 60)).update(Msg::Report(Report::Snapshot(Box::new(snapshot()))), NOW));
        let [Effect::Parse(snippet)] = asked.as_slice() else { panic!("{asked:?}") };
        assert_eq!((snippet.lang.as_str(), snippet.from, snippet.lines.len()), ("rust", 0, 3));
        let hues = vec![vec![(0..2, crate::app::row::Role::Keyword)], vec![], vec![]];
        assert_eq!(app.update(Msg::Parsed(snippet.parsed(hues)), NOW), []);
        let coloured = app.screen(NOW).chat.iter().flat_map(|row| row.0.clone()).find(|piece| piece.text == "fn");
        assert_eq!(coloured.map(|piece| piece.role), Some(crate::app::row::Role::Keyword));
    }

    #[test]
    fn a_draft_that_does_not_fit_says_so() {
        let mut app = idle();
        let prospect = |app: &App| app.screen(NOW).prospect.text();
        app.update(Msg::Paste("word ".repeat(40_000)), NOW);
        assert_eq!(prospect(&app), "about 50k tok, goes to steady/medium-14b, fits", "next has 8k in a minute");
        app.update(Msg::Paste("word ".repeat(400_000)), NOW);
        assert_eq!(prospect(&app), "about 550k tok, ◐ no lane has room for so much");
    }

    #[test]
    fn an_offer_is_taken_up_with_nothing_written() {
        let mut app =
            app_of(Snapshot { offer: Some("Ollama answers here".into()), turns: vec![], ..snapshot() }, 100, 40);
        let unreal = |app: &App| app.screen(NOW).unreal.unwrap_or_default();
        assert_eq!(unreal(&app), "Ollama answers here: Enter goes real");
        write(&mut app, " ");
        assert_eq!(app.update(key(KeyCode::Enter), NOW), [Effect::GoReal]);
        write(&mut app, "x");
        assert_eq!(unreal(&app), "Ollama an…: with nothing written, Enter goes real");
        let effects = app.update(key(KeyCode::Enter), NOW);
        assert!(matches!(effects.first(), Some(Effect::Send(Command::Ask(_)))), "{effects:?}");
        assert_eq!(idle().update(key(KeyCode::Enter), NOW), []);
    }

    #[test]
    fn a_notice_is_shown_once_and_stays_in_the_help() {
        let with = |notices: &[&str]| {
            let notices = notices.iter().map(|notice| (*notice).to_owned()).collect();
            Msg::Report(Report::Snapshot(Box::new(Snapshot { notices, ..snapshot() })))
        };
        let mut app = idle();
        app.update(with(&["one has ended", "two has\nended"]), NOW);
        let footer = |app: &App, now: Time| app.screen(now).footer.text();
        assert_eq!(footer(&app, NOW), " two has ended");
        app.update(Msg::Tick, in_(6));
        assert!(footer(&app, in_(6)).contains("Enter send"));
        app.update(with(&["one has ended", "two has\nended"]), in_(7));
        assert!(footer(&app, in_(7)).contains("Enter send"), "it is known");
        app.update(with(&["three", "two has\nended"]), in_(8));
        assert_eq!(footer(&app, in_(8)), " three");
        app.update(key(KeyCode::F(1)), in_(9));
        let rows = app.screen(in_(9)).panel.map(|panel| panel.rows).unwrap_or_default();
        let rows: Vec<String> = rows.iter().take(3).map(crate::app::row::Row::text).collect();
        assert_eq!(rows.concat().replace("  ", ""), "To know! three! two has ended");
    }

    #[test]
    fn before_a_prompt_goes_out_it_is_said_what_becomes_of_it() {
        let with = |cost, training| {
            let mut real = real_snapshot();
            let spec = LaneSpec { cost, training, ..(*real.lanes[0].spec).clone() };
            real.lanes[0].spec = spec.into();
            let at = |width| app_of(real.clone(), width, 40).screen(NOW).prospect.text();
            (at(140), at(60))
        };
        for (cost, training, expected) in [
            (Cost::Free, Training::No, ""),
            (Cost::Free, Training::Yes, ", trains on prompts"),
            (Cost::Free, Training::Unknown, ", may train on prompts"),
            (Cost::Paid, Training::No, ", costs money"),
            (Cost::Unknown, Training::Yes, ", may cost money, trains on prompts"),
        ] {
            let (wide, narrow) = with(cost, training);
            assert_eq!(wide, format!("goes to gemini/gemini-3.8-flash{expected}"));
            // However little room there is, it is the name that is cut.
            assert!(narrow.contains(expected), "{narrow}");
        }
    }

    #[test]
    fn the_header_counts_the_lanes_that_take_part() {
        let header = |keep: fn(&str) -> bool| {
            let mut real = real_snapshot();
            real.lanes.retain(|lane| keep(lane.spec.account().as_str()));
            app_of(real, 120, 40).screen(NOW).header.text()
        };
        assert!(header(|_| true).contains("4 of 5 lanes ready"));
        assert!(header(|account| account == "openai").contains("4 lanes listed, off"));
    }

    #[test]
    fn escape_and_letters_lose_nothing() {
        let mut app = idle();
        write(&mut app, "draft");
        for _ in 0..3 {
            app.update(key(KeyCode::Esc), NOW);
        }
        assert_eq!(app.composer().text(), "draft");
        app.update(key(KeyCode::Tab), NOW);
        write(&mut app, "xv");
        assert_eq!((app.composer().text().as_str(), app.focus()), ("draft", Focus::Transcript));
        app.update(key(KeyCode::Char('i')), NOW);
        assert_eq!(app.focus(), Focus::Composer);
    }
}
