//! Numbers commits so that each is higher than all that it contains, and finds out which open commits each contains.
//! What arrives on top of what is known is numbered alone; only when an open commit gets its parents is all of the
//! history numbered anew.

use super::open_sets::{OpenSetId, OpenSets};
use super::{CommitGraph, Node};
use crate::commit_sha::CommitSha;

/// How far a commit has been looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Untouched,
    Begun,
    Done,
}

impl CommitGraph {
    /// Numbers every node from the given one on; those before it keep what they have.
    pub(super) fn number(&mut self, from: usize) {
        if !self.number_acyclic(from) {
            self.open_cycles();
            self.number_acyclic(0);
        }
    }

    /// Whether no commit contained itself.
    fn number_acyclic(&mut self, from: usize) -> bool {
        let length = self.shas.len();
        self.generations.resize(length, 0);
        self.open.resize(length, OpenSetId::EMPTY);
        if from == 0 {
            self.open_sets = OpenSets::default();
        }
        let mut progress = vec![Progress::Untouched; length - from];
        let mut stack: Vec<(Node, usize)> = Vec::new();
        for root in from..length {
            if progress.get(root - from) != Some(&Progress::Untouched) {
                continue;
            }
            stack.push((Node(u32::try_from(root).unwrap_or(u32::MAX)), 0));
            while let Some((node, next)) = stack.last_mut() {
                let node = *node;
                let Some(contained) = self.contained(node).get(*next).copied() else {
                    self.finish(node);
                    mark(&mut progress, node, from, Progress::Done);
                    stack.pop();
                    continue;
                };
                if *next == 0 {
                    mark(&mut progress, node, from, Progress::Begun);
                }
                *next += 1;
                let place = contained.index().checked_sub(from);
                match place.and_then(|place| progress.get(place)) {
                    Some(Progress::Untouched) => stack.push((contained, 0)),
                    Some(Progress::Begun) => return false,
                    Some(Progress::Done) | None => {}
                }
            }
        }
        true
    }

    /// Numbers a commit whose contents are numbered.
    fn finish(&mut self, node: Node) {
        let highest = self
            .contained(node)
            .iter()
            .map(|contained| self.generation(*contained))
            .max();
        let open = self.find_open(node);
        if let Some(generation) = self.generations.get_mut(node.index()) {
            *generation = highest.unwrap_or_default().saturating_add(1);
        }
        if let Some(place) = self.open.get_mut(node.index()) {
            *place = open;
        }
    }

    /// The open commits that a commit contains: by its parents, or by the push that leaves the fewest.
    fn find_open(&mut self, node: Node) -> OpenSetId {
        if self.is_open(node) {
            return self.open_sets.single(node);
        }
        let mut fewest = OpenSetId::TOO_MANY;
        if self.are_parents_known(node) {
            fewest = OpenSetId::EMPTY;
            let span = self.spans.get(node.index()).copied().unwrap_or_default();
            for place in span.start..span.start.saturating_add(span.length) {
                if let Some(parent) = self.edges.get(place as usize).copied() {
                    let open = self.open_set(parent);
                    fewest = self.open_sets.union(fewest, open);
                }
            }
        }
        for push in self.pushes.get(&node).into_iter().flatten() {
            let open = self.open_set(push.before);
            if self.open_set_order(open) < self.open_set_order(fewest) {
                fewest = open;
            }
        }
        fewest
    }

    /// Small sets before large ones, whichever node is called what.
    fn open_set_order(&self, set: OpenSetId) -> (usize, Vec<CommitSha>) {
        let mut shas: Vec<_> = self
            .open_sets
            .nodes(set)
            .iter()
            .map(|node| self.sha(*node))
            .collect();
        shas.sort_unstable();
        (self.open_sets.size(set), shas)
    }

    /// Commits that contain themselves, which Git cannot make, and what lies between two such: nobody knows what they
    /// contain.
    fn open_cycles(&mut self) {
        let length = self.shas.len();
        let nodes = || (0..length).map(|index| Node(u32::try_from(index).unwrap_or(u32::MAX)));
        let mut containers: Vec<Vec<Node>> = vec![Vec::new(); length];
        for node in nodes() {
            for contained in self.contained(node) {
                if let Some(containers) = containers.get_mut(contained.index()) {
                    containers.push(node);
                }
            }
        }
        let edges: Vec<Vec<Node>> = nodes().map(|node| self.contained(node).to_vec()).collect();
        let mut left = vec![true; length];
        trim(&mut left, &edges, &containers);
        trim(&mut left, &containers, &edges);
        for node in nodes().filter(|node| left.get(node.index()) == Some(&true)) {
            self.open_again(node);
        }
    }
}

fn mark(progress: &mut [Progress], node: Node, from: usize, as_what: Progress) {
    let place = node.index().checked_sub(from);
    if let Some(place) = place.and_then(|place| progress.get_mut(place)) {
        *place = as_what;
    }
}

/// Takes away every node that leads nowhere, and then those that only led to it.
fn trim(left: &mut [bool], leads_to: &[Vec<Node>], led_to_by: &[Vec<Node>]) {
    let is_left = |left: &[bool], node: Node| left.get(node.index()) == Some(&true);
    let mut open_ends: Vec<usize> = leads_to
        .iter()
        .map(|targets| targets.iter().filter(|node| is_left(left, **node)).count())
        .collect();
    let mut ends: Vec<Node> = (0u32..)
        .map(Node)
        .zip(&open_ends)
        .filter(|(node, open)| **open == 0 && is_left(left, *node))
        .map(|(node, _)| node)
        .collect();
    while let Some(end) = ends.pop() {
        if let Some(left) = left.get_mut(end.index()) {
            *left = false;
        }
        for node in led_to_by.get(end.index()).into_iter().flatten() {
            if let Some(open) = open_ends.get_mut(node.index()).filter(|_| is_left(left, *node)) {
                *open = open.saturating_sub(1);
                if *open == 0 {
                    ends.push(*node);
                }
            }
        }
    }
}
