//! What crosses the socket: JSON values, each behind its length (four bytes, the highest first). A value longer than
//! its bound is refused before it is read; what is read grows with what has come, never with what was announced.

use std::io;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::domain::ids::TurnId;
use crate::domain::quota::meter::Meter;
use crate::scheduler::link::{Command, Report};

/// The longest greeting, in bytes.
pub const GREETING: u32 = 4096;
/// The longest frame to the owner: a question with all that goes along, pictures included.
pub const UP: u32 = 256 * 1024 * 1024;
/// The longest frame from the owner: a snapshot of two hundred turns, each as long as models write.
pub const DOWN: u32 = 512 * 1024 * 1024;

/// To the owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Up {
    /// Wants to listen; the answers come in the order of the questions.
    Subscribe,
    /// A command of the subscriber with this number.
    Command(u16, Command),
    /// Stop this turn.
    Cancel(TurnId),
}

/// From the owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Down {
    /// Listens from now on, under this number.
    Subscribed(u16),
    /// For the subscriber with this number; with what is not part of a limit where it is written, for each that is in
    /// it: what attempts in the air hold, and what was refused since the provider's last word.
    Report(u16, Report, Vec<[u64; 2]>),
}

impl Down {
    /// A report for the subscriber with this number.
    pub fn report(number: u16, report: Report) -> Self {
        let passing = match &report {
            Report::Snapshot(snapshot) => passing(&snapshot.meters),
            Report::Moved(moved) => passing(&moved.meters),
            Report::Said(_)
            | Report::Saving(_)
            | Report::Conversed(_)
            | Report::Controlled(_)
            | Report::Refused(..) => Vec::new(),
        };
        Self::Report(number, report, passing)
    }
}

fn passing(meters: &[Meter]) -> Vec<[u64; 2]> {
    meters.iter().map(|meter| [meter.reserved, meter.unsure]).collect()
}

/// The report as it was in the owner's process.
pub fn whole(mut report: Report, passing: Vec<[u64; 2]>) -> Report {
    let meters: &mut [Meter] = match &mut report {
        Report::Snapshot(snapshot) => &mut snapshot.meters,
        Report::Moved(moved) => &mut moved.meters,
        Report::Said(_) | Report::Saving(_) | Report::Conversed(_) | Report::Controlled(_) | Report::Refused(..) => {
            &mut []
        }
    };
    for (meter, [reserved, unsure]) in meters.iter_mut().zip(passing) {
        (meter.reserved, meter.unsure) = (reserved, unsure);
    }
    report
}

/// Reads a value of at most `most` bytes. None: the other side has ended. Not to be dropped half-way, if more is to
/// be read.
pub async fn read<T: DeserializeOwned>(from: &mut (impl AsyncRead + Unpin), most: u32) -> io::Result<Option<T>> {
    let length = match from.read_u32().await {
        Ok(length) => length,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    };
    if length > most {
        return Err(garbled(format!("a frame of {length} bytes")));
    }
    let mut bytes = Vec::new();
    let read = from.take(u64::from(length)).read_to_end(&mut bytes).await?;
    if read < usize::try_from(length).unwrap_or(usize::MAX) {
        return Ok(None);
    }
    serde_json::from_slice(&bytes).map(Some).map_err(|error| garbled(error.to_string()))
}

/// Writes a value, if it has no more than `most` bytes; without a flush.
pub async fn write<T: Serialize>(to: &mut (impl AsyncWrite + Unpin), value: &T, most: u32) -> io::Result<()> {
    let bytes = serde_json::to_vec(value).map_err(io::Error::other)?;
    match u32::try_from(bytes.len()) {
        Ok(length) if length <= most => {
            to.write_u32(length).await?;
            to.write_all(&bytes).await
        }
        _ => {
            tracing::error!(bytes = bytes.len(), "too long for the socket: not sent");
            Ok(())
        }
    }
}

fn garbled(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fixture::{real_snapshot, snapshot as demo_snapshot, stuck_snapshot};

    async fn sent(bytes: &[u8], most: u32) -> io::Result<Option<Up>> {
        let mut bytes = bytes;
        read(&mut bytes, most).await
    }

    #[tokio::test]
    async fn what_is_written_is_read() {
        let mut bytes = Vec::new();
        let all = [Up::Subscribe, Up::Cancel(TurnId(u64::MAX)), Up::Command(7, Command::KeepDraft("half\na".into()))];
        for up in &all {
            write(&mut bytes, up, UP).await.unwrap();
        }
        let mut from = bytes.as_slice();
        for up in all {
            assert_eq!(read(&mut from, UP).await.unwrap(), Some(up));
        }
        assert_eq!(read::<Up>(&mut from, UP).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_report_is_the_same_on_the_other_side() {
        let mut snapshot = real_snapshot();
        for (meter, number) in snapshot.meters.iter_mut().zip(1..) {
            (meter.reserved, meter.unsure) = (number, number + 1);
        }
        for snapshot in [snapshot, demo_snapshot(), stuck_snapshot()] {
            let report = Report::Snapshot(Box::new(snapshot));
            let mut bytes = Vec::new();
            write(&mut bytes, &Down::report(3, report.clone()), DOWN).await.unwrap();
            let Some(Down::Report(3, there, passing)) = read(&mut bytes.as_slice(), DOWN).await.unwrap() else {
                panic!("no report");
            };
            assert_eq!(whole(there, passing), report);
        }
    }

    #[tokio::test]
    async fn a_frame_that_is_too_long_is_not_sent_and_not_read() {
        let mut bytes = Vec::new();
        write(&mut bytes, &Up::Command(1, Command::KeepDraft("x".repeat(100))), 100).await.unwrap();
        assert_eq!(bytes, [0; 0]);
        assert_eq!(sent(&[0, 0, 0, 101], 100).await.unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[tokio::test]
    async fn garbage_is_an_error_and_an_end_is_an_end() {
        assert_eq!(sent(b"GET / HTTP/1.1\r\n\r\n", UP).await.unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(sent(b"\0\0\0\x02{}", UP).await.unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(sent(b"\0\0\0\x02\xff\xfe", UP).await.unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(sent(b"\0\0", UP).await.unwrap(), None);
        assert_eq!(sent(b"\0\0\0\x09half", UP).await.unwrap(), None);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_it(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let read = runtime.block_on(sent(&bytes, 100));
            proptest::prop_assert!(read.is_ok() || read.is_err_and(|error| error.kind() == io::ErrorKind::InvalidData));
        }
    }
}
