//! One walk through a history: every commit comes out as it is read, and what its message says of pull requests is kept
//! until the end, because whose a number is follows from the whole history.

use super::claims::{Claim, Commits, Judgement, Setting, judge};
use super::found::Found;
use super::graph::{Graph, Place};
use super::origin::Origin;
use super::references::{Branch, References};
use super::stream::Records;
use super::wordings::mentions;
use super::{GitError, Reading};
use periscope_domain::commit_graph::Commit;
use periscope_domain::commit_sha::CommitSha;
use periscope_domain::timestamp::Timestamp;
use std::collections::{HashMap, HashSet};

/// The committer of what GitHub itself commits.
const GITHUB: &str = "noreply@github.com";

/// What git writes of a commit, separated by newlines: names, times and people, then the message.
pub(super) const FORMAT: &str = "--format=%H%n%P%n%ct%n%at%n%an%n%ce%n%s%n%b";

/// What is kept of a history while it is walked.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) graph: Graph,
    pub(super) shas: Vec<CommitSha>,
    pub(super) times: Vec<i64>,
    pub(super) authored: Vec<i64>,
    /// Each commit's author, a place in `people`.
    pub(super) authors: Vec<u32>,
    pub(super) people: Vec<Box<str>>,
    known_people: HashMap<Box<str>, u32>,
    pub(super) places: HashMap<CommitSha, Place>,
    pub(super) claims: Vec<Claim>,
    pulls: Vec<Place>,
    /// Subjects of merges that claim nothing.
    pub(super) silent_merges: Vec<(Place, Box<str>)>,
    /// Commits that the forge made and that claim nothing.
    pub(super) silent_of_forge: Vec<Place>,
}

/// Goes through the commits of a clone, parents before children. At the end it knows the merged pull requests.
#[derive(Debug)]
pub struct Walk {
    records: Records,
    /// The commits whose parents the clone does not have.
    rim: HashSet<CommitSha>,
    references: References,
    reading: Reading,
    origin: Option<Origin>,
    history: History,
}

impl Walk {
    pub(super) fn new(
        records: Records,
        rim: HashSet<CommitSha>,
        references: References,
        reading: Reading,
        origin: Option<Origin>,
    ) -> Self {
        Self {
            records,
            rim,
            references,
            reading,
            origin,
            history: History::default(),
        }
    }

    /// The merged pull requests among the commits that came out so far.
    #[must_use]
    pub fn pull_requests(&self) -> Found {
        let history = &self.history;
        let setting = self.setting();
        let commits = Commits {
            graph: &history.graph,
            shas: &history.shas,
            times: &history.times,
            pulls: &history.pulls,
        };
        let judgement: Judgement = judge(&commits, &history.claims, &setting);
        Found::new(
            history,
            &judgement,
            &self.references,
            &self.reading,
            self.origin.as_ref(),
        )
    }

    fn setting(&self) -> Setting {
        let place = |sha: &CommitSha| self.history.places.get(sha).copied();
        let head = |branch: &Branch| place(&branch.commit);
        Setting {
            default_head: head(&self.reading.default_branch),
            named_heads: self.reading.branches.iter().filter_map(head).collect(),
            own_heads: self.references.own_commits().iter().filter_map(place).collect(),
            pull_heads: self.references.pull_heads.clone(),
            project: self.project(),
            forge: self.origin.as_ref().and_then(Origin::forge),
            accept_claims: self.reading.accept_claims,
        }
    }

    fn project(&self) -> Option<String> {
        let of_origin = self.origin.as_ref().map(|origin| origin.path.clone());
        of_origin.or_else(|| self.reading.project.clone())
    }
}

impl Iterator for Walk {
    type Item = Result<Commit, GitError>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = self.records.read().transpose()?;
        Some(record.and_then(|record| {
            let read = read(&record).ok_or_else(|| GitError::Failed {
                command: "log",
                message: format!(
                    "{:?} is no commit with a SHA-1",
                    record.lines().next().unwrap_or_default()
                ),
            })?;
            self.history.add(&read, self.reading.default_branch.name.as_str());
            Ok(Commit {
                sha: read.sha,
                parents: Some(read.parents).filter(|_| !self.rim.contains(&read.sha)),
                committed_at: read.committed_at.and_then(Timestamp::from_unix_seconds),
                tagged: None,
            })
        }))
    }
}

/// A commit as git writes it.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) sha: CommitSha,
    pub(super) parents: Vec<CommitSha>,
    committed_at: Option<i64>,
    authored_at: Option<i64>,
    author: &'a str,
    committer: &'a str,
    pub(super) subject: &'a str,
    pub(super) body: &'a str,
}

pub(super) fn read(record: &str) -> Option<Record<'_>> {
    let mut parts = record.splitn(8, '\n');
    let sha = CommitSha::parse(parts.next()?).ok()?;
    let parents = parts.next()?.split(' ').filter(|word| !word.is_empty());
    let parents: Option<Vec<_>> = parents.map(|word| CommitSha::parse(word).ok()).collect();
    let mut part = || parts.next().unwrap_or_default();
    Some(Record {
        sha,
        parents: parents?,
        committed_at: part().parse().ok(),
        authored_at: part().parse().ok(),
        author: part(),
        committer: part(),
        subject: part(),
        body: part(),
    })
}

impl History {
    fn add(&mut self, record: &Record<'_>, default_branch: &str) {
        let known = record
            .parents
            .iter()
            .filter_map(|parent| self.places.get(parent).copied());
        let commit = self.graph.add(known.collect::<Vec<_>>());
        self.places.insert(record.sha, commit);
        self.shas.push(record.sha);
        let committed_at = record.committed_at.unwrap_or_default();
        self.times.push(committed_at);
        self.authored.push(record.authored_at.unwrap_or(committed_at));
        let author = self.person(record.author);
        self.authors.push(author);
        let mentions = mentions(record.subject, record.body);
        let is_of_forge = record.committer == GITHUB;
        if mentions.is_empty() {
            self.add_silent(commit, record, is_of_forge, default_branch);
        }
        let is_picked = !is_of_forge && record.body.contains("(cherry picked from commit ");
        self.claims.extend(mentions.into_iter().map(|mention| Claim {
            commit,
            mention,
            is_picked,
            is_of_forge,
        }));
    }

    fn add_silent(&mut self, commit: Place, record: &Record<'_>, is_of_forge: bool, default_branch: &str) {
        if record.parents.len() > 1 {
            let is_pull = [
                format!("Merge branch '{default_branch}' of "),
                format!("Merge remote-tracking branch 'origin/{default_branch}'"),
            ];
            if is_pull.iter().any(|start| record.subject.starts_with(start)) {
                self.pulls.push(commit);
            } else {
                let subject: String = record.subject.chars().take(100).collect();
                self.silent_merges.push((commit, subject.into()));
            }
        } else if is_of_forge {
            self.silent_of_forge.push(commit);
        }
    }

    fn person(&mut self, name: &str) -> u32 {
        if let Some(known) = self.known_people.get(name) {
            return *known;
        }
        let place = u32::try_from(self.people.len()).unwrap_or_default();
        self.people.push(name.into());
        self.known_people.insert(name.into(), place);
        place
    }
}
