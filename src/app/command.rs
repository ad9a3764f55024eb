//! What can be done by name: `/name` in the composer, `:name` and Ctrl+P in the list of commands. One row for each; what
//! it does is an action of the keymap, or one of `Does`, which has its arm in `order`.

use crate::app::action::{Action, Focus, Lever, LookAction, Talk};
use crate::app::fuzzy::fit;
use crate::app::keymap::binding::Binding;
use crate::app::keymap::{keys, name};
use crate::app::place::Place;
use crate::app::roster::Roster;
use crate::domain::look::Theme;

/// What a command does that is no action of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// What a key does.
    Act(Action),
    /// Quit; its name was chosen, nothing is asked.
    Quit,
    /// Stop the answer.
    Stop,
    /// The next turn goes to this lane alone.
    Lane,
    /// Out of the rotation.
    Disable,
    /// Back into it.
    Enable,
    /// Call the conversation so.
    Rename,
    /// Its system prompt.
    System,
    /// Its temperature.
    Temperature,
    /// The longest answer, in tokens.
    MaxTokens,
    /// Save it in a form.
    Export,
    /// Search in it.
    Search,
    /// The colours.
    Theme,
    /// How much may move.
    Motion,
    /// Requests that only the chat may take.
    Keep,
    /// Turns in a round.
    Weight,
    /// The order of the accounts.
    Move,
    /// How lanes are chosen.
    Strategy,
    /// One tiny question.
    Test,
}

/// One command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verb {
    /// Its name: letters and `-`.
    pub name: &'static str,
    /// Its arguments, as help writes them; empty: it has none. What stands in brackets may be left out.
    pub hint: &'static str,
    /// What it says of itself.
    pub says: &'static str,
    /// What it does.
    pub does: Does,
}

const fn verb(name: &'static str, hint: &'static str, does: Does, says: &'static str) -> Verb {
    Verb { name, hint, says, does }
}

/// All of them, in the order in which they are listed.
pub const VERBS: &[Verb] = &[
    verb("help", "", Does::Act(Action::Help), "all keys and commands"),
    verb("again", "", Does::Act(Action::Again), "ask the last question again"),
    verb("lane", "[LANE]", Does::Lane, "the lane for the next turn alone; without a name, choose it"),
    verb("stop", "", Does::Stop, "stop the answer; what has come is kept"),
    verb("new", "", Does::Act(Action::Talk(Talk::New)), "a new conversation"),
    verb("chats", "", Does::Act(Action::Talk(Talk::List)), "the conversations: open, search, rename, delete"),
    verb("rename", "NAME", Does::Rename, "call this conversation so"),
    verb("settings", "", Does::Act(Action::Talk(Talk::Settings)), "system prompt, temperature and longest answer"),
    verb(
        "system",
        "[TEXT]",
        Does::System,
        "the system prompt of this conversation, several lines of it; without a text, none",
    ),
    verb(
        "temperature",
        "[0 to 2]",
        Does::Temperature,
        "the temperature of this conversation; without a number, the model's own",
    ),
    verb("max-tokens", "[TOKENS]", Does::MaxTokens, "the longest answer here; without a number, as the model likes"),
    verb("search", "TEXT", Does::Search, "search in this chat"),
    verb("export", "[md | json]", Does::Export, "save this chat as Markdown or JSON"),
    verb("copy", "", Does::Act(Action::Talk(Talk::Copy)), "copy the last answer, or the selected one"),
    verb("copy-chat", "", Does::Act(Action::Talk(Talk::CopyAll)), "copy the whole chat, as Markdown"),
    verb("copy-code", "", Does::Act(Action::Talk(Talk::CopyBlock)), "copy a block of code of the answer"),
    verb("editor", "", Does::Act(Action::Editor), "write the draft in $EDITOR"),
    verb("history", "", Does::Act(Action::Recall), "search the earlier prompts"),
    verb(
        "disable",
        "TARGET [15m | until 18:00 | until reset]",
        Does::Disable,
        "a lane or an account out of the rotation",
    ),
    verb("enable", "TARGET", Does::Enable, "a lane or an account back into the rotation"),
    verb("keep", "TARGET 20", Does::Keep, "its last requests are for the chat alone; 0: none, reset: as the config"),
    verb("weight", "ACCOUNT 1-9", Does::Weight, "turns that it takes in a round; reset: as the config"),
    verb("move", "ACCOUNT up | down | first | last", Does::Move, "its place in the order; move reset: as the config"),
    verb("strategy", "harvest | even | order | reset", Does::Strategy, "how the next lane is chosen"),
    verb("test", "LANE", Does::Test, "ask it one tiny question; the cost is said first"),
    verb("pause", "", Does::Act(Action::Lever(Lever::Pause)), "send nothing new, or go on"),
    verb("freeze", "", Does::Act(Action::Lever(Lever::Freeze)), "keep the picture as it is, or show all again"),
    verb("endpoint", "", Does::Act(Action::Endpoint), "open the endpoint for other programs, or close it"),
    verb("no-training", "", Does::Act(Action::NoTraining), "keep the chat off providers that train on prompts, or not"),
    verb("expand", "", Does::Act(Action::Expand), "the focused pane on the whole screen, or not"),
    verb("raw", "", Does::Act(Action::Raw), "the selected answer as it was written, or read again"),
    verb("thoughts", "", Does::Act(Action::Thoughts), "show what the models thought, or hide it"),
    verb("theme", "[NAME]", Does::Theme, "the colours; without a name, choose them"),
    verb("motion", "[reduced | full]", Does::Motion, "countdowns by the minute and answers by the line, or not"),
    verb(
        "privacy",
        "",
        Does::Act(Action::Look(LookAction::Private)),
        "veil prompts, answers, names, hosts, paths, or not",
    ),
    verb("layout", "", Does::Act(Action::Look(LookAction::Reset)), "the panes as they were first"),
    verb(
        "setup",
        "",
        Does::Act(Action::Look(LookAction::Setup)),
        "real providers: what each gives for free, and its key",
    ),
    verb("quit", "", Does::Quit, "quit"),
];

