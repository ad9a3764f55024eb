//! Commands by name, done: from the composer after a `/`, from the list of commands after `:` or Ctrl+P.

use std::time::Duration;

use crate::app::action::{Action, Focus, Move, Talk};
use crate::app::ask::words;
use crate::app::command::{Does, Verb, best, pane_of};
use crate::app::message::Effect;
use crate::app::palette::{Choice, Palette};
use crate::app::row::Role;
use crate::app::state::{App, Armed, Overlay};
use crate::domain::chat::Change;
use crate::domain::clock::Time;
use crate::domain::ids::LaneId;
use crate::domain::span::span;
use crate::domain::standing::Target;
use crate::scheduler::link::{Command, Urgent};

/// How long a draft that begins like a command waits for the second Enter that sends it.
const SEND_AGAIN: Duration = Duration::from_secs(6);

impl App {
    /// Does what a command says. Err: why not, for the user; nothing was done.
    pub(in crate::app) fn order(&mut self, verb: &Verb, arguments: &str, now: Time) -> Result<Vec<Effect>, String> {
        if arguments.is_empty() && !verb.stands_alone() {
            return Err(format!("{} wants more: {} {}", verb.name, verb.name, verb.hint));
        }
        if verb.hint.is_empty() && !arguments.is_empty() {
            return Err(format!("{} takes nothing behind it", verb.name));
        }
        match verb.does {
            Does::Act(action) => Ok(self.act(action, Armed::No, now)),
            Does::Quit => Ok(self.leave(now)),
            Does::Stop => match self.running() {
                Some(turn) => {
                    self.stopping.insert(turn);
                    self.say("stopping; what has come is kept", Role::Plain, now);
                    Ok(vec![Effect::Urgent(Urgent::Cancel(turn))])
                }
                None => Err("no answer is on its way".into()),
            },
            Does::Lane if arguments.is_empty() => Ok(self.act(Action::SendOn, Armed::No, now)),
            Does::Lane => {
                self.pin = Some(self.lane_named(arguments)?);
                self.focus = Focus::Composer;
                Ok(Vec::new())
            }
            Does::Rename => {
                let id = self.conversations.current();
                Ok(self.change_conversation(id, Change::Rename(arguments.to_owned()), now))
            }
            Does::System | Does::Temperature | Does::MaxTokens => self.set_asking(verb.does, arguments, now),
            Does::Export => match arguments {
                "" => Ok(self.act(Action::Talk(Talk::Export), Armed::No, now)),
                "md" => Ok(self.export("md", now)),
                "json" => Ok(self.export("json", now)),
                _ => Err("write export md, or export json".into()),
            },
            Does::Search => {
                self.focus = Focus::Transcript;
                self.search_chat(arguments);
                Ok(Vec::new())
            }
            Does::Theme => self.name_theme(arguments, now),
            Does::Motion => self.name_motion(arguments, now),
            Does::Disable => self.disable(arguments, now),
            Does::Keep => {
                let (target, count) = self.with_target(verb, arguments)?;
                self.order_keep(target, count, now)
            }
            Does::Weight => {
                let (target, weight) = self.with_target(verb, arguments)?;
                self.order_weight(&target.account(), weight, now)
            }
            Does::Move if arguments == "reset" => Ok(self.reset_order(now)),
            Does::Move => {
                let (target, way) = self.with_target(verb, arguments)?;
                self.order_move(&target.account(), way, now)
            }
            Does::Strategy => self.order_strategy(arguments, now),
            Does::Test => {
                let target = self.target_named(arguments)?;
                self.overlay = None;
                self.offer_test(&target, now);
                Ok(Vec::new())
            }
            Does::Enable => {
                let target = self.target_named(arguments)?;
                let on = match self.roster.switch(&target) {
                    Some((target, true)) => target,
                    Some((_, false)) => target,
                    None => return Err(format!("{arguments}: its lanes are switched on one by one, by their names")),
                };
                self.say(format!("{} is in the rotation", words(&on)), Role::Plain, now);
                self.undo = Some(Command::Switch { target: on.clone(), on: false, until: None });
                Ok(vec![Effect::Send(Command::Switch { target: on, on: true, until: None })])
            }
        }
    }

