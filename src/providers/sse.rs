//! Bytes to server-sent events. A push parser: however the bytes are cut, the events are the same. Bounded: a line or
//! an event that grows beyond the cap ends the reading with an error. Bytes that are no UTF-8 are replaced, as the
//! standard has it (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

/// The most that one event may hold: 8 MiB, far above any answer's piece.
const LARGEST: usize = 8 * 1024 * 1024;

/// What the stream carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The `event:` name, empty if there was none, and the `data:` lines joined by newlines.
    Message {
        /// The event's name.
        name: String,
        /// Its data.
        data: String,
    },
    /// A comment line, without its colon.
    Comment(String),
}

/// An event larger than anything a provider sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a single event of the stream is larger than 8 MiB")]
pub struct TooLarge;

/// The parser's memory between two pushes.
#[derive(Debug, Default)]
pub struct Parser {
    line: Vec<u8>,
    name: String,
    data: Option<String>,
    /// The last byte was a CR: an LF now belongs to it.
    after_cr: bool,
    begun: bool,
}

impl Parser {
    /// The events that `bytes` complete.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, TooLarge> {
        let mut events = Vec::new();
        let mut rest = bytes;
        if self.after_cr && !rest.is_empty() {
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
            self.after_cr = false;
        }
        while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (line, tail) = rest.split_at(end);
            self.line.extend_from_slice(line);
            rest = match tail {
                [b'\r'] => {
                    self.after_cr = true;
                    &[]
                }
                [b'\r', b'\n', tail @ ..] | [_, tail @ ..] => tail,
                [] => &[],
            };
            self.end_line(&mut events);
        }
        self.line.extend_from_slice(rest);
        let held = self.line.len() + self.data.as_ref().map_or(0, String::len);
        if held > LARGEST { Err(TooLarge) } else { Ok(events) }
    }

    /// The events that the end of the stream completes: proxies cut the last blank line off.
    pub fn finish(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        if !self.line.is_empty() {
            self.end_line(&mut events);
        }
        self.dispatch(&mut events);
        events
    }

    fn end_line(&mut self, events: &mut Vec<Event>) {
        let bytes = std::mem::take(&mut self.line);
        let mut line = String::from_utf8_lossy(&bytes);
        if !self.begun {
            self.begun = true;
            if let Some(stripped) = line.strip_prefix('\u{feff}') {
                line = stripped.to_owned().into();
            }
        }
        if line.is_empty() {
            self.dispatch(events);
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => events.push(Event::Comment(value.to_owned())),
            "event" => value.clone_into(&mut self.name),
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            _ => {}
        }
    }

    fn dispatch(&mut self, events: &mut Vec<Event>) {
        let name = std::mem::take(&mut self.name);
        if let Some(data) = self.data.take() {
            events.push(Event::Message { name, data });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(chunks: &[&[u8]]) -> Vec<Event> {
        let mut parser = Parser::default();
        let mut events: Vec<Event> = chunks.iter().flat_map(|chunk| parser.push(chunk).unwrap()).collect();
        events.extend(parser.finish());
        events
    }

    fn message(name: &str, data: &str) -> Event {
        Event::Message { name: name.into(), data: data.into() }
    }

    #[test]
    fn what_the_standard_says() {
        for (text, events) in [
            ("data: a\n\ndata:b\r\n\r\ndata: c\r\r", vec![message("", "a"), message("", "b"), message("", "c")]),
            ("data: a\ndata: b\n\n", vec![message("", "a\nb")]),
            ("event: error\nid: 7\nretry: 9\ndata\n\n", vec![message("error", "")]),
            (": note\n\n\u{feff}data: x\n\n", vec![Event::Comment("note".into())]),
            ("\u{feff}data: x\n\n", vec![message("", "x")]),
            ("event: lost\n\ndata: kept", vec![message("", "kept")]),
        ] {
            assert_eq!(read(&[text.as_bytes()]), events, "{text:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(read(&[b"data: a\xffb\n\n"]), [message("", "a\u{fffd}b")]);
    }

    #[test]
    fn an_endless_line_is_refused() {
        let mut parser = Parser::default();
        let chunk = vec![b'x'; 1024 * 1024];
        let refused = (0..9).any(|_| parser.push(&chunk) == Err(TooLarge));
        assert!(refused);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]
        #[test]
        fn however_it_is_cut(text in "(data: [aé日]{0,3}|: c|event: e|\r\n|\n|\r){0,12}", cuts in proptest::collection::vec(0..60usize, 0..6)) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut from = 0;
            let mut chunks: Vec<&[u8]> = Vec::new();
            for cut in cuts {
                chunks.push(&bytes[from..cut]);
                from = cut;
            }
            chunks.push(&bytes[from..]);
            prop_assert_eq!(read(&chunks), read(&[bytes]));
        }
    }
}
