//! Where a key means what its row says, and what is in front.

use crate::app::action::Focus;

/// Where a key means what its row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Always, unless the help or a detail is open.
    Everywhere,
    /// While typing.
    Composer,
    /// In each pane, but not while typing.
    Panes,
    /// In the transcript.
    Transcript,
    /// In the quota pane.
    Quota,
    /// In the log.
    Log,
    /// While the help is open; other letters search in it.
    Help,
    /// While its filter is typed.
    Filter,
    /// While a detail is open.
    Detail,
    /// While that of a lane or an account is.
    Target,
    /// While that of an attempt is.
    Attempt,
    /// In the list of lanes; other letters search in it.
    Lanes,
    /// In the list of conversations; other letters search in it.
    Shelf,
    /// In the form of a conversation's settings; other letters are written.
    Form,
    /// While something is searched for in the chat; other letters are written.
    Find,
    /// In a short list; digits take what has them.
    Options,
    /// In the list of commands; other letters search in it.
    Commands,
    /// In the search of the earlier prompts; other letters search.
    Earlier,
    /// While a word of the draft is completed; other keys mean what they mean while typing.
    Menu,
    /// Where it is chosen how rows are written.
    Export,
    /// In the setup; letters are a key.
    Setup,
}

impl Place {
    /// The heading of its keys in the help.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Composer => "While typing",
            Self::Panes => "In a pane",
            Self::Transcript => "Chat",
            Self::Quota => "Quota",
            Self::Log => "Log",
            Self::Help => "In this help",
            Self::Filter => "In the log's filter",
            Self::Detail => "In a detail",
            Self::Target => "In that of a lane",
            Self::Attempt => "In that of an attempt",
            Self::Lanes => "In the list of lanes",
            Self::Shelf => "In the list of conversations",
            Self::Form => "In the settings of a conversation",
            Self::Find => "While searching in the chat",
            Self::Options => "In a short list",
            Self::Commands => "In the list of commands",
            Self::Earlier => "In the earlier prompts",
            Self::Menu => "While a word is completed",
            Self::Export => "Where rows are written",
            Self::Setup => "In the setup",
        }
    }

    /// Whether its keys mean anything in this scene.
    pub const fn holds(self, scene: Scene) -> bool {
        match (self, scene) {
            (Self::Help, Scene::Help)
            | (Self::Filter, Scene::Filter)
            | (Self::Detail, Scene::Detail | Scene::Attempt)
            | (Self::Target, Scene::Detail)
            | (Self::Attempt, Scene::Attempt)
            | (Self::Lanes, Scene::Lanes)
            | (Self::Shelf, Scene::Shelf)
            | (Self::Form, Scene::Form)
            | (Self::Find, Scene::Find)
            | (Self::Options, Scene::Options)
            | (Self::Commands, Scene::Commands)
            | (Self::Earlier, Scene::Earlier)
            | (Self::Menu, Scene::Menu)
            | (Self::Export, Scene::Export)
            | (Self::Setup, Scene::Setup)
            | (Self::Everywhere, Scene::On(_)) => true,
            (Self::Composer, Scene::On(focus)) => matches!(focus, Focus::Composer),
            (Self::Panes, Scene::On(focus)) => !matches!(focus, Focus::Composer),
            (Self::Transcript, Scene::On(focus)) => matches!(focus, Focus::Transcript),
            (Self::Quota, Scene::On(focus)) => matches!(focus, Focus::Quota),
            (Self::Log, Scene::On(focus)) => matches!(focus, Focus::Log),
            _ => false,
        }
    }
}

/// What is in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// A pane.
    On(Focus),
    /// The help.
    Help,
    /// The filter of the log.
    Filter,
    /// A detail.
    Detail,
    /// That of an attempt.
    Attempt,
    /// The list of lanes.
    Lanes,
    /// The list of conversations.
    Shelf,
    /// The settings of a conversation.
    Form,
    /// The chat, while something is searched for in it.
    Find,
    /// A short list.
    Options,
    /// The list of commands.
    Commands,
    /// The search in the earlier prompts.
    Earlier,
    /// The composer, with a word that is completed.
    Menu,
    /// How rows are written.
    Export,
    /// The setup.
    Setup,
}

impl Scene {
    /// Whether letters without a meaning of their own are written.
    pub const fn takes_letters(self) -> bool {
        !matches!(
            self,
            Self::On(Focus::Transcript | Focus::Quota | Focus::Log) | Self::Detail | Self::Attempt | Self::Export
        )
    }
}
