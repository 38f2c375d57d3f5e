//! How pieces of history become nodes and edges.

use super::{Commit, CommitGraph, Node, Push, PushedNodes, Span};
use crate::commit_sha::CommitSha;

impl CommitGraph {
    /// Makes a node of every commit that is named for the first time.
    pub(super) fn intern(&mut self, commits: &[Commit], pushes: &[Push]) {
        let told = commits
            .iter()
            .flat_map(|commit| commit.parents.iter().flatten().chain([&commit.sha]));
        let moved = pushes
            .iter()
            .flat_map(|push| push.commits.iter().chain([&push.before, &push.after]));
        let mut new: Vec<CommitSha> = told
            .chain(moved)
            .copied()
            .filter(|sha| self.find(sha).is_none())
            .collect();
        new.sort_unstable();
        new.dedup();
        let mut merged = Vec::with_capacity(self.by_sha.len() + new.len());
        let mut old = std::mem::take(&mut self.by_sha).into_iter().peekable();
        for sha in new {
            while let Some(node) = old.next_if(|node| self.sha(*node) < sha) {
                merged.push(node);
            }
            merged.push(self.push_node(sha));
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
    pub(super) fn add_commit(&mut self, commit: &Commit, known: usize) -> bool {
        let Some(node) = self.find(&commit.sha) else {
            return false;
        };
        if let Some(committed_at) = self.committed_at.get_mut(node.index()) {
            *committed_at = committed_at.or(commit.committed_at);
        }
        let Some(parents) = commit.parents.as_ref().filter(|_| !self.are_parents_known(node)) else {
            return false;
        };
        if let Some(parents_known) = self.parents_known.get_mut(node.index()) {
            *parents_known = true;
        }
        let parents: Vec<Node> = parents.iter().filter_map(|sha| self.find(sha)).collect();
        self.add_edges(node, &parents);
        node.index() < known
    }

    /// Takes over a push; whether that changes what one of the first `known` nodes contains.
    pub(super) fn add_push(&mut self, push: &Push, known: usize) -> bool {
        let (Some(after), Some(before)) = (self.find(&push.after), self.find(&push.before)) else {
            return false;
        };
        if before == after {
            return false;
        }
        let commits: Vec<Node> = push
            .commits
            .iter()
            .filter_map(|sha| self.find(sha))
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
