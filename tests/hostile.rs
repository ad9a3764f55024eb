//! What strangers send: arbitrary bytes through headers, refusals and streams break nothing, hang nothing, and bend no
//! gauge; and what is valid means the same however it is written down.

use std::time::Duration;

use proptest::prelude::*;
use roundel::domain::clock::Time;
use roundel::domain::exchange::Head;
use roundel::domain::failure::{Class, Failure};
use roundel::domain::headers;
use roundel::domain::quota::limit::{Evidence, Figure, Reading};
use roundel::domain::quota::meter::{Meter, Room};
use roundel::domain::roster::{Dialect, Wire};
use roundel::providers::refusal;
use roundel::providers::wire::Decoder;
use roundel::providers::wire::body::{Framing, Reader};
use roundel::providers::wire::piece::Piece;
use roundel::providers::wire::{anthropic, cohere};
use serde_json::{Value, json};

use crate::hostile::refusals::{Sample, samples};

/// Refusals in every dialect, in words and numbers of our own.
mod refusals;

const NOW: Time = Time::from_ms(1_795_348_800_000);

/// The longest wait or reset that is believed.
const LONGEST: Duration = Duration::from_hours(24 * 32);

const DIALECTS: [Dialect; 21] = [
    Dialect::Groq,
    Dialect::Openai,
    Dialect::Mistral,
    Dialect::Gemini,
    Dialect::Openrouter,
    Dialect::Cohere,
    Dialect::Litellm,
    Dialect::Ollama,
    Dialect::Cloudflare,
    Dialect::Zai,
    Dialect::Huggingface,
    Dialect::Nvidia,
    Dialect::Anthropic,
    Dialect::Together,
    Dialect::Cerebras,
    Dialect::Azure,
    Dialect::Github,
    Dialect::Xai,
    Dialect::Deepseek,
    Dialect::Perplexity,
    Dialect::Generic,
];

const NAMES: [&str; 34] = [
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-tokens",
    "x-ratelimit-renewalperiod-tokens",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-ratelimit-limit-req-minute",
    "x-ratelimit-remaining-req-minute",
    "x-ratelimit-remaining-requests-day",
    "x-ratelimit-reset-requests-day",
    "x-ratelimitbysize-limit-minute",
    "x-ratelimit-api_key-limit-tokens",
    "anthropic-ratelimit-requests-limit",
    "anthropic-ratelimit-requests-remaining",
    "anthropic-ratelimit-requests-reset",
    "x-trial-endpoint-call-limit",
    "x-trial-endpoint-call-remaining",
    "x-endpoint-monthly-call-limit",
    "x-litellm-key-rpm-limit",
    "x-litellm-model-api-base",
    "llm_provider-x-ratelimit-reset-requests",
    "rate_limit_type",
    "reset_at",
    "ratelimit",
    "ratelimit-policy",
    "ratelimit-limit",
    "retry-after",
    "retry-after-ms",
    "llm_provider-retry-after",
    "date",
];

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

fn dialect() -> impl Strategy<Value = Dialect> {
    proptest::sample::select(DIALECTS.as_slice())
}

/// Numbers at the edges, spans, instants, lists; and anything at all.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<u64>().prop_map(|number| number.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| number.to_string()),
        (0..200u32).prop_map(|number| number.to_string()),
        "[0-9]{1,40}(ms|s|m|h|d|ns|us)?",
        "([0-9]{1,9}(\\.[0-9]{0,9})?(h|m|s|ms|d|µs)){1,4}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z",
        "(\"[a-z]{0,3}\"|[a-z0-9]{0,3})(;[qwrt]=-?[0-9]{0,20}){0,4}(, ?\"?[a-z]\"?(;[qwrt]=[0-9]{0,4}){0,4}){0,3}",
        proptest::sample::select(
            &["", "-1", "None", "NaN", "inf", "-inf", "1e308", "0", "200,000", "\u{feff}7", "٣"][..]
        )
        .prop_map(str::to_owned),
        "\\PC{0,40}",
    ]
}

fn heads() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof![
        9 => proptest::sample::select(NAMES.as_slice()).prop_map(str::to_owned),
        1 => "(x-)?ratelimit(-(limit|remaining|reset|used|tokens|per|[0-9]{1,12}|day|minute|é|)){0,6}",
    ];
    proptest::collection::vec((name, value()), 0..12)
}

/// Headers of which no two say the same: of those that do, the first counts.
fn apart() -> impl Strategy<Value = Vec<(String, String)>> {
    let bare = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit-limit"];
    let names: Vec<&str> = NAMES.into_iter().filter(|name| !bare.contains(name)).collect();
    let most = names.len();
    proptest::sample::subsequence(names, 0..most)
        .prop_flat_map(|names| names.into_iter().map(|name| (Just(name.to_owned()), value())).collect::<Vec<_>>())
}

