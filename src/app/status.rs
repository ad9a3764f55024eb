//! The lines around the panes: header, footer, what goes where, what is wrong, what is not real.

use crate::app::action::Focus;
use crate::app::cells;
use crate::app::due::{Due, count};
use crate::app::gauge::Limit;
use crate::app::geometry::Shape;
use crate::app::keymap::footer;
use crate::app::place::Scene;
use crate::app::row::{Piece, Role, Row};
use crate::app::state::{App, Link};
use crate::app::steady::Whose;
use crate::domain::clock::Time;
use crate::domain::ids::LaneId;
use crate::domain::roster::{Cost, Training};
use crate::domain::saving::Saving;
use crate::domain::standing::{LaneState, Need, Standing};
use crate::domain::text::one_line;

impl App {
    pub(in crate::app) fn header(&self, due: &mut Due) -> Row {
        let narrow = self.areas.shape == Shape::Narrow;
        let mut left = vec![Piece::new(" roundel", Role::Strong)];
        let usual = self.config.usual;
        left.extend(self.halted());
        match (&self.roster.next, self.roster.first_free(usual, due.now)) {
            _ if self.control.paused.is_some() => {}
            (Some(next), _) => left.extend([Piece::dim("  next "), Piece::plain(next.as_str())]),
            (None, Some((lane, Some(until), _))) => left.extend([
                Piece::dim("  next "),
                Piece::plain(lane.spec.id.as_str()),
                Piece::new(format!(" {}", due.when(until)), Role::Warn),
            ]),
            (None, _) if self.link != Link::Starting => left.push(Piece::new("  no lane can answer", Role::Bad)),
            (None, _) => left.push(Piece::dim("  starting")),
        }
        if self.link != Link::Starting && !narrow && !self.roster.lanes.is_empty() {
            let (ready, lanes) = (self.ready(due.now), self.roster.chosen().count());
            left.push(Piece::dim(match lanes {
                0 => format!("   {} lanes listed, off", self.roster.lanes.len()),
                _ => format!("   {ready} of {lanes} lanes ready"),
            }));
        }
        if usual.no_training && !narrow {
            left.push(Piece::new("   no training", Role::Strong));
        }
        let mut right = match (self.simulated, &self.saving) {
            (true, Saving::Never) if !narrow => {
                vec![Piece::dim("nothing is kept  "), Piece::new("SIMULATED ", Role::Warn)]
            }
            (true, _) => vec![Piece::new("SIMULATED ", Role::Warn)],
            (false, Saving::Never) => vec![Piece::dim("ephemeral: nothing is kept ")],
            (false, _) => Vec::new(),
        };
        let (left, width) = (Row(left), usize::from(self.areas.header.width));
        if let Some(owner) = self.config.owner {
            let room = width.saturating_sub(left.width() + right.iter().map(|one| cells::of(&one.text)).sum::<usize>());
            let forms = [format!("attached to process {owner}  "), format!("attached to {owner}  ")];
            let form = forms.into_iter().find(|form| cells::of(form) < room);
            right.insert(0, Piece::dim(form.unwrap_or_else(|| format!("via {owner}  "))));
        }
        // Only where nothing else is cut for it.
        if let Some(endpoint) = self.endpoint.filter(|_| self.link == Link::Heard) {
            let taken = left.width() + right.iter().map(|one| cells::of(&one.text)).sum::<usize>();
            // The runway is read more often: it keeps its room.
            let room = if width < 160 { width.saturating_sub(14) } else { width };
            let forms = [format!("endpoint {endpoint}  "), format!("endpoint :{}  ", endpoint.port())];
            let form = forms.into_iter().find(|form| taken + cells::of(form) + 2 < room);
            right.splice(0..0, form.map(Piece::dim));
        }
        let right = Row(right);
        self.with_runway(left, right, width, due)
    }

    /// Between what stands at the left and at the right: how much can still be asked, as fully as there is room.
    fn with_runway(&self, mut left: Row, right: Row, width: usize, due: &mut Due) -> Row {
        let room = width.saturating_sub(left.width() + right.width() + 4);
        let forms = if self.link == Link::Starting { Vec::new() } else { self.roster.ahead.forms(due) };
        if let Some(form) = forms.into_iter().find(|form| form.width() <= room) {
            left.0.push(Piece::plain("   "));
            left.0.extend(form.0);
        }
        Row::spread(left, right, width)
    }

