//! What is done with conversations: begun, opened, renamed, deleted, asked differently.

use crate::app::action::{Edit, Focus, Move, Talk};
use crate::app::command::Does;
use crate::app::find::Find;
use crate::app::form::Form;
use crate::app::message::{Effect, Wanted};
use crate::app::options::{Offered, Options};
use crate::app::row::Role;
use crate::app::shelf::{Entry, Shelf};
use crate::app::state::{App, Link, Overlay};
use crate::domain::chat::Change;
use crate::domain::clock::Time;
use crate::domain::conversation::Turn;
use crate::domain::ids::ConversationId;
use crate::scheduler::link::{Command, Urgent, turn_id};

impl App {
    /// An id that no other conversation has.
    pub(in crate::app) fn fresh_conversation(&self, now: Time) -> ConversationId {
        ConversationId(turn_id(now, self.config.subscriber, self.last_turn).0)
    }

    /// Asks for the turns of the conversation that are on the disk alone.
    pub(in crate::app) fn read_older(&self) -> Option<Effect> {
        let id = self.conversations.current();
        let known = self.conversations.get(id)?;
        (known.turns > self.transcript.cells().len() as u64).then_some(Effect::Look(Wanted::Conversation(id)))
    }

    /// Takes in what was on the disk.
    pub(in crate::app) fn read(&mut self, id: ConversationId, turns: Vec<Turn>) {
        if id == self.conversations.current() {
            self.transcript.fill(turns);
            self.count_along();
            self.lay_out();
            if let Some(turn) = self.awaits_turn.take() {
                self.transcript.show(turn);
            }
        }
    }

    /// Another conversation comes to the screen. None: it cannot, and that is said.
    pub(in crate::app) fn open_conversation(&mut self, id: ConversationId, now: Time) -> Option<Vec<Effect>> {
        if !self.queue.is_empty() || self.reading.is_some() {
            self.say("a message waits here to be sent: ↑ brings it back first", Role::Warn, now);
            return None;
        }
        let leaving = self.transcript.cells().iter().map(|cell| cell.turn.clone()).collect();
        self.fork = None;
        let turns = self.conversations.open(id, leaving);
        self.transcript.begin(turns);
        self.count_along();
        Some(self.read_older().into_iter().collect())
    }

    /// Begins a new one.
    pub(in crate::app) fn new_conversation(&mut self, now: Time) -> Vec<Effect> {
        if self.transcript.cells().is_empty() && self.conversations.name().is_empty() {
            self.say("this conversation is new already", Role::Dim, now);
            return Vec::new();
        }
        let before = self.conversations.name().to_owned();
        let id = self.fresh_conversation(now);
        let opened = self.open_conversation(id, now);
        if opened.is_some() && !before.is_empty() {
            self.say(format!("a new conversation; Alt+4 goes back to \"{before}\""), Role::Plain, now);
        }
        opened.unwrap_or_default()
    }

    /// Changes a conversation, here and at the scheduler.
    pub(in crate::app) fn change_conversation(&mut self, id: ConversationId, change: Change, now: Time) -> Vec<Effect> {
        if self.link == Link::Stopped {
            self.say("not changed: the scheduler has stopped", Role::Warn, now);
            return Vec::new();
        }
        self.conversations.change(id, change.clone(), now);
        self.count_along();
        vec![Effect::Send(Command::Converse(id, change))]
    }

    /// What is done with conversations.
    pub(in crate::app) fn talk(&mut self, talk: Talk, now: Time) -> Vec<Effect> {
        match talk {
            Talk::List => self.open(Overlay::Shelf(Box::default())),
            Talk::New => {
                self.overlay = None;
                self.focus = Focus::Composer;
                return self.new_conversation(now);
            }
            Talk::Settings => {
                let form = Form::new(self.conversations.name(), &self.conversations.settings());
                self.open(Overlay::Form(Box::new(form)));
            }
            Talk::Take => return self.take_chosen(now),
            Talk::Rename => self.rename(),
            Talk::Delete => return self.delete_chosen(now),
            Talk::Find => {
                self.find = Find { typing: true, ..Find::default() };
                self.transcript.sought = None;
            }
            Talk::Next => self.seek(false, now),
            Talk::Previous => self.seek(true, now),
            Talk::Copy => return self.copy_answer(now),
            Talk::CopyAll => return self.copy_all(now),
            Talk::CopyBlock => return self.copy_block(now),
            Talk::Export => self.open(Overlay::Options(Options::new(Offered::Export))),
        }
        Vec::new()
    }

