//! What is known of a repository's history: commits, their parents, and pushes. It grows in pieces, in any order, and
//! a commit whose parents nobody has told yet is *open*: what lies behind it is unknown, never a root. Every question
//! is answered with what is certain whatever the missing pieces turn out to be, or not at all.
//!
//! A history may be a million commits deep and long, so nothing recurses, a commit costs some 65 bytes, and what
//! arrives is numbered once. Questions walk from the newest commit down and stop as soon as the answer is certain.

mod intern;
mod numbering;
mod open_sets;
mod walk;

#[cfg(test)]
mod tests;

pub use walk::{Ancestors, Between, Beyond};

use crate::commit_sha::{CommitReference, CommitSha};
use crate::timestamp::Timestamp;
use open_sets::{OpenSetId, OpenSets};
use std::collections::HashMap;

/// What a source knows of one commit, or of the object of an annotated tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its name.
    pub sha: CommitSha,
    /// The commits that it was made on; `None` when that is not known.
    pub parents: Option<Vec<CommitSha>>,
    /// When it was committed, as it says itself; `None` when only its name is known.
    pub committed_at: Option<Timestamp>,
    /// The commit that the object of an annotated tag stands for; `None` for a commit.
    pub tagged: Option<CommitSha>,
}

impl Commit {
    /// A commit of which only the name is known.
    #[must_use]
    pub const fn named(sha: CommitSha) -> Self {
        Self {
            sha,
            parents: None,
            committed_at: None,
            tagged: None,
        }
    }

    /// The object of an annotated tag.
    #[must_use]
    pub fn tag(object: CommitSha, commit: CommitSha) -> Self {
        Self {
            tagged: Some(commit),
            ..Self::named(object)
        }
    }

    /// Whether more than the name is known.
    #[must_use]
    pub const fn is_described(&self) -> bool {
        self.parents.is_some() || self.committed_at.is_some() || self.tagged.is_some()
    }
}

/// A branch was moved forward: `after` contains exactly `commits` and all that `before` contains, and `before`
/// contains none of `commits`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// Where the branch pointed before.
    pub before: CommitSha,
    /// Where it points now.
    pub after: CommitSha,
    /// Every commit that came with it, `after` among them.
    pub commits: Vec<CommitSha>,
}

impl Push {
    /// What a forge's word of a push proves: something only if the branch was moved forward, not made or forced, and
    /// if all commits that came with it are listed.
    #[must_use]
    pub fn proved(
        before: CommitSha,
        after: CommitSha,
        commits: Vec<CommitSha>,
        is_forced: bool,
        is_whole: bool,
    ) -> Option<Self> {
        let is_proof =
            !is_forced && is_whole && !before.is_zero() && before != after && commits.contains(&after);
        is_proof.then_some(Self {
            before,
            after,
            commits,
        })
    }
}

/// A commit of one graph; it means nothing to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node(u32);

impl Node {
    const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a commit that a sender named is to a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// One commit.
    Known(Node),
    /// More than one commit begins like this.
    Ambiguous,
    /// None.
    Unknown,
}

/// Where the edges of a commit lie in the pool of all edges.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: u32,
    length: u32,
}

/// A push within the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PushedNodes {
    before: Node,
    commits: Vec<Node>,
}

/// The commits of one repository, as far as they are known.
#[derive(Clone, Debug, Default)]
pub struct CommitGraph {
    shas: Vec<CommitSha>,
    /// All nodes in order of their names.
    by_sha: Vec<Node>,
    committed_at: Vec<Option<Timestamp>>,
    /// The commits that each surely contains: its parents, and what pushes say.
    spans: Vec<Span>,
    edges: Vec<Node>,
    parents_known: Vec<bool>,
    /// The commits that the objects of annotated tags stand for.
    tagged: HashMap<Node, Node>,
    pushes: HashMap<Node, Vec<PushedNodes>>,
    /// 1 more than the highest of the commits that it surely contains.
    generations: Vec<u32>,
    /// Which open commits it surely contains.
    open: Vec<OpenSetId>,
    open_sets: OpenSets,
}

