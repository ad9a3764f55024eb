//! All that is known of one lane or one account: every figure with its evidence and its time.

use crate::app::cells;
use crate::app::due::Due;
use crate::app::foresight::Foresight;
use crate::app::gauge::sign_of;
use crate::app::help::EVIDENCE;
use crate::app::log::pad;
use crate::app::past;
use crate::app::prose::{Prose, Reading};
use crate::app::roster::{Roster, is_listed};
use crate::app::row::{Piece, Role, Row};
use crate::domain::history::History;
use crate::domain::quota::limit::{Evidence, Figure};
use crate::domain::quota::meter::Meter;
use crate::domain::roster::{Cost, Training};
use crate::domain::runway::Bound;
use crate::domain::standing::{LaneState, Need, Off, Standing, Target};
use crate::domain::text::one_line;

/// A detail that is being written: titles, and lines with a name at the left.
pub(in crate::app) struct Page {
    pub(in crate::app) rows: Vec<Row>,
    pub(in crate::app) width: usize,
    /// Columns of the names at the left.
    pub(in crate::app) name: usize,
}

impl Page {
    pub(in crate::app) const fn new(width: usize) -> Self {
        Self { rows: Vec::new(), width, name: 14 }
    }

    /// What the signs before the figures mean.
    fn legend(&mut self) {
        self.rows.push(Row::default());
        let words: Vec<String> = EVIDENCE.iter().map(|(sign, word, _)| format!("{sign} {word}")).collect();
        let text = words.join("   ");
        let spans = cells::wrap(&text, self.width);
        self.rows.extend(spans.into_iter().map(|span| Row::of(text.get(span).unwrap_or_default(), Role::Dim)));
    }

    pub(in crate::app) fn title(&mut self, text: &str) {
        if !self.rows.is_empty() {
            self.rows.push(Row::default());
        }
        self.rows.push(Row::of(text, Role::Strong));
    }

    pub(in crate::app) fn line(&mut self, name: &str, value: &str, role: Role) {
        let name_width = self.name.min(self.width / 2);
        let value = one_line(value);
        let wrapped = Prose::whole(Reading::Verbatim, self.width.saturating_sub(name_width), &value);
        let mut lead = pad(name, name_width);
        if cells::of(name) >= name_width {
            // A name that is too long has its own rows: it is never cut.
            let spans = cells::wrap(name, self.width);
            self.rows.extend(spans.into_iter().map(|span| Row::of(name.get(span).unwrap_or_default(), Role::Dim)));
            lead = " ".repeat(name_width);
        }
        for row in wrapped.rows() {
            self.rows.push(Row(vec![Piece::dim(lead), Piece::new(row.text(), role)]));
            lead = " ".repeat(name_width);
        }
        if wrapped.rows().is_empty() {
            self.rows.push(Row(vec![Piece::dim(lead), Piece::dim("–")]));
        }
    }
}

/// What was read of the past.
#[derive(Debug, Clone, Copy)]
pub struct Recalled<'a> {
    /// The history, or why there is none; None: it is being read.
    pub found: Option<&'a Result<History, String>>,
    /// From what is kept; else from memory, as far back as the log goes.
    pub kept: bool,
}

/// The detail of a lane or an account.
pub fn target(
    roster: &Roster,
    target: &Target,
    past: Recalled<'_>,
    usual: Need,
    width: usize,
    due: &mut Due,
) -> Vec<Row> {
    let mut page = Page::new(width);
    let lanes: Vec<&LaneState> = roster.lanes.iter().filter(|lane| target.covers(&lane.spec.id)).collect();
    let (on, listed): (Vec<&LaneState>, Vec<&LaneState>) = lanes.iter().partition(|lane| !is_listed(lane));
    let alone = lanes.len() == 1;
    for lane in on.iter().chain(listed.iter().filter(|_| alone)) {
        page.title(lane.spec.id.as_str());
        describe(&mut page, roster, lane, usual, due);
    }
    if !alone && !listed.is_empty() {
        page.title(&format!("Listed, off: {}", listed.len()));
        for lane in &listed {
            let why = lane.off().map(Off::reason).unwrap_or_default();
            page.rows.push(Row(vec![Piece::plain(lane.spec.id.model()), Piece::dim(format!("  {why}"))]));
        }
    }
    let meters = roster.meters.iter().filter(|meter| lanes.iter().any(|lane| lane.spec.draws_on(&meter.pool)));
    for meter in meters {
        let what = format!("{} per {}", meter.unit.as_str().replace('_', " "), meter.window.short());
        page.title(&format!("{what}, counted on {}", meter.pool));
        figures(&mut page, meter, usual, due);
    }
    recalled(&mut page, past, lanes.len() > 1, due);
    models(&mut page, roster, target, usual, due);
    page.legend();
    page.rows
}

