//! The graph against histories in which everything is known, by looking at every commit for every question.

mod stories;

use super::*;
use std::collections::BTreeSet;

fn sha(number: usize) -> CommitSha {
    let mut bytes = [0; 20];
    bytes[0] = u8::try_from(number * 37 % 256).unwrap();
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    CommitSha::from_bytes(bytes)
}

fn told(number: usize, parents: &[usize]) -> Commit {
    Commit {
        sha: sha(number),
        parents: Some(parents.iter().map(|parent| sha(*parent)).collect()),
        committed_at: None,
        tagged: None,
    }
}

fn pushed(before: usize, after: usize, commits: &[usize]) -> Push {
    Push {
        before: sha(before),
        after: sha(after),
        commits: commits.iter().map(|commit| sha(*commit)).collect(),
    }
}

fn graph(commits: &[(usize, &[usize])], pushes: &[Push]) -> CommitGraph {
    let mut graph = CommitGraph::new();
    let commits: Vec<Commit> = commits
        .iter()
        .map(|(number, parents)| told(*number, parents))
        .collect();
    graph.extend(&commits, pushes);
    graph
}

fn numbers(graph: &CommitGraph, nodes: &[Node]) -> BTreeSet<usize> {
    let number = |node: &Node| {
        let bytes = graph.sha(*node);
        usize::from_be_bytes(bytes.as_bytes()[12..].try_into().unwrap())
    };
    nodes.iter().map(number).collect()
}

/// What lies between two commits, by number.
fn between(graph: &CommitGraph, base: usize, head: usize) -> Option<Vec<usize>> {
    let [base, head] = [base, head].map(|number| graph.find(&sha(number)).unwrap());
    let commits = graph.commits_between(base, head).commits?;
    Some(numbers(graph, &commits).into_iter().collect())
}

fn is_ancestor(graph: &CommitGraph, ancestor: usize, of: usize) -> Option<bool> {
    let [ancestor, of] = [ancestor, of].map(|number| graph.find(&sha(number)).unwrap());
    graph.is_ancestor(ancestor, of)
}

#[test]
fn a_range_is_what_the_head_contains_and_the_base_does_not() {
    // 1 - 2 - 3 - 5 - 7
    //      \- 4 -/    8 (another root)
    //       \- 6
    let whole: &[(usize, &[usize])] = &[
        (1, &[]),
        (2, &[1]),
        (3, &[2]),
        (4, &[2]),
        (5, &[3, 4]),
        (6, &[2]),
        (7, &[5, 8]),
        (8, &[]),
    ];
    assert!(graph(&[], &[]).is_empty());
    let graph = graph(whole, &[]);
    assert!(!graph.is_empty());
    for (base, head, commits) in [
        (1, 5, vec![2, 3, 4, 5]),
        (3, 5, vec![4, 5]),
        (5, 7, vec![7, 8]),
        (6, 5, vec![3, 4, 5]),
        (5, 6, vec![6]),
        (7, 2, vec![]),
        (2, 2, vec![]),
        (8, 2, vec![1, 2]),
    ] {
        assert_eq!(between(&graph, base, head), Some(commits), "{base}..{head}");
    }
    assert_eq!(is_ancestor(&graph, 1, 7), Some(true));
    assert_eq!(is_ancestor(&graph, 6, 7), Some(false));
}

#[test]
fn what_needs_unknown_parents_is_unknown_and_what_does_not_is_known() {
    // 0 is only known as a parent: 0 - 1 - 2 - 3, and 4 on 1; 9 - 10 - 11 where 9 is only a name
    let graph = graph(
        &[
            (1, &[0]),
            (2, &[1]),
            (3, &[2]),
            (4, &[1]),
            (10, &[9]),
            (11, &[10, 3]),
        ],
        &[],
    );
    assert_eq!(
        between(&graph, 1, 3),
        Some(vec![2, 3]),
        "what lies below the base does not matter"
    );
    assert_eq!(
        between(&graph, 0, 3),
        Some(vec![1, 2, 3]),
        "the rim itself may be the base"
    );
    assert_eq!(
        between(&graph, 4, 3),
        Some(vec![2, 3]),
        "all of it contains the rim"
    );
    assert_eq!(between(&graph, 10, 3), None, "9 may contain any of it");
    assert_eq!(between(&graph, 3, 11), None, "9 may contain more");
    assert_eq!(is_ancestor(&graph, 0, 4), Some(true));
    assert_eq!(is_ancestor(&graph, 2, 4), Some(false));
    assert_eq!(is_ancestor(&graph, 10, 3), None);
    assert_eq!(is_ancestor(&graph, 3, 10), None);
}