/// Nothing that was read is beyond belief, and no gauge shows what cannot be.
fn sound(readings: &[Reading]) -> Result<(), TestCaseError> {
    for reading in readings {
        prop_assert!(reading.reset_after.is_none_or(|after| after <= LONGEST), "{reading:?}");
        for cap in [0, 7, u64::MAX] {
            let cap = Figure::new(cap, Evidence::Documented, NOW);
            let mut meter = Meter::new("p".into(), reading.unit.clone(), reading.window, Some(cap), NOW);
            meter.count(3, NOW);
            meter.observe(reading, NOW);
            let most = meter.cap.map_or(0, |cap| cap.value);
            for later in [0, 1, 59_999, 86_400_000, 40 * 86_400_000] {
                let now = NOW.plus(Duration::from_millis(later));
                prop_assert!(meter.remaining(now).is_some_and(|left| left <= most), "{reading:?} {meter:?}");
                prop_assert!(meter.full_at(now).is_none_or(|at| at > now), "{reading:?} {meter:?}");
                if let Room::At(at) = meter.room(1, now) {
                    prop_assert!(at > now, "{reading:?} {meter:?}");
                }
            }
        }
    }
    Ok(())
}

fn refuse(dialect: Dialect, status: u16, headers: &[(String, String)], body: &[u8]) -> Failure {
    refusal::read(dialect, &Head { status, headers: headers.to_vec() }, body, NOW)
}

/// A failure that can be shown and waited for.
fn tame(failure: &Failure) -> Result<(), TestCaseError> {
    prop_assert!(failure.wait.is_none_or(|wait| wait <= LONGEST), "{failure:?}");
    prop_assert!(!failure.message.is_empty() && failure.message.chars().count() <= 300, "{failure:?}");
    prop_assert!(!failure.message.chars().any(char::is_control), "{failure:?}");
    sound(&failure.readings)
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn headers_of_any_kind(dialect in dialect(), headers in heads(), status in 100..600u16) {
        let head = Head { status, headers };
        sound(&headers::readings(dialect, &head, NOW))?;
        prop_assert!(headers::told_wait(&head, NOW).is_none_or(|wait| wait <= LONGEST));
        for told in headers::told(dialect, &head.headers, None) {
            for number in [told.limit, told.remaining, told.used].into_iter().flatten() {
                prop_assert!(number.is_finite(), "{told:?}");
            }
            prop_assert!(told.reset_after.is_none_or(|after| after.is_finite() && after >= 0.0), "{told:?}");
        }
        tame(&refuse(dialect, status, &head.headers, b""))?;
    }

    #[test]
    fn the_order_of_headers_says_nothing(dialect in dialect(), headers in apart(), turn in 0..12usize) {
        let mut turned = headers.clone();
        turned.rotate_left(turn.min(headers.len()));
        turned.reverse();
        let read = |headers| headers::readings(dialect, &Head { status: 200, headers }, NOW);
        prop_assert_eq!(read(headers), read(turned));
    }

    #[test]
    fn bodies_of_any_kind(dialect in dialect(), status in 400..600u16, body in proptest::collection::vec(any::<u8>(), 0..400)) {
        tame(&refuse(dialect, status, &[], &body))?;
        tame(&refusal::read_in_stream(dialect, &String::from_utf8_lossy(&body), NOW))?;
    }

    #[test]
    fn refusals_cut_and_bent(nth in 0..200usize, cut in 0..2000usize, byte in any::<u8>(), at in 0..2000usize, bend in bend()) {
        let samples = samples();
        let Sample { dialect, status, headers, body, .. } = &samples[nth % samples.len()];
        let text = body.to_string();
        tame(&refuse(*dialect, *status, headers, &text.as_bytes()[..cut.min(text.len())]))?;
        let mut bytes = text.clone().into_bytes();
        let place = at % bytes.len();
        bytes[place] = byte;
        tame(&refuse(*dialect, *status, headers, &bytes))?;
        let mut bent = body.clone();
        let leaves = leaves(&bent);
        if let Some(leaf) = leaves.get(at % leaves.len().max(1)).and_then(|path| bent.pointer_mut(path)) {
            *leaf = bend;
        }
        tame(&refuse(*dialect, *status, headers, bent.to_string().as_bytes()))?;
    }

    #[test]
    fn streams_of_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600), size in 1..70usize) {
        for wire in [Wire::Openai, Wire::Gemini, Wire::Ollama] {
            let (pieces, _) = decoded(wire, bytes.chunks(size));
            prop_assert!(length(&pieces) <= bytes.len() * 3);
        }
    }

    #[test]
    fn streams_of_wrong_values(values in proptest::collection::vec(bend(), 1..6), keys in proptest::collection::vec(key(), 1..6)) {
        let value = keys.iter().zip(&values).fold(json!({}), |mut value, (key, inner)| {
            value[*key] = json!([{*key: inner, "delta": inner, "message": inner, "content": {"parts": [inner]}}, inner]);
            value
        });
        for wire in [Wire::Openai, Wire::Gemini, Wire::Ollama] {
            for text in [format!("data: {value}\n\n"), format!("{value}\n"), format!("[{value},{value}]")] {
                let _ = decoded(wire, [text.as_bytes()]);
            }
        }
        for read in [anthropic::read, cohere::read] {
            let mut reader = Reader::new(Framing::Sse);
            let items = reader.push(format!("event: {}\ndata: {value}\n\n", keys[0]).as_bytes()).unwrap_or_default();
            items.into_iter().flat_map(read).for_each(drop);
        }
    }
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn a_stream_says_the_same_wherever_it_is_cut(words in proptest::collection::vec("[ -~é日\u{1f600}\\\\\"\n]{1,6}", 1..4), framing in 0..4usize) {
        for (wire, text) in streams(&words, framing) {
            let bytes = text.as_bytes();
            let (whole, end) = decoded(wire, [bytes]);
            prop_assert!(end, "{text}");
            let said: String = whole.iter().filter_map(|piece| match piece {
                Piece::Text(text) => Some(text.as_str()),
                _ => None,
            }).collect();
            prop_assert_eq!(&said, &words.concat());
            for cut in 1..bytes.len() {
                let (one, other) = bytes.split_at(cut);
                prop_assert_eq!(&decoded(wire, [one, other]).0, &whole, "cut at {}", cut);
            }
            prop_assert_eq!(&decoded(wire, bytes.chunks(1)).0, &whole);
        }
    }

    #[test]
    fn a_valid_refusal_means_the_same_however_it_is_written(fill in refusals::fill(), turn in 0..9usize, seed in any::<u64>()) {
        for sample in refusals::filled(&fill) {
            let Sample { name, dialect, status, headers, body, class } = sample;
            let plain = refuse(dialect, status, &headers, body.to_string().as_bytes());
            prop_assert_eq!(plain.class, class, "{}: {}", name, body);
            let mut headers = headers;
            let places = headers.len().max(1);
            headers.rotate_left(turn % places);
            headers.push(("x-served-by".into(), format!("cache-{turn}")));
            headers.reverse();
            for style in [Style::Reversed, Style::Spaced, Style::Strange] {
                let text = written(&body, style, seed, 0);
                let other = refuse(dialect, status, &headers, text.as_bytes());
                prop_assert_eq!(
                    (other.class, other.scope, other.wait, &other.readings),
                    (plain.class, plain.scope, plain.wait, &plain.readings),
                    "{}: {}", name, text
                );
            }
        }
    }
}

