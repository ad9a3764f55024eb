//! All integration tests, in one binary. (`cfg(test)` is always so here; the lints that are off in tests look for it.)

#[cfg(test)]
mod support;

#[cfg(test)]
mod floors;

#[cfg(test)]
mod desk;

#[cfg(test)]
mod fitting;

#[cfg(test)]
mod quota;

#[cfg(test)]
mod plans;

#[cfg(test)]
mod day;

#[cfg(test)]
mod hostile;

#[cfg(test)]
#[cfg(unix)]
mod terminal;

#[cfg(test)]
#[cfg(unix)]
mod ask;

#[cfg(test)]
#[cfg(unix)]
mod pipes;

#[cfg(test)]
#[cfg(unix)]
mod attach;

#[cfg(test)]
#[cfg(unix)]
mod dashboard;

#[cfg(test)]
#[cfg(unix)]
mod chatting;

#[cfg(test)]
#[cfg(unix)]
mod cost;

#[cfg(test)]
#[cfg(unix)]
mod endings;

#[cfg(test)]
#[cfg(unix)]
mod setup;

#[cfg(test)]
#[cfg(unix)]
mod plain;

#[cfg(test)]
mod flights;

#[cfg(test)]
#[cfg(unix)]
mod local;

#[cfg(test)]
#[cfg(unix)]
mod models;

#[cfg(test)]
mod watcher;

#[cfg(test)]
mod restart;

#[cfg(test)]
mod simulate;

#[cfg(test)]
mod gateway;

#[cfg(test)]
#[cfg(unix)]
mod serve;

#[cfg(test)]
mod papers;
