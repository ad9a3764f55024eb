//! What the simulated models say: a small tour of roundel, by keyword. No model speaks, and each answer says so. Knows
//! no provider but by the name that it is told.

/// Texts by keyword, the first that fits.
mod topics;

/// What `speaker` says to `question`, the user's `turn`th; `first` if nobody has answered yet in this conversation.
pub fn answer(question: &str, speaker: &str, first: bool, turn: usize) -> String {
    let opening = if first {
        format!("This is `{speaker}`, simulated: no model reads this, all answers were written beforehand.")
    } else {
        format!("This is `{speaker}`, simulated.")
    };
    let text = topics::about(question).map_or_else(|| topics::aside(turn), str::to_owned);
    // A paragraph of its own where what follows is no plain text.
    let joint = if text.starts_with(|char: char| char.is_alphanumeric() || char == '`') { " " } else { "\n\n" };
    format!("{opening}{joint}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_says_that_it_is_simulated() {
        for (first, opening) in [
            (true, "This is `quick`, simulated: no model reads this, all answers were written beforehand. "),
            (false, "This is `quick`, simulated. "),
        ] {
            for question in ["hello", "what is the rotation?", "", "xyzzy"] {
                let answer = answer(question, "quick", first, 1);
                assert!(answer.starts_with(opening), "{answer}");
            }
        }
    }

    #[test]
    fn the_same_question_the_same_answer() {
        assert_eq!(answer("xyzzy", "slow", false, 3), answer("xyzzy", "slow", false, 3));
        assert_ne!(answer("xyzzy", "slow", false, 3), answer("xyzzy", "slow", false, 4));
    }
}
