//! What scripts and status bars call: `ask`, `status`, `log`, `disable`, `enable`, `env`. Arguments to what the shell's
//! commands want, and how they end.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::cli::exit::{FAILED, STOPPED, USAGE, not_done, not_started, told};
use crate::domain::clock::Clock;
use crate::domain::conversation::Origin;
use crate::domain::filter::{self, Ended};
use crate::domain::span::span;
use crate::shell::ask::out::put;
use crate::shell::ask::{self, Show};
use crate::shell::engine::{self, Config};
use crate::shell::exports::{Shell, exports};
use crate::shell::sources::glance;
use crate::shell::visit::{NotDone, print};
use crate::shell::{rows, status, switch};
use crate::store::peek::Filter;

const STDIN: &str = "\
What is piped in stands behind the words. Beside words it is waited for 3 s: an open pipe into which \
nobody writes (cron, ssh, an editor) holds nothing up, and that it was left out is said. With `-` among \
the words, or without any, it is read to its end however long that takes.

Exit codes: 0 answered, 1 not answered or broken off, 2 wrong call or unknown name, 3 another roundel \
holds the data folder and cannot be attached to, 130 stopped by Ctrl+C or by who reads the answer.

  git diff --staged | roundel ask -s 'You write commit messages.' 'One for this:' | git commit -eF -
  roundel ask -x 'a shell one-liner that lists the ten largest files'
  roundel ask -c 'and in fish?'";

/// `roundel ask`.
#[derive(Debug, Args)]
#[command(after_help = STDIN)]
pub(in crate::cli) struct Ask {
    /// Only this lane, or the lanes of this account: `groq/openai/gpt-oss-120b`, `groq/*`
    #[arg(short, long, value_name = "LANE|ACCOUNT/*")]
    model: Option<String>,
    /// Instructions before the question
    #[arg(short, long, value_name = "TEXT")]
    system: Option<String>,
    /// One JSON object at the end: answer, lane, attempts, tokens, times
    #[arg(long, conflicts_with = "code")]
    json: bool,
    /// Send the last question that a script asked here, and its answer, along
    #[arg(short, long = "continue")]
    continued: bool,
    /// Only the first fenced block of code
    #[arg(short = 'x', long)]
    code: bool,
    /// Wait at most so long for a lane; three minutes, unless this is given
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(0..=86_400))]
    patience: Option<u32>,
    /// The question; `-` waits for what is piped in
    question: Vec<String>,
}

impl Ask {
    pub(in crate::cli) fn run(self, config: &Config) -> u8 {
        let question = match ask::question(&self.question) {
            Ok(question) => question,
            Err(error) => return told(&error.to_string(), USAGE),
        };
        let show = match (self.json, self.code) {
            (true, _) => Show::Json,
            (_, true) => Show::Code,
            _ => Show::Text,
        };
        let patience = self.patience.map(|seconds| Duration::from_secs(seconds.into()));
        let wanted = ask::Wanted { model: self.model, system: self.system, continued: self.continued, show, patience };
        let runtime = match engine::runtime() {
            Ok(runtime) => runtime,
            Err(error) => return told(&format!("cannot start: {error}"), FAILED),
        };
        match runtime.block_on(ask::ask(config, question, wanted)) {
            Ok(ask::Ended::Answered) => 0,
            Ok(ask::Ended::Failed) => FAILED,
            Ok(ask::Ended::Unusable) => USAGE,
            Ok(ask::Ended::Stopped) => STOPPED,
            Err(error) => not_started(&error),
        }
    }
}

/// `roundel status`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Status {
    /// One JSON object: every figure with its evidence and age, why a lane rests and until when
    #[arg(long, conflicts_with = "line")]
    json: bool,
    /// One line of less than 60 columns, without colours
    #[arg(long)]
    line: bool,
    /// Print a line at each change, at most one a second
    #[arg(long)]
    watch: bool,
}

impl Status {
    pub(in crate::cli) fn run(&self, config: &Config) -> u8 {
        let form = match (self.json, self.line || self.watch) {
            (true, _) => status::Form::Json,
            (_, true) => status::Form::Line,
            _ => status::Form::Words,
        };
        if self.watch { run(status::watch(config, form)) } else { run(status::status(config, form)) }
    }
}

const KEPT: &str = "\
The log keeps 90 days and 200,000 rows, unless [log] in the config says otherwise.";

