//! How things stand, for programs: every figure with its evidence and its age; of each lane why it does not answer and
//! until when. A key that is there today stays.

use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::clock::Time;
use crate::domain::quota::limit::{Evidence, Figure};
use crate::domain::quota::meter::Meter;
use crate::domain::standing::{LaneState, Off, Standing, Target};
use crate::shell::json::{seconds, stamp};
use crate::shell::status::picture::Picture;

/// All of it at `now`.
pub fn object(picture: &Picture, now: Time) -> Value {
    let (ready, lanes) = picture.ready(now);
    json!({
        "at": stamp(now),
        "live": picture.owner.is_some(),
        "owner": picture.owner,
        "as_of": picture.as_of.map(stamp),
        "simulated": picture.simulated,
        "no_training": picture.usual.no_training,
        "ready": ready,
        "of": lanes,
        "next": picture.roster.next,
        "lanes": picture.roster.lanes.iter().map(|state| lane(picture, state, now)).collect::<Vec<_>>(),
        "strategy": {
            "is": picture.control.strategy,
            "by_you": picture.control.hand.strategy.is_some(),
        },
        "order_by_you": !picture.control.hand.order.is_empty(),
        "paused": picture.control.paused.map(stamp),
        "unknown": picture.unknown,
    })
}

fn lane(picture: &Picture, lane: &LaneState, now: Time) -> Value {
    let standing = picture.standing(lane, now);
    let until = standing.until(now).filter(|_| standing != Standing::Ready);
    let own = picture.roster.meters.iter().filter(|meter| lane.spec.draws_on(&meter.pool));
    json!({
        "lane": lane.spec.id,
        "account": lane.spec.account(),
        "model": lane.spec.id.model(),
        "provider": lane.spec.provider,
        "state": state(&standing),
        "reason": standing.reason(),
        "until": until.map(stamp),
        "wait_s": until.map(|until| seconds(until.since(now))),
        "in_flight": lane.in_flight,
        "rest": lane.rest.as_ref().map(|rest| json!({
            "of": target(&rest.target),
            "since": stamp(rest.since),
            "until": rest.until.map(stamp),
            "class": rest.class,
            "told": rest.told,
            "words": rest.words,
        })),
        "switch": lane.switch.as_ref().map(|switch| json!({
            "on": switch.on,
            "since": stamp(switch.since),
            "until": switch.until.map(stamp),
        })),
        "weight": { "is": lane.weight(), "by_you": lane.weight.is_some() },
        "keep": { "requests": lane.keep().unwrap_or(0), "by_you": lane.keep.is_some() },
        "standby": lane.spec.standby,
        "cost": lane.spec.cost,
        "training": lane.spec.training,
        "context": lane.spec.context,
        "last_resort": lane.spec.last_resort,
        "limits": own.map(|meter| limit(meter, now)).collect::<Vec<_>>(),
    })
}

/// Why it answers or not, in a word.
const fn state(standing: &Standing) -> &'static str {
    match standing {
        Standing::Ready => "ready",
        Standing::Off(Off::ByYou | Off::ByYouUntil(_)) => "off",
        Standing::Off(Off::Until(_)) => "listed",
        Standing::Trains => "trains",
        Standing::Resting { until: Some(_), .. } => "resting",
        Standing::Resting { until: None, .. } => "out",
        Standing::Spent { .. } => "spent",
        Standing::Kept { .. } => "kept",
        Standing::Widening => "widening",
        Standing::TooLarge => "too_small",
    }
}

fn target(target: &Target) -> String {
    target.name()
}

fn limit(meter: &Meter, now: Time) -> Value {
    let basis = meter.basis(now);
    // What is left is no better known than the cap.
    let left = match meter.cap {
        Some(cap) if meter.used(now) == 0 && meter.reserved == 0 || cap.evidence == Evidence::Learnt => cap.evidence,
        _ => basis.evidence,
    };
    let known = |value: u64, evidence| figure(&Figure::new(value, evidence, basis.at), now);
    json!({
        "pool": meter.pool,
        "unit": meter.unit,
        "window": meter.window,
        "cap": meter.cap.map(|cap| figure(&cap, now)),
        "used": known(meter.used(now), basis.evidence),
        "remaining": meter.remaining(now).map(|remaining| known(remaining, left)),
        "held": meter.reserved,
        "reset": meter.reset.map(|reset| figure(&Figure::new(stamp(reset.value), reset.evidence, reset.at), now)),
        "full_at": meter.full_at(now).map(stamp),
        "documented": meter.documented,
        "guessed": meter.is_guessed(),
        "others": meter.drift(now).is_some_and(|drift| drift.others),
    })
}

fn figure<T: Serialize>(figure: &Figure<T>, now: Time) -> Value {
    json!({
        "value": figure.value,
        "evidence": figure.evidence,
        "at": stamp(figure.at),
        "age_s": seconds(now.since(figure.at)),
    })
}