impl CommitGraph {
    /// A graph without commits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many commits are known, at least by name.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.shas.len()
    }

    /// Whether no commit is known.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.shas.is_empty()
    }

    /// About how many bytes the graph takes.
    #[must_use]
    pub fn weight(&self) -> usize {
        let per_commit = size_of::<CommitSha>()
            + 2 * size_of::<Node>()
            + size_of::<Option<Timestamp>>()
            + size_of::<Span>()
            + size_of::<OpenSetId>()
            + size_of::<u32>()
            + size_of::<bool>();
        let pushed: usize = self
            .pushes
            .values()
            .flatten()
            .map(|push| 96 + push.commits.len() * 4)
            .sum();
        let tagged = self.tagged.capacity() * 2 * size_of::<Node>();
        self.shas.capacity() * per_commit + self.edges.capacity() * size_of::<Node>() + pushed + tagged
    }

    /// Adds commits and pushes. Known facts stay, except parents and what a tag stands for: those
    /// reported last count.
    pub fn extend(&mut self, commits: &[Commit], pushes: &[Push]) {
        let known = self.shas.len();
        let named = self.intern(commits, pushes);
        let mut old_changed = false;
        for commit in commits {
            old_changed |= self.add_commit(commit, &named, known);
        }
        for push in pushes {
            old_changed |= self.add_push(push, &named, known);
        }
        self.number(if old_changed { 0 } else { known });
    }

    /// The commit with a name, or with a tag of that name.
    #[must_use]
    pub fn find(&self, sha: &CommitSha) -> Option<Node> {
        self.find_named(sha).map(|node| self.commit_of(node))
    }

    /// The commit or the object of a tag with a name.
    fn find_named(&self, sha: &CommitSha) -> Option<Node> {
        let position = self
            .by_sha
            .binary_search_by_key(sha, |node| self.sha(*node))
            .ok()?;
        self.by_sha.get(position).copied()
    }

    /// The commit that the object of a tag stands for, or the commit itself.
    fn commit_of(&self, node: Node) -> Node {
        self.tagged.get(&node).copied().unwrap_or(node)
    }

    /// The commit that a sender names, whole or by its first digits, by its own name or by that of a tag.
    #[must_use]
    pub fn resolve(&self, commit: &CommitReference) -> Resolution {
        let span = commit.span();
        let start = self
            .by_sha
            .partition_point(|node| self.sha(*node) < *span.start());
        let named = self.by_sha.iter().skip(start);
        let named = named.take_while(|node| span.contains(&self.sha(**node)));
        let mut commits = named.map(|node| self.commit_of(*node));
        match commits.next() {
            None => Resolution::Unknown,
            Some(node) if commits.all(|other| other == node) => Resolution::Known(node),
            Some(_) => Resolution::Ambiguous,
        }
    }

    /// The name of a commit.
    #[must_use]
    pub fn sha(&self, node: Node) -> CommitSha {
        let zero = CommitSha::from_bytes([0; 20]);
        self.shas.get(node.index()).copied().unwrap_or(zero)
    }

    /// Between when and when a commit was committed: the time that it says itself, or all of time where that is not
    /// known.
    #[must_use]
    pub fn committed_between(&self, node: Node) -> (Timestamp, Timestamp) {
        let committed_at = self.committed_at.get(node.index()).copied().flatten();
        committed_at.map_or((Timestamp::FIRST, Timestamp::LAST), |time| (time, time))
    }

    /// Whether everything that a commit contains is known.
    #[must_use]
    pub fn is_complete(&self, node: Node) -> bool {
        self.open_set(node).is_empty()
    }

    fn contained(&self, node: Node) -> &[Node] {
        let span = self.spans.get(node.index()).copied().unwrap_or_default();
        let start = span.start as usize;
        self.edges
            .get(start..start + span.length as usize)
            .unwrap_or_default()
    }

    /// Whether the parents of a commit are known. Those of a commit that would contain itself are not.
    #[must_use]
    pub fn are_parents_known(&self, node: Node) -> bool {
        self.parents_known.get(node.index()).copied().unwrap_or_default()
    }

    /// Whether nobody has told what a commit contains.
    fn is_open(&self, node: Node) -> bool {
        !self.are_parents_known(node) && !self.pushes.contains_key(&node)
    }

    fn generation(&self, node: Node) -> u32 {
        self.generations.get(node.index()).copied().unwrap_or_default()
    }

    fn open_set(&self, node: Node) -> OpenSetId {
        self.open.get(node.index()).copied().unwrap_or_default()
    }
}
