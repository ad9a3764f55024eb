//! The simulated providers: a request and a time in, a timed response out. Pure: nothing here waits, sends or asks the
//! time, and the same seed and the same requests give the same responses. Speaks the providers' dialects by its own
//! code, and shares none of it with the floors that read them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::clock::Time;
use crate::domain::exchange::Head;
use crate::sim::exchange::{Ending, Exchange};
use crate::sim::tour;

use crate::sim::world::dice::Dice;
use crate::sim::world::limit::{Limit, Standing, Unit};
use crate::sim::world::plan::{BadWorld, ProviderPlan};
use crate::sim::world::question::Question;
use crate::sim::world::refusal::Refusal;
use crate::sim::world::speech::Speech;

/// Seeded chance.
mod dice;

/// Limits and their counts.
mod limit;

/// Requests, read.
mod question;

/// Refusals because of a limit.
mod refusal;

/// Whose headers and errors.
mod dialect;

/// Answers.
mod speech;

/// The world's file.
pub mod plan;

/// Simulated providers, with all that they have counted.
#[derive(Debug, Clone)]
pub struct World {
    seed: u64,
    providers: BTreeMap<String, Provider>,
}

#[derive(Debug, Clone)]
struct Provider {
    plan: ProviderPlan,
    limits: Vec<Limit>,
    /// Requests so far, answered or not: each has its own dice.
    asked: u64,
}

impl World {
    /// The world that `text` describes; `assets/worlds/demo.toml` says how.
    ///
    /// # Errors
    /// The line, and what is wrong there.
    pub fn from_toml(text: &str) -> Result<Self, BadWorld> {
        let plan = plan::read(text)?;
        let providers = plan.providers.into_iter().map(|(name, plan)| (name, Provider::new(plan))).collect();
        Ok(Self { seed: plan.seed, providers })
    }

    /// The world of the demo, which is part of the program.
    ///
    /// # Errors
    /// None, as a test shows; it is the same reader.
    pub fn demo() -> Result<Self, BadWorld> {
        Self::from_toml(include_str!("../../assets/worlds/demo.toml"))
    }

    /// Its providers with their models, by name.
    pub fn providers(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.providers.iter().map(|(name, provider)| (name.as_str(), provider.plan.models.as_ref().as_slice()))
    }

    /// What `provider` answers to a chat completions request that arrives at `now`.
    pub fn answer(&mut self, provider: &str, body: &[u8], now: Time) -> Exchange {
        match self.providers.get_mut(provider) {
            Some(found) => found.answer(provider, self.seed, body, now),
            None => unknown_provider(provider),
        }
    }

    /// What `provider` answers to a request for its models. Costs nothing.
    pub fn models(&self, provider: &str) -> Exchange {
        let Some(found) = self.providers.get(provider) else { return unknown_provider(provider) };
        let model = |id: &String| json!({"id": id, "object": "model", "created": 0, "owned_by": "roundel-sim"});
        let data: Vec<Value> = found.plan.models.as_ref().iter().map(model).collect();
        Exchange::whole(200, json!({"object": "list", "data": data}).to_string())
    }
}

fn unknown_provider(name: &str) -> Exchange {
    let message = format!("No simulated provider is called {name}.");
    Exchange::whole(404, json!({"error": {"message": message, "type": "invalid_request_error"}}).to_string())
}

impl Provider {
    fn new(plan: ProviderPlan) -> Self {
        let limits = plan.limits.iter().cloned().map(Limit::new).collect();
        Self { plan, limits, asked: 0 }
    }

    fn answer(&mut self, name: &str, seed: u64, body: &[u8], now: Time) -> Exchange {
        self.asked += 1;
        let mut dice = Dice::new(seed, name, self.asked);
        let id = format!("{:016x}", dice.number());
        match self.admit(body, &mut dice, now) {
            Ok(question) => self.speak(name, &question, &id, &mut dice, now),
            Err(refusal) => self.refuse(refusal, &id, &mut dice),
        }
    }

