//! Rust source as far as the house's rules need it: words and paths, without comments, strings and test modules.

/// A word, a lifetime, `::`, one punctuation mark, or `""` for a whole string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// A path with two segments or more, or with a group: one for each leaf of its tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
}

/// The tokens of a file.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let (mut at, mut line, mut found) = (0, 1, Vec::new());
    let get = |at: usize| chars.get(at).copied().unwrap_or('\0');
    while at < chars.len() {
        let start = at;
        let word = |from: usize| {
            let more = chars[from..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').count();
            chars[from..from + more].iter().collect::<String>()
        };
        let token = match get(at) {
            '/' if get(at + 1) == '/' => {
                at += chars[at..].iter().take_while(|c| **c != '\n').count();
                None
            }
            '/' if get(at + 1) == '*' => {
                at = end_of_comment(&chars, at);
                None
            }
            '"' => {
                at = end_of_string(&chars, at + 1);
                Some("\"\"".to_owned())
            }
            '\'' if get(at + 1) == '\\' || get(at + 2) == '\'' => {
                at += 2 + usize::from(get(at + 1) == '\\');
                at += chars[at..].iter().take_while(|c| **c != '\'').count() + 1;
                Some("''".to_owned())
            }
            '\'' => {
                let name = word(at + 1);
                at += 1 + name.chars().count();
                Some(format!("'{name}"))
            }
            c if c.is_alphanumeric() || c == '_' => {
                let name = word(at);
                at += name.chars().count();
                let hashes = chars[at..].iter().take_while(|c| **c == '#').count();
                match (name.as_str(), get(at), get(at + hashes)) {
                    ("r" | "br" | "cr", _, '"') => {
                        at = end_of_raw(&chars, at + hashes + 1, hashes);
                        Some("\"\"".to_owned())
                    }
                    ("r", '#', _) if hashes == 1 => {
                        let raw = word(at + 1);
                        at += 1 + raw.chars().count();
                        Some(raw)
                    }
                    // The quote of `b"..."` and `b'.'` comes next, as its own token.
                    ("b" | "c", '"' | '\'', _) => None,
                    _ => Some(name),
                }
            }
            ':' if get(at + 1) == ':' => {
                at += 2;
                Some("::".to_owned())
            }
            c => {
                at += 1;
                (!c.is_whitespace()).then(|| c.to_string())
            }
        };
        found.extend(token.map(|text| Token { text, line }));
        line += chars[start..at.min(chars.len())].iter().filter(|c| **c == '\n').count();
    }
    found
}

fn end_of_comment(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at < chars.len() {
        match chars[at..].get(..2) {
            Some(['/', '*']) => (depth, at) = (depth + 1, at + 2),
            Some(['*', '/']) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn end_of_string(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() && chars[at] != '"' {
        at += 1 + usize::from(chars[at] == '\\');
    }
    at + 1
}

fn end_of_raw(chars: &[char], mut at: usize, hashes: usize) -> usize {
    let closes = |at: usize| chars[at] == '"' && chars[at + 1..].iter().take(hashes).all(|c| *c == '#');
    while at < chars.len() && !closes(at) {
        at += 1;
    }
    at + 1 + hashes
}

/// Whether the tokens from `at` on read so.
pub(crate) fn reads(tokens: &[Token], at: usize, words: &[&str]) -> bool {
    words.iter().enumerate().all(|(n, word)| tokens.get(at + n).is_some_and(|token| token.text == *word))
}

/// The same tokens without `#[cfg(test)] mod ... { ... }` and `#[cfg(test)] mod ...;`.
pub(crate) fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let (mut kept, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        if let Some(end) = end_of_test_module(tokens, at) {
            at = end;
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

fn end_of_test_module(tokens: &[Token], at: usize) -> Option<usize> {
    if !reads(tokens, at, &["#", "[", "cfg", "("]) {
        return None;
    }
    let end = closing(tokens, at + 1);
    let inside = &tokens[at..end];
    if !inside.iter().any(|token| token.text == "test") || inside.iter().any(|token| token.text == "not") {
        return None;
    }
    let mut at = end;
    while reads(tokens, at, &["#", "["]) {
        at = closing(tokens, at + 1);
    }
    if reads(tokens, at, &["pub"]) {
        at = if reads(tokens, at + 1, &["("]) { closing(tokens, at + 1) } else { at + 1 };
    }
    let name = at + 1;
    match (tokens.get(name - 1)?.text.as_str(), tokens.get(name + 1)?.text.as_str()) {
        ("mod", ";") => Some(name + 2),
        ("mod", "{") => Some(closing(tokens, name + 1)),
        _ => None,
    }
}

/// The place after the bracket that closes the one at `at`.
fn closing(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0_i32;
    for (n, token) in tokens.iter().enumerate().skip(at) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return n + 1;
        }
    }
    tokens.len()
}

/// The modules declared by `mod name;`, in order.
pub(crate) fn modules(tokens: &[Token]) -> Vec<String> {
    let at = |n: usize| reads(tokens, n, &["mod"]) && reads(tokens, n + 2, &[";"]);
    (0..tokens.len()).filter(|n| at(*n)).map(|n| tokens[n + 1].text.clone()).collect()
}

/// Every path, in `use` trees and in bodies alike.
pub(crate) fn paths(tokens: &[Token]) -> Vec<Path> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        // `pub(in crate::x)` limits who may look, and names nothing.
        let limits = at > 1 && reads(tokens, at - 2, &["(", "in"]);
        let begins = match tokens[..at] {
            [.., ref before, ref mark] if mark.text == "::" => before.text == "use",
            _ => true,
        };
        if is_word(tokens, at) && begins && !limits && reads(tokens, at + 1, &["::"]) && !inside_group(tokens, at) {
            let mut leaves = Vec::new();
            tree(tokens, at, &[], &mut leaves);
            found.extend(leaves.into_iter().map(|segments| Path { segments, line: token.line }));
        }
    }
    found
}

fn is_word(tokens: &[Token], at: usize) -> bool {
    tokens.get(at).is_some_and(|token| token.text.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// Whether this word is read as part of a tree that began before it: between it and an open `::{` stand only the
/// marks of a tree.
fn inside_group(tokens: &[Token], at: usize) -> bool {
    let mut depth = 0;
    for n in (0..at).rev() {
        match tokens[n].text.as_str() {
            "}" => depth += 1,
            "{" if depth > 0 => depth -= 1,
            "{" if n > 0 && tokens[n - 1].text == "::" => return true,
            "," | "::" | "*" => {}
            _ if is_word(tokens, n) => {}
            _ => return false,
        }
    }
    false
}

/// Reads one tree from `at`; tells the place after it.
fn tree(tokens: &[Token], mut at: usize, before: &[String], leaves: &mut Vec<Vec<String>>) -> usize {
    let mut segments = before.to_vec();
    loop {
        match tokens.get(at).map(|token| token.text.as_str()) {
            Some("{") => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token.text != "}") {
                    let next = tree(tokens, at, &segments, leaves);
                    at = next.max(at + 1);
                    at += usize::from(reads(tokens, at, &[","]));
                }
                return at + 1;
            }
            Some("*") => segments.push("*".to_owned()),
            Some(word) if is_word(tokens, at) => segments.push(word.to_owned()),
            // `::<`: the path ends before its type arguments.
            _ => {
                leaves.push(segments);
                return at;
            }
        }
        at += 1;
        if reads(tokens, at, &["::"]) {
            at += 1;
            continue;
        }
        if reads(tokens, at, &["as"]) {
            at += 2;
        }
        leaves.push(segments);
        return at;
    }
}
