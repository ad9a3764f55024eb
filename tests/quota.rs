//! Quota through the ledger: limits are counted where the provider counts them, a refusal teaches, another user of the
//! same key is seen.

use std::time::Duration;

use roundel::domain::clock::Time;
use roundel::domain::conversation::Usage;
use roundel::domain::failure::{Class, Failure, Scope};
use roundel::domain::quota::limit::{Evidence, Reading, Unit, Window};
use roundel::domain::quota::meter::Meter;
use roundel::domain::roster::{Dialect, LaneSpec, LimitSpec, Wire};
use roundel::domain::standing::{Need, Standing, Target};
use roundel::providers::catalogue::Catalogue;
use roundel::scheduler::books::Settled;
use roundel::scheduler::kept::Kept;
use roundel::scheduler::ledger::Ledger;
use roundel::scheduler::rotation::Pick;

/// 2026-11-22 12:00 UTC.
const START: Time = Time::from_ms(1_795_348_800_000);

fn at(seconds: u64) -> Time {
    START.plus(Duration::from_secs(seconds))
}

fn lane(id: &str, dialect: Dialect, limits: &[(&str, &str, u64)]) -> LaneSpec {
    let limit = |(pool, window, cap): &(&str, &str, u64)| LimitSpec {
        pool: (*pool).into(),
        unit: Unit::Requests,
        window: window.parse().unwrap(),
        cap: *cap,
    };
    let limits = limits.iter().map(limit).collect();
    LaneSpec { limits, ..LaneSpec::new(id.into(), Wire::Openai, dialect, "http://127.0.0.1:1") }
}

fn ledger(lanes: Vec<LaneSpec>) -> Ledger {
    Ledger::new(lanes, Kept::default(), START)
}

fn reading(window: &str, cap: u64, left: u64, evidence: Evidence) -> Reading {
    let window: Window = window.parse().unwrap();
    Reading { unit: Unit::Requests, window, cap: Some(cap), remaining: Some(left), reset_after: None, evidence }
}

fn refusal(class: Class, scope: Scope, readings: Vec<Reading>) -> Failure {
    Failure { scope, readings, ..Failure::new(class, "no".into()) }
}

/// One attempt that is answered; `told`: what its headers say.
fn answered(ledger: &mut Ledger, lane: usize, told: &[Reading], now: Time) {
    let mut hold = ledger.dispatch(&Pick { lane, shares: Vec::new() }, Need::USUAL, now).unwrap();
    ledger.heard(&mut hold, told, now);
    ledger.settle(hold, Usage { input: Some(10), output: Some(10) }, Settled::Used, now);
}

fn refused(ledger: &mut Ledger, lane: usize, failure: &Failure, now: Time) {
    let mut hold = ledger.dispatch(&Pick { lane, shares: Vec::new() }, Need::USUAL, now).unwrap();
    ledger.refused(&mut hold, failure, now);
    ledger.rest(&hold, failure, now);
    ledger.settle(hold, Usage::default(), Settled::Refused, now);
}

fn ready(ledger: &Ledger, now: Time) -> Vec<bool> {
    ledger.standings(Need::USUAL, now).iter().map(|standing| *standing == Standing::Ready).collect()
}

fn meter<'a>(ledger: &'a Ledger, pool: &str, window: &str) -> &'a Meter {
    let window: Window = window.parse().unwrap();
    let found = ledger.meters().iter().find(|meter| meter.pool.as_str() == pool && meter.window == window);
    found.unwrap_or_else(|| panic!("{pool} {window}: {:?}", ledger.meters()))
}

const FREE: [(&str, &str, u64); 2] = [("or/:free", "60s rolling", 20), ("or/:free", "1d midnight UTC", 50)];

fn openrouter() -> Ledger {
    ledger(vec![
        lane("or/a:free", Dialect::Openrouter, &FREE),
        lane("or/b:free", Dialect::Openrouter, &FREE),
        lane("or/paid", Dialect::Openrouter, &[]),
    ])
}

#[test]
fn the_daily_cap_of_an_account_rests_all_its_free_models_and_no_other() {
    for readings in [vec![reading("1d midnight UTC", 50, 0, Evidence::Learnt)], Vec::new()] {
        let mut ledger = openrouter();
        refused(&mut ledger, 0, &refusal(Class::QuotaExhausted, Scope::Account, readings.clone()), START);
        assert_eq!(ready(&ledger, at(1)), [false, false, true], "{readings:?}");
        if !readings.is_empty() {
            let midnight = START.plus(Duration::from_hours(12));
            ledger.expire(midnight);
            assert_eq!(ready(&ledger, midnight), [true, true, true], "at midnight UTC, all of them");
        }
    }
}

