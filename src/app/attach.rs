//! Files that a message names with `@`: read when it is sent, weighed while it is written. What cannot go along is said
//! before anything is sent, and nothing is lost.

use crate::app::composer::fold::whole;
use crate::app::fetch::Fetch;
use crate::app::menu::{Word, word};
use crate::app::message::Effect;
use crate::app::queue::Queued;
use crate::app::row::Role;
use crate::app::scales::Reading;
use crate::app::state::App;
use crate::domain::ability::Ability;
use crate::domain::attachment::{Attachment, named};
use crate::domain::clock::Time;
use crate::domain::text::one_line;

impl App {
    /// Reads the files that a message names; it goes when they are there.
    pub(in crate::app) fn read_files(&mut self, queued: Queued, names: Vec<String>, now: Time) -> Vec<Effect> {
        self.readings += 1;
        let number = self.readings;
        self.reading = Some(Reading { number, queued });
        self.keep_waiting();
        let kept = self.keep_draft(now);
        std::iter::once(Effect::Fetch(Fetch::Files(number, names))).chain(kept).collect()
    }

    /// They are there, or cannot be had.
    pub(in crate::app) fn files_read(
        &mut self,
        number: u64,
        files: Result<Vec<Attachment>, String>,
        now: Time,
    ) -> Vec<Effect> {
        let Some(Reading { mut queued, .. }) = self.reading.take_if(|reading| reading.number == number) else {
            return Vec::new();
        };
        let blind = |file: &&Attachment| file.is_image() && !self.sees(&queued);
        let files = files.and_then(|files| match files.iter().find(blind) {
            Some(image) => Err(format!("@{} is a picture, and {}", image.name, blindness(&queued))),
            None => Ok(files),
        });
        match files {
            Ok(files) => {
                let missing = missing(&queued.draft, &files);
                queued.attachments = files;
                let effects = self.post(queued, now);
                if let Some(name) = missing {
                    self.say(format!("@{} is no file here: it went as text", one_line(&name)), Role::Warn, now);
                }
                effects
            }
            Err(why) => {
                let written = self.composer.packed();
                let text =
                    if written.trim().is_empty() { queued.draft } else { format!("{}\n{written}", queued.draft) };
                self.composer.set(&text);
                (self.pin, self.fork) = (queued.only, queued.replaces);
                self.keep_waiting();
                self.say(format!("not sent: {}", one_line(&why)), Role::Warn, now);
                Vec::new()
            }
        }
    }

    /// Whether a lane that may take the message takes pictures.
    fn sees(&self, queued: &Queued) -> bool {
        let may = |only: &crate::domain::ids::LaneId| queued.only.as_ref().is_none_or(|one| one == only);
        let on = self.roster.lanes.iter().filter(|lane| lane.off().is_none() && may(&lane.spec.id));
        on.into_iter().any(|lane| lane.spec.abilities.may(Ability::Vision))
    }

    /// Weighs the files that the draft names. The one that is being typed is not looked for at each letter.
    pub(in crate::app) fn weigh(&mut self) -> Option<Effect> {
        let draft = self.composer.seen();
        let mut names = if draft.contains('@') { named(&draft) } else { Vec::new() };
        let typing = self.completing.menu.is_some() || self.completing.asked.is_some();
        if let (true, Some(Word::Path(typed))) = (typing, word(&self.composer)) {
            names.retain(|name| *name != typed);
        }
        names.retain(|name| !name.ends_with('/'));
        let new = self.scales.weigh(names);
        (!new.is_empty()).then_some(Effect::Fetch(Fetch::Sizes(new)))
    }

    /// What files weigh was told.
    pub(in crate::app) fn weighed(&mut self, sizes: Vec<(String, Option<u64>)>) {
        for (name, size) in sizes {
            if let Some(known) = self.scales.known.get_mut(&name) {
                *known = size;
            }
        }
    }
}

/// Why a picture cannot go along.
fn blindness(queued: &Queued) -> String {
    match &queued.only {
        Some(lane) => format!("{lane} is not known to see any: choose another lane with Alt+P"),
        None => "no lane that is on is known to see any".to_owned(),
    }
}

