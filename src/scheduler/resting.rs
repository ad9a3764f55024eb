//! For how long what failed rests, and what rests with it: by class, by what was told, by what is known of the limits.
//! Pure. Knows neither lanes nor rotation.

use std::time::Duration;

use crate::domain::clock::Time;
use crate::domain::failure::{Class, Failure, Scope};
use crate::domain::roster::{CountsOn, LaneSpec};
use crate::domain::standing::{LaneState, Rest};

/// A guess at a short rest where the provider tells none.
const GUESS_RATE: Duration = Duration::from_secs(30);
/// A guess at the rest of a spent quota where the provider tells none.
const GUESS_QUOTA: Duration = Duration::from_mins(30);
/// A guess at how long a provider's capacity is short.
const GUESS_CAPACITY: Duration = Duration::from_secs(10);
/// The first rest after a server error, and the longest: it doubles in between.
const SERVER_FIRST: Duration = Duration::from_secs(2);
const SERVER_LONGEST: Duration = Duration::from_mins(1);
/// A told wait is believed from this on: "at once" would come back as the next refusal.
const LEAST_WAIT: Duration = Duration::from_secs(1);
/// And up to this.
const LONGEST_WAIT: Duration = Duration::from_hours(24 * 32);

/// The end of a rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// None: until the user does something.
    pub at: Option<Time>,
    /// Told by the provider, or known from a limit's window; else a guess.
    pub told: bool,
}

/// Until when what failed rests; None: nothing rests. `row`: failures in a row, 1 or more, this one among them.
/// `reopens`: when the limits that the refusal names as spent have room again.
pub fn end(failure: &Failure, row: u32, reopens: Option<Time>, now: Time) -> Option<End> {
    // What refuses again and again, or says "at once", rests longer each time all the same.
    let least = if row > 1 { doubled(row - 1) } else { LEAST_WAIT };
    let told = failure.wait.map(|wait| wait.clamp(least, LONGEST_WAIT));
    // Longer than was told is not told.
    let is_told = told.is_some() && told == failure.wait;
    let or = |guess: Duration| End { at: Some(now.plus(told.unwrap_or(guess))), told: is_told };
    match failure.class {
        Class::TooLarge | Class::BadRequest => None,
        Class::Payment | Class::Auth | Class::Gone => Some(End { at: None, told: true }),
        Class::RateLimited => Some(or(GUESS_RATE)),
        Class::QuotaExhausted => Some(match reopens {
            // The end of the spent window outranks the wait: some providers tell a wait that will not help.
            Some(at) => End { at: Some(at), told: true },
            None => or(GUESS_QUOTA),
        }),
        Class::Overloaded => Some(or(GUESS_CAPACITY)),
        Class::Server => Some(or(doubled(row))),
    }
}

/// Whether a rest that is only a guess is old enough for one real request: half of it is over.
pub fn is_due_for_trial(lane: &LaneState, now: Time) -> bool {
    let Some(Rest { since, until: Some(until), told: false, .. }) = lane.rest else { return false };
    lane.in_flight == 0 && lane.off().is_none() && now.since(since) >= until.since(since) / 2
}

/// What rests because of one lane's failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// That lane.
    Lane,
    /// All lanes of the account that draw on the same quota.
    Quota,
    /// All lanes of the account.
    Account,
}

/// Whether the provider refuses not an account but whoever asks from here: another account at the same address was
/// refused for the same reason just now.
pub fn host_is_shut(lanes: &[LaneState], spec: &LaneSpec, failure: &Failure, now: Time) -> bool {
    let other = |lane: &&LaneState| lane.spec.base_url == spec.base_url && lane.spec.quota_of != spec.quota_of;
    let refused = |rest: &Rest| rest.class == Class::RateLimited && now.since(rest.since) < GUESS_CAPACITY;
    // A limit that is named is the account's.
    failure.class == Class::RateLimited
        && failure.readings.is_empty()
        && lanes.iter().filter(other).any(|lane| lane.rest.as_ref().is_some_and(refused))
}

