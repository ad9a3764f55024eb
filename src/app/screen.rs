//! All that is seen at an instant, laid out: what `view` paints, and nothing that it would have to think about.

use ratatui::layout::{Position, Rect};

use crate::app::action::Focus;
use crate::app::board::{self, Board};
use crate::app::due::Due;
use crate::app::geometry::{Areas, Shape, inside};
use crate::app::help::fold;
use crate::app::row::Row;
use crate::app::state::{App, Link, Overlay};
use crate::app::{cells, chat, detail, help, log, record, ribbon};
use crate::domain::clock::Time;
use crate::domain::saving::Saving;

/// The screen.
#[derive(Debug)]
pub struct Screen {
    /// Where everything stands.
    pub areas: Areas,
    /// What has the keys; None: what stands over the panes.
    pub focus: Option<Focus>,
    /// The first line.
    pub header: Row,
    /// What the chat is called, and how it is asked.
    pub name: Row,
    /// The rows of the chat.
    pub chat: Vec<Row>,
    /// What the line between chat and composer says at its right.
    pub below: Option<String>,
    /// That nothing here is real.
    pub unreal: Option<String>,
    /// The rows of the draft that are seen; None: it is empty.
    pub draft: Option<Vec<Row>>,
    /// The line under the draft.
    pub prospect: Row,
    /// The quota.
    pub quota: Quota,
    /// The log.
    pub log: LogRows,
    /// What is wrong.
    pub alerts: Vec<Row>,
    /// The last line.
    pub footer: Row,
    /// The help or a detail.
    pub panel: Option<Panel>,
    /// What completes the word at the cursor.
    pub menu: Option<Listed>,
    /// Where the cursor stands.
    pub cursor: Option<Position>,
    /// When it looks different by time alone.
    pub due: Due,
}

/// What is seen of the quota.
#[derive(Debug, Default)]
pub struct Quota {
    /// All blocks.
    pub board: Board,
    /// The rows that are seen: the block's number, and what of it.
    pub lines: Vec<(usize, board::Line)>,
    /// The columns of the limits.
    pub columns: board::Columns,
    /// The selected block, if the pane has the keys.
    pub selected: Option<usize>,
    /// The first row that is seen.
    pub top: usize,
    /// Rows that are not seen below.
    pub below: usize,
    /// The day to come, at the foot.
    pub ribbon: Option<Row>,
}

/// What is seen of the log.
#[derive(Debug, Default)]
pub struct LogRows {
    /// The filter, as its first row.
    pub filter: Option<Row>,
    /// The heading of the columns.
    pub heading: Option<Row>,
    /// The rows.
    pub rows: Vec<Row>,
    /// The selected one, if the pane has the keys.
    pub selected: Option<usize>,
    /// What there is instead of rows.
    pub empty: &'static str,
    /// That rows are not seen below, and that new ones came.
    pub below: Option<String>,
    /// That only so much is held, where that is all there is.
    pub all: Option<String>,
}

/// What completes a word, over the composer.
#[derive(Debug)]
pub struct Listed {
    /// Where it stands, with its frame.
    pub area: Rect,
    /// Whether it has a frame.
    pub framed: bool,
    /// What is listed.
    pub title: &'static str,
    /// The rows that are seen.
    pub rows: Vec<Row>,
    /// The chosen one of them.
    pub selected: usize,
    /// Rows that are not seen below.
    pub below: usize,
}

/// The help or a detail.
#[derive(Debug)]
pub struct Panel {
    /// Where it stands, with its frame.
    pub area: Rect,
    /// What it is.
    pub title: String,
    /// The search in the help, as its first row.
    pub search: Option<String>,
    /// The rows that are seen.
    pub rows: Vec<Row>,
    /// The first row that is seen.
    pub top: usize,
    /// Rows that are not seen below.
    pub below: usize,
    /// The chosen one of the rows that are seen.
    pub selected: Option<usize>,
}

