//! What stands in the values of rate-limit headers: counts, spans, instants, lists with parameters. Whatever does not
//! parse is None. Knows no header's name.

use crate::domain::clock::Time;

/// A count as it is sent: `200,000`, `12.0`, `-4`. `-1`, empty or a word is not known.
pub fn number(text: &str) -> Option<f64> {
    let text = text.trim().trim_matches('"');
    let number = if text.contains(',') { grouped(text)?.parse::<f64>() } else { text.parse::<f64>() };
    number.ok().filter(|number| number.is_finite() && (*number - -1.0).abs() > 1e-9)
}

/// `200,000` without its commas; None if they set no thousands apart.
fn grouped(text: &str) -> Option<String> {
    let (whole, _) = text.split_once('.').unwrap_or((text, ""));
    let mut groups = whole.split(',');
    let first = groups.next()?.trim_start_matches('-');
    let good = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
    (good && whole.chars().all(|c| c.is_ascii_digit() || c == ',' || c == '-')).then(|| text.replace(',', ""))
}

/// The seconds of a span as providers write it: `2m59.56s`, `26ms`, `1h23m45.6s`, `6m 11.52s`, or bare seconds.
/// Never negative, always finite.
pub fn seconds(text: &str) -> Option<f64> {
    let text = text.trim();
    let good = |total: f64| (total.is_finite() && total >= 0.0).then_some(total);
    if let Ok(bare) = text.parse::<f64>() {
        return good(bare);
    }
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let factor = match unit {
            "d" => 86_400.0,
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" | "μs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * factor;
        rest = tail.trim_start();
    }
    if text.is_empty() { None } else { good(total) }
}

/// When a reset is.
#[derive(Debug, Clone, PartialEq)]
pub enum Moment {
    /// So many seconds from the response.
    After(f64),
    /// An instant; as a number of seconds since the epoch where it was sent as a number.
    At(Time, Option<f64>),
}

/// A span, an epoch in seconds (from 1e9) or milliseconds (from 1e11), or a date. `in_ms`: bare numbers below that are
/// milliseconds.
pub fn moment(value: &str, in_ms: bool) -> Option<Moment> {
    let value = value.trim().trim_matches('"');
    if let Ok(number) = value.parse::<f64>() {
        if !number.is_finite() || number < 0.0 {
            return None;
        }
        if number >= 1e9 {
            let seconds = if number >= 1e11 { number / 1000.0 } else { number };
            return (seconds < 1e11).then(|| Moment::At(at(seconds), Some(seconds)));
        }
        return Some(Moment::After(if in_ms { number / 1000.0 } else { number }));
    }
    seconds(value).map(Moment::After).or_else(|| date(value).map(|at| Moment::At(at, None)))
}

fn at(seconds: f64) -> Time {
    #[expect(clippy::cast_possible_truncation, reason = "f64 to i64 saturates at both ends")]
    Time::from_ms((seconds * 1000.0) as i64)
}

/// An HTTP date, RFC 3339, or `2026-11-22 10:00:00 UTC`.
pub fn date(value: &str) -> Option<Time> {
    let value = value.trim();
    let parsed = chrono::DateTime::parse_from_rfc2822(value)
        .or_else(|_| chrono::DateTime::parse_from_rfc3339(value))
        .map(|at| at.timestamp_millis())
        .or_else(|_| {
            let plain = value.trim_end_matches("UTC").trim_end_matches("GMT").trim_end();
            chrono::NaiveDateTime::parse_from_str(plain, "%Y-%m-%d %H:%M:%S%.f")
                .map(|at| at.and_utc().timestamp_millis())
        });
    parsed.ok().map(Time::from_ms)
}

/// One item of a list: `"burst";q=100;w=60`, `100;w=10`, `limit=10`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Item {
    /// Its name, the last bare word before the parameters; a number stands here, too.
    pub name: String,
    /// Its parameters, names in lower case, values without quotes.
    pub params: Vec<(String, String)>,
}

impl Item {
    /// A parameter that is a number.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.params.iter().find(|(name, _)| name == key).and_then(|(_, value)| number(value))
    }
}

/// The items of a list, set apart by commas, their parts by semicolons; neither counts inside quotes. A value that is
/// no valid structured field still gives what can be read of it.
pub fn items(value: &str) -> Vec<Item> {
    let parse = |text: &str| {
        let mut item = Item::default();
        for part in split(text, ';') {
            match part.split_once('=') {
                Some((key, value)) if !part.starts_with('"') => {
                    let value = value.trim().trim_matches('"').to_owned();
                    item.params.push((key.trim().to_ascii_lowercase(), value));
                }
                _ if item.params.is_empty() => part.trim_matches('"').clone_into(&mut item.name),
                _ => {}
            }
        }
        item
    };
    split(value, ',').into_iter().filter(|text| !text.is_empty()).map(parse).collect()
}

fn split(text: &str, at: char) -> Vec<&str> {
    let mut quoted = false;
    let cut = |c: char| {
        quoted ^= c == '"';
        c == at && !quoted
    };
    text.split(cut).map(str::trim).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_in_every_form() {
        for (value, count) in [
            ("12", Some(12.0)),
            ("200,000", Some(200_000.0)),
            ("3.7", Some(3.7)),
            ("-1", None),
            ("-4", Some(-4.0)),
            ("None", None),
            ("1, 15000", None),
            ("", None),
            ("NaN", None),
            ("inf", None),
        ] {
            assert_eq!(number(value), count, "{value}");
        }
    }

    #[test]
    fn moments_in_every_form() {
        let day = Time::from_ms(1_795_348_800_000);
        for (value, moment_of) in [
            ("60", Some(Moment::After(60.0))),
            ("11.5", Some(Moment::After(11.5))),
            ("1795348800", Some(Moment::At(day, Some(1_795_348_800.0)))),
            ("1795348800000", Some(Moment::At(day, Some(1_795_348_800.0)))),
            ("2026-11-22T12:00:00Z", Some(Moment::At(day, None))),
            ("Sun, 22 Nov 2026 12:00:00 GMT", Some(Moment::At(day, None))),
            ("2026-11-22 12:00:00 UTC", Some(Moment::At(day, None))),
            ("6m 11.52s", Some(Moment::After(371.52))),
            ("1h0m0.5s", Some(Moment::After(3600.5))),
            ("soon", None),
            ("", None),
            ("1e300", None),
            ("-5", None),
        ] {
            assert_eq!(moment(value, false), moment_of, "{value}");
        }
        assert_eq!(moment("500", true), Some(Moment::After(0.5)));
        assert_eq!(moment("500ms", true), Some(Moment::After(0.5)));
    }

    #[test]
    fn lists_good_and_bad() {
        let found = items("\"a,b\";q=5;w=60, c;q=\"7\"");
        assert_eq!(
            (found[0].name.as_str(), found[0].number("w"), found[1].number("q")),
            ("a,b", Some(60.0), Some(7.0))
        );
        assert_eq!(items("\"kind\";\"name\";q=1")[0].name, "name");
        assert_eq!(items("limit=10, remaining=1")[1].number("remaining"), Some(1.0));
        assert_eq!(items(""), []);
    }
}
