//! Variables that are set and never read: a misspelt one would otherwise look like one that was left out.

use std::collections::BTreeSet;
use std::env;

const PREFIX: &str = "PERISCOPE_";

/// Names of what CI jobs and containers set for themselves.
const OTHERS: [&str; 2] = ["PERISCOPE_KEY", "PERISCOPE_URL"];

/// A sentence for each variable that is set, never read, and nearly named like one that is.
pub(crate) fn misspelt(known: &BTreeSet<String>) -> Vec<String> {
    let set = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let set = set.filter(|name| name.starts_with(PREFIX) && !OTHERS.contains(&name.as_str()));
    let mut hints: Vec<_> = set
        .filter_map(|name| {
            let meant = meant(&name, known)?;
            Some(format!("{name} is set and never read: did you mean {meant}?"))
        })
        .collect();
    hints.sort_unstable();
    hints
}

/// The variable that somebody meant who set another one: a letter or two away, or begun alike.
fn meant<'a>(name: &str, known: &'a BTreeSet<String>) -> Option<&'a str> {
    if known.contains(name) {
        return None;
    }
    let rest = name.strip_prefix(PREFIX)?;
    let near = |candidate: &&String| {
        let candidate = candidate.strip_prefix(PREFIX).unwrap_or(candidate);
        let is_begun_alike = rest == candidate
            || rest
                .strip_prefix(candidate)
                .is_some_and(|more| more.starts_with('_'))
            || candidate
                .strip_prefix(rest)
                .is_some_and(|more| more.starts_with('_'));
        let tolerance = if candidate.len() > 4 { 2 } else { 1 };
        is_begun_alike || strsim::damerau_levenshtein(rest, candidate) <= tolerance
    };
    let distance = |candidate: &&String| {
        strsim::damerau_levenshtein(rest, candidate.strip_prefix(PREFIX).unwrap_or(candidate))
    };
    known.iter().filter(near).min_by_key(distance).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_variable_has_the_name_that_was_meant() {
        let known = [
            "DATABASE_URL",
            "PERISCOPE_DATA_DIR",
            "PERISCOPE_LISTEN",
            "PERISCOPE_LOG",
            "PERISCOPE_METRICS_LISTEN",
            "PERISCOPE_ORG",
            "PERISCOPE_TLS_KEY",
        ];
        let known: BTreeSet<_> = known.map(str::to_owned).into();
        for (name, expected) in [
            ("PERISCOPE_LISTN", Some("PERISCOPE_LISTEN")),
            ("PERISCOPE_DATADIR", Some("PERISCOPE_DATA_DIR")),
            ("PERISCOPE_DATABASE_URL", Some("DATABASE_URL")),
            ("PERISCOPE_METRICS", Some("PERISCOPE_METRICS_LISTEN")),
            ("PERISCOPE_TLS_KEY_FILE", Some("PERISCOPE_TLS_KEY")),
            ("PERISCOPE_LISTEN", None),
            // What Kubernetes sets beside a service of that name.
            ("PERISCOPE_PORT", None),
            ("PERISCOPE_SERVICE_HOST", None),
            ("PERISCOPE_PORT_8080_TCP_ADDR", None),
        ] {
            assert_eq!(meant(name, &known), expected, "{name}");
        }
    }
}