impl App {
    /// All that is seen at `now`.
    pub fn screen(&self, now: Time) -> Screen {
        let mut due = Due::new(now, self.config.zone).calm(self.is_calm());
        let areas = self.areas;
        let mut screen = Screen {
            areas,
            focus: self.overlay.is_none().then_some(self.focus),
            header: Row::default(),
            name: Row::default(),
            chat: Vec::new(),
            below: None,
            unreal: None,
            draft: None,
            prospect: Row::default(),
            quota: Quota::default(),
            log: LogRows::default(),
            alerts: Vec::new(),
            footer: Row::default(),
            panel: None,
            menu: None,
            cursor: None,
            due,
        };
        if areas.shape == Shape::Sentence {
            return screen;
        }
        screen.header = self.header(&mut due);
        if !areas.chat.is_empty() {
            screen.chat = chat::rows(self, usize::from(areas.transcript.width), &mut due);
            if screen.chat.is_empty() && self.link != Link::Starting {
                screen.chat = self.welcome(&mut due);
            }
            screen.name = self.name_row(usize::from(areas.chat.width.saturating_sub(if areas.quota.is_empty() {
                36
            } else {
                14
            })));
            screen.below = self.below();
            screen.prospect = self.prospect(&mut due).cut_to(usize::from(areas.composer.width));
            self.put_draft(&mut screen);
            screen.menu = self.menu();
        }
        screen.quota = self.quota(&mut due);
        screen.log = self.log_rows(&mut due);
        if self.is_filtering() && screen.log.filter.is_some() {
            let line = inside(areas.log, areas.framed());
            let column = u16::try_from(cells::of(self.log.sieve().text())).unwrap_or(0).saturating_add(2);
            screen.cursor = Some(Position { x: line.x + column.min(line.width.saturating_sub(1)), y: line.y });
        }
        let pane = [areas.chat, areas.quota, areas.log].into_iter().find(|area| !area.is_empty()).unwrap_or_default();
        screen.unreal = self.unreal(usize::from(pane.width.saturating_sub(6)));
        screen.alerts = self.alert_rows(&due);
        screen.footer = self.footer(&mut due);
        screen.panel = self.panel(&mut due);
        screen.due = due;
        self.veil(&mut screen);
        screen
    }

    fn put_draft(&self, screen: &mut Screen) {
        let area = screen.areas.composer;
        let laid = self.composer.laid();
        if !self.composer.is_empty() {
            screen.draft = Some(laid.rows.iter().skip(laid.top).take(usize::from(area.height)).cloned().collect());
        }
        if self.focus == Focus::Composer && self.overlay.is_none() && !area.is_empty() {
            let (row, column) = (laid.cursor.0.saturating_sub(laid.top), laid.cursor.1);
            let down = u16::try_from(row).unwrap_or(0).min(area.height - 1);
            let right = u16::try_from(column).unwrap_or(0).min(area.width.saturating_sub(1));
            screen.cursor = Some(Position { x: area.x + right, y: area.y + down });
        }
    }

    /// The completion, over the line above the composer.
    fn menu(&self) -> Option<Listed> {
        let menu = self.completing.menu.as_ref().filter(|_| self.focus == Focus::Composer && self.overlay.is_none())?;
        let (areas, count) = (&self.areas, menu.rows.len());
        let framed = areas.transcript.height >= 5;
        let around = if framed { 2 } else { 0 };
        let room = usize::from(areas.transcript.height).saturating_sub(around);
        let height = count.min(10).min(room);
        let top = (menu.at + 1).saturating_sub(height);
        let left = areas.composer.x.saturating_sub(2);
        let width = areas.composer.width.saturating_add(2).min(84);
        let high = u16::try_from(height + around).unwrap_or(0);
        let area = Rect { x: left, y: areas.rule.y.saturating_sub(high), width, height: high };
        let inner = usize::from(inside(area, framed).width);
        let rows = menu.rows.iter().skip(top).take(height).map(|row| row.row.clone().cut_to(inner)).collect();
        let title = if menu.files { "Files" } else { "Commands" };
        Some(Listed { area, framed, title, rows, selected: menu.at - top, below: count - top - height })
    }

