//! What is done with the log, and with one row of it.

use crate::app::action::{Edit, LogAction};
use crate::app::cells;
use crate::app::message::Effect;
use crate::app::page::{Form, Recording, Repeat};
use crate::app::record::{About, Body};
use crate::app::row::{Piece, Role, Row};
use crate::app::state::{App, Overlay};
use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::clock::Time;
use crate::domain::conversation::{Message, Request, Role as Speaker, Turn};
use crate::domain::ids::{AttemptId, TurnId};

/// Bodies that are held.
const BODIES: usize = 50;

const NO_FILE: &str = "--ephemeral writes no file: start without it";

/// The forms of a file: key, and words.
const FORMS: [(Form, &str, &str); 2] =
    [(Form::Csv, "c", "CSV: for a spreadsheet"), (Form::Jsonl, "j", "JSON lines: for programs")];

impl App {
    /// The attempt that a key means: the one whose detail is open, else the selected one.
    pub(in crate::app) fn meant_attempt(&self) -> Option<&Attempt> {
        match &self.overlay {
            Some(Overlay::Attempt(id)) => self.log.find(*id),
            _ => self.log.selected_attempt(),
        }
    }

    pub(in crate::app) fn act_on_log(&mut self, action: LogAction, now: Time) -> Vec<Effect> {
        match action {
            LogAction::Filter => self.log.type_filter(),
            LogAction::KeepFilter => self.log.keep_filter(),
            LogAction::Save => return self.save_exchange(now).into_iter().collect(),
            LogAction::Curl => return self.copy_curl(now).into_iter().collect(),
            LogAction::Export if self.config.kept => self.open(Overlay::Export(0)),
            LogAction::Export => self.say(NO_FILE, Role::Warn, now),
            LogAction::Write(form) => return self.write_rows(form, now).into_iter().collect(),
        }
        Vec::new()
    }

    fn save_exchange(&mut self, now: Time) -> Option<Effect> {
        let Some(attempt) = self.meant_attempt().cloned() else {
            self.say("no attempt is selected", Role::Dim, now);
            return None;
        };
        if !self.config.kept {
            self.say(NO_FILE, Role::Warn, now);
            return None;
        }
        if attempt.status.is_none() {
            self.say("no response came: there is nothing to save", Role::Warn, now);
            return None;
        }
        let dialect = self.roster.lane(&attempt.lane).map(|lane| lane.spec.dialect);
        let body = if let Body::Kept(body) = self.body_of(attempt.id) { Some(body.to_owned()) } else { None };
        Some(Effect::Save(Box::new(Recording { attempt, dialect, body })))
    }

    fn copy_curl(&mut self, now: Time) -> Option<Effect> {
        let (lane, turn) = self.meant_attempt().map(|attempt| (attempt.lane.clone(), attempt.turn))?;
        let Some(lane) = self.roster.lane(&lane).map(|lane| (*lane.spec).clone()) else {
            self.say(format!("{lane} is not in the roster any more: nobody knows where it was"), Role::Warn, now);
            return None;
        };
        let request = self.request_of(turn).unwrap_or_else(|| {
            let messages = vec![Message::text(Speaker::User, "...")];
            Request { messages, ..Request::default() }
        });
        Some(Effect::CopyCurl(Box::new(Repeat { lane, request })))
    }

    /// What a turn of the chat asked: as it was sent, if it is still on its way; else with what went along, as the
    /// conversation is set now.
    fn request_of(&self, turn: TurnId) -> Option<Request> {
        if let Some(ask) = self.asked.iter().find(|ask| ask.turn == turn) {
            return Some(ask.request.clone());
        }
        let asked = self.turn(turn)?;
        let turns = || self.transcript.cells().iter().map(|cell| &cell.turn).filter(|one| one.id <= turn);
        // What it, and what was asked before it, had taken the place of.
        let replacing = turns().filter(|one| one.stands()).filter_map(|one| Some((one.replaces?, one.id)));
        let replaced: Vec<(TurnId, TurnId)> = replacing.collect();
        let went = |one: &&Turn| {
            let fitted = asked.unsent.is_none_or(|unsent| unsent.from.is_some_and(|from| one.id >= from));
            let stood = replaced.iter().all(|(from, to)| !(*from..*to).contains(&one.id));
            one.id < turn && one.state.is_over() && !one.answer.is_empty() && fitted && stood
        };
        Some(self.request_with(&turns().filter(went).collect::<Vec<_>>(), &asked.prompt, &asked.attachments))
    }

