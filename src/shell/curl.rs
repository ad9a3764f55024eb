//! A request as a curl command that a shell of the POSIX kind reads. In the place of each secret stands the name of a
//! variable: no key is ever in it.

use std::path::Path;

use crate::app::page::Repeat;
use crate::domain::exchange::KeyHeader;
use crate::domain::ids::AccountId;
use crate::domain::roster::{LaneSpec, Secret};
use crate::providers::wire::encode;
use crate::shell::sources::glance;

/// The command. `key`: the variable that holds the key; None: the lane wants none.
pub fn curl(repeat: &Repeat, key: Option<&str>) -> String {
    // The header of a key goes by the wire; the key itself is not known, and not wanted.
    let lane = LaneSpec { key: key.map(|_| Secret::new("")), ..repeat.lane.clone() };
    let out = encode(&lane, &repeat.request);
    let mut words = vec![format!("curl -sS -N {}", quoted(&out.url))];
    if let Some(host) = out.proxy.as_deref().map(without_user) {
        words.push(format!("--proxy {}", quoted(&host)));
    }
    words.push("-H 'content-type: application/json'".to_owned());
    if let (Some((header, _)), Some(name)) = (&out.key, key) {
        let name = variable(name);
        words.push(match header {
            KeyHeader::Bearer => format!("-H \"authorization: Bearer ${name}\""),
            KeyHeader::Google => format!("-H \"x-goog-api-key: ${name}\""),
        });
    }
    for (name, _) in &out.headers {
        // The name of a header has no character that a shell minds; whatever has one is left out of it.
        let plain: String = name.chars().filter(|char| char.is_ascii_alphanumeric() || "-_".contains(*char)).collect();
        words.push(format!("-H \"{plain}: ${}\"", variable(&plain)));
    }
    words.push(format!("--data-raw {}", quoted(&String::from_utf8_lossy(&out.body))));
    format!("{}\n", words.join(" \\\n  "))
}

/// The variable in which the key of an account is, or might be put; None: it wants no key.
pub fn key_name(config: Option<&Path>, lane: &LaneSpec) -> Option<String> {
    let account = lane.account();
    let made_up = || format!("{}_API_KEY", account.as_str());
    let found = glance(config).ok().and_then(|sources| {
        let found = sources.assembly.found.into_iter().find(|found| found.account == account)?;
        let listed = sources.catalogue.provider(provider(&account)).and_then(|one| one.keys.first().cloned());
        Some((found.key_from, listed))
    });
    match found {
        Some((None, _)) => None,
        Some((Some(from), _)) if is_variable(&from) => Some(from),
        // In a file, or printed by a command: the usual name is as good as any.
        Some((Some(_), listed)) => Some(listed.unwrap_or_else(made_up)),
        None => lane.key.is_some().then(made_up),
    }
}

fn provider(account: &AccountId) -> &str {
    account.as_str().split('@').next().unwrap_or_default()
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
}

/// `text` as the name of a variable.
fn variable(text: &str) -> String {
    let fits = |char: char| if char.is_ascii_alphanumeric() { char.to_ascii_uppercase() } else { '_' };
    let name: String = text.chars().map(fits).collect();
    if name.starts_with(|char: char| char.is_ascii_digit()) { format!("_{name}") } else { name }
}

fn without_user(proxy: &str) -> String {
    match proxy.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", rest.rsplit_once('@').map_or(rest, |(_, host)| host)),
        None => proxy.to_owned(),
    }
}

/// A text in single quotes, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\0', "").replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::conversation::{Message, Request, Role};
    use crate::domain::roster::{Dialect, Wire};

    fn repeat(wire: Wire, prompt: &str) -> Repeat {
        let lane = LaneSpec {
            key: Some(Secret::new("sk-canary")),
            headers: vec![("X-Team $(id)".into(), Secret::new("canary-2"))],
            proxy: Some("http://ada:canary-3@proxy:3128".into()),
            ..LaneSpec::new("groq@work/m".into(), wire, Dialect::Groq, "https://api.example/v1")
        };
        let messages = vec![Message::text(Role::User, prompt)];
        Repeat { lane, request: Request { messages, ..Request::default() } }
    }

    /// What the command hands to curl, said by a real shell.
    #[cfg(unix)]
    fn arguments(command: &str) -> Vec<String> {
        let script =
            format!("curl() {{ for it; do printf '%s\\0' \"$it\"; done; }}\nGROQ_API_KEY=k X_TEAMID=t\n{command}");
        let said = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        let text = String::from_utf8(said.stdout).unwrap();
        text.split_terminator('\0').map(str::to_owned).collect()
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_reads_back_whatever_was_asked() {
        for prompt in [
            "it's \"quoted\"",
            "$(touch /nowhere) `id` $HOME !!",
            "two\nlines\\\n\\",
            "@file",
            "-o x",
            "'; exit 7; '",
            "日本 🦀 \u{1b}[31m",
            "%s \\0 \\x41",
            "",
        ] {
            let command = curl(&repeat(Wire::Openai, prompt), Some("GROQ_API_KEY"));
            let arguments = arguments(&command);
            let body = arguments.last().unwrap();
            let body: serde_json::Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{body}: {error}"));
            assert_eq!(body["messages"][0]["content"], prompt, "{command}");
            assert_eq!(
                arguments[..arguments.len() - 2],
                [
                    "-sS",
                    "-N",
                    "https://api.example/v1/chat/completions",
                    "--proxy",
                    "http://proxy:3128",
                    "-H",
                    "content-type: application/json",
                    "-H",
                    "authorization: Bearer k",
                    "-H",
                    "X-Teamid: t"
                ]
            );
        }
    }

    #[test]
    fn no_secret_is_in_it() {
        for wire in [Wire::Openai, Wire::Gemini, Wire::Ollama] {
            for key in [Some("GROQ_API_KEY"), None] {
                let command = curl(&repeat(wire, "x"), key);
                assert!(!command.contains("canary"), "{command}");
                assert_eq!(command.contains("$GROQ_API_KEY"), key.is_some(), "{command}");
            }
        }
        assert!(curl(&repeat(Wire::Gemini, "x"), Some("K")).contains("-H \"x-goog-api-key: $K\""));
        assert_eq!(variable("4work; rm"), "_4WORK__RM");
    }
}
