//! How many answers a world can give in a span of time, whoever asks: an upper bound, from the limits as they stand in
//! the file and from nothing else. It does not count requests one by one, knows no policy, no reservation and no header,
//! and shares no arithmetic with those who keep the limits or guess at them.
//!
//! ```text
//!  a limit ─▶ periods that the span touches x cap ─┐
//!  its models' own limits, added up ───────────────┴▶ the least ─▶ an account
//! ```
//!
//! A prompt must fit, its answer need not: it may run over the cap, once a period. How long such answers are on average
//! nobody can choose who does not know them beforehand; five standard deviations are allowed for luck. Otherwise chance
//! is left out: a provider that is overloaded now and then is taken for one that never is.

use crate::domain::clock::Time;
use crate::sim::world::demand::Sizes;
use crate::sim::world::limit::{Per, Rule, Unit, Window};
use crate::sim::world::plan::{Flaps, ProviderPlan};

/// How much of one pool can be had; None: no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Most {
    /// Answers.
    pub answers: Option<u64>,
    /// Tokens of prompts and answers.
    pub tokens: Option<u64>,
}

/// What is counted together: a model by itself, or an account whose models share a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// `gemini/flash`, or `openrouter`.
    pub name: String,
    /// Its models, as `provider/model`.
    pub lanes: Vec<String>,
    /// How much of it can be had.
    pub most: Most,
}

/// A span of time.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Its first instant.
    pub from: Time,
    /// The first instant behind it.
    pub to: Time,
}

impl Most {
    const NO_LIMIT: Self = Self { answers: None, tokens: None };

    /// Whether tokens run out before requests do, at the mean size.
    pub fn is_of_tokens(&self, sizes: &Sizes) -> bool {
        self.tokens.is_some_and(|tokens| self.answers.is_none_or(|most| tokens as f64 / sizes.mean < most as f64))
    }

    fn least(self, other: Self) -> Self {
        let least = |a: Option<u64>, b: Option<u64>| a.into_iter().chain(b).min();
        Self { answers: least(self.answers, other.answers), tokens: least(self.tokens, other.tokens) }
    }

    fn and(self, other: Self) -> Self {
        let both = |a: Option<u64>, b: Option<u64>| Some(a?.saturating_add(b?));
        Self { answers: both(self.answers, other.answers), tokens: both(self.tokens, other.tokens) }
    }

    /// The same, where what is known of the one says something of the other: no answer is smaller than the least.
    fn closed(self, sizes: &Sizes) -> Self {
        let by_tokens = self.tokens.map(|tokens| tokens / sizes.least.max(1));
        let by_answers = self.answers.map(|answers| answers.saturating_mul(sizes.most));
        self.least(Self { answers: by_tokens, tokens: by_answers })
    }
}

/// The pools of a provider.
pub(crate) fn pools(name: &str, plan: &ProviderPlan, sizes: &Sizes, span: Span) -> Vec<Pool> {
    let models = plan.models.as_ref();
    let of = |rule: &Rule| of_rule(rule, plan.flaps, sizes, span).closed(sizes);
    let own = |model: &String| {
        let rules = plan.limits.iter().filter(|rule| rule.per == Per::Model && rule.is_for(model));
        rules.map(of).fold(Most::NO_LIMIT, Most::least)
    };
    let lane = |model: &String| format!("{name}/{model}");
    let shared: Vec<&Rule> = plan.limits.iter().filter(|rule| rule.per == Per::Account).collect();
    if shared.is_empty() {
        return models.iter().map(|one| Pool { name: lane(one), lanes: vec![lane(one)], most: own(one) }).collect();
    }
    // Models that share a limit go together; each belongs to the first group that names it.
    let mut left: Vec<&String> = models.iter().collect();
    let mut all = Most { answers: Some(0), tokens: Some(0) };
    for rule in shared.iter().filter(|rule| !rule.models.is_empty()) {
        let (group, others): (Vec<&String>, Vec<&String>) = left.iter().partition(|model| rule.is_for(model));
        left = others;
        let same = shared.iter().filter(|other| other.models == rule.models);
        let cap = same.map(|rule| of(rule)).fold(Most::NO_LIMIT, Most::least);
        if !group.is_empty() {
            let sum = group.into_iter().map(own).fold(Most { answers: Some(0), tokens: Some(0) }, Most::and);
            all = all.and(sum.least(cap));
        }
    }
    all = left.into_iter().map(own).fold(all, Most::and);
    let whole = shared.iter().filter(|rule| rule.models.is_empty());
    let most = whole.map(|rule| of(rule)).fold(all, Most::least);
    vec![Pool { name: name.to_owned(), lanes: models.iter().map(lane).collect(), most }]
}

