//! Which open commits a commit contains. Most contain none, and neighbours contain the same, so each set is kept once
//! and a commit has its number. Sets that grow large, as at the rim of a shallow clone, are given up: nothing that
//! would need them is then certain.

use super::Node;
use std::collections::HashMap;

/// The most open commits that a set keeps apart.
const MOST: usize = 256;

/// The most that all sets together keep.
const MOST_IN_ALL: usize = 1 << 20;

/// The number of a set. The default is the empty one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct OpenSetId(u32);

impl OpenSetId {
    pub(super) const EMPTY: Self = Self(0);
    pub(super) const TOO_MANY: Self = Self(u32::MAX);

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct OpenSets {
    /// From number 1 on, each in order.
    sets: Vec<Vec<Node>>,
    numbers: HashMap<Vec<Node>, OpenSetId>,
    unions: HashMap<(OpenSetId, OpenSetId), OpenSetId>,
    in_all: usize,
}

impl OpenSets {
    /// The set of one commit.
    pub(super) fn single(&mut self, node: Node) -> OpenSetId {
        self.number(vec![node])
    }

    /// What either set has.
    pub(super) fn union(&mut self, one: OpenSetId, other: OpenSetId) -> OpenSetId {
        if one == other || other == OpenSetId::EMPTY || one == OpenSetId::TOO_MANY {
            return one;
        }
        if one == OpenSetId::EMPTY || other == OpenSetId::TOO_MANY {
            return other;
        }
        let pair = (one.min(other), one.max(other));
        if let Some(known) = self.unions.get(&pair) {
            return *known;
        }
        let mut nodes: Vec<Node> = self.nodes(one).iter().chain(self.nodes(other)).copied().collect();
        nodes.sort_unstable();
        nodes.dedup();
        let number = self.number(nodes);
        self.unions.insert(pair, number);
        number
    }

    /// Whether all that `part` has is surely in `whole`.
    pub(super) fn is_within(&self, part: OpenSetId, whole: OpenSetId) -> bool {
        if part == OpenSetId::EMPTY {
            return true;
        }
        if part == OpenSetId::TOO_MANY || whole == OpenSetId::TOO_MANY {
            return false;
        }
        let whole = self.nodes(whole);
        self.nodes(part)
            .iter()
            .all(|node| whole.binary_search(node).is_ok())
    }

    /// How many commits a set has, to compare.
    pub(super) fn size(&self, set: OpenSetId) -> usize {
        if set == OpenSetId::TOO_MANY {
            usize::MAX
        } else {
            self.nodes(set).len()
        }
    }

    /// The commits of a set, in order.
    pub(super) fn nodes(&self, set: OpenSetId) -> &[Node] {
        let place = (set.0 as usize).checked_sub(1);
        place
            .and_then(|place| self.sets.get(place))
            .map_or(&[], Vec::as_slice)
    }

    fn number(&mut self, nodes: Vec<Node>) -> OpenSetId {
        if let Some(known) = self.numbers.get(&nodes) {
            return *known;
        }
        if nodes.len() > MOST || self.in_all + nodes.len() > MOST_IN_ALL {
            return OpenSetId::TOO_MANY;
        }
        self.in_all += nodes.len();
        self.sets.push(nodes.clone());
        let number = OpenSetId(u32::try_from(self.sets.len()).unwrap_or(u32::MAX));
        self.numbers.insert(nodes, number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(sets: &mut OpenSets, nodes: std::ops::Range<u32>) -> OpenSetId {
        nodes.fold(OpenSetId::EMPTY, |set, node| {
            let single = sets.single(Node(node));
            sets.union(set, single)
        })
    }

    #[test]
    fn a_set_is_kept_up_to_its_most_and_given_up_beyond() {
        let mut sets = OpenSets::default();
        let most = u32::try_from(MOST).unwrap();
        let full = joined(&mut sets, 0..most);
        assert_eq!(sets.size(full), MOST);
        let beyond = joined(&mut sets, 0..most + 1);
        assert_eq!(beyond, OpenSetId::TOO_MANY);
        let one = sets.single(Node(7));
        assert!(sets.is_within(one, full) && sets.is_within(OpenSetId::EMPTY, OpenSetId::TOO_MANY));
        assert!(!sets.is_within(one, beyond) && !sets.is_within(beyond, full));
        let (part, other) = (joined(&mut sets, 3..9), joined(&mut sets, 300..303));
        assert!(sets.is_within(part, full) && !sets.is_within(other, full) && !sets.is_within(full, part));
        assert_eq!(sets.union(beyond, one), OpenSetId::TOO_MANY);
        assert_eq!(sets.union(one, beyond), OpenSetId::TOO_MANY);
    }

    #[test]
    fn a_set_has_one_number_however_it_came_about() {
        let mut sets = OpenSets::default();
        let (one, two, three) = (sets.single(Node(1)), sets.single(Node(2)), sets.single(Node(3)));
        let left = sets.union(one, two);
        let right = sets.union(three, two);
        assert_eq!(sets.union(left, three), sets.union(one, right));
        assert_eq!(
            (
                sets.union(OpenSetId::EMPTY, one),
                sets.union(one, OpenSetId::EMPTY)
            ),
            (one, one)
        );
        assert_eq!((sets.size(OpenSetId::EMPTY), sets.size(left)), (0, 2));
        assert_eq!(sets.size(OpenSetId::TOO_MANY), usize::MAX);
    }

    #[test]
    fn all_sets_together_have_a_most_too() {
        let mut sets = OpenSets::default();
        let size = u32::try_from(MOST).unwrap();
        for first in (0..u32::try_from(MOST_IN_ALL).unwrap()).step_by(MOST) {
            let set = sets.number((first..first + size).map(Node).collect());
            assert_eq!(sets.size(set), MOST, "{first}");
        }
        assert_eq!(sets.single(Node(u32::MAX)), OpenSetId::TOO_MANY);
        // What is kept already is found all the same.
        assert_eq!(sets.number((0..size).map(Node).collect()), OpenSetId(1));
    }
}
