//! `roundel providers`: what was found, what each of the others wants, what is over. Asks nobody; shows no key.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::domain::ids::AccountId;
use crate::domain::roster::{LaneSpec, LimitSpec, Training};
use crate::providers::assemble::{Found, Missing};
use crate::shell::sources::Sources;

/// The report.
pub fn report(sources: &Sources) -> String {
    let assembly = &sources.assembly;
    let mut out = String::new();
    let mut line = |text: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{text}");
    };
    let mut lanes: BTreeMap<AccountId, Vec<&LaneSpec>> = BTreeMap::new();
    for lane in &assembly.lanes {
        lanes.entry(lane.account()).or_default().push(lane);
    }
    line(if assembly.found.is_empty() { "Found: nothing. Without a key roundel opens its demo." } else { "Found" });
    for found in &assembly.found {
        line(&found_line(found));
        for lane in lanes.get(&found.account).into_iter().flatten() {
            line(&lane_line(lane));
        }
    }
    for discover in &assembly.discover {
        line(&format!("  {:<22} {}, asked for its models when roundel starts", discover.name(), discover.base_url()));
    }
    if !assembly.missing.is_empty() {
        line("\nSet a key to use");
    }
    for missing in &assembly.missing {
        line(&missing_line(missing));
    }
    if !assembly.gone.is_empty() || !sources.catalogue.gone.is_empty() {
        line("\nOver");
    }
    for gone in &sources.catalogue.gone {
        let held = assembly.gone.iter().find(|key| key.what.id == gone.id);
        let key = held.map_or(String::new(), |key| format!(" ({} is set: it no longer helps)", key.variable));
        line(&format!("  {:<22} since {}: {}{key}", gone.name, gone.since, gone.why));
    }
    for notice in &assembly.notices {
        line(&format!("\n! {notice}"));
    }
    line(&format!("\nConfig: {}", sources.config.display()));
    out
}

fn found_line(found: &Found) -> String {
    let key = found.key_from.as_ref().map_or("no key wanted".to_owned(), |from| format!("key from {from}"));
    let off = if found.off > 0 { format!(", {} off", found.off) } else { String::new() };
    format!("  {:<22} {}, {} on{off}, {key}", found.account.as_str(), found.name, found.on)
}

/// `    groq/openai/gpt-oss-120b   on  free  no training  30 requests/min, 1000 requests/day  (2026-10-01, console.groq.com)`
fn lane_line(lane: &LaneSpec) -> String {
    let state = lane.standby.map_or("on".to_owned(), |standby| format!("off, {}", standby.word()));
    let cost = lane.cost.word();
    let training = match lane.training {
        Training::Yes => "trains on prompts",
        Training::No => "no training",
        Training::Unknown => "training unknown",
    };
    let limits: Vec<String> = lane.limits.iter().map(limit).collect();
    let limits = if limits.is_empty() { "no limit documented".to_owned() } else { limits.join(", ") };
    let source = if lane.as_of.is_empty() { String::new() } else { format!("  ({}, {})", lane.as_of, lane.source) };
    format!("    {:<44} {state}; {cost}; {training}; {limits}{source}", lane.id.as_str())
}

fn limit(limit: &LimitSpec) -> String {
    format!("{} {}/{}", limit.cap, limit.unit.as_str().replace('_', " "), limit.window.short())
}

/// `  Google Gemini          GEMINI_API_KEY or GOOGLE_API_KEY   https://...`
pub fn missing_line(missing: &Missing) -> String {
    let keys = missing.keys.join(" or ");
    let besides = missing.besides.join(", ");
    let wants = match (keys.is_empty(), besides.is_empty()) {
        (false, false) => format!("{keys}, and {besides}"),
        (false, true) => keys,
        (true, _) => besides,
    };
    format!("  {:<22} {wants:<48} {}", missing.name, missing.key_url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::assemble::assemble;
    use crate::providers::catalogue::Catalogue;
    use crate::providers::config::Config;

    #[test]
    fn what_is_there_what_is_missing_and_what_is_over() {
        let catalogue = Catalogue::built_in().unwrap();
        let env = |name: &str| {
            ["GROQ_API_KEY", "CEREBRAS_API_KEY", "OPENAI_API_KEY"].contains(&name).then(|| "sk-canary".into())
        };
        let assembly = assemble(&catalogue, &Config::default(), &env, &mut |_| Err("none".into()));
        let text = report(&Sources { assembly, catalogue, ..Sources::bare() });
        for part in [
            "groq                   Groq, ",
            "key from GROQ_API_KEY",
            "free; no training; ",
            "off, costs money",
            "GEMINI_API_KEY or GOOGLE_API_KEY",
            "CEREBRAS_API_KEY is set: it no longer helps",
            "Config: /c/config.toml",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
        assert!(!text.contains("canary"));
    }
}
