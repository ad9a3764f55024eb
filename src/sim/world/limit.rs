//! Limits as a provider keeps them: a plain list of what was used and when, added up anew for each question. On
//! purpose naive and on purpose not the domain's arithmetic: the two must come to the same figures by different ways.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use crate::domain::clock::Time;
use crate::sim::world::calendar::Calendar;

const DAY: u64 = 86_400_000;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    /// Calls.
    Requests,
    /// Words of question and answer.
    Tokens,
}

/// On what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Per {
    /// Each model for itself.
    Model,
    /// All models together.
    Account,
}

/// When it comes back; spans in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Window {
    /// All at once, at each multiple of the span (of a day: midnight UTC).
    Fixed(u64),
    /// Each use one span later.
    Rolling(u64),
    /// Steadily: an empty bucket is full after one span.
    Bucket(u64),
    /// All at once, when a day or a month begins somewhere.
    Calendar(Calendar),
}

impl Window {
    /// Its length in milliseconds; of a day and a month as if each were as long as the others.
    pub(crate) const fn span(self) -> u64 {
        match self {
            Self::Fixed(span) | Self::Rolling(span) | Self::Bucket(span) => span,
            Self::Calendar(Calendar::Day(_)) => DAY,
            Self::Calendar(Calendar::Month(_)) => 30 * DAY,
        }
    }

    /// Whether people would call it "per day".
    pub(crate) const fn is_daily(self) -> bool {
        self.span() >= DAY
    }
}

impl TryFrom<String> for Window {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is no window: write `60s fixed`, `60s rolling`, `1d bucket`, `day`, `1d midnight \
                 America/Los_Angeles` or `1month midnight UTC`"
            )
        };
        if text == "day" {
            return Ok(Self::Fixed(DAY));
        }
        if let Some(calendar) = Calendar::read(&text) {
            return Ok(Self::Calendar(calendar));
        }
        let (span, kind) = text.split_once(' ').ok_or_else(wrong)?;
        let digits = span.find(|char: char| !char.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, unit) = span.split_at(digits);
        let factor = match unit {
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => DAY,
            _ => return Err(wrong()),
        };
        let span = number.parse::<u32>().map_err(|_| wrong())?;
        let span = u64::from(span) * factor;
        if !(1000..=366 * DAY).contains(&span) {
            return Err(wrong());
        }
        match kind {
            "fixed" => Ok(Self::Fixed(span)),
            "rolling" => Ok(Self::Rolling(span)),
            "bucket" => Ok(Self::Bucket(span)),
            _ => Err(wrong()),
        }
    }
}

/// A limit as it stands in the world's file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    pub(crate) unit: Unit,
    pub(crate) window: Window,
    pub(crate) cap: NonZeroU32,
    pub(crate) per: Per,
    /// The models that it is for; none: all of them.
    #[serde(default)]
    pub(crate) models: Vec<String>,
    /// Whether the response headers tell it.
    pub(crate) told: Spanned<bool>,
}

impl Rule {
    /// Whether requests to `model` fall under it.
    pub(crate) fn is_for(&self, model: &str) -> bool {
        self.models.is_empty() || self.models.iter().any(|one| one == model)
    }
}

/// A limit with its counts.
#[derive(Debug, Clone)]
pub(crate) struct Limit {
    /// As it stands in the file.
    pub(crate) rule: Rule,
    counts: BTreeMap<String, Uses>,
}

/// How a limit stands for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// What is counted.
    pub(crate) unit: Unit,
    /// When it comes back.
    pub(crate) window: Window,
    /// How much fits.
    pub(crate) cap: u64,
    /// What is used; may be above the cap, because an answer is counted whatever its length.
    pub(crate) used: u64,
    /// What is left.
    pub(crate) left: u64,
    /// What this request wants.
    pub(crate) asked: u64,
    /// When that fits: zero for now, None for never.
    pub(crate) wait: Option<Duration>,
    /// When nothing is used any more.
    pub(crate) full_after: Duration,
    /// Whether the response headers tell it.
    pub(crate) told: bool,
}

