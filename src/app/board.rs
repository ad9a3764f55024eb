//! The quota pane: what stands in it, and which of its forms fits the height. A block is a lane, or an account with
//! several lanes; under it stand its limits.
//!
//! ```text
//!  full      ● quick/small-8b               ready     binding  one limit, the others as thin cells
//!              req/min  ██████▍   5 of 8     21 s     line     everything on one line
//!              tok/day  ████████  40k of 50k
//! ```

use crate::app::cells;
use crate::app::due::Due;
use crate::app::gauge::Limit;
use crate::app::roster::Roster;
use crate::domain::ids::AccountId;
use crate::domain::quota::meter::Meter;
use crate::domain::standing::{LaneState, Need, Standing, Target};

/// How a lane stands, at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It can answer.
    Ready,
    /// It will be able to, by waiting.
    Resting,
    /// Off by the user.
    Off,
    /// Only the user can change it.
    Broken,
}

/// A lane or an account.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// What it is.
    pub target: Target,
    /// How far in its name stands: lanes under their account.
    pub depth: usize,
    /// How it stands.
    pub mark: Mark,
    /// Its name.
    pub name: String,
    /// How it stands, in words.
    pub state: String,
    /// The same without the reason.
    pub brief: String,
    /// It takes the next turn.
    pub next: bool,
    /// Its limits, as they come in the roster.
    pub limits: Vec<Limit>,
    /// A lane without a limit that is known.
    pub unlimited: bool,
}

/// All blocks.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Board {
    /// From the top.
    pub blocks: Vec<Block>,
}

/// A row of the pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Name and state.
    Head,
    /// Name, thin cells of all limits but the binding one, state.
    HeadWithCells,
    /// Name, the binding limit, the others as thin cells, state.
    Whole,
    /// The limit of that number.
    Limit(usize),
    /// No limit is known.
    Unlimited,
    /// Nothing.
    Gap,
}

impl Block {
    /// The limit with the least share left.
    pub fn binding(&self) -> Option<usize> {
        let shares = self.limits.iter().enumerate().filter_map(|(number, limit)| Some((number, limit.left?)));
        shares.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(number, _)| number)
    }

    /// Limits with a bar, but the binding one.
    pub fn others(&self) -> impl Iterator<Item = &Limit> {
        let binding = self.binding();
        self.limits
            .iter()
            .enumerate()
            .filter(move |(number, limit)| Some(*number) != binding && limit.left.is_some())
            .map(|(_, limit)| limit)
    }
}

impl Board {
    /// All that stands in the pane at the time of `due`.
    pub fn new(roster: &Roster, usual: Need, due: &mut Due) -> Self {
        let mut blocks = Vec::new();
        for account in roster.accounts() {
            let lanes: Vec<&LaneState> = roster.lanes_of(&account).collect();
            let grouped = lanes.len() > 1;
            let shared = |meter: &Meter| lanes.iter().filter(|lane| lane.spec.draws_on(&meter.pool)).count() > 1;
            if grouped {
                let limits =
                    roster.meters.iter().filter(|meter| shared(meter)).map(|meter| Limit::new(meter, due)).collect();
                blocks.push(account_block(roster, &account, &lanes, limits, usual, due));
            }
            for lane in lanes.iter().copied() {
                let own = roster.meters.iter().filter(|meter| lane.spec.draws_on(&meter.pool) && !shared(meter));
                let limits = own.map(|meter| Limit::new(meter, due)).collect();
                let standing = roster.standing(lane, usual, due.now);
                let is_next = roster.next.as_ref() == Some(&lane.spec.id);
                blocks.push(lane_block(lane, grouped, &standing, is_next, limits, due));
            }
        }
        Self { blocks }
    }

    /// The rows in the fullest form that `height` has room for; if none has, the shortest.
    pub fn lines(&self, height: usize) -> Vec<(usize, Line)> {
        let full = |gaps: bool| self.form(Block::full, gaps);
        let forms: [&dyn Fn() -> Vec<(usize, Line)>; 3] =
            [&|| full(true), &|| full(false), &|| self.form(Block::short, false)];
        forms
            .iter()
            .map(|form| form())
            .find(|lines| lines.len() <= height)
            .unwrap_or_else(|| self.form(|_| vec![Line::Whole], false))
    }

    fn form(&self, lines: impl Fn(&Block) -> Vec<Line>, gaps: bool) -> Vec<(usize, Line)> {
        let mut all = Vec::new();
        for (number, block) in self.blocks.iter().enumerate() {
            if gaps && number > 0 {
                all.push((number, Line::Gap));
            }
            all.extend(lines(block).into_iter().map(|line| (number, line)));
        }
        all
    }

