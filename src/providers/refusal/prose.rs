//! Limits and waits named in sentences: `on tokens per day (TPD): Limit 100000, Used 96500`, `limited to 20 API calls
//! / minute`, `your daily allocation of 10,000 neurons`, `Please try again in 11m0.5s`. A general grammar: a window,
//! the unit and the number beside it, and the numbers that follow with a label.

use crate::domain::headers::value::seconds;
use crate::domain::quota::limit::{Evidence, Unit};
use crate::domain::quota::told::{Length, Told, is_finite_limit};
use crate::providers::refusal::token::{Token, tokens};

/// Words after which the sentence speaks of something else.
const ASIDE: [&str; 6] = ["please", "try", "visit", "need", "upgrade", "see"];

/// What may stand between a number and its unit, or a unit and its window.
const FILLERS: [&str; 11] =
    ["api", "free", "model", "inference", "chat", "total", "generation", "trial", "embedding", "of", "usage"];

/// Every limit that the sentences name, one entry per unit and window.
pub fn limits(text: &str) -> Vec<Told> {
    let tokens = tokens(text);
    let lower = text.to_lowercase();
    let mut found: Vec<Told> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let (told, next) = phrase(&tokens, at).map_or((None, at + 1), |(told, next)| (told, next));
        if let Some(told) = told {
            match found.iter_mut().find(|other| other.is_same_as(&told)) {
                Some(other) => other.complete(&told),
                None => found.push(told),
            }
        }
        at = next.max(at + 1);
    }
    found.extend(typed(&tokens));
    found.retain(|told| told.limit.is_none_or(is_finite_limit));
    // What is in use is no limit by itself.
    found.retain(|told| told.limit.is_some() || told.used.is_none());
    // `Limit: 3 / min` behind `requests per min` is the same limit again.
    let named: Vec<Length> = found.iter().filter(|told| told.unit.is_some()).map(|told| told.length).collect();
    found.retain(|told| told.unit.is_some() || !named.contains(&told.length));
    let open = ["would exceed", "too large", "would go over"].iter().any(|words| lower.contains(words));
    for told in &mut found {
        if told.unit.is_none() && lower.contains("exceeded for user") {
            told.unit = Some(if lower.contains("tokens exceeded") || lower.contains("minutetokens") {
                Unit::Tokens
            } else {
                Unit::Requests
            });
        }
        told.remaining = match (told.remaining, told.limit, told.used) {
            (Some(left), ..) => Some(left),
            (None, Some(limit), Some(used)) => Some((limit - used).max(0.0)),
            _ if open || told.requested.is_some() => None,
            _ => Some(0.0),
        };
    }
    found
}

/// The wait that the words tell, in seconds.
pub fn wait(text: &str) -> Option<f64> {
    let text = text.to_lowercase();
    let leads = ["try again in ", "retry in ", "retry after ", "please wait ", "wait for "];
    leads
        .iter()
        .find_map(|lead| text.match_indices(lead).find_map(|(at, _)| text.get(at + lead.len()..).and_then(span)))
}

/// A span at the beginning of a text: `11m0.528s`, `6m 11.52s`, `25 seconds`, `2 minutes 3 seconds`.
fn span(text: &str) -> Option<f64> {
    let mut words = text.split([' ', ',', ';', '"', '\n', '\'']).filter(|word| !word.is_empty()).peekable();
    let mut total = None;
    let clean = |word: &str| word.trim_end_matches(['.', ')', '!']).to_owned();
    while let Some(word) = words.next() {
        let word = clean(word);
        if word == "and" && total.is_some() {
            continue;
        }
        let Some(number) = seconds(&word) else { break };
        if word.parse::<f64>().is_err() {
            total = Some(total.unwrap_or(0.0) + number);
            continue;
        }
        let factor = match words.peek().map(|word| clean(word)).as_deref() {
            Some("ms" | "milliseconds") => 1e-3,
            Some("seconds" | "second" | "secs" | "sec" | "s") => 1.0,
            Some("minutes" | "minute" | "mins" | "min" | "m") => 60.0,
            Some("hours" | "hour" | "h") => 3600.0,
            Some("days" | "day" | "d") => 86_400.0,
            _ if total.is_none() => return Some(number),
            _ => break,
        };
        words.next();
        total = Some(total.unwrap_or(0.0) + number * factor);
    }
    total.filter(|total| total.is_finite())
}

