//! Gauges in half cells: what is left of a limit as a slim line, from the left, and the dim track behind it.

/// What is left, and what is not: together `width` cells, with a gap of half a cell between them. What is not nothing
/// has at least half a cell, and what is not all is never drawn as all.
pub fn cells(left: f64, width: u16) -> (String, String) {
    let width = usize::from(width);
    let halves = halves(left, width * 2);
    let (whole, half) = (halves / 2, halves % 2);
    let fill = format!("{}{}", "━".repeat(whole), "╸".repeat(half));
    let rest = width - whole - half;
    // A fill that ends with its cell leaves the gap to the track.
    let gap = usize::from(half == 0 && whole > 0 && rest > 0);
    (fill, format!("{}{}", "╶".repeat(gap), "─".repeat(rest - gap)))
}

/// The column of the pace in a bar of `width`: so much would be left if use were even. None: at its very beginning,
/// where it would only be in the way.
pub fn pace_column(passed: f64, width: u16) -> Option<u16> {
    let column = to_number((1.0 - passed.clamp(0.0, 1.0)) * f64::from(width));
    u16::try_from(column).ok().filter(|column| *column > 0).map(|column| column.min(width.saturating_sub(1)))
}

fn halves(left: f64, all: usize) -> usize {
    let left = left.clamp(0.0, 1.0);
    let rounded = to_number((left * all as f64).round());
    match rounded {
        0 if left > 0.0 => 1.min(all),
        full if full == all && left < 1.0 => all.saturating_sub(1),
        rounded => rounded,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "never negative, and the cast saturates")]
const fn to_number(number: f64) -> usize {
    number as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_tell_nothing_from_almost_nothing() {
        for (left, fill, track) in [
            (0.0, "", "────"),
            (0.001, "╸", "───"),
            (0.25, "━", "╶──"),
            (0.40, "━╸", "──"),
            (0.5, "━━", "╶─"),
            (0.999, "━━━╸", ""),
            (1.0, "━━━━", ""),
            (7.0, "━━━━", ""),
            (f64::NAN, "", "────"),
        ] {
            assert_eq!(cells(left, 4), (fill.to_owned(), track.to_owned()), "{left}");
        }
        assert_eq!([0.0, 0.5, 0.95, 1.0].map(|passed| pace_column(passed, 10)), [Some(9), Some(5), None, None]);
        assert_eq!((cells(0.5, 0), pace_column(0.5, 0)), ((String::new(), String::new()), None));
    }
}
