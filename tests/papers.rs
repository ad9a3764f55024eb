//! What is installed beside the program: completions and the pages of the manual. What `--help` names is in them.

use std::io::Write;
use std::process::{Command, Stdio};

const ROUNDEL: &str = env!("CARGO_BIN_EXE_roundel");

fn printed(args: &[&str]) -> String {
    let output = Command::new(ROUNDEL).env_clear().env("COLUMNS", "100").args(args).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that `--help` lists.
fn commands() -> Vec<String> {
    let help = printed(&["--help"]);
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    let names = list.lines().filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')));
    let names: Vec<String> = names.map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert!(names.len() > 10, "{names:?}");
    names.into_iter().filter(|name| name != "help").collect()
}

/// The long options that a page of help lists.
fn options(help: &str) -> Vec<String> {
    let long = |line: &str| {
        let rest = line.trim_start().strip_prefix("--").or_else(|| line.split_once(", --").map(|(_, rest)| rest))?;
        Some(format!("--{}", rest.split([' ', '=']).next()?))
    };
    let (_, options) = help.split_once("\nOptions:\n").unwrap();
    let own = options.lines().take_while(|line| line.is_empty() || line.starts_with(' '));
    own.filter(|line| line.trim_start().starts_with('-')).filter_map(long).collect()
}

#[test]
fn completions_name_all_there_is() {
    let bash = printed(&["completions", "bash"]);
    for command in commands() {
        let help = printed(&[&command, "--help"]);
        let named = options(&help);
        assert!(["--data-dir", "--help"].iter().all(|one| named.iter().any(|name| name == one)), "{command} {named:?}");
        let block = format!("roundel__subcmd__{command})");
        let (_, block) = bash.split_once(&block).unwrap_or_else(|| panic!("no {block}"));
        let (_, block) = block.split_once("opts=\"").unwrap();
        let words: Vec<&str> = block.split('"').next().unwrap().split(' ').collect();
        for option in named {
            assert!(words.contains(&option.as_str()), "{command} {option} in {words:?}");
        }
    }
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        assert!(printed(&["completions", shell]).contains("simulate"), "{shell}");
    }
    let refused = Command::new(ROUNDEL).args(["completions", "tcsh"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    // Where there is a bash, it reads them.
    let reader = Command::new("bash").arg("-n").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut reader) = reader else { return };
    reader.stdin.take().unwrap().write_all(bash.as_bytes()).unwrap();
    let read = reader.wait_with_output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
}

#[test]
fn each_command_has_a_page_of_the_manual() {
    let whole = printed(&["man"]);
    assert!(
        whole.contains(".TH roundel 1") && whole.contains("ROUNDEL\\_DATA\\_DIR") | whole.contains("ROUNDEL_DATA_DIR")
    );
    for command in commands() {
        assert!(whole.contains(&format!("roundel\\-{command}(1)")), "{command}");
        let page = printed(&["man", &command]);
        assert!(page.contains(&format!(".TH roundel-{command} 1")), "{page}");
        for option in options(&printed(&[&command, "--help"])) {
            assert!(page.contains(&option.replace('-', "\\-")), "{command} {option}");
        }
    }
    assert!(!whole.contains("completions"), "what is hidden has no page");
    let unknown = Command::new(ROUNDEL).args(["man", "nobody"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("there is no command `nobody`; there are ask, "));
}