#[test]
fn a_refusal_counts_where_the_provider_counts_it() {
    let mut or = openrouter();
    refused(&mut or, 0, &refusal(Class::Server, Scope::Unknown, Vec::new()), START);
    assert_eq!(meter(&or, "or/:free", "1d midnight UTC").used(at(1)), 1);
    let mut groq = ledger(vec![lane("groq/m", Dialect::Groq, &[("groq/m", "60s rolling", 30)])]);
    refused(&mut groq, 0, &refusal(Class::Server, Scope::Unknown, Vec::new()), START);
    assert_eq!(meter(&groq, "groq/m", "60s rolling").used(at(1)), 0);
}

#[test]
fn two_models_of_one_project_share_nothing_and_two_keys_of_it_everything() {
    let limits = |model: &str| [(format!("g/{model}"), "1d midnight America/Los_Angeles", 20)];
    let of = |id: &str, model: &str| {
        let limits = limits(model);
        let limits: Vec<(&str, &str, u64)> =
            limits.iter().map(|(pool, window, cap)| (pool.as_str(), *window, *cap)).collect();
        LaneSpec { quota_of: "g".into(), ..lane(id, Dialect::Gemini, &limits) }
    };
    let mut ledger = ledger(vec![of("g/flash", "flash"), of("g/lite", "lite"), of("g@b/flash", "flash")]);
    let spent = reading("1d midnight America/Los_Angeles", 20, 0, Evidence::Learnt);
    refused(&mut ledger, 0, &refusal(Class::QuotaExhausted, Scope::Model, vec![spent]), START);
    assert_eq!(ready(&ledger, at(1)), [false, true, false]);
}

#[test]
fn the_catalogue_counts_where_the_providers_count() {
    let catalogue = Catalogue::built_in().unwrap();
    let lanes = |id: &str| {
        let provider = catalogue.provider(id).unwrap();
        let lanes: Vec<LaneSpec> = provider.models.iter().map(|model| provider.lane(&id.into(), model)).collect();
        (lanes[0].clone(), lanes[1].clone())
    };
    for (id, shared) in [("openrouter", true), ("nvidia", true), ("groq", false), ("gemini", false), ("mistral", false)]
    {
        let (one, other) = lanes(id);
        assert_eq!(one.limits.iter().any(|limit| other.draws_on(&limit.pool)), shared, "{id}");
    }
}

#[test]
fn a_limit_of_the_account_is_not_asked_model_by_model() {
    let minute = [("nim", "60s rolling", 40)];
    let mut nim = ledger(vec![lane("nim/a", Dialect::Nvidia, &minute), lane("nim/b", Dialect::Nvidia, &minute)]);
    refused(&mut nim, 0, &refusal(Class::RateLimited, Scope::Unknown, Vec::new()), START);
    assert_eq!(ready(&nim, at(1)), [false, false]);
}

#[test]
fn a_cap_that_a_refusal_names_is_kept_above_the_catalogue_until_that_changes() {
    let documented = |cap| lane("g/m", Dialect::Gemini, &[("g/m", "1d midnight America/Los_Angeles", cap)]);
    let mut first = ledger(vec![documented(500)]);
    let named = reading("1d midnight America/Los_Angeles", 20, 0, Evidence::Learnt);
    refused(&mut first, 0, &refusal(Class::QuotaExhausted, Scope::Model, vec![named]), START);
    let (_, meters) = first.take_changes();
    let after = |cap| {
        let kept = Kept { meters: meters.clone(), ..Kept::default() };
        let ledger = Ledger::new(vec![documented(cap)], kept, at(60));
        let cap = meter(&ledger, "g/m", "1d midnight America/Los_Angeles").cap.unwrap();
        (cap.value, cap.evidence, cap.at)
    };
    assert_eq!(after(500), (20, Evidence::Learnt, START));
    assert_eq!(after(1000), (1000, Evidence::Documented, at(60)), "who writes a limit anew knows better");
}

#[test]
fn a_refusal_without_words_is_a_guess_that_is_tested_upward() {
    let mut ledger = ledger(vec![lane("x/m", Dialect::Generic, &[])]);
    for second in 0..5 {
        answered(&mut ledger, 0, &[], at(second));
    }
    let silent = refusal(Class::RateLimited, Scope::Unknown, Vec::new());
    refused(&mut ledger, 0, &silent, at(5));
    let cap = |ledger: &Ledger| meter(ledger, "x/m", "60s rolling").cap.map(|cap| (cap.value, cap.evidence));
    assert_eq!(cap(&ledger), Some((5, Evidence::Learnt)));
    // Two windows later: five go as before, the sixth is the test, and so is each one after it.
    ledger.expire(at(200));
    for second in 200..207 {
        assert_eq!(ready(&ledger, at(second)), [true], "{second}");
        answered(&mut ledger, 0, &[], at(second));
    }
    assert_eq!(cap(&ledger), Some((7, Evidence::Learnt)));
    refused(&mut ledger, 0, &silent, at(207));
    assert_eq!(cap(&ledger), Some((7, Evidence::Learnt)), "confirmed");
}

