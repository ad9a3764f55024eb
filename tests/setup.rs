//! A key typed in at the screen: tested, kept, used; and seen nowhere else.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::pty::{Pty, ROUNDEL};
use crate::support::web::{Reply, Web};

const KEY: &str = "gsk_canary0123456789abcdwxyz";

/// The first provider of the catalogue, on this computer.
fn overlay(home: &Path, base: &str) {
    let folder = home.join(".config/roundel");
    fs::create_dir_all(&folder).unwrap();
    let text = format!(
        "[[provider]]\nid = \"gemini\"\nname = \"Fake\"\nbase_url = \"{base}/v1\"\nwire = \"openai\"\nquota = \
         \"generic\"\nkeys = [\"FAKE_API_KEY\"]\nkey_url = \"https://example.com/keys\"\ncost = \"free\"\ntraining = \
         \"no\"\nas_of = \"2099-01-01\"\nsource = \"example.com\"\n\n[[provider.model]]\nid = \"one\"\nlimits = [{{ \
         unit = \"requests\", window = \"1d midnight UTC\", cap = 20 }}]\n"
    );
    fs::write(folder.join("providers.toml"), text).unwrap();
}

fn fake() -> Web {
    let asked = AtomicUsize::new(0);
    Web::serve(move |path| match asked.fetch_add(1, Ordering::Relaxed) {
        _ if path != "/v1/models" => Reply::Body(404, "{}".into()),
        0 => Reply::Body(401, format!("{{\"error\":{{\"message\":\"Incorrect API key: {KEY}\"}}}}")),
        _ => Reply::Body(200, r#"{"object":"list","data":[{"id":"one"},{"id":"two"}]}"#.into()),
    })
}

fn paste(pty: &mut Pty) {
    pty.send(format!("\x1b[200~{KEY}\n\x1b[201~"));
    pty.wait_for_text("••wxyz");
    pty.send("\r");
}

fn files(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => files(&entry.path(), all),
            kind if kind.is_file() => all.push(entry.path()),
            _ => {}
        }
    }
}

fn says(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn a_key_is_tested_kept_and_used_and_seen_nowhere() {
    let web = fake();
    let mut pty = Pty::open(120, 40);
    overlay(&pty.home(), &web.base);
    pty.start(ROUNDEL, &[], &[("ROUNDEL_LOG", "debug")]);
    pty.read();
    pty.wait_for_text("SIMULATED");
    pty.send("/setup\r");
    pty.wait_for_text("example.com/keys");
    pty.wait_for_text("one: 20 req/day");
    paste(&mut pty);
    pty.wait_for_text("refuses it");
    let file = pty.home().join(".config/roundel/keys.env");
    assert!(!file.exists(), "what is refused is not kept");
    pty.send("\r");
    pty.wait_for_text("takes it, 2 models listed");
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("FAKE_API_KEY={KEY}\n"));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    pty.send("\r");
    pty.wait_for("the real providers", |screen| {
        let text = screen.contents();
        text.contains("next gemini/one") && !text.contains("SIMULATED")
    });
    assert!(
        web.requests().iter().all(|request| request.starts_with("GET /v1/models ")),
        "nothing that counts was asked"
    );
    pty.send("\x04");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    let mut all = Vec::new();
    files(&pty.home(), &mut all);
    assert!(all.len() > 3, "{all:?}");
    for path in all.iter().filter(|path| **path != file) {
        assert!(!says(&fs::read(path).unwrap(), "canary"), "{path:?}");
    }
    assert!(!says(pty.raw(), "canary") && !says(pty.raw(), "abcdwxyz"));

    let mut again = pty.run_at_the_same_home(ROUNDEL, &["providers"]);
    assert_eq!(again.wait_exit().exit_code(), 0);
    assert!(says(again.raw(), "key from FAKE_API_KEY in "), "{}", again.screen().contents());
    assert!(!says(again.raw(), "canary"));
    // Open to others it counts no more, and that is said.
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let mut open = pty.run_at_the_same_home(ROUNDEL, &["providers"]);
    assert_eq!(open.wait_exit().exit_code(), 0);
    assert!(says(open.raw(), "chmod 600") && !says(open.raw(), "key from FAKE_API_KEY"));
}

#[test]
fn a_real_start_without_lanes_opens_the_setup_and_its_lanes_join() {
    let web = fake();
    web_is_warm(&web);
    let mut pty = Pty::open(100, 30);
    overlay(&pty.home(), &web.base);
    // A key that no longer helps: real providers, and not one of them.
    pty.start(ROUNDEL, &[], &[("CEREBRAS_API_KEY", "old"), ("OLLAMA_HOST", "127.0.0.1:9")]);
    pty.read();
    pty.wait_for_text("Set up a provider");
    pty.wait_for_text("Fake");
    paste(&mut pty);
    pty.wait_for_text("takes it, 2 models listed");
    pty.send("\r");
    pty.wait_for_text("next gemini/one");
    pty.send("\x04");
    assert_eq!(pty.wait_exit().exit_code(), 0);
}

/// The first question, which is refused, was put.
fn web_is_warm(web: &Web) {
    use std::io::{Read, Write};
    let mut socket = std::net::TcpStream::connect(web.base.trim_start_matches("http://")).unwrap();
    socket.write_all(b"GET /v1/models HTTP/1.1\r\n\r\n").unwrap();
    socket.read_to_end(&mut Vec::new()).unwrap();
    web.requests();
}
