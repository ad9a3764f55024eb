//! Floor 6: arguments to Config to one command to an exit code. Knows all, defines nothing that others need.

use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::shell::ask::say;
use crate::shell::engine::{self, Config, Mode};
use crate::shell::inspect::{self, Wanted};
use crate::shell::simulate::{self, Demanded, Name, worlds};
use crate::shell::sources::gather;
use crate::shell::{check, ended, models, plain, providers, run, serve};

/// What the shell is told at the end.
mod exit;

/// What scripts and status bars call.
mod pipes;

/// What is installed beside the program.
mod papers;

use crate::cli::exit::{FAILED, USAGE, not_started, told};

const ABOUT: &str = "A terminal dashboard that gets the most out of free AI APIs";

const MORE: &str = "\
Without a command it opens the dashboard: a chat whose every answer comes from the next provider,
a gauge for each provider's quota, and a log of every request. Press ? or F1 in it for the keys.

With a provider's key in the environment (GROQ_API_KEY, GEMINI_API_KEY, ...) it uses real providers;
without any it opens a demo on simulated ones. `roundel providers` says which keys there are, what
each provider gives for free, and where a key is had. Nothing that costs money is used unless you
switch it on.

Several at once on one data folder share one state: the first one holds it, the others attach to it, and
one of them takes over when it ends.

Examples:
  roundel                              open the dashboard
  roundel providers                    what was found, what is missing, limits with date and source
  roundel models openrouter            what it lists: free, new, gone; how to take a new one in
  roundel check groq                   one small question to each lane of an account
  roundel ask 'how does rotation work' one answer on stdout, everything else on stderr
  git diff | roundel ask 'review this' what is piped in stands behind the question
  roundel status --line                one short line for tmux and other status bars
  roundel log --since 1h --status 4xx  what was refused in the last hour
  roundel disable groq --for 2h        out of the rotation, and back by itself
  curl -i ... | roundel inspect --provider groq -
                                       what a provider's response means to roundel, and why
  roundel simulate --with mistral      a simulated day: what would a Mistral key add to it?
  roundel serve                        OpenAI's chat API at http://127.0.0.1:4114/v1, without a screen
  roundel --demo                       the simulated providers, whatever keys there are
  roundel --plain                      sentences instead of a screen, for screen readers and logs

Exit codes:
  0  done    1  failed, stderr says why    2  wrong call, a name that nothing has, or no terminal
  3  another roundel holds the data folder, and cannot be attached to
  130  stopped by Ctrl+C, or by who reads the answer

Environment:
  NO_COLOR      any value: no colours
  ACCESSIBLE    any value: the dashboard hints at --plain, which says everything in sentences
  HTTPS_PROXY   the proxy for providers outside this computer
  OLLAMA_HOST   where Ollama is, if not on port 11434 here
  ROUNDEL_LOG   level of the log file in the data folder: error, warn (default), info, debug";