    /// The limit that binds a block first: its own, or one of the account that it belongs to.
    pub fn binding_of(&self, number: usize) -> Option<&Limit> {
        let block = self.blocks.get(number)?;
        let above = self.blocks.get(..number)?.iter().rev().find(|block| block.depth == 0);
        let account = above.filter(|_| block.depth > 0);
        let binding = |block: &'_ Block| block.binding();
        let mut found: Option<&Limit> = None;
        for block in std::iter::once(block).chain(account) {
            let limit = binding(block).and_then(|number| block.limits.get(number));
            if limit.and_then(|limit| limit.left) < found.and_then(|limit| limit.left) || found.is_none() {
                found = limit.or(found);
            }
        }
        found
    }

    /// The place of a target among the blocks.
    pub fn place_of(&self, target: Option<&Target>) -> usize {
        self.blocks.iter().position(|block| Some(&block.target) == target).unwrap_or(0)
    }
}

/// The first of `lines` that is shown so that all rows of the block `selected` are seen in `height` rows.
pub fn window(lines: &[(usize, Line)], selected: usize, top: usize, height: usize) -> usize {
    let first = lines.iter().position(|(block, line)| *block == selected && *line != Line::Gap).unwrap_or(0);
    let last = lines.iter().rposition(|(block, _)| *block == selected).unwrap_or(first);
    let top = top.max((last + 1).saturating_sub(height)).min(first);
    top.min(lines.len().saturating_sub(height))
}

/// The columns of the limits of a board, so that they stand under each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Columns {
    /// The label.
    pub label: usize,
    /// The bar.
    pub bar: usize,
    /// The figure.
    pub figure: usize,
    /// The time.
    pub time: usize,
    /// The age.
    pub age: usize,
    /// All of them, with what is between; the state ends where they do.
    pub whole: usize,
}

/// The bar is not wider than this: more says no more.
const WIDEST_BAR: usize = 40;

impl Columns {
    /// The columns of `board` in `width`.
    pub fn new(board: &Board, width: usize) -> Self {
        let limits = || board.blocks.iter().flat_map(|block| &block.limits);
        let widest = |text: fn(&Limit) -> &str| limits().map(|limit| cells::of(text(limit))).max().unwrap_or(0);
        let mut columns = Self {
            label: widest(|limit| &limit.label).max(7),
            bar: 0,
            figure: limits().map(|limit| limit.figure_room).max().unwrap_or(0).max(8),
            // A countdown that begins must not move the others: room for `23 Nov`, whether there is one or not.
            time: widest(|limit| &limit.time).max(6),
            age: widest(|limit| &limit.age),
            whole: width,
        };
        // Two columns before the label; one before and behind the glyph of evidence; two between the others.
        let fixed = 2 + columns.label + 1 + 1 + 2 + columns.figure + 2 + columns.time;
        let age = if columns.age > 0 { columns.age + 2 } else { 0 };
        if width < fixed + age + 8 {
            columns.age = 0;
        }
        let age = if columns.age > 0 { age } else { 0 };
        columns.bar = width.saturating_sub(fixed + age).min(WIDEST_BAR);
        // Room for an age that is not there yet.
        columns.whole = width.min((fixed + columns.bar + age.max(6)).max(64));
        columns
    }
}

impl Block {
    fn full(&self) -> Vec<Line> {
        let mut lines = vec![Line::Head];
        lines.extend((0..self.limits.len()).map(Line::Limit));
        if self.unlimited {
            lines.push(Line::Unlimited);
        }
        lines
    }

    fn short(&self) -> Vec<Line> {
        let limit = self.binding().map(Line::Limit);
        std::iter::once(Line::HeadWithCells).chain(limit).collect()
    }
}

fn lane_block(
    lane: &LaneState,
    grouped: bool,
    standing: &Standing,
    next: bool,
    limits: Vec<Limit>,
    due: &mut Due,
) -> Block {
    let id = &lane.spec.id;
    let unlimited = limits.is_empty() && !grouped;
    let (mark, state) = state_of(lane, standing, next, due);
    let brief = state.split_once(", ").filter(|_| matches!(standing, Standing::Resting { .. }));
    let brief = brief.map_or_else(|| state.clone(), |(words, _)| words.to_owned());
    Block {
        target: Target::Lane(id.clone()),
        depth: usize::from(grouped),
        mark,
        name: if grouped { id.model().to_owned() } else { id.as_str().to_owned() },
        state,
        brief,
        next: next && mark == Mark::Ready,
        limits,
        unlimited,
    }
}

