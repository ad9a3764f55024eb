//! The forms in which `OLLAMA_HOST` names a server, to the address that a client asks.

/// Ollama's port.
const PORT: &str = "11434";

/// `host`, `host:port`, `:port`, `http://host:port`. An address to listen on everywhere (`0.0.0.0`, `[::]`) means this
/// computer. None: no form that is known.
pub(in crate::providers) fn address(text: &str) -> Option<String> {
    let bare = text.trim().trim_matches(['"', '\'']).trim_end_matches('/');
    let (scheme, rest, port) = match bare.split_once("://") {
        Some(("http", rest)) => ("http", rest, "80"),
        Some(("https", rest)) => ("https", rest, "443"),
        Some(_) => return None,
        None => ("http", bare, PORT),
    };
    let (authority, path) = rest.split_once('/').map_or((rest, None), |(authority, path)| (authority, Some(path)));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, given)) if host.ends_with(']') || !host.contains(':') => (host, given),
        _ => (authority, port),
    };
    let host = match host {
        "" | "0.0.0.0" => "127.0.0.1".to_owned(),
        "::" | "[::]" => "[::1]".to_owned(),
        host if host.contains(':') && !host.starts_with('[') => format!("[{host}]"),
        host => host.to_owned(),
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    if !host.chars().all(fits) || port.parse::<u16>().is_ok_and(|port| port == 0) || port.parse::<u16>().is_err() {
        return None;
    }
    let path = path.filter(|path| !path.is_empty()).map(|path| format!("/{path}")).unwrap_or_default();
    Some(format!("{scheme}://{host}:{port}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_names_a_server() {
        for (text, found) in [
            ("127.0.0.1", Some("http://127.0.0.1:11434")),
            ("box", Some("http://box:11434")),
            ("box:8080", Some("http://box:8080")),
            (":8080", Some("http://127.0.0.1:8080")),
            ("http://box:8080", Some("http://box:8080")),
            ("http://box:8080/", Some("http://box:8080")),
            ("http://box", Some("http://box:80")),
            ("https://box.example", Some("https://box.example:443")),
            ("https://box.example/ollama", Some("https://box.example:443/ollama")),
            ("0.0.0.0", Some("http://127.0.0.1:11434")),
            ("0.0.0.0:8080", Some("http://127.0.0.1:8080")),
            ("http://0.0.0.0:8080", Some("http://127.0.0.1:8080")),
            ("::1", Some("http://[::1]:11434")),
            ("[::]:8080", Some("http://[::1]:8080")),
            (" \"box\" ", Some("http://box:11434")),
            ("ftp://box", None),
            ("box:port", None),
            ("box:0", None),
            ("box:99999", None),
            ("two words", None),
        ] {
            assert_eq!(address(text).as_deref(), found, "{text}");
        }
    }
}