#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Debug, Parser)]
#[command(name = "roundel", version, about = ABOUT, after_help = MORE, max_term_width = 100)]
struct Args {
    /// Keep data in this folder instead of the platform's
    #[arg(long, global = true, value_name = "DIR", env = "ROUNDEL_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// Keep nothing: no chat, no log, no counters, no file
    #[arg(long, global = true)]
    ephemeral: bool,
    /// Read this config instead of the platform's
    #[arg(long, global = true, value_name = "FILE", env = "ROUNDEL_CONFIG")]
    config: Option<PathBuf>,
    /// Use the simulated providers, whatever keys there are
    #[arg(long, global = true, conflicts_with = "ollama")]
    demo: bool,
    /// Use the Ollama on this computer, though there is no key
    #[arg(long, global = true)]
    ollama: bool,
    /// No screen: the same events as sentences on stdout, a question for each line of stdin
    #[arg(long)]
    plain: bool,
    #[command(subcommand)]
    command: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Ask one question; the answer goes to stdout
    Ask(pipes::Ask),
    /// What is left of each lane, and who rests: for people, scripts, status bars. Asks no provider
    Status(pipes::Status),
    /// The attempts that are kept, newest last
    Log(pipes::Log),
    /// Take lanes out of the rotation
    Disable(pipes::Disable),
    /// Take lanes back into the rotation
    Enable(pipes::Enable),
    /// Print what tells other programs where roundel's endpoint is
    Env(pipes::Env),
    /// Serve the chat API that most tools speak, without a screen
    Serve {
        /// Instead of the config's; where it is taken, the next free one
        #[arg(long)]
        port: Option<u16>,
        /// Instead of the config's; any other than this computer's own needs a token in the config
        #[arg(long)]
        address: Option<IpAddr>,
    },
    /// List the providers: what was found, what each of the others wants
    Providers,
    /// List the models of each provider, as it lists them itself: which are free, new, gone, not for this key
    Models {
        /// Ask again, though the list that is kept is younger than a day
        #[arg(long)]
        refresh: bool,
        /// One JSON object
        #[arg(long)]
        json: bool,
        /// Providers or accounts: `groq`, `groq@work`; none: all that can be used
        #[arg(value_name = "PROVIDER")]
        providers: Vec<String>,
    },
    /// Send one small question to each lane, after saying what it costs
    Check {
        /// Accounts or lanes: `groq`, `gemini/gemini-3.8-flash`; none: all that are on
        #[arg(value_name = "LANE")]
        lanes: Vec<String>,
    },
    /// Say what recorded responses mean: limits, waits, refusals, streams, lists of models
    Inspect {
        /// Who answered, over what the recordings say; raw HTTP needs it
        #[arg(long, value_name = "ID")]
        provider: Option<String>,
        /// One JSON object per recording
        #[arg(long, conflicts_with = "check")]
        json: bool,
        /// Compare each recording of a folder with what it says it means
        #[arg(long, value_name = "FOLDER", conflicts_with = "files")]
        check: Option<PathBuf>,
        /// Recorded exchanges in JSON, or HTTP as `curl -i` prints it; `-` is what is piped in
        #[arg(value_name = "FILE", required_unless_present = "check")]
        files: Vec<PathBuf>,
    },
    /// Simulate a day on simulated providers: what would be answered, refused, waited for
    Simulate {
        /// A world's file, or one that comes with roundel: today, ample, tight, liar, silent, flapping, dst, restart
        #[arg(value_name = "WORLD", default_value = worlds::TODAY)]
        world: String,
        /// Who routes; all of them, unless some are named
        #[arg(long, value_enum, value_delimiter = ',')]
        policy: Vec<Name>,
        /// Who asks
        #[arg(long, value_enum, default_value = "saturating")]
        demand: Demanded,
        /// For so long, instead of what the world says
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=744))]
        hours: Option<u32>,
        /// With so many seeds
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
        seeds: u32,
        /// So many ask, instead of what the world says
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
        callers: Option<u32>,
        /// What would this provider add to the day? One of the world, or of `today`
        #[arg(long, value_name = "PROVIDER", value_delimiter = ',')]
        with: Vec<String>,
        /// Leave this provider out; without --with, show what that costs
        #[arg(long, value_name = "PROVIDER", value_delimiter = ',')]
        without: Vec<String>,
        /// One JSON object per policy and seed
        #[arg(long)]
        json: bool,
    },
    /// Print the completions for a shell
    #[command(hide = true)]
    Completions { shell: papers::For },
    /// Print a page of the manual: the program's, or that of a command
    #[command(hide = true)]
    Man { command: Option<String> },
}

/// Runs the program.
pub fn run() -> ExitCode {
    let args = Args::parse();
    let mode = match (args.demo, args.ollama) {
        (true, _) => Mode::Demo,
        (_, true) => Mode::Real,
        _ => Mode::ByKeys,
    };
    let config = Config { data_dir: args.data_dir, ephemeral: args.ephemeral, config: args.config, mode };
    let code = match args.command {
        None if args.plain => plain_command(&config),
        None => dashboard(&config),
        Some(Verb::Ask(ask)) => ask.run(&config),
        Some(Verb::Status(status)) => status.run(&config),
        Some(Verb::Log(log)) => log.run(&config),
        Some(Verb::Disable(disable)) => disable.run(&config),
        Some(Verb::Enable(enable)) => enable.run(&config),
        Some(Verb::Env(env)) => env.run(&config),
        Some(Verb::Serve { port, address }) => serve_command(&config, port, address),
        Some(Verb::Providers) => providers_command(&config),
        Some(Verb::Models { refresh, json, providers }) => {
            models_command(&config, &models::Wanted { refresh, json, providers })
        }
        Some(Verb::Check { lanes }) => check_command(&config, &lanes),
        Some(Verb::Inspect { provider, json: _, check: Some(folder), files: _ }) => {
            compare(&folder, provider.as_deref())
        }
        Some(Verb::Inspect { provider, json, check: None, files }) => {
            inspect_command(&Wanted { provider, json, files })
        }
        Some(Verb::Simulate { world, policy, demand, hours, seeds, callers, with, without, json }) => {
            simulate_command(&simulate::Wanted {
                world,
                policies: policy,
                demand,
                hours,
                seeds,
                callers,
                with,
                without,
                json,
            })
        }
        Some(Verb::Completions { shell }) => printed(&papers::completions(Args::command(), shell)),
        Some(Verb::Man { command }) => match papers::page(Args::command(), command.as_deref()) {
            Ok(page) => printed(&page),
            Err(sentence) => told(&sentence, USAGE),
        },
    };
    ExitCode::from(code)
}