    fn write_rows(&mut self, form: Option<Form>, now: Time) -> Option<Effect> {
        let Some(Overlay::Export(at)) = self.overlay.take() else { return None };
        let form = form.or_else(|| FORMS.get(at).map(|(form, ..)| *form))?;
        self.say("writing", Role::Dim, now);
        Some(Effect::Export(self.log.sieve().filter.clone(), form))
    }

    /// The choice of forms, and how many rows would be written.
    pub(in crate::app) fn export_rows(&self) -> Vec<Row> {
        let sieve = self.log.sieve();
        let which = match sieve.counts {
            _ if sieve.filter.is_empty() => "all rows that are kept".to_owned(),
            Some((meant, _)) => format!("the {} rows that the filter means", grouped(meant)),
            None => "the rows that the filter means".to_owned(),
        };
        let row = |(_, key, says): &(Form, &str, &str)| Row(vec![Piece::plain(*says), Piece::dim(format!("  {key}"))]);
        let forms = FORMS.iter().map(row);
        forms.chain([Row::default(), Row::of(format!("{which}, oldest first"), Role::Dim)]).collect()
    }

    /// The body that came with an attempt, as far as that is known.
    fn body_of(&self, attempt: AttemptId) -> Body<'_> {
        let known = self.bodies.iter().find(|(id, _)| *id == attempt);
        known.map_or(Body::Unknown, |(_, body)| body.as_deref().map_or(Body::Gone, Body::Kept))
    }

    /// Takes in what came with a failed attempt.
    pub(in crate::app) fn learn_body(&mut self, attempt: AttemptId, body: Option<String>) {
        self.bodies.retain(|(id, _)| *id != attempt);
        self.bodies.push_back((attempt, body));
        while self.bodies.len() > BODIES {
            self.bodies.pop_front();
        }
    }

    /// What an open detail wants from the store.
    pub(in crate::app) fn want_body(&self) -> Vec<Effect> {
        let Some(Overlay::Attempt(id)) = &self.overlay else { return Vec::new() };
        let failed = self.log.find(*id).is_some_and(|row| matches!(row.outcome, Outcome::Failed(_)));
        let wanted = failed && self.config.kept && !matches!(self.body_of(*id), Body::Kept(_));
        wanted.then_some(Effect::ReadBody(*id)).into_iter().collect()
    }

    /// What a detail tells of an attempt besides its row.
    pub(in crate::app) fn about<'a>(&'a self, attempt: &Attempt) -> About<'a> {
        About {
            turn: self.turn(attempt.turn),
            lane: self.roster.lane(&attempt.lane).map(|lane| &*lane.spec),
            next: self.log.next_of(attempt),
            body: self.body_of(attempt.id),
        }
    }

    /// Changes the filter as it is typed.
    pub(in crate::app) fn edit_filter(&mut self, edit: impl FnOnce(&mut String), now: Time) {
        let mut text = self.log.sieve().text().to_owned();
        edit(&mut text);
        self.log.set_filter(text, now);
    }

    /// Takes something out of the filter.
    pub(in crate::app) fn shorten_filter(&mut self, edit: Edit, now: Time) {
        self.edit_filter(
            |text| match edit {
                Edit::DeleteBack => drop(text.pop()),
                Edit::DeleteWordBack => {
                    let words = text.trim_end();
                    let keep = words.rfind(char::is_whitespace).map_or(0, |space| space + 1);
                    text.truncate(keep);
                }
                Edit::CutToHead => text.clear(),
                _ => {}
            },
            now,
        );
    }

    /// The filter, with what is wrong with it, or how much is meant.
    pub(in crate::app) fn filter_row(&self, width: usize) -> Row {
        let sieve = self.log.sieve();
        let role = if sieve.typing { Role::Accent } else { Role::Dim };
        let hint = "words !word lane:groq status:4xx class:rate_limited origin:api since:1h";
        let text = if sieve.text().is_empty() {
            Piece::dim(cells::cut(hint, width.saturating_sub(4)))
        } else {
            Piece::plain(sieve.text())
        };
        let left = Row(vec![Piece::new("/ ", role), text]);
        let right = match (&sieve.bad, sieve.counts) {
            (Some(bad), _) => {
                // What was typed last stays to be seen.
                let room = width.saturating_sub(left.width().min(width / 2) + 2);
                Row::of(cells::cut(bad, room), Role::Bad)
            }
            (None, Some((meant, all))) if !sieve.filter.is_empty() => {
                Row::of(format!("{} of {}", grouped(meant), grouped(all)), Role::Dim)
            }
            (None, None) if !sieve.filter.is_empty() => Row::of("searching", Role::Dim),
            (None, _) => Row::default(),
        };
        Row::spread(left, right, width)
    }

    /// What the line under the log says of what is not seen.
    pub(in crate::app) fn log_below(&self) -> Option<String> {
        let window = self.log.window();
        let more = match (window.below(), window.after) {
            (_, true) => "more".to_owned(),
            (0, false) if window.new == 0 => return None,
            (0, false) => String::new(),
            (below, false) => format!("{} more", grouped(below as u64)),
        };
        let new = if window.new > 0 { format!("+{} new", grouped(window.new)) } else { String::new() };
        let words: Vec<&str> = [more.as_str(), new.as_str(), "G"].into_iter().filter(|word| !word.is_empty()).collect();
        Some(format!("↓ {}", words.join(", ")))
    }

    /// That the memory has all there is, once one has come to its beginning.
    pub(in crate::app) fn log_all(&self) -> Option<String> {
        let at_first = self.log.window().top() == 0 && self.log.in_memory() > self.log.window().height();
        let only = self.log.is_all() && at_first;
        only.then(|| format!("--ephemeral: only the last {} rows", grouped(self.log.in_memory() as u64)))
    }
}