impl Verb {
    /// The command of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        VERBS.iter().find(|verb| verb.name == name)
    }

    /// Whether it can be run without an argument.
    pub fn stands_alone(&self) -> bool {
        self.hint.is_empty() || self.hint.starts_with('[')
    }

    /// Whether its argument may have several lines.
    pub fn takes_lines(&self) -> bool {
        self.does == Does::System
    }

    /// The key that does the same, if there is one.
    pub fn key(&self) -> String {
        let action = match self.does {
            Does::Act(action) => action,
            Does::Quit => Action::Quit,
            Does::Stop => Action::Stop,
            Does::Lane => Action::SendOn,
            Does::Disable | Does::Enable => Action::Switch,
            Does::Rename | Does::System | Does::Temperature | Does::MaxTokens => Action::Talk(Talk::Settings),
            Does::Export => Action::Talk(Talk::Export),
            Does::Search => Action::Talk(Talk::Find),
            Does::Theme => Action::Look(LookAction::Themes),
            Does::Motion => return String::new(),
            Does::Keep => Action::Lever(Lever::Keep),
            Does::Weight => Action::Lever(Lever::Heavier),
            Does::Move => Action::Lever(Lever::Up),
            Does::Strategy => Action::Lever(Lever::Strategy),
            Does::Test => Action::Lever(Lever::Test),
        };
        keys().find(|row| row.action == action).map(key_of).unwrap_or_default()
    }

    /// What can stand as the argument with this number, as far as it is typed; the best fitting first.
    pub fn completions(&self, number: usize, typed: &str, roster: &Roster) -> Vec<String> {
        let names: Vec<String> = match (self.does, number) {
            (Does::Disable | Does::Enable | Does::Keep, 0) => targets(roster),
            (Does::Weight | Does::Move, 0) => roster.groups().iter().map(|group| group.account.to_string()).collect(),
            (Does::Keep, 1) => words(&["5", "10", "20", "50", "0", "reset"]),
            (Does::Weight, 1) => words(&["1", "2", "3", "5", "9", "reset"]),
            (Does::Move, 1) => words(&["up", "down", "first", "last"]),
            (Does::Strategy, 0) => words(&["harvest", "even", "order", "reset"]),
            (Does::Test, 0) => roster.chosen().map(|lane| lane.spec.id.to_string()).collect(),
            (Does::Disable, 2) => words(&["reset"]),
            (Does::Lane, 0) => roster.chosen().map(|lane| lane.spec.id.to_string()).collect(),
            (Does::Export, 0) => ["md", "json"].map(str::to_owned).into(),
            (Does::Theme, 0) => Theme::ALL.map(|(_, name, _)| name.to_owned()).into(),
            (Does::Motion, 0) => ["reduced", "full"].map(str::to_owned).into(),
            (Does::Disable, 1) => words(&["15m", "1h", "4h", "1d", "until"]),
            _ => Vec::new(),
        };
        best(typed, names, String::as_str)
    }
}