/// Prints it; that nobody reads it to its end is no fault.
fn printed(bytes: &[u8]) -> u8 {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => told(&format!("cannot write: {error}"), FAILED),
        _ => 0,
    }
}

fn providers_command(config: &Config) -> u8 {
    match gather(config.config.as_deref()) {
        Ok(sources) => printed(providers::report(&sources).as_bytes()),
        Err(sentence) => told(&sentence, FAILED),
    }
}

fn plain_command(config: &Config) -> u8 {
    let runtime = match engine::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return told(&format!("cannot start: {error}"), FAILED),
    };
    let ended = runtime.block_on(plain::plain(config));
    // Its reader may wait for a line that never comes.
    runtime.shutdown_background();
    match ended {
        Ok(code) => code,
        Err(error) => not_started(&error),
    }
}

fn check_command(config: &Config, lanes: &[String]) -> u8 {
    let runtime = match engine::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return told(&format!("cannot start: {error}"), FAILED),
    };
    match runtime.block_on(check::check(config, lanes)) {
        Ok(true) => 0,
        Ok(false) => FAILED,
        Err(error) => not_started(&error),
    }
}

fn serve_command(config: &Config, port: Option<u16>, address: Option<IpAddr>) -> u8 {
    let runtime = match engine::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return told(&format!("cannot start: {error}"), FAILED),
    };
    match runtime.block_on(serve::serve(config, port, address)) {
        Ok(()) => 0,
        Err(error) => not_started(&error),
    }
}

fn models_command(config: &Config, wanted: &models::Wanted) -> u8 {
    let runtime = match engine::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return told(&format!("cannot start: {error}"), FAILED),
    };
    match runtime.block_on(models::models(config, wanted)) {
        Ok(true) => 0,
        Ok(false) => FAILED,
        Err(models::NotListed::Usage(sentence)) => told(&sentence, USAGE),
        Err(models::NotListed::Failed(sentence)) => told(&sentence, FAILED),
    }
}

fn simulate_command(wanted: &simulate::Wanted) -> u8 {
    match simulate::simulate(wanted) {
        Ok(report) => {
            let _ = io::stdout().lock().write_all(report.as_bytes());
            0
        }
        Err(sentence) => told(&sentence, FAILED),
    }
}

fn inspect_command(wanted: &Wanted) -> u8 {
    let (report, faults) = inspect::inspect(wanted);
    let _ = io::stdout().lock().write_all(report.as_bytes());
    for fault in &faults {
        say(fault);
    }
    if faults.is_empty() { 0 } else { FAILED }
}

fn compare(folder: &Path, provider: Option<&str>) -> u8 {
    match inspect::check(folder, provider) {
        Ok((report, good)) => {
            let _ = io::stdout().lock().write_all(report.as_bytes());
            if good { 0 } else { FAILED }
        }
        Err(sentence) => told(&sentence, FAILED),
    }
}

fn dashboard(config: &Config) -> u8 {
    match run::dashboard(config) {
        Ok(()) => 0,
        Err(ended::Ended::NoScreen(error)) => told(&error.to_string(), error.exit_code()),
        Err(ended::Ended::NotStarted(error)) => not_started(&error),
        Err(ended::Ended::Failed(report)) => told(&report, FAILED),
        Err(ended::Ended::Signal(code)) => code,
    }
}