/// `3,204`.
pub(in crate::app) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Msg;
    use crate::app::action::Focus;
    use crate::app::fixture::{NOW, app, config, snapshot};
    use crate::app::keymap::{KeyCode, KeyEvent, KeyModifiers};
    use crate::domain::chat::{Change, Settings};
    use crate::domain::filter::Filter;
    use crate::domain::ids::ConversationId;
    use crate::scheduler::link::{Report, Snapshot};
    use KeyCode::{Backspace, Char, Enter, Esc, Tab};

    fn press(app: &mut App, codes: &[KeyCode]) -> Vec<Effect> {
        let press = |code: &KeyCode| app.update(Msg::Key(KeyEvent::new(*code, KeyModifiers::NONE)), NOW);
        codes.iter().map(press).last().unwrap_or_default()
    }

    fn in_log() -> App {
        let mut app = app(120, 40);
        press(&mut app, &[Tab, Tab, Tab]);
        app
    }

    fn ephemeral(snapshot: Snapshot) -> App {
        let mut app = App::new(crate::app::AppConfig { kept: false, ..config(120, 40) });
        app.update(Msg::Report(Report::Snapshot(Box::new(snapshot))), NOW);
        press(&mut app, &[Tab, Tab, Tab]);
        app
    }

    #[test]
    fn a_filter_is_typed_kept_and_put_away() {
        let mut app = in_log();
        let effects = press(&mut app, &[Char('/'), Char('4'), Char('2'), Char('9')]);
        assert!(effects.is_empty(), "the page of the first letter is under way");
        assert_eq!(app.log().attempts().len(), 1);
        press(&mut app, &[Enter, Char('j')]);
        assert_eq!((app.log().sieve().text(), app.is_filtering()), ("429", false));
        press(&mut app, &[Char('/'), Backspace, Esc]);
        assert_eq!((app.log().sieve().text(), app.log().attempts().len(), app.focus()), ("", 5, Focus::Log));
        press(&mut app, &[Esc]);
        assert_eq!(app.focus(), Focus::Composer);
    }

    #[test]
    fn one_page_at_a_time_is_asked_for_and_the_last_filter_wins() {
        let mut app = in_log();
        press(&mut app, &[Char('/')]);
        let asked = |effects: Vec<Effect>| match effects.as_slice() {
            [Effect::ReadLog(wanted)] => Some(wanted.clone()),
            _ => None,
        };
        let first = asked(press(&mut app, &[Char('a')])).unwrap();
        assert_eq!(press(&mut app, &[Char('p'), Char('i')]), []);
        let page = crate::app::page::Page { number: first.number, rows: vec![], counts: Some((9, 9)) };
        let second = asked(app.update(Msg::LogRead(page), NOW)).unwrap();
        assert_eq!((second.filter, second.count), (Filter::read("api", NOW).unwrap(), true));
        assert_eq!(app.log().sieve().counts, None);
    }

    #[test]
    fn the_request_of_a_turn_is_copied_as_it_was_asked() {
        let mut app = in_log();
        let effects = press(&mut app, &[Char('g'), Char('j'), Char('j'), Char('C')]);
        let [Effect::CopyCurl(repeat)] = effects.as_slice() else { panic!("{effects:?}") };
        let said: Vec<Speaker> = repeat.request.messages.iter().map(|message| message.role).collect();
        assert_eq!(said, [Speaker::User, Speaker::Assistant, Speaker::User]);
        assert_eq!(repeat.lane.id.as_str(), "steady/medium-14b");
        // With the conversation's settings, and without what it was asked in place of.
        let settings = Settings { system: "Be brief.".into(), temperature: Some(0.5), ..Settings::default() };
        let change = Change::Set(Box::new(settings));
        app.change_conversation(ConversationId::FIRST, change, NOW);
        let turn = app.turn(TurnId(2)).cloned().map(|turn| Turn { replaces: Some(TurnId(1)), ..turn }).unwrap();
        app.transcript.put(turn);
        let effects = press(&mut app, &[Char('C')]);
        let [Effect::CopyCurl(repeat)] = effects.as_slice() else { panic!("{effects:?}") };
        let said: Vec<Speaker> = repeat.request.messages.iter().map(|message| message.role).collect();
        assert_eq!((said, repeat.request.params.temperature), (vec![Speaker::System, Speaker::User], Some(0.5)));
        // What a program asked nobody kept.
        let effects = press(&mut app, &[Char('j'), Char('C')]);
        let [Effect::CopyCurl(repeat)] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!(repeat.request.messages, [Message::text(Speaker::User, "...")]);
    }

    #[test]
    fn a_failure_is_opened_with_its_body_and_saved_with_it() {
        let mut app = in_log();
        let effects = press(&mut app, &[Char('g'), Char('j'), Enter]);
        assert_eq!(effects, [Effect::ReadBody(AttemptId(2))]);
        app.update(Msg::Body(AttemptId(2), Some("the \u{1b}body".into())), NOW);
        let panel = app.screen(NOW).panel.unwrap();
        let text: Vec<String> = panel.rows.iter().map(Row::text).collect();
        assert!(text.iter().any(|row| row == "the \u{fffd}body"), "{text:?}");
        let effects = press(&mut app, &[Char('s')]);
        let [Effect::Save(recording)] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!((recording.attempt.id, recording.body.as_deref()), (AttemptId(2), Some("the \u{1b}body")));
        press(&mut app, &[Char('t')]);
        assert_eq!((app.focus(), app.overlay.is_none()), (Focus::Transcript, true));
    }

    #[test]
    fn rows_are_written_as_chosen() {
        let mut app = in_log();
        press(&mut app, &[Char('/'), Char('a'), Enter, Char('S'), KeyCode::Down]);
        let filter = Filter::read("a", NOW).unwrap();
        assert_eq!(press(&mut app, &[Enter]), [Effect::Export(filter.clone(), Form::Jsonl)]);
        assert_eq!(press(&mut app, &[Char('S'), Char('c')]), [Effect::Export(filter, Form::Csv)]);
        assert_eq!(press(&mut app, &[Char('S'), Esc]), []);
    }

    #[test]
    fn where_nothing_is_kept_no_file_is_written_and_bodies_come_with_the_reports() {
        let mut app = ephemeral(snapshot());
        for key in ['s', 'S'] {
            assert_eq!(press(&mut app, &[Char(key)]), []);
            assert!(app.screen(NOW).footer.text().contains("--ephemeral writes no file"));
        }
        for id in 1..=60 {
            app.update(Msg::Report(Report::Refused(AttemptId(id), "no".into())), NOW);
        }
        assert_eq!((app.bodies.len(), app.body_of(AttemptId(60))), (BODIES, Body::Kept("no")));
        assert_eq!(press(&mut app, &[Char('/'), Char('a')]), [], "there is nothing to read from");
        assert_eq!(app.log().sieve().counts, Some((5, 5)));
        let many = (1..=500).map(|id| crate::app::fixture::attempt(id, id, 1, "a/b", NOW, Outcome::Answered));
        let mut app = ephemeral(Snapshot { log: many.collect(), ..snapshot() });
        press(&mut app, &[Char('g')]);
        assert_eq!(app.screen(NOW).log.all.as_deref(), Some("--ephemeral: only the last 500 rows"));
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 3204, 1_000_000].map(grouped), ["0", "999", "3,204", "1,000,000"]);
    }
}