/// The last day, and what went wrong last.
fn recalled(page: &mut Page, past: Recalled<'_>, several: bool, due: &Due) {
    page.title(if past.kept { "Last 24 h" } else { "Last 24 h, from memory: nothing is kept" });
    match past.found {
        None => page.rows.push(Row::of("reading …", Role::Dim)),
        Some(Err(why)) => page.line("not read", why, Role::Warn),
        Some(Ok(history)) => {
            let rows = past::rows(history, page.name, page.width, due);
            page.rows.extend(rows);
            if !history.errors.is_empty() {
                page.title("Last errors");
            }
            for trouble in &history.errors {
                let (when, what) = past::error(trouble, history, several, due);
                page.line(&when, &what, Role::Plain);
            }
        }
    }
}

/// The other lanes of the account, where the detail is of one.
fn models(page: &mut Page, roster: &Roster, target: &Target, usual: Need, due: &Due) {
    let Target::Lane(id) = target else { return };
    let account = id.account();
    let own = roster.lanes.iter().filter(|lane| lane.spec.account() == account && lane.spec.id != *id);
    let (on, listed): (Vec<&LaneState>, Vec<&LaneState>) = own.partition(|lane| !is_listed(lane));
    if on.is_empty() && listed.is_empty() {
        return;
    }
    page.title(&format!("Other models of {account}"));
    for lane in on {
        let standing = roster.standing(lane, usual, due.now).reason();
        page.rows.push(Row(vec![Piece::plain(one_line(lane.spec.id.model())), Piece::dim(format!("  {standing}"))]));
    }
    if !listed.is_empty() {
        page.rows.push(Row::of(format!("{} listed, off", listed.len()), Role::Dim));
    }
}

fn describe(page: &mut Page, roster: &Roster, lane: &LaneState, usual: Need, due: &mut Due) {
    let standing = roster.standing(lane, usual, due.now);
    let mut state = standing.reason();
    if let (Some(until), false) = (standing.until(due.now), standing == Standing::Ready) {
        state = format!("{state}; ready {}", due.when(until));
    }
    if matches!(standing, Standing::Off(_)) {
        state.push_str("; Space switches it on");
    }
    page.line("state", &state, Role::Plain);
    if let Some(rest) = &lane.rest {
        page.line("why", &rest.words, Role::Plain);
        let told = if rest.told { "the provider told the time" } else { "the time is a guess" };
        page.line("rests since", &format!("{}; {told}", due.clock(rest.since)), Role::Plain);
    }
    if let Some(switch) = &lane.switch {
        let what = if switch.on { "on since" } else { "off since" };
        page.line(what, &format!("{}, by you", due.clock(switch.since)), Role::Plain);
    }
    let by = |hand: bool| if hand { ", by you" } else { ", by the config" };
    if lane.weight() != 1 || lane.weight.is_some() {
        page.line("weight", &format!("{} turns in a round{}", lane.weight(), by(lane.weight.is_some())), Role::Plain);
    }
    match (lane.keep(), lane.keep) {
        (Some(keep), hand) => {
            let of = LaneState::kept_of(roster.meters.iter().filter(|meter| lane.spec.draws_on(&meter.pool)));
            let of = of.map_or_else(String::new, |meter| format!(" {}/{}", meter.unit.short(), meter.window.short()));
            let text = format!("the last {keep}{of} for the chat alone{}", by(hand.is_some()));
            page.line("kept back", &text, Role::Plain);
        }
        (None, Some(_)) => page.line("kept back", "nothing, by you", Role::Plain),
        (None, None) => {}
    }
    page.line("provider", &lane.spec.provider, Role::Plain);
    page.line("in flight", &lane.in_flight.to_string(), Role::Plain);
    page.line(
        "cost",
        match lane.spec.cost {
            Cost::Free => "free",
            Cost::Paid => "paid",
            Cost::Unknown => "not known",
        },
        Role::Plain,
    );
    let training = match lane.spec.training {
        Training::Yes => "trains on what you write",
        Training::No => "says that it does not train on what you write",
        Training::Unknown => "not known whether it trains on what you write",
    };
    let as_of = if lane.spec.as_of.is_empty() { String::new() } else { format!(", as of {}", lane.spec.as_of) };
    page.line("training", &format!("{training}{as_of}"), Role::Plain);
    if lane.spec.last_resort {
        page.line("used", "only when no other lane can answer", Role::Plain);
    }
    let facts = [lane.spec.as_of.as_str(), lane.spec.source.as_str()];
    let facts: Vec<&str> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
    if !facts.is_empty() {
        page.line("facts", &format!("as of {}", facts.join(", ")), Role::Plain);
    }
    if let Some(context) = lane.spec.context {
        page.line("context", &format!("{context} tokens"), Role::Plain);
    }
}

