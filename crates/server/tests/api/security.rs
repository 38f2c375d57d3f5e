//! `SECURITY.md` names tests; each of them must be there.

use std::collections::BTreeSet;
use std::path::Path;
use std::{fs, io};

const DOCUMENT: &str = include_str!("../../SECURITY.md");

/// The names of all tests under a folder.
fn collect_tests(folder: &Path, names: &mut BTreeSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect_tests(&path, names)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path)?;
            let functions = text.split("fn ").skip(1).filter_map(|rest| rest.split_once('('));
            names.extend(functions.map(|(name, _)| name.to_owned()));
        }
    }
    Ok(())
}

#[test]
fn every_risk_has_a_row_and_every_test_that_is_named_exists() {
    let mut tests = BTreeSet::new();
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    collect_tests(crates, &mut tests).unwrap();
    for risk in 1..=10 {
        let row = DOCUMENT
            .lines()
            .find(|line| line.starts_with(&format!("| API{risk} ")));
        let row = row.unwrap_or_else(|| panic!("API{risk} has no row"));
        let proofs = row.trim_end_matches(" |").rsplit_once(" | ").unwrap().1;
        let named: Vec<&str> = proofs.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "nothing proves API{risk}");
        for name in named {
            assert!(tests.contains(name), "API{risk} names {name}, which is no test");
        }
    }
}
