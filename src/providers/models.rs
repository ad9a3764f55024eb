//! A provider's list of its models: where it is asked for, how it is read, and what it says of the models that one
//! knows. Pure. A list is believed with care: providers leave out models that work, and write ids in more ways than one.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::clock::{Time, Zone};
use crate::domain::roster::{Dialect, LaneSpec, Wire};

/// One entry of a list.
pub mod entry;

use crate::providers::models::entry::{Model, read};

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// Its models, no longer served ones left out.
    pub models: Vec<Model>,
    /// What has to stand behind the address of the list to get the next page: `page=2`.
    pub next: Option<String>,
}

/// A list, as it was at an instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct List {
    /// When it was heard.
    pub at: Time,
    /// All pages of it are here.
    pub whole: bool,
    /// The models, each once.
    pub models: Vec<Model>,
}

/// Where the list of an account of this shape is asked for: the first that answers counts.
pub fn urls(shape: &LaneSpec) -> Vec<String> {
    let base = shape.base_url.trim_end_matches('/');
    let root = base.strip_suffix("/v1").unwrap_or(base);
    match (shape.wire, shape.dialect) {
        (Wire::Gemini, _) => vec![format!("{base}/models?pageSize=1000")],
        (Wire::Ollama, _) => vec![format!("{root}/api/tags")],
        // Some keys may not see prices.
        (_, Dialect::Litellm) => vec![format!("{root}/model/info"), format!("{root}/v1/models")],
        // Its OpenAI-compatible address has no list.
        (_, Dialect::Cohere) if root.ends_with("/compatibility") => {
            vec![format!("{}/v1/models?page_size=1000", root.trim_end_matches("/compatibility"))]
        }
        (_, Dialect::Cloudflare) => vec![format!("{root}/models/search?per_page=100")],
        _ => vec![format!("{base}/models")],
    }
}

/// Whether asking for the list is known to cost nothing. A trial key of Cohere has a thousand calls a month, and nobody
/// says that this is none of them.
pub const fn is_for_nothing(dialect: Dialect) -> bool {
    !matches!(dialect, Dialect::Cohere)
}

/// Reads one page. None: this is no list.
pub fn page(shape: &LaneSpec, value: &Value) -> Option<Page> {
    let list = ["data", "models", "result"].into_iter().find_map(|key| value[key].as_array()).or(value.as_array())?;
    let mut models: Vec<Model> = Vec::new();
    for model in list.iter().filter_map(|one| read(shape, one)) {
        match models.iter_mut().find(|known| known.id == model.id) {
            Some(known) => known.join(&model),
            None => models.push(model),
        }
    }
    let token = |key: &str| value[key].as_str().filter(|token| !token.is_empty()).map(escaped);
    let next = match token("nextPageToken") {
        Some(token) => Some(format!("pageToken={token}")),
        None => token("next_page_token").map(|token| format!("page_token={token}")),
    };
    Some(Page { models, next: next.or_else(|| numbered(&value["result_info"])) })
}

/// `page=2`, where Cloudflare says that there is a second one.
fn numbered(info: &Value) -> Option<String> {
    let [page, size, total] = ["page", "per_page", "total_count"].map(|key| info[key].as_u64());
    (page?.checked_mul(size?)? < total?).then(|| format!("page={}", page.unwrap_or_default() + 1))
}

fn escaped(token: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    token.bytes().map(byte).collect()
}

impl List {
    /// The entry for the model that an account of this dialect calls `id`, in whichever of its names.
    pub fn find(&self, dialect: Dialect, id: &str) -> Option<&Model> {
        let wanted = plain(dialect, id);
        let is = |name: &str| plain(dialect, name) == wanted;
        let exact = self.models.iter().find(|one| is(&one.id) || one.aliases.iter().any(|alias| is(alias)));
        exact.or_else(|| match dialect {
            // `:nitro` and `:online` are ways to ask for a model that is listed without; `:free` is a model of its own.
            Dialect::Openrouter => {
                let (base, way) = wanted.rsplit_once(':')?;
                self.models.iter().find(|one| way != "free" && plain(dialect, &one.id) == base)
            }
            // A name without a tag may stand for a tag of another name.
            Dialect::Ollama if !id.contains(':') => {
                self.models.iter().find(|one| plain(dialect, &one.id).split(':').next() == wanted.split(':').next())
            }
            _ => None,
        })
    }

    /// Of the models that are known the ones that the provider lists no more. None of them where the list is not to be
    /// believed: a part of one, one that has none of them, or one of a provider that leaves out models that work.
    pub fn missing<'a>(&self, dialect: Dialect, known: &[&'a str]) -> Vec<&'a str> {
        let missing: Vec<&str> = known.iter().copied().filter(|id| self.find(dialect, id).is_none()).collect();
        let believed = self.whole && is_complete(dialect) && missing.len() < known.len();
        if believed { missing } else { Vec::new() }
    }

    /// The sentence for a model that it does not have.
    pub fn silence(&self, account: &str) -> String {
        format!("not in {account}'s list of {}", Zone::UTC.ymd(self.at))
    }
}

/// Whether what such a provider does not list is not there. Z.ai lists fewer than it serves, Hugging Face routes to what
/// others list, and of a server that nobody knows nobody knows it.
const fn is_complete(dialect: Dialect) -> bool {
    matches!(
        dialect,
        Dialect::Gemini
            | Dialect::Groq
            | Dialect::Openrouter
            | Dialect::Mistral
            | Dialect::Nvidia
            | Dialect::Cloudflare
            | Dialect::Cohere
            | Dialect::Ollama
            | Dialect::Openai
    )
}

