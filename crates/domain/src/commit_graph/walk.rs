//! Questions to a commit graph. All walk from the highest number down, so that whatever contains a commit has been
//! looked at before it, and a walk may stop where nothing undecided is left.

use super::open_sets::OpenSetId;
use super::{CommitGraph, Node};
use std::collections::BinaryHeap;

/// What lies between two commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Between {
    /// Every commit that the head contains and the base does not, as `git rev-list base..head` lists them; the newest
    /// first. `None` when that is not certain.
    pub commits: Option<Vec<Node>>,
    /// Whether the head contains the base; `None` when that is not certain.
    pub base_is_ancestor: Option<bool>,
}

/// What one commit contains and none of several others does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beyond {
    /// Every commit that the head was seen to contain and no base was, the newest first.
    pub commits: Vec<Node>,
    /// Whether that is all, and certain: then it is what `git rev-list head --not bases` lists.
    pub is_certain: bool,
    /// The bases that the walk saw the head contain. Bases that lie behind other bases may be missing.
    pub contained: Vec<Node>,
}

/// The commits that one commit contains, looked at as far as questions need.
#[derive(Debug)]
pub struct Ancestors<'a> {
    graph: &'a CommitGraph,
    head: Node,
    seen: Vec<u64>,
    queue: BinaryHeap<(u32, Node)>,
}

impl<'a> Ancestors<'a> {
    fn new(graph: &'a CommitGraph, head: Node) -> Self {
        let mut ancestors = Self {
            graph,
            head,
            seen: vec![0; graph.len().div_ceil(64)],
            queue: BinaryHeap::new(),
        };
        ancestors.see(head);
        ancestors
    }

    fn see(&mut self, node: Node) {
        let bit = 1 << (node.0 % 64);
        if let Some(word) = self.seen.get_mut(node.index() / 64)
            && *word & bit == 0
        {
            *word |= bit;
            self.queue.push((self.graph.generation(node), node));
        }
    }

    fn has_seen(&self, node: Node) -> bool {
        let word = self.seen.get(node.index() / 64).copied().unwrap_or_default();
        word & (1 << (node.0 % 64)) != 0
    }

    /// Whether the head contains a commit, or is it; `None` when that is not certain. Many questions about one head
    /// cost one walk.
    pub fn contain(&mut self, commit: Node) -> Option<bool> {
        if self.is_seen_to_contain(commit) {
            return Some(true);
        }
        let is_false = self.graph.surely_lacks(self.head, commit)
            || self.graph.ancestors(commit).is_seen_to_contain(self.head);
        is_false.then_some(false)
    }

    fn is_seen_to_contain(&mut self, commit: Node) -> bool {
        let generation = self.graph.generation(commit);
        while let Some((_, node)) = self.queue.pop_if_above(generation) {
            for contained in self.graph.contained(node) {
                self.see(*contained);
            }
        }
        self.has_seen(commit)
    }

    /// Whether the head surely does not contain a commit that the graph does not know even by name.
    #[must_use]
    pub fn surely_lack_the_unknown(&self) -> bool {
        self.graph.is_complete(self.head)
    }
}

trait PopIfAbove {
    fn pop_if_above(&mut self, generation: u32) -> Option<(u32, Node)>;
}

impl PopIfAbove for BinaryHeap<(u32, Node)> {
    fn pop_if_above(&mut self, generation: u32) -> Option<(u32, Node)> {
        if self.peek()?.0 > generation {
            self.pop()
        } else {
            None
        }
    }
}

impl CommitGraph {
    /// The commits that a commit contains, itself among them.
    #[must_use]
    pub fn ancestors(&self, head: Node) -> Ancestors<'_> {
        Ancestors::new(self, head)
    }

    /// Whether a commit contains another, or is it; `None` when that is not certain.
    #[must_use]
    pub fn is_ancestor(&self, ancestor: Node, of: Node) -> Option<bool> {
        self.ancestors(of).contain(ancestor)
    }

    /// Every commit that a commit surely contains, itself among them; whether there may be more is what
    /// [`is_complete`](Self::is_complete) tells.
    #[must_use]
    pub fn reachable_from(&self, head: Node) -> Vec<Node> {
        let mut ancestors = self.ancestors(head);
        let mut reachable = Vec::new();
        while let Some((_, node)) = ancestors.queue.pop() {
            reachable.push(node);
            for contained in self.contained(node) {
                ancestors.see(*contained);
            }
        }
        reachable
    }

    /// What lies between two commits.
    #[must_use]
    pub fn commits_between(&self, base: Node, head: Node) -> Between {
        let bases = [base];
        let mut walk = Walk::new(self, &bases, head);
        walk.run();
        let base_is_ancestor = if walk.has(base, FROM_HEAD) {
            Some(true)
        } else {
            (walk.has(head, FROM_BASE) || self.surely_lacks(head, base)).then_some(false)
        };
        let is_certain = walk.is_certain(head);
        Between {
            commits: is_certain.then_some(walk.found),
            base_is_ancestor,
        }
    }

    /// What a commit contains and none of some bases does. The walk ends where the bases begin, however many there are and
    /// however old: a base below the last undecided commit is never looked at.
    #[must_use]
    pub fn commits_beyond(&self, bases: &[Node], head: Node) -> Beyond {
        let mut walk = Walk::new(self, bases, head);
        walk.run();
        let is_certain = walk.is_certain(head);
        let contained = bases.iter().copied();
        let contained = contained.filter(|base| walk.has(*base, FROM_HEAD)).collect();
        Beyond {
            commits: walk.found,
            is_certain,
            contained,
        }
    }

    /// Whether a commit that `head` is not seen to contain cannot be hidden behind an open commit of it either: there
    /// is none, or the commit contains all of them itself.
    fn surely_lacks(&self, head: Node, commit: Node) -> bool {
        let [head, commit] = [head, commit].map(|node| self.open_set(node));
        self.open_sets.is_within(head, commit)
    }
}

