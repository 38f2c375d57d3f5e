//! What a scenario promised and what it found, for people and for programs.

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use serde_json::{Value, json};
use std::fmt::Display;
use std::time::Duration;

/// One thing that must hold.
#[derive(Debug)]
struct Claim {
    what: String,
    promised: String,
    found: String,
    holds: bool,
}

/// What came of a scenario.
#[derive(Debug)]
pub(crate) struct Report {
    scenario: &'static str,
    /// How much was done.
    size: String,
    duration: Duration,
    claims: Vec<Claim>,
}

impl Report {
    pub(crate) fn new(scenario: &'static str) -> Self {
        Self {
            scenario,
            size: String::new(),
            duration: Duration::ZERO,
            claims: Vec::new(),
        }
    }

    pub(crate) fn sized(&mut self, size: impl Display) {
        self.size = size.to_string();
    }

    pub(crate) fn took(&mut self, duration: Duration) {
        self.duration = duration;
    }

    pub(crate) fn claim(
        &mut self,
        what: impl Display,
        promised: impl Display,
        found: impl Display,
        holds: bool,
    ) {
        self.claims.push(Claim {
            what: what.to_string(),
            promised: promised.to_string(),
            found: found.to_string(),
            holds,
        });
    }

    /// That there is none of something.
    pub(crate) fn none(&mut self, what: impl Display, count: usize) {
        self.claim(what, 0, count, count == 0);
    }

    /// That two counts are the same.
    pub(crate) fn equal(&mut self, what: impl Display, promised: u64, found: u64) {
        self.claim(what, promised, found, promised == found);
    }

    pub(crate) fn at_least(&mut self, what: impl Display, promised: u64, found: u64) {
        self.claim(what, format!(">= {promised}"), found, found >= promised);
    }

    pub(crate) fn within(&mut self, what: impl Display, limit: Duration, found: Duration) {
        self.claim(what, format!("<= {}", span(limit)), span(found), found <= limit);
    }

    /// That what was done could not be finished is a claim that does not hold.
    pub(crate) fn broken(&mut self, error: &anyhow::Error) {
        self.claim("ran to its end", "yes", format!("{error:#}"), false);
    }

    pub(crate) fn holds(&self) -> bool {
        self.claims.iter().all(|claim| claim.holds)
    }

    pub(crate) fn summary(&self) -> String {
        let failed = self.claims.iter().filter(|claim| !claim.holds);
        let failed: Vec<_> = failed
            .map(|claim| format!("{}: {} instead of {}", claim.what, claim.found, claim.promised))
            .collect();
        let verdict = if failed.is_empty() {
            "holds".to_owned()
        } else {
            format!("FAILED: {}", failed.join("; "))
        };
        format!("{} {} in {}", self.scenario, verdict, span(self.duration))
    }

    pub(crate) fn json(&self) -> Value {
        let claims = self.claims.iter().map(|claim| {
            json!({
                "claim": claim.what,
                "promised": claim.promised,
                "found": claim.found,
                "holds": claim.holds,
            })
        });
        json!({
            "scenario": self.scenario,
            "size": self.size,
            "seconds": self.duration.as_secs(),
            "holds": self.holds(),
            "claims": claims.collect::<Vec<_>>(),
        })
    }
}

pub(crate) fn print(reports: &[Report]) {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_header(["SCENARIO", "CLAIM", "PROMISED", "FOUND", ""]);
    for report in reports {
        let head = format!("{} ({})", report.scenario, span(report.duration));
        table.add_row([head.as_str(), report.size.as_str(), "", "", ""]);
        for claim in &report.claims {
            let mark = if claim.holds { "" } else { "FAILED" };
            table.add_row(["", &claim.what, &claim.promised, &claim.found, mark]);
        }
    }
    for line in table.lines() {
        println!("{}", line.trim_end());
    }
}

/// A length of time as people read it.
pub(crate) fn span(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
    } else if duration < Duration::from_secs(100) {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} s", duration.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_claim_that_does_not_hold_is_enough_to_fail() {
        let mut report = Report::new("crash");
        report.none("lost", 0);
        report.within("gone", Duration::from_secs(5), Duration::from_millis(4_900));
        report.equal("created", 3, 3);
        report.at_least("kills", 2, 2);
        assert!(report.holds());
        report.none("doubled", 1);
        assert!(!report.holds());
        assert!(
            report.summary().contains("doubled: 1 instead of 0"),
            "{}",
            report.summary()
        );
        assert_eq!(report.json()["holds"], json!(false));
    }

    #[test]
    fn each_kind_of_claim_can_fail() {
        let failing: [fn(&mut Report); 5] = [
            |report| report.none("a", 1),
            |report| report.equal("a", 1, 2),
            |report| report.at_least("a", 2, 1),
            |report| report.within("a", Duration::from_secs(1), Duration::from_millis(1_001)),
            |report| report.broken(&anyhow::anyhow!("no Postgres")),
        ];
        for fail in failing {
            let mut report = Report::new("crash");
            fail(&mut report);
            assert!(!report.holds(), "{report:?}");
        }
    }

    #[test]
    fn spans_are_told_in_the_unit_that_fits() {
        assert_eq!(span(Duration::from_micros(12_340)), "12.3 ms");
        assert_eq!(span(Duration::from_millis(4_210)), "4.2 s");
        assert_eq!(span(Duration::from_mins(10)), "600 s");
    }
}
