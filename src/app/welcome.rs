//! What stands where the first turn will: how to begin, or, where no lane can answer, why not and what to do.

use crate::app::cells;
use crate::app::due::Due;
use crate::app::help::fold;
use crate::app::roster::Group;
use crate::app::row::{Piece, Role, Row};
use crate::app::state::App;
use crate::domain::standing::{Off, Standing};
use crate::domain::text::one_line;

impl App {
    pub(in crate::app) fn welcome(&self, due: &mut Due) -> Vec<Row> {
        let ready = |due: &Due| self.ready(due.now) > 0;
        let rows = if self.simulated || ready(due) { how_to_begin() } else { self.what_to_do(due) };
        rows.into_iter().flat_map(|row| fold(row, usize::from(self.areas.transcript.width))).collect()
    }

    /// No lane can answer: each account with its reason, and the ways on.
    fn what_to_do(&self, due: &mut Due) -> Vec<Row> {
        let groups = self.roster.groups();
        let title = if groups.is_empty() { "No provider is set up." } else { "No lane can answer now." };
        let mut rows = vec![Row::of(title, Role::Strong), Row::default()];
        let widest = groups.iter().map(|group| cells::of(group.account.as_str())).max().unwrap_or(0);
        for group in &groups {
            let (sign, role, reason) = self.reason(group, due);
            let name =
                format!("{sign} {}{}", group.account, " ".repeat(widest - cells::of(group.account.as_str()) + 2));
            rows.push(Row(vec![Piece::new(name, role), Piece::plain(reason)]));
        }
        if !groups.is_empty() {
            rows.push(Row::default());
        }
        let off = groups.iter().any(|group| group.on.iter().chain(&group.listed).any(|lane| lane.off().is_some()));
        let keys = [
            ("/setup", "shows what each provider gives for free, and takes a key"),
            ("roundel --demo", "shows the demo"),
        ];
        let alt = off.then_some(("Alt+2", "the quota: Space switches a lane on; → shows those that are only listed"));
        rows.extend(alt.into_iter().chain(keys).map(|(key, says)| way(key, says, 19)));
        rows
    }

    /// Why no lane of an account can answer.
    fn reason(&self, group: &Group<'_>, due: &mut Due) -> (&'static str, Role, String) {
        let lanes = if group.on.is_empty() { &group.listed } else { &group.on };
        let mut all: Vec<(Standing, String)> = Vec::new();
        for lane in lanes {
            let standing = self.roster.standing(lane, self.config.usual, due.now);
            let until = standing.until(due.now);
            let words = match (&standing, until, &lane.rest) {
                (Standing::Resting { until: None, class }, _, Some(rest)) if !rest.words.is_empty() => {
                    format!("{}: {}", class.word(), one_line(&rest.words))
                }
                (_, Some(until), _) => format!("{}, ready {}", standing.reason(), due.when(until)),
                (Standing::Off(Off::Until(standby)), ..) => standby.word().to_owned(),
                _ => standing.reason(),
            };
            if all.iter().all(|(_, known)| *known != words) {
                all.push((standing, words));
            }
        }
        let (sign, role) = if all.iter().any(|(standing, _)| standing.until(due.now).is_some()) {
            ("◐", Role::Warn)
        } else if all.iter().all(|(standing, _)| matches!(standing, Standing::Off(_))) {
            ("○", Role::Dim)
        } else {
            ("✕", Role::Bad)
        };
        let more = all.len().saturating_sub(2);
        let mut words: Vec<String> = all.into_iter().take(2).map(|(_, words)| words).collect();
        if more > 0 {
            words.push(format!("and {more} more"));
        }
        (sign, role, words.join("; "))
    }
}

fn how_to_begin() -> Vec<Row> {
    let mut rows = vec![
        Row::of("Ask something: the answer comes from the next lane that has quota left.", Role::Plain),
        Row::default(),
    ];
    let keys = [
        ("Enter", "sends; the lane that answers stands above its answer"),
        ("Tab", "goes to the chat, to the quota, where Space takes a lane out of the rotation, and to the log"),
        ("F1", "shows every key"),
    ];
    rows.extend(keys.map(|(key, says)| way(key, says, 7)));
    rows
}

fn way(key: &str, says: &str, width: usize) -> Row {
    let gap = " ".repeat(width.saturating_sub(cells::of(key)));
    Row(vec![Piece::plain(format!("{key}{gap}")), Piece::dim(says)])
}
