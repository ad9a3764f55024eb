//! `roundel models`: what providers list, beside what the roster makes of it; kept lists; providers that do not answer.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use roundel::domain::clock::Clock;
use roundel::domain::failure::Class;
use roundel::domain::standing::{Rest, Target};
use roundel::store::Store;
use roundel::store::folder::Folder;
use roundel::store::write::Write;
use serde_json::{Value, json};

use crate::support::pty::{Pty, ROUNDEL};
use crate::support::web::{Reply, Web};

/// A home with a config.
struct Home(tempfile::TempDir);

impl Home {
    fn new(config: &str) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        let config = format!("[providers.ollama]\non = false\nbase_url = 'http://127.0.0.1:1'\n{config}");
        std::fs::write(home.config(), config).unwrap();
        home
    }

    fn config(&self) -> String {
        self.0.path().join("config.toml").to_str().unwrap().to_owned()
    }

    fn run(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(ROUNDEL);
        command.env_clear().env("HOME", self.0.path()).env("LANG", "C.UTF-8").stdin(Stdio::null());
        let done = command.args(["--config", &self.config(), "models"]).args(args).output().unwrap();
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            assert!(!text.contains("canary"), "{text}");
            text
        };
        (done.status.code(), text(done.stdout), text(done.stderr))
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(".cache/roundel/models").join(name)
    }
}

fn provider(id: &str, base: &str) -> String {
    format!("[providers.{id}]\nbase_url = '{base}'\nkey = 'sk-canary-{id}'\n")
}

/// Groq's list without one of the catalogue's models, and with one that the catalogue does not have.
fn groq() -> Vec<(&'static str, Value)> {
    let list = json!({ "data": [
        { "id": "openai/gpt-oss-20b", "active": true, "context_window": 4096 },
        { "id": "openai/gpt-oss-120b", "active": true },
        { "id": "maker/new-1b", "active": true },
        { "id": "whisper-9" },
    ] });
    vec![("/models", list)]
}

/// The lines of a lane or of an account, without the day of the list.
fn lines(out: &str, account: &str) -> Vec<String> {
    let of_account = out.lines().filter(|line| line.starts_with(&format!("{account}/")));
    let line = |line: &str| {
        let parts: Vec<&str> = line.split('\t').collect();
        assert_eq!(parts.len(), 6, "{line}");
        format!("{} {} {} {} {}", parts[0], parts[1], parts[2], parts[3], parts[5].split(" of 2").next().unwrap())
    };
    of_account.map(line).map(|line| line.trim_end().to_owned()).collect()
}

#[test]
fn each_model_is_told_with_what_it_is() {
    let groq = Web::with(groq());
    let pricing = |price: &str| json!({ "prompt": price, "completion": price });
    let openrouter = Web::with(vec![(
        "/models",
        json!({ "data": [
            { "id": "qwen/qwen3.8-27b:free", "pricing": pricing("0"), "context_length": 9000 },
            { "id": "google/gemma-4-31b-it:free", "pricing": pricing("0.001") },
            { "id": "maker/paid", "pricing": pricing("0.001") },
            { "id": "maker/new:free", "pricing": pricing("0") },
        ] }),
    )]);
    let gemini = Web::with(vec![
        (
            "/models?pageSize=1000",
            json!({ "models": [{ "name": "models/gemini-3.8-flash" }, { "name": "models/gemini-3.6-flash" }], "nextPageToken": "t" }),
        ),
        (
            "/models?pageSize=1000&pageToken=t",
            json!({ "models": [{ "name": "models/gemini-3.1-flash-lite" }, { "name": "models/gemini-3.5-flash-lite" },
                { "name": "models/gemma-4-31b-it" }] }),
        ),
    ]);
    let config =
        [provider("groq", &groq.base), provider("openrouter", &openrouter.base), provider("gemini", &gemini.base)];
    let home = Home::new(&config.concat());
    let (code, out, err) = home.run(&[]);
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(
        lines(&out, "groq"),
        [
            "groq/openai/gpt-oss-120b on free 131072",
            "groq/openai/gpt-oss-20b on free 4096",
            "groq/qwen/qwen3.8-27b gone free 131072 not in groq's list",
            "groq/maker/new-1b new cost unknown",
        ]
    );
    let of_openrouter = lines(&out, "openrouter");
    for line in [
        "openrouter/qwen/qwen3.8-27b:free on free 9000",
        "openrouter/google/gemma-4-31b-it:free off paid 262144 costs money",
        "openrouter/nvidia/nemotron-nano-9b-v2:free gone free 128000 not in openrouter's list",
        "openrouter/maker/new:free new free",
        "openrouter/maker/paid new paid",
    ] {
        assert!(of_openrouter.contains(&line.to_owned()), "{line} in {of_openrouter:#?}");
    }
    assert!(lines(&out, "gemini").iter().all(|line| line.contains(" on free ")), "{out}");
    assert!(err.contains("Mistral") && err.contains("MISTRAL_API_KEY"), "{err}");
    let asked = groq.requests();
    assert!(asked[0].contains("authorization: Bearer sk-canary-groq") && asked.len() == 1, "{asked:?}");
    assert!(gemini.requests().iter().all(|request| request.contains("x-goog-api-key: sk-canary-gemini")));

    let (code, out, _) = home.run(&["--json", "openrouter"]);
    assert_eq!((code, openrouter.paths().len()), (Some(0), 1), "the list that is kept is a day's");
    let all: Value = serde_json::from_str(&out).unwrap();
    let provider = &all["providers"][0];
    assert_eq!((all["providers"].as_array().unwrap().len(), &provider["account"]), (1, &json!("openrouter")));
    assert_eq!(
        provider["config"],
        json!("[providers.openrouter]\nmodels = [\"qwen/qwen3.8-27b:free\", \"maker/new:free\"]")
    );
    assert_eq!(provider["models"].as_array().unwrap().iter().filter(|one| one["in_roster"] == true).count(), 5);
    assert_eq!((&provider["fault"], all["missing"].as_array().unwrap().len()), (&Value::Null, 0));
}

