//! Floor 6: arguments to Config to one command to an exit code. Knows all, defines nothing that others need.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::shell::ask::{self, Ended, say};
use crate::shell::engine::{self, Config, StartError};
use crate::shell::run;

/// Something went wrong, and a sentence on stderr said what.
const FAILED: u8 = 1;
/// Called in a way that cannot work: wrong arguments, no terminal.
const USAGE: u8 = 2;
/// Another process holds the data folder.
const HELD: u8 = 3;
/// Stopped by Ctrl+C.
const STOPPED: u8 = 130;

const ABOUT: &str = "A terminal dashboard that gets the most out of free AI APIs";

const MORE: &str = "\
Without a command it opens the dashboard: a chat whose every answer comes from the next provider,
a gauge for each provider's quota, and a log of every request. Press ? or F1 in it for the keys.

In this version all providers are simulated: no model answers, nothing leaves this computer.

Examples:
  roundel                              open the dashboard
  roundel ask 'how does rotation work' one answer on stdout, everything else on stderr
  git diff | roundel ask 'review this' what is piped in stands behind the question
  roundel --ephemeral                  keep nothing

Exit codes:
  0  done    1  failed, stderr says why    2  wrong call, or no terminal
  3  another roundel holds the data folder    130  stopped by Ctrl+C

Environment:
  NO_COLOR     any value: no colours
  ROUNDEL_LOG  level of the log file in the data folder: error, warn (default), info, debug";

#[derive(Debug, Parser)]
#[command(name = "roundel", version, about = ABOUT, after_help = MORE, max_term_width = 100)]
struct Args {
    /// Keep data in this folder instead of the platform's
    #[arg(long, global = true, value_name = "DIR", env = "ROUNDEL_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// Keep nothing: no chat, no log, no counters, no file
    #[arg(long, global = true)]
    ephemeral: bool,
    #[command(subcommand)]
    command: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Ask one question; the answer goes to stdout
    Ask {
        /// The question; what is piped in stands behind it
        #[arg(trailing_var_arg = true, allow_hyphen_values = false)]
        question: Vec<String>,
    },
}

/// Runs the program.
pub fn run() -> ExitCode {
    let args = Args::parse();
    let config = Config { data_dir: args.data_dir, ephemeral: args.ephemeral };
    let code = match args.command {
        None => dashboard(&config),
        Some(Verb::Ask { question }) => ask_command(&config, &question),
    };
    ExitCode::from(code)
}

fn dashboard(config: &Config) -> u8 {
    match run::dashboard(config) {
        Ok(()) => 0,
        Err(run::Ended::NoScreen(error)) => told(&error.to_string(), error.exit_code()),
        Err(run::Ended::NotStarted(error)) => not_started(&error),
        Err(run::Ended::Failed(report)) => told(&report, FAILED),
        Err(run::Ended::Signal(code)) => code,
    }
}

fn ask_command(config: &Config, words: &[String]) -> u8 {
    let question = match ask::question(words) {
        Ok(question) => question,
        Err(error) => return told(&error.to_string(), USAGE),
    };
    let runtime = match engine::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return told(&format!("cannot start: {error}"), FAILED),
    };
    match runtime.block_on(ask::ask(config, question)) {
        Ok(Ended::Answered) => 0,
        Ok(Ended::Failed) => FAILED,
        Ok(Ended::Stopped) => STOPPED,
        Err(error) => not_started(&error),
    }
}

fn not_started(error: &StartError) -> u8 {
    let code = if matches!(error, StartError::Held(_)) { HELD } else { FAILED };
    told(&error.to_string(), code)
}

fn told(sentence: &str, code: u8) -> u8 {
    say(sentence);
    code
}
