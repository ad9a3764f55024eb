//! A chat completions request as it came, and of it only what the choice of a lane needs: the rest stays bytes, so that
//! a lane of the same wire gets them as they are. Pure; what is wrong is said in a sentence that tells what to do.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::domain::ability::Wants;
use crate::domain::conversation::text_tokens;

/// What `OpenAI` documents for one tile of a picture at low detail.
const PICTURE: u64 = 85;

/// A request, and what of it routing needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    body: Bytes,
    /// The model's name, as asked for.
    pub model: String,
    /// The answer is to come as a stream.
    pub stream: bool,
    /// The stream is to end with the usage.
    pub include_usage: bool,
    /// About how many tokens the prompt has, tools included.
    pub input: u64,
    /// Upper bound of the answer, in tokens.
    pub max_tokens: Option<u64>,
    /// What it asks of a lane.
    pub wants: Wants,
    model_at: Range<usize>,
    options_at: Option<Range<usize>>,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    messages: Option<Messages>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default, borrow, deserialize_with = "even_null")]
    stream_options: Option<&'a RawValue>,
    max_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
    #[serde(borrow)]
    tools: Option<&'a RawValue>,
    #[serde(borrow)]
    functions: Option<&'a RawValue>,
    #[serde(borrow)]
    response_format: Option<&'a RawValue>,
    n: Option<u64>,
    logprobs: Option<bool>,
    audio: Option<IgnoredAny>,
}

/// A null has its place, too.
fn even_null<'de: 'a, 'a, D: Deserializer<'de>>(from: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

impl Outline {
    /// Reads a request. Err: what is wrong with it, and what would be right.
    pub fn read(body: Bytes) -> Result<Self, String> {
        let read: Body<'_> = serde_json::from_slice(&body).map_err(|error| {
            let whole = matches!(error.classify(), serde_json::error::Category::Data);
            let what = if whole { "the request cannot be read" } else { "the body is no JSON" };
            format!("{what}: {error}")
        })?;
        let model =
            read.model.ok_or("name a `model`: `auto` takes whichever lane can answer; GET /v1/models lists all")?;
        let name: String =
            serde_json::from_str(model.get()).map_err(|_| "`model` is a name in quotes, such as \"auto\"")?;
        let messages = read.messages.ok_or("`messages` is missing: [{\"role\": \"user\", \"content\": \"...\"}]")?;
        if messages.0.count == 0 {
            return Err("`messages` is empty; the last one is the question".into());
        }
        let options: Option<Options> = match read.stream_options.filter(|raw| raw.get() != "null") {
            Some(raw) => Some(serde_json::from_str(raw.get()).map_err(|error| format!("`stream_options`: {error}"))?),
            None => None,
        };
        let format = read.response_format.map(RawValue::get).unwrap_or_default();
        let given = |raw: Option<&RawValue>| raw.map_or(0, |raw| if raw.get().len() > 4 { raw.get().len() } else { 0 });
        let tools = given(read.tools);
        let wants = Wants {
            tools: tools > 0,
            vision: messages.0.pictures,
            json: format.contains("json_"),
            long: false,
            verbatim: read.n.is_some_and(|n| n > 1)
                || read.logprobs == Some(true)
                || read.audio.is_some()
                || given(read.functions) > 0
                || messages.0.others,
        };
        let (model_at, options_at) = (place(&body, model), read.stream_options.map(|raw| place(&body, raw)));
        Ok(Self {
            model: name,
            stream: read.stream.unwrap_or(false),
            include_usage: options.is_some_and(|options| options.include_usage == Some(true)),
            input: messages.0.tokens + (tools as u64).div_ceil(4),
            max_tokens: read.max_completion_tokens.or(read.max_tokens).filter(|most| *most > 0),
            wants,
            model_at,
            options_at,
            body,
        })
    }

    /// The body as it came.
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body for a lane of the same wire: another model, and a stream that tells its usage where `usage` says that
    /// this may be asked for. Everything else as it came.
    pub fn for_model(&self, model: &str, usage: bool) -> Bytes {
        let name = Value::from(model).to_string();
        let asks = usage && self.stream && !self.include_usage;
        let options = asks.then(|| self.options());
        let mut changes: Vec<(Range<usize>, &str)> = vec![(self.model_at.clone(), &name)];
        let added;
        if let Some(options) = &options {
            if let Some(at) = &self.options_at {
                changes.push((at.clone(), options));
            } else {
                let end = self.body.iter().rposition(|byte| *byte == b'}').unwrap_or(self.body.len());
                added = format!(",\"stream_options\":{options}");
                changes.push((end..end, &added));
            }
        }
        changes.sort_by_key(|(at, _)| at.start);
        let mut out = BytesMut::with_capacity(self.body.len() + 64 + name.len());
        let mut from = 0;
        for (at, text) in changes {
            out.put_slice(self.body.get(from..at.start).unwrap_or_default());
            out.put_slice(text.as_bytes());
            from = at.end;
        }
        out.put_slice(self.body.get(from..).unwrap_or_default());
        out.freeze()
    }

    fn options(&self) -> String {
        let own = self.options_at.clone().and_then(|at| serde_json::from_slice(self.body.get(at)?).ok());
        let mut options: Map<String, Value> = own.unwrap_or_default();
        options.insert("include_usage".into(), true.into());
        Value::Object(options).to_string()
    }
}