/// How much fits one limit.
fn of_rule(rule: &Rule, flaps: Option<Flaps>, sizes: &Sizes, span: Span) -> Most {
    let cap = u64::from(rule.cap.get());
    let ups = ups(flaps, span);
    match rule.unit {
        Unit::Requests => Most { answers: Some(fits(rule.window, cap, None, span, &ups)), tokens: None },
        Unit::Tokens => Most { answers: None, tokens: Some(fits(rule.window, cap, Some(sizes), span, &ups)) },
    }
}

/// How much of a window's cap can be used within `span` while the provider is up. `over`: of what may run over the cap.
fn fits(window: Window, cap: u64, over: Option<&Sizes>, span: Span, ups: &[Span]) -> u64 {
    let each = |count: u64| count.saturating_mul(cap).saturating_add(over.map_or(0, |sizes| overrun(sizes, count)));
    let over = over.map_or(0, |sizes| sizes.longest);
    match window {
        Window::Fixed(length) => each(fixed(length, ups)),
        Window::Calendar(_) => each(calendar(window, ups)),
        // Batches of the cap, one span after the other.
        Window::Rolling(length) => {
            let batches = |span: &Span| length_of(*span).div_ceil(length);
            each(batches(&span).min(ups.iter().map(batches).sum()))
        }
        // The full bucket, and what flows in.
        Window::Bucket(length) => {
            let level = |span: &Span| {
                let flown = u128::from(cap) * u128::from(length_of(*span)) / u128::from(length.max(1));
                cap.saturating_add(over).saturating_add(u64::try_from(flown).unwrap_or(u64::MAX))
            };
            level(&span).min(ups.iter().map(level).fold(0, u64::saturating_add))
        }
    }
}

/// By how much `count` periods together can be overrun.
fn overrun(sizes: &Sizes, count: u64) -> u64 {
    let (mean, spread) = sizes.over;
    let usual = mean * count as f64 + 5.0 * spread * (count as f64).sqrt();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "f64 to u64 saturates")]
    let usual = usual.ceil() as u64;
    usual.saturating_add(sizes.longest).min(count.saturating_mul(sizes.longest))
}

/// Periods of this length that are touched.
fn fixed(length: u64, ups: &[Span]) -> u64 {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let (mut count, mut last) = (0_u64, i64::MIN);
    for up in ups {
        let (first, end) = (up.from.ms().div_euclid(length), (up.to.ms() - 1).div_euclid(length));
        let first = first.max(last.saturating_add(1));
        count += u64::try_from(end - first + 1).unwrap_or(0);
        last = last.max(end);
    }
    count
}

/// Days or months that are touched.
fn calendar(window: Window, ups: &[Span]) -> u64 {
    let Window::Calendar(calendar) = window else { return 0 };
    let (mut count, mut over) = (0, Time::from_ms(i64::MIN));
    for up in ups {
        let mut at = up.from.max(over);
        while at < up.to {
            count += 1;
            over = calendar.bounds(at).1;
            at = over;
        }
    }
    count
}

/// The parts of `span` in which the provider is up.
fn ups(flaps: Option<Flaps>, span: Span) -> Vec<Span> {
    let Some(flaps) = flaps else { return vec![span] };
    let (cycle, up) = flaps.cycle();
    let mut found = Vec::new();
    let mut began = span.from.ms().div_euclid(cycle) * cycle;
    while began < span.to.ms() {
        let one = Span { from: span.from.max(Time::from_ms(began)), to: span.to.min(Time::from_ms(began + up)) };
        if one.from < one.to {
            found.push(one);
        }
        began += cycle;
    }
    found
}

