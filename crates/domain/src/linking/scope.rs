//! Where a deployment's commits are looked for: in the repository that its service names, or, when it names none, in
//! every monitored one.

use super::{Candidate, Finding, KnownHistory, Surroundings};
use crate::commit_graph::Resolution;
use crate::commit_sha::{CommitReference, CommitSha};
use crate::deployment::Deployment;
use crate::id::RepositoryId;
use crate::repository::{MatchedBy, match_service};
use std::collections::BTreeSet;

/// What a commit that a sender named turns out to be.
#[derive(Debug)]
pub(super) enum Resolved {
    /// One commit.
    Known(CommitSha),
    /// More than one commit begins like this.
    Ambiguous,
    /// Nobody has told of it in what is looked at.
    Unknown,
}

/// What is looked at.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    /// The repository that the service names.
    pub(super) named: Option<RepositoryId>,
    matched_by: Option<MatchedBy>,
    pub(super) candidates: Vec<&'a Candidate>,
    pub(super) histories: Vec<&'a KnownHistory>,
}

impl<'a> Scope<'a> {
    pub(super) fn of(deployment: &Deployment, surroundings: &'a Surroundings) -> Self {
        let service = deployment.service.as_ref();
        let matched = service.and_then(|service| match_service(service, &surroundings.repositories));
        let (named, matched_by) = matched.map(|(repository, by)| (repository.id, by)).unzip();
        let is_within =
            |id: RepositoryId, is_monitored: bool| named.map_or(is_monitored, |named| named == id);
        let candidates = surroundings.candidates.iter();
        let histories = surroundings.histories.iter();
        Self {
            named,
            matched_by,
            candidates: candidates
                .filter(|candidate| is_within(candidate.repository_id, candidate.repository_is_monitored))
                .collect(),
            histories: histories
                .filter(|known| is_within(known.repository_id, known.repository_is_monitored))
                .collect(),
        }
    }

    /// Where it is looked, and why there.
    pub(super) fn finding(&self, deployment: &Deployment) -> Finding {
        let service = deployment.service.clone();
        match (self.named, self.matched_by, service) {
            (Some(repository_id), Some(by), Some(service)) => Finding::Repository(repository_id, by, service),
            (.., Some(service)) => Finding::ServiceUnmatched(service),
            (.., None) => Finding::NoService,
        }
    }

    /// The commit that a sender means, among the merge commits and the graphs.
    pub(super) fn resolve(&self, commit: &CommitReference) -> Resolved {
        let merges = self.candidates.iter().map(|candidate| candidate.merge.commit);
        let mut commits: BTreeSet<CommitSha> = merges.filter(|sha| commit.matches(sha)).collect();
        for known in &self.histories {
            let graph = known.history.graph();
            match graph.resolve(commit) {
                Resolution::Known(node) => {
                    commits.insert(graph.sha(node));
                }
                Resolution::Ambiguous => return Resolved::Ambiguous,
                Resolution::Unknown => {}
            }
        }
        match (commits.first(), commits.len()) {
            (Some(sha), 1) => Resolved::Known(*sha),
            (None, _) => Resolved::Unknown,
            _ => Resolved::Ambiguous,
        }
    }

    /// The pull requests that were merged as a commit: several when one merge closed several, or when several
    /// repositories share the commit.
    pub(super) fn merged_as(&self, commit: CommitSha) -> impl Iterator<Item = &'a Candidate> {
        self.candidates
            .iter()
            .copied()
            .filter(move |candidate| candidate.merge.commit == commit)
    }
}