fn words(all: &[&str]) -> Vec<String> {
    all.iter().map(|word| (*word).to_owned()).collect()
}

fn targets(roster: &Roster) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for lane in &roster.lanes {
        let account = lane.spec.account().to_string();
        if !names.contains(&account) {
            names.push(account);
        }
        names.push(lane.spec.id.to_string());
    }
    names
}

/// Those that fit what was typed, the best first, as they stand otherwise.
pub fn best<T>(typed: &str, all: Vec<T>, text: impl Fn(&T) -> &str) -> Vec<T> {
    let mut found: Vec<(usize, T)> =
        all.into_iter().filter_map(|one| fit(typed, text(&one)).map(|cost| (cost, one))).collect();
    found.sort_by_key(|(cost, _)| *cost);
    found.into_iter().map(|(_, one)| one).collect()
}

/// The commands whose names fit, the best first; where none does, those whose words do.
pub fn fitting(typed: &str) -> Vec<&'static Verb> {
    let by_name = best(typed, VERBS.iter().collect(), |verb| verb.name);
    if by_name.is_empty() { best(typed, VERBS.iter().collect(), |verb| verb.says) } else { by_name }
}

/// The first key of a row.
pub fn key_of(row: &Binding) -> String {
    row.chords.first().map(|chord| name(*chord)).unwrap_or_default()
}

/// The rows of the keymap that make sense without the key, and are no commands yet.
pub fn rows() -> impl Iterator<Item = &'static Binding> {
    let known = |action: Action| VERBS.iter().any(|verb| verb.does == Does::Act(action));
    keys().filter(move |row| {
        let there = matches!(
            row.place,
            Place::Composer | Place::Everywhere | Place::Panes | Place::Transcript | Place::Quota | Place::Log
        );
        let makes_sense = !matches!(
            row.action,
            Action::Stop
                | Action::EndOfInput
                | Action::Quit
                | Action::Back
                | Action::NextPane
                | Action::PreviousPane
                | Action::Palette
                | Action::Prefix
                | Action::SendOn
                | Action::Send
                | Action::Edit(_)
                | Action::Move(_)
                | Action::Scroll(_)
        );
        there && makes_sense && !known(row.action)
    })
}

/// The pane in which a key of this place means something; None: any.
pub const fn pane_of(place: Place) -> Option<Focus> {
    match place {
        Place::Transcript => Some(Focus::Transcript),
        Place::Quota => Some(Focus::Quota),
        Place::Log => Some(Focus::Log),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_word_and_stands_once() {
        for (number, verb) in VERBS.iter().enumerate() {
            assert!(verb.name.chars().all(|char| char.is_ascii_lowercase() || char == '-'), "{}", verb.name);
            assert_eq!(VERBS.iter().position(|other| other.name == verb.name), Some(number));
            assert_eq!(fitting(verb.name).first().map(|verb| verb.name), Some(verb.name));
        }
        assert_eq!(fitting("dis").first().map(|verb| verb.name), Some("disable"));
        assert!(fitting("rotation").iter().any(|verb| verb.name == "enable"), "by what they say");
        assert_eq!(Verb::named("quit").map(Verb::key), Some("q".into()));
    }
}