    fn take_chosen(&mut self, now: Time) -> Vec<Effect> {
        match self.overlay.clone() {
            Some(Overlay::Shelf(list)) => match list.renaming {
                Some((id, name)) => {
                    if let Some(Overlay::Shelf(list)) = &mut self.overlay {
                        list.renaming = None;
                    }
                    self.change_conversation(id, Change::Rename(name), now)
                }
                None => self.open_chosen(&list, now),
            },
            Some(Overlay::Form(form)) => self.keep_form(*form, now),
            Some(Overlay::Options(options)) => self.take_option(options.at, now),
            _ => {
                self.find.typing = false;
                if self.find.text.is_empty() {
                    self.find = Find::default();
                }
                Vec::new()
            }
        }
    }

    fn open_chosen(&mut self, list: &Shelf, now: Time) -> Vec<Effect> {
        let Some(chosen) = list.chosen(&self.conversations) else { return Vec::new() };
        let Some((id, turn)) = chosen.target() else { return self.talk(Talk::New, now) };
        // A turn of a conversation that is not in the snapshot names it, too.
        if let Entry::Turn(hit) = chosen
            && self.conversations.get(id).is_none()
        {
            let one = hit.conversation.clone();
            self.conversations.put(one);
        }
        let mut effects = Vec::new();
        if id != self.conversations.current() {
            let Some(opened) = self.open_conversation(id, now) else { return Vec::new() };
            effects = opened;
        }
        self.overlay = None;
        if self.conversations.get(id).is_some_and(|one| one.deleted.is_some()) {
            effects.extend(self.change_conversation(id, Change::Restore, now));
            self.say("it was deleted, and is back", Role::Plain, now);
        }
        self.focus = if turn.is_some() { Focus::Transcript } else { Focus::Composer };
        self.find.text = turn.map(|_| list.filter.trim().to_owned()).unwrap_or_default();
        self.lay_out();
        if let Some(turn) = turn
            && !self.transcript.show(turn)
        {
            // It comes from the disk.
            self.awaits_turn = Some(turn);
        }
        effects
    }

    fn keep_form(&mut self, mut form: Form, now: Time) -> Vec<Effect> {
        match form.settings() {
            Ok((name, settings)) => {
                self.overlay = None;
                let id = self.conversations.current();
                let mut effects = Vec::new();
                if !name.is_empty() && name != self.conversations.name() {
                    effects.extend(self.change_conversation(id, Change::Rename(name), now));
                }
                if settings != self.conversations.settings() {
                    effects.extend(self.change_conversation(id, Change::Set(Box::new(settings)), now));
                }
                effects
            }
            Err((field, wrong)) => {
                (form.at, form.wrong) = (field, Some(wrong));
                self.overlay = Some(Overlay::Form(Box::new(form)));
                Vec::new()
            }
        }
    }

    /// One of the settings of the conversation on the screen; empty: none. Err: what would have been right.
    pub(in crate::app) fn set_asking(&mut self, what: Does, text: &str, now: Time) -> Result<Vec<Effect>, String> {
        let mut form = Form::new("", &self.conversations.settings());
        form.at = match what {
            Does::Temperature => 2,
            Does::MaxTokens => 3,
            _ => 1,
        };
        form.clear();
        form.write(text);
        let (_, settings) = form.settings().map_err(|(_, wrong)| wrong)?;
        let words = match (what, text) {
            (Does::System, "") => "no system prompt here any more".to_owned(),
            (Does::System, _) => "this conversation has a system prompt".to_owned(),
            (_, "") => "as each model likes it, in this conversation".to_owned(),
            (Does::Temperature, text) => format!("temperature {text} in this conversation"),
            (_, text) => format!("at most {text} tokens for an answer in this conversation"),
        };
        self.say(words, Role::Plain, now);
        Ok(self.change_conversation(self.conversations.current(), Change::Set(Box::new(settings)), now))
    }

