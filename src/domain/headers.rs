//! Rate-limit headers, by dialect. A name means what its provider means by it: the same `x-ratelimit-limit-requests`
//! is of the day at Groq and of the minute at OpenAI. What cannot be read is left out: no header is ever an error, and
//! their order says nothing. Knows no bodies.

use std::time::Duration;

use crate::domain::clock::Time;
use crate::domain::exchange::Head;
use crate::domain::quota::limit::{Evidence, Reading, Unit, Window};
use crate::domain::quota::told::{Length, Source, Told};
use crate::domain::roster::Dialect;

/// What stands in their values.
pub mod value;

/// What their names say.
pub mod name;

/// The drafts of a standard.
pub mod ietf;

use crate::domain::headers::ietf::Fields;
use crate::domain::headers::name::{Family, Kind, Name};
use crate::domain::headers::value::{Moment, date, moment, number, seconds};

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;

/// The longest wait or reset that is believed: 32 days, a month and a bit.
const LONGEST: Duration = Duration::from_hours(24 * 32);

/// How a proxy marks what its upstream sent.
const UPSTREAM: &str = "llm_provider-";

/// Every limit that the headers tell, for meters: one entry per unit and window.
pub fn readings(dialect: Dialect, head: &Head, now: Time) -> Vec<Reading> {
    metered(dialect, &told(dialect, &head.headers, Some(sent_at(head).unwrap_or(now))))
}

/// Every limit that the headers tell, as they tell it, in an order of their own. `at`: when they were sent; without it
/// instants stay unplaced.
pub fn told(dialect: Dialect, headers: &[(String, String)], at: Option<Time>) -> Vec<Told> {
    let in_ms = matches!(dialect, Dialect::Azure | Dialect::Github)
        || headers.iter().any(|(name, _)| name.starts_with("x-ratelimit-renewalperiod"));
    let mut slots: Vec<Slot> = Vec::new();
    let mut fields = Fields::default();
    // What a proxy passes on completes what it says itself.
    for proxied in [false, true] {
        let mut own = Fields::default();
        for (name, value) in headers {
            let (is_proxied, name) = name.strip_prefix(UPSTREAM).map_or((false, name.as_str()), |name| (true, name));
            if is_proxied != proxied {
                continue;
            }
            if let Some(field) = own.of(name.strip_prefix("x-").unwrap_or(name)) {
                if !field.is_empty() {
                    field.push_str(", ");
                }
                field.push_str(value);
            }
        }
        if own.is_draft() {
            fields = own;
            break;
        }
    }
    let is_draft = fields.is_draft();
    for proxied in [false, true] {
        for (name, value) in headers {
            let (is_proxied, name) = name.strip_prefix(UPSTREAM).map_or((false, name.as_str()), |name| (true, name));
            if is_proxied == proxied
                && let Some((name, length)) = name::parse(name)
                && !(is_draft && name.bare)
            {
                Slot::of(&mut slots, &name, length).take(name.kind, value, in_ms, at);
            }
        }
    }
    let mut found: Vec<Told> = Vec::new();
    // What says its window stands above what is known to have it.
    slots.sort_by_key(|slot| (slot.told.length == Length::Unknown, slot.name.family));
    for slot in slots {
        add(&mut found, slot.done(dialect, headers));
    }
    for (mut limit, reset) in if is_draft { fields.limits() } else { Vec::new() } {
        place(&mut limit, reset, at);
        add(&mut found, limit);
    }
    found.extend(of_proxy(headers));
    limiter_reset(&mut found, headers, at);
    found.retain(Told::has_figure);
    sort(&mut found);
    found
}

/// What meters take: of several entries for one unit and window the one that leaves least.
pub fn metered(dialect: Dialect, told: &[Told]) -> Vec<Reading> {
    let mut found: Vec<Reading> = Vec::new();
    for reading in told.iter().filter_map(|told| told.reading(window(dialect, told))) {
        let same = |other: &&mut Reading| other.unit == reading.unit && other.window.span() == reading.window.span();
        match found.iter_mut().find(same) {
            Some(other) if reading.remaining.is_some_and(|left| other.remaining.is_none_or(|old| left < old)) => {
                *other = reading;
            }
            Some(_) => {}
            None => found.push(reading),
        }
    }
    found
}

/// When a response was sent, by its own `Date`.
pub fn sent_at(head: &Head) -> Option<Time> {
    head.headers.iter().filter(|(name, _)| name == "date").find_map(|(_, value)| date(value))
}

/// The wait that the headers tell: `retry-after-ms`, else `retry-after`, a proxy's own before its upstream's.
pub fn told_wait(head: &Head, now: Time) -> Option<Duration> {
    wait(&head.headers, Some(sent_at(head).unwrap_or(now)))
        .and_then(|wait| Duration::try_from_secs_f64(wait).ok())
        .filter(|wait| *wait <= LONGEST)
}

