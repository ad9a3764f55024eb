//! The worlds that come with the program, by name; and others, by file.

use std::fs;
use std::path::Path;

use crate::sim::world::World;

/// What is simulated unless another world is named.
pub const TODAY: &str = "today";

const BUILT_IN: [(&str, &str); 9] = [
    (TODAY, include_str!("../../../assets/worlds/today.toml")),
    ("ample", include_str!("../../../assets/worlds/ample.toml")),
    ("tight", include_str!("../../../assets/worlds/tight.toml")),
    ("liar", include_str!("../../../assets/worlds/liar.toml")),
    ("silent", include_str!("../../../assets/worlds/silent.toml")),
    ("flapping", include_str!("../../../assets/worlds/flapping.toml")),
    ("dst", include_str!("../../../assets/worlds/dst.toml")),
    ("restart", include_str!("../../../assets/worlds/restart.toml")),
    ("demo", include_str!("../../../assets/worlds/demo.toml")),
];

/// The names of those that come with the program.
pub fn names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, _)| *name)
}

/// The world of this name, or in this file. Err: a sentence.
pub fn world(name: &str) -> Result<World, String> {
    let built_in = BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
    let text = match built_in {
        Some(text) => text,
        None => fs::read_to_string(Path::new(name)).map_err(|error| {
            let known: Vec<&str> = names().collect();
            format!("cannot read {name}: {error}; the worlds that come with roundel are {}", known.join(", "))
        })?,
    };
    World::from_toml(&text).map_err(|error| format!("{name}, {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_that_comes_with_the_program_reads() {
        for name in names() {
            let world = world(name).unwrap();
            assert!(!world.lanes().is_empty(), "{name}");
        }
        assert!(world("nowhere.toml").unwrap_err().contains("today, ample"));
    }
}
