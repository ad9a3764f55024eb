//! Reading conversations: all turns of one, and those in which words are found. By a connection that only reads.

use rusqlite::{Row, named_params};

use crate::domain::chat::Hit;
use crate::domain::conversation::Turn;
use crate::domain::ids::{ConversationId, TurnId};
use crate::store::column::{At, Count, Json};
use crate::store::load;
use crate::store::peek::{Peek, Unreadable};

/// Turns of one conversation that are read, the newest.
pub const TURNS: u32 = 5000;
/// Places that a search finds, the best.
pub const HITS: u32 = 100;
/// Characters of a text around what is found in it.
const AROUND: usize = 60;

impl Peek {
    /// The turns of a conversation that are over, oldest first, at most [`TURNS`].
    pub fn conversation(&self, id: ConversationId) -> Result<Vec<Turn>, Unreadable> {
        let sql = "SELECT *, (SELECT files FROM attachments WHERE turn = id) AS attachments
            FROM (SELECT * FROM turns WHERE conversation = :id AND origin = 'chat'
                AND state NOT IN ('waiting', 'running') ORDER BY id DESC LIMIT :most) ORDER BY id";
        self.rows(sql, named_params! { ":id": Count(id.0), ":most": TURNS }, load::turn)
    }

    /// The turns in which all words of `text` are found, the best first, at most [`HITS`]. The last word may be the
    /// beginning of one. None of what was deleted is found.
    pub fn search(&self, text: &str) -> Result<Vec<Hit>, Unreadable> {
        let wanted = words(text);
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        if wanted.iter().any(|word| word.chars().any(has_no_spaces)) {
            return self.search_inside(&wanted);
        }
        let quoted: Vec<String> = wanted.iter().map(|word| format!("\"{word}\"")).collect();
        let sql = "SELECT conversations.*, (SELECT count(*) FROM turns AS own WHERE own.conversation = conversations.id) AS turns,
                turns.id AS turn, asked, turns.prompt AS prompt, turns.answer AS answer
            FROM turns_text JOIN turns ON turns.id = turns_text.rowid
                JOIN conversations ON conversations.id = turns.conversation
            WHERE turns_text MATCH :words AND deleted IS NULL
            ORDER BY rank LIMIT :most";
        let query = format!("{}*", quoted.join(" "));
        let mut hits = self.rows(sql, named_params! { ":words": query, ":most": HITS }, hit)?;
        for hit in &mut hits {
            hit.around = around(&hit.around, &wanted);
        }
        Ok(hits)
    }
}

impl Peek {
    /// The same, in every turn, inside words too: for scripts whose words no space parts.
    fn search_inside(&self, wanted: &[String]) -> Result<Vec<Hit>, Unreadable> {
        let sql = "SELECT conversations.*, (SELECT count(*) FROM turns AS own WHERE own.conversation = conversations.id) AS turns,
                turns.id AS turn, asked, turns.prompt AS prompt, turns.answer AS answer
            FROM turns JOIN conversations ON conversations.id = turns.conversation
            WHERE origin = 'chat' AND state NOT IN ('waiting', 'running') AND deleted IS NULL
                AND NOT EXISTS (SELECT 1 FROM json_each(:words)
                    WHERE instr(lower(turns.prompt || char(10) || turns.answer), value) = 0)
            ORDER BY turns.id DESC LIMIT :most";
        let mut hits = self.rows(sql, named_params! { ":words": Json(wanted), ":most": HITS }, hit)?;
        for hit in &mut hits {
            hit.around = around(&hit.around, wanted);
        }
        Ok(hits)
    }
}

