//! A line of TOML as it may be shown: values of keys that could hold a secret become stars, one per character, so that
//! a caret below them still points at the right place. Knows nothing of what the file means.

/// Keys whose values are never a secret.
const HARMLESS: [&str; 21] = [
    "training",
    "wire",
    "quota",
    "models",
    "id",
    "name",
    "context",
    "limits",
    "unit",
    "window",
    "cap",
    "cost",
    "on",
    "order",
    "weight",
    "keep",
    "last_resort",
    "discover",
    "as_of",
    "since",
    "providers",
];

/// No setting's name is longer; what is longer is rather a key that stands in the wrong place.
pub(in crate::providers) const LONG: usize = 24;

/// The line as it may be shown. All is hidden but the names in front of a `=`, the brackets, and the values of those
/// names that are known to be harmless: a slip of a finger moves a key to where no key should be.
pub(in crate::providers) fn masked(line: &str) -> String {
    if line.trim_start().starts_with('[') && !line.contains(['=', '#', '"', '\'']) {
        return line.to_owned();
    }
    let mut shown = String::with_capacity(line.len());
    // What the next value belongs to, if that may be shown; and the brackets opened since.
    let (mut harmless, mut depth) = (false, 0_usize);
    // A name stands at the beginning, or behind a brace or a comma.
    let mut fresh = true;
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => quoted(rest, first),
            '#' => rest.len(),
            first if word(first) => rest.find(|c: char| !word(c)).unwrap_or(rest.len()),
            first => first.len_utf8(),
        };
        let (piece, tail) = rest.split_at(length);
        let visible = match first {
            '[' => {
                depth += 1;
                true
            }
            ']' => {
                depth = depth.saturating_sub(1);
                harmless = harmless && depth > 0;
                true
            }
            ',' => {
                harmless = harmless && depth > 0;
                true
            }
            '{' | '}' | '=' | ' ' => true,
            first if fresh && tail.trim_start().starts_with('=') && (word(first) || "\"'".contains(first)) => {
                let name = piece.trim_matches(['"', '\'']);
                (harmless, depth) = (HARMLESS.contains(&name), 0);
                name.chars().count() <= LONG && name.chars().all(word)
            }
            first => {
                let open = "\"'".contains(first) && (length < 2 || !piece.ends_with(first));
                let visible = harmless && !open && first != '#' && !piece.contains('=');
                harmless = harmless && depth > 0;
                visible
            }
        };
        shown.extend(piece.chars().map(|char| if visible { char } else { '*' }));
        fresh = "{,".contains(first) || (fresh && first.is_whitespace());
        rest = tail;
    }
    shown
}

fn word(char: char) -> bool {
    char.is_alphanumeric() || "_-.".contains(char)
}

/// The length of a string that begins here, quotes included; an open one goes on to the end of the line.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, char) in text.char_indices().skip(1) {
        match char {
            '\\' if quote == '"' && !escaped => escaped = true,
            char if char == quote && !escaped => return at + char.len_utf8(),
            _ => escaped = false,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_key_is_hidden() {
        for (line, shown) in [
            ("wire = \"opnai\"", "wire = \"opnai\""),
            ("[providers.groq]", "[providers.groq]"),
            ("key = \"sk-canary\"", "key = ***********"),
            ("kye = 'sk-canary'", "kye = ***********"),
            ("key = sk-canary", "key = *********"),
            ("key = \"sk-canary", "key = **********"),
            ("key = \"sk-\\\"canary\" # mine", "key = ************* ******"),
            ("groq = { key = \"sk\", wire = \"x\", on = 1 }", "groq = { key = ****, wire = \"x\", on = 1 }"),
            ("headers = { \"X-Key\" = \"sk\", Auth = \"b\" }", "headers = { \"X-Key\" = ****, Auth = *** }"),
            ("sk-canary", "*********"),
            ("sk-canary-0123456789-abcdef==", "***************************=="),
            ("  \"sk-canary\",", "  ***********,"),
            ("models = [\"a\", \"b\"]", "models = [\"a\", \"b\"]"),
            ("key == \"sk-canary\"", "key == ***********"),
            ("key = sk=canary", "key = **=******"),
            ("wire = \"x\" key = \"sk-canary\"", "wire = \"x\" *** = ***********"),
            ("[providers.a]'key = 'sk-canary'", "[***********]******************"),
            ("{ wire = \"x, key = 'sk-canary', proxy = \"a", "{ wire = *********************************"),
            ("wire = \"x\" # was sk-canary", "wire = \"x\" ***************"),
        ] {
            assert_eq!(masked(line), shown);
            assert_eq!(masked(line).chars().count(), line.chars().count());
        }
    }
}