#[test]
fn a_push_tells_what_came_with_it_and_nothing_of_the_order_among_it() {
    let graph = graph(&[], &[pushed(1, 4, &[2, 3, 4]), pushed(4, 6, &[5, 6])]);
    assert_eq!(between(&graph, 1, 6), Some(vec![2, 3, 4, 5, 6]));
    assert_eq!(between(&graph, 4, 6), Some(vec![5, 6]));
    assert_eq!(between(&graph, 1, 4), Some(vec![2, 3, 4]));
    assert_eq!(is_ancestor(&graph, 3, 6), Some(true));
    assert_eq!(is_ancestor(&graph, 2, 3), None);
    assert_eq!(between(&graph, 1, 3), None);
}

#[test]
fn two_pushes_that_lean_on_each_other_do_not_prove_what_lies_behind_both() {
    // 1 and 2 are made on a commit that nobody has told of, and merged as 3, once into each branch
    let graph = graph(&[(6, &[])], &[pushed(2, 3, &[1, 3]), pushed(1, 3, &[2, 3])]);
    assert_eq!(between(&graph, 6, 3), None);
    assert_eq!(between(&graph, 1, 3), Some(vec![2, 3]));
}

#[test]
fn a_push_proves_something_only_if_the_branch_was_moved_forward_and_all_is_listed() {
    let zero = CommitSha::from_bytes([0; 20]);
    let listed = || vec![sha(2), sha(3)];
    for (before, after, commits, is_forced, is_whole, proves) in [
        (sha(1), sha(3), listed(), false, true, true),
        (sha(1), sha(3), listed(), true, true, false),
        (sha(1), sha(3), listed(), false, false, false),
        (sha(1), sha(4), listed(), false, true, false),
        (sha(1), sha(3), vec![], false, true, false),
        (sha(3), sha(3), listed(), false, true, false),
        (zero, sha(3), listed(), false, true, false),
    ] {
        assert_eq!(
            Push::proved(before, after, commits, is_forced, is_whole).is_some(),
            proves
        );
    }
}

#[test]
fn a_commit_that_contains_itself_is_open() {
    for cycle in [
        &[(5, &[5][..])][..],
        &[(5, &[6]), (6, &[5])],
        &[(5, &[6, 1]), (6, &[7]), (7, &[5, 2])],
    ] {
        let mut graph = graph(&[(1, &[]), (2, &[1]), (3, &[2])], &[]);
        for (number, parents) in cycle {
            graph.extend(&[told(*number, parents)], &[]);
        }
        assert!(!graph.are_parents_known(graph.find(&sha(5)).unwrap()));
        graph.extend(&[told(8, &[5, 3])], &[]);
        assert_eq!(between(&graph, 1, 3), Some(vec![2, 3]));
        assert_eq!(between(&graph, 3, 8), None);
        assert_eq!(is_ancestor(&graph, 5, 8), Some(true));
    }
}

#[test]
fn a_name_of_few_digits_means_a_commit_if_only_one_begins_with_it() {
    let graph = graph(&[(0, &[]), (256, &[0]), (1, &[0])], &[]);
    let resolve = |text: &str| graph.resolve(&CommitReference::parse(text).unwrap());
    assert_eq!(
        resolve(&sha(1).to_string()[..6]),
        Resolution::Known(graph.find(&sha(1)).unwrap())
    );
    assert_eq!(resolve("00000000"), Resolution::Ambiguous);
    assert_eq!(
        resolve(&sha(0).to_string()),
        Resolution::Known(graph.find(&sha(0)).unwrap())
    );
    assert_eq!(resolve("fffff"), Resolution::Unknown);
}

