//! The simulated providers: a request and a time in, a timed response out. Pure: nothing here waits, sends or asks the
//! time, and the same seed and the same requests give the same responses. Speaks the providers' dialects by its own
//! code, and shares none of it with the floors that read them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::clock::Time;
use crate::domain::exchange::Head;
use crate::domain::roster::LaneSpec;
use crate::sim::exchange::{Ending, Exchange};
use crate::sim::tour;

use crate::sim::world::bound::{Pool, Span};
use crate::sim::world::call::Call;
use crate::sim::world::demand::{Pace, Sizes};
use crate::sim::world::dice::Dice;
use crate::sim::world::limit::{Limit, Standing, Unit};
use crate::sim::world::plan::{BadWorld, Day, ProviderPlan};
use crate::sim::world::question::Question;
use crate::sim::world::refusal::Refusal;
use crate::sim::world::reply::Reply;
use crate::sim::world::speech::Speech;
use crate::sim::world::truth::Truth;

/// Seeded chance.
mod dice;

/// Who asks, how much, how often.
pub mod demand;

/// Days and months.
mod calendar;

/// Limits and their counts.
mod limit;

/// Requests of which only the sizes matter.
pub mod call;

/// Requests, read.
mod question;

/// Refusals because of a limit.
mod refusal;

/// More of them, of providers that speak much alike.
mod compatible;

/// Whose errors, and whose habits.
mod dialect;

/// Limits in headers.
mod telling;

/// Answers.
mod speech;

/// Answers of which only the sizes matter.
pub mod reply;

/// The world's file.
pub mod plan;

/// What is documented of its limits.
mod roster;

/// How much it can give at most.
pub mod bound;

/// How a limit stands in truth.
pub mod truth;

/// Simulated providers, with all that they have counted.
#[derive(Debug, Clone)]
pub struct World {
    seed: u64,
    day: Day,
    lanes: Vec<LaneSpec>,
    providers: BTreeMap<String, Provider>,
}

#[derive(Debug, Clone)]
struct Provider {
    plan: ProviderPlan,
    limits: Vec<Limit>,
    /// Requests so far, answered or not: each has its own dice.
    asked: u64,
    /// Those that a limit refused.
    refused: u64,
}

impl World {
    /// The world that `text` describes; `assets/worlds/demo.toml` says how.
    ///
    /// # Errors
    /// The line, and what is wrong there.
    pub fn from_toml(text: &str) -> Result<Self, BadWorld> {
        let plan = plan::read(text)?;
        let lanes = roster::lanes(text).map_err(|error| plan::bad(text, &error))?;
        let (seed, day) = (plan.seed, plan.day());
        let providers = plan.providers.into_iter().map(|(name, plan)| (name, Provider::new(plan))).collect();
        Ok(Self { seed, day, lanes, providers })
    }

    /// The world of the demo, which is part of the program.
    ///
    /// # Errors
    /// None, as a test shows; it is the same reader.
    pub fn demo() -> Result<Self, BadWorld> {
        Self::from_toml(include_str!("../../assets/worlds/demo.toml"))
    }

    /// Its simulated day.
    pub const fn day(&self) -> &Day {
        &self.day
    }

    /// What a client is told of it beforehand: lanes with their documented limits, in the order of the file.
    pub fn lanes(&self) -> &[LaneSpec] {
        &self.lanes
    }

    /// The same with other luck.
    #[must_use]
    pub const fn lucky(mut self, seed: u64) -> Self {
        self.seed = self.seed.wrapping_add(seed);
        self
    }

    /// The same with so many programs, or people, that ask.
    #[must_use]
    pub const fn with_callers(mut self, count: u32) -> Self {
        self.day.demand.callers = count;
        self.day.demand.people = count;
        self
    }

    /// Its luck.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The same without a provider. None: it has no such provider.
    #[must_use]
    pub fn without(mut self, provider: &str) -> Option<Self> {
        self.providers.remove(provider)?;
        self.lanes.retain(|lane| lane.account().as_str() != provider);
        Some(self)
    }