    /// Checks the request, then the limits, then luck. What passes has its prompt counted.
    fn admit(&mut self, body: &[u8], dice: &mut Dice, now: Time) -> Result<Question, Refusal> {
        let dialect = self.plan.dialect;
        let question = question::read(body).map_err(|message| dialect.bad_request(&message))?;
        if !self.plan.models.as_ref().contains(&question.model) {
            return Err(dialect.unknown_model(&question.model));
        }
        let standings = self.standings(&question, now);
        let blocking = standings.iter().filter(|standing| standing.wait != Some(Duration::ZERO));
        // The limit that is in the way the longest; for ever is longer than any wait.
        if let Some(worst) = blocking.max_by_key(|standing| standing.wait.unwrap_or(Duration::MAX)) {
            let refusal = dialect.over_limit(&question.model, worst, &standings, now);
            self.count_failure(&question, now);
            return Err(refusal);
        }
        let (luck, faults) = (dice.share(), self.plan.faults);
        if luck < faults.overloaded.0 + faults.busy.0 {
            self.count_failure(&question, now);
            let overloaded = luck < faults.overloaded.0;
            let model = &question.model;
            return Err(if overloaded { dialect.overloaded(model) } else { dialect.busy(model) });
        }
        self.count(&question.model, 1, question.prompt_tokens, now);
        Ok(question)
    }

    fn speak(&mut self, name: &str, question: &Question, id: &str, dice: &mut Dice, now: Time) -> Exchange {
        // Before the answer is counted: this response's headers can't know how long it will be.
        let mut headers = self.plan.dialect.identity(id);
        if self.plan.headers_on_streams || !question.stream {
            headers.extend(self.plan.dialect.telling(&self.standings(question, now)));
        }
        let text = tour::answer(&question.text, name, question.first, question.turn);
        let (words, shortened) = speech::within(&text, question.max_tokens);
        self.count(&question.model, 0, u64::try_from(words.len()).unwrap_or(u64::MAX), now);
        let speech = Speech { dialect: self.plan.dialect, question, id, words: &words, shortened, now };
        let exchange = speech.exchange(self.plan.pace(), headers, dice);
        self.break_off(exchange, dice)
    }

    /// Lets some streams end in their middle.
    fn break_off(&self, exchange: Exchange, dice: &mut Dice) -> Exchange {
        let (luck, faults) = (dice.share(), self.plan.faults);
        let ending = match luck {
            _ if luck < faults.cut.0 => Ending::Cut,
            _ if luck < faults.cut.0 + faults.stall.0 => Ending::Stall,
            _ => return exchange,
        };
        let middle = exchange.frames.len() / 2;
        exchange.ending(middle, ending)
    }

    fn refuse(&self, refusal: Refusal, id: &str, dice: &mut Dice) -> Exchange {
        let Refusal { status, headers, body } = refusal;
        let json = ("content-type".to_owned(), "application/json".to_owned());
        let identity = self.plan.dialect.identity(id);
        let headers = std::iter::once(json).chain(identity).chain(headers).collect();
        let pace = self.plan.pace();
        let head_after = dice.around(pace.head, pace.jitter);
        Exchange { head: Head { status, headers }, head_after, ..Exchange::whole(status, body.to_string()) }
    }

    fn standings(&self, question: &Question, now: Time) -> Vec<Standing> {
        let asked = |unit| match unit {
            Unit::Requests => 1,
            Unit::Tokens => question.prompt_tokens,
        };
        self.limits.iter().map(|limit| limit.standing(&question.model, asked(limit.rule.unit), now)).collect()
    }

    fn count(&mut self, model: &str, requests: u64, tokens: u64, now: Time) {
        for limit in &mut self.limits {
            let amount = match limit.rule.unit {
                Unit::Requests => requests,
                Unit::Tokens => tokens,
            };
            if amount > 0 {
                limit.count(model, amount, now);
            }
        }
    }

    /// What is refused costs nothing, but where the plan says that it does.
    fn count_failure(&mut self, question: &Question, now: Time) {
        if self.plan.counts_failures {
            self.count(&question.model, 1, 0, now);
        }
    }
}

#[cfg(test)]
mod tests;
