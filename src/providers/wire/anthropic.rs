//! Anthropic's own stream, read only: typed events, from `message_start` to `message_stop`; the old completions, too.

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
    let index = event["index"].as_u64().unwrap_or_default();
    match event["type"].as_str() {
        Some("content_block_start") => {
            let block = &event["content_block"];
            if block["type"] == "tool_use" {
                pieces.push(Piece::ToolCall {
                    index,
                    id: block["id"].as_str().map(Into::into),
                    name: block["name"].as_str().map(Into::into),
                    arguments: String::new(),
                    signature: None,
                });
            }
            read_text(block, &mut pieces);
        }
        Some("content_block_delta") => {
            read_text(&event["delta"], &mut pieces);
            if let Some(part) = event.pointer("/delta/partial_json").and_then(Value::as_str) {
                pieces.push(Piece::ToolCall { index, id: None, name: None, arguments: part.into(), signature: None });
            }
        }
        Some("message_stop") => pieces.push(Piece::End),
        Some("error") => pieces.push(Piece::Error(event.to_string())),
        _ => {
            let text = event["completion"].as_str().filter(|text| !text.is_empty());
            pieces.extend(text.map(|text| Piece::Text(text.into())));
        }
    }
    let usage = event.pointer("/message/usage").or_else(|| event.get("usage")).filter(|usage| usage.is_object());
    pieces.extend(usage.map(|usage| {
        Piece::Usage(Usage { input: usage["input_tokens"].as_u64(), output: usage["output_tokens"].as_u64() })
    }));
    let reason = event.pointer("/delta/stop_reason").or_else(|| event.get("stop_reason")).and_then(Value::as_str);
    pieces.extend(reason.map(|reason| Piece::Finish(reason.into())));
    pieces
}

fn read_text(part: &Value, pieces: &mut Vec<Piece>) {
    if let Some(text) = part["text"].as_str().filter(|text| !text.is_empty()) {
        pieces.push(Piece::Text(text.into()));
    }
    if let Some(text) = part["thinking"].as_str().filter(|text| !text.is_empty()) {
        pieces.push(Piece::Reasoning(text.into()));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events() {
        for (event, pieces) in [
            (json!({"type": "ping"}), vec![]),
            (
                json!({"type": "message_start", "message": {"usage": {"input_tokens": 7, "output_tokens": 1}}}),
                vec![Piece::Usage(Usage { input: Some(7), output: Some(1) })],
            ),
            (
                json!({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}}),
                vec![Piece::Reasoning("hm".into())],
            ),
            (
                json!({"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "id": "t", "name": "look", "input": {}}}),
                vec![Piece::ToolCall {
                    index: 2,
                    id: Some("t".into()),
                    name: Some("look".into()),
                    arguments: String::new(),
                    signature: None,
                }],
            ),
            (
                json!({"type": "content_block_delta", "index": 2, "delta": {"partial_json": "{\"a\""}}),
                vec![Piece::ToolCall { index: 2, id: None, name: None, arguments: "{\"a\"".into(), signature: None }],
            ),
            (
                json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}}),
                vec![Piece::Usage(Usage { input: None, output: Some(3) }), Piece::Finish("end_turn".into())],
            ),
            (json!({"type": "message_stop"}), vec![Piece::End]),
            (json!({"type": "completion", "completion": "old", "stop_reason": null}), vec![Piece::Text("old".into())]),
        ] {
            assert_eq!(read(Item::Value(String::new(), event.clone())), pieces, "{event}");
        }
    }
}
