//! What a name on the command line means among the lanes there are, and what was probably meant where it means nothing.

use crate::domain::ids::LaneId;
use crate::domain::standing::Target;
use crate::providers::mistake::distance;

/// Names that are offered instead of one that is none.
const OFFERED: usize = 3;

/// The lane `groq/openai/gpt-oss-120b`, or the lanes of the account `groq` (`groq/*`). Err: a sentence with the nearest
/// names.
pub fn target<'a>(name: &str, lanes: impl Iterator<Item = &'a LaneId> + Clone) -> Result<Target, String> {
    if let Some(lane) = lanes.clone().find(|lane| lane.as_str() == name) {
        return Ok(Target::Lane(lane.clone()));
    }
    let account = name.strip_suffix("/*").unwrap_or(name);
    if let Some(lane) = lanes.clone().find(|lane| lane.account().as_str() == account) {
        return Ok(Target::Account(lane.account()));
    }
    let near = nearest(name, lanes);
    let way_on = match near.as_slice() {
        [] => "`roundel status` lists them".to_owned(),
        near => format!("did you mean {}?", near.join(" or ")),
    };
    Err(format!("there is no lane or account `{name}`; {way_on}"))
}

/// The names that are written most like it, the likest first: accounts and lanes.
fn nearest<'a>(name: &str, lanes: impl Iterator<Item = &'a LaneId> + Clone) -> Vec<String> {
    let name = name.strip_suffix("/*").unwrap_or(name).to_lowercase();
    let letters = name.chars().count();
    let allowed = (letters / 3).clamp(1, 4).min(letters);
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut offer = |steps: Option<usize>, shown: String| {
        if let Some(steps) = steps
            && !found.iter().any(|(_, known)| *known == shown)
        {
            found.push((steps, shown));
        }
    };
    let like = |known: &str| {
        let known = known.to_lowercase();
        let part = known != name && name.len() > 2 && known.contains(&name);
        let steps = if part { 1 } else { distance(&name, &known) };
        (steps <= allowed).then_some(steps)
    };
    for lane in lanes.clone() {
        offer(like(lane.account().as_str()), format!("`{}`", lane.account()));
    }
    for lane in lanes {
        let last = lane.model().rsplit('/').next().unwrap_or_default();
        let steps = [lane.as_str(), lane.model(), last].into_iter().filter_map(like).min();
        offer(steps, format!("`{lane}`"));
    }
    found.sort_by_key(|(steps, _)| *steps);
    found.into_iter().take(OFFERED).map(|(_, shown)| shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes() -> [LaneId; 4] {
        ["groq/openai/gpt-oss-120b", "groq/openai/gpt-oss-20b", "groq@work/x", "gemini/gemini-3.8-flash"]
            .map(LaneId::from)
    }

    #[test]
    fn lanes_and_accounts_are_found_under_their_names() {
        let lanes = lanes();
        for (name, expected) in [
            ("groq/openai/gpt-oss-20b", Target::Lane(lanes[1].clone())),
            ("groq", Target::Account("groq".into())),
            ("groq/*", Target::Account("groq".into())),
            ("groq@work", Target::Account("groq@work".into())),
        ] {
            assert_eq!(target(name, lanes.iter()), Ok(expected));
        }
    }

    #[test]
    fn the_nearest_names_are_offered() {
        let lanes = lanes();
        for (name, offered) in [
            ("grok", "did you mean `groq`?"),
            ("grqo/*", "did you mean `groq`?"),
            ("gpt-oss-20b", "did you mean `groq/openai/gpt-oss-20b` or `groq/openai/gpt-oss-120b`?"),
            ("GPT-OSS", "did you mean `groq/openai/gpt-oss-120b` or `groq/openai/gpt-oss-20b`?"),
            ("gemini/gemini-3.8-flahs", "did you mean `gemini/gemini-3.8-flash`?"),
            ("something else", "`roundel status` lists them"),
            ("", "`roundel status` lists them"),
        ] {
            assert_eq!(target(name, lanes.iter()), Err(format!("there is no lane or account `{name}`; {offered}")));
        }
        assert!(target("x", [].iter()).is_err());
    }
}
