//! Gauges in eighths of a cell: what is left of a limit as a bar, from the left, and the dim track behind it; or as the
//! level in a single cell.

/// What fills a cell from the left, by eighths.
const LEFT: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// What fills a cell from below, by eighths, from one on.
const BELOW: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// What is left, and what is not: together `width` cells. What is not nothing has at least an eighth of a cell, and what
/// is not all is never drawn as all.
pub fn cells(left: f64, width: u16) -> (String, String) {
    let width = usize::from(width);
    let eighths = eighths(left, width * 8);
    let part = LEFT.get(eighths % 8).copied().unwrap_or_default();
    let fill = format!("{}{part}", "█".repeat(eighths / 8));
    (fill, "─".repeat(width - eighths.div_ceil(8)))
}

/// What is left as a level in one cell: the lowest where there is nothing, the highest where there is all.
pub fn level(left: f64) -> &'static str {
    let eighths = eighths(left, 8);
    BELOW.get(eighths.saturating_sub(1)).copied().unwrap_or_default()
}

/// The column of the pace in a bar of `width`: so much would be left if use were even. None: at its very beginning,
/// where it would only be in the way.
pub fn pace_column(passed: f64, width: u16) -> Option<u16> {
    let column = to_number((1.0 - passed.clamp(0.0, 1.0)) * f64::from(width));
    u16::try_from(column).ok().filter(|column| *column > 0).map(|column| column.min(width.saturating_sub(1)))
}

fn eighths(left: f64, all: usize) -> usize {
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
            (0.001, "▏", "───"),
            (0.25, "█", "───"),
            (0.30, "█▎", "──"),
            (0.40, "█▋", "──"),
            (0.5, "██", "──"),
            (0.999, "███▉", ""),
            (1.0, "████", ""),
            (7.0, "████", ""),
            (f64::NAN, "", "────"),
        ] {
            assert_eq!(cells(left, 4), (fill.to_owned(), track.to_owned()), "{left}");
        }
        assert_eq!([0.0, 0.5, 0.95, 1.0].map(|passed| pace_column(passed, 10)), [Some(9), Some(5), None, None]);
        assert_eq!([0.0, 0.001, 0.3, 0.5, 0.999, 1.0].map(level), ["▁", "▁", "▂", "▄", "▇", "█"]);
        assert_eq!((cells(0.5, 0), pace_column(0.5, 0)), ((String::new(), String::new()), None));
    }
}
