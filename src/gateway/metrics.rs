//! What is counted, in Prometheus' text format (prometheus.io/docs/instrumenting/exposition_formats). Pure.

use std::fmt::Write;

use crate::scheduler::link::call::View;

/// The text.
pub(in crate::gateway) fn text(view: &View) -> String {
    let mut out = String::new();
    let mut family = |name: &str, kind: &str, help: &str, rows: Vec<(String, f64)>| {
        let _ = writeln!(out, "# HELP roundel_{name} {help}\n# TYPE roundel_{name} {kind}");
        for (labels, value) in rows {
            let _ = writeln!(out, "roundel_{name}{labels} {value}");
        }
    };
    let count = |one: &crate::scheduler::link::call::Count| {
        labels(&[("origin", one.origin.word()), ("lane", one.lane.as_str()), ("status", one.outcome)])
    };
    let attempts = view.counts.iter().map(|one| (count(one), one.attempts as f64)).collect();
    family("attempts_total", "counter", "Attempts that have ended, by who asked, lane and how they ended.", attempts);
    let tokens = view.counts.iter().flat_map(|one| {
        let of = |kind, tokens: Option<u64>| {
            let labels = labels(&[("origin", one.origin.word()), ("lane", one.lane.as_str()), ("kind", kind)]);
            tokens.map(|tokens| (labels, tokens as f64))
        };
        [of("input", one.usage.input), of("output", one.usage.output)].into_iter().flatten()
    });
    family("tokens_total", "counter", "Tokens, as the providers counted them.", summed(tokens));
    let (waited, calls) = view.waited;
    family(
        "wait_seconds_sum",
        "counter",
        "Time that calls waited for a lane, all together.",
        vec![(String::new(), waited.as_secs_f64())],
    );
    family("wait_seconds_count", "counter", "Calls that got a lane.", vec![(String::new(), calls as f64)]);
    family("parked", "gauge", "Questions that wait for a lane now.", vec![(String::new(), view.parked as f64)]);
    let flying = view.lanes.iter().filter(|lane| lane.off().is_none());
    let flying = flying.map(|lane| (labels(&[("lane", lane.spec.id.as_str())]), f64::from(lane.in_flight))).collect();
    family("in_flight", "gauge", "Attempts in the air.", flying);
    let limit = |meter: &crate::domain::quota::meter::Meter| {
        labels(&[("pool", meter.pool.as_str()), ("unit", meter.unit.as_str()), ("window", &meter.window.short())])
    };
    let remaining = view.meters.iter().filter_map(|meter| Some((limit(meter), meter.remaining(view.at)? as f64)));
    family("limit_remaining", "gauge", "What is left of a limit.", remaining.collect());
    let caps = view.meters.iter().filter_map(|meter| Some((limit(meter), meter.cap?.value as f64))).collect();
    family("limit_cap", "gauge", "How much of a limit there is.", caps);
    out
}

/// Rows of the same labels as one.
fn summed(rows: impl Iterator<Item = (String, f64)>) -> Vec<(String, f64)> {
    let mut all: Vec<(String, f64)> = Vec::new();
    for (labels, value) in rows {
        match all.iter_mut().find(|(known, _)| *known == labels) {
            Some((_, sum)) => *sum += value,
            None => all.push((labels, value)),
        }
    }
    all
}

fn labels(pairs: &[(&str, &str)]) -> String {
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    format!("{{{}}}", pairs.join(","))
}
