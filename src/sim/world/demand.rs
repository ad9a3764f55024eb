//! Who asks the simulated providers, how much, and how often: each caller's questions are given by the seed alone, so
//! that all who route them are asked the same. Knows no provider and no limit.

use std::time::Duration;

use serde::Deserialize;

use crate::sim::world::dice::Dice;

/// How the callers behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// Programs, back to back: each asks again as soon as it is answered.
    #[default]
    Saturating,
    /// People: bursts of questions with time to think between them, and pauses between the bursts.
    Human,
    /// One in four a person, the others programs in bursts of 25 calls; some prompts are very large.
    Mixed,
}

/// The demand as a world's file describes it.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Demand {
    /// How many ask, if they are programs; 1 to 1000.
    pub callers: u32,
    /// How many ask, if they are people; 1 to 1000.
    pub people: u32,
    /// The median prompt, in tokens.
    pub prompt_tokens: u32,
    /// The median answer, in tokens.
    pub answer_tokens: u32,
    /// How much they differ: the standard deviation of their logarithms, 0 to 2.
    pub spread: f64,
    /// By what share the provider's count of a prompt may differ from four characters a token, 0 to 0.5.
    pub tokenizer: f64,
}

/// One question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// A person asks, and waits; else a program.
    pub person: bool,
    /// Tokens of the prompt, as its asker estimates them.
    pub estimate: u64,
    /// Tokens of the prompt, as a provider counts them.
    pub prompt: u64,
    /// Tokens of the answer.
    pub answer: u64,
    /// From the end of this question to the next one.
    pub pause: Duration,
}

/// The sizes that questions can have, as a provider counts them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sizes {
    /// No question and answer together are smaller, in tokens.
    pub least: u64,
    /// None are larger.
    pub most: u64,
    /// No answer is longer.
    pub longest: u64,
    /// What they are on average.
    pub mean: f64,
    /// The average answer that runs over the end of a window, and its standard deviation, in tokens. It is longer than
    /// the average answer: a long one is more likely to be the one that fills a window.
    pub over: (f64, f64),
}

/// Prompts and answers are at most this many times their median.
const LARGEST: f64 = 8.0;
/// And at least this share of it.
const SMALLEST: f64 = 0.1;
/// Very large prompts of the mixed demand: this share of them, and this many times the median.
const LARGE: (f64, f64) = (0.05, 16.0);
/// A burst of people has on average this many questions, and lies this far from the next.
const BURST: (f64, f64) = (5.0, 900.0);
/// Seconds to think: the median, the spread, the least.
const THINK: (f64, f64, f64) = (25.0, 0.7, 3.0);
/// Calls of a program's burst in the mixed demand, and seconds between two bursts.
const BATCH: (u64, f64) = (25, 600.0);

/// Questions from which averages are taken.
const SAMPLE: u32 = 4000;

impl Default for Demand {
    fn default() -> Self {
        Self { callers: 24, people: 3, prompt_tokens: 500, answer_tokens: 250, spread: 0.5, tokenizer: 0.0 }
    }
}

