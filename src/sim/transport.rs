//! The simulated providers without sockets, for tests under tokio's paused time. Speaks the domain's plain HTTP values.

use tokio::time::sleep;

use crate::domain::clock::Clock;
use crate::domain::exchange::{Broken, Head, Outgoing};
use crate::sim::body::SimBody;
use crate::sim::exchange::Exchange;
use crate::sim::keeper::{Keeper, Source};
use crate::sim::world::World;

/// A handle; cloning it gives another one to the same providers.
#[derive(Debug, Clone)]
pub struct SimTransport {
    keeper: Keeper,
}

/// What is answered, in order, whoever asks and whatever for. When it is over, nothing can be reached any more.
#[derive(Debug, Default)]
pub struct Script {
    answers: Vec<Result<Exchange, Broken>>,
}

impl Script {
    /// Answers nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Then this.
    #[must_use]
    pub fn then(mut self, exchange: Exchange) -> Self {
        self.answers.push(Ok(exchange));
        self
    }

    /// Then no response at all, as when nobody can be reached.
    #[must_use]
    pub fn then_broken(mut self, why: &str) -> Self {
        self.answers.push(Err(Broken(why.to_owned())));
        self
    }
}

impl From<Vec<Exchange>> for Script {
    fn from(exchanges: Vec<Exchange>) -> Self {
        Self { answers: exchanges.into_iter().map(Ok).collect() }
    }
}

impl SimTransport {
    /// A world in which it is the time of `clock`. To be called inside a tokio runtime, where a task then owns it.
    pub fn new(world: World, clock: Clock) -> Self {
        Self { keeper: Keeper::start(Source::World(Box::new(world), clock)) }
    }

    /// A script. To be called inside a tokio runtime.
    pub fn scripted(script: impl Into<Script>) -> Self {
        Self { keeper: Keeper::start(Source::Script(script.into().answers.into())) }
    }

    /// Sends, and waits for the head of the response. In a world the provider is read from the URL, which ends with
    /// `/{provider}/v1/chat/completions`. Dropping the future hangs up; the provider has counted by then.
    ///
    /// # Errors
    /// The script says so or is over, or the URL names no provider.
    pub async fn send(&self, out: &Outgoing) -> Result<(Head, SimBody), Broken> {
        let exchange = self.keeper.call(out.clone()).await?;
        sleep(exchange.head_after).await;
        Ok((exchange.head.clone(), SimBody::new(exchange)))
    }

    /// What a script was asked so far, oldest first: the first 4096. Of a world, nothing.
    pub async fn calls(&self) -> Vec<Outgoing> {
        self.keeper.calls().await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use tokio::time::Instant;

    use super::*;
    use crate::domain::clock::Time;
    use crate::sim::exchange::Ending;

    const NOON: Time = Time::from_ms(1_795_348_800_000);

    fn out(provider: &str, body: &str) -> Outgoing {
        Outgoing {
            url: format!("http://127.0.0.1:1/{provider}/v1/chat/completions"),
            key: None,
            headers: Vec::new(),
            proxy: None,
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    async fn text(mut body: SimBody) -> Result<String, Broken> {
        let mut all = Vec::new();
        while let Some(piece) = body.next().await {
            all.extend(piece?);
        }
        Ok(String::from_utf8(all).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_world_answers_at_its_own_speed() {
        let transport = SimTransport::new(World::demo().unwrap(), Clock::virtual_at(NOON));
        let ask = out("slow", r#"{"model":"huge-405b","stream":true,"messages":[{"role":"user","content":"hello"}]}"#);
        let start = Instant::now();
        let (head, mut body) = transport.send(&ask).await.unwrap();
        assert_eq!((head.status, head.get("x-ratelimit-remaining-requests")), (200, Some("2")));
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
        assert!(body.next().await.unwrap().unwrap().starts_with(b"data: "));
        assert!(start.elapsed() > Duration::from_millis(1500), "{:?}", start.elapsed());
        assert!(text(body).await.unwrap().ends_with("data: [DONE]\n\n"));
        assert!(start.elapsed() > Duration::from_secs(5), "{:?}", start.elapsed());
        assert_eq!(transport.calls().await, []);
    }

    #[tokio::test(start_paused = true)]
    async fn the_worlds_clock_goes_on_while_one_waits() {
        let transport = SimTransport::new(World::demo().unwrap(), Clock::virtual_at(NOON));
        let ask = out("silent", r#"{"model":"flash","messages":[{"role":"user","content":"hello"}]}"#);
        let mut statuses = Vec::new();
        for wait in [0, 30, 31] {
            sleep(Duration::from_secs(wait)).await;
            let (head, body) = transport.send(&ask).await.unwrap();
            text(body).await.unwrap();
            statuses.push(head.status);
        }
        assert_eq!(statuses, [200, 429, 200]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_url_without_a_provider_cannot_be_reached() {
        let transport = SimTransport::new(World::demo().unwrap(), Clock::virtual_at(NOON));
        let ask = Outgoing { url: "http://127.0.0.1:1/".into(), ..out("", "") };
        assert_eq!(
            transport.send(&ask).await.unwrap_err(),
            Broken("no simulated provider at http://127.0.0.1:1/".into())
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_script_answers_in_order_and_remembers() {
        let refusal = Exchange::whole(429, "{}").header("retry-after", "7").head_after(Duration::from_millis(80));
        let broken = Exchange::spoken("never heard", Duration::ZERO).ending(2, Ending::Cut);
        let script = Script::new().then(refusal).then_broken("no route to host").then(broken);
        let transport = SimTransport::scripted(script);
        let start = Instant::now();

        let (head, body) = transport.send(&out("a", "1")).await.unwrap();
        assert_eq!((head.status, head.get("retry-after")), (429, Some("7")));
        assert_eq!((text(body).await.unwrap(), start.elapsed()), ("{}".to_owned(), Duration::from_millis(80)));
        assert_eq!(transport.send(&out("b", "2")).await.unwrap_err(), Broken("no route to host".into()));
        let (_, body) = transport.send(&out("c", "3")).await.unwrap();
        assert_eq!(text(body).await, Err(Broken("the connection was cut".into())));
        let over = transport.clone().send(&out("d", "4")).await.unwrap_err();
        assert_eq!(over, Broken("the script has no answer left".into()));

        assert_eq!(transport.calls().await, [out("a", "1"), out("b", "2"), out("c", "3"), out("d", "4")]);
    }
}