/// The limit whose window begins at `at`, and where to read on.
fn phrase(tokens: &[Token], at: usize) -> Option<(Option<Told>, usize)> {
    let token = tokens.get(at)?;
    let word = token.word();
    if let Some((unit, length)) = word.and_then(abbreviation) {
        return Some(short(tokens, at, unit, length));
    }
    if matches!(word, Some("per" | "a" | "an" | "each" | "every")) || *token == Token::Sign('/') {
        let (length, end) = window(tokens, at + 1)?;
        let loose = !matches!(word, None | Some("per"));
        return Some((per(tokens, at, length, end, loose), end));
    }
    let length = match word? {
        "daily" => Length::Seconds(86_400.0),
        "hourly" => Length::Seconds(3600.0),
        "weekly" => Length::Seconds(604_800.0),
        "monthly" => Length::Month,
        "session" => Length::Session,
        _ => return None,
    };
    Some((every(tokens, at, length), at + 1))
}

/// `20,000 input tokens` per minute: unit and number stand before the window, labelled numbers behind it.
fn per(tokens: &[Token], at: usize, length: Length, end: usize, loose: bool) -> Option<Told> {
    let mut told = Told::new(None, length, Evidence::Learnt);
    let mut begin = at;
    while let Some(before) = begin.checked_sub(1) {
        let token = tokens.get(before)?;
        if let Some(number) = token.number() {
            told.limit = Some(number);
            begin = before;
            break;
        }
        let word = token.word().unwrap_or_default();
        if word.starts_with("free-model") && told.unit.is_none() {
            told.unit = Some(Unit::Requests);
            told.applies_to = Some(":free models".into());
        } else if told.unit.is_none() && counted(tokens, before).is_some() {
            told.unit = counted(tokens, before);
        } else if !(FILLERS.contains(&word) || matches!(word, "input" | "output" | "prompt" | "completion" | "audio")) {
            break;
        }
        begin = before;
    }
    if offered(tokens, begin) {
        return None;
    }
    let mut end = end;
    if let (Some(Token::Sign('(')), Some((unit, _))) =
        (tokens.get(end), tokens.get(end + 1).and_then(Token::word).and_then(abbreviation))
    {
        told.unit = told.unit.or(Some(unit));
        end += 2;
    }
    let named = told.unit.is_some() || told.limit.is_some();
    if !named {
        let speaks = tokens.iter().skip(end).take(3).any(|token| token.is("limit") || token.is("quota"));
        told.unit = number_of(tokens, at);
        if loose || !speaks {
            return None;
        }
    }
    labelled(tokens, end, &mut told);
    (!loose || named).then_some(told)
}

/// `daily` allocation of 10,000 neurons, `session` usage limit.
fn every(tokens: &[Token], at: usize, length: Length) -> Option<Told> {
    let mut told = Told::new(None, length, Evidence::Learnt);
    let mut speaks = false;
    let mut end = at + 1;
    for (index, token) in tokens.iter().enumerate().skip(at + 1).take(8) {
        match token {
            Token::Sign('.') => break,
            Token::Number(number) if speaks && told.limit.is_none() => told.limit = Some(*number),
            Token::Word(word) => match word.as_str() {
                "limit" | "limits" | "quota" | "allocation" | "allowance" | "cap" => speaks = true,
                "spending" | "spend" | "budget" | "credit" | "credits" => return None,
                "usage" if told.unit.is_none() => told.unit = Some(Unit::from("usage")),
                word if ASIDE.contains(&word) => break,
                _ if told.unit.is_none() => told.unit = counted(tokens, index),
                _ => {}
            },
            _ => {}
        }
        end = index + 1;
    }
    if !speaks || offered(tokens, at) {
        return None;
    }
    told.unit = told.unit.or_else(|| number_of(tokens, at));
    labelled(tokens, end, &mut told);
    Some(told)
}