/// Long bodies of what costs most to read.
#[test]
#[expect(clippy::disallowed_methods, reason = "how long it takes is what is asked")]
fn sixty_four_kilobytes_of_anything_are_read_at_once() {
    let long = |text: &str| text.repeat(65_536 / text.len());
    let nested = format!("{}1{}", "[".repeat(30_000), "]".repeat(30_000));
    let objects = r#"{"error":"#.repeat(7000);
    let started = std::time::Instant::now();
    for text in [
        "limit 9 per minute, ",
        "per per per per ",
        "9 requests per 7 days ",
        "try again in 1h ",
        "model ",
        "((((",
        "9999999999",
        "TPM: Limit 5, Used 4, ",
        "\u{1b}[2J",
        "日",
    ] {
        let body = json!({"error": {"message": long(text), "code": long(text)}}).to_string();
        for dialect in [Dialect::Groq, Dialect::Litellm, Dialect::Gemini] {
            refuse(
                dialect,
                429,
                &[("ratelimit".into(), long(text)), ("retry-after".into(), long(text))],
                body.as_bytes(),
            );
        }
        refuse(Dialect::Generic, 429, &[], long(text).as_bytes());
    }
    for body in [&nested, &objects, &long(r#"{"a":"#), &long("data: {}\n\n"), &long("\n"), &long("\r")] {
        refuse(Dialect::Generic, 429, &[], body.as_bytes());
        for wire in [Wire::Openai, Wire::Gemini, Wire::Ollama] {
            let _ = decoded(wire, [body.as_bytes(), b"\n\n"]);
            let _ = decoded(wire, [format!("data: {body}\n\n").as_bytes()]);
        }
    }
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

/// All pieces of a body, and whether it was read to its end without a complaint.
fn decoded<'a>(wire: Wire, chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Piece>, bool) {
    let mut decoder = Decoder::new(wire);
    let mut pieces = Vec::new();
    for chunk in chunks {
        match decoder.push(chunk) {
            Ok(more) => pieces.extend(more),
            Err(_) => return (pieces, false),
        }
    }
    match decoder.finish() {
        Ok(more) => {
            pieces.extend(more);
            (pieces, true)
        }
        Err(_) => (pieces, false),
    }
}

fn length(pieces: &[Piece]) -> usize {
    let of = |piece: &Piece| match piece {
        Piece::Text(text) | Piece::Reasoning(text) | Piece::Finish(text) => text.len(),
        _ => 0,
    };
    pieces.iter().map(of).sum()
}

/// The same words in the three wires.
fn streams(words: &[String], framing: usize) -> Vec<(Wire, String)> {
    let (lead, end) =
        [("data: ", "\n\n"), ("data:", "\r\n\r\n"), (": note\nid: 7\ndata: ", "\n\n"), ("data: ", "\r\r")][framing];
    let event = |value: Value| format!("{lead}{value}{end}");
    let openai = words.iter().map(|word| event(json!({"choices": [{"index": 0, "delta": {"content": word}}]})));
    let openai: String = openai.chain([event(json!({"choices": [{"delta": {}, "finish_reason": "stop"}]}))]).collect();
    let gemini = words.iter().map(|word| event(json!({"candidates": [{"content": {"parts": [{"text": word}]}}]})));
    let line = ["\n", "\r\n", "\n\n", "\n"][framing];
    let ollama = words.iter().map(|word| format!("{}{line}", json!({"message": {"content": word}, "done": false})));
    vec![
        (Wire::Openai, format!("{openai}data: [DONE]{end}")),
        (Wire::Gemini, gemini.collect()),
        (Wire::Ollama, ollama.chain([json!({"done": true, "done_reason": "stop"}).to_string()]).collect()),
    ]
}

/// A value where another kind was due.
fn bend() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!(1e300)),
        "\\PC{0,30}".prop_map(Value::from),
        value().prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        (1..120usize).prop_map(|depth| (0..depth).fold(json!("x"), |value, _| json!([value]))),
        (1..60usize).prop_map(|depth| (0..depth).fold(json!(9), |value, _| json!({"error": value}))),
    ]
}