    /// Where the draft would go, or whom it would wait for.
    pub(in crate::app) fn prospect(&self, due: &mut Due) -> Row {
        let free = self.roster.first_free(self.config.usual, due.now);
        let width = usize::from(self.areas.composer.width);
        if self.is_command() {
            return Row::of("a command; with // it is text", Role::Dim);
        }
        if self.control.paused.is_some() {
            return Row(vec![Piece::new("◐ waits: paused by you, ", Role::Warn), Piece::dim("/pause goes on")]);
        }
        if let Some(pin) = &self.pin {
            let standing = self.roster.lane(pin).map(|lane| self.roster.standing(lane, self.need(), due.now));
            let ready = standing.as_ref().is_none_or(|standing| *standing == Standing::Ready);
            let why =
                standing.filter(|_| !ready).map_or_else(String::new, |standing| format!(": {}", standing.reason()));
            let goes = Piece::dim(format!("{}only to ", self.size_of_draft()));
            return Row(vec![
                goes,
                Piece::plain(pin.as_str()),
                Piece::new(why, Role::Warn),
                Piece::dim(self.in_place()),
            ]);
        }
        match (&self.roster.next, free) {
            _ if self.link == Link::Starting => Row::default(),
            (Some(next), _) => {
                let Some(next) = self.taker(next, due.now) else {
                    let size = Piece::plain(self.size_of_draft());
                    let alone = Need { input: self.composer.tokens(), ..self.config.usual };
                    let fits = |lane: &LaneState| self.roster.standing(lane, alone, due.now) == Standing::Ready;
                    let cut = self.along > 4 && self.roster.chosen().any(fits);
                    let words = if cut {
                        "◐ too much for any lane now: the oldest turns stay behind"
                    } else {
                        "◐ no lane has room for so much"
                    };
                    return Row(vec![size, Piece::new(words, Role::Warn)]);
                };
                let terms = Row(self.roster.lane(next).map(terms).unwrap_or_default());
                let goes = Piece::dim(format!("{}goes to ", self.size_of_draft()));
                // What becomes of the prompt must be read: the name is cut before it.
                let room = width.saturating_sub(cells::of(&goes.text) + terms.width());
                let name = Piece::plain(cells::cut_middle(next.as_str(), room.max(8)));
                let fits = if goes.text.starts_with("about") && self.composer.tokens() > 0 { ", fits" } else { "" };
                let end = Piece::dim(format!("{fits}{}", self.in_place()));
                let row = Row([goes, name].into_iter().chain(terms.0).chain([end]).collect());
                self.with_limit(row, next, width, due)
            }
            (None, Some((lane, until, standing))) => {
                let wait = until.map_or_else(String::new, |until| format!("{} ", due.lasting(until)));
                let waits =
                    [Piece::new(format!("◐ waits {wait}"), Role::Warn), Piece::dim(format!("for {}", lane.spec.id))];
                let why = Piece::dim(format!(": {}", standing.reason()));
                Row(waits.into_iter().chain(terms(lane)).chain([why]).collect())
            }
            (None, None) => self.nobody(due),
        }
    }

    /// Whether the draft is a command, by its beginning.
    fn is_command(&self) -> bool {
        let line = self.composer.first_line();
        line.starts_with('/') && !line.starts_with("//") && self.composer.lines() == 1
    }

    /// Where no quota is seen, the line says at its end what the lane has left, if there is room.
    fn with_limit(&self, row: Row, lane: &LaneId, width: usize, due: &mut Due) -> Row {
        let seen = !(self.areas.quota.is_empty() && self.areas.gauges.is_empty());
        let Some(lane) = self.roster.lane(lane).filter(|_| !seen) else { return row };
        let meters = self.roster.meters.iter().filter(|meter| lane.spec.draws_on(&meter.pool));
        let steady = &self.roster.steady;
        let whose = Whose::All(lane.spec.id.clone());
        let first = steady.first(&whose, meters.clone(), self.config.usual, due.now);
        let mut limits = meters.map(|meter| Limit::with(meter, steady, due));
        let binding = limits.find(|limit| Some(&limit.key) == first.as_ref());
        let end = binding.map(|limit| Row::of(format!("{} {}", limit.figure, limit.label), Role::Dim));
        match end.filter(|end| row.width() + end.width() + 2 <= width) {
            Some(end) => Row::spread(row, end, width),
            None => row,
        }
    }

