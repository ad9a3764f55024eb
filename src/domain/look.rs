//! What the screen is like: what the config wants, and what its user did on it, which goes over that and is kept.

use serde::{Deserialize, Serialize};

/// The colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// The terminal's own sixteen.
    #[default]
    Auto,
    /// For a dark ground.
    Dark,
    /// For a light one.
    Light,
    /// Blue and orange instead of green and red, nothing dim.
    HighContrast,
    /// No colours.
    Mono,
}

impl Theme {
    /// All of them: name, and what it is.
    pub const ALL: [(Self, &str, &str); 5] = [
        (Self::Auto, "auto", "the terminal's own colours"),
        (Self::Dark, "dark", "for a dark ground"),
        (Self::Light, "light", "for a light ground"),
        (Self::HighContrast, "high-contrast", "blue and orange for green and red, nothing dim"),
        (Self::Mono, "mono", "no colours"),
    ];

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(theme, ..)| *theme)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(theme, ..)| *theme == self).map_or("", |(_, name, _)| name)
    }
}

/// How much may move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Motion {
    /// Countdowns by the second, answers as they come.
    #[default]
    Full,
    /// Countdowns by the minute, answers by whole lines, at most once a second.
    Reduced,
}

/// How the terminal is asked to call its user, who looks elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notify {
    /// Not at all.
    #[default]
    Off,
    /// With its bell.
    Bell,
    /// With a sentence (OSC 9).
    Osc9,
    /// With both.
    Both,
}

/// What the config wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    /// The colours.
    pub theme: Theme,
    /// How much may move.
    pub motion: Motion,
    /// How its user is called.
    pub notify: Notify,
}

/// What the user did on the screen. None: as the config wants it, or as it is laid out by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Look {
    /// The colours.
    pub theme: Option<Theme>,
    /// How much may move.
    pub motion: Option<Motion>,
    /// The chat's share of the width, in percent.
    pub chat: Option<u8>,
    /// The log's share of the height, in percent.
    pub log: Option<u8>,
}