fn key() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(
        &[
            "choices",
            "candidates",
            "message",
            "delta",
            "content",
            "usage",
            "error",
            "done",
            "type",
            "usageMetadata",
            "x_groq",
        ][..],
    )
}

/// Pointers to all that is no object and no array.
fn leaves(value: &Value) -> Vec<String> {
    let under = |key: String, value: &Value| -> Vec<String> {
        leaves(value).into_iter().map(|path| format!("/{key}{path}")).collect()
    };
    match value {
        Value::Object(map) => map.iter().flat_map(|(key, value)| under(key.replace('/', "~1"), value)).collect(),
        Value::Array(list) => list.iter().enumerate().flat_map(|(at, value)| under(at.to_string(), value)).collect(),
        _ => vec![String::new()],
    }
}

/// A way of writing JSON down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Keys in the other order.
    Reversed,
    /// With blanks wherever they may stand.
    Spaced,
    /// With fields that nobody knows.
    Strange,
}

fn written(value: &Value, style: Style, seed: u64, depth: u32) -> String {
    let blank = match (style, (seed >> depth) & 3) {
        (Style::Spaced, 0) => "\n  ",
        (Style::Spaced, 1) => " ",
        (Style::Spaced, 2) => "\t",
        (Style::Spaced, _) => "\r\n",
        (Style::Reversed | Style::Strange, _) => "",
    };
    match value {
        Value::Object(map) => {
            let field = |(key, value): (&String, &Value)| {
                format!("{blank}{}{blank}:{blank}{}", json!(key), written(value, style, seed, depth + 1))
            };
            let mut fields: Vec<String> = map.iter().map(field).collect();
            fields.reverse();
            if style == Style::Strange {
                fields.insert(0, format!("\"trace\":{{\"span\":\"{seed:x}\",\"sampled\":true}}"));
                fields.push("\"region\":\"north\",\"tags\":[null,\"blue\"]".to_owned());
            }
            format!("{{{}{blank}}}", fields.join(","))
        }
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(|value| written(value, style, seed, depth + 1)).collect();
            format!("[{blank}{}{blank}]", items.join(","))
        }
        leaf => leaf.to_string(),
    }
}

#[test]
fn each_class_has_its_samples() {
    use Class::{Auth, BadRequest, Gone, Overloaded, Payment, QuotaExhausted, RateLimited, Server, TooLarge};
    let samples = samples();
    for class in [RateLimited, QuotaExhausted, Overloaded, Payment, Auth, TooLarge, Gone, BadRequest, Server] {
        assert!(samples.iter().any(|sample| sample.class == class), "{class:?}");
    }
    for sample in samples {
        let found = refuse(sample.dialect, sample.status, &sample.headers, sample.body.to_string().as_bytes());
        assert_eq!(found.class, sample.class, "{}: {}", sample.name, sample.body);
    }
}
