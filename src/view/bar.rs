//! Gauges in eighths of a cell: what is left of a limit, from the left.

const EIGHTHS: [char; 9] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
const THIN: [char; 9] = ['▁', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The cells of a bar of `width`: filled to `left` (0 to 1). What is not nothing has at least its thinnest sign, and
/// what is not all is never drawn as all.
pub fn cells(left: f64, width: u16) -> String {
    let width = usize::from(width);
    let all = width * 8;
    let eighths = eighths(left, all);
    (0..width).map(|cell| EIGHTHS.get(eighths.saturating_sub(cell * 8).min(8)).copied().unwrap_or(' ')).collect()
}

/// A limit in one cell.
pub fn thin(left: f64) -> char {
    THIN.get(eighths(left, 8)).copied().unwrap_or('▁')
}

/// The column of the pace in a bar of `width`: so much would be left if use were even.
pub fn pace_column(passed: f64, width: u16) -> u16 {
    let column = (1.0 - passed.clamp(0.0, 1.0)) * f64::from(width);
    to_number(column).try_into().unwrap_or(0u16).min(width.saturating_sub(1))
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
        for (left, expected) in [
            (0.0, "    "),
            (0.001, "▏   "),
            (0.25, "█   "),
            (0.40, "█▋  "),
            (0.5, "██  "),
            (0.999, "███▉"),
            (1.0, "████"),
            (7.0, "████"),
            (f64::NAN, "    "),
        ] {
            assert_eq!(cells(left, 4), expected, "{left}");
        }
        assert_eq!([0.0, 0.01, 0.5, 0.99, 1.0].map(thin), ['▁', '▁', '▄', '▇', '█']);
        assert_eq!([0.0, 0.5, 1.0].map(|passed| pace_column(passed, 10)), [9, 5, 0]);
        assert_eq!((cells(0.5, 0), pace_column(0.5, 0)), (String::new(), 0));
    }
}