impl Demand {
    /// What is wrong with it, if anything is.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let counts = [self.callers, self.people];
        if counts.iter().any(|count| !(1..=1000).contains(count)) {
            return Some("callers and people are from 1 to 1000");
        }
        if !(8..=1_000_000).contains(&self.prompt_tokens) || !(2..=100_000).contains(&self.answer_tokens) {
            return Some("prompt_tokens is from 8 to 1000000, answer_tokens from 2 to 100000");
        }
        if !(0.0..=2.0).contains(&self.spread) || !(0.0..=0.5).contains(&self.tokenizer) {
            return Some("spread is from 0 to 2, tokenizer from 0 to 0.5");
        }
        None
    }

    /// How many ask at this pace.
    pub const fn askers(&self, pace: Pace) -> u32 {
        match pace {
            Pace::Saturating | Pace::Mixed => self.callers,
            Pace::Human => self.people,
        }
    }

    /// The `nth` question (from 0) of a caller (from 0).
    pub fn asked(&self, pace: Pace, seed: u64, caller: u32, nth: u64) -> Asked {
        let mut dice = Dice::new(seed ^ u64::from(caller).wrapping_mul(0x9e37_79b9), "caller", nth + 1);
        let person = match pace {
            Pace::Saturating => false,
            Pace::Human => true,
            Pace::Mixed => caller % 4 == 3,
        };
        let large = pace == Pace::Mixed && dice.share() < LARGE.0;
        let prompt = f64::from(self.prompt_tokens) * if large { LARGE.1 } else { self.around(&mut dice) };
        let answer = f64::from(self.answer_tokens) * self.around(&mut dice);
        let counted = prompt * (1.0 + self.tokenizer * (2.0 * dice.share() - 1.0));
        let pause = match pace {
            _ if person => people(&mut dice),
            Pace::Mixed if (nth + 1).is_multiple_of(BATCH.0) => seconds(exponential(&mut dice, BATCH.1)),
            _ => Duration::ZERO,
        };
        Asked { person, estimate: whole(prompt).max(5), prompt: whole(counted), answer: whole(answer), pause }
    }

    /// The sizes that its questions can have. The averages are those of the first few thousand.
    pub fn sizes(&self, pace: Pace, seed: u64) -> Sizes {
        let (prompt, answer) = (f64::from(self.prompt_tokens), f64::from(self.answer_tokens));
        let largest = if pace == Pace::Mixed { LARGE.1 } else { LARGEST };
        let askers = self.askers(pace);
        let sample: Vec<Asked> =
            (0..SAMPLE).map(|n| self.asked(pace, seed, n % askers, u64::from(n / askers))).collect();
        let mean = |of: &dyn Fn(&Asked) -> f64| sample.iter().map(of).sum::<f64>() / f64::from(SAMPLE);
        let moment = |power| mean(&|asked| (asked.answer as f64).powi(power));
        // Of the renewal in which a window is filled: Lorden, "On excess over the boundary", 1970.
        let over = moment(2) / moment(1);
        let spread = (moment(3) / moment(1) - over * over).max(0.0).sqrt();
        Sizes {
            least: whole(prompt * SMALLEST * (1.0 - self.tokenizer)) + whole(answer * SMALLEST),
            most: whole(prompt * largest * (1.0 + self.tokenizer)) + whole(answer * LARGEST) + 2,
            longest: whole(answer * LARGEST) + 1,
            mean: mean(&|asked| (asked.prompt + asked.answer) as f64),
            over: (over, spread),
        }
    }

    fn around(&self, dice: &mut Dice) -> f64 {
        (self.spread * normal(dice)).exp().clamp(SMALLEST, LARGEST)
    }
}

/// How long a person thinks before the next question, or does something else.
fn people(dice: &mut Dice) -> Duration {
    let ends = dice.share() < 1.0 / BURST.0;
    let think = (THINK.0 * (THINK.1 * normal(dice)).exp()).max(THINK.2);
    seconds(if ends { think + exponential(dice, BURST.1) } else { think })
}

/// A draw of the standard normal distribution (Box and Muller).
fn normal(dice: &mut Dice) -> f64 {
    let (radius, angle) = (1.0 - dice.share(), dice.share());
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

fn exponential(dice: &mut Dice, mean: f64) -> f64 {
    -mean * (1.0 - dice.share()).ln()
}

fn seconds(span: f64) -> Duration {
    Duration::try_from_secs_f64(span).unwrap_or_default()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "f64 to u64 saturates")]
fn whole(number: f64) -> u64 {
    (number as u64).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_demand() {
        let demand = Demand { tokenizer: 0.2, ..Demand::default() };
        for pace in [Pace::Saturating, Pace::Human, Pace::Mixed] {
            let sizes = demand.sizes(pace, 7);
            for nth in 0..2000 {
                let asked = demand.asked(pace, 7, 3, nth);
                assert_eq!(asked, demand.asked(pace, 7, 3, nth));
                let total = asked.prompt + asked.answer;
                assert!((sizes.least..=sizes.most).contains(&total) && asked.answer <= sizes.longest, "{asked:?}");
                assert_eq!(asked.pause.is_zero(), pace == Pace::Saturating, "{asked:?}");
            }
            assert_ne!(demand.asked(pace, 7, 3, 0), demand.asked(pace, 8, 3, 0));
            assert_ne!(demand.asked(pace, 7, 3, 0), demand.asked(pace, 7, 4, 0));
        }
        assert!((600.0..1100.0).contains(&demand.sizes(Pace::Saturating, 7).mean));
    }
}