/// The head contains it.
const FROM_HEAD: u8 = 1;
/// The base contains it.
const FROM_BASE: u8 = 2;
/// It contains the base.
const ON_BASE: u8 = 4;
/// A push on top of the base, or of what contains it, brought it.
const PUSHED_ON_BASE: u8 = 8;

/// A walk down from a head and its bases at once.
struct Walk<'a> {
    graph: &'a CommitGraph,
    bases: &'a [Node],
    marks: Vec<u8>,
    queue: BinaryHeap<(u32, Node)>,
    /// How many in the queue only the head is seen to contain.
    undecided: usize,
    found: Vec<Node>,
}

impl<'a> Walk<'a> {
    fn new(graph: &'a CommitGraph, bases: &'a [Node], head: Node) -> Self {
        let mut walk = Self {
            graph,
            bases,
            marks: vec![0; graph.len()],
            queue: BinaryHeap::new(),
            undecided: 0,
            found: Vec::new(),
        };
        for base in bases {
            walk.mark(*base, FROM_BASE);
        }
        walk.mark(head, FROM_HEAD);
        walk
    }

    fn marks(&self, node: Node) -> u8 {
        self.marks.get(node.index()).copied().unwrap_or_default()
    }

    fn has(&self, node: Node, mark: u8) -> bool {
        self.marks(node) & mark != 0
    }

    fn mark(&mut self, node: Node, mark: u8) {
        let Some(marks) = self.marks.get_mut(node.index()) else {
            return;
        };
        let [before, after] = [*marks, *marks | mark];
        *marks = after;
        if before & (FROM_HEAD | FROM_BASE) == 0 {
            self.queue.push((self.graph.generation(node), node));
        }
        self.undecided += usize::from(is_undecided(after));
        self.undecided -= usize::from(is_undecided(before));
    }

    fn run(&mut self) {
        while self.undecided > 0
            && let Some((_, node)) = self.queue.pop()
        {
            let marks = self.marks(node);
            if is_undecided(marks) {
                self.undecided -= 1;
                self.found.push(node);
            }
            for contained in self.graph.contained(node) {
                self.mark(*contained, marks & (FROM_HEAD | FROM_BASE));
            }
        }
    }

    /// Whether nothing is hidden behind an open commit that the head alone contains. What the head contains and was not
    /// found is in the base.
    fn has_found_all(&self, head: Node) -> bool {
        let open = self.graph.open_set(head);
        if open == OpenSetId::TOO_MANY {
            return !self.found.iter().any(|node| self.graph.is_open(*node));
        }
        let mut open = self.graph.open_sets.nodes(open).iter();
        !open.any(|node| is_undecided(self.marks(*node)))
    }

    /// Whether what was found is all that the head has, and surely in no base.
    fn is_certain(&mut self, head: Node) -> bool {
        self.has_found_all(head) && self.are_surely_not_contained()
    }

    /// Whether nothing that was found can be hidden behind an open commit of a base.
    fn are_surely_not_contained(&mut self) -> bool {
        // Bases that lack the same commits have the same answer, and most lack none.
        let mut decided = vec![OpenSetId::EMPTY];
        for base in self.bases {
            let open = self.graph.open_set(*base);
            if decided.contains(&open) {
                continue;
            }
            if self
                .found
                .iter()
                .all(|node| self.graph.surely_lacks(*base, *node))
            {
                decided.push(open);
            } else if !self.are_surely_not_in(*base) {
                return false;
            }
        }
        true
    }

    fn are_surely_not_in(&mut self, base: Node) -> bool {
        for node in &self.found {
            if let Some(marks) = self.marks.get_mut(node.index()) {
                *marks &= !(ON_BASE | PUSHED_ON_BASE);
            }
        }
        // The lowest first, so that what a commit contains has been decided before it.
        for place in (0..self.found.len()).rev() {
            let Some(node) = self.found.get(place).copied() else {
                continue;
            };
            let is_on_base = |walk: &Self, node: Node| node == base || walk.has(node, ON_BASE);
            let contained = self.graph.contained(node);
            if contained.iter().any(|contained| is_on_base(self, *contained)) {
                self.mark_found(node, ON_BASE);
            }
            // A push says that what was there before contains none of what came with it.
            for push in self.graph.pushes.get(&node).into_iter().flatten() {
                if is_on_base(self, push.before) {
                    for commit in &push.commits {
                        self.mark_found(*commit, PUSHED_ON_BASE);
                    }
                }
            }
        }
        self.found
            .iter()
            .all(|node| self.has(*node, ON_BASE | PUSHED_ON_BASE) || self.graph.surely_lacks(base, *node))
    }

    fn mark_found(&mut self, node: Node, mark: u8) {
        if let Some(marks) = self.marks.get_mut(node.index()) {
            *marks |= mark;
        }
    }
}

const fn is_undecided(marks: u8) -> bool {
    marks & (FROM_HEAD | FROM_BASE) == FROM_HEAD
}