/// The mark and the words of a lane.
fn state_of(lane: &LaneState, standing: &Standing, next: bool, due: &mut Due) -> (Mark, String) {
    match standing {
        Standing::Ready if next => (Mark::Ready, "next".into()),
        Standing::Ready if lane.in_flight > 0 => (Mark::Ready, "answering".into()),
        Standing::Ready => (Mark::Ready, "ready".into()),
        Standing::Off(off) => (Mark::Off, off.reason()),
        Standing::Trains => (Mark::Off, "may train on prompts".into()),
        Standing::Resting { until: Some(until), class } => {
            (Mark::Resting, format!("resting {}, {}", due.until(*until), class.word()))
        }
        Standing::Resting { until: None, class } => (Mark::Broken, format!("out, {}", class.word())),
        Standing::Spent { until: Some(until), .. } => (Mark::Resting, format!("spent, {}", due.until(*until))),
        Standing::Spent { until: None, .. } if lane.in_flight > 0 => (Mark::Resting, "answering".into()),
        Standing::Spent { until: None, .. } => (Mark::Resting, "spent".into()),
        Standing::TooLarge => (Mark::Broken, "too small for a turn".into()),
    }
}

fn account_block(
    roster: &Roster,
    account: &AccountId,
    lanes: &[&LaneState],
    limits: Vec<Limit>,
    usual: Need,
    due: &mut Due,
) -> Block {
    let standings: Vec<Standing> = lanes.iter().map(|lane| roster.standing(lane, usual, due.now)).collect();
    let ready = standings.iter().filter(|standing| **standing == Standing::Ready).count();
    let mark = if ready > 0 {
        Mark::Ready
    } else if standings.iter().all(|standing| matches!(standing, Standing::Off(_))) {
        Mark::Off
    } else if standings.iter().any(|standing| standing.until(due.now).is_some()) {
        Mark::Resting
    } else {
        Mark::Broken
    };
    let state = match standings.first() {
        Some(first) if mark == Mark::Off && standings.iter().all(|standing| standing == first) => first.reason(),
        _ => format!("{ready} of {} ready", lanes.len()),
    };
    Block {
        target: Target::Account(account.clone()),
        depth: 0,
        mark,
        name: account.as_str().to_owned(),
        brief: state.clone(),
        state,
        next: false,
        limits,
        unlimited: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fixture::{NOW, config, lane, snapshot};
    use crate::domain::clock::Zone;

    fn board() -> Board {
        let snapshot = snapshot();
        let roster = Roster { lanes: snapshot.lanes, meters: snapshot.meters, next: snapshot.next };
        Board::new(&roster, config(80, 24).usual, &mut Due::new(NOW, Zone::UTC))
    }

    #[test]
    fn the_form_follows_the_height() {
        let board = board();
        let height = |rows: usize| board.lines(rows).len();
        // Eight blocks: with gaps, without, with one limit each, on one line each.
        assert_eq!([100, 24, 23, 17, 16, 14, 13, 8, 1].map(height), [24, 24, 17, 17, 15, 8, 8, 8, 8]);
    }

    #[test]
    fn the_selected_block_is_always_seen_whole() {
        let board = board();
        let lines = board.lines(17);
        for height in 3..20 {
            for selected in 0..board.blocks.len() {
                let top = window(&lines, selected, 5, height);
                let seen = lines.get(top..(top + height).min(lines.len())).unwrap();
                let own = |lines: &[(usize, Line)]| lines.iter().filter(|(block, _)| *block == selected).count();
                assert_eq!(own(seen), own(&lines), "{selected} in {height}");
            }
        }
    }

    #[test]
    fn limits_stand_where_they_are_shared() {
        let board = board();
        let labels: Vec<(String, Vec<String>)> = board
            .blocks
            .iter()
            .map(|block| (block.name.clone(), block.limits.iter().map(|limit| limit.label.clone()).collect()))
            .collect();
        let own =
            |name: &str, labels: &[&str]| (name.to_owned(), labels.iter().map(|label| (*label).to_owned()).collect());
        assert_eq!(
            labels,
            [
                own("quick/small-8b", &["tok/min", "req/day"]),
                own("steady", &["req/min"]),
                own("medium-14b", &["tok/month"]),
                own("tiny-3b", &["tok/month"]),
                own("slow/large-70b", &["req/day"]),
                own("silent/free", &["req/64 s"]),
                own("moody/chat", &["req/day"]),
                own("home/llama3.2", &[]),
            ]
        );
        // A lane is bound by its account's limit, if that has less left.
        assert_eq!(board.binding_of(2).map(|limit| limit.label.as_str()), Some("req/min"));
    }

    #[test]
    fn columns_never_stick_out() {
        let board = board();
        for width in 0..140 {
            let columns = Columns::new(&board, width);
            assert!(columns.whole <= width, "{width}");
            let needed = 2 + columns.label + 1 + columns.bar + 1 + 2 + columns.figure + 2 + columns.time;
            assert!(width < 40 || needed <= width, "{width}: {columns:?}");
        }
        let empty = Board::new(&Roster::default(), config(80, 24).usual, &mut Due::new(NOW, Zone::UTC));
        assert_eq!((empty.lines(10), lane("a/b").in_flight), (vec![], 0));
    }
}