impl Limit {
    /// Nothing used.
    pub(crate) const fn new(rule: Rule) -> Self {
        Self { rule, counts: BTreeMap::new() }
    }

    /// Whether requests to `model` fall under it.
    pub(crate) fn is_for(&self, model: &str) -> bool {
        self.rule.is_for(model)
    }

    /// How it stands for a request to `model` that wants `asked`.
    pub(crate) fn standing(&self, model: &str, asked: u64, now: Time) -> Standing {
        let (window, cap) = (self.rule.window, u64::from(self.rule.cap.get()));
        let none = Uses::default();
        let past = self.counts.get(self.subject(model)).unwrap_or(&none);
        let used = past.used(window, cap, now);
        Standing {
            unit: self.rule.unit,
            window,
            cap,
            used,
            left: cap.saturating_sub(used),
            asked,
            wait: past.wait(window, cap, asked, now),
            full_after: past.full_after(window, cap, now),
            told: *self.rule.told.as_ref(),
        }
    }

    /// Counts `amount` for `model`.
    pub(crate) fn count(&mut self, model: &str, amount: u64, now: Time) {
        let (window, cap) = (self.rule.window, u64::from(self.rule.cap.get()));
        let uses = self.counts.entry(self.subject(model).to_owned()).or_default();
        uses.forget(window, cap, now);
        uses.list.push((now, amount));
    }

    fn subject<'a>(&self, model: &'a str) -> &'a str {
        match self.rule.per {
            Per::Model => model,
            Per::Account => "",
        }
    }
}

/// What was used, oldest first.
#[derive(Debug, Clone, Default)]
struct Uses {
    list: Vec<(Time, u64)>,
    /// What was in a bucket, times its span, and when: what was used before stands no longer in the list.
    level: (Time, u128),
}

impl Uses {
    fn used(&self, window: Window, cap: u64, now: Time) -> u64 {
        match window {
            Window::Fixed(_) | Window::Rolling(_) | Window::Calendar(_) => {
                self.counting(window, now).map(|(_, amount)| amount).sum()
            }
            // A started token is used: what is left is what can be had now.
            Window::Bucket(span) => to_u64(self.level(span, cap, now).div_ceil(u128::from(span))),
        }
    }

    fn wait(&self, window: Window, cap: u64, asked: u64, now: Time) -> Option<Duration> {
        if asked > cap {
            return None;
        }
        let mut used = self.used(window, cap, now);
        match window {
            _ if used + asked <= cap => Some(Duration::ZERO),
            Window::Fixed(span) => Some(until_end(span, now)),
            Window::Calendar(calendar) => Some(calendar.bounds(now).1.since(now)),
            Window::Rolling(span) => self.counting(window, now).find_map(|(at, amount)| {
                used -= amount;
                (used + asked <= cap).then(|| at.plus(Duration::from_millis(span)).since(now))
            }),
            Window::Bucket(span) => {
                let above = self.level(span, cap, now) + scaled(asked, span) - scaled(cap, span);
                Some(Duration::from_millis(to_u64(above.div_ceil(u128::from(cap)))))
            }
        }
    }

    fn full_after(&self, window: Window, cap: u64, now: Time) -> Duration {
        let Some((last, _)) = self.counting(window, now).last() else { return Duration::ZERO };
        match window {
            Window::Fixed(span) => until_end(span, now),
            Window::Calendar(calendar) => calendar.bounds(now).1.since(now),
            Window::Rolling(span) => last.plus(Duration::from_millis(span)).since(now),
            Window::Bucket(span) => Duration::from_millis(to_u64(self.level(span, cap, now).div_ceil(u128::from(cap)))),
        }
    }

    /// The uses that count at `now`.
    fn counting(&self, window: Window, now: Time) -> impl Iterator<Item = (Time, u64)> {
        let began = match window {
            Window::Calendar(calendar) => calendar.bounds(now).0,
            _ => now,
        };
        self.list.iter().copied().filter(move |(at, _)| match window {
            // One from the future belongs to another page, as far as anybody can tell.
            Window::Calendar(_) => began <= *at && *at <= now,
            Window::Fixed(span) => period(span, *at) == period(span, now),
            Window::Rolling(span) => now.since(*at) < Duration::from_millis(span),
            Window::Bucket(_) => true,
        })
    }