/// `roundel log`.
#[derive(Debug, Args)]
#[command(after_help = KEPT)]
pub(in crate::cli) struct Log {
    /// One JSON object for each attempt, on a line of its own
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Comma-separated values, with their names in the first line
    #[arg(long)]
    csv: bool,
    /// Only of this lane, or of this account
    #[arg(long, value_name = "LANE|ACCOUNT")]
    lane: Option<String>,
    /// Only of who asked there
    #[arg(long, value_enum)]
    origin: Option<Asker>,
    /// Only what ended so: 429, 4xx, answered, failed, cancelled, interrupted, running, rate-limited, overloaded, ...
    #[arg(long, value_parser = ended)]
    status: Option<Ended>,
    /// Only what started within so long: 90s, 15m, 2h, 1d
    #[arg(long, value_name = "SPAN", value_parser = span)]
    since: Option<Duration>,
    /// Only where this stands in the question, the answer, the lane's name or what came of it
    #[arg(long)]
    text: Option<String>,
    /// At most so many, the newest
    #[arg(short, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    newest: u32,
    /// Go on with those that end from now on
    #[arg(long)]
    follow: bool,
    /// Only what all of this says, as in the dashboard: words, `!word`, lane:groq, origin:api, status:4xx,
    /// `class:rate_limited`, since:1h
    #[arg(value_name = "FILTER")]
    terms: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Asker {
    Chat,
    Ask,
    #[value(alias = "endpoint")]
    Api,
    Probe,
}

impl Log {
    pub(in crate::cli) fn run(self, config: &Config) -> u8 {
        let form = match (self.json, self.csv) {
            (true, _) => rows::Form::Json,
            (_, true) => rows::Form::Csv,
            _ => rows::Form::Words,
        };
        let origin = self.origin.map(|origin| match origin {
            Asker::Chat => Origin::Chat,
            Asker::Ask => Origin::Ask,
            Asker::Api => Origin::Endpoint,
            Asker::Probe => Origin::Probe,
        });
        let terms = match filter::Filter::of_words(&self.terms, Clock::System.now()) {
            Ok(terms) => terms,
            Err(bad) => return told(&bad.0, USAGE),
        };
        let filter = Filter {
            lane: self.lane.map(|lane| lane.strip_suffix("/*").unwrap_or(&lane).to_owned()),
            origin,
            ended: self.status,
            since: self.since.map(|span| Clock::System.now().minus(span)),
            text: self.text,
            terms,
            after: None,
        };
        let wanted = rows::Wanted { filter, newest: self.newest, form, follow: self.follow };
        run(rows::log(config, &wanted))
    }
}

/// `429`, `4xx`, `failed`, `rate-limited`.
fn ended(text: &str) -> Result<Ended, String> {
    Ended::read(text).map_err(|bad| bad.0)
}

/// `roundel disable`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Disable {
    /// Lanes or accounts: `groq/openai/gpt-oss-120b`, `groq`
    #[arg(required = true, value_name = "LANE|ACCOUNT")]
    lanes: Vec<String>,
    /// For so long: 90s, 15m, 2h, 1d; then the lane stands as before any hand, and one that costs money is off
    #[arg(long = "for", value_name = "SPAN", value_parser = span)]
    span: Option<Duration>,
}

impl Disable {
    pub(in crate::cli) fn run(self, config: &Config) -> u8 {
        switched(config, &switch::Wanted { names: self.lanes, on: false, span: self.span })
    }
}

/// `roundel enable`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Enable {
    /// Lanes or accounts; a lane that costs money, or may, wants its own name
    #[arg(required = true, value_name = "LANE|ACCOUNT")]
    lanes: Vec<String>,
}

impl Enable {
    pub(in crate::cli) fn run(self, config: &Config) -> u8 {
        switched(config, &switch::Wanted { names: self.lanes, on: true, span: None })
    }
}

fn switched(config: &Config, wanted: &switch::Wanted) -> u8 {
    run(async {
        let mut sentences = switch::switch(config, wanted).await?;
        sentences.push(String::new());
        print(&sentences.join("\n")).map(drop)
    })
}

/// `roundel env`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Env {
    /// In whose words; those of $SHELL, unless this is given
    #[arg(long, value_enum)]
    shell: Option<Shell>,
}

impl Env {
    pub(in crate::cli) fn run(&self, config: &Config) -> u8 {
        let own = || Shell::of(std::env::var("SHELL").ok().as_deref());
        let endpoint = match glance(config.config.as_deref()) {
            Ok(sources) => SocketAddr::new(sources.endpoint.address, sources.endpoint.port),
            Err(sentence) => return told(&sentence, FAILED),
        };
        let _ = put(&exports(self.shell.unwrap_or_else(own), endpoint));
        0
    }
}

fn run(command: impl Future<Output = Result<(), NotDone>>) -> u8 {
    let runtime = match engine::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return told(&format!("cannot start: {error}"), FAILED),
    };
    match runtime.block_on(command) {
        Ok(()) => 0,
        Err(error) => not_done(&error),
    }
}
