//! The mouse: the wheel scrolls what is under it, a click gives a pane the keys and selects a row; on the sign of a lane it
//! switches that, in a list it takes the row.

use ratatui::layout::Position;

use crate::app::action::{Focus, LogAction, Move, Talk};
use crate::app::board::Line;
use crate::app::due::Due;
use crate::app::geometry::inside;
use crate::app::message::Effect;
use crate::app::pointer::Pointer;
use crate::app::roster::Item;
use crate::app::screen::panel_text;
use crate::app::state::{App, Overlay};
use crate::domain::clock::Time;

/// Forms in which the log is written: the rows of that list.
const FORMS: usize = 2;

impl App {
    pub(in crate::app) fn point(&mut self, pointer: Pointer, now: Time) -> Vec<Effect> {
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
                return self.click(x, y, now);
            }
            Pointer::Drag { x, y } => self.drag(x, y),
            Pointer::Release => self.looks.grab = None,
        }
        Vec::new()
    }

    fn click(&mut self, x: u16, y: u16, now: Time) -> Vec<Effect> {
        let at = Position { x, y };
        if self.overlay.is_some() {
            return self.click_panel(at, now);
        }
        if let Some(menu) = self.menu().filter(|menu| menu.area.contains(at)) {
            let text = inside(menu.area, menu.framed);
            let row = usize::from(y.saturating_sub(text.y));
            let Some(open) = self.completing.menu.as_mut().filter(|_| text.contains(at) && row < menu.rows.len())
            else {
                return Vec::new();
            };
            // The chosen one is the row of that number among those that are seen.
            (open.at, open.moved) = ((open.at + row).saturating_sub(menu.selected), true);
            return self.take_completion(now);
        }
        let Some(focus) = self.areas.pane_at(x, y) else { return Vec::new() };
        self.focus = focus;
        match focus {
            Focus::Quota => return self.click_quota(at, now),
            Focus::Log => {
                let text = inside(self.areas.log, self.areas.framed());
                let heading = self.log_head(text.height);
                if let Some(row) = y.checked_sub(text.y + heading).filter(|_| text.contains(at)) {
                    let number = self.log.window().top() + usize::from(row);
                    if number < self.log.attempts().len() {
                        self.log.select(number);
                    }
                }
            }
            Focus::Composer | Focus::Transcript => {}
        }
        Vec::new()
    }

    /// Selects what stands there; on its sign, takes it out of the rotation, or back in.
    fn click_quota(&mut self, at: Position, now: Time) -> Vec<Effect> {
        let quota = self.quota(&mut Due::new(self.pictured(now), self.config.zone));
        let text = inside(self.areas.quota, self.areas.framed());
        let row = at.y.checked_sub(text.y).map(usize::from).filter(|_| text.contains(at));
        let Some((number, line)) = row.and_then(|row| quota.lines.get(row)) else { return Vec::new() };
        let Some(block) = quota.board.blocks.get(*number) else { return Vec::new() };
        self.selected = Some(block.item.clone());
        let sign = usize::from(at.x - text.x).checked_sub(2 * block.depth);
        let is_head = matches!(line, Line::Head | Line::HeadWithOthers | Line::Whole);
        match block.item {
            Item::Listed(_) => self.open_item(),
            Item::Of(_) if is_head && sign == Some(0) => return self.switch(now),
            Item::Of(_) => {}
        }
        Vec::new()
    }

    /// Takes the row of a list that stands over the panes; beside it, closes it.
    fn click_panel(&mut self, at: Position, now: Time) -> Vec<Effect> {
        let panel = self.panel(&mut Due::new(self.pictured(now), self.config.zone));
        let Some(panel) = panel.filter(|panel| panel.area.contains(at)) else {
            self.overlay = None;
            return Vec::new();
        };
        let text = panel_text(panel.area, panel.search.is_some());
        let row = at.y.checked_sub(text.y).map(usize::from).filter(|row| text.contains(at) && *row < panel.rows.len());
        let Some(row) = row.map(|row| panel.top + row) else { return Vec::new() };
        match &mut self.overlay {
            Some(Overlay::Options(options)) if row < options.count() => return self.take_option(row, now),
            Some(Overlay::Palette(palette)) if row < palette.choices(&self.roster).len() => {
                palette.at = row;
                return self.take_command(now);
            }
            Some(Overlay::Lanes(lanes)) if row < lanes.choices(&self.roster).len() => {
                lanes.at = row;
                return self.take_lane(now);
            }
            Some(Overlay::Recall(recall)) if row < recall.count() => {
                recall.at = row;
                self.take_prompt();
            }
            Some(Overlay::Shelf(list)) if row < list.entries(&self.conversations).len() => {
                list.choose(row, &self.conversations);
                return self.talk(Talk::Take, now);
            }
            Some(Overlay::Export(chosen)) if row < FORMS => {
                *chosen = row;
                return self.act_on_log(LogAction::Write(None), now);
            }
            Some(Overlay::Form(form)) => form.go_to(row),
            _ => {}
        }
        Vec::new()
    }
}
