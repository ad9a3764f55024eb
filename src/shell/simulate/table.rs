//! The report of simulated days: tables for people, one JSON object a day for programs.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::clock::Zone;
use crate::shell::simulate::outcome::Outcome;
use crate::shell::simulate::score::{Bound, Share};
use crate::sim::world::bound::Pool;
use crate::sim::world::demand::Pace;
use crate::sim::world::plan::Day;

/// One of the worlds that are compared.
#[derive(Debug)]
pub struct Side {
    /// Its name, for people.
    pub name: String,
    /// Its day.
    pub day: Day,
}

/// One day that was simulated.
#[derive(Debug)]
pub struct Ran {
    /// In which world, by its place.
    pub side: usize,
    /// Under which policy.
    pub policy: String,
    /// With which luck.
    pub seed: u32,
    /// What the world could give.
    pub bound: Bound,
    /// What came of it.
    pub outcome: Outcome,
}

/// For programs: a line a day.
pub fn json(sides: &[Side], ran: &[Ran]) -> String {
    let line = |ran: &Ran| {
        let (outcome, bound) = (&ran.outcome, &ran.bound);
        let ms = |share| u64::try_from(outcome.wait(share).as_millis()).unwrap_or(u64::MAX);
        let shares = bound.shares(outcome);
        let pool = |((pool, _), share): (&(Pool, Vec<usize>), &Share)| {
            let unit = if share.of_tokens { "tokens" } else { "answers" };
            json!({"pool": pool.name, "unit": unit, "got": share.got, "bound": share.most, "harvest": share.value()})
        };
        let pools: Vec<Value> = bound.pools.iter().zip(&shares).map(pool).collect();
        let [waiting, flying] = outcome.open;
        json!({
            "world": sides.get(ran.side).map(|side| &side.name), "policy": ran.policy, "seed": ran.seed,
            "asked": outcome.asked, "answered": outcome.answered, "failed": outcome.failed,
            "avoidable": outcome.avoidable, "interrupted": outcome.interrupted, "waiting": waiting, "in_the_air": flying,
            "bound": bound.in_all(), "askable": bound.askable, "harvest": bound.share(outcome),
            "attempts": outcome.attempts, "provoked_429": outcome.provoked, "busy_429": outcome.busy,
            "provoked_429_per_1000": outcome.provoked_share(),
            "wait_ms": {"p50": ms(0.5), "p95": ms(0.95), "max": ms(1.0)},
            "reasons": outcome.reasons, "pools": pools,
        })
    };
    let mut out = String::new();
    for ran in ran {
        let _ = writeln!(out, "{}", line(ran));
    }
    out
}

/// For people.
pub fn text(sides: &[Side], pace: Pace, length: Option<Duration>, ran: &[Ran]) -> String {
    let mut out = String::new();
    for (place, side) in sides.iter().enumerate() {
        let own: Vec<&Ran> = ran.iter().filter(|ran| ran.side == place).collect();
        let _ = writeln!(out, "{}\n", head(side, pace, length, &own));
        out.push_str(&aligned(&policies(&own)));
        out.push('\n');
        out.push_str(&aligned(&pools(&own)));
        out.push('\n');
    }
    if let [less, more] = sides {
        let _ = writeln!(out, "{}: what it makes of \"{}\"\n", more.name, less.name);
        out.push_str(&aligned(&differences(ran)));
    }
    out
}

fn head(side: &Side, pace: Pace, length: Option<Duration>, ran: &[&Ran]) -> String {
    let count = side.day.demand.askers(pace);
    let who = match pace {
        Pace::Saturating => format!("{count} programs back to back"),
        Pace::Human => format!("{count} people"),
        Pace::Mixed => format!("{} people and {} programs", count / 4, count - count / 4),
    };
    let hours = length.unwrap_or(side.day.length).as_secs() / 3600;
    let start = Zone::UTC.wall(side.day.start).format("%Y-%m-%d %H:%M UTC");
    let seeds = ran.iter().map(|ran| ran.seed).max().unwrap_or(0) + 1;
    let mean = |of: &dyn Fn(&Ran) -> f64| ran.iter().map(|ran| of(ran)).sum::<f64>() / ran.len().max(1) as f64;
    let luck = if seeds > 1 { format!(", mean of {seeds} seeds") } else { String::new() };
    format!(
        "{}: {who}, {hours} h from {start}{luck}\nat most {} answers of {:.0} tokens (of smaller ones more), by the limits and by what is asked",
        side.name,
        grouped(mean(&|ran| ran.bound.in_all())),
        mean(&|ran| ran.bound.sizes.mean),
    )
}