/// Whether words of its script are not parted by spaces: Chinese, Japanese, Thai and their neighbours.
const fn has_no_spaces(char: char) -> bool {
    matches!(char, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn hit(row: &Row<'_>) -> rusqlite::Result<Hit> {
    let (prompt, answer): (String, String) = (row.get("prompt")?, row.get("answer")?);
    Ok(Hit {
        conversation: load::conversation(row)?,
        turn: TurnId(row.get::<_, Count>("turn")?.0),
        asked: row.get::<_, At>("asked")?.0,
        around: format!("{prompt}\n{answer}"),
    })
}

/// What is searched for, without what the index does not know.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|char: char| !char.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// The text around the first place at which one of the words begins.
fn around(text: &str, words: &[String]) -> String {
    // Letter by letter, so that no place in the one is a place in the other by its bytes.
    let chars: Vec<char> = text.chars().collect();
    let small: Vec<char> = chars.iter().map(|char| char.to_lowercase().next().unwrap_or(*char)).collect();
    let found = words.iter().filter_map(|word| {
        let word: Vec<char> = word.chars().collect();
        small.windows(word.len().max(1)).position(|window| window == word)
    });
    let at = found.min().unwrap_or(0);
    let from = at.saturating_sub(AROUND / 3);
    let cut: String = chars.iter().skip(from).take(AROUND).collect();
    let (before, behind) = (if from > 0 { "…" } else { "" }, if from + AROUND < chars.len() { "…" } else { "" });
    format!("{before}{}{behind}", cut.replace(['\n', '\r', '\t'], " "))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::chat::Conversation;
    use crate::domain::conversation::{Origin, TurnState};
    use crate::store::samples::{NOON, bare_turn};
    use crate::store::write::{Write, apply};
    use crate::store::{Store, schema};

    fn turn(id: u64, conversation: u64, prompt: &str, answer: &str) -> Turn {
        let (prompt, answer, conversation) = (prompt.into(), answer.into(), ConversationId(conversation));
        Turn { prompt, answer, conversation, ..bare_turn(id, Origin::Chat, TurnState::Done) }
    }

    fn kept(turns: &[Turn]) -> (tempfile::TempDir, Peek) {
        let temp = tempfile::tempdir().unwrap();
        let conn = schema::open(&temp.path().join("roundel.db"), Duration::ZERO).unwrap();
        for id in 1..=3 {
            let deleted = (id == 3).then_some(NOON);
            let one = Conversation { deleted, ..Conversation::new(ConversationId(id), NOON) };
            apply(&conn, &Write::Conversation(Box::new(one))).unwrap();
        }
        for turn in turns {
            apply(&conn, &Write::Turn(Box::new(turn.clone()))).unwrap();
        }
        let peek = Store::peek(temp.path()).unwrap().unwrap();
        (temp, peek)
    }

    #[test]
    fn words_are_found_in_questions_and_answers_whatever_their_case() {
        let long = format!("{} the Tides of Brittany {}", "before ".repeat(30), "behind ".repeat(30));
        let (_temp, peek) = kept(&[
            turn(1, 1, "why two TIDES?", "The Moon."),
            turn(2, 2, "and?", &long),
            turn(3, 2, "Größe", "naïve café"),
            turn(4, 3, "tides, deleted", ""),
            turn(5, 1, "\"quoted\" AND (NEAR", "x"),
            turn(6, 2, "あ今天天气很好吗", "Weather."),
        ]);
        let found = |text: &str| {
            let mut ids: Vec<u64> = peek.search(text).unwrap().into_iter().map(|hit| hit.turn.0).collect();
            ids.sort_unstable();
            ids
        };
        for (text, ids) in [
            ("tides", vec![1, 2]),
            ("tid", vec![1, 2]),
            ("tides moon", vec![1]),
            ("moon tides", vec![1]),
            ("grosse", vec![]),
            ("große", vec![3]),
            ("größ", vec![3]),
            ("cafe", vec![3]),
            ("\"quoted\" AND (NEAR", vec![5]),
            ("*", vec![]),
            ("天气", vec![6]),
            ("天气 weather", vec![6]),
            ("天气 tides", vec![]),
            ("", vec![]),
            ("nothing of that", vec![]),
        ] {
            assert_eq!(found(text), ids, "{text:?}");
        }
        let hits = peek.search("brittany").unwrap();
        assert_eq!(hits[0].around, "…efore  the Tides of Brittany behind behind behind behind beh…");
    }

    #[test]
    fn an_answer_is_found_when_it_is_whole_and_as_it_was_last() {
        let running = Turn { state: TurnState::Running, ..turn(1, 1, "q", "first") };
        let (temp, peek) = kept(&[running]);
        assert_eq!(peek.search("first").unwrap(), []);
        let conn = schema::open(&temp.path().join("roundel.db"), Duration::ZERO).unwrap();
        for answer in ["first words", "other words"] {
            apply(&conn, &Write::Turn(Box::new(turn(1, 1, "q", answer)))).unwrap();
        }
        assert_eq!((peek.search("first").unwrap().len(), peek.search("other words").unwrap().len()), (0, 1));
        conn.execute("DELETE FROM turns", []).unwrap();
        assert_eq!(peek.search("other").unwrap(), []);
    }

    #[test]
    fn a_conversation_is_read_oldest_first() {
        let (_temp, peek) = kept(&[turn(2, 1, "b", ""), turn(1, 1, "a", ""), turn(3, 2, "c", "")]);
        let prompts: Vec<String> =
            peek.conversation(ConversationId(1)).unwrap().into_iter().map(|turn| turn.prompt).collect();
        assert_eq!(prompts, ["a", "b"]);
    }
}
