//! A sentence to words, numbers and signs, in lower case. Knows nothing of what they mean.

/// A piece of a sentence.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A number: `200,000`, `9.0`; `60s` is a number and a word.
    Number(f64),
    /// A word, or an id with all its dashes and slashes.
    Word(String),
    /// Anything else; the end of a sentence is `.`.
    Sign(char),
}

impl Token {
    /// The word.
    pub fn word(&self) -> Option<&str> {
        if let Self::Word(word) = self { Some(word) } else { None }
    }

    /// The number.
    pub const fn number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// Whether it is this word.
    pub fn is(&self, word: &str) -> bool {
        self.word() == Some(word)
    }
}

/// Tokens that are read of one text.
const MOST: usize = 2000;

/// Words after which a slash sets apart: `requests/min`.
const COUNTED: [&str; 9] = ["requests", "request", "tokens", "token", "calls", "queries", "req", "images", "neurons"];

/// The tokens of a text.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut text = text.to_lowercase().replace("-per-", " per ").replace(" per-", " per ");
    for (joined, apart) in [
        ("rpm_limit", "rpm limit"),
        ("tpm_limit", "tpm limit"),
        ("current_rpm", "current rpm"),
        ("current_tpm", "current tpm"),
    ] {
        text = text.replace(joined, apart);
    }
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        if found.len() >= MOST {
            break;
        }
        let rest = chars.get(at..).unwrap_or_default();
        if c.is_ascii_digit() {
            at += digits(rest, &mut found);
        } else if c.is_alphabetic() {
            let end = word_end(rest);
            found.push(Token::Word(rest.iter().take(end).collect()));
            at += end;
        } else {
            if c == '\n' {
                found.push(Token::Sign('.'));
            } else if !c.is_whitespace() {
                found.push(Token::Sign(c));
            }
            at += 1;
        }
    }
    found
}

/// Reads what begins with a digit; how many characters it took.
fn digits(rest: &[char], found: &mut Vec<Token>) -> usize {
    let digit = |at: usize| rest.get(at).is_some_and(char::is_ascii_digit);
    let mut number = String::new();
    let mut end = 0;
    while let Some(&c) = rest.get(end) {
        match c {
            _ if c.is_ascii_digit() => number.push(c),
            ',' if digit(end + 1) && digit(end + 2) && digit(end + 3) && !digit(end + 4) => {}
            '.' if digit(end + 1) && !number.contains('.') => number.push('.'),
            _ => break,
        }
        end += 1;
    }
    let letters = rest.iter().skip(end).take_while(|c| c.is_alphabetic()).count();
    let unit: String = rest.iter().skip(end).take(letters).collect();
    let after = rest.get(end + letters).copied().unwrap_or(' ');
    let joined = after.is_alphanumeric() || matches!(after, '-' | '_');
    if joined || !matches!(unit.as_str(), "" | "s" | "sec" | "m" | "min" | "h" | "d" | "ms" | "k") {
        let end = word_end(rest).max(1);
        found.push(Token::Word(rest.iter().take(end).collect()));
        return end;
    }
    let value = number.parse::<f64>().unwrap_or(0.0);
    found.push(Token::Number(if unit == "k" { value * 1000.0 } else { value }));
    if !unit.is_empty() && unit != "k" {
        found.push(Token::Word(unit));
    }
    end + letters
}

/// A dot or a colon ends a word only at a blank; a slash only after a counted thing.
fn word_end(rest: &[char]) -> usize {
    let mut end = 0;
    while let Some(&c) = rest.get(end) {
        let next = rest.get(end + 1).copied().unwrap_or(' ');
        let goes_on = c.is_alphanumeric()
            || matches!(c, '_' | '@')
            || matches!(c, '.' | ':' | '-') && next.is_alphanumeric()
            || c == '/'
                && (next.is_alphanumeric() || next == '/')
                && !{
                    let word: String = rest.iter().take(end).collect();
                    COUNTED.contains(&word.as_str())
                };
        let is_address = c == '/' && end > 3 && rest.get(end - 1) == Some(&'/') || c == ':' && next == '/';
        if !goes_on && !is_address {
            break;
        }
        end += 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        let say = |token: Token| match token {
            Token::Number(number) => format!("{number}"),
            Token::Word(word) => word,
            Token::Sign(sign) => format!("<{sign}>"),
        };
        tokens(text).into_iter().map(say).collect()
    }

    #[test]
    fn sentences() {
        for (text, words) in [
            ("Limit 200,000, Used 7.", vec!["limit", "200000", "<,>", "used", "7", "<.>"]),
            ("9.0 queries/min", vec!["9", "queries", "</>", "min"]),
            ("15 per 60s", vec!["15", "per", "60", "s"]),
            ("65/16 of org/model-3.1:free", vec!["65", "</>", "16", "of", "org/model-3.1:free"]),
            ("free-models-per-day. Go", vec!["free-models", "per", "day", "<.>", "go"]),
            ("see https://a.b/c?d", vec!["see", "https://a.b/c", "<?>", "d"]),
            ("2026-01-02 3b-it 1,2", vec!["2026-01-02", "3b-it", "1", "<,>", "2"]),
            ("'rpm_limit': 1", vec!["<'>", "rpm", "limit", "<'>", "<:>", "1"]),
        ] {
            assert_eq!(said(text), words, "{text}");
        }
    }
}