    /// What is in a leaking bucket, times its span: so that all of it stays whole numbers.
    fn level(&self, span: u64, cap: u64, now: Time) -> u128 {
        let leak = |level: u128, from: Time, to: Time| {
            level.saturating_sub(to.since(from).as_millis().saturating_mul(u128::from(cap)))
        };
        let (mut then, mut level) = self.level;
        for (at, amount) in &self.list {
            level = leak(level, then, *at) + scaled(*amount, span);
            then = *at;
        }
        leak(level, then, now)
    }

    /// Drops what will never count again, and adds up what comes back all at once.
    fn forget(&mut self, window: Window, cap: u64, now: Time) {
        match window {
            Window::Fixed(_) | Window::Calendar(_) => {
                let sum = self.counting(window, now).map(|(_, amount)| amount).sum();
                self.list.clear();
                self.list.extend((sum > 0).then_some((now, sum)));
            }
            Window::Rolling(span) => self.list.retain(|(at, _)| now.since(*at) < Duration::from_millis(span)),
            Window::Bucket(span) => {
                self.level = (now, self.level(span, cap, now));
                self.list.clear();
            }
        }
    }
}

fn period(span: u64, at: Time) -> i64 {
    at.ms().div_euclid(i64::try_from(span).unwrap_or(i64::MAX))
}

fn until_end(span: u64, now: Time) -> Duration {
    let span = i64::try_from(span).unwrap_or(i64::MAX);
    Duration::from_millis(u64::try_from(span - now.ms().rem_euclid(span)).unwrap_or(0))
}

fn scaled(amount: u64, span: u64) -> u128 {
    u128::from(amount) * u128::from(span)
}