    /// The quota, as far as it is seen at all.
    pub(in crate::app) fn quota(&self, due: &mut Due) -> Quota {
        let text = inside(self.areas.quota, self.areas.framed());
        if text.is_empty() && self.areas.gauges.is_empty() {
            return Quota::default();
        }
        let board = Board::new(&self.roster, &self.unfolded, self.config.usual, due);
        // The day to come has a row of its own where the pane has the screen; nothing but gaps gives way to it.
        let ribbon = self.expanded.then(|| ribbon::row(&self.roster, usize::from(text.width), due)).flatten();
        let whole = usize::from(text.height);
        let said = |height: usize| board.lines(height).iter().filter(|(_, line)| *line != board::Line::Gap).count();
        let ribbon = ribbon.filter(|_| whole >= 12 && said(whole) == said(whole - 2));
        let height = whole - if ribbon.is_some() { 2 } else { 0 };
        let all = board.lines(height);
        let has_keys = self.focus == Focus::Quota;
        let selected = has_keys.then(|| board.place_of(self.selected_item().as_ref()));
        let last = all.len().saturating_sub(height);
        let top = selected
            .map_or_else(|| self.board_top.min(last), |selected| board::window(&all, selected, self.board_top, height));
        let below = all.len().saturating_sub(top + height);
        let lines = all.into_iter().skip(top).take(height).collect();
        let columns = board::Columns::new(&board, usize::from(text.width));
        Quota { board, lines, columns, selected, top, below, ribbon }
    }

    fn log_rows(&self, due: &mut Due) -> LogRows {
        let text = inside(self.areas.log, self.areas.framed());
        if text.is_empty() {
            return LogRows::default();
        }
        let (width, window) = (usize::from(text.width), self.log.window());
        let columns = log::Columns::new(window.rows(), width);
        let heading = (text.height > 4).then(|| columns.heading().cut_to(width));
        let selected = window.selected().filter(|_| self.focus == Focus::Log);
        let top = window.top();
        let row = |attempt| columns.row(attempt, self.log.next_of(attempt), width, due);
        let rows = window.seen().map(|(_, attempt)| attempt).map(row).collect();
        LogRows {
            filter: (self.log.sieve().is_open() && text.height > 1).then(|| self.filter_row(width)),
            heading,
            rows,
            selected: selected.and_then(|row| row.checked_sub(top)),
            empty: if self.log.sieve().filter.is_empty() { "no request yet" } else { "no row is such; Esc shows all" },
            below: self.log_below(),
            all: self.log_all(),
        }
    }

    /// Nothing is scrolled further than there is something to see.
    pub(in crate::app) fn settle(&mut self, now: Time) {
        let mut due = Due::new(now, self.config.zone);
        if let Some(panel) = self.panel(&mut due) {
            self.overlay_top = panel.top;
        } else if !self.areas.quota.is_empty() {
            self.board_top = self.quota(&mut due).top;
        }
    }

