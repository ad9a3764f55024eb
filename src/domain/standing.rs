//! How a lane stands: ready, or not, and why. One pure function decides it for the rotation and for the screen, so that
//! what is shown is what is done.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::clock::Time;
use crate::domain::conversation::Usage;
use crate::domain::failure::Class;
use crate::domain::ids::{AccountId, LaneId};
use crate::domain::quota::limit::{Unit, Window};
use crate::domain::quota::meter::{Meter, Room};
use crate::domain::roster::{LaneSpec, Standby, Training};

/// An account with all its lanes, or one lane.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// All lanes of an account.
    Account(AccountId),
    /// One lane.
    Lane(LaneId),
}

impl Target {
    /// Whether the lane is meant.
    pub fn covers(&self, lane: &LaneId) -> bool {
        match self {
            Self::Account(account) => lane.account() == *account,
            Self::Lane(id) => id == lane,
        }
    }

    /// The name as one writes it: `groq/openai/gpt-oss-120b`, `groq/*`.
    pub fn name(&self) -> String {
        match self {
            Self::Account(account) => format!("{account}/*"),
            Self::Lane(id) => id.to_string(),
        }
    }
}

/// What the user did with the switch of a lane. It outranks the catalogue and the config.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    /// The lane, or its account.
    pub target: Target,
    /// On, or off.
    pub on: bool,
    /// Since when.
    pub since: Time,
    /// Until when; None: until the user's hand. Then the lane stands as before any hand: one that costs money, or may, is
    /// off.
    #[serde(default)]
    pub until: Option<Time>,
}

impl Switch {
    /// Whether its time is over.
    pub fn is_over(&self, now: Time) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// Why a lane is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Off {
    /// The user switched it off.
    ByYou,
    /// The user switched it off until then.
    ByYouUntil(Time),
    /// It is off until the user switches it on.
    Until(Standby),
}

impl Off {
    /// The reason, for people.
    pub fn reason(self) -> String {
        match self {
            Self::ByYou | Self::ByYouUntil(_) => "off by you".into(),
            Self::Until(standby) => format!("off, {}", standby.word()),
        }
    }
}

/// A cooldown: a lane or an account resting, with its cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rest {
    /// What rests: the lane, or its account.
    pub target: Target,
    /// Since when.
    pub since: Time,
    /// Until when; None: until the user does something about it.
    pub until: Option<Time>,
    /// The cause.
    pub class: Class,
    /// Whether the provider told the time, or it is a guess.
    pub told: bool,
    /// The cause in the provider's words, harmless and short.
    pub words: String,
}

/// A lane as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LaneState {
    /// What it is.
    pub spec: Arc<LaneSpec>,
    /// What the user did with its switch; None: nothing.
    pub switch: Option<Switch>,
    /// Resting.
    pub rest: Option<Rest>,
    /// Attempts in the air.
    pub in_flight: u32,
    /// Tokens that 19 of 20 of its answers keep within; None: too few have come.
    #[serde(default)]
    pub longest: Option<u64>,
    /// Attempts that may be in the air at once while it is tried after a rest; None: any number.
    #[serde(default)]
    pub at_once: Option<u32>,
    /// Turns in a round, by the user's hand; None: as the config has it.
    #[serde(default)]
    pub weight: Option<u32>,
    /// Requests that are kept back for the chat, by the user's hand; None: as the config has it.
    #[serde(default)]
    pub keep: Option<u64>,
}

/// What an attempt will take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// Tokens of the prompt, estimated.
    pub input: u64,
    /// Tokens of the answer, estimated.
    pub output: u64,
    /// Of the answer what is sure to be asked for: `max_tokens`, where the asker set it. The rest is a guess, and a
    /// guess never shuts a lane out.
    pub sure_output: u64,
    /// Only on lanes that do not train on prompts: a hard filter.
    pub no_training: bool,
    /// It is asked by others than the person chatting: what is kept back for the chat is not for them.
    #[serde(default)]
    pub others: bool,
}

impl Need {
    /// A turn's size before any was seen.
    pub const USUAL: Self = Self { input: 100, output: 300, sure_output: 0, no_training: false, others: false };