#[test]
fn a_tag_stands_for_its_commit_in_whatever_order_they_are_told() {
    let tag = |number, commit| Commit::tag(sha(number), sha(commit));
    let pieces = [told(1, &[]), told(2, &[1]), tag(257, 1), tag(3, 2)];
    for first in 0..pieces.len() {
        let mut graph = CommitGraph::new();
        for piece in pieces.iter().cycle().skip(first).take(pieces.len() + 1) {
            graph.extend(std::slice::from_ref(piece), &[]);
        }
        let find = |number| graph.find(&sha(number)).unwrap();
        assert_eq!((find(257), find(3)), (find(1), find(2)), "{first}");
        let resolve = |text: &str| graph.resolve(&CommitReference::parse(text).unwrap());
        assert_eq!(resolve(&sha(3).to_string()), Resolution::Known(find(2)));
        // Both begin with the same digits, and are one commit.
        assert_eq!(resolve(&sha(1).to_string()[..8]), Resolution::Known(find(1)));
        assert_eq!(between(&graph, 257, 3), Some(vec![2]));
    }
    let mut graph = graph(&[(1, &[]), (2, &[1])], &[]);
    graph.extend(&[tag(3, 2), told(3, &[2])], &[]);
    assert_eq!(between(&graph, 2, 3), Some(vec![3]), "the last word counts");
    graph.extend(&[told(4, &[3])], &[]);
    graph.extend(&[tag(3, 2)], &[]);
    let node = graph.find_named(&sha(3)).unwrap();
    assert!(!graph.are_parents_known(node), "a tag has no parents");
    assert_eq!(graph.committed_between(node), (Timestamp::FIRST, Timestamp::LAST));
    assert_eq!(between(&graph, 2, 4), None, "what lies behind the tag is unknown");
}

#[test]
fn what_may_lie_behind_an_open_commit_of_the_base_is_not_certain() {
    // 3 - 1 and 3 - 4 - 5; 1 has another parent of which only the name is known, and which may contain 4
    let graph = graph(&[(1, &[2, 3]), (3, &[]), (4, &[3]), (5, &[4])], &[]);
    assert_eq!(between(&graph, 1, 5), None);
}

#[test]
fn more_open_commits_than_are_kept_apart_are_all_taken_into_account() {
    // 1000 contains 300 of which only the names are known, and 1001 contains 1000
    let open: Vec<usize> = (1..=300).collect();
    let graph = graph(&[(1000, &open), (1001, &[1000]), (2000, &[])], &[]);
    assert_eq!(between(&graph, 1000, 1001), Some(vec![1001]));
    assert_eq!(between(&graph, 2000, 1001), None);
}

#[test]
fn a_long_row_of_commits_does_not_touch_the_stack() {
    // a stack of less than six bytes a commit: whatever recursed would not come back
    const LENGTH: usize = 50_000;
    const STACK: usize = 256 * 1024;
    let look = || {
        let mut graph = CommitGraph::new();
        // the newest half first, so that all of it has to be numbered anew
        for half in [LENGTH / 2..LENGTH, 0..LENGTH / 2] {
            let commits: Vec<Commit> = half
                .map(|number| {
                    let parent = number.checked_sub(1);
                    told(number, &parent.map_or(vec![], |parent| vec![parent]))
                })
                .collect();
            graph.extend(&commits, &[]);
        }
        assert_eq!(is_ancestor(&graph, 0, LENGTH - 1), Some(true));
        assert_eq!(between(&graph, 0, LENGTH - 1).unwrap().len(), LENGTH - 1);
        let newest = graph.find(&sha(LENGTH - 1)).unwrap();
        assert_eq!(graph.reachable_from(newest).len(), LENGTH);
    };
    let small = std::thread::Builder::new().stack_size(STACK);
    small.spawn(look).unwrap().join().unwrap();
}