    fn disable(&mut self, arguments: &str, now: Time) -> Result<Vec<Effect>, String> {
        let (name, rest) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
        let target = self.target_named(name)?;
        let rest = rest.trim();
        let until = match rest.strip_prefix("until") {
            _ if rest.is_empty() => None,
            Some(clock) if clock.trim() == "reset" => {
                let full = self.reset_of(&target, now).map(|(at, _)| at);
                Some(full.ok_or("nothing of it is used, or nobody knows when its limit is full again")?)
            }
            Some(clock) => Some(self.clock_named(clock.trim(), now)?),
            None => Some(now.plus(span(rest.strip_prefix("for ").unwrap_or(rest))?)),
        };
        Ok(self.off_until(target, until, now))
    }

    /// The lane or account that the first word names, and the rest.
    fn with_target<'a>(&self, verb: &Verb, arguments: &'a str) -> Result<(Target, &'a str), String> {
        let (name, rest) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
        let target = self.target_named(name)?;
        match rest.trim() {
            "" => Err(format!("{} wants more: {} {}", verb.name, verb.name, verb.hint)),
            rest => Ok((target, rest)),
        }
    }

    /// The next time at which clocks show this.
    fn clock_named(&self, text: &str, now: Time) -> Result<Time, String> {
        let number = |text: &str, below: u32| text.parse().ok().filter(|number| *number < below);
        let (hour, minute) = text.split_once(':').unwrap_or((text, "0"));
        match (number(hour, 24), number(minute, 60)) {
            (Some(hour), Some(minute)) => Ok(self.config.zone.next(hour, minute, now)),
            _ => Err("write the time as until 18:00".into()),
        }
    }

    /// The lane or account of this name, or the only one in whose name it stands.
    fn target_named(&self, name: &str) -> Result<Target, String> {
        let lanes = || self.roster.lanes.iter().map(|lane| &lane.spec.id);
        if let Some(lane) = lanes().find(|lane| lane.as_str() == name) {
            return Ok(Target::Lane(lane.clone()));
        }
        let account = name.strip_suffix("/*").unwrap_or(name);
        if let Some(lane) = lanes().find(|lane| lane.account().as_str() == account) {
            return Ok(Target::Account(lane.account()));
        }
        self.only_lane(name).map(Target::Lane).map_err(|near| {
            let near = near.map_or_else(String::new, |near| format!(": did you mean {near}?"));
            format!("no lane or account is called `{name}`{near}")
        })
    }

    fn lane_named(&self, name: &str) -> Result<LaneId, String> {
        let exact = self.roster.lanes.iter().map(|lane| &lane.spec.id).find(|lane| lane.as_str() == name);
        exact.cloned().map_or_else(|| self.only_lane(name), Ok).map_err(|near| {
            let near = near.map_or_else(String::new, |near| format!(": did you mean {near}?"));
            format!("no lane is called `{name}`{near}")
        })
    }

    /// The only lane in whose name this stands. Err: what was probably meant.
    fn only_lane(&self, name: &str) -> Result<LaneId, Option<String>> {
        let names: Vec<&str> = self.roster.lanes.iter().map(|lane| lane.spec.id.as_str()).collect();
        let has: Vec<&str> = names.iter().copied().filter(|lane| name.len() > 2 && lane.contains(name)).collect();
        match has.as_slice() {
            [one] => Ok((*one).into()),
            _ => Err(best(name, names, |lane| lane).first().map(|lane| (*lane).to_owned())),
        }
    }

    /// A draft that begins with `/` and is sent: a command, or a text if that is made sure. None: it is no such draft.
    pub(in crate::app) fn slash(&mut self, armed: Armed, now: Time) -> Option<Vec<Effect>> {
        let line = self.composer.first_line().strip_prefix('/')?.trim_end().to_owned();
        if line.starts_with('/') {
            return None;
        }
        let (name, arguments) = line.split_once(char::is_whitespace).unwrap_or((&line, ""));
        let verb = Verb::named(name).filter(|verb| self.composer.lines() == 1 || verb.takes_lines());
        let Some(verb) = verb else {
            if matches!(armed, Armed::Send(until) if until >= now) {
                return None;
            }
            self.armed = Armed::Send(now.plus(SEND_AGAIN));
            let name = crate::domain::text::shortened(name, 20).into_owned();
            self.say(
                format!("no command is called /{name}: Enter again sends it as text, // does at once"),
                Role::Warn,
                now,
            );
            return Some(Vec::new());
        };
        let whole = self.composer.text();
        let arguments =
            if self.composer.lines() == 1 { arguments } else { whole.get(name.len() + 1..).unwrap_or_default() };
        let (draft, arguments) = (self.composer.packed(), arguments.trim().to_owned());
        self.composer.set("");
        match self.order(verb, &arguments, now) {
            Ok(effects) => Some(effects),
            Err(why) => {
                self.composer.set(&draft);
                self.say(why, Role::Warn, now);
                Some(Vec::new())
            }
        }
    }

    /// Takes what was chosen in the list of commands.
    pub(in crate::app) fn take_command(&mut self, now: Time) -> Vec<Effect> {
        let Some(Overlay::Palette(palette)) = &self.overlay else { return Vec::new() };
        let typed = |filter: String| Some(Overlay::Palette(Palette { filter, ..Palette::default() }));
        match palette.chosen(&self.roster) {
            None => Vec::new(),
            Some(Choice::Completed(line)) => {
                self.overlay = typed(line);
                Vec::new()
            }
            Some(Choice::Verb(verb)) if !verb.hint.is_empty() => {
                self.overlay = typed(format!("{} ", verb.name));
                Vec::new()
            }
            Some(Choice::Verb(verb)) => self.order_from_list(verb, "", now),
            Some(Choice::Line(verb, arguments)) => self.order_from_list(verb, &arguments, now),
            Some(Choice::Act(action, place, ..)) => {
                self.overlay = None;
                if let Some(pane) = pane_of(place) {
                    self.focus = pane;
                }
                self.act(action, Armed::No, now)
            }
        }
    }

    fn order_from_list(&mut self, verb: &Verb, arguments: &str, now: Time) -> Vec<Effect> {
        let list = self.overlay.take();
        match self.order(verb, arguments, now) {
            Ok(effects) => effects,
            Err(why) => {
                self.overlay = list;
                if let Some(Overlay::Palette(palette)) = &mut self.overlay {
                    palette.wrong = Some(why);
                }
                Vec::new()
            }
        }
    }

    /// Completes the line in the list of commands by what is chosen.
    pub(in crate::app) fn complete_command(&mut self) {
        let Some(Overlay::Palette(palette)) = &mut self.overlay else { return };
        let choices = palette.choices(&self.roster);
        let chosen = choices.get(palette.at.min(choices.len().saturating_sub(1)));
        // The line itself stands first: the next row is what completes it.
        let chosen = if matches!(chosen, Some(Choice::Line(..))) { choices.get(1) } else { chosen };
        match chosen {
            Some(Choice::Completed(line)) => palette.filter.clone_from(line),
            Some(Choice::Verb(verb)) => palette.filter = format!("{} ", verb.name),
            _ => return,
        }
        palette.at = 0;
    }

    /// Takes the chosen earlier prompt into the draft. What stood there is remembered.
    pub(in crate::app) fn take_prompt(&mut self) {
        let Some(Overlay::Recall(recall)) = &self.overlay else { return };
        let chosen = recall.chosen().map(str::to_owned);
        self.overlay = None;
        if let Some(chosen) = chosen {
            let draft = self.composer.packed();
            self.composer.remember(&draft);
            self.composer.set(&chosen);
            self.focus = Focus::Composer;
        }
    }

    /// Goes through the list that stands over the panes. False: there is none.
    pub(in crate::app) fn go_list(&mut self, way: Move) -> bool {
        let roster = &self.roster;
        let (at, count) = match &mut self.overlay {
            Some(Overlay::Lanes(lanes)) => {
                let count = lanes.choices(roster).len();
                (&mut lanes.at, count)
            }
            Some(Overlay::Palette(palette)) => {
                let count = palette.choices(roster).len();
                (&mut palette.at, count)
            }
            Some(Overlay::Recall(recall)) => {
                let count = recall.count();
                (&mut recall.at, count)
            }
            _ => return false,
        };
        *at = way.from(*at, count);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Msg;
    use crate::app::fetch::{Fetch, Fetched};
    use crate::app::fixture::{NOW, app, fresh, in_};
    use crate::app::keymap::{KeyCode, KeyEvent, KeyModifiers};
    use crate::domain::chat::Settings;
    use crate::domain::ids::ConversationId;

    fn press(app: &mut App, modifiers: KeyModifiers, code: KeyCode) -> Vec<Effect> {
        app.update(Msg::Key(KeyEvent::new(code, modifiers)), NOW)
    }

    fn ctrl(app: &mut App, letter: char) -> Vec<Effect> {
        press(app, KeyModifiers::CONTROL, KeyCode::Char(letter))
    }

    fn plain(app: &mut App, code: KeyCode) -> Vec<Effect> {
        press(app, KeyModifiers::NONE, code)
    }

    fn typed(app: &mut App, text: &str) -> Vec<Effect> {
        text.chars().flat_map(|letter| plain(app, KeyCode::Char(letter))).collect()
    }

    fn footer(app: &App) -> String {
        app.screen(NOW).footer.text()
    }

    fn off(target: Target, until: Option<Time>) -> Vec<Effect> {
        vec![Effect::Send(Command::Switch { target, on: false, until })]
    }

    fn converse(change: Change) -> Vec<Effect> {
        vec![Effect::Send(Command::Converse(ConversationId::FIRST, change))]
    }

    fn set(settings: Settings) -> Vec<Effect> {
        converse(Change::Set(Box::new(settings)))
    }

    #[test]
    fn a_command_is_done_and_never_sent() {
        let steady = || Target::Account("steady".into());
        // 09:41:02 now.
        for (line, expected) in [
            ("/disable steady", off(steady(), None)),
            ("/disable steady/* 15m", off(steady(), Some(in_(900)))),
            ("/disable medium-14b for 1h", off(Target::Lane("steady/medium-14b".into()), Some(in_(3600)))),
            ("/disable steady until 10:00", off(steady(), Some(in_(1138)))),
            ("/enable steady", vec![Effect::Send(Command::Switch { target: steady(), on: true, until: None })]),
            ("/endpoint", vec![Effect::Send(Command::SwitchEndpoint { open: None })]),
            ("/quit", vec![Effect::Quit]),
            ("/rename tides", converse(Change::Rename("tides".into()))),
            ("/system Be brief.", set(Settings { system: "Be brief.".into(), ..Settings::default() })),
            ("/temperature 0,5", set(Settings { temperature: Some(0.5), ..Settings::default() })),
            ("/max-tokens 500", set(Settings { max_tokens: Some(500), ..Settings::default() })),
        ] {
            let mut app = app(120, 40);
            // Typed, with the list of commands over it; and pasted, without.
            typed(&mut app, line);
            assert_eq!(plain(&mut app, KeyCode::Enter), expected, "{line}");
            assert_eq!(app.composer().text(), "", "{line}");
            let mut app = fresh(120, 40);
            app.update(Msg::Paste(line.into()), NOW);
            plain(&mut app, KeyCode::Esc);
            assert_eq!(plain(&mut app, KeyCode::Enter), expected, "{line}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_command_is_said_and_it_stays() {
        for (line, why) in [
            ("/disable", "disable wants more: disable TARGET"),
            ("/disable steddy", "no lane or account is called `steddy`"),
            ("/disable me", "called `me`: did you mean steady/medium-14b?"),
            ("/disable steady 15", "write a span as 90s, 15m"),
            ("/disable steady until 25:00", "until 18:00"),
            ("/lane no/such", "no lane is called `no/such`"),
            ("/stop", "no answer is on its way"),
            ("/raw now", "raw takes nothing behind it"),
            ("/temperature warm", "a temperature is a number from 0 to 2"),
            ("/max-tokens 0", "a whole number above 0"),
            ("/export pdf", "write export md, or export json"),
        ] {
            let mut app = fresh(140, 40);
            app.update(Msg::Paste(line.into()), NOW);
            plain(&mut app, KeyCode::Esc);
            let effects = plain(&mut app, KeyCode::Enter);
            let asked =
                effects.iter().any(|effect| matches!(effect, Effect::Send(Command::Ask(_) | Command::Switch { .. })));
            assert!(footer(&app).contains(why) && !asked, "{line}: {} {effects:?}", footer(&app));
            assert_eq!(app.composer().text(), line);
        }
    }

    #[test]
    fn a_text_that_begins_like_a_command_is_sent_on_purpose() {
        let asked = |effects: Vec<Effect>| {
            effects.into_iter().find_map(|effect| match effect {
                Effect::Send(Command::Ask(ask)) => Some(ask.prompt),
                _ => None,
            })
        };
        let mut app = fresh(120, 40);
        app.update(Msg::Paste("/usr/bin is what?".into()), NOW);
        assert_eq!(asked(plain(&mut app, KeyCode::Enter)), None);
        assert!(footer(&app).contains("no command is called /usr/bin: Enter again sends it"));
        assert_eq!(asked(plain(&mut app, KeyCode::Enter)), Some("/usr/bin is what?".into()));
        let mut app = fresh(120, 40);
        app.update(Msg::Paste("//help me".into()), NOW);
        assert_eq!(asked(plain(&mut app, KeyCode::Enter)), Some("/help me".into()));
        // Another key in between: asked again.
        let mut app = fresh(120, 40);
        app.update(Msg::Paste("/a\nb".into()), NOW);
        plain(&mut app, KeyCode::Enter);
        plain(&mut app, KeyCode::Left);
        assert_eq!(asked(plain(&mut app, KeyCode::Enter)), None);
    }

    #[test]
    fn the_list_of_commands_does_commands_and_keys() {
        let mut app = app(120, 40);
        // From a pane by `:`, with arguments, completed by Tab.
        press(&mut app, KeyModifiers::ALT, KeyCode::Char('2'));
        plain(&mut app, KeyCode::Char(':'));
        typed(&mut app, "disable stea");
        plain(&mut app, KeyCode::Tab);
        typed(&mut app, "15m");
        assert_eq!(plain(&mut app, KeyCode::Enter), off(Target::Account("steady".into()), Some(in_(900))));
        assert!(app.overlay.is_none() && footer(&app).contains("steady, with all its lanes, is out"));
        // What is wrong is said in it, and it stays open.
        ctrl(&mut app, 'p');
        typed(&mut app, "enable nobody");
        assert_eq!(plain(&mut app, KeyCode::Enter), []);
        let panel = app.screen(NOW).panel.unwrap();
        assert!(panel.rows.iter().any(|row| row.text().contains("✕ no lane or account is called `nobody`")));
        // A key's action, in its pane.
        ctrl(&mut app, 'u');
        typed(&mut app, "undo by hand");
        let row = app.screen(NOW).panel.unwrap().rows[0].text();
        assert!(row.contains("undo the last thing done by hand") && row.trim_end().ends_with('z'), "{row}");
        let effects = plain(&mut app, KeyCode::Enter);
        assert_eq!(
            effects,
            [Effect::Send(Command::Switch { target: Target::Account("steady".into()), on: true, until: None })]
        );
        assert_eq!(app.focus(), Focus::Quota);
        // Every row can be chosen without harm.
        for down in 0..60 {
            let mut app = crate::app::fixture::app(120, 40);
            ctrl(&mut app, 'p');
            (0..down).for_each(|_| drop(plain(&mut app, KeyCode::Down)));
            plain(&mut app, KeyCode::Enter);
            app.screen(NOW);
        }
    }

    #[test]
    fn earlier_prompts_are_searched_and_the_draft_is_not_touched() {
        let mut app = app(120, 40);
        app.update(Msg::Paste("a draft of\nmine".into()), NOW);
        plain(&mut app, KeyCode::Left);
        let before = (app.composer().text(), app.composer().laid().cursor);
        assert_eq!(ctrl(&mut app, 'r'), [Effect::Fetch(Fetch::Prompts)]);
        let kept = ["first long ago", "the log of last year", "the log of last year", "a draft of\nmine"];
        app.update(Msg::Fetched(Fetched::Prompts(Ok(kept.map(str::to_owned).into()))), NOW);
        typed(&mut app, "log");
        let rows =
            |app: &App| app.screen(NOW).panel.unwrap().rows.iter().map(crate::app::row::Row::text).collect::<Vec<_>>();
        let found = rows(&app);
        assert_eq!(found.last().map(String::as_str), Some("the log of last year"));
        assert!(found.iter().all(|row| row.to_lowercase().contains("log")));
        for back in
            [KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE), KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)]
        {
            app.update(Msg::Key(back), NOW);
            assert_eq!((app.composer().text(), app.composer().laid().cursor), before);
            ctrl(&mut app, 'r');
            app.update(Msg::Fetched(Fetched::Prompts(Ok(kept.map(str::to_owned).into()))), NOW);
        }
        typed(&mut app, "last year");
        assert_eq!(plain(&mut app, KeyCode::Enter), [], "nothing is sent");
        assert_eq!(app.composer().text(), "the log of last year");
        // The draft that stood there is behind it.
        plain(&mut app, KeyCode::Up);
        assert_eq!(app.composer().text(), "a draft of\nmine");
        ctrl(&mut app, 'r');
        app.update(Msg::Fetched(Fetched::Prompts(Err("cannot read it".into()))), NOW);
        assert!(footer(&app).contains("only this session's prompts: cannot read it"));
    }

    #[test]
    fn the_draft_goes_to_the_editor_and_comes_back() {
        let mut app = fresh(120, 40);
        app.update(Msg::Paste("x\n".repeat(400)), NOW);
        typed(&mut app, "!");
        let whole = format!("{}!", "x\n".repeat(400));
        assert_eq!(ctrl(&mut app, 'g'), [Effect::Edit(whole.clone())]);
        assert_eq!(ctrl(&mut app, 'x'), []);
        assert_eq!(ctrl(&mut app, 'e'), [Effect::Edit(whole.clone())]);
        assert_eq!(ctrl(&mut app, 'e'), [], "the end of the line");
        app.update(Msg::Edited(Err("vi ended with 1: the draft is as it was".into())), NOW);
        assert_eq!((app.composer().text(), footer(&app).contains("vi ended with 1")), (whole.clone(), true));
        app.update(Msg::Edited(Ok(format!("new: {whole}"))), NOW);
        assert_eq!((app.composer().text(), app.composer().laid().rows.len()), (format!("new: {whole}"), 1));
        press(&mut app, KeyModifiers::CONTROL, KeyCode::Char('_'));
        press(&mut app, KeyModifiers::CONTROL, KeyCode::Char('_'));
        assert_eq!(app.composer().text(), whole, "undone");
    }

    #[test]
    fn files_are_completed_where_an_at_begins_a_word() {
        use crate::app::fetch::Entry;
        let entry = |name: &str, size| Entry { name: name.into(), size };
        let entries =
            vec![entry(".git", None), entry("my notes.md", Some(10)), entry("src", None), entry("sum.rs", Some(4100))];
        let folder = |name: &str| vec![Effect::Fetch(Fetch::Folder(name.into()))];
        let listed = |app: &App| {
            app.screen(NOW).menu.map(|menu| menu.rows.iter().map(crate::app::row::Row::text).collect::<Vec<_>>())
        };
        let mut app = fresh(120, 40);
        assert_eq!(typed(&mut app, "see a@"), []);
        assert_eq!(typed(&mut app, " @"), folder(""));
        app.update(Msg::Fetched(Fetched::Folder(String::new(), entries.clone())), NOW);
        assert_eq!(listed(&app).unwrap(), ["my notes.md  10 B", "src/  folder", "sum.rs  4.1 kB"]);
        assert_eq!(typed(&mut app, "sr"), [], "the folder is known");
        assert_eq!(plain(&mut app, KeyCode::Enter), folder("src/"));
        assert_eq!(app.composer().text(), "see a@ @src/");
        app.update(Msg::Fetched(Fetched::Folder("src/".into(), vec![entry("lib.rs", Some(1))])), NOW);
        plain(&mut app, KeyCode::Tab);
        assert_eq!((app.composer().text().as_str(), listed(&app)), ("see a@ @src/lib.rs ", None));
        // With spaces in it; hidden ones behind a dot; closed by Esc, which leaves the text.
        typed(&mut app, "@n");
        app.update(Msg::Fetched(Fetched::Folder(String::new(), entries)), NOW);
        plain(&mut app, KeyCode::Enter);
        assert!(app.composer().text().ends_with("@\"my notes.md\" "));
        typed(&mut app, "@.");
        assert_eq!(listed(&app), None);
        app.update(Msg::Fetched(Fetched::Folder(String::new(), vec![entry(".git", None)])), NOW);
        assert_eq!(listed(&app).unwrap(), [".git/  folder"]);
        plain(&mut app, KeyCode::Esc);
        typed(&mut app, "g");
        assert!(listed(&app).is_none() && app.composer().text().ends_with("@.g"));
    }
}