    /// The same with a provider of `other` as it is there, behind its own. None: the other has no such provider.
    #[must_use]
    pub fn with(mut self, other: &Self, provider: &str) -> Option<Self> {
        let found = other.providers.get(provider)?.clone();
        if self.providers.insert(provider.to_owned(), found).is_none() {
            let theirs = other.lanes.iter().filter(|lane| lane.account().as_str() == provider);
            self.lanes.extend(theirs.cloned());
        }
        Some(self)
    }

    /// How much it can give in this span, pool by pool, in the order of its lanes.
    pub fn pools(&self, sizes: &Sizes, span: Span) -> Vec<Pool> {
        let mut names: Vec<String> = Vec::new();
        for lane in &self.lanes {
            let name = lane.account().to_string();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let plans = names.iter().filter_map(|name| Some((name, &self.providers.get(name)?.plan)));
        plans.flat_map(|(name, plan)| bound::pools(name, plan, sizes, span)).collect()
    }

    /// How many questions can be answered in `length`, were there no limit: those that its callers get to if each is
    /// answered as fast as the fastest provider can.
    pub fn askable(&self, pace: Pace, length: Duration) -> u64 {
        let least = |tokens| {
            let all = self.providers.values().map(|provider| Reply::least(provider.plan.pace(), tokens));
            all.min().unwrap_or_default()
        };
        let of_one = |caller| {
            let (mut spent, mut nth) = (Duration::ZERO, 0);
            loop {
                let asked = self.day.demand.asked(pace, self.seed, caller, nth);
                spent += least(asked.answer).max(Duration::from_millis(1));
                if spent > length {
                    return nth;
                }
                spent += asked.pause;
                nth += 1;
            }
        };
        (0..self.day.demand.askers(pace)).map(of_one).sum()
    }

    /// What `provider` answers to a streamed request of which only the sizes matter, and that arrives at `now`. None:
    /// there is no such provider.
    pub fn call(&mut self, provider: &str, call: Call<'_>, now: Time) -> Option<Reply> {
        Some(self.providers.get_mut(provider)?.call(provider, self.seed, call, now))
    }

    /// After how long `provider` would admit a call, if no other comes before it. None: never, or there is no such
    /// provider.
    pub fn opens(&self, provider: &str, call: Call<'_>, now: Time) -> Option<Duration> {
        let found = self.providers.get(provider)?;
        let mut waits = found.standings(&Question::sized(call), now).into_iter().map(|standing| standing.wait);
        waits.try_fold(Duration::ZERO, |longest, wait| Some(longest.max(wait?)))
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

    /// How the limits of `provider` stand at `now` for one of its models, in the order of the file. Costs nothing.
    pub fn truth(&self, provider: &str, model: &str, now: Time) -> Vec<Truth> {
        let limits = self.providers.get(provider).into_iter().flat_map(|provider| &provider.limits);
        limits.map(|limit| limit.standing(model, 0, now).into()).collect()
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
        Self { plan, limits, asked: 0, refused: 0 }
    }

    fn answer(&mut self, name: &str, seed: u64, body: &[u8], now: Time) -> Exchange {
        let (mut dice, id) = self.next(name, seed);
        let question = question::read(body).map_err(|message| self.plan.dialect.bad_request(&message));
        let admitted = question.and_then(|question| self.admit(&question, &mut dice, now).map(|()| question));
        match admitted {
            Ok(question) => self.speak(name, &question, &id, &mut dice, now),
            Err(refusal) => self.refuse(refusal, &id, &mut dice),
        }
    }

    fn call(&mut self, name: &str, seed: u64, call: Call<'_>, now: Time) -> Reply {
        let (mut dice, id) = self.next(name, seed);
        let question = Question::sized(call);
        let before = self.refused;
        if let Err(refusal) = self.admit(&question, &mut dice, now) {
            let exchange = self.refuse(refusal, &id, &mut dice);
            let over_limit = self.refused > before;
            return Reply::refused(exchange.head_after, exchange.head.clone(), exchange.body().into(), over_limit);
        }
        let mut headers = vec![("content-type".to_owned(), "text/event-stream".to_owned())];
        headers.extend(self.headers(&question, &id, now));
        self.count(call.model, 0, call.answer, now);
        let ending = self.ending(&mut dice);
        Reply::answered(Head { status: 200, headers }, self.plan.pace(), call.answer, ending, &mut dice)
    }

    /// The dice of the next request, and its name.
    fn next(&mut self, name: &str, seed: u64) -> (Dice, String) {
        self.asked += 1;
        let mut dice = Dice::new(seed, name, self.asked);
        let id = format!("{:016x}", dice.number());
        (dice, id)
    }

    /// Checks the request, then the limits, then luck. What passes has its prompt counted.
    fn admit(&mut self, question: &Question, dice: &mut Dice, now: Time) -> Result<(), Refusal> {
        let dialect = self.plan.dialect;
        if !self.plan.models.as_ref().contains(&question.model) {
            return Err(dialect.unknown_model(&question.model));
        }
        if self.plan.flaps.is_some_and(|flaps| flaps.is_down(now)) {
            self.count_failure(question, now);
            return Err(dialect.overloaded(&question.model));
        }
        let standings = self.standings(question, now);
        let blocking = standings.iter().filter(|standing| standing.wait != Some(Duration::ZERO));
        // The limit that is in the way the longest; for ever is longer than any wait.
        if let Some(worst) = blocking.max_by_key(|standing| standing.wait.unwrap_or(Duration::MAX)) {
            self.refused += 1;
            let mut refusal = dialect.over_limit(&question.model, worst, now);
            refusal.headers.extend(telling::on_refusal(dialect, &self.plan.lies.bent(standings.clone()), now));
            self.count_failure(question, now);
            return Err(refusal);
        }
        let (luck, faults) = (dice.share(), self.plan.faults);
        if luck < faults.overloaded.0 + faults.busy.0 {
            self.count_failure(question, now);
            let overloaded = luck < faults.overloaded.0;
            let model = &question.model;
            return Err(if overloaded { dialect.overloaded(model) } else { dialect.busy(model) });
        }
        self.count(&question.model, 1, question.prompt_tokens, now);
        Ok(())
    }

    fn speak(&mut self, name: &str, question: &Question, id: &str, dice: &mut Dice, now: Time) -> Exchange {
        // Before the answer is counted: this response's headers can't know how long it will be.
        let headers = self.headers(question, id, now);
        let text = tour::answer(&question.text, name, question.first, question.turn);
        let (words, shortened) = speech::within(&text, question.max_tokens);
        self.count(&question.model, 0, u64::try_from(words.len()).unwrap_or(u64::MAX), now);
        let speech = Speech { dialect: self.plan.dialect, question, id, words: &words, shortened, now };
        let exchange = speech.exchange(self.plan.pace(), headers, dice);
        self.break_off(exchange, dice)
    }

    /// The headers of an answer.
    fn headers(&self, question: &Question, id: &str, now: Time) -> Vec<(String, String)> {
        let mut headers = self.plan.dialect.identity(id);
        if self.plan.headers_on_streams || !question.stream {
            let standings = self.plan.lies.bent(self.standings(question, now));
            headers.extend(telling::headers(self.plan.dialect, &standings, now));
        }
        headers
    }

    /// Lets some streams end in their middle.
    fn break_off(&self, exchange: Exchange, dice: &mut Dice) -> Exchange {
        let middle = exchange.frames.len() / 2;
        match self.ending(dice) {
            Ending::Clean => exchange,
            ending => exchange.ending(middle, ending),
        }
    }

    fn ending(&self, dice: &mut Dice) -> Ending {
        let (luck, faults) = (dice.share(), self.plan.faults);
        match luck {
            _ if luck < faults.cut.0 => Ending::Cut,
            _ if luck < faults.cut.0 + faults.stall.0 => Ending::Stall,
            _ => Ending::Clean,
        }
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
        let own = self.limits.iter().filter(|limit| limit.is_for(&question.model));
        own.map(|limit| limit.standing(&question.model, asked(limit.rule.unit), now)).collect()
    }

    fn count(&mut self, model: &str, requests: u64, tokens: u64, now: Time) {
        for limit in self.limits.iter_mut().filter(|limit| limit.is_for(model)) {
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
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// 12:00:00 UTC, the beginning of a minute.
    const NOON: Time = Time::from_ms(1_795_348_800_000);

    fn at(seconds: u64) -> Time {
        NOON.plus(Duration::from_secs(seconds))
    }

    fn ask(model: &str, stream: bool) -> String {
        json!({"model": model, "stream": stream, "messages": [{"role": "user", "content": "hello"}]}).to_string()
    }

    /// The headers of limits and waits.
    fn limits(exchange: &Exchange) -> Vec<(&str, &str)> {
        let of_limits = |name: &str| name.contains("ratelimit") || name.starts_with("retry");
        let headers = exchange.head.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        headers.filter(|(name, _)| of_limits(name)).collect()
    }

    fn body(exchange: &Exchange) -> String {
        String::from_utf8(exchange.body()).unwrap()
    }

    /// The JSON of a stream's events, and its comments; `[DONE]` must end it.
    fn events(exchange: &Exchange) -> (Vec<Value>, usize) {
        let text = body(exchange);
        let mut lines: Vec<&str> = text.split_terminator("\n\n").collect();
        assert_eq!(lines.pop(), Some("data: [DONE]"));
        let all = lines.len();
        let data: Vec<Value> = lines
            .iter()
            .filter_map(|line| line.strip_prefix("data: "))
            .map(|data| serde_json::from_str(data).unwrap())
            .collect();
        let comments = all - data.len();
        (data, comments)
    }

    fn said(events: &[Value]) -> String {
        events.iter().filter_map(|event| event.pointer("/choices/0/delta/content")?.as_str()).collect()
    }

    #[test]
    fn the_demo_reads() {
        let world = World::demo().unwrap();
        let found: Vec<(&str, Vec<&str>)> =
            world.providers().map(|(name, models)| (name, models.iter().map(String::as_str).collect())).collect();
        assert_eq!(
            found,
            [
                ("flaky", vec!["small:free", "large:free"]),
                ("quick", vec!["small-8b", "large-70b"]),
                ("silent", vec!["flash"]),
                ("slow", vec!["huge-405b"]),
                ("steady", vec!["medium-24b"]),
            ]
        );
        let models = serde_json::from_slice::<Value>(&world.models("silent").body()).unwrap();
        assert_eq!(
            models,
            json!({"object": "list", "data": [{"id": "flash", "object": "model", "created": 0, "owned_by": "roundel-sim"}]})
        );
        assert_eq!(world.models("loud").head.status, 404);
    }

    #[test]
    fn quick_tells_the_day_and_the_minute_but_refuses_for_requests_a_minute() {
        let mut world = World::demo().unwrap();
        let first = world.answer("quick", ask("small-8b", true).as_bytes(), at(0));
        // "hello" is 2 tokens and a message 4: those 6 are back after 60 ms, one of 200 requests after 432 s.
        assert_eq!(
            limits(&first),
            [
                ("x-ratelimit-limit-requests", "200"),
                ("x-ratelimit-remaining-requests", "199"),
                ("x-ratelimit-reset-requests", "7m12s"),
                ("x-ratelimit-limit-tokens", "6000"),
                ("x-ratelimit-remaining-tokens", "5994"),
                ("x-ratelimit-reset-tokens", "60ms"),
            ]
        );
        for second in [10, 20] {
            assert_eq!(world.answer("quick", ask("small-8b", true).as_bytes(), at(second)).head.status, 200);
        }
        let refused = world.answer("quick", ask("small-8b", true).as_bytes(), NOON.plus(Duration::from_millis(52_340)));
        assert_eq!(refused.head.status, 429);
        assert_eq!(
            body(&refused),
            json!({"error": {"code": "rate_limit_exceeded", "type": "requests",
                "message": "Rate limit reached for model `small-8b` in organization `org_demo` service tier `on_demand` on \
                    requests per minute (RPM): Limit 3, Used 3, Requested 1. Please try again in 7.66s."}})
            .to_string()
        );
        assert_eq!(limits(&refused).first(), Some(&("retry-after", "8")));
        // The other model has its own; the refused request has cost nothing, so at 61 s there is one place.
        assert_eq!(world.answer("quick", ask("large-70b", true).as_bytes(), at(53)).head.status, 200);
        assert_eq!(world.answer("quick", ask("small-8b", true).as_bytes(), at(61)).head.status, 200);
        assert_eq!(world.answer("quick", ask("small-8b", true).as_bytes(), at(62)).head.status, 429);
    }

    #[test]
    fn headers_know_the_prompt_of_this_request_and_all_of_those_before() {
        let mut world = World::demo().unwrap();
        let first = world.answer("steady", ask("medium-24b", true).as_bytes(), at(1));
        let second = world.answer("steady", ask("medium-24b", true).as_bytes(), at(2));
        let words = u64::try_from(
            events(&first).0.iter().filter(|event| event["choices"][0]["delta"]["content"] != "").count(),
        );
        // The finish chunk has no content either, but says so by leaving it out.
        let answer = words.unwrap() - 1;
        let left = (8000 - 6 - answer - 6).to_string();
        assert_eq!(
            limits(&second),
            [
                ("x-ratelimit-limit-req-minute", "2"),
                ("x-ratelimit-remaining-req-minute", "0"),
                ("x-ratelimit-limit-tokens-minute", "8000"),
                ("x-ratelimit-remaining-tokens-minute", left.as_str()),
                ("x-ratelimit-tokens-query-cost", "6"),
            ]
        );
        let refused = world.answer("steady", ask("medium-24b", true).as_bytes(), at(59));
        assert_eq!(
            (refused.head.status, serde_json::from_slice(&refused.body()).ok()),
            (
                429,
                Some(
                    json!({"object": "error", "message": "Rate limit exceeded", "type": "rate_limited", "param": null,
                    "code": "1300", "raw_status_code": 429})
                )
            )
        );
        assert_eq!(refused.head.get("x-ratelimit-remaining-req-minute"), Some("0"));
        assert_eq!(world.answer("steady", ask("medium-24b", true).as_bytes(), at(60)).head.status, 200);
    }

    #[test]
    fn slow_gives_back_one_request_each_twenty_seconds() {
        let mut world = World::demo().unwrap();
        for second in 0..3 {
            assert_eq!(world.answer("slow", ask("huge-405b", true).as_bytes(), at(second)).head.status, 200);
        }
        let refused = world.answer("slow", ask("huge-405b", true).as_bytes(), at(3));
        assert_eq!(refused.head.status, 429);
        let told: Vec<(&str, &str)> = limits(&refused).into_iter().take(5).collect();
        assert_eq!(
            told,
            [
                ("retry-after", "17"),
                ("retry-after-ms", "17000"),
                ("x-ratelimit-limit-requests", "3"),
                ("x-ratelimit-remaining-requests", "0"),
                ("x-ratelimit-reset-requests", "57s"),
            ]
        );
        assert_eq!(world.answer("slow", ask("huge-405b", true).as_bytes(), at(20)).head.status, 200);
    }

    #[test]
    fn silent_tells_nothing_until_it_refuses() {
        let mut world = World::demo().unwrap();
        let first = world.answer("silent", ask("flash", true).as_bytes(), at(24));
        assert_eq!((first.head.status, limits(&first)), (200, vec![]));
        let refused = world.answer("silent", ask("flash", true).as_bytes(), at(50));
        assert_eq!((refused.head.status, limits(&refused)), (429, vec![]));
        let refusal: Value = serde_json::from_slice(&refused.body()).unwrap();
        assert_eq!(refusal.pointer("/0/error/details/1/retryDelay"), Some(&json!("34s")));
        assert_eq!(
            refusal.pointer("/0/error/details/0/violations/0/quotaId"),
            Some(&json!("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"))
        );
        assert_eq!(world.answer("silent", ask("flash", true).as_bytes(), at(84)).head.status, 200);
    }

    #[test]
    fn flaky_fails_one_time_in_four_and_counts_it() {
        let mut world = World::demo().unwrap();
        let mut seen = Vec::new();
        for minute in 0..40 {
            let exchange = world.answer("flaky", ask("small:free", true).as_bytes(), at(minute * 60));
            assert_eq!(limits(&exchange), []);
            seen.push(exchange.head.status);
        }
        // The demo's story: its first answer comes, an early one does not.
        assert_eq!(seen.iter().take(6).copied().collect::<Vec<u16>>(), [200, 503, 200, 200, 429, 200]);
        let failed = seen.iter().filter(|status| **status != 200).count();
        assert!((6..=14).contains(&failed), "{seen:?}");

        // Four in a minute, over both models, whatever came of them; then until :00.
        let start = at(3600);
        for (model, second) in [("small:free", 0), ("large:free", 1), ("small:free", 2), ("large:free", 3)] {
            world.answer("flaky", ask(model, true).as_bytes(), start.plus(Duration::from_secs(second)));
        }
        let refused = world.answer("flaky", ask("large:free", true).as_bytes(), start.plus(Duration::from_secs(4)));
        let reset = start.plus(Duration::from_mins(1)).ms().to_string();
        assert_eq!(refused.head.status, 429);
        assert_eq!(
            limits(&refused),
            [("x-ratelimit-limit", "4"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset.as_str())]
        );
    }

    #[test]
    fn usage_comes_where_each_dialect_puts_it() {
        // (provider, model, asked for, events with usage, of those with empty choices, comments)
        for (provider, model, asked, with_usage, trailing, comments) in [
            ("quick", "small-8b", true, 2, 1, 0),
            ("quick", "small-8b", false, 0, 0, 0),
            ("steady", "medium-24b", false, 1, 0, 0),
            ("slow", "huge-405b", true, 1, 1, 0),
            ("slow", "huge-405b", false, 0, 0, 0),
            ("silent", "flash", true, 1, 1, 0),
            ("flaky", "small:free", false, 1, 0, 2),
        ] {
            let mut world = World::demo().unwrap();
            let body = json!({"model": model, "stream": true, "stream_options": {"include_usage": asked},
                "messages": [{"role": "user", "content": "hello"}]});
            let exchange = world.answer(provider, body.to_string().as_bytes(), NOON);
            let (events, found_comments) = events(&exchange);
            let used: Vec<&Value> = events.iter().filter(|event| event["usage"].is_object()).collect();
            let empty = used.iter().filter(|event| event["choices"] == json!([])).count();
            assert_eq!((used.len(), empty, found_comments), (with_usage, trailing, comments), "{provider} {asked}");

            let opening = format!("This is `{provider}`, simulated: no model reads this");
            assert!(said(&events).starts_with(&opening), "{provider}: {}", said(&events));
            let words = crate::sim::exchange::pieces(&said(&events)).len();
            for event in used {
                assert_eq!(event["usage"]["completion_tokens"], words, "{provider}");
            }
        }
    }

    #[test]
    fn one_object_when_not_streamed_and_no_more_than_asked_for() {
        let mut world = World::demo().unwrap();
        let request =
            json!({"model": "medium-24b", "max_tokens": 3, "messages": [{"role": "user", "content": "hello"}]});
        let exchange = world.answer("steady", request.to_string().as_bytes(), NOON);
        let answer: Value = serde_json::from_slice(&exchange.body()).unwrap();
        assert_eq!(
            answer["choices"],
            json!([{"index": 0, "finish_reason": "length", "message": {"role": "assistant", "content": "This is `steady`,"}}])
        );
        assert_eq!(answer["usage"], json!({"prompt_tokens": 6, "completion_tokens": 3, "total_tokens": 9}));
        assert_eq!((exchange.frames.len(), exchange.head.get("content-type")), (1, Some("application/json")));
    }

    #[test]
    fn what_is_wrong_with_a_request_costs_nothing() {
        let mut world = World::demo().unwrap();
        for (provider, body, status) in [
            ("silent", "{", 400),
            ("silent", r#"{"model":"flash","messages":[]}"#, 400),
            ("silent", r#"{"model":"flush","messages":[{"role":"user","content":"a"}]}"#, 404),
            ("nobody", "{}", 404),
        ] {
            assert_eq!(world.answer(provider, body.as_bytes(), NOON).head.status, status, "{body}");
        }
        assert_eq!(world.answer("silent", ask("flash", true).as_bytes(), NOON).head.status, 200);
    }

    #[test]
    fn too_large_for_quick_is_not_too_large_for_silent() {
        let mut world = World::demo().unwrap();
        let question = |model: &str| ask(model, true).replace("hello", &"x".repeat(30_000));
        let exchange = world.answer("quick", question("small-8b").as_bytes(), NOON);
        assert_eq!(exchange.head.status, 413);
        assert!(body(&exchange).contains("Limit 6000, Requested 7504, please reduce"), "{}", body(&exchange));
        assert_eq!(world.answer("silent", question("flash").as_bytes(), NOON).head.status, 200);
    }

    #[test]
    fn human_speed() {
        // (provider, model, first word in ms, words a second), each within its jitter
        for (provider, model, first, speed) in [
            ("quick", "small-8b", 140..=260, 50.0..=70.0),
            ("steady", "medium-24b", 400..=600, 30.0..=40.0),
            ("slow", "huge-405b", 1750..=3250, 10.0..=14.0),
            ("silent", "flash", 280..=520, 38.0..=52.0),
            ("flaky", "small:free", 300..=900, 33.0..=50.0),
        ] {
            let exchange = World::demo().unwrap().answer(provider, ask(model, true).as_bytes(), NOON);
            let is_word = |frame: &&crate::sim::exchange::Frame| frame.bytes.windows(5).any(|part| part == b"This\"");
            let before: Duration =
                exchange.frames.iter().take_while(|frame| !is_word(frame)).map(|frame| frame.after).sum();
            let came = exchange.head_after + before;
            assert!(first.contains(&came.as_millis()), "{provider}: {came:?}");
            let words = said(&events(&exchange).0).split_whitespace().count();
            let spoken = words as f64 / exchange.length().saturating_sub(came).as_secs_f64();
            assert!(speed.contains(&spoken), "{provider}: {spoken}");
        }
    }

    #[test]
    fn the_same_seed_the_same_world() {
        let run = |text: &str| {
            let mut world = World::from_toml(text).unwrap();
            let mut all = Vec::new();
            for second in 0..60 {
                for (provider, model) in [("flaky", "small:free"), ("slow", "huge-405b")] {
                    all.push(world.answer(provider, ask(model, true).as_bytes(), at(second * 20)));
                }
            }
            all
        };
        let demo = include_str!("../../assets/worlds/demo.toml");
        assert_eq!(run(demo), run(demo));
        assert_ne!(run(demo), run(&demo.replace("\nseed = 1028\n", "\nseed = 1029\n")));
    }

    #[test]
    fn what_others_are_asked_changes_no_ones_luck() {
        let run = |noise: bool| {
            let mut world = World::demo().unwrap();
            let mut all = Vec::new();
            for minute in 0..20 {
                if noise {
                    world.answer("quick", ask("small-8b", true).as_bytes(), at(minute * 60));
                }
                all.push(world.answer("flaky", ask("small:free", true).as_bytes(), at(minute * 60)));
            }
            all
        };
        assert_eq!(run(false), run(true));
    }

    #[test]
    fn streams_break_off_where_the_plan_says_so() {
        let text = |fault: &str| {
            format!(
                "seed = 1\n[providers.p]\ndialect = \"openai\"\nmodels = [\"m\"]\nhead_ms = 1\nfirst_token_ms = 2\n\
                 tokens_per_second = 100\nfaults = {{ {fault} = 1 }}\n"
            )
        };
        for (fault, status, ending) in [
            ("cut", 200, Ending::Cut),
            ("stall", 200, Ending::Stall),
            ("overloaded", 503, Ending::Clean),
            ("busy", 503, Ending::Clean),
        ] {
            let exchange = World::from_toml(&text(fault)).unwrap().answer("p", ask("m", true).as_bytes(), NOON);
            assert_eq!((exchange.head.status, exchange.ending), (status, ending), "{fault}");
            if status == 200 {
                assert!(!body(&exchange).contains("[DONE]") && body(&exchange).contains("This"), "{fault}");
            }
        }
    }

    #[test]
    fn a_person_who_asks_every_eight_seconds_sees_a_refusal_and_a_recovery() {
        let mut world = World::demo().unwrap();
        let round = [
            ("quick", "small-8b"),
            ("steady", "medium-24b"),
            ("slow", "huge-405b"),
            ("silent", "flash"),
            ("flaky", "small:free"),
        ];
        let mut silent = Vec::new();
        for (nth, (provider, model)) in round.iter().cycle().take(15).enumerate() {
            let second = u64::try_from(nth).unwrap() * 8;
            let status = world.answer(provider, ask(model, true).as_bytes(), at(second)).head.status;
            if *provider == "silent" {
                silent.push((second, status));
            } else if *provider != "flaky" {
                assert_eq!(status, 200, "{provider} at {second} s");
            }
        }
        assert_eq!(silent, [(24, 200), (64, 429), (104, 200)]);
    }
}