/// The same in seconds, as it was said.
pub fn wait(headers: &[(String, String)], at: Option<Time>) -> Option<f64> {
    let values = |wanted: &'static str| headers.iter().filter(move |(name, _)| name == wanted).map(|(_, value)| value);
    let ms = |name| {
        values(name).find_map(|value| value.trim().parse::<f64>().ok()).filter(|ms| ms.is_finite() && *ms >= 0.0)
    };
    let plain =
        |name| values(name).find_map(|value| seconds(value).or_else(|| Some(date(value)?.since(at?).as_secs_f64())));
    ms("retry-after-ms")
        .map(|ms| ms / 1000.0)
        .or_else(|| plain("retry-after"))
        .or_else(|| ms("llm_provider-retry-after-ms").map(|ms| ms / 1000.0))
        .or_else(|| plain("llm_provider-retry-after"))
}

/// A span as providers write it: `2m59.56s`, `26ms`, `1h23m45.6s`, `6m 11.52s`, or bare seconds. At most 32 days.
pub fn span(text: &str) -> Option<Duration> {
    seconds(text).and_then(|span| Duration::try_from_secs_f64(span).ok()).filter(|span| *span <= LONGEST)
}

/// What a window of this length is at this provider.
pub fn window(dialect: Dialect, told: &Told) -> Window {
    use Dialect::{Anthropic, Azure, Cerebras, Cohere, Gemini, Github, Groq, Nvidia, Openai};
    let seconds = match told.length {
        Length::Month => return Window::Month(chrono_tz::Tz::UTC),
        // A proxy's own limits are of the minute (docs.litellm.ai/docs/proxy/users); since when, it does not say.
        Length::Unknown if dialect == Dialect::Litellm => return Window::Rolling(Duration::from_mins(1)),
        Length::Session | Length::Unknown => return Window::Unknown,
        Length::Seconds(seconds) => seconds,
    };
    let Some(span) = Duration::try_from_secs_f64(seconds).ok().filter(|span| !span.is_zero()) else {
        return Window::Unknown;
    };
    let is_day = (seconds - DAY).abs() < 1e-6;
    match dialect {
        Groq | Openai | Anthropic | Azure | Github | Cerebras => Window::Bucket(span),
        Gemini if is_day => Window::Day(chrono_tz::America::Los_Angeles),
        _ if is_day && told.source == Source::Said => Window::Day(chrono_tz::Tz::UTC),
        // Nobody knows whether it is the clock's minute: a rolling one errs on the careful side.
        Gemini | Nvidia | Cohere => Window::Rolling(span),
        // What follows from a steady refill refills steadily; what stands in words alone is taken for it.
        _ if told.source == Source::Inferred && told.evidence == Evidence::Reported && dialect != Dialect::Mistral => {
            Window::Bucket(span)
        }
        Dialect::Generic | Dialect::Litellm if told.evidence == Evidence::Learnt => Window::Bucket(span),
        _ => Window::Fixed(span),
    }
}

/// In the order of unit and window: the order of headers says nothing.
pub fn sort(limits: &mut [Told]) {
    let word = |told: &Told| told.unit.as_ref().map(|unit| unit.as_str().to_owned());
    limits.sort_by(|one, other| {
        let long = |told: &Told| told.length.seconds().unwrap_or(f64::MAX);
        word(one).cmp(&word(other)).then(long(one).total_cmp(&long(other))).then(one.applies_to.cmp(&other.applies_to))
    });
}

/// The figures of one unit, window and holder, while they are gathered.
struct Slot {
    name: Name,
    told: Told,
    /// Seconds, from a header of its own.
    period: Option<f64>,
}

