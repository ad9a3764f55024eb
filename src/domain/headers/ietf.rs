//! The `RateLimit` fields of the IETF drafts, all three generations (draft-ietf-httpapi-ratelimit-headers -00 to -10):
//!
//! ```text
//!  RateLimit-Limit: 10, 10;w=1, 50;w=60   RateLimit-Remaining: 4   RateLimit-Reset: 7   (RateLimit-Policy: 10;w=1)
//!  RateLimit: limit=10, remaining=4, reset=7                       RateLimit-Policy: 10;w=1
//!  RateLimit: "burst";r=4;t=7                                      RateLimit-Policy: "burst";q=10;w=1
//! ```
//!
//! The same with `x-` in front is read alike. What does not parse is left out.

use crate::domain::headers::value::{Item, Moment, items, moment, number};
use crate::domain::quota::limit::{Evidence, Unit};
use crate::domain::quota::told::{Length, Told};

/// What the three headers without a unit say, and the two that only the drafts have; several lines of one are joined.
#[derive(Debug, Default)]
pub struct Fields {
    /// `RateLimit-Limit`.
    pub limit: String,
    /// `RateLimit-Remaining`.
    pub remaining: String,
    /// `RateLimit-Reset`.
    pub reset: String,
    /// `RateLimit`.
    pub whole: String,
    /// `RateLimit-Policy`.
    pub policy: String,
}

impl Fields {
    /// The field that has this name, without `x-`.
    pub fn of(&mut self, name: &str) -> Option<&mut String> {
        Some(match name {
            "ratelimit-limit" => &mut self.limit,
            "ratelimit-remaining" => &mut self.remaining,
            "ratelimit-reset" => &mut self.reset,
            "ratelimit" => &mut self.whole,
            "ratelimit-policy" => &mut self.policy,
            _ => return None,
        })
    }

    /// Whether they are a draft's: else three headers without a unit are read by the general grammar.
    pub fn is_draft(&self) -> bool {
        let list = |text: &str| text.contains(';') || text.contains(',') && number(text).is_none();
        items(&self.whole).iter().any(|item| !item.params.is_empty()) || !self.policy.is_empty() || list(&self.limit)
    }

    /// The limits that they tell; their resets are still to be placed in time.
    pub fn limits(&self) -> Vec<(Told, Option<Moment>)> {
        let mut policies: Vec<Policy> = items(&self.policy).iter().filter_map(Policy::of).collect();
        let whole = items(&self.whole);
        let named: Vec<&Item> = whole.iter().filter(|item| item.number("r").is_some()).collect();
        let mut found = Vec::new();
        if named.is_empty() {
            self.numbered(&whole, &mut policies, &mut found);
        } else {
            for item in named {
                let at = policies.iter().position(|policy| policy.name == item.name);
                let policy = at.or_else(|| (policies.len() == 1).then_some(0)).map(|at| policies.remove(at));
                let mut told = policy.map_or_else(|| Policy::default().told(), |policy| policy.told());
                told.remaining = item.number("r");
                told.policy = Some(item.name.clone()).filter(|name| !name.is_empty());
                found.push((told, item.number("t").and_then(after)));
            }
        }
        found.extend(policies.iter().map(|policy| (policy.told(), None)));
        found
    }

    /// The first two generations, where a policy is known by its number.
    fn numbered(&self, whole: &[Item], policies: &mut Vec<Policy>, found: &mut Vec<(Told, Option<Moment>)>) {
        let limits = items(&self.limit);
        let (left, resets) = (items(&self.remaining), items(&self.reset));
        if limits.len() > 1 && left.len() == limits.len() {
            for (at, limit) in limits.iter().enumerate() {
                let mut told = Policy::of(limit).unwrap_or_default().told();
                if let (Length::Unknown, Some(policy)) = (told.length, policies.get(at)) {
                    told.length = policy.length;
                }
                told.remaining = left.get(at).and_then(|item| number(&item.name));
                found.push((told, resets.get(at).and_then(|item| moment(&item.name, false))));
            }
            policies.clear();
            return;
        }
        let said = |key: &str| whole.iter().find_map(|item| item.number(key));
        let limit = limits.first().and_then(|item| number(&item.name)).or_else(|| said("limit"));
        policies
            .extend(limits.iter().skip(usize::from(limits.len() > 1)).filter_map(Policy::of).filter(Policy::is_timed));
        policies.dedup_by(|one, other| one.quota == other.quota && one.length == other.length);
        let at = policies.iter().position(|policy| limit.is_some() && policy.quota == limit);
        let at = at.or_else(|| (policies.len() == 1).then_some(0));
        let mut told = at.map(|at| policies.remove(at)).unwrap_or_default().told();
        told.limit = limit.or(told.limit);
        told.remaining = number(&self.remaining).or_else(|| said("remaining"));
        let reset = moment(&self.reset, false).or_else(|| said("reset").and_then(after));
        if told.has_figure() || reset.is_some() {
            found.push((told, reset));
        }
    }
}

