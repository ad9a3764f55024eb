//! Spans as one writes them: `90s`, `15m`, `2h`, `1d`, `1h30m`. Pure.

use std::time::Duration;

/// No span is longer: ten years.
const LONGEST: Duration = Duration::from_hours(24 * 3650);

/// Reads a span of at least a second and at most ten years. Err: what would have been right.
pub fn span(text: &str) -> Result<Duration, String> {
    let wrong = || "write a span as 90s, 15m, 2h, 1d or 1h30m".to_owned();
    let mut whole = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|char: char| !char.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, behind) = rest.split_at_checked(digits).ok_or_else(wrong)?;
        let unit = behind.chars().next().ok_or_else(wrong)?;
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        whole = whole.saturating_add(Duration::from_secs(number.saturating_mul(seconds)));
        rest = behind.get(unit.len_utf8()..).unwrap_or_default();
    }
    if whole.is_zero() || whole > LONGEST { Err(wrong()) } else { Ok(whole) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_numbers_with_units() {
        for (text, seconds) in [("90s", 90), ("15m", 900), ("2h", 7200), ("1d", 86_400), ("1h30m", 5400)] {
            assert_eq!(span(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "2", "h", "2 h", "-2h", "0s", "2w", "2hé", "é", "99999999999999999999h", "9999999d", "1.5h"]
        {
            assert!(span(text).is_err_and(|why| why.contains("1h30m")), "{text}");
        }
    }
}
