//! How pieces of history become nodes and edges.

use super::{Commit, CommitGraph, Node, Push, PushedNodes, Span};
use crate::commit_sha::CommitSha;
use std::collections::{BTreeSet, HashMap};

/// The nodes of the commits that a piece names.
pub(super) type Named = HashMap<CommitSha, Node>;

impl CommitGraph {
    /// Finds the node of every commit that is named, and makes one where it is named for the first time.
    pub(super) fn intern(&mut self, commits: &[Commit], pushes: &[Push]) -> Named {
        let told = commits.iter().flat_map(|commit| {
            commit
                .parents
                .iter()
                .flatten()
                .chain(&commit.tagged)
                .chain([&commit.sha])
        });
        let moved = pushes
            .iter()
            .flat_map(|push| push.commits.iter().chain([&push.before, &push.after]));
        let mut named = Named::with_capacity(commits.len());
        let mut new: Vec<(CommitSha, Node)> = Vec::new();
        for sha in told.chain(moved) {
            named.entry(*sha).or_insert_with(|| {
                self.find_named(sha).unwrap_or_else(|| {
                    let node = self.push_node(*sha);
                    new.push((*sha, node));
                    node
                })
            });
        }
        self.sort_in(new);
        named
    }

    /// Adds new nodes to the order of names.
    fn sort_in(&mut self, mut new: Vec<(CommitSha, Node)>) {
        new.sort_unstable();
        let mut merged = Vec::with_capacity(self.by_sha.len() + new.len());
        let mut old = std::mem::take(&mut self.by_sha).into_iter().peekable();
        for (sha, node) in new {
            while let Some(other) = old.next_if(|other| self.sha(*other) < sha) {
                merged.push(other);
            }
            merged.push(node);
        }
        merged.extend(old);
        self.by_sha = merged;
    }

    fn push_node(&mut self, sha: CommitSha) -> Node {
        let node = Node(u32::try_from(self.shas.len()).unwrap_or(u32::MAX));
        self.shas.push(sha);
        self.committed_at.push(None);
        self.spans.push(Span::default());
        self.parents_known.push(false);
        node
    }

    /// Takes over what is told of a commit; whether that changes what one of the first `known` nodes contains.
    pub(super) fn add_commit(&mut self, commit: &Commit, named: &Named, known: usize) -> bool {
        let Some(node) = named.get(&commit.sha).copied() else {
            return false;
        };
        if let Some(tagged) = commit.tagged.and_then(|sha| named.get(&sha).copied()) {
            return self.add_tag(node, tagged) && node.index() < known;
        }
        if let Some(committed_at) = self.committed_at.get_mut(node.index()) {
            *committed_at = committed_at.or(commit.committed_at);
        }
        if commit.is_described() {
            self.tagged.remove(&node);
        }
        let Some(parents) = &commit.parents else {
            return false;
        };
        let parents: Vec<Node> = parents.iter().filter_map(|sha| named.get(sha).copied()).collect();
        let was_known = self.are_parents_known(node);
        if let Some(parents_known) = self.parents_known.get_mut(node.index()) {
            *parents_known = true;
        }
        if was_known {
            return self.correct(node, parents);
        }
        self.add_edges(node, &parents);
        node.index() < known
    }

    /// Lets a node stand for a commit, and returns whether it was taken for a commit itself before.
    fn add_tag(&mut self, node: Node, tagged: Node) -> bool {
        self.tagged.insert(node, tagged);
        if let Some(committed_at) = self.committed_at.get_mut(node.index()) {
            *committed_at = None;
        }
        let was_commit = !self.is_open(node);
        self.open_again(node);
        was_commit
    }

    /// Replaces the parents of a commit and returns whether they differ from the parents before.
    fn correct(&mut self, node: Node, parents: Vec<Node>) -> bool {
        let pushed = self.pushes.get(&node).into_iter().flatten();
        let pushed = pushed.flat_map(|push| push.commits.iter().chain([&push.before]));
        let all: Vec<Node> = parents.into_iter().chain(pushed.copied()).collect();
        let is_same = {
            let [before, after] =
                [self.contained(node), &all].map(|nodes| nodes.iter().collect::<BTreeSet<_>>());
            before == after
        };
        if !is_same {
            if let Some(span) = self.spans.get_mut(node.index()) {
                *span = Span::default();
            }
            self.add_edges(node, &all);
        }
        !is_same
    }

    /// Takes over a push; whether that changes what one of the first `known` nodes contains.
    pub(super) fn add_push(&mut self, push: &Push, named: &Named, known: usize) -> bool {
        let find = |sha| named.get(sha).copied();
        let (Some(after), Some(before)) = (find(&push.after), find(&push.before)) else {
            return false;
        };
        if before == after {
            return false;
        }
        let commits: Vec<Node> = push
            .commits
            .iter()
            .filter_map(find)
            .filter(|node| *node != after)
            .collect();
        let push = PushedNodes { before, commits };
        let pushes = self.pushes.entry(after).or_default();
        if pushes.contains(&push) {
            return false;
        }
        let edges: Vec<Node> = push.commits.iter().chain([&before]).copied().collect();
        pushes.push(push);
        self.add_edges(after, &edges);
        after.index() < known
    }

    /// Gives a node further edges, at the end of the pool.
    fn add_edges(&mut self, node: Node, further: &[Node]) {
        let mut all = self.contained(node).to_vec();
        all.extend(further);
        let span = Span {
            start: u32::try_from(self.edges.len()).unwrap_or(u32::MAX),
            length: u32::try_from(all.len()).unwrap_or(u32::MAX),
        };
        self.edges.extend(all);
        if let Some(place) = self.spans.get_mut(node.index()) {
            *place = span;
        }
    }

    /// Forgets what a commit contains.
    pub(super) fn open_again(&mut self, node: Node) {
        if let Some(span) = self.spans.get_mut(node.index()) {
            *span = Span::default();
        }
        if let Some(parents_known) = self.parents_known.get_mut(node.index()) {
            *parents_known = false;
        }
        self.pushes.remove(&node);
    }
}
