//! `roundel inspect`: what recorded exchanges mean, for people, for programs, or against what they should mean.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::providers::inspect::compare::differences;
use crate::providers::inspect::conclude;
use crate::providers::inspect::exchange::{Exchange, read};

/// A text larger than this is no recorded exchange: 16 MiB.
const LARGEST: u64 = 16 * 1024 * 1024;

/// What is asked for.
#[derive(Debug)]
pub struct Wanted {
    /// Who answered, over what the recordings say.
    pub provider: Option<String>,
    /// For programs.
    pub json: bool,
    /// The recordings; `-` is what is piped in.
    pub files: Vec<PathBuf>,
}

/// What the recordings say; the second part tells what could not be read.
pub fn inspect(wanted: &Wanted) -> (String, Vec<String>) {
    let (mut report, mut faults) = (String::new(), Vec::new());
    for path in &wanted.files {
        match exchanges(path, wanted.provider.as_deref()) {
            Ok(found) => {
                for exchange in found {
                    let said = conclude(&exchange);
                    let text = if wanted.json { format!("{said}\n") } else { told(path, &exchange, &said) };
                    report.push_str(&text);
                }
            }
            Err(why) => faults.push(format!("{}: {why}", path.display())),
        }
    }
    (report, faults)
}

/// Compares each recording of a folder with what it says it means: the report, and whether all agree.
pub fn check(folder: &Path, provider: Option<&str>) -> Result<(String, bool), String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let json = |path: &PathBuf| path.extension().is_some_and(|ext| ext == "json");
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(json).collect();
    files.sort();
    let (mut report, mut good, mut all) = (String::new(), 0_usize, 0_usize);
    for path in &files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let found = match exchanges(path, provider) {
            Ok(found) => found,
            Err(why) => {
                all += 1;
                let _ = writeln!(report, "{name}\n    {why}");
                continue;
            }
        };
        for exchange in found {
            let Some(meaning) = &exchange.meaning else { continue };
            all += 1;
            let lines = differences(&conclude(&exchange), meaning);
            if lines.is_empty() {
                good += 1;
            } else {
                let _ = writeln!(report, "{name}\n    {}", lines.join("\n    "));
            }
        }
    }
    if all == 0 {
        return Err(format!("no recording in {} says what it means", folder.display()));
    }
    let _ = writeln!(report, "{good} of {all}");
    Ok((report, good == all))
}

fn exchanges(path: &Path, provider: Option<&str>) -> Result<Vec<Exchange>, String> {
    let mut bytes = Vec::new();
    let read_all = |from: &mut dyn Read, bytes: &mut Vec<u8>| from.take(LARGEST + 1).read_to_end(bytes);
    let done = if path == Path::new("-") {
        read_all(&mut io::stdin().lock(), &mut bytes)
    } else {
        fs::File::open(path).and_then(|mut file| read_all(&mut file, &mut bytes))
    };
    done.map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LARGEST {
        return Err("larger than 16 MiB: this is no recorded exchange".into());
    }
    read(&String::from_utf8_lossy(&bytes), provider).map_err(|error| error.to_string())
}

/// For people: the exchange in a line, then what it says, a line each.
fn told(path: &Path, exchange: &Exchange, said: &Value) -> String {
    let provider = if exchange.provider.is_empty() { "unknown provider" } else { &exchange.provider };
    let mut text = format!("{}: {provider}, {}, {}\n", path.display(), exchange.kind.word(), exchange.head.status);
    for (key, value) in said.as_object().into_iter().flatten() {
        match value {
            Value::Array(items) if items.is_empty() => {
                let _ = writeln!(text, "  {key:<16} none");
            }
            Value::Array(items) if items.iter().all(Value::is_object) => {
                for item in items {
                    let _ = writeln!(text, "  {key:<16} {}", line(item));
                }
            }
            Value::Null => {
                let _ = writeln!(text, "  {key:<16} not said");
            }
            Value::String(words) => {
                let _ = writeln!(text, "  {key:<16} {}", words.escape_debug());
            }
            other => {
                let _ = writeln!(text, "  {key:<16} {other}");
            }
        }
    }
    text
}

fn line(item: &Value) -> String {
    let said = item.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let words: Vec<String> = said.map(|(key, value)| format!("{key} {value}")).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: &str = r#"{"provider":"groq","kind":"error","status":429,"headers":[["retry-after","7"]],"body":"{\"error\":\"slow down\"}",
        "meaning":{"limits":[],"retry_after_s":7,"class":"rate_limited","scope":"model"}}"#;

    #[test]
    fn a_folder_is_checked() {
        let folder = tempfile::tempdir().unwrap();
        assert!(check(folder.path(), None).is_err());
        fs::write(folder.path().join("a.json"), RECORDED).unwrap();
        assert_eq!(check(folder.path(), None), Ok(("1 of 1\n".into(), true)));
        fs::write(folder.path().join("b.json"), RECORDED.replace("_s\":7", "_s\":8")).unwrap();
        let (report, good) = check(folder.path(), None).unwrap();
        assert_eq!(report, "b.json\n    retry_after_s: read 7, meant 8\n1 of 2\n");
        assert!(!good);
    }

    #[test]
    fn a_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, RECORDED).unwrap();
        let mut wanted = Wanted { provider: None, json: true, files: vec![file, folder.path().join("none")] };
        let (report, faults) = inspect(&wanted);
        assert_eq!(report, "{\"class\":\"rate_limited\",\"limits\":[],\"retry_after_s\":7,\"scope\":\"model\"}\n");
        assert_eq!(faults.len(), 1);
        wanted.json = false;
        assert!(inspect(&wanted).0.contains("class            rate_limited"));
    }
}