#[test]
fn a_kept_list_is_shown_until_it_is_a_day_old_or_asked_for_anew() {
    let web = Web::with(groq());
    let home = Home::new(&provider("groq", &web.base));
    for (args, asked) in [(&["groq"][..], 1), (&["groq"], 0), (&["groq", "--refresh"], 1), (&["--json", "groq"], 0)] {
        assert_eq!((home.run(args).0, web.paths().len()), (Some(0), asked), "{args:?}");
    }
    let mode = std::fs::metadata(home.file("groq.json")).unwrap().permissions().mode() & 0o777;
    let kept = std::fs::read_to_string(home.file("groq.json")).unwrap();
    assert!(mode == 0o600 && !kept.contains("canary"), "{mode:o} {kept}");
    // A day later.
    let mut old: Value = serde_json::from_str(&kept).unwrap();
    let at = old["list"]["at"].as_i64().unwrap() - 25 * 3_600_000;
    old["list"]["at"] = json!(at);
    std::fs::write(home.file("groq.json"), old.to_string()).unwrap();
    assert_eq!((home.run(&["groq"]).0, web.paths().len()), (Some(0), 1));
    // Elsewhere, and nowhere.
    let data = home.0.path().join("data");
    let data = data.to_str().unwrap();
    assert_eq!((home.run(&["groq", "--data-dir", data]).0, web.paths().len()), (Some(0), 1));
    assert!(Path::new(data).join("models/groq.json").exists());
    assert_eq!((home.run(&["groq", "--ephemeral"]).0, web.paths().len()), (Some(0), 1));
}

#[test]
fn who_does_not_answer_well_is_told_and_holds_up_nobody() {
    let big = Web::serve(|_| Reply::Body(200, format!("{{\"data\":[\"{}\"]}}", "x".repeat(10 << 20))));
    let html = Web::serve(|_| Reply::Body(200, "<html>hello</html>".into()));
    let broken = Web::serve(|_| Reply::Body(500, "{\"error\":\"sk-canary-nvidia is odd\"}".into()));
    let odd = Web::with(vec![("/models", json!({ "hello": 1 }))]);
    let good = Web::with(groq());
    let config = [
        provider("gemini", &big.base),
        provider("mistral", &html.base),
        provider("nvidia", &broken.base),
        provider("openrouter", &odd.base),
        provider("zai", "http://127.0.0.1:1"),
        provider("groq", &good.base),
    ];
    let home = Home::new(&config.concat());
    let (code, out, err) = home.run(&[]);
    assert_eq!(code, Some(1));
    assert_eq!(lines(&out, "groq").len(), 4, "{out}");
    assert!(lines(&out, "mistral").iter().all(|line| line.contains(" on free ")), "{out}");
    for said in [
        "gemini: the answer is larger than",
        "mistral: it sends no JSON",
        "nvidia: server error (HTTP 500): [key] is odd",
        "openrouter: what it sends is no list of models",
        "zai: could not connect",
    ] {
        assert!(err.contains(said), "{said} in {err}");
    }
    for web in [&big, &html, &broken, &odd] {
        assert_eq!(web.paths().len(), 1, "asked once");
    }
}