/// A reset lies ahead, or it is none.
fn after(seconds: f64) -> Option<Moment> {
    (seconds >= 0.0).then_some(Moment::After(seconds))
}

/// A policy: how much in how long.
#[derive(Debug, Clone)]
struct Policy {
    name: String,
    unit: Unit,
    quota: Option<f64>,
    length: Length,
}

impl Default for Policy {
    fn default() -> Self {
        Self { name: String::new(), unit: Unit::Requests, quota: None, length: Length::Unknown }
    }
}

impl Policy {
    fn of(item: &Item) -> Option<Self> {
        let bare = number(&item.name);
        let quota = item.number("q").or(bare)?;
        let window = item.number("w").or_else(|| item.number("window")).filter(|seconds| *seconds > 0.0);
        let unit = item
            .params
            .iter()
            .find(|(key, _)| key == "qu")
            .map_or(Unit::Requests, |(_, unit)| Unit::from(unit.replace('-', "_").as_str()));
        let name = if bare.is_some() { String::new() } else { item.name.clone() };
        Some(Self { name, unit, quota: Some(quota), length: window.map_or(Length::Unknown, Length::Seconds) })
    }

    fn is_timed(&self) -> bool {
        self.length != Length::Unknown
    }

    fn told(&self) -> Told {
        let mut told = Told::new(Some(self.unit.clone()), self.length, Evidence::Reported);
        told.limit = self.quota;
        told.policy = Some(self.name.clone()).filter(|name| !name.is_empty());
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Line = (Option<f64>, Option<f64>, Option<f64>, Option<f64>);

    fn read(lines: &[(&str, &str)]) -> Vec<Line> {
        let mut fields = Fields::default();
        for (name, value) in lines {
            *fields.of(name).unwrap() = (*value).to_owned();
        }
        let after = |moment: &Option<Moment>| match moment {
            Some(Moment::After(seconds)) => Some(*seconds),
            _ => None,
        };
        let limits = fields.limits();
        limits.iter().map(|(t, reset)| (t.length.seconds(), t.limit, t.remaining, after(reset))).collect()
    }

    #[test]
    fn three_generations() {
        let one = (Some(9.0), Some(40.0), Some(4.0), Some(7.0));
        let other = (Some(90.0), Some(70.0), None, None);
        let lines =
            [("ratelimit-limit", "40, 40;w=9, 70;w=90"), ("ratelimit-remaining", "4"), ("ratelimit-reset", "7")];
        assert_eq!(read(&lines), [one, other]);
        let lines = [("ratelimit", "limit=40, remaining=4, reset=7"), ("ratelimit-policy", "40;w=9,70;w=90")];
        assert_eq!(read(&lines), [one, other]);
        let lines = [("ratelimit", "\"a\";r=4;t=7"), ("ratelimit-policy", "\"b\";q=70;w=90, \"a\";q=40;w=9")];
        assert_eq!(read(&lines), [one, other]);
        let lines = [("ratelimit", "a;r=4;t=7"), ("ratelimit-policy", "\"odd\";\"a\";q=40;w=9")];
        assert_eq!(read(&lines), [one]);
    }

    #[test]
    fn a_reset_in_the_past_is_none() {
        for (name, value) in [("ratelimit", "\"a\";r=4;t=-2"), ("ratelimit", "remaining=4, reset=-2")] {
            assert_eq!(read(&[(name, value)]), [(None, None, Some(4.0), None)], "{value}");
        }
    }

    #[test]
    fn lists_side_by_side() {
        let lines = [
            ("ratelimit-limit", "2, 900"),
            ("ratelimit-remaining", "0, 850"),
            ("ratelimit-reset", "1, 5000"),
            ("ratelimit-policy", "2;w=1, 900;w=86400"),
        ];
        let found = read(&lines);
        assert_eq!(found[1], (Some(86_400.0), Some(900.0), Some(850.0), Some(5000.0)));
        assert_eq!(found.len(), 2);
    }
}