    pub(in crate::app) fn panel(&self, due: &mut Due) -> Option<Panel> {
        let overlay = self.overlay.as_ref()?;
        let width = usize::from(inside(self.areas.overlay(0), true).width);
        let (title, search, all) = match overlay {
            Overlay::Help(filter) => {
                let rows = help::rows(&self.config, &self.notices, filter);
                ("Help", Some(filter.clone()), rows.into_iter().flat_map(|row| fold(row, width)).collect())
            }
            Overlay::Target(target) => {
                self.past.due(due);
                let kept = self.saving != Saving::Never;
                let past = detail::Recalled { found: self.past.found(), kept };
                ("Quota", None, detail::target(&self.roster, target, past, self.config.usual, width, due))
            }
            Overlay::Attempt(id) => {
                let attempt = self.log.find(*id)?;
                ("Attempt", None, record::rows(attempt, self.about(attempt), width, due))
            }
            Overlay::Palette(palette) => ("Commands", Some(palette.filter.clone()), palette.rows(&self.roster, width)),
            Overlay::Recall(recall) => ("Earlier prompts", Some(recall.filter.clone()), recall.rows(width)),
            Overlay::Lanes(lanes) => {
                let title = if lanes.again.is_some() { "Ask again on" } else { "Send the next turn to" };
                (title, Some(lanes.filter.clone()), lanes.rows(&self.roster, self.config.usual, width, due))
            }
            Overlay::Shelf(list) => {
                let title = if list.renaming.is_some() { "Rename to" } else { "Conversations" };
                (title, Some(list.text().to_owned()), list.rows(&self.conversations, width, due))
            }
            Overlay::Form(form) => ("This conversation", None, form.rows(width)),
            Overlay::Options(options) => (options.title(), None, options.rows(width)),
            Overlay::Export(_) => ("Write the log into a file", None, self.export_rows()),
            Overlay::Setup(setup) => ("Set up a provider", None, setup.rows(width)),
        };
        let chosen = match overlay {
            Overlay::Lanes(lanes) => Some(lanes.at.min(all.len().saturating_sub(1))),
            Overlay::Export(at) => Some(*at),
            Overlay::Setup(setup) => Some(setup.at()).filter(|at| *at < all.len()),
            Overlay::Shelf(list) => Some(list.at.min(all.len().saturating_sub(1))),
            Overlay::Options(options) => Some(options.at.min(all.len().saturating_sub(1))),
            Overlay::Palette(palette) => Some(palette.at.min(all.len().saturating_sub(1))),
            Overlay::Recall(recall) => (recall.count() > 0).then(|| recall.at.min(all.len().saturating_sub(1))),
            Overlay::Help(_) | Overlay::Target(_) | Overlay::Attempt(_) | Overlay::Form(_) => None,
        };
        // What is searched in keeps its size.
        let height = match overlay {
            Overlay::Lanes(_) => self.roster.lanes.len() + 3,
            Overlay::Help(_) | Overlay::Shelf(_) | Overlay::Palette(_) | Overlay::Recall(_) | Overlay::Setup(_) => {
                usize::MAX
            }
            Overlay::Target(_) | Overlay::Attempt(_) | Overlay::Form(_) | Overlay::Options(_) | Overlay::Export(_) => {
                all.len()
            }
        };
        let area = self.areas.overlay(height);
        let height = usize::from(panel_text(area, search.is_some()).height);
        // What unfolds under the chosen row is seen with it, if there is room.
        let unfolded =
            if let Overlay::Setup(setup) = overlay { setup.with(width).min(height.saturating_sub(1)) } else { 0 };
        let least = chosen.map_or(0, |chosen| (chosen + 1 + unfolded).saturating_sub(height));
        let wanted = self.overlay_top.min(chosen.unwrap_or(usize::MAX)).max(least);
        let top = wanted.min(all.len().saturating_sub(height));
        let below = all.len().saturating_sub(top + height);
        let rows = all.into_iter().skip(top).take(height).map(|row| row.cut_to(width)).collect();
        Some(Panel {
            area,
            title: title.to_owned(),
            search,
            rows,
            top,
            below,
            selected: chosen.map(|chosen| chosen - top),
        })
    }
}

/// Where the text of the help or of a detail stands.
pub fn panel_text(overlay: Rect, searched: bool) -> Rect {
    let text = inside(overlay, true);
    // The search, and an empty row under it.
    let top = if searched { 2.min(text.height) } else { 0 };
    Rect { y: text.y + top, height: text.height - top, ..text }
}
