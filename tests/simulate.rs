//! Simulated days: nothing is lost, the same seed gives the same day, and no policy beats the independent bound.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use roundel::shell::simulate::score::Bound;
use roundel::shell::simulate::{Demanded, Name, Wanted, run, simulate};
use roundel::sim::world::World;
use roundel::sim::world::demand::Pace;

const WINDOWS: [&str; 6] =
    ["60s fixed", "45s rolling", "60s bucket", "1h rolling", "1d bucket", "1d midnight America/Los_Angeles"];

const POLICIES: [Name; 5] = [Name::Harvest, Name::Fallback, Name::Blind, Name::Cooldown, Name::RetryAfter];

/// A world of one provider with this limit, and six programs that ask it.
fn one_pool(limit: &str) -> World {
    let text = format!(
        "seed = 7\nstart = 2026-11-23T00:00:30Z\n[demand]\ncallers = 6\nspread = 0.0\n[providers.p]\ndialect = \"groq\"\n\
         models = [\"m\"]\nhead_ms = 50\nfirst_token_ms = 100\ntokens_per_second = 500\n\
         limits = [{{ unit = \"requests\", {limit}, cap = 6, per = \"model\", told = false }}]\n"
    );
    World::from_toml(&text).unwrap()
}

#[test]
fn one_pool_is_harvested_to_the_bound_that_a_hand_can_work_out() {
    for (limit, most) in [
        // Ten minutes from the middle of one touch eleven.
        ("window = \"60s fixed\"", 66),
        // Ten batches of six.
        ("window = \"60s rolling\"", 60),
        // Six at once, and one each ten seconds.
        ("window = \"60s bucket\"", 66),
    ] {
        let (world, length) = (one_pool(limit), Duration::from_mins(10));
        let bound = Bound::of(&world, Pace::Saturating, length);
        assert_eq!(bound.shares(&roundel::shell::simulate::outcome::Outcome::default())[0].most, most, "{limit}");
        let outcome = run(Name::Harvest, world, Pace::Saturating, length);
        // Callers come over ten seconds, so that a rolling minute is spread by as much.
        assert!(outcome.answered <= most && outcome.answered + 2 >= most, "{limit}: {outcome:?}");
        assert_eq!(outcome.failed, 0, "{limit}: {outcome:?}");
    }
}

#[test]
fn the_comparison_says_what_a_provider_adds() {
    let wanted = Wanted {
        world: "tight".into(),
        policies: vec![Name::Harvest],
        demand: Demanded::Human,
        hours: Some(1),
        seeds: 2,
        callers: None,
        with: Vec::new(),
        without: vec!["groq".into()],
        json: true,
    };
    let lines = simulate(&wanted).unwrap();
    let days: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |world: &str| days.iter().filter(|day| day["world"] == world).count();
    assert_eq!((of("without groq"), of("tight")), (2, 2), "{lines}");
    let text = simulate(&Wanted { with: vec!["mistral".into()], json: false, ..wanted.clone() }).unwrap();
    assert!(text.contains("\nmistral/ministral-8b-2512 ") && text.contains("with mistral"), "{text}");
    let error = simulate(&Wanted { without: vec!["nobody".into()], ..wanted }).unwrap_err();
    assert_eq!(error, "tight has no provider `nobody`");
}

fn limit() -> impl Strategy<Value = String> {
    let pick =
        (select(&["requests", "tokens"][..]), select(&WINDOWS[..]), 1..30_u32, select(&["model", "account"][..]));
    pick.prop_map(|(unit, window, cap, per)| {
        let cap = if unit == "tokens" { cap * 700 } else { cap };
        format!("{{ unit = \"{unit}\", window = \"{window}\", cap = {cap}, per = \"{per}\", told = false }}")
    })
}

fn provider() -> impl Strategy<Value = String> {
    let dialects = select(&["groq", "openai", "mistral", "gemini", "openrouter"][..]);
    let habits =
        select(&["", "counts_failures = true", "flaps = { up_s = 40, down_s = 30 }", "documented = false"][..]);
    let faults = (0..20_u32, 0..10_u32, 0..10_u32);
    let limits = prop::collection::vec(limit(), 0..4);
    (dialects, habits, faults, limits, 20..400_u32).prop_map(|(dialect, habit, (busy, cut, stall), limits, speed)| {
        format!(
            "dialect = \"{dialect}\"\nmodels = [\"a\", \"b\"]\nhead_ms = 90\nfirst_token_ms = 300\n\
             tokens_per_second = {speed}\njitter = 0.4\n{habit}\nfaults = {{ busy = 0.{busy:02}, overloaded = 0.03, \
             cut = 0.0{cut}, stall = 0.0{stall} }}\nlimits = [{}]\n",
            limits.join(", ")
        )
    })
}

fn world() -> impl Strategy<Value = String> {
    let restarts = select(&["", "restarts = [0.05]\n"][..]);
    let providers = prop::collection::vec(provider(), 1..4);
    (0..1000_u32, restarts, 1..7_u32, 0..20_u32, providers).prop_map(|(seed, restarts, callers, off, providers)| {
        let named = providers.iter().enumerate().map(|(place, one)| format!("[providers.p{place}]\n{one}"));
        let demand = format!("[demand]\ncallers = {callers}\npeople = {callers}\ntokenizer = 0.{off:02}\n");
        format!("seed = {seed}\nstart = 2026-11-23T07:58:20Z\n{restarts}{demand}{}", named.collect::<String>())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn nothing_is_lost_and_nobody_beats_the_bound(
        text in world(),
        pace in select(&[Pace::Saturating, Pace::Human, Pace::Mixed][..]),
    ) {
        let world = World::from_toml(&text).unwrap();
        let length = Duration::from_mins(6);
        let bound = Bound::of(&world, pace, length);
        for policy in POLICIES {
            let outcome = run(policy, world.clone(), pace, length);
            prop_assert!(outcome.is_whole(), "{policy:?} {outcome:?}\n{text}");
            prop_assert!(outcome.answered <= bound.askable, "{policy:?} {outcome:?}\n{text}");
            for (share, (pool, _)) in bound.shares(&outcome).iter().zip(&bound.pools) {
                prop_assert!(share.got <= share.most, "{policy:?} {} {share:?}\n{text}", pool.name);
            }
            prop_assert!(bound.share(&outcome) <= 1.0, "{policy:?} {}\n{text}", bound.share(&outcome));
            let again = run(policy, world.clone(), pace, length);
            prop_assert_eq!(again, outcome, "{:?}\n{}", policy, text);
        }
    }
}