/// The first name that looks like a file's, and of which nothing goes along.
fn missing(draft: &str, files: &[Attachment]) -> Option<String> {
    let known = |name: &str| files.iter().any(|file| file.name == name);
    let bare = |name: &str| name.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '\'', '"']).to_owned();
    named(&whole(draft)).into_iter().find(|name| {
        let looks_so = bare(name).contains(['/', '.']);
        looks_so && !known(name) && !known(&bare(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Msg;
    use crate::app::fetch::Fetched;
    use crate::app::fixture::{NOW, app_of, fresh, snapshot, turn};
    use crate::app::keymap::{KeyCode, KeyEvent, KeyModifiers};
    use crate::domain::conversation::{Part, Turn, TurnState};
    use crate::domain::standing::Need;
    use crate::scheduler::link::{Ask, Command, Moved, Report, Snapshot};

    fn enter(app: &mut App) -> Vec<Effect> {
        app.update(Msg::Key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)), NOW)
    }

    fn write(app: &mut App, text: &str) -> Vec<Effect> {
        app.update(Msg::Paste(text.into()), NOW);
        // A list of files, if one is open.
        app.update(Msg::Key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE)), NOW);
        enter(app)
    }

    fn read(app: &mut App, number: u64, files: Result<Vec<Attachment>, String>) -> Vec<Effect> {
        app.update(Msg::Fetched(Fetched::Files(number, files)), NOW)
    }

    fn hear(app: &mut App, turn: Turn) -> Vec<Effect> {
        let (attempts, lanes, meters, next) = (vec![], vec![], vec![], Some("quick/small-8b".into()));
        let moved = Moved { at: NOW, turn: Some(turn), attempts, lanes, meters, next, usual: Need::USUAL };
        app.update(Msg::Report(Report::Moved(Box::new(moved))), NOW)
    }

    fn asked(effects: Vec<Effect>) -> Option<Ask> {
        effects.into_iter().find_map(|effect| match effect {
            Effect::Send(Command::Ask(ask)) => Some(*ask),
            _ => None,
        })
    }

    fn file(name: &str, bytes: &[u8]) -> Attachment {
        Attachment::of(name, bytes.to_vec()).unwrap()
    }

    #[test]
    fn a_named_file_goes_along_and_along_again() {
        let mut app = fresh(120, 40);
        let effects = write(&mut app, "what is in @src/main.rs and @bob?");
        let names = vec!["src/main.rs".into(), "bob?".into()];
        assert_eq!(effects.first(), Some(&Effect::Fetch(Fetch::Files(1, names))));
        assert!(effects.contains(&Effect::Send(Command::KeepDraft("what is in @src/main.rs and @bob?\n\n".into()))));
        // It waits for its files; a second one does not overtake it.
        assert_eq!(asked(write(&mut app, "me first")), None);
        assert_eq!(app.composer().text(), "me first");
        let ask = asked(read(&mut app, 1, Ok(vec![file("src/main.rs", b"fn main() {}\n")]))).unwrap();
        assert_eq!(ask.prompt, "what is in @src/main.rs and @bob?", "as it was typed");
        let text = "```src/main.rs\nfn main() {}\n```\n\nwhat is in @src/main.rs and @bob?";
        assert_eq!(ask.request.messages[0].parts, [Part::Text(text.into())]);
        let answered =
            Turn { id: ask.turn, attachments: ask.attachments, ..turn(1, &ask.prompt, "Code.", TurnState::Done) };
        hear(&mut app, answered);
        let shown = app.screen(NOW).chat.iter().map(crate::app::row::Row::text).collect::<Vec<_>>();
        assert!(shown.iter().any(|row| row.trim() == "@ src/main.rs  13 B"), "{shown:?}");
        let next = asked(enter(&mut app)).unwrap();
        assert_eq!(next.request.messages[0].parts, [Part::Text(text.into())], "in later turns, too");
        hear(&mut app, Turn { id: next.turn, ..turn(2, "me first", "", TurnState::Failed("no".into())) });
    }

    #[test]
    fn what_cannot_go_along_is_said_and_the_draft_is_back() {
        let mut app = fresh(120, 40);
        write(&mut app, "see @huge");
        app.update(Msg::Paste("and more".into()), NOW);
        assert_eq!(asked(read(&mut app, 1, Err("@huge is a text of more than 256 kB".into()))), None);
        assert_eq!(app.composer().text(), "see @huge\nand more");
        assert!(app.screen(NOW).footer.text().contains("not sent: @huge is a text of more than 256 kB"));
        // A picture, where no lane sees.
        let mut app = fresh(120, 40);
        write(&mut app, "see @a.png");
        assert_eq!(asked(read(&mut app, 1, Ok(vec![file("a.png", b"\x89PNG\r\n\x1a\n")]))), None);
        assert!(
            app.screen(NOW).footer.text().contains("@a.png is a picture, and no lane that is on is known to see any")
        );
        assert_eq!(app.composer().text(), "see @a.png");
        // And where one does.
        let mut snapshot = Snapshot { turns: vec![], log: vec![], ..snapshot() };
        let mut spec = (*snapshot.lanes[0].spec).clone();
        spec.abilities.can.push(Ability::Vision);
        snapshot.lanes[0].spec = spec.into();
        let mut app = app_of(snapshot, 120, 40);
        write(&mut app, "see @a.png");
        let ask = asked(read(&mut app, 1, Ok(vec![file("a.png", b"\x89PNG\r\n\x1a\n")]))).unwrap();
        assert!(ask.request.has_images() && ask.attachments[0].is_image());
        // What was read for another message is nobody's.
        assert_eq!(read(&mut app, 1, Ok(vec![])), []);
    }

    #[test]
    fn a_message_that_waits_keeps_its_files_and_its_folds() {
        let mut app = fresh(120, 40);
        let first = asked(write(&mut app, "one?")).unwrap();
        write(&mut app, "see @a.txt");
        assert_eq!(asked(read(&mut app, 1, Ok(vec![file("a.txt", b"hello")]))), None, "queued");
        let log = "x\n".repeat(300);
        app.update(Msg::Paste(log.clone()), NOW);
        enter(&mut app);
        assert!(app.screen(NOW).below.unwrap().contains("2 queued: … [pasted, 600 B]"));
        // Pulled back it is folded as before; sent again, and the files of the other are there.
        app.update(Msg::Key(KeyEvent::new(KeyCode::Up, KeyModifiers::NONE)), NOW);
        assert_eq!((app.composer().text(), app.composer().laid().rows.len()), (log.clone(), 1));
        enter(&mut app);
        let done = Turn { id: first.turn, ..turn(1, "one?", "One.", TurnState::Done) };
        let second = asked(hear(&mut app, done)).unwrap();
        assert_eq!((second.prompt.as_str(), second.attachments.len()), ("see @a.txt", 1));
        let done = Turn { id: second.turn, ..turn(2, "see @a.txt", "Two.", TurnState::Done) };
        assert_eq!(asked(hear(&mut app, done)).unwrap().prompt, log);
    }

    #[test]
    fn the_draft_says_what_its_files_weigh() {
        let mut app = fresh(120, 40);
        app.update(Msg::Paste("see @a.txt ".into()), NOW);
        let effects = app.update(Msg::Key(KeyEvent::new(KeyCode::Char('x'), KeyModifiers::NONE)), NOW);
        assert_eq!(effects, [], "asked for once");
        app.update(Msg::Fetched(Fetched::Sizes(vec![("a.txt".into(), Some(40_000))])), NOW);
        assert!(app.screen(NOW).prospect.text().contains("about 10k tok"), "{}", app.screen(NOW).prospect.text());
        app.update(Msg::Key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL)), NOW);
        assert!(!app.screen(NOW).prospect.text().contains("10k"));
    }
}

#[cfg(test)]
mod typos {
    use crate::app::Msg;
    use crate::app::fetch::{Fetch, Fetched};
    use crate::app::fixture::{NOW, fresh};
    use crate::app::keymap::{KeyCode, KeyEvent, KeyModifiers};
    use crate::app::message::Effect;

    #[test]
    fn a_name_that_is_no_files_is_said_to_have_gone_as_text() {
        for (draft, said) in [("see @src/mian.rs.", true), ("ask @ada", false)] {
            let mut app = fresh(120, 40);
            app.update(Msg::Paste(draft.into()), NOW);
            app.update(Msg::Key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE)), NOW);
            let effects = app.update(Msg::Key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)), NOW);
            let number = effects.iter().find_map(|effect| match effect {
                Effect::Fetch(Fetch::Files(number, _)) => Some(*number),
                _ => None,
            });
            app.update(Msg::Fetched(Fetched::Files(number.unwrap(), Ok(vec![]))), NOW);
            let footer = app.screen(NOW).footer.text();
            assert_eq!(footer.contains("is no file here: it went as text"), said, "{footer}");
        }
    }
}