fn length_of(span: Span) -> u64 {
    u64::try_from(span.to.since(span.from).as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::world::plan;

    /// 12:00:30 UTC, half a minute after the beginning of one.
    const FROM: Time = Time::from_ms(1_795_348_830_000);
    const SIZES: Sizes = Sizes { least: 100, most: 2000, longest: 500, mean: 800.0, over: (500.0, 0.0) };

    fn most(limits: &[&str], more: &str, minutes: i64) -> (Option<u64>, Option<u64>) {
        let limits: Vec<String> = limits.iter().map(|limit| format!("{{ {limit}, told = false }}")).collect();
        let text = format!(
            "seed = 1\n[providers.p]\ndialect = \"groq\"\nmodels = [\"a\", \"b\"]\nhead_ms = 1\nfirst_token_ms = 1\n\
             tokens_per_second = 9\n{more}\nlimits = [{}]\n",
            limits.join(", ")
        );
        let plan = plan::read(&text).unwrap();
        let span = Span { from: FROM, to: Time::from_ms(FROM.ms() + minutes * 60_000) };
        let pools = pools("p", &plan.providers["p"], &SIZES, span);
        let sum = pools.iter().map(|pool| pool.most).fold(Most { answers: Some(0), tokens: Some(0) }, Most::and);
        (sum.answers, sum.tokens)
    }

    #[test]
    fn by_hand() {
        let requests = |window: &str, cap: u32, per: &str| {
            format!("unit = \"requests\", window = \"{window}\", cap = {cap}, per = \"{per}\"")
        };
        let tokens = |window: &str, cap: u32| {
            format!("unit = \"tokens\", window = \"{window}\", cap = {cap}, per = \"account\"")
        };
        let account = |window: &str, cap: u32| requests(window, cap, "account");
        for (limits, more, minutes, answers, tokens) in [
            // Ten minutes that begin in the middle of one touch eleven.
            (vec![account("60s fixed", 7)], "", 10, 77, 77 * 2000),
            // At 0, 60, ... 540 s: ten batches.
            (vec![account("60s rolling", 7)], "", 10, 70, 70 * 2000),
            // The full bucket, and seven a minute for ten minutes.
            (vec![account("60s bucket", 7)], "", 10, 77, 77 * 2000),
            // The day ends at midnight, 11 h 59 min later.
            (vec![account("day", 20)], "", 60, 20, 20 * 2000),
            (vec![account("day", 20)], "", 720, 40, 40 * 2000),
            // Midnight in Los Angeles is at 08:00 UTC.
            (vec![account("1d midnight America/Los_Angeles", 20)], "", 60 * 24, 40, 40 * 2000),
            (vec![account("1month midnight UTC", 1000)], "", 60 * 24, 1000, 1000 * 2000),
            // The least of two, and of the account and its two models.
            (vec![account("60s rolling", 7), account("day", 20)], "", 10, 20, 20 * 2000),
            (vec![requests("60s rolling", 2, "model"), account("60s fixed", 5)], "", 10, 40, 40 * 2000),
            (vec![requests("60s rolling", 9, "model"), account("60s fixed", 5)], "", 10, 55, 55 * 2000),
            // A limit of one of the models: the other has none, but the account has.
            (
                vec![requests("day", 3, "model") + ", models = [\"a\"]", account("60s rolling", 5)],
                "",
                10,
                50,
                50 * 2000,
            ),
            // A minute of 8000 tokens, and one answer of 500 above it.
            (vec![tokens("60s fixed", 8000)], "", 10, 11 * 85, 11 * 8500),
            (vec![tokens("60s rolling", 8000)], "", 10, 850, 85_000),
            // Of a bucket an answer above the cap has to flow off first: once only.
            (vec![tokens("60s bucket", 8000)], "", 10, 885, 88_500),
            (vec![tokens("60s bucket", 8000), account("day", 20)], "", 10, 20, 20 * 2000),
            // Up in every other minute, from :00 on.
            (vec![account("60s fixed", 7)], "flaps = { up_s = 60, down_s = 60 }", 10, 42, 42 * 2000),
            (vec![account("60s rolling", 7)], "flaps = { up_s = 60, down_s = 60 }", 10, 42, 42 * 2000),
            (vec![account("day", 7)], "flaps = { up_s = 60, down_s = 60 }", 10, 7, 7 * 2000),
        ] {
            let limits: Vec<&str> = limits.iter().map(String::as_str).collect();
            assert_eq!(most(&limits, more, minutes), (Some(answers), Some(tokens)), "{limits:?} {more}");
        }
        assert_eq!(most(&[], "", 10), (None, None));
        let one = most(&["unit = \"requests\", window = \"day\", cap = 3, per = \"model\", models = [\"a\"]"], "", 10);
        assert_eq!(one, (None, None), "the other model has no limit");
    }

    #[test]
    fn it_shares_no_arithmetic() {
        let own = include_str!("bound.rs").split("mod tests").next().unwrap();
        for word in ["crate::scheduler", "domain::quota", "Limit", "standing", "next_midnight"] {
            assert!(!own.contains(word), "{word}");
        }
    }
}
