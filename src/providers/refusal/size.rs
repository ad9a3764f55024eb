//! Sizes that a refusal tells: how much a model takes, how much was asked for, how much the purse still buys.

use crate::providers::refusal::token::{Token, tokens};

/// What one call may hold, in tokens, from the words of a refusal that it was too large.
pub fn context(text: &str) -> Option<f64> {
    let tokens = tokens(text);
    let most = |token: &Token| {
        token.word().is_some_and(|word| ["maximum", "max", "limit", "allowed", "window", "must"].contains(&word))
    };
    tokens.iter().enumerate().find_map(|(at, token)| {
        let number = token.number().filter(|number| *number >= 16.0)?;
        let sentence = tokens.iter().take(at).rev().take_while(|token| **token != Token::Sign('.'));
        let before: Vec<&Token> = sentence.take(6).take_while(|token| token.number().is_none()).collect();
        let by = before.first().is_some_and(|token| token.is("by"));
        let behind = tokens.get(at + 1).is_some_and(|token| token.is("maximum") || token.is("max"));
        (!by && (behind || before.into_iter().any(most))).then_some(number)
    })
}

/// `... requested up to 320 tokens, ... only afford 27`: both numbers.
pub fn afford(text: &str) -> (Option<f64>, Option<f64>) {
    let tokens = tokens(text);
    let after = |word: &str| {
        let at = tokens.iter().position(|token| token.is(word))?;
        tokens.iter().skip(at + 1).take(3).find_map(Token::number)
    };
    (after("requested"), after("afford"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, size) in [
            ("This model's maximum context length is 900 tokens. You sent 1250.", 900.0),
            ("exceeded by 258 tokens. The limit for this model is 700 tokens.", 700.0),
            ("The input exceeds the maximum number of tokens allowed 500.", 500.0),
            ("Body too large for m-4. Max size: 80 tokens.", 80.0),
            ("prompt is too long: 2083 tokens > 2000 maximum", 2000.0),
            ("contains 50 tokens and 20 more, too large for a model with 32 maximum context", 32.0),
        ] {
            assert_eq!(context(text), Some(size), "{text}");
        }
        assert_eq!(afford("It requested 320 tokens; the balance can afford 27."), (Some(320.0), Some(27.0)));
        assert_eq!(afford("nothing"), (None, None));
    }
}
