//! Cohere's own stream (v2), read only: typed events, from `message-start` to `message-end`.

use serde_json::Value;

use crate::domain::conversation::Usage;
use crate::providers::wire::body::Item;
use crate::providers::wire::piece::Piece;

/// The pieces of one item.
pub fn read(item: Item) -> Vec<Piece> {
    match item {
        Item::Value(_, value) => read_event(&value),
        Item::Text(name, text) if name == "error" => vec![Piece::Error(text)],
        Item::Done => vec![Piece::End],
        Item::Text(..) | Item::Comment => Vec::new(),
    }
}

fn read_event(event: &Value) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let kind = event["type"].as_str().unwrap_or_default();
    let at = |path: &str| event.pointer(path).unwrap_or(&Value::Null);
    let message = at("/delta/message");
    match kind {
        "content-start" | "content-delta" => {
            let content = &message["content"];
            pieces.extend(said(&content["text"]).map(Piece::Text));
            pieces.extend(said(&content["thinking"]).map(Piece::Reasoning));
        }
        "tool-plan-delta" => pieces.extend(said(&message["tool_plan"]).map(Piece::Reasoning)),
        "tool-call-start" | "tool-call-delta" => {
            let call = at("/delta/message/tool_calls");
            let function = at("/delta/message/tool_calls/function");
            pieces.push(Piece::ToolCall {
                index: event["index"].as_u64().unwrap_or_default(),
                id: call["id"].as_str().map(Into::into),
                name: function["name"].as_str().map(Into::into),
                arguments: function["arguments"].as_str().unwrap_or_default().into(),
                signature: None,
            });
        }
        "message-end" => {
            let tokens = at("/delta/usage/tokens");
            if tokens.is_object() {
                let (input, output) = (tokens["input_tokens"].as_u64(), tokens["output_tokens"].as_u64());
                pieces.push(Piece::Usage(Usage { input, output }));
            }
            pieces.extend(at("/delta/finish_reason").as_str().map(|reason| Piece::Finish(reason.into())));
            pieces.push(Piece::End);
        }
        _ => {}
    }
    if event.get("error").is_some_and(|error| !error.is_null()) {
        pieces.push(Piece::Error(event.to_string()));
    }
    pieces
}

fn said(text: &Value) -> Option<String> {
    text.as_str().filter(|text| !text.is_empty()).map(Into::into)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events() {
        for (event, pieces) in [
            (json!({"type": "message-start", "delta": {"message": {"content": [], "tool_plan": ""}}}), vec![]),
            (
                json!({"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "so"}}}}),
                vec![Piece::Text("so".into())],
            ),
            (
                json!({"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "hm"}}}),
                vec![Piece::Reasoning("hm".into())],
            ),
            (
                json!({"type": "tool-call-start", "index": 1, "delta": {"message": {"tool_calls": {"id": "t", "function": {"name": "look", "arguments": ""}}}}}),
                vec![Piece::ToolCall {
                    index: 1,
                    id: Some("t".into()),
                    name: Some("look".into()),
                    arguments: String::new(),
                    signature: None,
                }],
            ),
            (
                json!({"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": {"tokens": {"input_tokens": 4, "output_tokens": 2}}}}),
                vec![
                    Piece::Usage(Usage { input: Some(4), output: Some(2) }),
                    Piece::Finish("COMPLETE".into()),
                    Piece::End,
                ],
            ),
        ] {
            assert_eq!(read(Item::Value(String::new(), event.clone())), pieces, "{event}");
        }
    }
}
