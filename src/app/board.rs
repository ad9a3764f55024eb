//! The quota pane: which of its forms fits the height, and its columns. A block is a lane, or an account with several
//! lanes; under it stand its limits.
//!
//! ```text
//!  full    ● quick/small-8b                    ready     short   the others beside the name
//!            req/min  ██████▍─┃──   5 of 8 ●    21 s     line    everything on one line
//!            ▇ 40k tok/day ●   ▂ 2 req/month ◐
//! ```

use std::collections::BTreeSet;

use crate::app::block::{Block, Mark};
use crate::app::cells;
use crate::app::due::Due;
use crate::app::gauge::Limit;
use crate::app::roster::{Item, Roster};
use crate::app::row::Role;
use crate::domain::ids::AccountId;
use crate::domain::standing::{Need, Target};

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
    /// All limits but the binding one, each in a cell and in words.
    Others,
    /// Name, all limits but the binding one in words, state.
    HeadWithOthers,
    /// Name, the binding limit, or the state.
    Whole,
    /// The limit of that number.
    Limit(usize),
    /// No limit is known.
    Unlimited,
    /// Nothing.
    Gap,
}

impl Board {
    /// All that stands in the pane at the time of `due`. `unfolded`: the accounts whose listed lanes are shown.
    pub fn new(roster: &Roster, unfolded: &BTreeSet<AccountId>, usual: Need, due: &mut Due) -> Self {
        let mut blocks = Vec::new();
        for group in roster.groups() {
            let items = group.items(unfolded);
            blocks.extend(Block::all(roster, &group, unfolded.contains(&group.account), items, usual, due));
        }
        let mut board = Self { blocks };
        for number in 0..board.blocks.len() {
            let outlook = board.binding_of(number).map(outlook).unwrap_or_default();
            let Some(block) = board.blocks.get_mut(number) else { continue };
            let others = block.limits.iter().any(|limit| limit.others);
            if others {
                block.state.push_str(", key used elsewhere");
            }
            if block.mark == Mark::Ready && matches!(block.item, Item::Of(Target::Lane(_))) {
                block.outlook = outlook;
            }
        }
        board
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

    /// Gaps stand between accounts, not inside of one.
    fn form(&self, lines: impl Fn(&Block) -> Vec<Line>, gaps: bool) -> Vec<(usize, Line)> {
        let mut all = Vec::new();
        for (number, block) in self.blocks.iter().enumerate() {
            if gaps && number > 0 && block.depth == 0 {
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
        let limits = || block.limits.iter().chain(account.into_iter().flat_map(|account| &account.limits));
        let first = limits().find(|limit| Some(&limit.key) == block.first.as_ref());
        first.or_else(|| block.binding()).or_else(|| account?.binding())
    }

    /// The place of an item among the blocks.
    pub fn place_of(&self, item: Option<&Item>) -> usize {
        self.blocks.iter().position(|block| Some(&block.item) == item).unwrap_or(0)
    }

    /// The lanes that are not only listed, with their numbers.
    pub fn lanes(&self) -> impl Iterator<Item = (usize, &Block)> {
        let lane = |block: &Block| !block.listed && matches!(block.item, Item::Of(Target::Lane(_)));
        self.blocks.iter().enumerate().filter(move |(_, block)| lane(block))
    }
}

/// What is to be said of a limit beside its bar: from the longest form to the shortest.
fn outlook(limit: &Limit) -> Vec<String> {
    let low = (limit.role == Role::Warn).then(|| "low".to_owned());
    let empty = limit.foresight.iter().filter(|foresight| foresight.empty);
    empty.flat_map(|found| [found.words.clone(), found.brief.clone()]).chain(low).collect()
}

/// The first of `lines` that is shown so that all rows of the block `selected` are seen in `height` rows.
pub fn window(lines: &[(usize, Line)], selected: usize, top: usize, height: usize) -> usize {
    let first = lines.iter().position(|(block, line)| *block == selected && *line != Line::Gap).unwrap_or(0);
    let last = lines.iter().rposition(|(block, _)| *block == selected).unwrap_or(first);
    let top = top.max((last + 1).saturating_sub(height)).min(first);
    top.min(lines.len().saturating_sub(height))
}

/// The columns of the limits of a board, so that they stand under each other:
/// `label  bar  figure  evidence and age  time`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Columns {
    /// The label, with what stands before it.
    pub label: usize,
    /// The bar.
    pub bar: usize,
    /// The figure.
    pub figure: usize,
    /// The word of the evidence; 0: its sign has to do.
    pub word: usize,
    /// The age of what was told.
    pub age: usize,
    /// The time.
    pub time: usize,
    /// What becomes of it; 0: there is no room.
    pub outlook: usize,
    /// All of them, with what is between; the state ends where they do.
    pub whole: usize,
}

/// The bar is not wider than this: more says no more.
const WIDEST_BAR: usize = 56;

/// `documented`, the longest word of evidence, and `as of 45 m`: shown where the bar keeps room beside them.
const WORD: usize = 10;
const AS_OF: usize = 10;

/// `about 85 % used at reset`.
const OUTLOOK: usize = 24;

/// Below this a bar says less than the age beside it takes.
const SHORT_BAR: usize = 12;

impl Columns {
    /// The columns of `board` in `width`.
    pub fn new(board: &Board, width: usize) -> Self {
        let limits =
            || board.blocks.iter().flat_map(|block| block.limits.iter().map(move |limit| (block.depth, limit)));
        let label = limits().map(|(depth, limit)| Self::inset(depth) + cells::of(&limit.label)).max().unwrap_or(0);
        let figure = limits().map(|(_, limit)| limit.figure_room).max().unwrap_or(0).max(8);
        // A countdown or an age that begins must not move the others: room for them, whether there are any or not.
        let time = limits().map(|(_, limit)| cells::of(&limit.time)).max().unwrap_or(0).max(6);
        let mut columns =
            Self { label: label.max(11), bar: 0, figure, word: 0, age: 4, time, outlook: 0, whole: width };
        // One column before the bar, two behind it, one on both sides of the evidence.
        let fixed = columns.label + 1 + 2 + figure + 1 + 1 + 1 + time;
        if width < fixed + columns.age + 1 + SHORT_BAR {
            columns.age = 0;
        }
        if width >= fixed + 1 + AS_OF + 1 + WORD + 2 * SHORT_BAR {
            (columns.word, columns.age) = (WORD, AS_OF);
        }
        let behind = |columns: usize| if columns > 0 { columns + 1 } else { 0 };
        let mut fixed = fixed + behind(columns.age) + behind(columns.word);
        if columns.word > 0 && width >= fixed + 2 + OUTLOOK + 2 * SHORT_BAR {
            columns.outlook = OUTLOOK;
            fixed += 2 + OUTLOOK;
        }
        columns.bar = width.saturating_sub(fixed).min(WIDEST_BAR);
        columns.whole = width.min(fixed + columns.bar);
        columns
    }

    /// How far in a limit of a block of this depth stands.
    pub const fn inset(depth: usize) -> usize {
        2 + 2 * depth
    }
}

impl Block {
    fn full(&self) -> Vec<Line> {
        let mut lines = vec![Line::Head];
        lines.extend(self.binding.map(Line::Limit));
        if self.others().next().is_some() {
            lines.push(Line::Others);
        }
        if self.unlimited {
            lines.push(Line::Unlimited);
        }
        lines
    }

    fn short(&self) -> Vec<Line> {
        let limit = self.binding.map(Line::Limit);
        std::iter::once(Line::HeadWithOthers).chain(limit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fixture::{NOW, config, lane, snapshot};
    use crate::domain::clock::Zone;

    fn board() -> Board {
        let snapshot = snapshot();
        let roster =
            Roster { lanes: snapshot.lanes, meters: snapshot.meters, next: snapshot.next, ..Roster::default() };
        Board::new(&roster, &BTreeSet::new(), config(80, 24).usual, &mut Due::new(NOW, Zone::UTC))
    }

    #[test]
    fn the_form_follows_the_height() {
        let board = board();
        let height = |rows: usize| board.lines(rows).len();
        // Eight blocks: with gaps, without, with one limit each, on one line each.
        assert_eq!([100, 22, 21, 17, 16, 15, 14, 8, 1].map(height), [22, 22, 17, 17, 15, 15, 8, 8, 8]);
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
            let behind = |columns: usize| if columns > 0 { columns + 1 } else { 0 };
            let age = behind(columns.age) + behind(columns.word);
            let needed = columns.label + 1 + columns.bar + 2 + columns.figure + 2 + age + 1 + columns.time;
            assert!(width < 40 || needed <= width, "{width}: {columns:?}");
        }
        let empty =
            Board::new(&Roster::default(), &BTreeSet::new(), config(80, 24).usual, &mut Due::new(NOW, Zone::UTC));
        assert_eq!((empty.lines(10), lane("a/b").in_flight), (vec![], 0));
    }
}