#[test]
fn what_is_kept_is_shown_when_there_is_nothing_newer() {
    let calls = AtomicUsize::new(0);
    let web = Web::serve(move |_| match calls.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::Body(200, groq()[0].1.to_string()),
        _ => Reply::Body(503, "{\"error\":{\"message\":\"over capacity\"}}".into()),
    });
    let home = Home::new(&provider("groq", &web.base));
    let (_, first, _) = home.run(&["groq"]);
    let (code, out, err) = home.run(&["groq", "--refresh"]);
    assert_eq!((code, out), (Some(1), first));
    assert!(err.contains("groq: overloaded (HTTP 503): over capacity"), "{err}");
    let (code, out, _) = home.run(&["groq", "--refresh", "--json"]);
    let all: Value = serde_json::from_str(&out).unwrap();
    let provider = &all["providers"][0];
    assert_eq!((code, provider["models"].as_array().unwrap().len()), (Some(1), 5));
    assert!(provider["as_of"].is_string() && provider["fault"].as_str().unwrap().contains("over capacity"), "{out}");
    let mut pty = Pty::open(120, 40);
    pty.read();
    let data = home.file("").parent().unwrap().to_str().unwrap().to_owned();
    let args = ["--config", &home.config(), "--data-dir", &data, "models", "groq", "--refresh"];
    pty.start(ROUNDEL, &args, &[]);
    pty.wait_for_text("4 models as of ");
    pty.wait_for_text("now: overloaded (HTTP 503): over capacity");
    assert_eq!(pty.wait_exit().exit_code(), 1);
}

#[test]
fn wrong_calls_say_what_to_do() {
    let home = Home::new("");
    let (code, out, err) = home.run(&["grok"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("no provider or account `grok`"), "{err}");
    let (code, out, err) = home.run(&["groq"]);
    assert_eq!((code, out.as_str()), (Some(0), ""));
    assert!(err.contains("GROQ_API_KEY") && err.lines().count() == 1, "{err}");
    let (code, _, err) = home.run(&["--demo"]);
    assert!(code == Some(2) && err.contains("simulated"), "{err}");
}

#[test]
fn a_terminal_gets_columns() {
    let web = Web::with(groq());
    let home = Home::new(&provider("groq", &web.base));
    let mut pty = Pty::open(120, 40);
    pty.read();
    pty.start(ROUNDEL, &["--config", &home.config(), "models", "groq"], &[]);
    pty.wait_for_text("groq                   Groq, 4 models listed on ");
    pty.wait_for_text("on            free            131k  openai/gpt-oss-120b");
    pty.wait_for_text("gone          free            131k  qwen/qwen3.8-27b     not in groq's list of ");
    pty.wait_for_text("and 1 that answer no questions in text");
    assert_eq!(pty.wait_exit().exit_code(), 0);
}

#[tokio::test]
async fn what_refusals_taught_is_told_while_another_process_holds_the_data() {
    let web = Web::with(vec![(
        "/models",
        json!({ "data": [{ "id": "openai/gpt-oss-120b" }, { "id": "openai/gpt-oss-20b" }, { "id": "qwen/qwen3.8-27b" }] }),
    )]);
    let home = Home::new(&provider("groq", &web.base));
    let data = home.0.path().join("data");
    let now = Clock::System.now();
    let folder = Folder::open(&data, "dashboard", now).unwrap();
    let (mut store, _) = Store::open(&folder, Clock::System).unwrap();
    for (model, class, told) in [
        ("openai/gpt-oss-120b", Class::Gone, true),
        ("openai/gpt-oss-20b", Class::Payment, true),
        ("qwen/qwen3.8-27b", Class::Gone, false),
    ] {
        let target = Target::Lane(format!("groq/{model}").as_str().into());
        let rest = Rest { target: target.clone(), since: now, until: None, class, told, words: "it said so".into() };
        assert!(store.write(Write::Rest { target, rest: Some(rest) }));
    }
    store.flush(Duration::from_secs(20)).await.unwrap();
    let (code, out, err) = home.run(&["groq", "--data-dir", data.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(
        lines(&out, "groq"),
        [
            "groq/openai/gpt-oss-120b gone free 131072 it said so",
            "groq/openai/gpt-oss-20b not entitled free 131072 it said so",
            "groq/qwen/qwen3.8-27b on free 131072",
        ]
    );
    store.close(Duration::from_secs(20)).await.unwrap();
    drop(folder);
}