    /// Searches in the chat, as if it were typed behind `/`.
    pub(in crate::app) fn search_chat(&mut self, text: &str) {
        self.find = Find { text: text.to_owned(), ..Find::default() };
        self.lay_out();
        self.seek_anew();
    }

    fn rename(&mut self) {
        let Some(Overlay::Shelf(list)) = &mut self.overlay else { return };
        let chosen = list.chosen(&self.conversations).and_then(|entry| entry.target()).map(|(id, _)| id);
        list.renaming =
            chosen.map(|id| (id, self.conversations.get(id).map_or_else(String::new, |one| one.name.clone())));
    }

    fn delete_chosen(&mut self, now: Time) -> Vec<Effect> {
        let Some(Overlay::Shelf(list)) = &self.overlay else { return Vec::new() };
        let Some(Entry::Old(one)) = list.chosen(&self.conversations) else { return Vec::new() };
        let (id, back, name) = (one.id, one.deleted.is_some(), one.name.clone());
        let place = list.place(&self.conversations);
        if back {
            return self.change_conversation(id, Change::Restore, now);
        }
        let mut effects = Vec::new();
        if id == self.conversations.current() {
            // What runs in it is nobody's any more.
            effects.extend(self.running().map(|turn| Effect::Urgent(Urgent::Cancel(turn))));
            let fresh = self.fresh_conversation(now);
            let Some(opened) = self.open_conversation(fresh, now) else { return Vec::new() };
            effects.extend(opened);
        }
        effects.extend(self.change_conversation(id, Change::Delete, now));
        if let Some(Overlay::Shelf(list)) = &mut self.overlay {
            list.choose(place, &self.conversations);
        }
        self.say(
            format!("\"{name}\" is deleted; it stands at the end of this list, and Del brings it back"),
            Role::Plain,
            now,
        );
        effects
    }

    /// What is to be looked for on the disk.
    pub(in crate::app) fn look_for(&mut self) -> Option<Effect> {
        let Some(Overlay::Shelf(list)) = &mut self.overlay else { return None };
        list.search().map(|words| Effect::Look(Wanted::Search(words)))
    }

    fn seek(&mut self, back: bool, now: Time) {
        if self.find.text.is_empty() {
            return self.say("/ searches in this chat", Role::Dim, now);
        }
        let text = self.find.text.clone();
        self.find.found = self.transcript.seek(&text, back);
    }

    /// Letters for a list, a form or a search of conversations; false: none is open.
    pub(in crate::app) fn write_aside(&mut self, text: &str) -> bool {
        match &mut self.overlay {
            Some(Overlay::Shelf(list)) => list.write(text),
            Some(Overlay::Form(form)) => form.write(text),
            Some(Overlay::Setup(setup)) => setup.write(text),
            None if self.find.typing && self.focus == Focus::Transcript => {
                self.find.text.extend(text.chars().filter(|char| !char.is_control()));
                self.seek_anew();
            }
            _ => return false,
        }
        self.overlay_top = 0;
        true
    }

    /// What changes letters there; false: none is open.
    pub(in crate::app) fn edit_aside(&mut self, edit: Edit) -> bool {
        match &mut self.overlay {
            Some(Overlay::Shelf(list)) => list.delete(),
            Some(Overlay::Setup(setup)) => setup.edit(edit),
            Some(Overlay::Form(form)) => match edit {
                Edit::NewLine => form.write("\n"),
                Edit::CutToHead => form.clear(),
                _ => form.delete(),
            },
            None if self.find.typing && self.focus == Focus::Transcript => {
                self.find.text.pop();
                self.seek_anew();
            }
            _ => return false,
        }
        true
    }

