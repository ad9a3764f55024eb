//! What of a lane may be taken: how often, how much at once, and what of it is kept back for the chat.

use crate::domain::clock::Time;
use crate::domain::ids::AccountId;
use crate::domain::quota::limit::Unit;
use crate::domain::quota::meter::{Meter, Room};
use crate::domain::standing::{LaneState, Need, Standing, Target};

impl Target {
    /// The account that is meant with it.
    pub fn account(&self) -> AccountId {
        match self {
            Self::Account(account) => account.clone(),
            Self::Lane(lane) => lane.account(),
        }
    }
}

impl LaneState {
    /// Turns that it takes in a round, 1 or more: the user's hand outranks the config.
    pub fn weight(&self) -> u32 {
        self.weight.unwrap_or(self.spec.weight)
    }

    /// Requests that are kept back for the chat, of its limit on requests over the longest window: the user's hand
    /// outranks the config. None: none are.
    pub fn keep(&self) -> Option<u64> {
        Some(self.keep.unwrap_or(self.spec.keep)).filter(|requests| *requests > 0)
    }

    /// Of the limits that it draws on the one of which requests are kept back. None: it has no such limit.
    pub fn kept_of<'a>(own: impl Iterator<Item = &'a Meter>) -> Option<&'a Meter> {
        own.filter(|meter| meter.unit == Unit::Requests && meter.cap.is_some()).max_by_key(|meter| meter.window.span())
    }

    /// Whether what is left at `meter` is the chat's alone, and until when.
    pub(in crate::domain) fn kept_back(&self, meter: Option<&Meter>, need: Need, now: Time) -> Option<Standing> {
        let (requests, meter) = (self.keep().filter(|_| need.others)?, meter?);
        if meter.remaining(now).is_none_or(|left| left > requests) {
            return None;
        }
        let (until, all) = match meter.room(requests.saturating_add(1), now) {
            Room::At(at) => (Some(at), false),
            Room::Never => (None, true),
            Room::Now | Room::Unknown => (None, false),
        };
        Some(Standing::Kept { requests, until, all })
    }

    /// To how many tokens of prompt a conversation is cut that is too long for this lane: its context window less the
    /// answer, and half of its smallest limit of tokens, so that the next question need not wait for the next window.
    /// None: it has no such bound. `own`: the meters that it draws on.
    pub fn room<'a>(&self, own: impl Iterator<Item = &'a Meter>, need: Need) -> Option<u64> {
        let output = need.with_output(self.longest).output;
        let context = self.spec.context.map(|context| context.saturating_sub(output.min(context / 2)));
        let caps = own.filter(|meter| matches!(meter.unit, Unit::Tokens | Unit::InputTokens));
        caps.filter_map(|meter| meter.cap).map(|cap| cap.value / 2).chain(context).min()
    }

    /// Whether an attempt of `tokens` in all would ever fit, as far as is known. `own`: the meters that it draws on.
    pub fn takes<'a>(&self, own: impl Iterator<Item = &'a Meter>, tokens: u64) -> bool {
        let mut caps = own.filter(|meter| meter.unit == Unit::Tokens).filter_map(|meter| meter.cap);
        self.spec.context.is_none_or(|context| tokens <= context) && caps.all(|cap| tokens <= cap.value)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::ids::LaneId;
    use crate::domain::quota::limit::{Evidence, Figure};
    use crate::domain::roster::{Dialect, LaneSpec, Wire};

    const NOON: Time = Time::from_ms(1_795_348_800_000);
    const HOUR: Duration = Duration::from_hours(1);

    fn lane() -> LaneState {
        LaneState::new(LaneSpec::new(LaneId::from("a/b"), Wire::Openai, Dialect::Generic, "http://127.0.0.1:1"))
    }

    #[test]
    fn what_is_kept_back_is_for_the_chat_alone() {
        let meter = |window: &str, cap: u64, used: u64| {
            let cap = Some(Figure::new(cap, Evidence::Documented, NOON));
            let mut meter = Meter::new("a".into(), Unit::Requests, window.parse().unwrap(), cap, NOON);
            meter.count(used, NOON);
            meter
        };
        let others = Need { others: true, ..Need::USUAL };
        let midnight = Some(NOON.plus(12 * HOUR));
        let kept = |requests, until, all| Standing::Kept { requests, until, all };
        for (keep, config, day, minute, expected) in [
            (Some(20), 0, 29, 0, Standing::Ready),
            (Some(20), 0, 30, 0, kept(20, midnight, false)),
            (Some(20), 0, 31, 0, kept(20, midnight, false)),
            (None, 20, 30, 0, kept(20, midnight, false)),
            (Some(0), 20, 30, 0, Standing::Ready),
            (Some(5), 20, 30, 0, Standing::Ready),
            // It is not of the minute, however little that has.
            (Some(20), 0, 0, 9, Standing::Ready),
            (Some(50), 0, 0, 0, kept(50, None, true)),
            (Some(u64::MAX), 0, 0, 0, kept(u64::MAX, None, true)),
        ] {
            let mut lane = lane();
            lane.spec = Arc::new(LaneSpec { keep: config, ..LaneSpec::clone(&lane.spec) });
            lane.keep = keep;
            let meters = [meter("1d midnight UTC", 50, day), meter("60s rolling", 10, minute)];
            assert_eq!(lane.standing(&meters, others, NOON), expected, "{keep:?} {config} {day} {minute}");
            assert_eq!(lane.standing(&meters, Need::USUAL, NOON), Standing::Ready);
        }
        assert_eq!(kept(20, None, false).reason(), "the last 20 are kept for the chat");
        // What is spent is rather that; what has no limit on requests has nothing to keep.
        let mut lane = lane();
        lane.keep = Some(20);
        assert!(matches!(lane.standing(&[meter("1d midnight UTC", 50, 50)], others, NOON), Standing::Spent { .. }));
        assert_eq!(lane.standing(&[], others, NOON), Standing::Ready);
        // What an attempt in the air holds counts as taken.
        let mut held = meter("1d midnight UTC", 50, 29);
        held.reserve(1);
        assert!(matches!(lane.standing(&[held], others, NOON), Standing::Kept { .. }));
    }
}
