//! A virtual day for each dialect: what the gauges show never differs from what the simulated provider has counted by
//! more than the dialect lets anybody know. The formulas stand in `bounds`, one for each dialect; the provider counts by
//! its own code.

/// What a gauge may be off by.
mod bounds;

/// The facts that the bounds are made of.
mod books;

/// The days.
mod cases;

/// The desk against the provider.
mod clockwork;

use crate::day::cases::{Case, all, anthropic, few, gemini, groq, mistral, odd, openrouter};
use crate::day::clockwork::{Outcome, Trouble, run};

/// Each of the days with these troubles; all that went wrong at once.
fn days(cases: impl IntoIterator<Item = Case>, troubles: &[Trouble]) -> Vec<(Case, Outcome)> {
    let ran = cases.into_iter().map(|case| {
        let outcome = run(&case, troubles, 7);
        (case, outcome)
    });
    let (good, wrong): (Vec<_>, Vec<_>) = ran.partition(|(_, outcome)| outcome.is_ok());
    let wrong: Vec<String> = wrong.into_iter().filter_map(|(_, outcome)| outcome.err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    good.into_iter().filter_map(|(case, outcome)| Some((case, outcome.ok()?))).collect()
}

#[test]
fn alone_with_headers_at_once_the_gauge_is_the_truth() {
    for (case, outcome) in days(all(), &[]) {
        let name = case.name;
        assert!(outcome.answered > 50 && outcome.compared > 1000, "{name}: {outcome:?}");
        // Whoever knows what is left is never refused.
        let faults = case.further.contains("faults");
        assert_eq!(outcome.refused - outcome.faults, 0, "{name}: {outcome:?}");
        assert_eq!(outcome.faults > 0, faults, "{name}: {outcome:?}");
        // Most of the time nothing but equality will do; Anthropic and Together round their resets to the second.
        let rounds = ["anthropic", "together"].contains(&name);
        assert!(rounds || outcome.exact * 2 > outcome.compared, "{name}: {outcome:?}");
        assert!(rounds || outcome.resets > 100, "{name}: {outcome:?}");
    }
}

#[test]
fn headers_may_travel_and_overtake_each_other() {
    days(few().into_iter().chain([anthropic()]).map(|case| case.far(700)), &[]);
}

#[test]
fn another_user_of_the_key_is_seen_as_soon_as_the_provider_tells() {
    // The longer and the shorter day tell nothing new here.
    let cases = all().into_iter().filter(|case| !case.name.ends_with("hours"));
    for (case, outcome) in days(cases, &[Trouble::Others]) {
        assert!(outcome.compared > 1000 && outcome.most > 0, "{}: {outcome:?}", case.name);
    }
}

#[test]
fn counts_survive_a_restart_and_a_kill() {
    days(few(), &[Trouble::Restarts]);
}

#[test]
fn a_clock_set_back_and_forward_is_wrong_for_a_window_at_most() {
    for (case, outcome) in days(few(), &[Trouble::Clock]) {
        assert!(outcome.compared > 300, "{}: {outcome:?}", case.name);
    }
}

#[test]
fn three_hours_of_sleep() {
    days(few(), &[Trouble::Sleep]);
}

#[test]
fn all_of_it_in_one_day() {
    let far = [groq(), mistral(), openrouter(), odd()].map(|case| case.far(400));
    days(far, &[Trouble::Others, Trouble::Restarts, Trouble::Clock, Trouble::Sleep]);
}

#[test]
fn one_wrong_window_in_the_roster_is_found() {
    for (case, from, to) in [
        (groq(), "1d bucket", "12h bucket"),
        (groq(), "60s bucket", "55s bucket"),
        (mistral(), "60s fixed", "55s fixed"),
        (odd(), "90s rolling", "85s rolling"),
        (odd(), "5h fixed", "4h fixed"),
        (openrouter(), "1d midnight UTC", "1d midnight America/Los_Angeles"),
        (gemini().remove(0), "1d midnight America/Los_Angeles", "1d midnight UTC"),
        (gemini().remove(1), "1d midnight America/Los_Angeles", "24h fixed"),
        (gemini().remove(2), "60s rolling", "60s fixed"),
    ] {
        assert!(run(&case, &[], 7).is_ok());
        let mut wrong = case.clone();
        let mut found = 0;
        for limit in wrong.limits.iter_mut().filter(|limit| limit.listed == from) {
            limit.listed = to;
            found += 1;
        }
        assert_eq!(found, 1 + usize::from(case.name == "mistral"), "{}", case.name);
        match run(&wrong, &[], 7) {
            Ok(outcome) => panic!("{}: {to} for {from} was not found: {outcome:?}", case.name),
            Err(said) => assert!(said.contains("bound") && said.contains(to), "{said}"),
        }
    }
}
