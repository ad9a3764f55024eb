//! Lists of models as they were last heard: a small file for each account, beside the data and no part of it, so that
//! several processes may write it. Each file is replaced whole, and is the user's alone. A file that cannot be read is
//! as good as none.

use std::fs::{self, DirBuilder, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::clock::Time;
use crate::domain::roster::LaneSpec;
use crate::providers::models::List;

/// A list younger than this is not asked for again.
pub const FRESH: Duration = Duration::from_hours(24);

/// The lists on the disk.
#[derive(Debug, Clone)]
pub struct Lists {
    folder: Option<PathBuf>,
}

/// What stands in a file.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    account: String,
    /// A digest of the address: another server has another list.
    server: u64,
    list: List,
}

impl Lists {
    /// Those in `folder`, which need not exist; None: nothing is kept.
    pub const fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// The list of an account of this shape, however old.
    pub fn kept(&self, shape: &LaneSpec) -> Option<List> {
        let text = fs::read(self.path(shape)?).ok()?;
        let kept: Kept = serde_json::from_slice(&text).ok()?;
        (kept.account == shape.account().as_str() && kept.server == server(shape)).then_some(kept.list)
    }

    /// The same, if it is not older than a day at `now`.
    pub fn fresh(&self, shape: &LaneSpec, now: Time) -> Option<List> {
        self.kept(shape).filter(|list| list.at <= now && now.since(list.at) < FRESH)
    }

    /// Keeps a list.
    pub fn keep(&self, shape: &LaneSpec, list: &List) -> io::Result<()> {
        let Some(path) = self.path(shape) else { return Ok(()) };
        let kept = Kept { account: shape.account().to_string(), server: server(shape), list: list.clone() };
        let text = serde_json::to_vec(&kept)?;
        if let Some(folder) = path.parent() {
            private_folder(folder)?;
        }
        let new = path.with_extension(format!("{}.new", std::process::id()));
        let written = replace(&new, &path, &text);
        if written.is_err() {
            drop(fs::remove_file(&new));
        }
        written
    }

    fn path(&self, shape: &LaneSpec) -> Option<PathBuf> {
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-_@".contains(c) { c } else { '_' };
        let name: String = shape.account().as_str().chars().map(plain).collect();
        Some(self.folder.as_ref()?.join(format!("{name}.json")))
    }
}

fn server(shape: &LaneSpec) -> u64 {
    let mut hasher = DefaultHasher::new();
    shape.base_url.hash(&mut hasher);
    hasher.finish()
}

fn replace(new: &Path, path: &Path, text: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(new)?;
    file.write_all(text)?;
    drop(file);
    fs::rename(new, path)
}

fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::roster::{Dialect, Wire};
    use crate::providers::models::entry::Model;

    const NOW: Time = Time::from_ms(1_795_348_800_000);

    fn shape(account: &str, base_url: &str) -> LaneSpec {
        LaneSpec::new(format!("{account}/").into(), Wire::Openai, Dialect::Groq, base_url)
    }

    fn list() -> List {
        List { at: NOW, whole: true, models: vec![Model { id: "m".into(), ..Model::default() }] }
    }

    #[test]
    fn a_list_is_kept_for_its_account_at_its_address() {
        let folder = tempfile::tempdir().unwrap();
        let lists = Lists::new(Some(folder.path().join("a/models")));
        let (one, other) = (shape("groq@work", "https://a"), shape("groq@work", "https://b"));
        assert_eq!(lists.kept(&one), None);
        lists.keep(&one, &list()).unwrap();
        assert_eq!(lists.kept(&one), Some(list()));
        assert_eq!((lists.kept(&other), lists.kept(&shape("groq", "https://a"))), (None, None));
        for (now, fresh) in
            [(NOW, true), (NOW.plus(FRESH), false), (NOW.plus(FRESH / 2), true), (NOW.minus(FRESH), false)]
        {
            assert_eq!(lists.fresh(&one, now).is_some(), fresh);
        }
        fs::write(lists.path(&one).unwrap(), "half a li").unwrap();
        assert_eq!(lists.kept(&one), None);
        lists.keep(&one, &list()).unwrap();
        assert_eq!(lists.kept(&one), Some(list()));
        let files = fs::read_dir(folder.path().join("a/models")).unwrap().count();
        assert_eq!(files, 1, "nothing half written stays");
        Lists::new(None).keep(&one, &list()).unwrap();
        assert_eq!(Lists::new(None).kept(&one), None);
    }

    #[cfg(unix)]
    #[test]
    fn it_is_the_users_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let lists = Lists::new(Some(folder.path().join("models")));
        lists.keep(&shape("a", "x"), &list()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder.path().join("models")), 0o700);
        assert_eq!(mode(&folder.path().join("models/a.json")), 0o600);
    }
}