#[derive(Deserialize)]
struct Options {
    include_usage: Option<bool>,
}

/// Where a value stands in the body that it was read from.
fn place(body: &[u8], value: &RawValue) -> Range<usize> {
    let start = (value.get().as_ptr() as usize).saturating_sub(body.as_ptr() as usize);
    start..start + value.get().len()
}

/// What is counted of a part of the prompt.
#[derive(Debug, Default, Clone, Copy)]
struct Weight {
    count: usize,
    tokens: u64,
    pictures: bool,
    /// What only a lane of the same wire can be sent: sound, files.
    others: bool,
}

impl Weight {
    const fn add(&mut self, other: Self) {
        self.count += 1;
        self.tokens += other.tokens;
        self.pictures |= other.pictures;
        self.others |= other.others;
    }
}

struct Messages(Weight);
struct Content(Weight);

impl<'de> Deserialize<'de> for Messages {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Weight;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`messages` as a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Weight, A::Error> {
                let mut sum = Weight::default();
                while let Some(one) = all.next_element::<One<'de>>()? {
                    if !one.role.get().starts_with('"') {
                        return Err(A::Error::custom("a `role` is a word in quotes"));
                    }
                    let mut weight = one.content.map(|content| content.0).unwrap_or_default();
                    let calls = one.tool_calls.map_or(0, |raw| raw.get().len() as u64 / 4);
                    weight.tokens += 4 + calls;
                    sum.add(weight);
                }
                Ok(sum)
            }
        }
        from.deserialize_seq(All).map(Self)
    }
}

/// A message. Its role is read so that one without is told here.
#[derive(Deserialize)]
struct One<'a> {
    #[serde(borrow)]
    role: &'a RawValue,
    content: Option<Content>,
    #[serde(borrow)]
    tool_calls: Option<&'a RawValue>,
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Weight;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`content` as a text or a list of parts")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Weight, E> {
                Ok(Weight { tokens: text_tokens(text), ..Weight::default() })
            }
            fn visit_unit<E: Error>(self) -> Result<Weight, E> {
                Ok(Weight::default())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Weight, A::Error> {
                let mut sum = Weight::default();
                while let Some(part) = parts.next_element::<Part>()? {
                    sum.add(part.0);
                }
                Ok(sum)
            }
        }
        from.deserialize_any(Either).map(Self)
    }
}