/// `rpm limit: 8`, `current rpm: 2`, `(TPM): Limit 600`, `limit_rpm/...`, `30 RPM`.
fn short(tokens: &[Token], at: usize, unit: Unit, length: Length) -> (Option<Told>, usize) {
    let mut told = Told::new(Some(unit), length, Evidence::Learnt);
    let before = at.checked_sub(1).and_then(|before| tokens.get(before));
    if before.is_some_and(|token| token.is("current")) {
        told.used = number_near(tokens, at + 1);
        return (told.used.is_some().then_some(told), at + 1);
    }
    told.limit = before.and_then(Token::number);
    let end = if tokens.get(at + 1).is_some_and(|token| token.is("limit")) {
        let (number, end) = (number_near(tokens, at + 2), at + 2);
        told.limit = number.or(told.limit);
        if number.is_some() {
            told.used = current(tokens, end);
            return ((!offered(tokens, at)).then_some(told), end);
        }
        end
    } else {
        at + 1
    };
    labelled(tokens, end, &mut told);
    let speaks = |token: &Token| token.word().is_some_and(|word| word.contains("limit") || word.contains("quota"));
    let heard = told.limit.is_some() || tokens.iter().skip(at.saturating_sub(6)).take(12).any(speaks);
    ((heard && !offered(tokens, at)).then_some(told), end)
}

/// `limit=5. current usage=6`.
fn current(tokens: &[Token], from: usize) -> Option<f64> {
    let at = tokens.iter().skip(from).take(6).position(|token| token.is("usage"))?;
    tokens.get(from + at - 1).filter(|token| token.is("current"))?;
    number_near(tokens, from + at + 1)
}

/// `Limit type: requests. Current limit: 5, Remaining: 0.`
fn typed(tokens: &[Token]) -> Option<Told> {
    let at = tokens.windows(2).position(|pair| matches!(pair, [one, other] if one.is("limit") && other.is("type")))?;
    let word = tokens.iter().skip(at + 2).take(3).find_map(Token::word)?;
    let unit = unit_of(word).unwrap_or_else(|| Unit::from(word));
    let mut told = Told::new(Some(unit), Length::Unknown, Evidence::Learnt);
    labelled(tokens, at + 3, &mut told);
    told.limit.is_some().then_some(told)
}

/// `Limit 600, Used 580, Requested ~90`, `(actual/limit): 65/16`, up to where the next limit begins.
fn labelled(tokens: &[Token], from: usize, told: &mut Told) {
    let end = (from + 40).min(tokens.len());
    let mut at = from;
    while at < end {
        let Some(token) = tokens.get(at) else { break };
        let word = token.word().unwrap_or_default();
        if ASIDE.contains(&word) || word == "per" || at > from && abbreviation(word).is_some() {
            break;
        }
        let number = || number_near(tokens, at + 1);
        match word {
            "limit" | "maximum" | "max" => told.limit = told.limit.or_else(number),
            "used" | "current" | "usage" => told.used = told.used.or_else(number),
            "requested" => told.requested = told.requested.or_else(number),
            "remaining" => told.remaining = told.remaining.or_else(number),
            "actual/limit" | "used/limit" | "current/limit" => {
                let mut numbers = tokens.iter().skip(at + 1).take(6).filter_map(Token::number);
                told.used = numbers.next();
                told.limit = numbers.next().or(told.limit);
            }
            _ => {}
        }
        at += 1;
    }
}

/// The number behind a label, after no more than signs and small words.
fn number_near(tokens: &[Token], from: usize) -> Option<f64> {
    let small = |token: &&Token| match token {
        Token::Word(word) => matches!(word.as_str(), "of" | "is" | "to" | "was"),
        Token::Sign(sign) => matches!(sign, ':' | '=' | '~' | '\'' | '"' | '(' | '`'),
        Token::Number(_) => false,
    };
    let at = tokens.iter().skip(from).take(4).take_while(small).count();
    tokens.get(from + at).and_then(Token::number)
}

