//! What a model was refused for is not asked again after a restart, as far as that is known to last.

use std::time::Duration;

use roundel::domain::clock::Time;
use roundel::domain::failure::{Class, Failure, Scope};
use roundel::domain::ids::LaneId;
use roundel::domain::roster::{Dialect, LaneSpec, Wire};
use roundel::domain::standing::{Need, Rest};
use roundel::scheduler::effect::lane_writes;
use roundel::scheduler::kept::Kept;
use roundel::scheduler::ledger::Ledger;
use roundel::scheduler::rotation::Pick;
use roundel::store::write::Write;

const START: Time = Time::from_ms(1_795_348_800_000);

fn specs() -> Vec<LaneSpec> {
    ["a/1", "a/2"].map(|id| LaneSpec::new(id.into(), Wire::Openai, Dialect::Generic, "http://127.0.0.1:1")).into()
}

/// The rests that reach the disk when `a/1` fails so.
fn kept(failure: &Failure) -> Vec<Rest> {
    let mut ledger = Ledger::new(specs(), Kept::default(), START);
    let hold = ledger.dispatch(&Pick { lane: 0, shares: Vec::new() }, Need::USUAL, START).unwrap();
    ledger.rest(&hold, failure, START);
    let writes = ledger.lanes().iter().flat_map(lane_writes);
    writes.filter_map(|write| if let Write::Rest { rest, .. } = write { rest } else { None }).collect()
}

/// The lane that takes the first turn `hours` later, in a new process.
fn next(rests: Vec<Rest>, hours: u64) -> Option<LaneId> {
    let now = START.plus(Duration::from_hours(hours));
    Ledger::new(specs(), Kept { rests, ..Kept::default() }, now).next(Need::USUAL, now)
}

#[test]
fn a_dead_model_costs_no_second_turn() {
    let of = |class, scope| Failure { scope, ..Failure::new(class, "no".into()) };
    for (failure, hours, lane) in [
        (of(Class::Gone, Scope::Model), 1, "a/2"),
        (of(Class::Gone, Scope::Unknown), 24 * 300, "a/2"),
        (of(Class::Payment, Scope::Model), 1, "a/2"),
        (of(Class::Payment, Scope::Model), 23, "a/2"),
        (of(Class::Payment, Scope::Model), 25, "a/1"),
        // Of the whole account: the user may have mended it.
        (of(Class::Payment, Scope::Account), 1, "a/1"),
        (of(Class::Auth, Scope::Key), 1, "a/1"),
    ] {
        assert_eq!(next(kept(&failure), hours), Some(lane.into()), "{:?} {hours} h", failure.class);
    }
}
