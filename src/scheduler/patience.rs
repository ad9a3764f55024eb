//! How long a question may wait for a lane, and what is said when that is not enough. Pure.

use std::time::Duration;

use crate::domain::clock::{Time, Zone};
use crate::domain::conversation::Origin;
use crate::domain::ids::LaneId;

/// Questions that may wait at once; who comes then is refused.
pub const WAITING: usize = 256;

/// What comes back a moment later than one would have waited is waited for: a minute's limit and a minute's patience.
pub const GRACE: Duration = Duration::from_secs(1);

/// What is said then.
pub const TOO_MANY: &str = "256 questions wait for a lane already; ask again later";

/// So many of the lanes that come back are named.
const NAMED: usize = 3;

/// How long a question of this origin waits, unless its asker says otherwise.
pub const fn usual(origin: Origin) -> Duration {
    match origin {
        Origin::Chat | Origin::Ask | Origin::Probe => Duration::from_mins(3),
        Origin::Endpoint => Duration::from_mins(1),
    }
}

/// Why a question is refused that no lane can take in time. `comebacks`: who comes back when, soonest first.
pub fn refusal(comebacks: &[(LaneId, String, Option<Time>)], patience: Duration, zone: Zone, now: Time) -> String {
    let named = comebacks.iter().take(NAMED).map(|(lane, reason, until)| match until {
        Some(until) => {
            let wait = span(until.since(now));
            format!("{lane}: {reason}, back at {} (in {wait})", zone.hm(*until))
        }
        None => format!("{lane}: {reason}, nobody knows for how long"),
    });
    let mut parts: Vec<String> = named.collect();
    if comebacks.len() > NAMED {
        parts.push(format!("{} more later", comebacks.len() - NAMED));
    }
    format!("no lane can answer within {}. {}", span(patience), parts.join("; "))
}

/// `7 s`, `12 m`, `5 h`, `3 d`; rounded up, so that nobody comes too early.
fn span(span: Duration) -> String {
    let secs = span.as_secs() + u64::from(span.subsec_nanos() > 0);
    match secs {
        0..120 => format!("{secs} s"),
        120..7200 => format!("{} m", secs.div_ceil(60)),
        7200..172_800 => format!("{} h", secs.div_ceil(3600)),
        _ => format!("{} d", secs.div_ceil(86_400)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_says_who_is_back_when() {
        let now = Time::from_ms(1_795_348_800_000);
        let back = |lane: &str, reason: &str, secs: Option<u64>| {
            (LaneId::from(lane), reason.to_owned(), secs.map(|secs| now.plus(Duration::from_secs(secs))))
        };
        let all = [
            back("a/1", "30 requests per min spent", Some(601)),
            back("b/1", "20 requests per day spent", Some(43_200)),
            back("c/1", "spent", None),
            back("d/1", "spent", None),
        ];
        assert_eq!(
            refusal(&all, Duration::from_mins(3), Zone::UTC, now),
            "no lane can answer within 3 m. a/1: 30 requests per min spent, back at 12:10 (in 11 m); b/1: 20 requests \
             per day spent, back at 00:00 (in 12 h); c/1: spent, nobody knows for how long; 1 more later"
        );
    }
}