/// How far the failure of `spec`'s lane reaches.
pub fn reach(spec: &LaneSpec, failure: &Failure) -> Reach {
    // "Limit 0" speaks of the one model that is not in the plan.
    let one_model = failure.scope == Scope::Model || failure.readings.iter().any(|reading| reading.cap == Some(0));
    match failure.class {
        _ if one_model => Reach::Lane,
        Class::Payment | Class::Auth => Reach::Account,
        Class::RateLimited | Class::QuotaExhausted => match failure.scope {
            Scope::Account => Reach::Quota,
            Scope::Unknown if spec.dialect.counts_on() == CountsOn::Account => Reach::Quota,
            Scope::Key | Scope::Model | Scope::Unknown => Reach::Lane,
        },
        _ => Reach::Lane,
    }
}

/// 2 s after the first failure in a row, doubling to a minute.
fn doubled(row: u32) -> Duration {
    SERVER_FIRST.saturating_mul(1 << row.saturating_sub(1).min(8)).min(SERVER_LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::LaneId;
    use crate::domain::roster::{Dialect, Wire};

    const NOW: Time = Time::from_ms(1_000_000);

    fn failure(class: Class, wait: Option<u64>) -> Failure {
        Failure { wait: wait.map(Duration::from_secs), ..Failure::new(class, "no".into()) }
    }

    #[test]
    fn each_class_has_its_rest() {
        let seconds = |class, wait, row, reopens: Option<u64>| {
            let reopens = reopens.map(|secs| NOW.plus(Duration::from_secs(secs)));
            end(&failure(class, wait), row, reopens, NOW)
                .map(|end| (end.at.map(|at| at.since(NOW).as_secs()), end.told))
        };
        for (class, wait, row, reopens, expected) in [
            (Class::RateLimited, Some(7), 1, None, Some((Some(7), true))),
            (Class::RateLimited, Some(0), 1, None, Some((Some(1), false))),
            (Class::RateLimited, Some(0), 4, None, Some((Some(8), false))),
            (Class::RateLimited, None, 1, Some(3), Some((Some(30), false))),
            (Class::QuotaExhausted, Some(48), 1, Some(7200), Some((Some(7200), true))),
            (Class::QuotaExhausted, None, 1, None, Some((Some(1800), false))),
            (Class::Overloaded, None, 1, None, Some((Some(10), false))),
            (Class::Server, None, 1, None, Some((Some(2), false))),
            (Class::Server, None, 9, None, Some((Some(60), false))),
            (Class::Auth, Some(5), 1, None, Some((None, true))),
            (Class::TooLarge, Some(5), 1, None, None),
            (Class::BadRequest, None, 3, None, None),
        ] {
            assert_eq!(seconds(class, wait, row, reopens), expected, "{class:?} {wait:?} {row}");
        }
    }

    #[test]
    fn a_refusal_reaches_as_far_as_the_provider_counts() {
        let lane = |dialect| LaneSpec::new(LaneId::from("a/b"), Wire::Openai, dialect, "");
        for (dialect, class, scope, expected) in [
            (Dialect::Groq, Class::RateLimited, Scope::Unknown, Reach::Lane),
            (Dialect::Nvidia, Class::RateLimited, Scope::Unknown, Reach::Quota),
            (Dialect::Nvidia, Class::Overloaded, Scope::Unknown, Reach::Lane),
            (Dialect::Openrouter, Class::QuotaExhausted, Scope::Account, Reach::Quota),
            (Dialect::Openrouter, Class::RateLimited, Scope::Model, Reach::Lane),
            (Dialect::Groq, Class::Auth, Scope::Key, Reach::Account),
            (Dialect::Gemini, Class::Payment, Scope::Model, Reach::Lane),
            (Dialect::Groq, Class::Gone, Scope::Unknown, Reach::Lane),
        ] {
            let failure = Failure { scope, ..failure(class, None) };
            assert_eq!(reach(&lane(dialect), &failure), expected, "{dialect:?} {class:?}");
        }
    }
}