    /// Why nobody would take the draft, and waiting does not help.
    fn nobody(&self, due: &Due) -> Row {
        let lanes = &self.roster.lanes;
        let mut standings = lanes.iter().map(|lane| self.roster.standing(lane, self.config.usual, due.now));
        if lanes.is_empty() {
            let hint = Piece::dim("/setup says where keys are had");
            Row(vec![Piece::new("✕ no provider is set up: ", Role::Bad), hint])
        } else if lanes.iter().all(|lane| lane.off().is_some()) {
            let hint = Piece::dim("Space in the quota pane switches one on");
            Row(vec![Piece::new("○ no lane is on: ", Role::Warn), hint])
        } else if standings.any(|standing| standing == Standing::Ready) {
            Row::default()
        } else {
            let hint = Piece::dim("the quota pane says why");
            Row(vec![Piece::new("✕ no lane can answer: ", Role::Bad), hint])
        }
    }

    /// What the draft would take, with all that goes along.
    fn need(&self) -> Need {
        Need { input: self.along + self.composer.tokens() + self.scales.tokens, ..self.config.usual }
    }

    /// The lane that would take the draft: the next one, or, if that has no room for it, another; None: none has.
    fn taker<'a>(&'a self, next: &'a LaneId, now: Time) -> Option<&'a LaneId> {
        let has_room = |lane: &LaneState| self.roster.standing(lane, self.need(), now) == Standing::Ready;
        if self.composer.is_blank() || self.roster.lane(next).is_none_or(has_room) {
            return Some(next);
        }
        self.roster.chosen().find(|lane| has_room(lane)).map(|lane| &lane.spec.id)
    }

    /// That the draft takes the place of an earlier turn.
    fn in_place(&self) -> String {
        self.fork.map_or_else(String::new, |_| ", in place of the turns left out".to_owned())
    }

    /// About how many tokens the draft would take, with all that goes along; nothing while nothing is written.
    fn size_of_draft(&self) -> String {
        if self.composer.is_blank() {
            return String::new();
        }
        let tokens = self.along + self.composer.tokens() + self.scales.tokens;
        format!("about {} tok, ", count(tokens))
    }

    /// That the answers are not real, and how to get real ones, in at most `width` columns.
    pub(in crate::app) fn unreal(&self, width: usize) -> Option<String> {
        if let Some(offer) = &self.offer {
            let here = self.focus == Focus::Composer && self.composer.is_blank();
            let key = if here { "Enter goes real" } else { "with nothing written, Enter goes real" };
            let offer = one_line(offer);
            let room = width.checked_sub(key.len() + 2).filter(|room| *room >= 8);
            return Some(room.map_or_else(|| key.to_owned(), |room| format!("{}: {key}", cells::cut(&offer, room))))
                .filter(|line| cells::of(line) <= width);
        }
        let key = &self.config.key_name;
        let forms = [
            format!("no model answers here; real ones: /setup, or set {key} and start again"),
            "no model answers here; for real ones type /setup".to_owned(),
            "no model answers; /setup brings real ones".to_owned(),
            "/setup for real answers".to_owned(),
            "/setup".to_owned(),
        ];
        self.simulated.then(|| forms.into_iter().find(|form| form.chars().count() <= width))?
    }

    /// What is wrong, for as long as it is.
    pub(in crate::app) fn alert_rows(&self, due: &Due) -> Vec<Row> {
        let saving = match &self.saving {
            Saving::No { since, why } => {
                Some(format!("not saving since {}: {why} (kept in memory)", due.short_clock(*since)))
            }
            Saving::Yes | Saving::Never => None,
        };
        let broken = self.broken.iter().rev().take(2).rev().cloned();
        let paused = self.control.paused.map(|since| {
            let text =
                format!("PAUSED by you since {}: nothing new is sent. p in a pane goes on", due.short_clock(since));
            Row(vec![Piece::new(" ◐ ", Role::Warn), Piece::new(text, Role::Strong)])
        });
        let wrong =
            broken.chain(saving).map(|text| Row(vec![Piece::new(" ✕ ", Role::Bad), Piece::plain(one_line(&text))]));
        wrong.chain(paused).map(|row| row.cut_to(usize::from(self.areas.alerts.width))).collect()
    }

