//! What is wrong in a file of settings, as its author needs to hear it: the line's number, a caret, what was probably
//! meant. Values are hidden where they may be keys: a message ends on screens and in logs.

use serde::de::DeserializeOwned;

use crate::domain::text::one_line;

/// How lines are cut into names and values.
mod line;

/// A mistake in a file, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.words())]
pub struct Mistake {
    /// The line, from 1; 0: the file as a whole.
    pub line: usize,
    /// The column of the caret, in characters from 1.
    pub column: usize,
    /// How many characters the caret spans, 1 or more.
    pub width: usize,
    /// The line itself, values hidden where they may be keys.
    pub shown: String,
    /// What is wrong, and what would be right.
    pub what: String,
}

/// Which values of a file may be shown in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// All: nothing secret can be in it.
    All,
    /// Those of keys that hold no secret.
    Harmless,
}

impl Mistake {
    /// A mistake at the bytes `span` of `text`.
    pub fn at(text: &str, span: Option<std::ops::Range<usize>>, shown: Shown, what: impl Into<String>) -> Self {
        let what = one_line(&what.into()).into_owned();
        let Some(span) = span else { return Self { line: 0, column: 0, width: 1, shown: String::new(), what } };
        let before = text.get(..span.start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let whole = text.split('\n').nth(line - 1).unwrap_or_default().trim_end_matches('\r');
        let marked = text.get(span).and_then(|marked| marked.split('\n').next()).map_or(0, |one| one.chars().count());
        // A tab is one column, as it is for the caret.
        let whole = one_line(&whole.replace('\t', " ")).into_owned();
        let shown = match shown {
            Shown::All => whole,
            Shown::Harmless => line::masked(&whole),
        };
        Self { line, column, width: marked.max(1), shown, what }
    }

    fn words(&self) -> String {
        if self.line == 0 {
            return self.what.clone();
        }
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        let (pad, caret) = (" ".repeat(self.column - 1), "^".repeat(self.width));
        format!("line {number}: {}\n{gutter} |\n{number} | {}\n{gutter} | {pad}{caret}", self.what, self.shown)
    }
}

/// Reads TOML; what is wrong is said in words that name what was probably meant.
pub fn read<T: DeserializeOwned>(text: &str, shown: Shown) -> Result<T, Mistake> {
    toml::from_str(text).map_err(|error| Mistake::at(text, error.span(), shown, plain(error.message())))
}

/// The one of `known` that `word` was probably meant to be.
pub fn meant<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase().replace('-', "_");
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|one| (distance(&lower, one), one))
        .filter(|(steps, _)| *steps <= allowed)
        .min_by_key(|(steps, _)| *steps)
        .map(|(_, one)| one)
}

/// `; did you mean `x`?`, or nothing.
pub fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    meant(word, known).map(|one| format!("; did you mean `{one}`?")).unwrap_or_default()
}

/// Insertions, deletions, replacements and swaps of neighbours that make one word of the other.
pub fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut older: Vec<usize> = Vec::new();
    let mut old: Vec<usize> = (0..=to.len()).collect();
    let mut last = None;
    for (row, left) in from.chars().enumerate() {
        let mut new = vec![row + 1];
        for (column, right) in to.iter().enumerate() {
            let get = |line: &[usize], at: usize| line.get(at).copied().unwrap_or(usize::MAX - 1);
            let replaced = get(&old, column) + usize::from(left != *right);
            let mut best = replaced.min(get(&old, column + 1) + 1).min(get(&new, column) + 1);
            let before = column.checked_sub(1).and_then(|at| to.get(at));
            if last == Some(*right) && before == Some(&left) {
                best = best.min(get(&older, column - 1) + 1);
            }
            new.push(best);
        }
        older = std::mem::replace(&mut old, new);
        last = Some(left);
    }
    old.last().copied().unwrap_or_default()
}

/// The TOML reader's message in the words of this program. Values are left out of it.
fn plain(message: &str) -> String {
    let message = message.trim_end();
    let quoted = || message.split('`').skip(1).step_by(2);
    let word = quoted().next().unwrap_or_default();
    let known = || quoted().skip(1);
    let all = || known().collect::<Vec<_>>().join(", ");
    let wrong = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "));
    match wrong.and_then(|rest| rest.rsplit_once(", expected ")) {
        Some((found, wanted)) => {
            let found = found.split([' ', '`', '"']).next().unwrap_or_default();
            return format!("expected {}, found {}", kind(wanted), kind(found));
        }
        None if word.chars().count() > line::LONG => return "this is no key of a setting".into(),
        None => {}
    }
    match (message, meant(word, known())) {
        (field, Some(one)) if field.starts_with("unknown field") => {
            format!("unknown key `{word}`; did you mean `{one}`?")
        }
        (field, None) if field.starts_with("unknown field") => format!("unknown key `{word}`; known here: {}", all()),
        (one, Some(near)) if one.starts_with("unknown variant") => {
            format!("`{word}` is not known here; did you mean `{near}`?")
        }
        (one, None) if one.starts_with("unknown variant") => {
            format!("`{word}` is not known here; write one of: {}", all())
        }
        (field, _) if field.starts_with("missing field") => format!("`{word}` is missing"),
        ("duplicate key", _) => "this stands here twice".into(),
        ("wanted string or table", _) => "expected a word in quotes".into(),
        (other, _) => other.strip_suffix(", expected literal string").unwrap_or(other).to_owned(),
    }
}

/// A kind of value as people call it.
fn kind(word: &str) -> &str {
    match word {
        "a string" | "string" => "text in quotes",
        "i64" | "u64" | "u32" | "integer" => "a whole number",
        "floating" | "float" => "a number with a fraction",
        "a boolean" | "boolean" => "true or false",
        "a map" | "map" => "a table",
        "a sequence" | "sequence" => "a list",
        "datetime" => "a date",
        other => other.strip_prefix("struct ").map_or(other, |_| "a table"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_near() {
        let known = ["base_url", "wire", "quota", "key", "models", "weight"];
        for (word, one) in [
            ("base-url", Some("base_url")),
            ("BASE_URL", Some("base_url")),
            ("baseurl", Some("base_url")),
            ("wrie", Some("wire")),
            ("kye", Some("key")),
            ("model", Some("models")),
            ("wieght", Some("weight")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(meant(word, known), one, "{word}");
        }
    }

    #[test]
    fn steps_are_counted() {
        for (from, to, steps) in
            [("", "", 0), ("", "ab", 2), ("ab", "", 2), ("abc", "abc", 0), ("ab", "ba", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(from, to), steps, "{from} {to}");
        }
    }

    #[test]
    fn a_message_keeps_no_value() {
        for (message, words) in [
            (
                "invalid type: string \"sk-canary, expected x\", expected a boolean",
                "expected true or false, found text in quotes",
            ),
            ("invalid type: integer `5`, expected a string", "expected text in quotes, found a whole number"),
            ("invalid type: map, expected a string", "expected text in quotes, found a table"),
            ("missing field `id`", "`id` is missing"),
            ("unknown field `idd`, expected `id`", "unknown key `idd`; did you mean `id`?"),
            ("unknown field `zzz`, expected `id` or `name`", "unknown key `zzz`; known here: id, name"),
            (
                "unknown variant `opnai`, expected one of `openai`, `gemini`",
                "`opnai` is not known here; did you mean `openai`?",
            ),
            ("unknown variant `soap`, expected `a` or `b`", "`soap` is not known here; write one of: a, b"),
        ] {
            assert_eq!(plain(message), words);
        }
    }
}
