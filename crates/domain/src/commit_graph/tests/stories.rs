//! Random histories, of which pieces are told in any order.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// What lies between a base and a head, and whether the head contains the base.
type Answer = (Option<BTreeSet<usize>>, Option<bool>);

/// A history and what is told of it, in pieces.
#[derive(Clone, Debug)]
struct Story {
    parents: Vec<Vec<usize>>,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Piece {
    Commit(usize),
    Push(usize, usize),
    /// The last commit of a shallow checkout, which seems to be a root.
    FalseRoot(usize),
}

impl Story {
    fn ancestors(&self) -> Vec<BTreeSet<usize>> {
        let mut all: Vec<BTreeSet<usize>> = Vec::new();
        for (number, parents) in self.parents.iter().enumerate() {
            let mut ancestors: BTreeSet<usize> = parents
                .iter()
                .flat_map(|parent| all[*parent].iter().copied())
                .collect();
            ancestors.insert(number);
            all.push(ancestors);
        }
        all
    }

    fn tell<'a>(&self, pieces: impl Iterator<Item = &'a Piece>, at_once: usize) -> CommitGraph {
        let ancestors = self.ancestors();
        let mut graph = CommitGraph::new();
        let mut whole = BTreeSet::new();
        for batch in pieces.collect::<Vec<_>>().chunks(at_once) {
            let mut commits = Vec::new();
            let mut pushes = Vec::new();
            for piece in batch {
                match piece {
                    Piece::Commit(number) => {
                        whole.insert(number);
                        commits.push(told(*number, &self.parents[*number]));
                    }
                    // The recorder believes the source that names parents.
                    Piece::FalseRoot(number) if whole.contains(number) => {}
                    Piece::FalseRoot(number) => commits.push(told(*number, &[])),
                    Piece::Push(before, after) if ancestors[*after].contains(before) => {
                        let new: Vec<usize> = ancestors[*after]
                            .difference(&ancestors[*before])
                            .copied()
                            .collect();
                        pushes.push(pushed(*before, *after, &new));
                    }
                    Piece::Push(..) => {}
                }
            }
            graph.extend(&commits, &pushes);
        }
        graph
    }

    /// Every answer about the commits that a graph knows.
    fn answers(&self, graph: &CommitGraph) -> BTreeMap<(usize, usize), Answer> {
        let known = |number: usize| Some((number, graph.find(&sha(number))?));
        let known: Vec<_> = (0..self.parents.len()).filter_map(known).collect();
        let mut answers = BTreeMap::new();
        for (base, base_node) in &known {
            for (head, head_node) in &known {
                let between = graph.commits_between(*base_node, *head_node);
                assert_eq!(
                    between.base_is_ancestor,
                    graph.is_ancestor(*base_node, *head_node)
                );
                let commits = between.commits.map(|commits| numbers(graph, &commits));
                answers.insert((*base, *head), (commits, between.base_is_ancestor));
            }
        }
        answers
    }
}

fn stories() -> impl Strategy<Value = Story> {
    let parents = vec(vec(any::<prop::sample::Index>(), 0..3), 1..14);
    parents.prop_flat_map(|indexes| {
        let parents: Vec<Vec<usize>> = indexes
            .iter()
            .enumerate()
            .map(|(number, indexes)| {
                let lower = indexes.iter().filter(|_| number > 0).map(|index| {
                    // mostly near ones, so that histories are deep
                    number - 1 - index.index(number).min(index.index(4))
                });
                lower.collect::<BTreeSet<_>>().into_iter().collect()
            })
            .collect();
        let length = parents.len();
        let commit = (0..length).prop_map(Piece::Commit);
        let push =
            (0..length, 0..length).prop_map(|(one, other)| Piece::Push(one.min(other), one.max(other)));
        let pieces = vec(prop_oneof![3 => commit, 1 => push], 0..2 * length);
        pieces.prop_map(move |pieces| Story {
            parents: parents.clone(),
            pieces,
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_graph_is_certain_of_is_true_whatever_is_missing(story in stories()) {
        let ancestors = story.ancestors();
        let graph = story.tell(story.pieces.iter(), 3);
        for ((base, head), (commits, base_is_ancestor)) in story.answers(&graph) {
            if let Some(commits) = commits {
                let truth: BTreeSet<_> = ancestors[head].difference(&ancestors[base]).copied().collect();
                prop_assert_eq!(commits, truth, "{}..{}", base, head);
            }
            if let Some(base_is_ancestor) = base_is_ancestor {
                prop_assert_eq!(base_is_ancestor, ancestors[head].contains(&base), "{} in {}", base, head);
            }
        }
    }

    #[test]
    fn a_graph_of_which_everything_is_told_is_certain(story in stories()) {
        let ancestors = story.ancestors();
        let all: Vec<_> = (0..story.parents.len()).map(Piece::Commit).collect();
        let graph = story.tell(story.pieces.iter().chain(&all), 5);
        for ((base, head), (commits, base_is_ancestor)) in story.answers(&graph) {
            let truth: BTreeSet<_> = ancestors[head].difference(&ancestors[base]).copied().collect();
            prop_assert_eq!(commits, Some(truth));
            prop_assert_eq!(base_is_ancestor, Some(ancestors[head].contains(&base)));
        }
    }

    #[test]
    fn the_order_in_which_pieces_arrive_does_not_matter(story in stories(), at_once in 1usize..6) {
        let forwards = story.tell(story.pieces.iter(), at_once);
        let backwards = story.tell(story.pieces.iter().rev(), 2);
        prop_assert_eq!(story.answers(&forwards), story.answers(&backwards));
    }

    #[test]
    fn a_false_root_that_is_put_right_leaves_no_trace(
        story in stories(),
        roots in vec(any::<(prop::sample::Index, prop::sample::Index)>(), 1..5),
        at_once in 1usize..6,
    ) {
        let mut pieces = story.pieces.clone();
        let roots = roots.iter().map(|(number, place)| (number.index(story.parents.len()), place));
        let roots: Vec<_> = roots.collect();
        pieces.extend(roots.iter().map(|(number, _)| Piece::Commit(*number)));
        let without = story.tell(pieces.iter(), at_once);
        for (number, place) in roots {
            pieces.insert(place.index(pieces.len()), Piece::FalseRoot(number));
        }
        let with = story.tell(pieces.iter(), at_once);
        prop_assert_eq!(story.answers(&with), story.answers(&without));
    }

    #[test]
    fn everything_that_is_surely_contained_can_be_listed(story in stories()) {
        let graph = story.tell(story.pieces.iter(), 4);
        for number in 0..story.parents.len() {
            let Some(head) = graph.find(&sha(number)) else { continue };
            let listed = numbers(&graph, &graph.reachable_from(head));
            for other in 0..story.parents.len() {
                let Some(node) = graph.find(&sha(other)) else { continue };
                prop_assert_eq!(listed.contains(&other), graph.is_ancestor(node, head) == Some(true));
            }
        }
    }
}