/// Whether the sentence has offered something before this place: `unlock 1000 requests per day`.
fn offered(tokens: &[Token], at: usize) -> bool {
    let before = tokens.iter().take(at).rev().take_while(|token| **token != Token::Sign('.'));
    before.filter_map(Token::word).any(|word| matches!(word, "unlock" | "upgrade" | "upgrading" | "purchase" | "get"))
}

/// `minute`, `60s`, `24 hours`: its length, and where to read on.
fn window(tokens: &[Token], at: usize) -> Option<(Length, usize)> {
    if let (Some(times), Some(Length::Seconds(seconds))) =
        (tokens.get(at)?.number(), tokens.get(at + 1).and_then(Token::word).and_then(span_word))
    {
        return Some((Length::Seconds(times * seconds), at + 2));
    }
    tokens.get(at)?.word().and_then(span_word).map(|length| (length, at + 1))
}

fn span_word(word: &str) -> Option<Length> {
    Some(match word.split('-').next().unwrap_or(word) {
        "second" | "seconds" | "sec" | "s" => Length::Seconds(1.0),
        "minute" | "minutes" | "min" | "mins" | "m" => Length::Seconds(60.0),
        "hour" | "hours" | "hr" | "h" => Length::Seconds(3600.0),
        "day" | "days" | "d" => Length::Seconds(86_400.0),
        "week" | "weeks" => Length::Seconds(604_800.0),
        "month" | "months" => Length::Month,
        "session" => Length::Session,
        _ => return None,
    })
}

/// The unit that ends at this word, with the word before it: `input tokens`.
fn counted(tokens: &[Token], at: usize) -> Option<Unit> {
    let unit = unit_of(tokens.get(at)?.word()?)?;
    let before = at.checked_sub(1).and_then(|before| tokens.get(before)).and_then(Token::word);
    Some(match (&unit, before) {
        (Unit::Tokens, Some("input" | "prompt")) => Unit::InputTokens,
        (Unit::Tokens, Some("output" | "completion")) => Unit::OutputTokens,
        _ => unit,
    })
}

fn unit_of(word: &str) -> Option<Unit> {
    Some(match word {
        "request" | "requests" | "req" | "reqs" | "call" | "calls" | "query" | "queries" => Unit::Requests,
        "token" | "tokens" => Unit::Tokens,
        "neurons" | "images" | "characters" | "pages" => Unit::from(word),
        _ => return None,
    })
}

/// `Number of request tokens has exceeded your per-minute rate limit`.
fn number_of(tokens: &[Token], at: usize) -> Option<Unit> {
    let from = tokens.iter().take(at).rposition(|token| token.is("number"))?;
    (from..at).rev().find_map(|index| counted(tokens, index))
}