    /// From where it was begun: each letter narrows the same search.
    fn seek_anew(&mut self) {
        self.transcript.sought = None;
        let text = self.find.text.clone();
        self.find.found = self.transcript.seek(&text, true);
    }

    /// A way through a list or a form of conversations; false: none is open.
    pub(in crate::app) fn go_aside(&mut self, way: Move) -> bool {
        let down = matches!(way, Move::Down | Move::PageDown | Move::HalfDown | Move::Last | Move::NextTurn);
        match &mut self.overlay {
            Some(Overlay::Form(form)) => form.go(down),
            Some(Overlay::Options(options)) => options.go(down),
            Some(Overlay::Setup(setup)) => setup.step(way),
            Some(Overlay::Shelf(list)) => {
                let count = list.entries(&self.conversations).len();
                let to = way.from(list.place(&self.conversations), count);
                list.choose(to, &self.conversations);
            }
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Msg;
    use crate::app::fixture::{NOW, fresh, snapshot, turn};
    use crate::app::keymap::{KeyCode, KeyEvent, KeyModifiers};
    use crate::domain::chat::{Conversation, Hit, Settings};
    use crate::domain::conversation::{Role as Speaker, TurnState};
    use crate::domain::ids::TurnId;
    use crate::scheduler::link::{Ask, Report, Snapshot};

    fn press(app: &mut App, modifiers: KeyModifiers, code: KeyCode) -> Vec<Effect> {
        app.update(Msg::Key(KeyEvent::new(code, modifiers)), NOW)
    }

    fn plain(app: &mut App, code: KeyCode) -> Vec<Effect> {
        press(app, KeyModifiers::NONE, code)
    }

    fn alt(app: &mut App, letter: char) -> Vec<Effect> {
        press(app, KeyModifiers::ALT, KeyCode::Char(letter))
    }

    fn write(app: &mut App, text: &str) -> Vec<Effect> {
        text.chars().flat_map(|letter| plain(app, KeyCode::Char(letter))).collect()
    }

    fn of(conversation: u64, turn: Turn) -> Turn {
        Turn { conversation: ConversationId(conversation), ..turn }
    }

    /// Conversations 1 and 2, the second one on the screen; most of the first one is on the disk alone.
    fn two() -> (App, Vec<Effect>) {
        let one = |id: u64, name: &str, turns: u64| Conversation {
            name: name.into(),
            turns,
            touched: NOW.minus(std::time::Duration::from_secs(3 - id)),
            ..Conversation::new(ConversationId(id), NOW)
        };
        let turns = vec![
            of(1, turn(3, "about rivers", "They flow.", TurnState::Done)),
            of(2, turn(4, "why tides?", "```sh\nls\n```\nor\n```rust\nfn a() {}\n```", TurnState::Done)),
        ];
        let conversations = vec![one(1, "rivers", 3), one(2, "why tides?", 1)];
        let snapshot = Snapshot { turns, conversations, log: vec![], ..snapshot() };
        let mut app = fresh(120, 40);
        app.link = Link::Starting;
        let mut effects = app.update(Msg::Report(Report::Snapshot(Box::new(snapshot))), NOW);
        effects.retain(|effect| !matches!(effect, Effect::Parse(_)));
        (app, effects)
    }

    fn shown(app: &App) -> Vec<&str> {
        app.transcript.cells().iter().map(|cell| cell.turn.prompt.as_str()).collect()
    }

    fn asked(effects: &[Effect]) -> Option<&Ask> {
        effects.iter().find_map(|effect| match effect {
            Effect::Send(Command::Ask(ask)) => Some(&**ask),
            _ => None,
        })
    }

    fn says(app: &App) -> String {
        app.screen(NOW).footer.text()
    }

    #[test]
    fn another_one_is_opened_and_its_older_turns_come_from_the_disk() {
        let (mut app, effects) = two();
        assert_eq!((shown(&app), effects), (vec!["why tides?"], vec![]));
        alt(&mut app, '4');
        write(&mut app, "riv");
        let effects = plain(&mut app, KeyCode::Enter);
        assert_eq!(effects, [Effect::Look(Wanted::Conversation(ConversationId(1)))]);
        assert_eq!((shown(&app), app.focus()), (vec!["about rivers"], Focus::Composer));
        let older = vec![of(1, turn(1, "a", "A.", TurnState::Done)), of(1, turn(3, "older word", "", TurnState::Done))];
        app.update(Msg::Read(ConversationId(1), older.clone()), NOW);
        assert_eq!(shown(&app), ["a", "about rivers"], "what was heard is newer");
        app.update(Msg::Read(ConversationId(2), older), NOW);
        assert_eq!(shown(&app), ["a", "about rivers"]);
        // A question goes where it is asked, with what was said there.
        write(&mut app, "and seas?");
        let effects = plain(&mut app, KeyCode::Enter);
        let ask = asked(&effects).unwrap();
        assert_eq!((ask.conversation, &ask.along[..]), (ConversationId(1), &[TurnId(1), TurnId(3)][..]));
        // Back again; what came there meanwhile is there.
        let (attempts, lanes, meters, next) = (vec![], vec![], vec![], None);
        let came = Some(of(2, turn(9, "asked elsewhere", "Yes.", TurnState::Done)));
        let usual = crate::domain::standing::Need::USUAL;
        let moved = crate::scheduler::link::Moved { at: NOW, turn: came, attempts, lanes, meters, next, usual };
        app.update(Msg::Report(Report::Moved(Box::new(moved))), NOW);
        alt(&mut app, '4');
        write(&mut app, "tides");
        plain(&mut app, KeyCode::Enter);
        assert_eq!(shown(&app), ["why tides?", "asked elsewhere"]);
    }

    #[test]
    fn a_new_one_begins_empty_and_takes_nothing_along() {
        let (mut app, _) = two();
        press(&mut app, KeyModifiers::CONTROL, KeyCode::Char('n'));
        assert!(shown(&app).is_empty() && says(&app).contains("why tides?"));
        write(&mut app, "hello");
        let effects = plain(&mut app, KeyCode::Enter);
        let ask = asked(&effects).unwrap();
        assert!(ask.along.is_empty() && ask.request.messages.len() == 1);
        assert!(![1, 2].contains(&ask.conversation.0));
    }

    #[test]
    fn a_message_that_waits_in_line_is_not_left_behind() {
        let (mut app, _) = two();
        write(&mut app, "one");
        plain(&mut app, KeyCode::Enter);
        write(&mut app, "two");
        plain(&mut app, KeyCode::Enter);
        press(&mut app, KeyModifiers::CONTROL, KeyCode::Char('n'));
        assert!(!shown(&app).is_empty() && says(&app).contains("a message waits here"));
    }

    #[test]
    fn a_message_whose_files_are_read_stays_where_it_was_written() {
        let (mut app, _) = two();
        app.update(Msg::Paste("look at @a.rs".into()), NOW);
        plain(&mut app, KeyCode::Esc);
        plain(&mut app, KeyCode::Enter);
        press(&mut app, KeyModifiers::CONTROL, KeyCode::Char('n'));
        assert_eq!(app.conversations.current(), ConversationId(2));
    }

    #[test]
    fn an_answer_elsewhere_is_not_broken_off_without_asking() {
        let (mut app, _) = two();
        app.conversations.hear(of(1, turn(9, "long", "", TurnState::Running)));
        press(&mut app, KeyModifiers::CONTROL, KeyCode::Char('d'));
        assert!(says(&app).contains("the same key again"), "{}", says(&app));
    }

    #[test]
    fn settings_hold_for_a_conversation_that_is_not_among_the_newest() {
        let (mut app, _) = two();
        let settings = Settings { no_training: true, ..Settings::default() };
        app.change_conversation(ConversationId(2), Change::Set(Box::new(settings)), NOW);
        let later = Snapshot { turns: vec![], conversations: vec![], log: vec![], ..snapshot() };
        app.update(Msg::Report(Report::Snapshot(Box::new(later))), NOW);
        assert!(app.conversations.settings().no_training);
    }

    #[test]
    fn deleted_ones_stand_at_the_end_and_come_back() {
        let (mut app, _) = two();
        alt(&mut app, '4');
        plain(&mut app, KeyCode::Down);
        let effects = plain(&mut app, KeyCode::Delete);
        let id = ConversationId(2);
        assert!(effects.contains(&Effect::Send(Command::Converse(id, Change::Delete))), "{effects:?}");
        assert!(shown(&app).is_empty(), "what is deleted is not on the screen");
        let rows: Vec<String> = app.screen(NOW).panel.unwrap().rows.iter().map(crate::app::row::Row::text).collect();
        assert!(rows.last().unwrap().contains("Del brings it back"), "{rows:?}");
        plain(&mut app, KeyCode::End);
        let effects = plain(&mut app, KeyCode::Delete);
        assert!(effects.contains(&Effect::Send(Command::Converse(id, Change::Restore))));
    }

    #[test]
    fn what_is_chosen_stays_chosen_while_the_order_changes() {
        let (mut app, _) = two();
        alt(&mut app, '4');
        plain(&mut app, KeyCode::End);
        plain(&mut app, KeyCode::F(2));
        write(&mut app, "!");
        plain(&mut app, KeyCode::Enter);
        // What was renamed comes first now, and it is what is deleted, not what stands in its place.
        let effects = plain(&mut app, KeyCode::Delete);
        assert_eq!(effects, [Effect::Send(Command::Converse(ConversationId(1), Change::Delete))]);
        // Behind it is the next one.
        let rows = app.screen(NOW).panel.unwrap();
        assert!(rows.rows[rows.selected.unwrap()].text().contains("why tides?"));
    }

    #[test]
    fn it_is_renamed_in_the_list() {
        let (mut app, _) = two();
        alt(&mut app, '4');
        plain(&mut app, KeyCode::Down);
        plain(&mut app, KeyCode::F(2));
        write(&mut app, "!");
        let effects = plain(&mut app, KeyCode::Enter);
        let change = Change::Rename("why tides?!".into());
        assert_eq!(effects, [Effect::Send(Command::Converse(ConversationId(2), change))]);
        assert!(app.screen(NOW).name.text().contains("why tides?!"));
        plain(&mut app, KeyCode::F(2));
        write(&mut app, "no");
        plain(&mut app, KeyCode::Esc);
        assert!(app.overlay.is_some() && app.screen(NOW).name.text().ends_with("tides?!"), "given up");
    }

    #[test]
    fn what_was_said_is_found_and_opened_at_its_turn() {
        let (mut app, _) = two();
        alt(&mut app, '4');
        assert_eq!(write(&mut app, "f"), []);
        assert_eq!(write(&mut app, "l"), [Effect::Look(Wanted::Search("fl".into()))]);
        assert_eq!(write(&mut app, "ow"), [], "one search at a time");
        let hit = || Hit {
            conversation: Conversation { name: "old".into(), ..Conversation::new(ConversationId(7), NOW) },
            turn: TurnId(2),
            asked: NOW,
            around: "they \u{1b}[2Jflow on".into(),
        };
        let effects = app.update(Msg::Found("fl".into(), vec![hit()]), NOW);
        assert_eq!(effects, [Effect::Look(Wanted::Search("flow".into()))]);
        app.update(Msg::Found("flow".into(), vec![hit()]), NOW);
        let text: String = app.screen(NOW).panel.unwrap().rows.iter().map(crate::app::row::Row::text).collect();
        assert!(text.contains("flow on") && !text.contains('\u{1b}'), "{text}");
        plain(&mut app, KeyCode::Enter);
        assert_eq!(app.conversations.current(), ConversationId(7));
        let all = (1..=9).map(|id| of(7, turn(id, &format!("q{id}"), &"flow\n\n".repeat(30), TurnState::Done)));
        app.update(Msg::Read(ConversationId(7), all.collect()), NOW);
        assert_eq!(app.transcript.selected().map(|cell| cell.turn.id), Some(TurnId(2)));
    }

    #[test]
    fn the_settings_go_along_and_are_seen() {
        let (mut app, _) = two();
        alt(&mut app, 'o');
        app.update(Msg::Paste("Be brief.\nAlways.".into()), NOW);
        plain(&mut app, KeyCode::Down);
        write(&mut app, "9");
        plain(&mut app, KeyCode::Enter);
        let text: String = app.screen(NOW).panel.unwrap().rows.iter().map(crate::app::row::Row::text).collect();
        assert!(text.contains("from 0 to 2"), "{text}");
        plain(&mut app, KeyCode::Backspace);
        write(&mut app, "0.5");
        plain(&mut app, KeyCode::Down);
        write(&mut app, "400");
        plain(&mut app, KeyCode::Down);
        write(&mut app, " ");
        let effects = plain(&mut app, KeyCode::Enter);
        let settings = Settings {
            system: "Be brief.\nAlways.".into(),
            temperature: Some(0.5),
            max_tokens: Some(400),
            no_training: true,
        };
        let change = Change::Set(Box::new(settings));
        assert_eq!(effects, [Effect::Send(Command::Converse(ConversationId(2), change))]);
        assert!(app.screen(NOW).name.text().contains("no training, system, temp 0.5, max 400 tok"));
        write(&mut app, "x");
        let effects = plain(&mut app, KeyCode::Enter);
        let ask = asked(&effects).unwrap();
        assert_eq!(ask.request.messages[0].role, Speaker::System);
        assert_eq!((ask.request.params.max_tokens, ask.request.params.temperature), (Some(400), Some(0.5)));
        assert!(ask.no_training);
    }

    #[test]
    fn answers_code_and_chats_are_taken_out() {
        let (mut app, _) = two();
        plain(&mut app, KeyCode::Tab);
        let answer = "```sh\nls\n```\nor\n```rust\nfn a() {}\n```";
        assert_eq!(plain(&mut app, KeyCode::Char('y')), [Effect::Copy(answer.into())]);
        plain(&mut app, KeyCode::Char('c'));
        assert_eq!(plain(&mut app, KeyCode::Char('2')), [Effect::Copy("fn a() {}\n".into())]);
        plain(&mut app, KeyCode::Char('X'));
        let effects = plain(&mut app, KeyCode::Enter);
        let [Effect::SaveText { name, ending: "md", text }] = &effects[..] else { panic!("{effects:?}") };
        assert!(
            name == "why tides?" && text.starts_with("# why tides?\n\n## You, ") && text.contains(answer),
            "{text}"
        );
        plain(&mut app, KeyCode::Char('X'));
        let effects = plain(&mut app, KeyCode::Char('2'));
        let [Effect::SaveText { ending: "json", text, .. }] = &effects[..] else { panic!("{effects:?}") };
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(
            (&value["conversation"]["name"], &value["turns"][0]["answer"]),
            (&"why tides?".into(), &answer.into())
        );
    }

    #[test]
    fn searching_in_the_chat_writes_nothing_into_the_draft() {
        let (mut app, _) = two();
        plain(&mut app, KeyCode::Tab);
        write(&mut app, "/tides");
        assert!(app.screen(NOW).below.unwrap().starts_with("/tides"));
        plain(&mut app, KeyCode::Enter);
        assert_eq!((app.composer().text().as_str(), app.find.found), ("", Some((1, 1))));
        plain(&mut app, KeyCode::Char('n'));
        plain(&mut app, KeyCode::Esc);
        assert_eq!((app.focus(), app.find.text.as_str()), (Focus::Transcript, ""));
    }
}
