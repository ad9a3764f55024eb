//! How well a name fits what is typed of it: the letters in their order, best at the beginnings of words. Pure.

/// How well `text` fits `typed`, 0 the best; None: not at all. Case does not count. Each word of `typed` has to fit.
pub fn fit(typed: &str, text: &str) -> Option<usize> {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    typed.to_lowercase().split_whitespace().map(|word| fit_word(&word.chars().collect::<Vec<_>>(), &text)).sum()
}

fn fit_word(word: &[char], text: &[char]) -> Option<usize> {
    let starts = |at: usize| at == 0 || text.get(at - 1).is_some_and(|before| !before.is_alphanumeric());
    let whole = text.windows(word.len().max(1)).enumerate().filter(|(_, part)| *part == word);
    // All of it in one piece: at the head of the text, of a word, or inside one.
    let piece = whole.map(|(at, _)| if starts(at) { at.min(9) } else { 20 + at.min(9) }).min();
    piece.or_else(|| scattered(word, text, &starts))
}

/// Letter by letter; a jump to the head of a word costs less than one into its middle.
fn scattered(word: &[char], text: &[char], starts: &dyn Fn(usize) -> bool) -> Option<usize> {
    let (mut at, mut cost) = (0, 40);
    for letter in word {
        let rest = || text.iter().enumerate().skip(at).filter(|(_, char)| *char == letter).map(|(place, _)| place);
        let next = rest().next()?;
        let place = if next == at { next } else { rest().find(|place| starts(*place)).unwrap_or(next) };
        cost += match place - at {
            0 => 0,
            _ if starts(place) => 1,
            gap => 5 + gap.min(20),
        };
        at = place + 1;
    }
    Some(cost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heads_of_words_come_first() {
        let best = |typed: &str, texts: &[&'static str]| -> Vec<&'static str> {
            let mut found: Vec<(usize, &str)> =
                texts.iter().filter_map(|text| fit(typed, text).map(|cost| (cost, *text))).collect();
            found.sort_by_key(|(cost, _)| *cost);
            found.into_iter().map(|(_, text)| text).collect()
        };
        let all =
            ["disable", "enable", "no-training", "raw", "ask it again", "expand the pane", "undo the last switch"];
        assert_eq!(best("able", &all), ["enable", "disable"]);
        assert_eq!(best("nt", &all)[0], "no-training");
        assert_eq!(best("AGA", &all), ["ask it again"]);
        assert_eq!(best("swi last", &all), ["undo the last switch"]);
        assert_eq!(best("zz", &all), [""; 0]);
        assert_eq!(best("", &all).len(), all.len());
    }
}