impl Slot {
    fn of<'a>(slots: &'a mut Vec<Self>, name: &Name, length: Length) -> &'a mut Self {
        let same = |slot: &Self| {
            slot.name.unit == name.unit
                && slot.name.family == name.family
                && slot.name.holder == name.holder
                && slot.told.length == length
        };
        let at = slots.iter().position(same).unwrap_or_else(|| {
            let told = Told::new(Some(name.unit.clone()), length, Evidence::Reported);
            slots.push(Self { name: name.clone(), told, period: None });
            slots.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "found, or just pushed")]
        &mut slots[at]
    }

    /// Of a name that came twice the first value that parses counts.
    fn take(&mut self, kind: Kind, value: &str, in_ms: bool, at: Option<Time>) {
        match kind {
            Kind::Limit => self.told.limit = self.told.limit.or_else(|| number(value)),
            Kind::Remaining => self.told.remaining = self.told.remaining.or_else(|| number(value)),
            Kind::Used => self.told.used = self.told.used.or_else(|| number(value)),
            Kind::Period => self.period = self.period.or_else(|| seconds(value)).filter(|period| *period > 0.0),
            Kind::Reset if self.told.reset_after.is_none() && self.told.reset_at.is_none() => {
                place(&mut self.told, moment(value, in_ms), at);
                if matches!(moment(value, in_ms), Some(Moment::At(_, None))) {
                    self.told.reset_at = Some(value.trim().to_owned());
                }
            }
            Kind::Reset => {}
        }
    }

    fn done(mut self, dialect: Dialect, headers: &[(String, String)]) -> Told {
        self.told.applies_to = self.name.holder.take();
        if self.told.length == Length::Unknown {
            let known = self.period.or_else(|| convention(dialect, &self.name));
            if self.period.is_none() {
                self.told.source = Source::Inferred;
            }
            let last = || (dialect == Dialect::Openai).then_some(MINUTE);
            let known = known.or_else(|| inferred(&self.told)).or_else(last).or_else(|| upstream(&self.name, headers));
            self.told.length = known.map_or(Length::Unknown, Length::Seconds);
        }
        self.told
    }
}

/// Puts a reset into a limit; an instant needs the time of the response.
fn place(told: &mut Told, reset: Option<Moment>, at: Option<Time>) {
    match reset {
        Some(Moment::After(seconds)) => told.reset_after = Some(seconds),
        Some(Moment::At(instant, epoch)) => {
            told.reset_after = at.map(|at| instant.since(at).as_secs_f64());
            told.reset_epoch = epoch;
            told.reset_at = epoch.map(|epoch| format!("{epoch}"));
        }
        None => {}
    }
}

fn add(found: &mut Vec<Told>, told: Told) {
    let same = |other: &&mut Told| {
        other.is_same_as(&told) && other.applies_to == told.applies_to && other.policy == told.policy
    };
    match found.iter_mut().find(same) {
        Some(other) => other.complete(&told),
        None => found.push(told),
    }
}

/// The window of a name that does not tell it, in seconds.
fn convention(dialect: Dialect, name: &Name) -> Option<f64> {
    match (name.family, dialect, &name.unit) {
        (_, Dialect::Together, _) => Some(1.0),
        (Family::Plain, Dialect::Groq, Unit::Requests) => Some(DAY),
        (Family::Anthropic | Family::Trial | Family::BySize, ..)
        | (_, Dialect::Anthropic, _)
        | (_, Dialect::Groq, Unit::Tokens)
        | (_, Dialect::Mistral, Unit::Requests | Unit::Tokens) => Some(MINUTE),
        _ => None,
    }
}

/// A bucket that refills steadily is full after (used / limit) of its window.
fn inferred(told: &Told) -> Option<f64> {
    let (limit, left, reset) = (told.limit?, told.remaining?, told.reset_after?);
    let window = reset * limit / (limit - left);
    [MINUTE, HOUR, DAY].into_iter().find(|known| limit > left && (window / known - 1.0).abs() <= 0.05)
}

/// Bare names that a proxy passes on mean what its upstream means by them.
fn upstream(name: &Name, headers: &[(String, String)]) -> Option<f64> {
    let base = &headers.iter().find(|(name, _)| name == "x-litellm-model-api-base")?.1;
    let dialect = [("groq.com", Dialect::Groq), ("openai.com", Dialect::Openai), ("anthropic.com", Dialect::Anthropic)];
    let (_, dialect) = dialect.into_iter().find(|(host, _)| base.contains(host))?;
    convention(dialect, name).or_else(|| (dialect == Dialect::Openai).then_some(MINUTE))
}

/// The limits of a proxy's own keys: `x-litellm-key-rpm-limit`.
fn of_proxy(headers: &[(String, String)]) -> Vec<Told> {
    let own = |(name, value): &(String, String)| {
        let unit = match name.as_str() {
            "x-litellm-key-rpm-limit" => Unit::Requests,
            "x-litellm-key-tpm-limit" => Unit::Tokens,
            _ => return None,
        };
        let mut told = Told::new(Some(unit), Length::Seconds(MINUTE), Evidence::Reported);
        told.limit = Some(number(value)?);
        told.applies_to = Some("key".into());
        Some(told)
    };
    headers.iter().filter_map(own).collect()
}

