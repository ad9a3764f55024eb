//! Roles as styles: the only place that names a colour. The terminal's own sixteen, so that they suit a dark and a light
//! ground alike; no background is ever painted.

use ratatui::style::{Modifier, Style};

use crate::app::row::Role;

/// The style of a role. Without colour, what has one is told apart by weight, or by its words alone.
#[expect(clippy::disallowed_types, reason = "the one place that names colours")]
pub fn style(role: Role, color: bool) -> Style {
    use ratatui::style::Color;
    let plain = Style::new();
    let tinted = |hue: Color, else_with: Modifier| {
        if color { plain.fg(hue) } else { plain.add_modifier(else_with) }
    };
    match role {
        Role::Plain => plain,
        Role::Dim => plain.add_modifier(Modifier::DIM),
        Role::Strong => plain.add_modifier(Modifier::BOLD),
        Role::Emphasis => plain.add_modifier(Modifier::ITALIC),
        Role::Code => tinted(Color::Cyan, Modifier::ITALIC),
        Role::Keyword => tinted(Color::Magenta, Modifier::BOLD),
        Role::Constant => tinted(Color::Yellow, Modifier::empty()),
        Role::Called => tinted(Color::Blue, Modifier::empty()),
        Role::Named => tinted(Color::Cyan, Modifier::empty()),
        Role::Found => plain.add_modifier(Modifier::REVERSED),
        Role::Struck => plain.add_modifier(Modifier::CROSSED_OUT),
        Role::Link => plain.add_modifier(Modifier::UNDERLINED),
        Role::Accent => tinted(Color::Cyan, Modifier::BOLD),
        Role::Good | Role::Quoted => tinted(Color::Green, Modifier::empty()),
        Role::Warn => tinted(Color::Yellow, Modifier::BOLD),
        Role::Bad => tinted(Color::Red, Modifier::BOLD),
    }
}

/// The style of a selected row, over whatever it has.
pub const fn selected() -> Style {
    Style::new().add_modifier(Modifier::REVERSED)
}