fn policies(ran: &[&Ran]) -> Vec<Vec<String>> {
    let title = [
        "policy",
        "asked",
        "answered",
        "harvest",
        "worst",
        "failed",
        "avoidable",
        "429 per 1000",
        "wait p50",
        "p95",
        "max",
    ];
    let mut rows = vec![title.map(str::to_owned).to_vec()];
    for policy in names(ran) {
        let own: Vec<&&Ran> = ran.iter().filter(|ran| ran.policy == policy).collect();
        let mean = |of: &dyn Fn(&Ran) -> f64| own.iter().map(|ran| of(ran)).sum::<f64>() / own.len().max(1) as f64;
        let worst = own.iter().map(|ran| ran.bound.share(&ran.outcome)).fold(1.0, f64::min);
        let wait = |share: f64| own.iter().map(|ran| ran.outcome.wait(share)).max().unwrap_or_default();
        rows.push(vec![
            policy,
            grouped(mean(&|ran| ran.outcome.asked as f64)),
            grouped(mean(&|ran| ran.outcome.answered as f64)),
            percent(mean(&|ran| ran.bound.share(&ran.outcome))),
            percent(worst),
            grouped(mean(&|ran| ran.outcome.failed as f64)),
            grouped(mean(&|ran| ran.outcome.avoidable as f64)),
            format!("{:.1}", mean(&|ran| ran.outcome.provoked_share())),
            seconds(wait(0.5)),
            seconds(wait(0.95)),
            seconds(wait(1.0)),
        ]);
    }
    rows
}

fn pools(ran: &[&Ran]) -> Vec<Vec<String>> {
    let Some(first) = ran.first() else { return Vec::new() };
    let names = names(ran);
    let title = ["harvest of".to_owned(), "at most".to_owned()];
    let mut rows = vec![title.into_iter().chain(names.iter().cloned()).collect::<Vec<_>>()];
    for (place, (pool, _)) in first.bound.pools.iter().enumerate() {
        let of = |ran: &Ran| ran.bound.shares(&ran.outcome).get(place).copied();
        let most = of(first).map_or(String::new(), |share| {
            format!("{} {}", grouped(share.most as f64), if share.of_tokens { "tokens" } else { "answers" })
        });
        let of_policy = |policy: &String| {
            let own = ran.iter().filter(|ran| ran.policy == *policy).filter_map(|ran| of(ran));
            let own: Vec<f64> = own.map(|share| share.value()).collect();
            percent(own.iter().sum::<f64>() / own.len().max(1) as f64)
        };
        rows.push([pool.name.clone(), most].into_iter().chain(names.iter().map(of_policy)).collect());
    }
    rows
}

fn differences(ran: &[Ran]) -> Vec<Vec<String>> {
    let title = ["policy", "answered", "", "more", "failed", "", "wait p95", ""];
    let mut rows = vec![title.map(str::to_owned).to_vec()];
    let all: Vec<&Ran> = ran.iter().collect();
    for policy in names(&all) {
        let mean = |side: usize, of: &dyn Fn(&Outcome) -> f64| {
            let own: Vec<f64> =
                all.iter().filter(|ran| ran.side == side && ran.policy == policy).map(|ran| of(&ran.outcome)).collect();
            own.iter().sum::<f64>() / own.len().max(1) as f64
        };
        let both = |of: &dyn Fn(&Outcome) -> f64| (mean(0, of), mean(1, of));
        let answered = both(&|outcome| outcome.answered as f64);
        let failed = both(&|outcome| outcome.failed as f64);
        let waits = both(&|outcome| outcome.wait(0.95).as_secs_f64());
        let wait = |span: f64| seconds(Duration::try_from_secs_f64(span).unwrap_or_default());
        rows.push(vec![
            policy,
            grouped(answered.0),
            format!("-> {}", grouped(answered.1)),
            format!("{:+.0}", answered.1 - answered.0),
            grouped(failed.0),
            format!("-> {}", grouped(failed.1)),
            wait(waits.0),
            format!("-> {}", wait(waits.1)),
        ]);
    }
    rows
}

fn names(ran: &[&Ran]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for ran in ran {
        if !names.contains(&ran.policy) {
            names.push(ran.policy.clone());
        }
    }
    names
}

/// Columns of equal width: words to the left in the first one, numbers to the right in the others.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let _ = match column {
                0 => write!(line, "{cell:<width$}"),
                _ => write!(line, "  {cell:>width$}"),
            };
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

/// `1,234`.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn seconds(span: Duration) -> String {
    format!("{:.1} s", span.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let rows = [["a", "12", "x"], ["longer", "3", "yy"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(aligned(&rows), "a       12   x\nlonger   3  yy\n");
        assert_eq!([0.4, 12.0, 1234.0, 1_234_567.0].map(grouped), ["0", "12", "1,234", "1,234,567"]);
    }
}
