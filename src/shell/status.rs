//! `roundel status`: what is left of each lane and who rests, as the owner of the folder has it, or as it was kept when
//! there was one. Asks no provider, starts nothing, writes nothing.

use std::time::Duration;

use tokio::signal;
use tokio::time::{Instant, sleep, sleep_until};

use crate::app::due::Due;
use crate::domain::clock::{Clock, Zone};
use crate::scheduler::link::Report;
use crate::shell::attach::hello::NoLine;
use crate::shell::engine::Config;
use crate::shell::visit::{NotDone, Place, Visit, print};
use crate::store::Store;

/// How things stand.
pub mod picture;

/// In words.
pub mod page;

/// As JSON.
pub mod object;

use crate::shell::status::picture::Picture;

/// At most one line in this time, and a look at the disk as often.
const STEP: Duration = Duration::from_secs(1);

/// How it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A page of words.
    Words,
    /// One short line.
    Line,
    /// One JSON object on a line.
    Json,
}

impl Form {
    fn of(self, picture: &Picture, due: &mut Due) -> String {
        match self {
            Self::Words => page::words(picture, due),
            Self::Line => format!("{}\n", page::line(picture, due)),
            Self::Json => format!("{}\n", object::object(picture, due.now)),
        }
    }
}

/// Tells it once.
pub async fn status(config: &Config, form: Form) -> Result<(), NotDone> {
    let place = Place::find(config)?;
    let picture = look(&place).await?.0;
    let mut due = Due::new(Clock::System.now(), Zone::Local);
    print(&form.of(&picture, &mut due)).map(drop)
}

/// Tells it at each change, at most once a second, until nobody reads it.
pub async fn watch(config: &Config, form: Form) -> Result<(), NotDone> {
    let place = Place::find(config)?;
    let mut told = Told { form, last: None, kept: None, next: Instant::now() };
    loop {
        let (picture, visit) = look(&place).await?;
        let goes_on = match visit {
            Some(visit) => told.follow(picture, visit).await?,
            None => told.rest(picture).await?,
        };
        if !goes_on {
            return Ok(());
        }
    }
}

/// How things stand, and a line to the owner if there is one.
async fn look(place: &Place) -> Result<(Picture, Option<Visit>), NotDone> {
    match place.visit("status").await {
        Ok(mut visit) => {
            while let Some(report) = visit.subscription.reports.recv().await {
                if let Report::Snapshot(snapshot) = report {
                    return Ok((Picture::live(*snapshot, visit.owner), Some(visit)));
                }
            }
            // It has gone in this very moment.
            kept(place)
        }
        Err(NoLine::Refused(sentence)) => Err(NotDone::Held(sentence)),
        Err(NoLine::NotYet | NoLine::Never) => kept(place),
    }
}

fn kept(place: &Place) -> Result<(Picture, Option<Visit>), NotDone> {
    let peek = Store::peek(&place.folder).map_err(|error| NotDone::failed(&error))?;
    let all = peek.map(|peek| peek.all()).transpose().map_err(|error| NotDone::failed(&error))?;
    Ok((Picture::kept(place, all.unwrap_or_default(), Clock::System.now())?, None))
}

/// What was told last.
struct Told {
    form: Form,
    last: Option<String>,
    /// What was found on the disk last.
    kept: Option<Picture>,
    /// Nothing is told before.
    next: Instant,
}

impl Told {
    /// Tells the picture if it looks different now, and says when to look again. `changed`: something happened; false:
    /// only time has passed. None: nobody reads.
    fn tell(&mut self, picture: &Picture, changed: bool) -> Result<Option<Instant>, NotDone> {
        let now = Clock::System.now();
        let mut due = Due::new(now, Zone::Local);
        let text = self.form.of(picture, &mut due);
        let later = due.next().map_or(STEP * 60, |at| at.since(now).max(STEP));
        // What is told as JSON has the time in it, and is never twice the same.
        let news = if self.form == Form::Json { changed } else { self.last.as_ref() != Some(&text) };
        if !news {
            return Ok(Some(Instant::now() + later));
        }
        if Instant::now() < self.next {
            return Ok(Some(self.next));
        }
        if !print(&text)? {
            return Ok(None);
        }
        (self.last, self.next) = (Some(text), Instant::now() + STEP);
        Ok(Some(Instant::now() + later))
    }

    /// As the owner reports it, for as long as it is there. False: nobody reads, or Ctrl+C.
    async fn follow(&mut self, mut picture: Picture, mut visit: Visit) -> Result<bool, NotDone> {
        let mut changed = true;
        loop {
            let before = self.next;
            let Some(look) = self.tell(&picture, changed)? else { return Ok(false) };
            // What was told is no news any more.
            changed &= self.next == before;
            tokio::select! {
                report = visit.subscription.reports.recv() => {
                    let Some(report) = report else { return Ok(true) };
                    changed |= picture.hear(report);
                    while let Ok(report) = visit.subscription.reports.try_recv() {
                        changed |= picture.hear(report);
                    }
                }
                () = sleep_until(look) => {}
                _ = signal::ctrl_c() => return Ok(false),
            }
        }
    }

    /// As it was kept, until it is time to look for an owner again. False: nobody reads, or Ctrl+C.
    async fn rest(&mut self, picture: Picture) -> Result<bool, NotDone> {
        let changed = self.kept.as_ref() != Some(&picture);
        if self.tell(&picture, changed)?.is_none() {
            return Ok(false);
        }
        self.kept = Some(picture);
        tokio::select! {
            () = sleep(STEP) => Ok(true),
            _ = signal::ctrl_c() => Ok(false),
        }
    }
}
