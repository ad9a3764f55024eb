//! `roundel ask` and the command line, without a terminal.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::pty::ROUNDEL;

fn roundel(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(ROUNDEL);
    command.env_clear().env("HOME", home).env("LANG", "C.UTF-8").args(args).stdin(Stdio::null());
    command
}

fn run(home: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    read(roundel(home, args).output().unwrap())
}

fn read(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_answer_alone_is_on_stdout() {
    let home = tempfile::tempdir().unwrap();
    let (code, out, err) = run(home.path(), &["ask", "what", "is", "the", "log?"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.starts_with("This is `quick`, simulated") && out.ends_with('\n'), "{out}");
    assert!(err.starts_with("roundel: SIMULATED") && err.contains("quick/small-8b  "), "{err}");
    // The rotation goes on where it was.
    let (_, out, _) = run(home.path(), &["ask", "log"]);
    assert!(out.contains("steady"), "{out}");
}

#[test]
fn what_is_piped_in_stands_behind_the_question() {
    let home = tempfile::tempdir().unwrap();
    let piped = home.path().join("in");
    std::fs::write(&piped, "how does rotation work?").unwrap();
    let mut command = roundel(home.path(), &["ask", "--ephemeral"]);
    let (code, out, _) = read(command.stdin(std::fs::File::open(piped).unwrap()).output().unwrap());
    assert_eq!(code, Some(0));
    assert!(out.contains("go round"), "{out}");
}

#[test]
fn wrong_calls_say_what_to_do_and_exit_with_2() {
    let home = tempfile::tempdir().unwrap();
    for (args, said) in [
        (&["ask"][..], "nothing to ask"),
        (&[], "needs a terminal; use `roundel ask`"),
        (&["askk"], "ask"),
        (&["--data-dri", "x"], "--data-dir"),
    ] {
        let (code, out, err) = run(home.path(), args);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{args:?}: {err}");
        assert!(err.contains(said), "{args:?}: {err}");
    }
}

#[test]
fn help_and_version() {
    let home = tempfile::tempdir().unwrap();
    let (code, out, _) = run(home.path(), &["--help"]);
    assert_eq!(code, Some(0));
    for word in ["--data-dir", "--ephemeral", "ask", "Exit codes", "NO_COLOR"] {
        assert!(out.contains(word), "{word} in {out}");
    }
    let (code, out, _) = run(home.path(), &["--version"]);
    assert_eq!((code, out), (Some(0), format!("roundel {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn a_data_folder_that_cannot_be_used_is_a_sentence() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("file"), "").unwrap();
    let path = home.path().join("file").display().to_string();
    let (code, _, err) = run(home.path(), &["--data-dir", &path, "ask", "x"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("--ephemeral") && err.contains(&path), "{err}");
    // A broken database, too: what is in it is not touched.
    let folder = home.path().join("data");
    std::fs::create_dir_all(folder.join("demo")).unwrap();
    std::fs::write(folder.join("demo/roundel.db"), "not a database at all, but long enough to be looked at").unwrap();
    let (code, _, err) = run(home.path(), &["--data-dir", &folder.display().to_string(), "ask", "x"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("roundel.db") && err.contains("--ephemeral"), "{err}");
}

#[test]
fn a_wrong_config_is_told_with_its_line_and_a_caret() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.toml");
    std::fs::write(&config, "training = \"avoid\"\n\n[providers.groq]\nweigth = 2\n").unwrap();
    for command in [&["ask", "x"][..], &["providers"], &["check"]] {
        let args = [&["--config", config.to_str().unwrap()], command].concat();
        let (code, _, err) = run(home.path(), &args);
        assert_eq!(code, Some(1));
        assert!(err.contains("line 4: unknown key `weigth`; did you mean `weight`?"), "{err}");
        assert!(err.contains("\n4 | weigth") && err.contains("\n  | ^^^^^^"), "{err}");
    }
    let (code, _, err) = run(home.path(), &["--config", "/nowhere/config.toml", "providers"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("cannot read /nowhere/config.toml"), "{err}");
}

#[test]
fn a_key_makes_it_real_and_a_paid_one_answers_nobody() {
    let home = tempfile::tempdir().unwrap();
    let mut command = roundel(home.path(), &["ask", "x"]);
    let (code, out, err) = read(command.env("OPENAI_API_KEY", "sk-canary").output().unwrap());
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(!err.contains("SIMULATED") && err.contains("openai/") && err.contains("off, costs money"), "{err}");
    assert!(!err.contains("canary"));
    let mut command = roundel(home.path(), &["--demo", "ask", "x"]);
    let (code, _, err) = read(command.env("OPENAI_API_KEY", "sk-canary").output().unwrap());
    assert!(code == Some(0) && err.contains("SIMULATED"), "{err}");
}