    /// The usual size, seen one turn later: it follows what is used, an eighth of the way each time. One that is far out
    /// of the usual counts as four usual ones, and above 32k tokens nothing is believed.
    #[must_use]
    pub fn following(self, usage: Usage) -> Self {
        let most = |old: u64| (old * 4).clamp(1000, 32_768);
        let blend = |old: u64, new: Option<u64>| new.map_or(old, |new| (old * 7 + new.min(most(old))) / 8);
        Self { input: blend(self.input, usage.input), output: blend(self.output, usage.output), ..self }
    }

    /// The need on a lane whose answers are mostly not longer than `longest`, where that is known.
    #[must_use]
    pub fn with_output(self, longest: Option<u64>) -> Self {
        let most = if self.sure_output > 0 { self.sure_output } else { u64::MAX };
        Self { output: longest.unwrap_or(self.output).min(most), ..self }
    }

    /// How much of `unit` an attempt holds of a limit of `cap`: what it will take, but no more than there is, as far as
    /// that is a guess. None: it is larger than the whole limit, and that is sure.
    pub fn held(&self, unit: &Unit, cap: Option<u64>) -> Option<u64> {
        let amount = self.of(unit);
        let Some(cap) = cap else { return Some(amount) };
        let sure = Self { output: self.sure_output, ..*self }.of(unit);
        (sure <= cap).then(|| amount.min(cap))
    }

    /// Tokens of prompt and answer.
    pub const fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// How much of `unit` it takes; nothing of a unit that is not known.
    pub fn of(&self, unit: &Unit) -> u64 {
        match unit {
            Unit::Requests => 1,
            Unit::Tokens => self.input.saturating_add(self.output),
            Unit::InputTokens => self.input,
            Unit::OutputTokens => self.output,
            Unit::Other(_) => 0,
        }
    }
}

/// How a lane stands at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It can take the attempt.
    Ready,
    /// It is switched off.
    Off(Off),
    /// It trains on prompts, or does not say that it does not, and the asker wants none that does.
    Trains,
    /// It rests.
    Resting {
        /// Until when; None: until the user does something.
        until: Option<Time>,
        /// Why.
        class: Class,
    },
    /// A limit has no room for the attempt.
    Spent {
        /// What is counted.
        unit: Unit,
        /// The limit's window.
        window: Window,
        /// Its cap.
        cap: u64,
        /// When there is room; None: not known.
        until: Option<Time>,
    },
    /// What is left is kept back for the chat, and the asker is another.
    Kept {
        /// So many requests are.
        requests: u64,
        /// When there is more than that; None: not known, or never.
        until: Option<Time>,
        /// The limit has no more than is kept back: there is never anything for others.
        all: bool,
    },
    /// It has just come back, and takes no more at once until one has gone well.
    Widening,
    /// The attempt is larger than the lane can ever take.
    TooLarge,
}

impl Standing {
    /// When the lane may be ready; None: not by waiting, or nobody knows.
    pub const fn until(&self, now: Time) -> Option<Time> {
        match self {
            Self::Ready => Some(now),
            Self::Resting { until, .. } | Self::Spent { until, .. } | Self::Kept { until, .. } => *until,
            Self::Off(Off::ByYouUntil(until)) => Some(*until),
            Self::Off(_) | Self::Trains | Self::Widening | Self::TooLarge => None,
        }
    }

    /// Whether waiting helps nothing.
    pub const fn is_out(&self) -> bool {
        matches!(self, Self::Off(_) | Self::Trains | Self::Resting { until: None, .. } | Self::Kept { all: true, .. })
    }

    /// The reason in words: `off by you`, `resting, rate limited`, `3 requests per minute spent`.
    pub fn reason(&self) -> String {
        match self {
            Self::Ready => "ready".into(),
            Self::Off(off) => off.reason(),
            Self::Trains => "may train on prompts".into(),
            Self::Resting { until: Some(_), class } => format!("resting, {}", class.word()),
            Self::Resting { until: None, class } => format!("out, {}", class.word()),
            Self::Spent { unit, window, cap, .. } => match window.span() {
                Some(_) => format!("{cap} {} per {} spent", unit.as_str().replace('_', " "), window.short()),
                None => format!("{cap} {} spent", unit.as_str().replace('_', " ")),
            },
            Self::Kept { requests: 1, all: false, .. } => "the last one is kept for the chat".into(),
            Self::Kept { requests, all: false, .. } => format!("the last {requests} are kept for the chat"),
            Self::Kept { all: true, .. } => "all of it is kept for the chat".into(),
            Self::Widening => "back from its rest, one at a time".into(),
            Self::TooLarge => "the request is too large for it".into(),
        }
    }
}

