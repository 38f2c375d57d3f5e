//! The result of a walk: merged pull requests with all that the history knows of them, numbers that are kept apart, and
//! merges that could not be read.

use super::Reading;
use super::claims::{Claim, Judgement, Reason};
use super::graph::{NOWHERE, Place};
use super::history::History;
use super::origin::Origin;
use super::references::References;
use super::wordings::Forge;
use periscope_domain::commit_sha::CommitSha;
use periscope_domain::pull_request::{PullRequest, PullRequestNumber, Source};
use periscope_domain::text::{Actor, BranchName, Title};
use periscope_domain::timestamp::Timestamp;
use std::collections::{BTreeMap, HashSet};

/// How many subjects of unread merges are shown.
const EXAMPLES: usize = 3;

/// How many commits of a pull request are gone through for the first of them.
const COMMITS: usize = 1000;

/// A number that does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptApart {
    /// The number.
    pub number: PullRequestNumber,
    /// The commit that claims it.
    pub commit: CommitSha,
    /// The title in the commit's message.
    pub title: Option<Title>,
    /// Why it does not count.
    pub reason: Reason,
}

/// How much of the default branch could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The forge whose wordings count.
    pub forge: Option<Forge>,
    /// Commits on the own line of the default branch.
    pub commits: u64,
    /// Those among them that are the merge of a pull request.
    pub merges: u64,
    /// Merges among them of a wording that names no pull request.
    pub unread_merges: u64,
    /// Subjects of some unread merges, the latest first.
    pub examples: Vec<String>,
    /// Commits among them that the forge made without a number, as for a merge by rebase.
    pub of_forge_without_number: u64,
    /// How many claims are kept apart, by reason.
    pub apart: BTreeMap<Reason, u64>,
}

/// What a walk has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Merged pull requests, the oldest merge first.
    pub pull_requests: Vec<PullRequest>,
    /// Numbers in doubt.
    pub apart: Vec<KeptApart>,
    /// What else was seen.
    pub seen: Seen,
}

impl Found {
    pub(super) fn new(
        history: &History,
        judgement: &Judgement,
        references: &References,
        reading: &Reading,
        origin: Option<&Origin>,
    ) -> Self {
        let finder = Finder {
            history,
            judgement,
            reading,
            origin,
            branches: branches_of(history, judgement, references),
        };
        let claims = judgement
            .merged
            .iter()
            .filter_map(|index| history.claims.get(*index));
        let claims: Vec<&Claim> = claims.collect();
        let apart = judgement.apart.iter().filter_map(|(index, reason)| {
            let claim = history.claims.get(*index)?;
            Some(KeptApart {
                number: claim.mention.number,
                commit: *history.shas.get(claim.commit as usize)?,
                title: claim.mention.title.clone(),
                reason: *reason,
            })
        });
        let mut pull_requests: Vec<_> = claims
            .iter()
            .filter_map(|claim| finder.pull_request(claim))
            .collect();
        pull_requests.sort_by_key(|pull_request| pull_request.merged_at);
        Self {
            pull_requests,
            apart: apart.filter(|apart| apart.reason.is_doubt()).collect(),
            seen: finder.seen(&claims),
        }
    }
}

/// For commits off the own line: the one branch whose line has them.
fn branches_of(
    history: &History,
    judgement: &Judgement,
    references: &References,
) -> BTreeMap<Place, Option<BranchName>> {
    let mut branches: BTreeMap<Place, Option<BranchName>> = BTreeMap::new();
    for branch in &references.branches {
        let Some(head) = history.places.get(&branch.commit) else {
            continue;
        };
        for commit in history.graph.line(*head) {
            if judgement.lines.is_default(commit) {
                break;
            }
            let name = branches
                .entry(commit)
                .or_insert_with(|| Some(branch.name.clone()));
            match name {
                None => break,
                Some(known) if *known != branch.name => *name = None,
                Some(_) => {}
            }
        }
    }
    branches
}

struct Finder<'a> {
    history: &'a History,
    judgement: &'a Judgement,
    reading: &'a Reading,
    origin: Option<&'a Origin>,
    branches: BTreeMap<Place, Option<BranchName>>,
}

impl Finder<'_> {
    fn pull_request(&self, claim: &Claim) -> Option<PullRequest> {
        let commit = claim.commit;
        let (number, place) = (claim.mention.number, commit as usize);
        let merged_at = Timestamp::from_unix_seconds(*self.history.times.get(place)?)?;
        let url = self.judgement.forge.zip(self.origin);
        Some(PullRequest {
            number,
            source: Source::Clone,
            merge_commit: *self.history.shas.get(place)?,
            merged_at,
            created_at: self.opened_at(commit).filter(|opened_at| *opened_at <= merged_at),
            title: claim.mention.title.clone(),
            url: url.and_then(|(forge, origin)| origin.pull_request(forge, number)),
            author: self.author(commit),
            merged_by: None,
            base_branch: self.base_branch(claim),
            head_branch: claim.mention.head_branch.clone(),
            additions: None,
            deletions: None,
            changed_files: None,
        })
    }

    fn base_branch(&self, claim: &Claim) -> Option<BranchName> {
        if self.judgement.lines.is_default(claim.commit) {
            return Some(self.reading.default_branch.name.clone());
        }
        let only = self.branches.get(&claim.commit).cloned().flatten();
        claim.mention.base_branch.clone().or(only)
    }

    /// Who wrote what was merged: of a merge the last commit that it brought, else the commit itself.
    fn author(&self, commit: Place) -> Option<Actor> {
        let written = self
            .history
            .graph
            .parents(commit)
            .get(1)
            .copied()
            .unwrap_or(commit);
        let person = *self.history.authors.get(written as usize)?;
        Actor::clean(self.history.people.get(person as usize)?)
    }

    /// When the first commit that a merge brought was written. A squash does not say it.
    fn opened_at(&self, commit: Place) -> Option<Timestamp> {
        let graph = &self.history.graph;
        let [before, side, ..] = graph.parents(commit) else {
            return None;
        };
        let base: HashSet<Place> = graph.line(*before).take(COMMITS).collect();
        let is_new = |commit: &Place| !base.contains(commit) && !self.judgement.lines.is_default(*commit);
        let brought = graph.line(*side).take(COMMITS).take_while(is_new);
        let first = brought
            .filter_map(|commit| self.history.authored.get(commit as usize))
            .min();
        Timestamp::from_unix_seconds(*first?)
    }

    fn seen(&self, claims: &[&Claim]) -> Seen {
        let lines = &self.judgement.lines;
        let merges: HashSet<Place> = claims.iter().map(|claim| claim.commit).collect();
        let of_line = |commits: &mut dyn Iterator<Item = Place>| {
            commits.filter(|commit| lines.is_default(*commit)).count() as u64
        };
        let mut unread: Vec<_> = self
            .history
            .silent_merges
            .iter()
            .filter(|(commit, _)| *commit != NOWHERE && lines.is_default(*commit))
            .collect();
        unread.reverse();
        let mut apart: BTreeMap<Reason, u64> = BTreeMap::new();
        for (_, reason) in &self.judgement.apart {
            *apart.entry(*reason).or_default() += 1;
        }
        Seen {
            forge: self.judgement.forge,
            commits: of_line(&mut (0..self.history.graph.len())),
            merges: of_line(&mut merges.into_iter()),
            unread_merges: unread.len() as u64,
            examples: unread
                .into_iter()
                .take(EXAMPLES)
                .map(|(_, subject)| subject.to_string())
                .collect(),
            of_forge_without_number: of_line(&mut self.history.silent_of_forge.iter().copied()),
            apart,
        }
    }
}