/// `TPM` or `limit_rpd/...`.
fn abbreviation(word: &str) -> Option<(Unit, Length)> {
    let word = word.split('/').next().unwrap_or(word);
    let word = word.strip_prefix("limit_").unwrap_or(word);
    let (unit, window) = match word {
        "rps" | "qps" | "rpm" | "qpm" | "rph" | "rpd" => (Unit::Requests, word.get(2..)?),
        "tps" | "tpm" | "tph" | "tpd" => (Unit::Tokens, word.get(2..)?),
        "itpm" => (Unit::InputTokens, "m"),
        "otpm" => (Unit::OutputTokens, "m"),
        "ash" | "asd" => (Unit::from("audio_seconds"), word.get(2..)?),
        _ => return None,
    };
    span_word(window).map(|length| (unit, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Line = (Option<&'static str>, Length, Option<f64>, Option<f64>);

    fn check(text: &str, lines: &[Line]) {
        let found = limits(text);
        let units: Vec<Option<String>> = found.iter().map(|told| told.unit.as_ref().map(ToString::to_string)).collect();
        let found: Vec<_> =
            found.iter().zip(&units).map(|(t, unit)| (unit.as_deref(), t.length, t.limit, t.remaining)).collect();
        assert_eq!(found, lines, "{text}");
    }

    #[test]
    fn limits_in_words() {
        const MINUTE: Length = Length::Seconds(60.0);
        const DAY: Length = Length::Seconds(86_400.0);
        let requests = Some("requests");
        let tokens = Some("tokens");
        check(
            "on tokens per minute (TPM): Limit 600, Used 580, Requested 90. Please",
            &[(tokens, MINUTE, Some(600.0), Some(20.0))],
        );
        check(
            "on tokens per day (TPD): Limit 2,000, Used 0, Requested ~2791. Try",
            &[(tokens, DAY, Some(2000.0), Some(2000.0))],
        );
        check(
            "too large on tokens per minute (TPM): Limit 600, Requested 679, please",
            &[(tokens, MINUTE, Some(600.0), None)],
        );
        check("on requests per min. Limit: 3 / min. Current: 1 / min.", &[(requests, MINUTE, Some(3.0), Some(2.0))]);
        check("limited to 30 API calls / month.", &[(requests, Length::Month, Some(30.0), Some(0.0))]);
        check("the maximum for this model is 7.5 queries per minute", &[(requests, MINUTE, Some(7.5), Some(0.0))]);
        check(
            "would exceed the limit of 3,000 input tokens per minute",
            &[(Some("input_tokens"), MINUTE, Some(3000.0), None)],
        );
        check("Rate limit of 9 per 86400s exceeded for UserByModelByDay.", &[(requests, DAY, Some(9.0), Some(0.0))]);
        check(
            "the daily free allocation of 5,000 neurons, please upgrade",
            &[(Some("neurons"), DAY, Some(5000.0), Some(0.0))],
        );
        check("reached your weekly usage limit", &[(Some("usage"), Length::Seconds(604_800.0), None, Some(0.0))]);
        check("reached your session usage limit", &[(Some("usage"), Length::Session, None, Some(0.0))]);
        check("Tokens per minute limit exceeded", &[(tokens, MINUTE, None, Some(0.0))]);
        check("Tokens per Minute (actual/limit): 65/16.", &[(tokens, MINUTE, Some(16.0), Some(0.0))]);
        check("free-models-per-day. Pay to unlock 900 requests per day", &[(requests, DAY, None, Some(0.0))]);
        check("limit_rpm/a/b-3.2: limited to 4 requests per minute", &[(requests, MINUTE, Some(4.0), Some(0.0))]);
        check(
            "current rpm: 2, rpm limit: 8, current tpm: 70, tpm limit: 9223372036854775807",
            &[(requests, MINUTE, Some(8.0), Some(6.0))],
        );
        check("{'current_rpm': 3, 'rpm_limit': 2}", &[(requests, MINUTE, Some(2.0), Some(0.0))]);
        check("over defined rpm limit=5. current usage=6", &[(requests, MINUTE, Some(5.0), Some(0.0))]);
        check(
            "Limit type: requests. Current limit: 5, Remaining: 1.",
            &[(requests, Length::Unknown, Some(5.0), Some(1.0))],
        );
        check("Number of request tokens has exceeded your per-minute rate limit", &[(tokens, MINUTE, None, Some(0.0))]);
        check("Number of request tokens has exceeded your daily rate limit", &[(tokens, DAY, None, Some(0.0))]);
        check("{'current_tpm': 0, 'tpm_limit': inf}", &[]);
        check("reached your daily limit", &[(None, DAY, None, Some(0.0))]);
        for text in [
            "Rate limit exceeded",
            "your account's rate limit",
            "wait a minute",
            "the context length is 9 tokens",
            "monthly included credits",
            "",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn waits_in_words() {
        for (text, seconds) in [
            ("Please try again in 7.66s. Need more?", Some(7.66)),
            ("try again in 6m 11.52s", Some(371.52)),
            ("try again in 11m0.528s.", Some(660.528)),
            ("please wait 4100 seconds", Some(4100.0)),
            ("retry after 2 minutes", Some(120.0)),
            ("try again in 1 hour and 5 minutes.", Some(3900.0)),
            ("Please retry in 31.25s.", Some(31.25)),
            ("try again in 577ms", Some(0.577)),
            ("try again in a while", None),
            ("try again later", None),
        ] {
            assert_eq!(wait(text).map(|wait| (wait * 1e6).round()), seconds.map(|s: f64| (s * 1e6).round()), "{text}");
        }
    }
}
