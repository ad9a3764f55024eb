//! Files that go along with a question: texts and pictures. What they are is told by their bytes, never by their names.
//! Pure.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A text has at most so many bytes.
pub const TEXT: u64 = 256 * 1024;
/// A picture has at most so many bytes.
pub const IMAGE: u64 = 5 * 1024 * 1024;
/// All pictures of one question together have at most so many bytes.
pub const IMAGES: u64 = 8 * 1024 * 1024;
/// Pictures that go along with one request, all turns together, have at most so many bytes: no provider takes more.
pub const ALONG: u64 = 16 * 1024 * 1024;
/// All texts of one question together have at most so many bytes.
pub const TEXTS: u64 = 1024 * 1024;

/// A file that goes along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its path, as it was typed.
    pub name: String,
    /// Bytes that it had.
    pub size: u64,
    /// What is in it.
    pub body: Body,
}

/// What is in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Text.
    Text(Arc<str>),
    /// A picture, as a `data:` URL.
    Image(Arc<str>),
}

impl Attachment {
    /// The file of this name with these bytes. Err: why it cannot go along, without its name.
    pub fn of(name: &str, bytes: Vec<u8>) -> Result<Self, &'static str> {
        let size = bytes.len() as u64;
        let body = match (picture(&bytes), String::from_utf8(bytes)) {
            (Some(kind), bytes) => {
                let bytes = bytes.map_or_else(std::string::FromUtf8Error::into_bytes, String::into_bytes);
                if size > IMAGE {
                    return Err("is a picture of more than 5 MB");
                }
                Body::Image(format!("data:image/{kind};base64,{}", base64(&bytes)).into())
            }
            (None, Ok(_)) if size > TEXT => return Err("is a text of more than 256 kB"),
            (None, Ok(text)) if !text.contains('\0') => Body::Text(text.into()),
            (None, _) => return Err("is neither text (UTF-8) nor a picture (png, jpeg, gif, webp)"),
        };
        Ok(Self { name: name.to_owned(), size, body })
    }

    /// Whether only a lane with eyes can be sent it.
    pub const fn is_image(&self) -> bool {
        matches!(self.body, Body::Image(_))
    }

    /// The text in a fence under its name; None: it is a picture.
    pub fn fenced(&self) -> Option<String> {
        let Body::Text(text) = &self.body else { return None };
        // Longer than any fence in it.
        let longest = text.split(|char| char != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(3.max(longest + 1));
        let name: String = self.name.chars().filter(|char| !char.is_control() && *char != '`').collect();
        let end = if text.ends_with('\n') { "" } else { "\n" };
        Some(format!("{fence}{name}\n{text}{end}{fence}"))
    }
}

/// The kind of a picture, by its first bytes; None: it is none.
fn picture(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("png"),
        [0xff, 0xd8, 0xff, ..] => Some("jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("webp"),
        _ => None,
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |six: u32| LETTERS.get((six & 63) as usize).map_or('=', |letter| char::from(*letter));
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| chunk.get(at).map_or(0, |byte| u32::from(*byte));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        text.push(letter(bits >> 18));
        text.push(letter(bits >> 12));
        text.push(if chunk.len() > 1 { letter(bits >> 6) } else { '=' });
        text.push(if chunk.len() > 2 { letter(bits) } else { '=' });
    }
    text
}

/// The paths that a prompt names with `@`, in their order, each once: at the head of a word, up to the next space;
/// `@"my notes.md"` for one with spaces.
pub fn named(prompt: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut before = ' ';
    for (at, char) in prompt.char_indices() {
        if char == '@' && (before.is_whitespace() || before == '(') {
            let rest = prompt.get(at + 1..).unwrap_or_default();
            let path = match rest.strip_prefix('"') {
                Some(quoted) => quoted.split('"').next(),
                None => rest.split(char::is_whitespace).next(),
            };
            let path = path.filter(|path| !path.is_empty() && path.len() < 4096).map(str::to_owned);
            found.extend(path.filter(|path| !found.contains(path)));
        }
        before = char;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_is_its_bytes_tell() {
        let body = |bytes: &[u8]| Attachment::of("x", bytes.to_vec()).map(|file| file.body);
        assert_eq!(body("naïve\n".as_bytes()), Ok(Body::Text("naïve\n".into())));
        assert_eq!(body(b"GIF89a"), Ok(Body::Image("data:image/gif;base64,R0lGODlh".into())));
        assert_eq!(body(&[0xff, 0xd8, 0xff, 0]), Ok(Body::Image("data:image/jpeg;base64,/9j/AA==".into())));
        for bytes in [&[0xff, 0xfe, 0x41][..], b"a\0b"] {
            assert!(body(bytes).is_err_and(|why| why.contains("neither")));
        }
        assert!(body(&vec![b'a'; 262_145]).is_err() && body(&vec![b'a'; 262_144]).is_ok());
        let image = |size: usize| [b"GIF89a".to_vec(), vec![0; size - 6]].concat();
        assert!(body(&image(5 * 1024 * 1024 + 1)).is_err() && body(&image(5 * 1024 * 1024)).is_ok());
    }

    #[test]
    fn a_text_keeps_within_its_fence() {
        let fenced = |text: &str| Attachment::of("a.md", text.as_bytes().to_vec()).unwrap().fenced().unwrap();
        assert_eq!(fenced("x"), "```a.md\nx\n```");
        assert_eq!(fenced("```\ny\n````\n"), "`````a.md\n```\ny\n````\n`````");
    }

    #[test]
    fn paths_are_named_at_the_heads_of_words() {
        assert_eq!(
            named("@a.rs vs (@b/c.md and x@y.z @a.rs @\"my notes.md\"\n@/etc/hosts @ @\"\""),
            ["a.rs", "b/c.md", "my notes.md", "/etc/hosts"]
        );
    }
}