#[test]
fn another_program_on_the_same_key_is_seen() {
    let mut ledger = ledger(vec![lane("groq/m", Dialect::Groq, &[("groq/m", "1d bucket", 1000)])]);
    answered(&mut ledger, 0, &[reading("1d bucket", 1000, 999, Evidence::Reported)], at(0));
    answered(&mut ledger, 0, &[reading("1d bucket", 1000, 998, Evidence::Reported)], at(10));
    assert_eq!(meter(&ledger, "groq/m", "1d bucket").drift(at(10)), None);
    answered(&mut ledger, 0, &[reading("1d bucket", 1000, 957, Evidence::Reported)], at(20));
    let drift = meter(&ledger, "groq/m", "1d bucket").drift(at(20)).unwrap();
    assert!(drift.others && (38..=40).contains(&drift.by), "{drift:?}");
}

#[test]
fn an_answer_without_headers_wipes_nothing() {
    let mut ledger = ledger(vec![lane("m/m", Dialect::Mistral, &[("m/m", "60s", 30)])]);
    answered(&mut ledger, 0, &[reading("60s", 40, 12, Evidence::Reported)], at(1));
    answered(&mut ledger, 0, &[], at(2));
    let meter = meter(&ledger, "m/m", "60s");
    assert_eq!((meter.remaining(at(2)), meter.basis(at(2)).evidence), (Some(11), Evidence::Reported));
    assert_eq!(meter.basis(at(2)).at, at(1), "as of the first");
}

#[test]
fn who_refuses_what_by_its_own_word_had_room_is_believed_no_more() {
    let mut ledger = ledger(vec![lane("m/m", Dialect::Mistral, &[("m/m", "60s", 30)])]);
    let full = || [reading("60s", 5, 5, Evidence::Reported)];
    for second in 1..6 {
        answered(&mut ledger, 0, &full(), at(second));
    }
    assert_eq!(ready(&ledger, at(6)), [true]);
    refused(&mut ledger, 0, &refusal(Class::RateLimited, Scope::Unknown, full().into()), at(6));
    // In the next minute it is counted here, and its headers say what they like.
    ledger.expire(at(60));
    for second in 60..65 {
        assert_eq!(ready(&ledger, at(second)), [true], "{second}");
        answered(&mut ledger, 0, &full(), at(second));
    }
    assert_eq!(ready(&ledger, at(65)), [false], "{:?}", ledger.meters());
}

#[test]
fn what_refills_steadily_rests_for_the_wait_that_was_told() {
    let limits = [("groq/m", "1d bucket", 1000), ("groq/m", "60s rolling", 30)];
    let mut ledger = ledger(vec![lane("groq/m", Dialect::Groq, &limits)]);
    let spent = reading("1d bucket", 1000, 0, Evidence::Learnt);
    let wait = Some(Duration::from_secs(87));
    let failure = Failure { wait, ..refusal(Class::QuotaExhausted, Scope::Model, vec![spent]) };
    refused(&mut ledger, 0, &failure, START);
    assert_eq!(ledger.lanes()[0].rest.as_ref().unwrap().until, Some(at(87)));
}

#[test]
fn who_is_not_entitled_can_be_tried_again_by_hand() {
    let mut ledger = ledger(vec![lane("g/m", Dialect::Gemini, &[("g/m", "1d midnight UTC", 20)])]);
    let none = reading("1d midnight UTC", 0, 0, Evidence::Learnt);
    refused(&mut ledger, 0, &refusal(Class::Payment, Scope::Model, vec![none]), START);
    assert_eq!(ready(&ledger, at(1)), [false]);
    ledger.switch(&Target::Lane("g/m".into()), true, None, at(2));
    assert_eq!(ready(&ledger, at(2)), [true]);
}

#[test]
fn a_guess_at_the_answer_is_the_screens_and_the_schedulers() {
    let tokens =
        LimitSpec { pool: "a/b".into(), unit: Unit::Tokens, window: "1d bucket".parse().unwrap(), cap: 30_000 };
    let spec = LaneSpec { limits: vec![tokens], ..lane("a/b", Dialect::Generic, &[]) };
    let mut ledger = ledger(vec![spec]);
    for second in 0..9 {
        let mut hold = ledger.dispatch(&Pick { lane: 0, shares: Vec::new() }, Need::USUAL, at(second)).unwrap();
        ledger.heard(&mut hold, &[], at(second));
        ledger.settle(hold, Usage { input: Some(10), output: Some(3000) }, Settled::Used, at(second));
    }
    let scheduler = ledger.standings(Need::USUAL, at(10));
    let screen = ledger.lanes()[0].standing(ledger.meters(), Need::USUAL, at(10));
    assert_eq!(scheduler.first(), Some(&screen));
    assert!(matches!(screen, Standing::Spent { .. }), "{screen:?}");
}
