//! One limit as a gauge: what is left, of how much, how that is known, and when it is full again. What counts down is
//! counted down only while something is used.

use crate::app::due::{Due, count};
use crate::app::foresight::Foresight;
use crate::app::row::Role;
use crate::app::steady::{Key, Steady};
use crate::domain::quota::limit::Evidence;
use crate::domain::quota::meter::Meter;
use crate::domain::runway::is_blind;

/// One limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// Which it is.
    pub key: Key,
    /// `req/min`.
    pub label: String,
    /// The share that is left; None: no cap is known, and there is no bar.
    pub left: Option<f64>,
    /// The share of the window that has passed, if it has a beginning and something is used.
    pub pace: Option<f64>,
    /// `5.1k of 8k`.
    pub figure: String,
    /// `5.1k left`, where there is little room.
    pub brief: String,
    /// `5.1k tok/min`, where it stands in a line with others.
    pub words: String,
    /// Columns that the figure may come to take.
    pub figure_room: usize,
    /// How it is known: the weaker of cap and count. None: there is no cap, and nothing is used.
    pub evidence: Option<Evidence>,
    /// Somebody else draws on it with the same key.
    pub others: bool,
    /// When it is full again.
    pub time: String,
    /// How old it is.
    pub age: String,
    /// What becomes of it.
    pub foresight: Option<Foresight>,
    /// How well it stands.
    pub role: Role,
}

/// The sign of how a figure is known.
pub const fn sign_of(evidence: Option<Evidence>) -> &'static str {
    match evidence {
        Some(Evidence::Reported) => "●",
        Some(Evidence::Counted) => "◐",
        Some(Evidence::Learnt) => "◌",
        Some(Evidence::Documented) | None => "·",
    }
}

/// The word for it.
pub const fn word_of(evidence: Option<Evidence>) -> &'static str {
    match evidence {
        Some(evidence) => evidence.word(),
        None => "unknown",
    }
}

impl Limit {
    /// How `meter` stands at the time of `due`.
    pub fn new(meter: &Meter, due: &mut Due) -> Self {
        Self::with(meter, &Steady::default(), due)
    }

    /// The same; `steady` knows whether it was called low before.
    pub fn with(meter: &Meter, steady: &Steady, due: &mut Due) -> Self {
        let now = due.now;
        let used = meter.used(now);
        if used > 0 {
            let cap = meter.cap.map(|cap| cap.value);
            if let Some(at) = meter.tally.sinks_to(meter.window, cap, used - 1, now) {
                due.slowly_at(at);
            }
        }
        let basis = meter.basis(now);
        let is_full = used == 0 && meter.reserved == 0;
        let told = !is_full && basis.evidence != Evidence::Counted;
        if let (true, Some(span)) = (told, meter.window.span()) {
            due.at(basis.at.plus(span));
        }
        let blind = is_blind(meter, now);
        let key = Key::of(meter);
        let left = meter.remaining(now).filter(|_| !blind);
        let share =
            left.zip(meter.cap).map(|(left, cap)| if cap.value == 0 { 0.0 } else { left as f64 / cap.value as f64 });
        Self {
            label: format!("{}/{}", meter.unit.short(), meter.window.short()),
            left: share,
            pace: if is_full { None } else { pace(meter, due) },
            figure: match (left, meter.cap) {
                (Some(left), Some(cap)) => {
                    let guess = if meter.is_guessed() { "~" } else { "" };
                    format!("{} of {guess}{}", count(left), count(cap.value))
                }
                (None, Some(cap)) if blind => format!("? of {}", count(cap.value)),
                _ => format!("{} used", count(used)),
            },
            brief: format!("{} {}", count(left.unwrap_or(used)), if left.is_some() { "left" } else { "used" }),
            words: format!("{} {}/{}", count(left.unwrap_or(used)), meter.unit.short(), meter.window.short()),
            figure_room: meter.cap.map_or(8, |cap| figure_room(cap.value)),
            evidence: match meter.cap {
                _ if blind => None,
                // What is left of a cap that is only learnt is no better known than that.
                Some(cap) if is_full || cap.evidence == Evidence::Learnt => Some(cap.evidence),
                _ => (!is_full).then_some(basis.evidence),
            },
            others: meter.drift(now).is_some_and(|drift| drift.others),
            time: if used == 0 {
                String::new()
            } else {
                meter.full_at(now).map_or_else(String::new, |at| due.until(at))
            },
            age: if told { due.age(basis.at).unwrap_or_default() } else { String::new() },
            role: match share {
                Some(share) if share <= 0.0 => Role::Bad,
                Some(share) if steady.is_low(&key, share) => Role::Warn,
                _ => Role::Good,
            },
            foresight: Foresight::new(meter, due),
            key,
        }
    }
}

/// `99.9k of 128k` is wider than `0 of 128k`: a figure that sinks must not move its neighbours.
fn figure_room(cap: u64) -> usize {
    let whole = count(cap).len();
    let widest = match cap {
        0..1000 => whole,
        1000..10_000 => 4,
        _ => 5,
    };
    widest + " of ".len() + whole
}

/// The pace is told in steps, so that a day's limit does not draw all day.
const PACE_STEPS: f64 = 64.0;

fn pace(meter: &Meter, due: &mut Due) -> Option<f64> {
    let share = meter.elapsed_share(due.now)?;
    let step = (share * PACE_STEPS).floor();
    if let Some(span) = meter.window.span() {
        let until_next = span.as_secs_f64() * ((step + 1.0) / PACE_STEPS - share);
        if let Ok(wait) = std::time::Duration::try_from_secs_f64(until_next) {
            due.slowly_at(due.now.plus(wait));
        }
    }
    Some(step / PACE_STEPS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fixture::{NOW, meter};
    use crate::domain::clock::Zone;
    use crate::domain::quota::limit::Unit;

    #[test]
    fn a_full_limit_counts_nothing_down() {
        let mut due = Due::new(NOW, Zone::UTC);
        let full = Limit::new(&meter("a", Unit::Requests, "60s", 30), &mut due);
        assert_eq!(
            (full.time.as_str(), full.pace, full.evidence, due.next()),
            ("", None, Some(Evidence::Documented), None)
        );
        assert_eq!((full.figure.as_str(), full.left), ("30 of 30", Some(1.0)));
        let mut none = meter("a", Unit::Requests, "60s", 0);
        assert_eq!((Limit::new(&none, &mut due).left, Limit::new(&none, &mut due).role), (Some(0.0), Role::Bad));
        none.cap = None;
        none.count(12, NOW);
        assert_eq!((Limit::new(&none, &mut due).left, Limit::new(&none, &mut due).figure), (None, "12 used".into()));
    }

    #[test]
    fn what_is_left_of_a_guess_is_a_guess() {
        let mut guessed = meter("a", Unit::Requests, "1d midnight UTC", 30);
        for days in [3, 2, 1, 0] {
            let day = NOW.minus(std::time::Duration::from_hours(24 * days));
            guessed.count(12, day);
            guessed.guess_from_refusal(0, day);
        }
        let limit = Limit::new(&guessed, &mut Due::new(NOW, Zone::UTC));
        assert_eq!((limit.figure.as_str(), limit.evidence), ("0 of ~12", Some(Evidence::Learnt)));
    }
}
