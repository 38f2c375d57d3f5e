//! The shape of a history in compact arrays: commits by their place in the walk, parents before children.

/// The place of a commit in the walk.
pub(super) type Place = u32;

/// Stands for "no commit".
pub(super) const NOWHERE: Place = Place::MAX;

/// Parents of every commit.
#[derive(Debug, Default)]
pub(super) struct Graph {
    parents: Vec<Place>,
    /// Where the parents of a commit end in `parents`; they begin where those of the commit before end.
    ends: Vec<u32>,
}

impl Graph {
    /// Adds a commit with the places of the parents that the walk has met.
    pub(super) fn add(&mut self, parents: impl IntoIterator<Item = Place>) -> Place {
        self.parents.extend(parents);
        self.ends
            .push(u32::try_from(self.parents.len()).unwrap_or(u32::MAX));
        self.len() - 1
    }

    pub(super) fn len(&self) -> Place {
        Place::try_from(self.ends.len()).unwrap_or(NOWHERE)
    }

    pub(super) fn parents(&self, commit: Place) -> &[Place] {
        let commit = commit as usize;
        let end = self.ends.get(commit).copied().unwrap_or_default() as usize;
        let begin = commit.checked_sub(1).and_then(|before| self.ends.get(before));
        let begin = begin.copied().unwrap_or_default() as usize;
        self.parents.get(begin..end).unwrap_or_default()
    }

    pub(super) fn first_parent(&self, commit: Place) -> Option<Place> {
        self.parents(commit).first().copied()
    }

    pub(super) fn is_merge(&self, commit: Place) -> bool {
        self.parents(commit).len() > 1
    }

    /// A commit and its first parent, the first parent of that, and so on.
    pub(super) fn line(&self, from: Place) -> impl Iterator<Item = Place> {
        std::iter::successors(Some(from), |commit| self.first_parent(*commit))
    }

    /// Whether each commit is one of some commits or an ancestor of one.
    pub(super) fn reachable_from(&self, heads: &[Place]) -> Vec<bool> {
        let mut reachable = vec![false; self.len() as usize];
        let mark = |reachable: &mut Vec<bool>, commit: Place| {
            if let Some(mark) = reachable.get_mut(commit as usize) {
                *mark = true;
            }
        };
        for head in heads {
            mark(&mut reachable, *head);
        }
        for commit in (0..self.len()).rev() {
            if reachable.get(commit as usize) == Some(&true) {
                for parent in self.parents(commit) {
                    mark(&mut reachable, *parent);
                }
            }
        }
        reachable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_lines_and_ancestors_are_found() {
        let mut graph = Graph::default();
        for parents in [&[][..], &[0], &[0], &[1, 2], &[]] {
            graph.add(parents.iter().copied());
        }
        assert_eq!(graph.parents(0), []);
        assert_eq!(graph.parents(3), [1, 2]);
        assert_eq!(graph.parents(9), []);
        assert!(graph.is_merge(3) && !graph.is_merge(1));
        assert_eq!(graph.line(3).collect::<Vec<_>>(), [3, 1, 0]);
        assert_eq!(graph.reachable_from(&[2]), [true, false, true, false, false]);
        assert_eq!(graph.reachable_from(&[3]), [true, true, true, true, false]);
    }
}
