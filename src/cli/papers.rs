//! What is installed beside the program: completions for a shell, and the pages of the manual. Both are made from the
//! arguments as they are, so that they cannot lag behind. Pure but for the words that are handed in.

use clap::{Command, ValueEnum};
use clap_complete::Shell;
use clap_mangen::Man;

/// The shells that there are completions for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum For {
    Bash,
    Zsh,
    Fish,
    Elvish,
    Powershell,
}

/// The completions of a program for a shell.
pub(in crate::cli) fn completions(mut program: Command, shell: For) -> Vec<u8> {
    let shell = match shell {
        For::Bash => Shell::Bash,
        For::Zsh => Shell::Zsh,
        For::Fish => Shell::Fish,
        For::Elvish => Shell::Elvish,
        For::Powershell => Shell::PowerShell,
    };
    let (mut out, name) = (Vec::new(), program.get_name().to_owned());
    clap_complete::generate(shell, &mut program, name, &mut out);
    out
}

/// A page of the manual, as `man` reads it: the program's, or that of one of its commands. Err: the commands that have one.
pub(in crate::cli) fn page(mut program: Command, command: Option<&str>) -> Result<Vec<u8>, String> {
    let source = format!("{} {}", program.get_name(), program.get_version().unwrap_or_default());
    program.build();
    let page = match command {
        None => program,
        Some(wanted) => match program.find_subcommand(wanted).filter(|found| !found.is_hide_set()) {
            Some(found) => found.clone(),
            None => return Err(format!("there is no command `{wanted}`; there are {}", names(&program).join(", "))),
        },
    };
    let mut out = Vec::new();
    // Memory takes everything.
    Man::new(page).source(source).render(&mut out).map_err(|error| error.to_string())?;
    Ok(out)
}

/// The commands that are shown.
fn names(program: &Command) -> Vec<&str> {
    let shown = program.get_subcommands().filter(|one| !one.is_hide_set());
    shown.map(Command::get_name).filter(|name| *name != "help").collect()
}

#[cfg(test)]
mod tests {
    use clap::{Arg, ArgAction};

    use super::*;

    fn program() -> Command {
        let data = Arg::new("data").long("data-dir").env("PATH").global(true).help("Where");
        let json = Arg::new("json").long("json").action(ArgAction::SetTrue);
        let ask = Command::new("ask").about("Ask it").arg(json);
        Command::new("prog").about("It does").arg(data).subcommand(ask).subcommand(Command::new("secret").hide(true))
    }

    #[test]
    fn each_command_has_a_page_and_none_tells_of_the_environment() {
        let page = |command| String::from_utf8(page(program(), command).unwrap()).unwrap();
        let (whole, ask) = (page(None), page(Some("ask")));
        assert!(whole.contains("prog\\-ask(1)") && !whole.contains("secret"), "{whole}");
        assert!(ask.contains(".TH prog-ask 1") && ask.contains("\\-\\-json"), "{ask}");
        let path = std::env::var("PATH").unwrap();
        assert!(whole.contains("PATH") && !whole.contains(&path.replace('-', "\\-")), "{whole}");
        assert_eq!(super::page(program(), Some("secret")).unwrap_err(), "there is no command `secret`; there are ask");
    }

    #[test]
    fn every_shell_hears_of_commands_and_options() {
        for shell in For::value_variants() {
            let text = String::from_utf8(completions(program(), *shell)).unwrap();
            assert!(text.contains("ask") && text.contains("data-dir") && text.contains("json"), "{shell:?}");
        }
    }
}
