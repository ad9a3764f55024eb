//! `roundel env`: what tells other programs where the endpoint is, in the words of a shell.

use std::fmt::Write;
use std::net::SocketAddr;

use clap::ValueEnum;

/// The key that clients send who must send one; on this computer none is wanted.
const KEY: &str = "roundel";

/// Whose words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// sh, bash, zsh, dash
    Sh,
    /// fish
    Fish,
    /// `PowerShell`
    Powershell,
}

impl Shell {
    /// That of the user: by `$SHELL`, `/usr/bin/fish`.
    pub fn of(path: Option<&str>) -> Self {
        match path.and_then(|path| path.rsplit(['/', '\\']).next()) {
            Some("fish") => Self::Fish,
            Some("pwsh" | "pwsh.exe" | "powershell.exe") => Self::Powershell,
            None if cfg!(windows) => Self::Powershell,
            _ => Self::Sh,
        }
    }

    fn export(self, name: &str, value: &str) -> String {
        match self {
            Self::Sh => format!("export {name}='{}'", value.replace('\'', r"'\''")),
            Self::Fish => format!("set -gx {name} '{}'", value.replace('\\', r"\\").replace('\'', r"\'")),
            Self::Powershell => format!("$Env:{name} = '{}'", value.replace('\'', "''")),
        }
    }
}

/// The lines for `shell`. `endpoint`: where it listens.
pub fn exports(shell: Shell, endpoint: SocketAddr) -> String {
    let mut lines = String::new();
    for (name, value) in [("OPENAI_BASE_URL", format!("http://{endpoint}/v1")), ("OPENAI_API_KEY", KEY.to_owned())] {
        // Writing to a String cannot fail.
        let _ = writeln!(lines, "{}", shell.export(name, &value));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4114);

    #[test]
    fn each_shell_has_its_words() {
        assert_eq!(
            exports(Shell::Sh, HERE),
            "export OPENAI_BASE_URL='http://127.0.0.1:4114/v1'\nexport OPENAI_API_KEY='roundel'\n"
        );
        assert!(exports(Shell::Fish, HERE).starts_with("set -gx OPENAI_BASE_URL 'http://"));
        assert!(exports(Shell::Powershell, HERE).starts_with("$Env:OPENAI_BASE_URL = 'http://"));
        let odd = [Shell::Sh, Shell::Fish, Shell::Powershell].map(|shell| shell.export("A", r"it's \"));
        assert_eq!(odd, [r"export A='it'\''s \'", r"set -gx A 'it\'s \\'", r"$Env:A = 'it''s \'"]);
    }

    #[test]
    fn the_users_own_is_known_by_its_path() {
        let of = |path: &str| Shell::of(Some(path));
        assert_eq!([of("/usr/bin/fish"), of("/bin/zsh"), of("pwsh")], [Shell::Fish, Shell::Sh, Shell::Powershell]);
    }
}