impl LaneState {
    /// A lane to which nothing has happened yet.
    pub fn new(spec: LaneSpec) -> Self {
        let spec = Arc::new(spec);
        Self { spec, switch: None, rest: None, in_flight: 0, longest: None, at_once: None, weight: None, keep: None }
    }

    /// Whether it may train on prompts that shall not be trained on: a hard filter.
    fn is_closed_to(&self, need: Need) -> bool {
        need.no_training && self.spec.training != Training::No
    }

    /// The user's hand on its switch, or on its account's, `target`. On again it begins with one attempt, and what was
    /// out until the user did something is in. A lane that is off by itself wants to be switched on by itself. `until`:
    /// off for so long only.
    pub fn switch_to(&mut self, on: bool, target: &Target, until: Option<Time>, now: Time) {
        let own = Target::Lane(self.spec.id.clone());
        let kept_on = self.switch.as_ref().is_some_and(|switch| switch.on);
        let needs_hand = self.spec.standby.is_some() && (*target == own || kept_on);
        self.switch =
            (!on || needs_hand).then_some(Switch { target: own, on, since: now, until: until.filter(|_| !on) });
        if on {
            self.rest.take_if(|rest| rest.until.is_none());
            self.at_once = Some(1);
        }
    }

    /// What is in the air says nothing: one more may go. Whether that changes anything.
    pub fn lets_one_more(&mut self) -> bool {
        let full = self.at_once.is_some_and(|most| self.in_flight >= most);
        if full {
            self.at_once = Some(self.in_flight + 1);
        }
        full
    }

    /// Forgets a rest that is over, and a switch whose time is. Whether there was one. A clock set back lengthens none.
    pub fn expire(&mut self, now: Time) -> bool {
        if let Some(Rest { since, until: Some(until), .. }) = &mut self.rest {
            follow_clock(since, until, now);
        }
        if let Some(Switch { since, until: Some(until), .. }) = &mut self.switch {
            follow_clock(since, until, now);
        }
        let back = self.switch.take_if(|switch| switch.is_over(now)).is_some();
        if back {
            self.at_once = Some(1);
        }
        self.rest.take_if(|rest| rest.until.is_some_and(|until| until <= now)).is_some() || back
    }

    /// Why it is off; None: it is on. The user's hand outranks all else.
    pub fn off(&self) -> Option<Off> {
        match &self.switch {
            Some(Switch { on: true, .. }) => None,
            Some(Switch { until, .. }) => Some(until.map_or(Off::ByYou, Off::ByYouUntil)),
            None => self.spec.standby.map(Off::Until),
        }
    }

    /// How it stands for an attempt of `need`. `meters`: all there are; those of other pools are passed over.
    pub fn standing<'a>(&self, meters: impl IntoIterator<Item = &'a Meter>, need: Need, now: Time) -> Standing {
        self.stands(meters.into_iter().filter(|meter| self.spec.draws_on(&meter.pool)), need, now)
    }

    /// The same, of the meters that it draws on.
    pub fn stands<'a>(&self, own: impl Iterator<Item = &'a Meter>, need: Need, now: Time) -> Standing {
        match self.rest.as_ref().filter(|rest| rest.until.is_none_or(|until| until > now)) {
            Some(Rest { until, class, .. }) if self.off().is_none() && !self.is_closed_to(need) => {
                Standing::Resting { until: *until, class: *class }
            }
            _ => self.stands_rested(own, need, now),
        }
    }

    /// The same, as if its rest were over.
    pub fn stands_rested<'a>(&self, own: impl Iterator<Item = &'a Meter>, need: Need, now: Time) -> Standing {
        if let Some(off) = self.off() {
            return Standing::Off(off);
        }
        if self.is_closed_to(need) {
            return Standing::Trains;
        }
        let need = need.with_output(self.longest);
        if self.spec.context.is_some_and(|context| need.input.saturating_add(need.sure_output) > context) {
            return Standing::TooLarge;
        }
        let mut worst = Standing::Ready;
        let mut longest: Option<&Meter> = None;
        for meter in own {
            longest = Self::kept_of(longest.into_iter().chain([meter]));
            let Some(amount) = need.held(&meter.unit, meter.cap.map(|cap| cap.value)) else {
                return Standing::TooLarge;
            };
            let until = match meter.room(amount, now) {
                Room::Now => continue,
                Room::Never => return Standing::TooLarge,
                Room::At(at) => Some(at),
                Room::Unknown => None,
            };
            let later = match &worst {
                Standing::Spent { until: Some(so_far), .. } => until.is_none_or(|at| at > *so_far),
                Standing::Spent { until: None, .. } => false,
                _ => true,
            };
            if later {
                let cap = meter.cap.map_or(0, |cap| cap.value);
                worst = Standing::Spent { unit: meter.unit.clone(), window: meter.window, cap, until };
            }
        }
        if worst == Standing::Ready
            && let Some(kept) = self.kept_back(longest, need, now)
        {
            return kept;
        }
        if worst == Standing::Ready && self.at_once.is_some_and(|most| self.in_flight >= most) {
            return Standing::Widening;
        }
        worst
    }
}