/// The limiter of a proxy names the reset of its limit apart: `rate_limit_type: requests`, `reset_at: ...`.
fn limiter_reset(found: &mut Vec<Told>, headers: &[(String, String)], at: Option<Time>) {
    let get = |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.trim());
    let (Some(unit), Some(value)) = (get("rate_limit_type"), get("reset_at")) else { return };
    let (unit, reset) = (name::unit(&[unit]), moment(value, false));
    let open = |told: &Told| told.unit.as_ref() == Some(&unit) && told.reset_after.is_none() && told.reset_at.is_none();
    if reset.is_none() {
        return;
    }
    if !found.iter().any(open) {
        found.push(Told::new(Some(unit.clone()), Length::Unknown, Evidence::Reported));
    }
    for told in found.iter_mut().filter(|told| open(told)) {
        place(told, reset.clone(), at);
        told.reset_at = Some(value.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_ms(1_795_348_800_000);

    fn head(headers: &[(&str, &str)]) -> Head {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Head { status: 200, headers }
    }

    fn reading(unit: Unit, window: &str, cap: Option<u64>, remaining: Option<u64>, reset_ms: Option<u64>) -> Reading {
        Reading {
            unit,
            window: window.parse().unwrap(),
            cap,
            remaining,
            reset_after: reset_ms.map(Duration::from_millis),
            evidence: Evidence::Reported,
        }
    }

    #[test]
    fn one_name_two_meanings() {
        let head = head(&[
            ("x-ratelimit-limit-requests", "1000"),
            ("x-ratelimit-remaining-requests", "998"),
            ("x-ratelimit-reset-requests", "2m52.8s"),
            ("x-ratelimit-limit-tokens", "8000"),
            ("x-ratelimit-remaining-tokens", "7990"),
            ("x-ratelimit-reset-tokens", "75ms"),
        ]);
        assert_eq!(
            readings(Dialect::Groq, &head, NOW),
            [
                reading(Unit::Requests, "1d bucket", Some(1000), Some(998), Some(172_800)),
                reading(Unit::Tokens, "1m bucket", Some(8000), Some(7990), Some(75)),
            ]
        );
        let windows: Vec<Window> = readings(Dialect::Openai, &head, NOW).into_iter().map(|r| r.window).collect();
        // The numbers show a day, as with accounts of the lowest tier.
        assert_eq!(windows, [Window::Bucket(Duration::from_hours(24)), Window::Bucket(Duration::from_mins(1))]);
        let windows: Vec<Window> = readings(Dialect::Generic, &head, NOW).into_iter().map(|r| r.window).collect();
        assert_eq!(windows, [Window::Bucket(Duration::from_hours(24)), Window::Bucket(Duration::from_mins(1))]);
    }

    #[test]
    fn the_window_in_the_name_wins() {
        let head = head(&[
            ("x-ratelimit-limit-req-minute", "50"),
            ("x-ratelimit-remaining-req-minute", "49"),
            ("x-ratelimit-remaining-tokens-minute", "49,000"),
        ]);
        assert_eq!(
            readings(Dialect::Mistral, &head, NOW),
            [
                reading(Unit::Requests, "60s", Some(50), Some(49), None),
                reading(Unit::Tokens, "60s", None, Some(49_000), None),
            ]
        );
    }

    #[test]
    fn resets_in_every_form() {
        let in_a_minute = (NOW.ms() + 60_000).to_string();
        for (value, ms) in [
            ("60", Some(60_000)),
            (in_a_minute.as_str(), Some(60_000)),
            ("1795348860", Some(60_000)),
            ("2026-11-22T12:01:00Z", None),
            ("17.399999999s", Some(17_399)),
            ("1h23m45.6s", Some(5_025_600)),
            ("6m 11.52s", Some(371_520)),
            ("soon", None),
            ("", None),
            ("1e300", None),
            ("-5", None),
        ] {
            let found = readings(Dialect::Openrouter, &head(&[("x-ratelimit-reset", value)]), NOW);
            let reset = found.first().and_then(|reading| reading.reset_after).map(|span| span.as_millis());
            if value.starts_with("2026") {
                assert!(reset.is_some(), "{value}");
            } else {
                assert_eq!(reset, ms, "{value}");
            }
        }
    }

    #[test]
    fn the_wait_that_was_told() {
        for (headers, wait) in [
            (&[("retry-after", "7")][..], Some(7000)),
            (&[("retry-after", "0.5")], Some(500)),
            (&[("retry-after", "9"), ("retry-after-ms", "250")], Some(250)),
            (&[("retry-after", "Sun, 22 Nov 2026 12:00:30 GMT")], Some(30_000)),
            (&[("retry-after", "later")], None),
            (&[], None),
        ] {
            let now = date("Sun, 22 Nov 2026 12:00:00 GMT").unwrap();
            assert_eq!(told_wait(&head(headers), now).map(|wait| wait.as_millis()), wait, "{headers:?}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::with_cases(64) })]
        #[test]
        fn no_header_breaks_the_reader(name in "(x-)?ratelimit(-[a-z]{0,9}){0,4}", value in "\\PC{0,20}") {
            let head = head(&[(&name, &value), ("retry-after", &value)]);
            let _ = (readings(Dialect::Groq, &head, NOW), told_wait(&head, NOW));
        }
    }
}