struct Part(Weight);

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Weight;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a part such as {\"type\": \"text\", \"text\": \"...\"}")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Weight, A::Error> {
                let mut weight = Weight::default();
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    match &*key {
                        "type" => match &*map.next_value::<Cow<'de, str>>()? {
                            "text" | "refusal" => {}
                            "image_url" => {
                                weight.pictures = true;
                                weight.tokens += PICTURE;
                            }
                            _ => weight.others = true,
                        },
                        // Other wires carry pictures themselves, not their addresses.
                        "image_url" => weight.others |= !map.next_value::<&RawValue>()?.get().contains("\"data:"),
                        "text" => weight.tokens += text_tokens(&map.next_value::<Cow<'de, str>>()?),
                        _ => _ = map.next_value::<IgnoredAny>()?,
                    }
                }
                Ok(weight)
            }
        }
        from.deserialize_map(Fields).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Outline, String> {
        Outline::read(Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn only_the_model_changes_and_the_rest_stays_byte_for_byte() {
        let text = " {\"messages\" : [{\"role\":\"user\",\"content\":\"a\\u00e9\"}],\n \"model\":\t\"x\\/y\" , \"odd\":1.50,\"user\":\"\\ud83d\\ude00\" }\n";
        let outline = read(text).unwrap();
        assert_eq!(outline.model, "x/y");
        let forwarded = outline.for_model("a\"b", true);
        assert_eq!(forwarded, text.replace("\"x\\/y\"", "\"a\\\"b\""));
    }

    #[test]
    fn a_stream_is_made_to_tell_its_usage() {
        let hello = r#""messages":[{"role":"user","content":"x"}]"#;
        for (text, forwarded, wanted) in [
            (
                format!("{{\"model\":\"a\",{hello},\"stream\":true}}"),
                format!("{{\"model\":\"b\",{hello},\"stream\":true,\"stream_options\":{{\"include_usage\":true}}}}"),
                false,
            ),
            (
                format!("{{\"stream_options\":{{\"x\":1}},\"model\":\"a\",{hello},\"stream\":true}}"),
                format!(
                    "{{\"stream_options\":{{\"include_usage\":true,\"x\":1}},\"model\":\"b\",{hello},\"stream\":true}}"
                ),
                false,
            ),
            (
                format!("{{\"stream_options\":null,\"model\":\"a\",{hello},\"stream\":true}}"),
                format!("{{\"stream_options\":{{\"include_usage\":true}},\"model\":\"b\",{hello},\"stream\":true}}"),
                false,
            ),
            (
                format!("{{\"model\":\"a\",{hello},\"stream\":true,\"stream_options\":{{\"include_usage\":true}}}}"),
                format!("{{\"model\":\"b\",{hello},\"stream\":true,\"stream_options\":{{\"include_usage\":true}}}}"),
                true,
            ),
            (format!("{{\"model\":\"a\",{hello}}}"), format!("{{\"model\":\"b\",{hello}}}"), false),
        ] {
            let outline = read(&text).unwrap();
            assert_eq!(outline.for_model("b", true), forwarded);
            assert_eq!(outline.include_usage, wanted);
        }
    }

    #[test]
    fn what_it_asks_of_a_lane() {
        let body = json!({
            "model": "auto", "max_completion_tokens": 7, "max_tokens": 9,
            "messages": [
                { "role": "system", "content": "be brief" },
                { "role": "user", "content": [{ "type": "text", "text": "what?" }, { "type": "image_url", "image_url": { "url": "data:" } }] },
                { "role": "assistant", "content": null, "tool_calls": [] },
            ],
            "tools": [{ "type": "function", "function": { "name": "f" } }],
            "response_format": { "type": "json_object" },
        });
        let outline = read(&body.to_string()).unwrap();
        let wants = Wants { tools: true, vision: true, json: true, ..Wants::default() };
        assert_eq!((outline.wants, outline.max_tokens, outline.stream), (wants, Some(7), false));
        assert!((100..130).contains(&outline.input), "{}", outline.input);
        for (field, value) in [("n", json!(2)), ("logprobs", json!(true)), ("functions", json!([{ "name": "f" }]))] {
            let mut body = json!({ "model": "a", "messages": [{ "role": "user", "content": "x" }] });
            body[field] = value;
            assert!(read(&body.to_string()).unwrap().wants.verbatim, "{field}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, said) in [
            ("", "the body is no JSON: EOF"),
            ("{", "the body is no JSON: EOF"),
            ("[]", "the request cannot be read"),
            ("{}", "name a `model`: `auto`"),
            (r#"{"model":7}"#, "`model` is a name in quotes"),
            (r#"{"model":"a"}"#, "`messages` is missing"),
            (r#"{"model":"a","messages":[]}"#, "`messages` is empty"),
            (
                r#"{"model":"a","messages":"x"}"#,
                "the request cannot be read: invalid type: string \"x\", expected `messages` as a list",
            ),
            (r#"{"model":"a","messages":[{"content":"x"}]}"#, "missing field `role`"),
            (r#"{"model":"a","model":"b","messages":[{"role":"user"}]}"#, "duplicate field `model`"),
            (
                r#"{"model":"a","messages":[{"role":"user","content":7}]}"#,
                "expected `content` as a text or a list of parts",
            ),
            (r#"{"model":"a","stream":"yes","messages":[{"role":"user"}]}"#, "expected a boolean"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
