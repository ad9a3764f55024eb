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
    /// While that of an attempt is.
    Attempt,
    /// In the list of lanes; other letters search in it.
    Lanes,
    /// Where it is chosen how rows are written.
    Export,
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
            Self::Attempt => "In that of an attempt",
            Self::Lanes => "In the list of lanes",
            Self::Export => "Where rows are written",
        }
    }

    /// Whether its keys mean anything in this scene.
    pub const fn holds(self, scene: Scene) -> bool {
        match (self, scene) {
            (Self::Help, Scene::Help)
            | (Self::Filter, Scene::Filter)
            | (Self::Detail, Scene::Detail | Scene::Attempt)
            | (Self::Attempt, Scene::Attempt)
            | (Self::Lanes, Scene::Lanes)
            | (Self::Export, Scene::Export)
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
    /// How rows are written.
    Export,
}
