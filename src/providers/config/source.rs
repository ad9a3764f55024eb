//! Where a key is: in the environment, in a file, in what a command prints, or in the config itself. Reading says where;
//! fetching is done by whoever may open files and start programs. No message shows what a key is.

use crate::domain::roster::Secret;

/// Where a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// In an environment variable: `env:NAME`.
    Env(String),
    /// In a file: `file:PATH`; `~` is the home folder.
    File(String),
    /// In what a command prints: `cmd:COMMAND`, run by `sh -c`.
    Command(String),
    /// Here.
    Literal(Secret),
}

/// What is wrong with the text of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// Nothing in it.
    #[error("it is empty")]
    Empty,
    /// Two words, or two lines.
    #[error("it has a space or a line break inside")]
    Space,
    /// What no header can carry.
    #[error("it has a character that no key has (a control character, or one beyond ASCII)")]
    Character,
}

impl KeySource {
    /// Reads a key's place. Err: what is wrong, without the text.
    pub fn read(text: &str) -> Result<Self, String> {
        if let Some(source) = Self::place(text)? {
            return Ok(source);
        }
        let key = clean(text).map_err(|bad| format!("this is no key: {bad}"))?;
        let name = text.trim().trim_start_matches('$').trim_matches(['{', '}']);
        if name != text.trim() || (name.ends_with("_KEY") || name.ends_with("_TOKEN")) && variable(name) {
            return Err("this looks like the name of an environment variable; write `env:NAME`".into());
        }
        Ok(Self::Literal(key))
    }

    /// Reads the place of a header's value, which unlike a key may have spaces inside.
    pub fn header(text: &str) -> Result<Self, String> {
        if let Some(source) = Self::place(text)? {
            return Ok(source);
        }
        value(text).map(Self::Literal).map_err(|bad| format!("this is no header value: {bad}"))
    }

    /// The place in words, without any secret: `GROQ_API_KEY`, `the file ~/.key`.
    pub fn words(&self) -> String {
        match self {
            Self::Env(name) => name.clone(),
            Self::File(path) => format!("the file {path}"),
            Self::Command(command) => format!("the command `{command}`"),
            Self::Literal(_) => "the config".into(),
        }
    }

    fn place(text: &str) -> Result<Option<Self>, String> {
        let Some((kind, rest)) = text.split_once(':') else { return Ok(None) };
        let rest = rest.trim();
        let source = match kind.trim() {
            "env" if variable(rest) => Self::Env(rest.to_owned()),
            "env" => return Err("after `env:` goes the name of an environment variable, such as GROQ_API_KEY".into()),
            "file" if !rest.is_empty() => Self::File(rest.to_owned()),
            "file" => return Err("after `file:` goes a path, such as ~/.config/keys/groq".into()),
            "cmd" if !rest.is_empty() => Self::Command(rest.to_owned()),
            "cmd" => return Err("after `cmd:` goes a command that prints the key, such as `pass show groq`".into()),
            kind @ ("ENV" | "Env" | "environment" | "path" | "File" | "FILE" | "command" | "sh" | "CMD" | "Cmd") => {
                return Err(format!("`{kind}:` is no place for a key; write `env:`, `file:` or `cmd:`"));
            }
            _ => return Ok(None),
        };
        Ok(Some(source))
    }
}

/// A key as it was meant: without spaces, line breaks and quotes around it. Most wrong keys are copied with one of them.
pub fn clean(text: &str) -> Result<Secret, BadKey> {
    let bare = strip(text);
    if bare.chars().any(char::is_whitespace) { Err(BadKey::Space) } else { value(bare) }
}

/// The value of a header: as a key, but with spaces inside.
pub fn value(text: &str) -> Result<Secret, BadKey> {
    let bare = strip(text);
    match () {
        () if bare.is_empty() => Err(BadKey::Empty),
        () if !bare.chars().all(|c| c == ' ' || c.is_ascii_graphic()) => Err(BadKey::Character),
        () => Ok(Secret::new(bare)),
    }
}

fn strip(text: &str) -> &str {
    let bare = text.trim();
    let quoted = |quote| bare.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    quoted('"').or_else(|| quoted('\'')).map_or(bare, str::trim)
}

/// Whether this can be the name of an environment variable.
fn variable(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && name.chars().all(fits) && !name.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_cleaned_of_what_copying_adds() {
        for (text, key) in [
            ("sk-1", Ok("sk-1")),
            ("  sk-1\n", Ok("sk-1")),
            ("\"sk-1\"\r\n", Ok("sk-1")),
            ("' sk-1 '", Ok("sk-1")),
            ("", Err(BadKey::Empty)),
            (" \"\" ", Err(BadKey::Empty)),
            ("sk 1", Err(BadKey::Space)),
            ("sk-1\nsk-2", Err(BadKey::Space)),
            ("sk\u{7}1", Err(BadKey::Character)),
            ("sk-ö", Err(BadKey::Character)),
        ] {
            assert_eq!(clean(text), key.map(Secret::new), "{text:?}");
        }
        assert_eq!(value("Bearer a b\n"), Ok(Secret::new("Bearer a b")));
    }

    #[test]
    fn a_place_is_read() {
        let literal = |text: &str| KeySource::Literal(Secret::new(text));
        for (text, source) in [
            ("env:GROQ_API_KEY", KeySource::Env("GROQ_API_KEY".into())),
            ("env: GROQ_API_KEY", KeySource::Env("GROQ_API_KEY".into())),
            ("file:~/.key", KeySource::File("~/.key".into())),
            ("cmd:pass show a:b", KeySource::Command("pass show a:b".into())),
            ("gsk_abc", literal("gsk_abc")),
            ("key:with:colons", literal("key:with:colons")),
        ] {
            assert_eq!(KeySource::read(text), Ok(source));
        }
        assert_eq!(KeySource::header("Bearer a"), Ok(literal("Bearer a")));
    }

    #[test]
    fn a_wrong_place_says_what_would_be_right_and_never_the_text() {
        for (text, words) in [
            ("", "this is no key: it is empty"),
            ("sk canary", "this is no key: it has a space or a line break inside"),
            ("env:sk-canary", "after `env:` goes the name of an environment variable, such as GROQ_API_KEY"),
            ("env:", "after `env:` goes the name of an environment variable, such as GROQ_API_KEY"),
            ("file:", "after `file:` goes a path, such as ~/.config/keys/groq"),
            ("cmd: ", "after `cmd:` goes a command that prints the key, such as `pass show groq`"),
            ("$GROQ_API_KEY", "this looks like the name of an environment variable; write `env:NAME`"),
            ("${CANARY}", "this looks like the name of an environment variable; write `env:NAME`"),
            ("GROQ_API_KEY", "this looks like the name of an environment variable; write `env:NAME`"),
            ("command:pass", "`command:` is no place for a key; write `env:`, `file:` or `cmd:`"),
            ("ENV:GROQ", "`ENV:` is no place for a key; write `env:`, `file:` or `cmd:`"),
        ] {
            assert_eq!(KeySource::read(text), Err(words.to_owned()));
        }
    }
}
