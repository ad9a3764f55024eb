//! Text that is not to be seen on a picture of the screen: other signs in its place, as wide as it is.

use unicode_segmentation::UnicodeSegmentation;

use crate::app::cells;
use crate::app::row::{Piece, Row};

/// What stands for a column of it.
const SIGN: &str = "▒";

/// All of a text but its spaces and lines.
pub fn all(text: &str) -> String {
    let kept =
        |cluster: &str| cluster.chars().all(|char| char.is_whitespace() || ('\u{2500}'..='\u{259f}').contains(&char));
    let sign = |cluster: &str| if kept(cluster) { cluster.to_owned() } else { SIGN.repeat(cells::of_cluster(cluster)) };
    text.graphemes(true).map(sign).collect()
}

/// All of a row; it leads nowhere.
pub fn row(row: &Row) -> Row {
    Row(row.0.iter().map(|piece| Piece { text: all(&piece.text), link: None, ..piece.clone() }).collect())
}

/// All of a row but the label at its head.
pub fn behind_label(whole: &Row) -> Row {
    match whole.0.split_first() {
        Some((label, rest)) if !rest.is_empty() => {
            let rest = row(&Row(rest.to_vec()));
            Row([label.clone()].into_iter().chain(rest.0).collect())
        }
        _ => row(whole),
    }
}

/// Of a text only what tells who and where its user is: what stands behind `@` in an account's name, hosts, paths.
pub fn names(text: &str) -> String {
    if !text.contains(['@', '/', '.', ':']) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        out.push_str(&name(word));
    }
    out
}

fn name(word: &str) -> String {
    const AROUND: [char; 14] = ['(', ')', '[', ']', '"', '\'', '`', ',', ';', '.', '…', '<', '>', '!'];
    let bare = word.trim().trim_matches(AROUND);
    let Some(at) = word.find(bare).filter(|_| !bare.is_empty()) else { return word.to_owned() };
    let (head, tail) = (word.get(..at).unwrap_or_default(), word.get(at + bare.len()..).unwrap_or_default());
    if is_place(bare) {
        return format!("{head}{}{tail}", all(bare));
    }
    match bare.split_once('@') {
        Some((account, rest)) => {
            let end = rest.find(['/', ':']).unwrap_or(rest.len());
            let (further, model) = rest.split_at_checked(end).unwrap_or((rest, ""));
            format!("{head}{account}@{}{model}{tail}", all(further))
        }
        None => word.to_owned(),
    }
}

/// A path, an address, or a host with or without its port.
fn is_place(word: &str) -> bool {
    let path =
        word.starts_with("~/") || word.starts_with("./") || word.starts_with('/') && word.matches('/').count() > 1;
    if path || word.contains("://") {
        return true;
    }
    let host = word.split(['/', '?']).next().unwrap_or_default();
    let (host, port) = host.rsplit_once(':').map_or((host, None), |(host, port)| (host, Some(port)));
    if port.is_some_and(|port| port.is_empty() || !port.chars().all(|char| char.is_ascii_digit())) {
        return false;
    }
    let labels: Vec<&str> = host.split('.').collect();
    let numbers = labels.len() == 4 && labels.iter().all(|label| label.parse::<u8>().is_ok());
    let last = labels.last().copied().unwrap_or_default();
    let letters = last.len() > 1 && last.chars().all(|char| char.is_ascii_alphabetic());
    let named = labels.len() > 1
        && letters
        && labels.iter().all(|label| {
            !label.is_empty() && label.chars().all(|char| char.is_ascii_alphanumeric() || "-_".contains(char))
        });
    numbers || named || port.is_some() && (host == "localhost" || host.starts_with('['))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_veiled_is_as_wide_as_it_was() {
        for text in ["Why two tides?", "日本 ok", "│ a │ b │", "e\u{301}té"] {
            let veiled = all(text);
            assert_eq!(cells::of(&veiled), cells::of(text), "{veiled}");
            assert!(!veiled.contains(char::is_alphanumeric), "{veiled}");
        }
        assert_eq!(all("│ a b"), "│ ▒ ▒");
    }

    #[test]
    fn hosts_paths_and_accounts_are_told_from_models_and_figures() {
        for (text, veiled) in [
            ("groq@work/openai/gpt-oss-120b", "groq@▒▒▒▒/openai/gpt-oss-120b"),
            ("next groq@work, ready", "next groq@▒▒▒▒, ready"),
            ("endpoint 127.0.0.1:4114", "endpoint ▒▒▒▒▒▒▒▒▒▒▒▒▒▒"),
            ("saved ~/a/b.csv.", "saved ▒▒▒▒▒▒▒▒▒."),
            ("at https://api.groq.com/v1", "at ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒"),
            ("(console.groq.com)", "(▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒)"),
            ("/home/ada/x", "▒▒▒▒▒▒▒▒▒▒▒"),
            ("localhost:80", "▒▒▒▒▒▒▒▒▒▒▒▒"),
        ] {
            assert_eq!(names(text), veiled);
        }
        for text in
            ["gemini-3.8-flash", "Qwen/Qwen2.5-7B-Instruct", "0.2 s 5.1k 09:41:02", "/setup 3 req/min", "a. b", "…"]
        {
            assert_eq!(names(text), text);
        }
    }
}