fn to_u64(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 12:00:00 UTC, the beginning of a minute.
    const NOON: Time = Time::from_ms(1_795_348_800_000);

    fn limit(unit: &str, window: &str, cap: u32, per: &str) -> Limit {
        let text = format!("unit = \"{unit}\"\nwindow = \"{window}\"\ncap = {cap}\nper = \"{per}\"\ntold = false");
        Limit::new(toml::from_str(&text).unwrap())
    }

    fn at(seconds: u64) -> Time {
        NOON.plus(Duration::from_secs(seconds))
    }

    /// Second and amount.
    type Use = (u64, u64);

    /// Used, left, wait in ms (None: never), full after ms.
    type Row = (u64, u64, Option<u128>, u128);

    fn row(limit: &Limit, asked: u64, now: Time) -> Row {
        let standing = limit.standing("m", asked, now);
        let wait = standing.wait.map(|wait| wait.as_millis());
        (standing.used, standing.left, wait, standing.full_after.as_millis())
    }

    #[test]
    fn limits_by_hand() {
        // (window, cap, uses as (second, amount), (second, asked), (used, left, wait, full after))
        #[rustfmt::skip]
        let table: &[(&str, u32, &[Use], Use, Row)] = &[
            ("60s fixed", 2, &[], (10, 1), (0, 2, Some(0), 0)),
            ("60s fixed", 2, &[(10, 1)], (20, 1), (1, 1, Some(0), 40_000)),
            ("60s fixed", 2, &[(10, 1), (20, 1)], (25, 1), (2, 0, Some(35_000), 35_000)),
            ("60s fixed", 2, &[(10, 1), (20, 1)], (60, 1), (0, 2, Some(0), 0)),
            ("60s fixed", 2, &[(59, 2)], (61, 1), (0, 2, Some(0), 0)),
            ("60s fixed", 100, &[(1, 30)], (2, 101), (30, 70, None, 58_000)),

            ("60s rolling", 2, &[(10, 1), (30, 1)], (40, 1), (2, 0, Some(30_000), 50_000)),
            ("60s rolling", 2, &[(10, 1), (30, 1)], (70, 1), (1, 1, Some(0), 20_000)),
            ("60s rolling", 2, &[(10, 1), (30, 1)], (70, 2), (1, 1, Some(20_000), 20_000)),
            ("60s rolling", 100, &[(0, 40), (10, 50)], (20, 60), (90, 10, Some(50_000), 50_000)),
            ("60s rolling", 1, &[(0, 1)], (59, 1), (1, 0, Some(1000), 1000)),

            // One comes back every 20 s.
            ("60s bucket", 3, &[(0, 1), (0, 1), (0, 1)], (0, 1), (3, 0, Some(20_000), 60_000)),
            ("60s bucket", 3, &[(0, 1), (0, 1), (0, 1)], (15, 1), (3, 0, Some(5000), 45_000)),
            ("60s bucket", 3, &[(0, 1), (0, 1), (0, 1)], (20, 1), (2, 1, Some(0), 40_000)),
            // An empty bucket does not save up: 2 at 30, of which half a token is back at 40.
            ("60s bucket", 3, &[(0, 1), (30, 2)], (40, 1), (2, 1, Some(0), 30_000)),
            ("60s bucket", 3, &[(0, 1), (30, 2)], (40, 2), (2, 1, Some(10_000), 30_000)),
            // 6000 a minute is one every 10 ms; an answer may run over the cap.
            ("60s bucket", 6000, &[(0, 13)], (0, 1), (13, 5987, Some(0), 130)),
            ("60s bucket", 6000, &[(0, 7000)], (1, 50), (6900, 0, Some(9500), 69_000)),
            ("60s bucket", 6000, &[], (0, 6001), (0, 6000, None, 0)),

            // 200 a day: one every 432 s.
            ("1d bucket", 200, &[(0, 1)], (0, 1), (1, 199, Some(0), 432_000)),
            // Midnight UTC is twelve hours after noon.
            ("day", 2, &[(0, 2)], (0, 1), (2, 0, Some(43_200_000), 43_200_000)),
            ("day", 2, &[(0, 2)], (43_200, 1), (0, 2, Some(0), 0)),
        ];
        for (window, cap, uses, (second, asked), expected) in table {
            let mut limit = limit("tokens", window, *cap, "model");
            for (second, amount) in *uses {
                limit.count("m", *amount, at(*second));
            }
            assert_eq!(row(&limit, *asked, at(*second)), *expected, "{window} {cap} {uses:?} {second} {asked}");
        }
    }

    #[test]
    fn each_model_for_itself_or_all_together() {
        for (per, other) in [("model", 0), ("account", 1)] {
            let mut limit = limit("requests", "60s fixed", 5, per);
            limit.count("a", 1, NOON);
            assert_eq!(limit.standing("a", 1, NOON).used, 1, "{per}");
            assert_eq!(limit.standing("b", 1, NOON).used, other, "{per}");
        }
    }

    #[test]
    fn what_cannot_count_any_more_is_forgotten() {
        for window in ["60s fixed", "60s rolling", "60s bucket"] {
            let mut limit = limit("requests", window, 3, "model");
            for minute in 0..100 {
                limit.count("m", 1, at(minute * 60));
            }
            assert!(limit.counts["m"].list.len() <= 2, "{window}");
        }
    }

    #[test]
    fn a_clock_set_back_locks_nothing() {
        for window in ["60s fixed", "60s rolling", "60s bucket", "day"] {
            let mut limit = limit("requests", window, 1, "model");
            limit.count("m", 1, at(1_000_000));
            limit.count("m", 1, at(0));
            assert_eq!(row(&limit, 1, at(2_000_000)), (0, 1, Some(0), 0), "{window}");
        }
    }

    #[test]
    fn a_wrong_window_says_what_would_be_right() {
        for text in ["", "60s", "60 fixed", "0s fixed", "60s sliding", "9999d fixed", "99999999999s fixed", "Day"] {
            let error = Window::try_from(text.to_owned()).unwrap_err();
            assert!(error.contains("60s fixed"), "{text}: {error}");
        }
    }
}
