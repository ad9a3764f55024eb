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
    /// While a detail is open.
    Detail,
    /// In the list of lanes; other letters search in it.
    Lanes,
    /// In the list of commands; other letters search in it.
    Commands,
    /// In the search of the earlier prompts; other letters search.
    Earlier,
    /// While a word of the draft is completed; other keys mean what they mean while typing.
    Menu,
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
            Self::Detail => "In a detail",
            Self::Lanes => "In the list of lanes",
            Self::Commands => "In the list of commands",
            Self::Earlier => "In the earlier prompts",
            Self::Menu => "While a word is completed",
        }
    }

    /// Whether its keys mean anything in this scene.
    pub const fn holds(self, scene: Scene) -> bool {
        match (self, scene) {
            (Self::Help, Scene::Help)
            | (Self::Detail, Scene::Detail)
            | (Self::Lanes, Scene::Lanes)
            | (Self::Commands, Scene::Commands)
            | (Self::Earlier, Scene::Earlier)
            | (Self::Menu, Scene::Menu)
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
    /// A detail.
    Detail,
    /// The list of lanes.
    Lanes,
    /// The list of commands.
    Commands,
    /// The search in the earlier prompts.
    Earlier,
    /// The composer, with a word that is completed.
    Menu,
}
