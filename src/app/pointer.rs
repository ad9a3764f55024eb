//! What the mouse did, as far as it matters.

use crate::app::keymap::{MouseButton, MouseEvent, MouseEventKind};

/// What the mouse did, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pointer {
    /// The wheel turned: rows down (negative: up).
    Wheel {
        /// Column.
        x: u16,
        /// Row.
        y: u16,
        /// How far.
        rows: i16,
    },
    /// The mouse moved with the left button down.
    Drag {
        /// Column.
        x: u16,
        /// Row.
        y: u16,
    },
    /// The left button went up.
    Release,
    /// The left button went down.
    Click {
        /// Column.
        x: u16,
        /// Row.
        y: u16,
    },
}

/// Rows that one notch of the wheel scrolls.
const NOTCH: i16 = 3;

/// What a mouse event means; None: nothing.
pub const fn pointer(mouse: MouseEvent) -> Option<Pointer> {
    let (x, y) = (mouse.column, mouse.row);
    match mouse.kind {
        MouseEventKind::ScrollUp => Some(Pointer::Wheel { x, y, rows: -NOTCH }),
        MouseEventKind::ScrollDown => Some(Pointer::Wheel { x, y, rows: NOTCH }),
        MouseEventKind::Down(MouseButton::Left) => Some(Pointer::Click { x, y }),
        MouseEventKind::Drag(MouseButton::Left) => Some(Pointer::Drag { x, y }),
        MouseEventKind::Up(MouseButton::Left) => Some(Pointer::Release),
        _ => None,
    }
}