    pub(in crate::app) fn footer(&self, due: &mut Due) -> Row {
        let width = usize::from(self.areas.footer.width);
        if let Some(notice) = &self.notice {
            due.at(notice.until);
            let row = Row(vec![Piece::plain(" "), Piece::new(notice.text.clone(), notice.role)]);
            return row.cut_to(width);
        }
        let scene = self.scene();
        let stop = self.running().filter(|_| matches!(scene, Scene::On(_))).map(|_| ("Ctrl+C".to_owned(), "stop"));
        let shown = |word: &str| match word {
            "undo" => self.undo.is_some(),
            "unfold" => self.composer.has_folds(),
            "again" if self.focus == Focus::Composer => self.queue_is_held() && !self.is_busy(),
            "again" | "edit" | "raw" | "its log row" => self.transcript.selected().is_some(),
            "thoughts" => self.transcript.has_thoughts(),
            _ => true,
        };
        let keys: Vec<(String, &str)> = stop.into_iter().chain(footer(scene).filter(|(_, word)| shown(word))).collect();
        let size = |key: &str, word: &str| key.chars().count() + 1 + word.len() + 2;
        // The way to the help is the last to go.
        let help = keys.iter().find(|(_, word)| *word == "help").map_or(0, |(key, word)| size(key, word));
        let mut row = Row(vec![Piece::plain(" ")]);
        let mut used = 1;
        for (key, word) in &keys {
            let kept = if *word == "help" { 0 } else { help };
            if used + size(key, word) + kept > width + 2 {
                continue;
            }
            used += size(key, word);
            let gap = if row.0.len() > 1 { "  " } else { "" };
            row.0.extend([Piece::plain(format!("{gap}{key}")), Piece::dim(format!(" {word}"))]);
        }
        row
    }

    /// What the chat is called, and how it is asked, in at most `width` columns.
    pub(in crate::app) fn name_row(&self, width: usize) -> Row {
        let settings = self.conversations.settings();
        let mut how: Vec<String> = Vec::new();
        how.extend(settings.no_training.then(|| "no training".to_owned()));
        how.extend(settings.head().map(|_| "system".to_owned()));
        how.extend(settings.temperature.map(|temperature| format!("temp {temperature}")));
        how.extend(settings.max_tokens.map(|tokens| format!("max {} tok", count(tokens))));
        let how = if how.is_empty() { String::new() } else { format!("  {}", how.join(", ")) };
        let room = width.saturating_sub(cells::of(&how));
        let name = cells::cut(&one_line(self.conversations.name()), room.max(8));
        Row(vec![Piece::plain(name), Piece::dim(how)]).cut_to(width)
    }

    /// What lies below the end of what is seen of the chat.
    pub(in crate::app) fn below(&self) -> Option<String> {
        if self.find.typing || !self.find.text.is_empty() {
            return Some(self.find.words());
        }
        let held = !self.is_busy() && self.queue_is_held();
        if let Some(line) = self.queue.line(held, usize::from(self.areas.rule.width.saturating_sub(6))) {
            return Some(line);
        }
        let (rows, new) = self.transcript.below()?;
        let key = if self.focus == Focus::Composer { "Ctrl+End" } else { "End" };
        let what = match (new, rows) {
            (true, 1) => "new line",
            (true, _) => "new lines",
            (false, 1) => "line",
            (false, _) => "lines",
        };
        Some(format!("↓ {rows} {what}, {key}"))
    }
}

/// What one should know before a prompt goes to a lane: nothing where it is free and trains on nothing.
fn terms(lane: &LaneState) -> Vec<Piece> {
    if lane.spec.simulated {
        return Vec::new();
    }
    let cost = match lane.spec.cost {
        Cost::Free => None,
        Cost::Paid => Some(Piece::new(", costs money", Role::Warn)),
        Cost::Unknown => Some(Piece::new(", may cost money", Role::Warn)),
    };
    let training = match lane.spec.training {
        Training::No => None,
        Training::Yes => Some(Piece::new(", trains on prompts", Role::Warn)),
        Training::Unknown => Some(Piece::dim(", may train on prompts")),
    };
    cost.into_iter().chain(training).collect()
}
