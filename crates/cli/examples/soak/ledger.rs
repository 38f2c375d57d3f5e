//! What was acknowledged to the senders, held against what is stored. The ledger believes only a 2xx.

use crate::client::Answer;
use crate::database::Database;
use crate::report::Report;
use anyhow::Context;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What all deployments of the ledger are called, before their number.
const NAME: &str = "soak-";

/// What the sender calls its deployment of that number.
pub(crate) fn name(number: u64) -> String {
    format!("{NAME}{number}")
}

/// What was acknowledged, by the number that the sender gave its deployment.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<HashMap<u64, Entry>>);

#[derive(Debug, Default)]
struct Entry {
    /// The number that Periscope gave it first.
    id: i64,
    acknowledged: u64,
    created: u64,
    renumbered: bool,
}

/// What is stored, by the sender's number: Periscope's number, and how many events it keeps.
#[derive(Debug, Default)]
pub(crate) struct Stored(HashMap<u64, Vec<(i64, u64)>>);

/// How the two differ, each in deployments.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Differences {
    pub(crate) acknowledged: usize,
    /// Acknowledged, but not there.
    pub(crate) lost: usize,
    /// There, or created, more than once.
    pub(crate) doubled: usize,
    /// Under another number than was told.
    pub(crate) renumbered: usize,
    /// There, but with less history than was acknowledged.
    pub(crate) shortened: usize,
}

impl Ledger {
    fn entries(&self) -> MutexGuard<'_, HashMap<u64, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes an acknowledgement.
    pub(crate) fn note(&self, number: u64, answer: &Answer) {
        self.note_id(
            number,
            answer.deployment_id().unwrap_or_default(),
            answer.status == 201,
        );
    }

    fn note_id(&self, number: u64, id: i64, created: bool) {
        let mut entries = self.entries();
        let entry = entries.entry(number).or_default();
        if entry.acknowledged == 0 {
            entry.id = id;
        }
        entry.renumbered |= entry.id != id;
        entry.acknowledged += 1;
        entry.created += u64::from(created);
    }

    /// Some of them, evenly spread: the sender's number and Periscope's.
    pub(crate) fn sample(&self, count: usize) -> Vec<(u64, i64)> {
        let entries = self.entries();
        let every = (entries.len() / count).max(1);
        let pairs = entries.iter().step_by(every).take(count);
        pairs.map(|(number, entry)| (*number, entry.id)).collect()
    }

    /// How many were not acknowledged as created exactly once.
    pub(crate) fn not_created_once(&self) -> usize {
        self.entries().values().filter(|entry| entry.created != 1).count()
    }

    pub(crate) fn compare(&self, stored: &Stored) -> Differences {
        let entries = self.entries();
        let mut differences = Differences {
            acknowledged: entries.len(),
            ..Differences::default()
        };
        for (number, entry) in entries.iter() {
            let rows = stored.0.get(number).map(Vec::as_slice).unwrap_or_default();
            differences.doubled += usize::from(rows.len() > 1 || entry.created > 1);
            let Some((id, events)) = rows.first() else {
                differences.lost += 1;
                continue;
            };
            differences.renumbered += usize::from(entry.renumbered || entry.id != *id);
            differences.shortened += usize::from(*events < entry.acknowledged);
        }
        differences
    }

    /// How many deployments are not stored once and as acknowledged.
    pub(crate) async fn difference(&self, database: &Database, url: &str) -> anyhow::Result<usize> {
        let differences = self.compare(&Stored::read(database, url).await?);
        Ok(differences.lost + differences.doubled + differences.renumbered + differences.shortened)
    }

    /// Adds to a report that the ledger is clean.
    pub(crate) async fn check(
        &self,
        report: &mut Report,
        database: &Database,
        url: &str,
    ) -> anyhow::Result<()> {
        let differences = self.compare(&Stored::read(database, url).await?);
        report.at_least("deployments acknowledged", 1, differences.acknowledged as u64);
        report.none("of them lost", differences.lost);
        report.none("doubled", differences.doubled);
        report.none("under another number", differences.renumbered);
        report.none("with less history", differences.shortened);
        Ok(())
    }
}

impl Stored {
    pub(crate) async fn read(database: &Database, url: &str) -> anyhow::Result<Self> {
        let sql = format!(
            "select substr(d.external_id, {}), d.id, (select count(*) from deployment_events e where \
             (e.organization_id, e.deployment_id) = (d.organization_id, d.id)) \
             from deployments d where d.external_id like '{NAME}%'",
            NAME.len() + 1
        );
        Self::parse(&database.query_at(url, &sql).await?)
    }

    /// How many there are from a number on.
    pub(crate) fn beyond(&self, first: u64) -> usize {
        self.0.keys().filter(|number| **number >= first).count()
    }

    fn parse(rows: &str) -> anyhow::Result<Self> {
        let mut stored = Self::default();
        for row in rows.lines() {
            let mut columns = row.split('|').map(str::parse::<i64>);
            let mut next = || columns.next().context("a column is missing");
            let (number, id, events) = (next()??, next()??, next()??);
            let rows = stored.0.entry(u64::try_from(number)?).or_default();
            rows.push((id, u64::try_from(events)?));
        }
        Ok(stored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> Ledger {
        let ledger = Ledger::default();
        for number in 1..=5 {
            ledger.note_id(number, 100 + i64::try_from(number).unwrap(), true);
        }
        ledger.note_id(2, 102, false);
        ledger
    }

    fn differences(ledger: &Ledger, rows: &str) -> Differences {
        ledger.compare(&Stored::parse(rows).unwrap())
    }

    #[test]
    fn what_is_stored_as_acknowledged_is_clean() {
        let rows = "1|101|1\n2|102|3\n3|103|1\n4|104|1\n5|105|1\n6|106|1";
        let clean = Differences {
            acknowledged: 5,
            ..Differences::default()
        };
        assert_eq!(differences(&ledger(), rows), clean);
    }

    #[test]
    fn every_difference_is_seen() {
        let rows = "2|102|1\n3|999|1\n4|104|1\n4|204|1\n5|105|1";
        let seen = Differences {
            acknowledged: 5,
            lost: 1,
            doubled: 1,
            renumbered: 1,
            shortened: 1,
        };
        assert_eq!(differences(&ledger(), rows), seen);
    }

    #[test]
    fn a_number_that_changes_and_a_second_creation_are_seen() {
        let ledger = ledger();
        ledger.note_id(1, 111, true);
        let seen = differences(&ledger, "1|101|2\n2|102|2\n3|103|1\n4|104|1\n5|105|1");
        assert_eq!((seen.renumbered, seen.doubled), (1, 1));
        assert_eq!(ledger.not_created_once(), 1);
    }
}
