//! Fenced blocks of an answer, and the first of them while the answer comes. Pure.
//!
//! ```text
//!  Before ──(a fence opens)──▶ Inside ──(it closes)──▶ After
//! ```

/// Fences have at least so many marks.
const LEAST: usize = 3;

/// The first block.
#[derive(Debug, Default)]
pub struct FirstBlock {
    place: Place,
    /// What came of the line that is not yet ended.
    line: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Before,
    Inside(Fence),
    After,
}

/// What opened the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fence {
    mark: char,
    marks: usize,
    /// Columns before it: as many are taken off each line of the block.
    indent: usize,
}

/// The code of all blocks, in their order.
pub fn blocks(text: &str) -> Vec<String> {
    let (mut all, mut reader, mut code) = (Vec::new(), FirstBlock::default(), String::new());
    for line in text.split_inclusive('\n') {
        code.push_str(&reader.more(line));
        if reader.place == Place::After {
            all.push(std::mem::take(&mut code));
            reader = FirstBlock::default();
        }
    }
    code.push_str(&reader.end());
    if reader.is_found() && !code.is_empty() {
        all.push(code);
    }
    all
}

impl FirstBlock {
    /// Takes in more of the answer. What of it is code, in whole lines.
    pub fn more(&mut self, text: &str) -> String {
        let mut code = String::new();
        if self.place == Place::After {
            return code;
        }
        for piece in text.split_inclusive('\n') {
            self.line.push_str(piece);
            if piece.ends_with('\n') {
                let line = std::mem::take(&mut self.line);
                self.line(line.trim_end_matches(['\n', '\r']), &mut code);
            }
        }
        code
    }

    /// The answer is over: the rest of the code. A block that nothing closes ends with the answer.
    pub fn end(&mut self) -> String {
        let mut code = String::new();
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.line(&line, &mut code);
        }
        code
    }

    /// Whether there is a block.
    pub fn is_found(&self) -> bool {
        self.place != Place::Before
    }

    fn line(&mut self, line: &str, code: &mut String) {
        match self.place {
            Place::Before => self.place = opens(line).map_or(Place::Before, Place::Inside),
            Place::Inside(fence) if closes(line, fence) => self.place = Place::After,
            Place::Inside(fence) => {
                let own = line.char_indices().take(fence.indent).take_while(|(_, char)| char.is_whitespace());
                let begin = own.last().map_or(0, |(at, char)| at + char.len_utf8());
                code.push_str(line.get(begin..).unwrap_or_default());
                code.push('\n');
            }
            Place::After => {}
        }
    }
}

/// Models indent blocks inside lists by any depth: where code stands by itself is not looked at.
fn opens(line: &str) -> Option<Fence> {
    let fence = line.trim_start();
    let mark = fence.chars().next().filter(|mark| ['`', '~'].contains(mark))?;
    let marks = fence.chars().take_while(|char| *char == mark).count();
    let info = fence.trim_start_matches(mark);
    // Code inside a line is not a fence.
    let is_fence = marks >= LEAST && !(mark == '`' && info.contains('`'));
    let indent = line.chars().take_while(|char| char.is_whitespace()).count();
    is_fence.then_some(Fence { mark, marks, indent })
}

fn closes(line: &str, fence: Fence) -> bool {
    let line = line.trim();
    line.chars().count() >= fence.marks && line.chars().all(|char| char == fence.mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_blocks_are_found() {
        let text = "a\n```rust\nfn a() {}\n```\nb\n~~~\nx\n```\ny\n~~~\n\n````\nlast";
        assert_eq!(blocks(text), ["fn a() {}\n", "x\n```\ny\n", "last\n"]);
        assert_eq!(blocks("no code"), [""; 0]);
    }

    fn found(answer: &str) -> Option<String> {
        let whole = |pieces: &[&str]| {
            let mut block = FirstBlock::default();
            let mut code: String = pieces.iter().map(|piece| block.more(piece)).collect();
            code.push_str(&block.end());
            block.is_found().then_some(code)
        };
        let expected = whole(&[answer]);
        // However it is cut.
        for at in 0..answer.len() {
            let Some((one, other)) = answer.split_at_checked(at) else { continue };
            assert_eq!(whole(&[one, other]), expected, "{answer:?} at {at}");
        }
        expected
    }

    #[test]
    fn the_first_block_and_nothing_else() {
        for (answer, code) in [
            ("Here:\n\n```rust\nfn f() {}\n```\n\nand\n```\nsecond\n```\n", Some("fn f() {}\n")),
            ("~~~\n```\nkept\n```\n~~~\n", Some("```\nkept\n```\n")),
            ("````md\n```\ninner\n```\n````", Some("```\ninner\n```\n")),
            ("1. first\n\n    ```sh\n    ls\n      -l\n   \n    ```\n", Some("ls\n  -l\n\n")),
            ("```sh\r\nls\r\n```\r\n", Some("ls\n")),
            ("```\nnever closed", Some("never closed\n")),
            ("```\n```\n", Some("")),
            ("```日本\n日本\n```", Some("日本\n")),
            ("no `code` at all, ```not here``` either\n", None),
            ("```a `b` c\n", None),
            ("", None),
        ] {
            assert_eq!(found(answer).as_deref(), code, "{answer:?}");
        }
    }
}
