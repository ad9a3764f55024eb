//! What each side says first: which protocol it speaks, who it is, and a digest of its lanes and of which of them have
//! a key. Never a key.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::domain::roster::LaneSpec;
use crate::domain::text::{one_line, shortened};

/// The protocol spoken here. One more with each change of what crosses the socket: commands, reports, and all that is
/// in them.
pub const PROTOCOL: u32 = 4;

/// What every version says first, whatever else it says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hello {
    /// The protocol, under the name by which roundel is known.
    #[serde(rename = "roundel")]
    pub protocol: u32,
    /// The process.
    pub pid: u32,
    /// What it is: `dashboard`, `ask`.
    pub what: String,
    /// It has simulated providers.
    pub demo: bool,
    /// What [`digest`] makes of its lanes.
    pub digest: u64,
}

impl Hello {
    /// That of this process.
    pub fn new(what: &str, demo: bool, digest: u64) -> Self {
        Self { protocol: PROTOCOL, pid: std::process::id(), what: what.to_owned(), demo, digest }
    }

    /// Why this process cannot attach to `owner`, which holds `folder`, and what to do. None: it can.
    pub fn refusal(&self, owner: &Self, folder: &Path) -> Option<String> {
        let on =
            "quit it first, or start this one with --data-dir <another folder>, or with --ephemeral to keep nothing";
        let why = if owner.protocol != self.protocol {
            format!("is another version of roundel: it speaks protocol {}, this one {}", owner.protocol, self.protocol)
        } else if owner.demo != self.demo {
            let kind = |demo: bool| if demo { "simulated" } else { "real" };
            format!("has {} providers, this one {}", kind(owner.demo), kind(self.demo))
        } else {
            return None;
        };
        Some(format!("process {}, which uses {}, {why}; {on}", owner.pid, folder.display()))
    }

    /// What the owner's user should know of one that cannot attach to it. None: it can.
    pub fn turned_away(&self, other: &Self) -> Option<String> {
        (other.protocol != self.protocol).then(|| {
            let what = one_line(&other.what).into_owned();
            format!(
                "process {} ({}) cannot attach: it speaks protocol {}, this one {}; quit one of the two",
                other.pid,
                shortened(&what, 20),
                other.protocol,
                self.protocol
            )
        })
    }

    /// That the owner was started with something else. None: it was not.
    pub fn difference(&self, owner: &Self) -> Option<String> {
        (owner.digest != self.digest)
            .then(|| format!("process {} has another config or other keys: the owner's count", owner.pid))
    }
}

/// Why there is no line to the owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoLine {
    /// Nobody answers; that may change at once.
    NotYet,
    /// There is no way on this system.
    Never,
    /// The owner is such that this process cannot attach; a sentence says what to do.
    Refused(String),
}

/// One number for a roster: what is in it, what may be done with it, and which lanes have a key.
pub fn digest(lanes: &[LaneSpec], no_training: bool) -> u64 {
    let mut hasher = DefaultHasher::new();
    no_training.hash(&mut hasher);
    for lane in lanes {
        // Keys, and values of headers, are not part of what is written.
        serde_json::to_string(lane).unwrap_or_default().hash(&mut hasher);
        (lane.key.is_some(), lane.proxy.is_some()).hash(&mut hasher);
        for (name, _) in &lane.headers {
            name.hash(&mut hasher);
        }
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::LaneId;
    use crate::domain::roster::{Dialect, Secret, Wire};

    #[test]
    fn the_digest_knows_whether_there_is_a_key_and_not_which() {
        let bare = LaneSpec::new(LaneId::from("a/b"), Wire::Openai, Dialect::Generic, "https://a.example");
        let keyed = |key: &str| LaneSpec { key: Some(Secret::new(key)), ..bare.clone() };
        let one = digest(&[keyed("sk-one")], false);
        assert_eq!(one, digest(&[keyed("sk-two")], false));
        assert_ne!(one, digest(std::slice::from_ref(&bare), false));
        assert_ne!(one, digest(&[keyed("sk-one")], true));
        assert_ne!(one, digest(&[LaneSpec { weight: 2, ..keyed("sk-one") }], false));
    }

    #[test]
    fn another_version_is_told_on_both_sides_and_other_keys_are_no_hindrance() {
        let own = Hello { pid: 1, ..Hello::new("dashboard", false, 5) };
        let other = Hello { pid: 2, what: "ask\u{1b}[2J".into(), ..own.clone() };
        assert_eq!((own.refusal(&other, Path::new("/d")), own.turned_away(&other)), (None, None));
        let newer = Hello { protocol: 9, ..other.clone() };
        let said = own.refusal(&newer, Path::new("/d")).unwrap();
        assert!(
            said.starts_with("process 2, which uses /d, is another version of roundel: it speaks protocol 9"),
            "{said}"
        );
        let said = own.turned_away(&newer).unwrap();
        assert!(said.starts_with("process 2 (ask") && !said.contains('\u{1b}'), "{said}");
        let demo = Hello { demo: true, ..other.clone() };
        assert!(own.refusal(&demo, Path::new("/d")).unwrap().contains("has simulated providers, this one real"));
        let keys = Hello { digest: 6, ..other };
        assert_eq!(own.refusal(&keys, Path::new("/d")), None);
        assert!(own.difference(&keys).unwrap().contains("the owner's count"));
    }

    #[test]
    fn what_a_later_version_says_is_understood_as_far_as_it_goes() {
        let later: Hello = serde_json::from_str(r#"{"roundel":7,"name":"x","what":"ask"}"#).unwrap();
        assert_eq!(later, Hello { protocol: 7, what: "ask".into(), ..Hello::default() });
    }
}
