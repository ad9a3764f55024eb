//! The one task that owns a world, or a script, and answers those who ask it. Plays nothing: what it hands out is
//! planned, and whoever gets it plays it.
//!
//! | queue | from -> to | bound | when full | when closed |
//! |---|---|---|---|---|
//! | questions | server, transport -> keeper | 64 | awaited | last sender gone = the task ends |

use std::collections::VecDeque;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use crate::domain::clock::Clock;
use crate::domain::exchange::{Broken, Outgoing};
use crate::sim::exchange::Exchange;
use crate::sim::world::World;

/// Places in the queue of questions.
const QUESTIONS: usize = 64;

/// How many calls of a script are remembered.
const CALLS: usize = 4096;

/// Where answers come from.
#[derive(Debug)]
pub(crate) enum Source {
    /// A world, in which it is the clock's time.
    World(Box<World>, Clock),
    /// Answers in order, whoever asks.
    Script(VecDeque<Result<Exchange, Broken>>),
}

#[derive(Debug)]
enum Ask {
    Chat { provider: String, body: Bytes, reply: oneshot::Sender<Result<Exchange, Broken>> },
    Models { provider: String, reply: oneshot::Sender<Exchange> },
    Call { call: Box<Outgoing>, reply: oneshot::Sender<Result<Exchange, Broken>> },
    Calls { reply: oneshot::Sender<Vec<Outgoing>> },
}

/// How to ask it.
#[derive(Debug, Clone)]
pub(crate) struct Keeper {
    questions: mpsc::Sender<Ask>,
}

impl Keeper {
    /// Starts the task; it ends when the last handle is dropped.
    pub(crate) fn start(mut source: Source) -> Self {
        let (questions, mut asked) = mpsc::channel(QUESTIONS);
        tokio::spawn(async move {
            let mut calls = Vec::new();
            while let Some(ask) = asked.recv().await {
                source.serve(ask, &mut calls);
            }
        });
        Self { questions }
    }

    /// What `provider` answers to the request in `body`.
    pub(crate) async fn chat(&self, provider: String, body: Bytes) -> Result<Exchange, Broken> {
        self.ask(|reply| Ask::Chat { provider, body, reply }).await?
    }

    /// What `provider` answers to a request for its models.
    pub(crate) async fn models(&self, provider: String) -> Result<Exchange, Broken> {
        self.ask(|reply| Ask::Models { provider, reply }).await
    }

    /// What the answer to `call` is: by the URL in a world, by the order in a script, which remembers it.
    pub(crate) async fn call(&self, call: Outgoing) -> Result<Exchange, Broken> {
        let call = Box::new(call);
        self.ask(|reply| Ask::Call { call, reply }).await?
    }

    /// What a script was asked so far, oldest first.
    pub(crate) async fn calls(&self) -> Vec<Outgoing> {
        self.ask(|reply| Ask::Calls { reply }).await.unwrap_or_default()
    }

    async fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, Broken> {
        let gone = || Broken("the simulated providers are gone".into());
        let (reply, answer) = oneshot::channel();
        self.questions.send(ask(reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())
    }
}

impl Source {
    /// Someone who is gone needs no answer: sending to them is allowed to fail.
    fn serve(&mut self, ask: Ask, calls: &mut Vec<Outgoing>) {
        match ask {
            Ask::Chat { provider, body, reply } => _ = reply.send(self.chat(&provider, &body)),
            Ask::Models { provider, reply } => _ = reply.send(self.models(&provider)),
            Ask::Call { call, reply } => {
                let answer = match provider_in(&call.url) {
                    Some(provider) => self.chat(provider, &call.body),
                    None if matches!(self, Self::Script(_)) => self.chat("", &call.body),
                    None => Err(Broken(format!("no simulated provider at {}", call.url))),
                };
                if matches!(self, Self::Script(_)) && calls.len() < CALLS {
                    calls.push(*call);
                }
                _ = reply.send(answer);
            }
            Ask::Calls { reply } => _ = reply.send(calls.clone()),
        }
    }

    fn chat(&mut self, provider: &str, body: &[u8]) -> Result<Exchange, Broken> {
        match self {
            Self::World(world, clock) => Ok(world.answer(provider, body, clock.now())),
            Self::Script(answers) => {
                answers.pop_front().unwrap_or_else(|| Err(Broken("the script has no answer left".into())))
            }
        }
    }

    fn models(&self, provider: &str) -> Exchange {
        match self {
            Self::World(world, _) => world.models(provider),
            Self::Script(_) => Exchange::whole(404, "{}"),
        }
    }
}

/// `quick` in `http://127.0.0.1:40123/quick/v1/chat/completions`.
fn provider_in(url: &str) -> Option<&str> {
    url.strip_suffix("/v1/chat/completions")?.rsplit('/').next().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_provider_stands_in_the_url() {
        assert_eq!(provider_in("http://127.0.0.1:1/quick/v1/chat/completions"), Some("quick"));
        assert_eq!(provider_in("sim://quick/v1/chat/completions"), Some("quick"));
        assert_eq!(provider_in("https://api.example.com/v1/models"), None);
        assert_eq!(provider_in("sim:///v1/chat/completions"), None);
    }
}
