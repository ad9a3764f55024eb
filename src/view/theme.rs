//! Roles as styles: the only place that names a colour. By itself the terminal's own sixteen, so that they suit a dark and
//! a light ground alike; the other themes choose from the 256 that are the same everywhere. No background is painted.

use ratatui::style::{Modifier, Style};

use crate::app::row::Role;
use crate::domain::look::Theme;

/// What a role has beside its colour, where there is one; and what it has instead, where there is none.
struct Weight {
    with: Modifier,
    without: Modifier,
}

/// The style of a role. Where it means a state, its weight tells it as well, and its words always do.
pub fn style(role: Role, theme: Theme) -> Style {
    let weight = weight(role, theme);
    match colour(role, theme) {
        Some(tint) => tint.add_modifier(weight.with),
        None => Style::new().add_modifier(weight.without),
    }
}

fn weight(role: Role, theme: Theme) -> Weight {
    let same = |both| Weight { with: both, without: both };
    let bare = |without| Weight { with: Modifier::empty(), without };
    let high = theme == Theme::HighContrast;
    match role {
        Role::Plain | Role::Constant | Role::Called | Role::Named | Role::Quoted | Role::Good => {
            same(Modifier::empty())
        }
        Role::Dim if high => same(Modifier::empty()),
        Role::Dim => bare(Modifier::DIM),
        Role::Strong => same(Modifier::BOLD),
        Role::Emphasis => same(Modifier::ITALIC),
        Role::Found => same(Modifier::REVERSED),
        Role::Struck => same(Modifier::CROSSED_OUT),
        Role::Link => same(Modifier::UNDERLINED),
        Role::Code => bare(Modifier::ITALIC),
        Role::Warn if high => same(Modifier::BOLD.union(Modifier::UNDERLINED)),
        Role::Bad if high => same(Modifier::BOLD.union(Modifier::REVERSED)),
        Role::Accent if high => same(Modifier::BOLD),
        Role::Bad if theme == Theme::Mono => same(Modifier::BOLD.union(Modifier::UNDERLINED)),
        Role::Keyword | Role::Accent | Role::Warn | Role::Bad => bare(Modifier::BOLD),
    }
}

/// The colour alone; None: that of the terminal's text.
#[expect(clippy::disallowed_types, reason = "the one place that names colours")]
fn colour(role: Role, theme: Theme) -> Option<Style> {
    use ratatui::style::Color::{self, Indexed};
    let [dim, accent, good, warn, bad, code, keyword, constant, called] = match theme {
        Theme::Mono => return None,
        Theme::Auto => {
            use Color::{Blue, Cyan, Green, Magenta, Red, Yellow};
            // Dim by weight: no grey is readable on every ground.
            [
                None,
                Some(Cyan),
                Some(Green),
                Some(Yellow),
                Some(Red),
                Some(Cyan),
                Some(Magenta),
                Some(Yellow),
                Some(Blue),
            ]
        }
        Theme::Dark => [246, 80, 114, 221, 209, 116, 176, 180, 111].map(|hue| Some(Indexed(hue))),
        Theme::Light => [242, 25, 28, 130, 160, 24, 90, 94, 19].map(|hue| Some(Indexed(hue))),
        Theme::HighContrast => {
            let [accent, good, warn, bad] = [39, 33, 208, 202].map(|hue| Some(Indexed(hue)));
            [None, accent, good, warn, bad, None, accent, None, None]
        }
    };
    let hue = match role {
        Role::Plain | Role::Strong | Role::Emphasis | Role::Found | Role::Struck | Role::Link => None,
        Role::Dim => dim,
        Role::Accent => accent,
        Role::Good | Role::Quoted => good,
        Role::Warn => warn,
        Role::Bad => bad,
        Role::Code | Role::Named => code,
        Role::Keyword => keyword,
        Role::Constant => constant,
        Role::Called => called,
    };
    hue.map(|hue| Style::new().fg(hue))
}

/// The style of a selected row, over whatever it has.
pub const fn selected() -> Style {
    Style::new().add_modifier(Modifier::REVERSED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_told_apart_in_each_theme() {
        let states = [Role::Plain, Role::Good, Role::Warn, Role::Bad, Role::Accent];
        for (theme, name, _) in Theme::ALL.into_iter().filter(|(theme, ..)| *theme != Theme::Mono) {
            for (number, role) in states.iter().enumerate() {
                for other in states.iter().skip(number + 1) {
                    assert_ne!(style(*role, theme), style(*other, theme), "{role:?} and {other:?} in {name}");
                }
            }
        }
        // Without red and green, and without any colour, what needs attention has a weight of its own.
        for theme in [Theme::HighContrast, Theme::Mono] {
            let weights = [Role::Good, Role::Warn, Role::Bad].map(|role| style(role, theme).add_modifier);
            assert!(weights[0] != weights[1] && weights[1] != weights[2] && weights[0] != weights[2], "{theme:?}");
        }
    }

    #[test]
    fn no_theme_paints_a_ground() {
        for (theme, ..) in Theme::ALL {
            for role in [Role::Plain, Role::Dim, Role::Accent, Role::Good, Role::Warn, Role::Bad, Role::Code] {
                let style = style(role, theme);
                assert_eq!(style.bg, None);
                assert!(theme != Theme::Mono || style.fg.is_none());
            }
        }
    }
}
