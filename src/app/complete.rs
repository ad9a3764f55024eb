//! The completion over the composer: when it opens, what it lists, what is taken from it.

use crate::app::action::{Focus, Move};
use crate::app::fetch::{Entry, Fetch};
use crate::app::menu::{Menu, Word, commands, files, split, word};
use crate::app::message::Effect;
use crate::app::state::{App, Armed};
use crate::domain::clock::Time;

impl App {
    /// Lists anew what completes the word at the cursor, if that is another one.
    pub(in crate::app) fn refresh_menu(&mut self) -> Option<Effect> {
        let here = self.focus == Focus::Composer && self.overlay.is_none() && self.completing.writing;
        let word = if here { word(&self.composer) } else { None };
        // A command is completed at the end of its line.
        let word = word.filter(|word| {
            matches!(word, Word::Path(_)) || self.composer.before_cursor().len() == self.composer.first_line().len()
        });
        let state = &mut self.completing;
        if state.word == word {
            return None;
        }
        if word.as_ref().map(std::mem::discriminant) != state.word.as_ref().map(std::mem::discriminant) {
            state.closed = false;
            // Another `@`: the folder may have changed since.
            state.folder = None;
        }
        state.word = word;
        self.list()
    }

    fn list(&mut self) -> Option<Effect> {
        let state = &mut self.completing;
        let mut asks = None;
        let rows = match &state.word {
            _ if state.closed => Vec::new(),
            None => Vec::new(),
            Some(Word::Command(typed)) => commands(typed, &self.roster),
            Some(Word::Path(path)) => {
                let folder = split(path).0;
                match &state.folder {
                    Some((known, entries)) if known == folder => files(path, entries),
                    _ => {
                        if state.asked.as_deref() != Some(folder) {
                            state.asked = Some(folder.to_owned());
                            asks = Some(Effect::Fetch(Fetch::Folder(folder.to_owned())));
                        }
                        Vec::new()
                    }
                }
            }
        };
        let is_files = matches!(state.word, Some(Word::Path(_)));
        let whole = |path: &str| rows.iter().any(|row| row.text.trim_end() == path);
        let done = matches!(&state.word, Some(Word::Path(path)) if whole(path));
        state.menu = (!rows.is_empty() && !done).then_some(Menu { rows, files: is_files, ..Menu::default() });
        asks
    }

    /// A folder was read.
    pub(in crate::app) fn folder_read(&mut self, folder: String, entries: Vec<Entry>) -> Option<Effect> {
        self.completing.asked.take_if(|asked| *asked == folder);
        self.completing.folder = Some((folder, entries));
        self.list()
    }

    /// Closes the list. False: there was none.
    pub(in crate::app) fn close_menu(&mut self) -> bool {
        self.completing.closed = true;
        self.completing.menu.take().is_some()
    }

    /// Goes through the list. False: there is none.
    pub(in crate::app) fn go_menu(&mut self, way: Move) -> bool {
        let Some(menu) = &mut self.completing.menu else { return false };
        menu.at = way.from(menu.at, menu.rows.len());
        menu.moved = true;
        true
    }

    /// Writes what is chosen in the place of the word. Whether more is to be written behind it.
    pub(in crate::app) fn complete(&mut self) -> bool {
        let (Some(menu), Some(word)) = (self.completing.menu.take(), &self.completing.word) else { return false };
        let (Word::Command(typed) | Word::Path(typed)) = word;
        let Some(chosen) = menu.rows.get(menu.at) else { return false };
        self.composer.complete(typed.chars().count(), &chosen.text);
        chosen.goes_on
    }

    /// Enter in the list: a file is written; a command is done, unless it wants more.
    pub(in crate::app) fn take_completion(&mut self, now: Time) -> Vec<Effect> {
        let Some(menu) = &self.completing.menu else { return Vec::new() };
        let (is_files, moved) = (menu.files, menu.moved);
        let names = matches!(&self.completing.word, Some(Word::Command(typed)) if !typed.contains(char::is_whitespace));
        if is_files || moved && !names {
            self.complete();
            return Vec::new();
        }
        if names && self.complete() {
            return Vec::new();
        }
        self.completing.menu = None;
        self.slash(Armed::No, now).unwrap_or_default()
    }
}
