//! The pull requests that a project truly has, in a file beside its clone.

use crate::history::PullRequest;
use crate::score::Score;
use anyhow::Context;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct Document {
    truth: Truth,
}

#[derive(Deserialize)]
pub(crate) struct Truth {
    #[serde(rename = "pullRequests")]
    pull_requests: Vec<TruePullRequest>,
}

#[derive(Deserialize)]
struct TruePullRequest {
    number: u64,
    #[serde(rename = "mergeCommitSha")]
    merge_commit_sha: String,
}

/// Reads `FOLDER.json`, if there is one.
pub(crate) fn read(folder: &Path) -> anyhow::Result<Option<Truth>> {
    let path = PathBuf::from(format!("{}.json", folder.display()));
    if !folder.is_dir() || !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let document: Document =
        serde_json::from_str(&text).with_context(|| format!("{} holds no truth", path.display()))?;
    Ok(Some(document.truth))
}

/// Compares numbers together with their merge commits.
pub(crate) fn score(found: &[PullRequest], truth: &Truth) -> Score {
    let found = found
        .iter()
        .map(|each| (each.number, each.merge_commit_sha.as_str()));
    let truth = truth
        .pull_requests
        .iter()
        .map(|each| (each.number, each.merge_commit_sha.as_str()));
    Score::between(&found.collect(), &truth.collect::<BTreeSet<_>>())
}