fn figures(page: &mut Page, meter: &Meter, usual: Need, due: &mut Due) {
    let how = |evidence: Evidence, at, due: &mut Due| match due.age(at) {
        Some(age) => format!("{} {} {age} ago", sign_of(Some(evidence)), evidence.word()),
        None => format!("{} {} at {}", sign_of(Some(evidence)), evidence.word(), due.clock(at)),
    };
    let now = due.now;
    match meter.cap {
        Some(Figure { value, evidence, at }) => {
            page.line("cap", &format!("{value}, {}", how(evidence, at, due)), Role::Plain);
        }
        None => page.line("cap", "not known", Role::Dim),
    }
    let used = meter.used(now);
    let basis = meter.basis(now);
    let known = if used == 0 { String::new() } else { format!(", {}", how(basis.evidence, basis.at, due)) };
    page.line("used", &format!("{used}{known}"), Role::Plain);
    if let Some(drift) = meter.drift(now) {
        let more = if drift.by > 0 { "more" } else { "fewer" };
        let why = match (drift.others, drift.by > 0) {
            (true, _) => "; another program uses the same key",
            (false, true) => "; another program may use the same key, or it was used before",
            (false, false) => "",
        };
        let since = due.clock(drift.since);
        let text =
            format!("the provider counts {} {more} than were asked from here, since {since}{why}", drift.by.abs());
        page.line("drift", &text, if drift.others { Role::Warn } else { Role::Plain });
    }
    if meter.is_guessed() {
        page.line(
            "guess",
            "a refusal named no limit: the cap is what was used until then; it is tested upward",
            Role::Plain,
        );
    }
    if let (Some(documented), Some(cap)) = (meter.documented, meter.cap)
        && documented != cap.value
    {
        page.line("documented", &documented.to_string(), Role::Dim);
    }
    if meter.reserved > 0 {
        page.line("held", &format!("{} by answers on their way", meter.reserved), Role::Plain);
    }
    if let Some(left) = meter.remaining(now) {
        // Of requests a turn takes one: that need not be said.
        let turns = Bound::new(meter, usual, now).and_then(|bound| bound.turns).filter(|_| usual.of(&meter.unit) > 1);
        let turns = turns.map_or_else(String::new, |turns| format!(", {:.0} turns of your usual size", turns.floor()));
        page.line("left", &format!("{left}{turns}"), Role::Plain);
    }
    if let Some(found) = Foresight::new(meter, due) {
        let role = if found.empty { Role::Warn } else { Role::Plain };
        page.line("forecast", &format!("{}, at the rate at which it is used from here", found.words), role);
    }
    match (used, meter.full_at(now)) {
        (0, _) => {}
        (_, Some(at)) => {
            let (when, clock) = (due.when(at), due.clock(at));
            let words = if when.starts_with("at ") { format!("at {clock}") } else { format!("{when}, at {clock}") };
            page.line("full", &words, Role::Plain);
        }
        (_, None) => page.line("full", "nobody knows when", Role::Dim),
    }
}
