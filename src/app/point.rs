//! The mouse: the wheel scrolls what is under it, a click gives a pane the keys and selects a row.

use crate::app::action::{Focus, Move};
use crate::app::due::Due;
use crate::app::geometry::inside;
use crate::app::pointer::Pointer;
use crate::app::roster::Item;
use crate::app::state::App;
use crate::domain::clock::Time;

impl App {
    pub(in crate::app) fn point(&mut self, pointer: Pointer, now: Time) {
        match pointer {
            Pointer::Wheel { rows, .. } if self.overlay.is_some() => {
                self.overlay_top = self.overlay_top.saturating_add_signed(isize::from(rows));
                self.settle(now);
            }
            Pointer::Wheel { x, y, rows } => match self.areas.pane_at(x, y) {
                Some(Focus::Composer | Focus::Transcript) => {
                    let by = usize::from(rows.unsigned_abs());
                    if rows < 0 { self.transcript.up(by) } else { self.transcript.down(by) }
                }
                Some(Focus::Log) => self.log.scroll(rows),
                // The pane that has the keys shows its selection: the wheel moves that.
                Some(Focus::Quota) if self.focus == Focus::Quota => {
                    self.go(if rows < 0 { Move::Up } else { Move::Down }, now);
                }
                Some(Focus::Quota) => {
                    self.board_top = self.board_top.saturating_add_signed(isize::from(rows));
                    self.settle(now);
                }
                None => {}
            },
            Pointer::Click { x, y } => {
                self.grab(x, y);
                self.click(x, y, now);
            }
            Pointer::Drag { x, y } => self.drag(x, y),
            Pointer::Release => self.looks.grab = None,
        }
    }

    fn click(&mut self, x: u16, y: u16, now: Time) {
        let at = ratatui::layout::Position { x, y };
        if self.overlay.is_some() {
            let panel = self.panel(&mut Due::new(now, self.config.zone));
            if panel.is_none_or(|panel| !panel.area.contains(at)) {
                self.overlay = None;
            }
            return;
        }
        let Some(focus) = self.areas.pane_at(x, y) else { return };
        if focus == Focus::Quota {
            let quota = self.quota(&mut Due::new(now, self.config.zone));
            let text = inside(self.areas.quota, self.areas.framed());
            let row = y.checked_sub(text.y).map(usize::from);
            let block = row.and_then(|row| quota.lines.get(row)).and_then(|(block, _)| quota.board.blocks.get(*block));
            if let Some(block) = block.filter(|_| text.contains(at)) {
                self.selected = Some(block.item.clone());
                if matches!(block.item, Item::Listed(_)) {
                    self.open_item();
                }
            }
        }
        self.focus = focus;
        if focus == Focus::Log {
            let text = inside(self.areas.log, self.areas.framed());
            let heading = self.log_head(text.height);
            if let Some(row) = y.checked_sub(text.y + heading).filter(|_| text.contains(at)) {
                let number = self.log.window().top() + usize::from(row);
                if number < self.log.attempts().len() {
                    self.log.select(number);
                }
            }
        }
    }
}
