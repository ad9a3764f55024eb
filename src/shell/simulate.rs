//! `roundel simulate`: a simulated day of a world, policy by policy, against what the world can give at most. Asks
//! nobody, keeps nothing, prints nothing itself.

use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use clap::ValueEnum;

use crate::domain::roster::Strategy;
use crate::sim::world::World;
use crate::sim::world::demand::Pace;

/// What a day asks of a policy.
pub mod policy;

/// What came of a day.
pub mod outcome;

/// The desk as a policy.
pub mod desk;

/// Other people's policies.
pub mod baseline;

/// The queue of events.
pub mod day;

/// How good a day was.
pub mod score;

/// The worlds that come with the program.
pub mod worlds;

/// The report.
pub mod table;

use crate::shell::simulate::baseline::{Baseline, Habit};
use crate::shell::simulate::desk::Roundel;
use crate::shell::simulate::policy::Policy;
use crate::shell::simulate::score::Bound;
use crate::shell::simulate::table::{Ran, Side};

/// Who routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Name {
    /// Roundel, as it is.
    Harvest,
    /// Roundel, plain round-robin.
    Even,
    /// Roundel, always the first lane that can.
    Order,
    /// A chain: each question begins at the first lane.
    Fallback,
    /// Round-robin that minds nothing.
    Blind,
    /// Round-robin, a minute's cooldown after each 429.
    Cooldown,
    /// Round-robin that minds Retry-After and nothing else.
    RetryAfter,
    /// Each of them.
    All,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Demanded {
    /// Programs, back to back.
    Saturating,
    /// People, with time to think.
    Human,
    /// Both, with prompts of very different sizes.
    Mixed,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The world's name or file.
    pub world: String,
    /// Who routes; none: all.
    pub policies: Vec<Name>,
    /// Who asks.
    pub demand: Demanded,
    /// Hours, over what the world says.
    pub hours: Option<u32>,
    /// How many seeds, 1 or more.
    pub seeds: u32,
    /// How many ask, over what the world says.
    pub callers: Option<u32>,
    /// Providers to be added, and compared.
    pub with: Vec<String>,
    /// Providers to be left out, and compared unless others are added.
    pub without: Vec<String>,
    /// For programs.
    pub json: bool,
}

const POLICIES: [Name; 7] =
    [Name::Harvest, Name::Even, Name::Order, Name::Fallback, Name::Blind, Name::Cooldown, Name::RetryAfter];

/// Simulates, and reports. Err: a sentence.
pub fn simulate(wanted: &Wanted) -> Result<String, String> {
    let pace = match wanted.demand {
        Demanded::Saturating => Pace::Saturating,
        Demanded::Human => Pace::Human,
        Demanded::Mixed => Pace::Mixed,
    };
    let all = wanted.policies.is_empty() || wanted.policies.contains(&Name::All);
    let policies = if all { POLICIES.to_vec() } else { wanted.policies.clone() };
    let sides = sides(wanted)?;
    let mut jobs = Vec::new();
    for (side, (_, world)) in sides.iter().enumerate() {
        for seed in 0..wanted.seeds.max(1) {
            jobs.extend(policies.iter().map(|policy| (side, *policy, seed, world.clone().lucky(u64::from(seed)))));
        }
    }
    let length = wanted.hours.map(|hours| Duration::from_hours(hours.into()));
    let ran = spread(&jobs, |(side, policy, seed, world)| {
        let length = length.unwrap_or(world.day().length);
        let bound = Bound::of(world, pace, length);
        let outcome = run(*policy, world.clone(), pace, length);
        Ran { side: *side, policy: word(*policy), seed: *seed, bound, outcome }
    });
    let sides: Vec<Side> = sides.into_iter().map(|(name, world)| Side { name, day: world.day().clone() }).collect();
    Ok(if wanted.json { table::json(&sides, &ran) } else { table::text(&sides, pace, length, &ran) })
}

/// One day of one policy.
pub fn run(policy: Name, world: World, pace: Pace, length: Duration) -> outcome::Outcome {
    let (lanes, start) = (world.lanes().to_vec(), world.day().start);
    let mut policy: Box<dyn Policy> = match policy {
        Name::Harvest | Name::All => Box::new(Roundel::new(&lanes, Strategy::Harvest, start)),
        Name::Even => Box::new(Roundel::new(&lanes, Strategy::Even, start)),
        Name::Order => Box::new(Roundel::new(&lanes, Strategy::Order, start)),
        Name::Fallback => Box::new(Baseline::new(Habit::Fallback, lanes.len())),
        Name::Blind => Box::new(Baseline::new(Habit::Blind, lanes.len())),
        Name::Cooldown => Box::new(Baseline::new(Habit::Cooldown, lanes.len())),
        Name::RetryAfter => Box::new(Baseline::new(Habit::RetryAfter, lanes.len())),
    };
    day::run(world, pace, length, policy.as_mut())
}

/// The worlds to be compared, or the one.
fn sides(wanted: &Wanted) -> Result<Vec<(String, World)>, String> {
    let whole = worlds::world(&wanted.world)?;
    let whole = wanted.callers.map_or(whole.clone(), |count| whole.with_callers(count));
    let missing = |name: &String| format!("{} has no provider `{name}`", wanted.world);
    let leave_out = |mut world: World, names: &[String]| -> Result<World, String> {
        for name in names {
            world = world.without(name).ok_or_else(|| missing(name))?;
        }
        Ok(world)
    };
    let less = leave_out(whole.clone(), &wanted.without)?;
    if wanted.with.is_empty() {
        let name = format!("without {}", wanted.without.join(", "));
        let both = vec![(name, less), (wanted.world.clone(), whole.clone())];
        return Ok(if wanted.without.is_empty() { vec![(wanted.world.clone(), whole)] } else { both });
    }
    let today = worlds::world(worlds::TODAY)?;
    let mut more = less.clone();
    let mut base = less;
    for name in &wanted.with {
        base = base.clone().without(name).unwrap_or(base);
        let known = more.lanes().iter().any(|lane| lane.account().as_str() == name);
        if !known {
            more = more
                .with(&today, name)
                .ok_or_else(|| format!("neither {} nor {} has a provider `{name}`", wanted.world, worlds::TODAY))?;
        }
    }
    let names = wanted.with.join(", ");
    Ok(vec![(format!("without {names}"), base), (format!("with {names}"), more)])
}

/// Works on all jobs, on as many threads as there are processors; the results stand in the order of the jobs.
fn spread<J: Sync, R: Send>(jobs: &[J], work: impl Fn(&J) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(jobs.len().max(1));
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        let work = &work;
        let hands: Vec<_> = (0..threads)
            .map(|first| {
                let mine = jobs.iter().enumerate().skip(first).step_by(threads);
                scope.spawn(move || mine.map(|(place, job)| (place, work(job))).collect::<Vec<_>>())
            })
            .collect();
        hands.into_iter().filter_map(|hand| hand.join().ok()).flatten().collect()
    });
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

fn word(name: Name) -> String {
    name.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