/// What began later than now began now, and lasts as long.
fn follow_clock(since: &mut Time, until: &mut Time, now: Time) {
    if *since > now {
        *until = now.plus(until.since(*since));
        *since = now;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::roster::{Dialect, Wire};

    const NOON: Time = Time::from_ms(1_795_348_800_000);
    const HOUR: Duration = Duration::from_hours(1);

    fn lane(standby: Option<Standby>) -> LaneState {
        let spec = LaneSpec::new(LaneId::from("a/b"), Wire::Openai, Dialect::Generic, "http://127.0.0.1:1");
        LaneState::new(LaneSpec { standby, ..spec })
    }

    fn off_for(lane: &mut LaneState, span: Duration, now: Time) {
        lane.switch_to(false, &Target::Account("a".into()), Some(now.plus(span)), now);
    }

    #[test]
    fn off_for_a_while_is_off_until_then_and_comes_back_with_one_attempt() {
        let (mut lane, until) = (lane(None), NOON.plus(HOUR));
        off_for(&mut lane, HOUR, NOON);
        let standing = lane.standing(&[], Need::USUAL, NOON);
        assert_eq!(standing, Standing::Off(Off::ByYouUntil(until)));
        assert_eq!((standing.reason().as_str(), standing.until(NOON)), ("off by you", Some(until)));
        assert!(!lane.expire(until.minus(Duration::from_millis(1))));
        assert!(lane.expire(until) && !lane.expire(until));
        assert_eq!((lane.off(), lane.switch.clone(), lane.at_once), (None, None, Some(1)));
        // A later word of the user outranks an earlier one, either way.
        off_for(&mut lane, HOUR, NOON);
        lane.switch_to(false, &Target::Lane("a/b".into()), None, NOON);
        assert!(!lane.expire(NOON.plus(10 * HOUR)) && lane.off() == Some(Off::ByYou));
        off_for(&mut lane, HOUR, NOON);
        lane.switch_to(true, &Target::Lane("a/b".into()), Some(until), NOON);
        assert_eq!((lane.off(), lane.switch.clone()), (None, None));
    }

    #[test]
    fn what_costs_money_is_not_switched_on_by_the_clock() {
        let mut lane = lane(Some(Standby::Paid));
        lane.switch_to(true, &Target::Lane("a/b".into()), Some(NOON.plus(HOUR)), NOON);
        assert_eq!((lane.off(), lane.expire(NOON.plus(HOUR))), (None, false), "on has no end");
        off_for(&mut lane, HOUR, NOON);
        assert!(lane.expire(NOON.plus(HOUR)));
        assert_eq!(lane.off(), Some(Off::Until(Standby::Paid)));
    }

    #[test]
    fn a_clock_set_back_lengthens_no_switch() {
        let mut lane = lane(None);
        off_for(&mut lane, HOUR, NOON);
        let before = NOON.minus(5 * HOUR);
        assert!(!lane.expire(before));
        assert_eq!(lane.off(), Some(Off::ByYouUntil(before.plus(HOUR))));
    }
}