/// An id without what may be there or not.
fn plain(dialect: Dialect, id: &str) -> String {
    let id = id.trim().to_lowercase();
    match dialect {
        Dialect::Gemini => id.trim_start_matches("models/").to_owned(),
        Dialect::Ollama if !id.contains(':') => format!("{id}:latest"),
        _ => id,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shape(wire: Wire, dialect: Dialect, base_url: &str) -> LaneSpec {
        LaneSpec::new("a/".into(), wire, dialect, base_url)
    }

    #[test]
    fn where_lists_are() {
        use Dialect::{Cloudflare, Cohere, Gemini, Generic, Groq, Litellm, Ollama};
        for (wire, dialect, base, urls_are) in [
            (Wire::Gemini, Gemini, "https://g/v1beta", &["https://g/v1beta/models?pageSize=1000"][..]),
            (Wire::Openai, Groq, "https://g/openai/v1", &["https://g/openai/v1/models"]),
            (Wire::Openai, Cohere, "https://c/compatibility/v1", &["https://c/v1/models?page_size=1000"]),
            (Wire::Openai, Cohere, "https://c/v1", &["https://c/v1/models"]),
            (Wire::Openai, Cloudflare, "https://c/ai/v1", &["https://c/ai/models/search?per_page=100"]),
            (Wire::Ollama, Ollama, "http://box:1", &["http://box:1/api/tags"]),
            (Wire::Openai, Litellm, "http://box:1/v1/", &["http://box:1/model/info", "http://box:1/v1/models"]),
            (Wire::Openai, Generic, "http://box:1/v1", &["http://box:1/v1/models"]),
        ] {
            assert_eq!(urls(&shape(wire, dialect, base)), urls_are);
        }
    }

    #[test]
    fn pages_follow_each_other() {
        let shape = shape(Wire::Openai, Dialect::Generic, "x");
        for (value, found) in [
            (json!({ "data": [{ "id": "a" }, { "id": "a" }, { "id": "b" }] }), Some((2, None))),
            (
                json!({ "models": [{ "name": "models/a" }], "nextPageToken": "t/=" }),
                Some((1, Some("pageToken=t%2F%3D"))),
            ),
            (json!({ "models": [{ "name": "a" }], "next_page_token": "t" }), Some((1, Some("page_token=t")))),
            (
                json!({ "result": [{ "name": "a" }], "result_info": { "page": 2, "per_page": 1, "total_count": 3 } }),
                Some((1, Some("page=3"))),
            ),
            (
                json!({ "result": [{ "name": "a" }], "result_info": { "page": 3, "per_page": 1, "total_count": 3 } }),
                Some((1, None)),
            ),
            (json!([{ "id": "a" }, "b", 7, {}]), Some((2, None))),
            (json!({ "data": [] }), Some((0, None))),
            (json!({ "error": "x" }), None),
            (json!("x"), None),
        ] {
            let page = page(&shape, &value);
            let page = page.as_ref().map(|page| (page.models.len(), page.next.as_deref()));
            assert_eq!(page, found, "{value}");
        }
    }

    fn list(ids: &[&str]) -> List {
        let models = ids.iter().map(|id| Model { id: (*id).into(), ..Model::default() }).collect();
        List { at: Time::from_ms(1_795_348_800_000), whole: true, models }
    }

    #[test]
    fn a_model_has_more_names_than_one() {
        use Dialect::{Gemini, Generic, Groq, Ollama, Openrouter};
        for (dialect, listed, id, there) in [
            (Gemini, "models/gemini-9", "gemini-9", true),
            (Gemini, "gemini-9", "models/gemini-9", true),
            (Gemini, "gemini-9-lite", "gemini-9", false),
            (Groq, "Maker/Model", "maker/model", true),
            (Openrouter, "a/b:free", "a/b:free", true),
            (Openrouter, "a/b", "a/b:free", false),
            (Openrouter, "a/b", "a/b:nitro", true),
            (Openrouter, "a/b:free", "a/b", false),
            (Ollama, "m:latest", "m", true),
            (Ollama, "m", "m:latest", true),
            (Ollama, "m:30b", "m", true),
            (Ollama, "m:30b", "m:70b", false),
            (Generic, "m:latest", "m", false),
        ] {
            assert_eq!(list(&[listed]).find(dialect, id).is_some(), there, "{listed} {id}");
        }
        let mut aliased = list(&["ministral-9-2612"]);
        aliased.models[0].aliases = vec!["ministral-9-latest".into()];
        assert!(aliased.find(Dialect::Mistral, "ministral-9-latest").is_some());
    }

    #[test]
    fn a_list_is_believed_with_care() {
        let known = ["a", "b", "c"];
        let missing = |dialect, list: List| list.missing(dialect, &known).len();
        assert_eq!(list(&["b", "x"]).missing(Dialect::Groq, &known), ["a", "c"]);
        assert_eq!(missing(Dialect::Groq, list(&["a", "b", "c"])), 0);
        assert_eq!(missing(Dialect::Groq, list(&["x", "y"])), 0, "one that has none of them is of something else");
        assert_eq!(missing(Dialect::Groq, list(&[])), 0);
        assert_eq!(missing(Dialect::Groq, List { whole: false, ..list(&["b"]) }), 0);
        for dialect in [Dialect::Zai, Dialect::Huggingface, Dialect::Generic, Dialect::Litellm] {
            assert_eq!(missing(dialect, list(&["b"])), 0, "{dialect:?}");
        }
        assert_eq!(list(&[]).silence("groq"), "not in groq's list of 2026-11-22");
    }
}
