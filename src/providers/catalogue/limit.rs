//! A limit as files write it: `{ unit = "requests", window = "60s rolling", cap = 30 }`. What it is counted on follows
//! from where it stands.

use std::borrow::Cow;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::domain::ids::PoolId;
use crate::domain::quota::limit::{Unit, Window};
use crate::domain::roster::LimitSpec;
use crate::providers::mistake::meant;

/// Unit x window x cap.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// What it counts.
    #[serde(deserialize_with = "unit")]
    pub unit: Unit,
    /// When what was used comes back.
    pub window: Window,
    /// How much fits: 1 or more.
    #[serde(deserialize_with = "cap")]
    pub cap: u64,
    /// Of a provider's limit: it holds for the models whose id ends in this, all of them together (`:free`). None: for
    /// all models.
    #[serde(default)]
    pub ending: Option<String>,
}

impl Limit {
    /// The limit, counted on `pool`, or on that part of it for which it holds.
    pub fn on(&self, pool: &PoolId) -> LimitSpec {
        let pool = match &self.ending {
            Some(ending) => PoolId::from(format!("{pool}/{ending}").as_str()),
            None => pool.clone(),
        };
        LimitSpec { pool, unit: self.unit.clone(), window: self.window, cap: self.cap }
    }

    /// Whether it holds for a model.
    pub fn holds_for(&self, model: &str) -> bool {
        self.ending.as_ref().is_none_or(|ending| model.ends_with(ending.as_str()))
    }
}

/// Any word in snake case is a unit (`neurons`), unless it is a slip of one that is known.
fn unit<'de, D: Deserializer<'de>>(from: D) -> Result<Unit, D::Error> {
    let word = Cow::<'de, str>::deserialize(from)?;
    match Unit::from(word.as_ref()) {
        Unit::Other(_) => {
            if let Some(one) = meant(&word, ["requests", "tokens", "input_tokens", "output_tokens"]) {
                return Err(Error::custom(format!("`{word}` is no unit; did you mean `{one}`?")));
            }
            let fits = |c: char| c.is_ascii_lowercase() || c == '_';
            if word.is_empty() || !word.chars().all(fits) {
                let known = "requests, tokens, input_tokens, output_tokens, or the provider's word such as neurons";
                return Err(Error::custom(format!("`{word}` is no unit; write {known}")));
            }
            Ok(Unit::from(word.as_ref()))
        }
        known => Ok(known),
    }
}

fn cap<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    match i64::deserialize(from)? {
        cap if cap > 0 => Ok(cap.unsigned_abs()),
        _ => Err(Error::custom("a cap is 1 or more; to use a model no more, write `on = false`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Limit, String> {
        toml::from_str(text).map_err(|error: toml::de::Error| error.message().to_owned())
    }

    #[test]
    fn units_of_providers_are_units() {
        let limit = read("unit = 'neurons'\nwindow = '1d midnight UTC'\ncap = 10000").unwrap();
        assert_eq!(limit.unit, Unit::from("neurons"));
        assert_eq!(limit.on(&PoolId::from("cloudflare")).cap, 10_000);
    }

    #[test]
    fn a_limit_of_some_models_is_counted_on_them_together() {
        let limit = read("unit = 'requests'\nwindow = '1d midnight UTC'\ncap = 50\nending = ':free'").unwrap();
        assert_eq!(limit.on(&PoolId::from("or")).pool.as_str(), "or/:free");
        assert_eq!(["a/b:free", "a/b", ""].map(|model| limit.holds_for(model)), [true, false, false]);
    }

    #[test]
    fn slips_are_refused() {
        for (unit, window, cap, words) in [
            ("request", "60s", "1", "`request` is no unit; did you mean `requests`?"),
            ("toknes", "60s", "1", "`toknes` is no unit; did you mean `tokens`?"),
            (
                "Euro!",
                "60s",
                "1",
                "`Euro!` is no unit; write requests, tokens, input_tokens, output_tokens, or the provider's word such as \
                 neurons",
            ),
            (
                "requests",
                "60",
                "1",
                "`60` is no window: write `60s fixed`, `90s rolling`, `1m bucket`, `1d midnight America/Los_Angeles`, \
                 `1month midnight UTC` or `unknown`",
            ),
            ("requests", "60s", "0", "a cap is 1 or more; to use a model no more, write `on = false`"),
            ("requests", "60s", "-3", "a cap is 1 or more; to use a model no more, write `on = false`"),
        ] {
            let text = format!("unit = '{unit}'\nwindow = '{window}'\ncap = {cap}");
            assert_eq!(read(&text), Err(words.to_owned()));
        }
    }
}
