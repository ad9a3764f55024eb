//! The socket itself: where it is, who listens, who calls. It stands in the data folder, for this user alone; where that
//! path is longer than a socket's name may be, in a folder of its own, and the lock's note says where.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use crate::scheduler::door::Link;
use crate::shell::attach::frame::{GREETING, read, write};
use crate::shell::attach::hello::{Hello, NoLine};
use crate::shell::attach::serve::serve;
use crate::store::folder::{Folder, socket_elsewhere};

/// The socket in its folder, and what it is called before it may be found.
const NAME: &str = "socket";
const NEW: &str = "socket.new";

/// The longest path that every system takes as a socket's name, in bytes.
const LONGEST: usize = 100;

/// Connections at a time.
const CONNECTIONS: usize = 256;

/// How long the owner may take to say who it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long the last reports may take to leave.
const FAREWELL: Duration = Duration::from_millis(200);

/// An open line to the owner, past the greetings.
#[derive(Debug)]
pub struct Line {
    /// What goes to and fro.
    pub stream: UnixStream,
    /// Who the owner is.
    pub owner: Hello,
}

/// Calls the owner of `folder`.
pub async fn dial(folder: &Path, own: &Hello) -> Result<Line, NoLine> {
    let path = socket_elsewhere(folder).unwrap_or_else(|| folder.join(NAME));
    let greet = async {
        let mut stream = UnixStream::connect(&path).await?;
        let mut hello = Vec::new();
        write(&mut hello, own, GREETING).await?;
        stream.write_all(&hello).await?;
        let owner = read::<Hello>(&mut stream, GREETING).await?;
        Ok::<_, io::Error>(owner.map(|owner| Line { stream, owner }))
    };
    // Whatever goes wrong here may be right in a moment: it starts, or it ends.
    let Ok(Ok(Some(line))) = timeout(PATIENCE, greet).await else { return Err(NoLine::NotYet) };
    match own.refusal(&line.owner, folder) {
        Some(sentence) => Err(NoLine::Refused(sentence)),
        None => Ok(line),
    }
}

/// Listens, until it is closed.
#[derive(Debug)]
pub struct Listener {
    task: JoinHandle<()>,
    /// None: it was told.
    end: Option<oneshot::Sender<()>>,
    place: Place,
}

/// Lets others attach. What is there of an earlier socket is cleared away: the folder's lock is held.
pub fn listen(folder: &mut Folder, link: Link, own: Hello, turned_away: mpsc::Sender<String>) -> io::Result<Listener> {
    if let Some(old) = folder.left_behind() {
        clear_elsewhere(old);
    }
    let place = Place::find(folder.path())?;
    let new = place.folder.join(NEW);
    clear(&new);
    let socket = UnixListener::bind(&new)?;
    // Found only when it is for this user alone.
    fs::set_permissions(&new, Permissions::from_mode(0o600))?;
    fs::rename(&new, place.folder.join(NAME))?;
    if place.own {
        clear(&folder.path().join(NAME));
        folder.listens_at(&place.folder.join(NAME))?;
    }
    let (end, ending) = oneshot::channel();
    let task = tokio::spawn(accept(socket, link, own, turned_away, ending));
    Ok(Listener { task, end: Some(end), place })
}

impl Listener {
    /// Takes no more calls, lets the last reports leave, and clears the socket away. The scheduler has ended before.
    pub async fn close(mut self) {
        self.place.clear();
        drop(self.end.take());
        let _ = timeout(FAREWELL, &mut self.task).await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.place.clear();
        self.task.abort();
    }
}

async fn accept(
    socket: UnixListener,
    link: Link,
    own: Hello,
    turned_away: mpsc::Sender<String>,
    mut ending: oneshot::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut ending => break,
            Some(_) = connections.join_next() => {}
            call = socket.accept() => match call {
                Ok((stream, _)) if connections.len() < CONNECTIONS => {
                    let (link, own, turned_away) = (link.clone(), own.clone(), turned_away.clone());
                    connections.spawn(async move {
                        if let Err(error) = serve(stream, link, &own, &turned_away).await {
                            tracing::warn!(%error, "a connection was ended");
                        }
                    });
                }
                Ok(_) => tracing::warn!("too many connections: one was turned away"),
                // No file descriptors, mostly: not for long.
                Err(error) => {
                    tracing::warn!(%error, "no connection");
                    sleep(Duration::from_millis(100)).await;
                }
            },
        }
    }
    drop(socket);
    while connections.join_next().await.is_some() {}
}

/// Where the socket stands.
#[derive(Debug)]
struct Place {
    folder: PathBuf,
    /// The folder was made for it.
    own: bool,
}

impl Place {
    fn find(folder: &Path) -> io::Result<Self> {
        if fits(folder) {
            return Ok(Self { folder: folder.to_owned(), own: false });
        }
        let base = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|base| base.is_dir());
        let base = base.unwrap_or_else(std::env::temp_dir);
        for number in 0..100 {
            let own = base.join(format!("roundel-{}-{number}", std::process::id()));
            if !fits(&own) {
                break;
            }
            // Only what this process makes itself is for this user alone.
            match DirBuilder::new().mode(0o700).create(&own) {
                Ok(()) => return Ok(Self { folder: own, own: true }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::new(io::ErrorKind::InvalidFilename, "no place for a socket: all paths are too long"))
    }

    fn clear(&self) {
        clear(&self.folder.join(NAME));
        if self.own {
            let _ = fs::remove_dir(&self.folder);
        }
    }
}

fn fits(folder: &Path) -> bool {
    folder.join(NEW).as_os_str().len() <= LONGEST
}

/// Removes a socket; nothing else.
fn clear(path: &Path) {
    if fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket()) {
        let _ = fs::remove_file(path);
    }
}

/// Removes the socket that an earlier owner had in a folder of its own, and that folder if nothing else is in it.
fn clear_elsewhere(path: &Path) {
    clear(path);
    if let Some(folder) = path.parent()
        && folder.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"roundel-"))
    {
        let _ = fs::remove_dir(folder);
    }
}
