//! Ranges by the commit graph, as tables.

mod absences;

use super::*;
use crate::commit_graph::Commit;
use crate::environment::Environment;
use crate::history::KnownMerge;
use crate::repository::RepositoryName;
use crate::run::{DeploymentStatus, Run};
use crate::text::ServiceName;

fn sha(number: u8) -> CommitSha {
    CommitSha::from_bytes([number; 20])
}

fn day(day: u8) -> Timestamp {
    Timestamp::parse(&format!("2024-01-{day:02}T00:00:00Z")).unwrap()
}

fn reference(number: u8) -> CommitReference {
    sha(number).into()
}

/// ```text
/// 1 - 2 - 3 - 5 - 6   main
///      \- 4 -/        a pull request merged as 5
///          3 - 7 - 8  a release branch
/// ```
/// Pull request `n` was merged as commit `n` on day `n`; 6 is a version bump.
fn history(told: &[u8]) -> KnownHistory {
    let commits: [(u8, &[u8]); 8] = [
        (1, &[]),
        (2, &[1]),
        (3, &[2]),
        (4, &[2]),
        (5, &[3, 4]),
        (6, &[5]),
        (7, &[3]),
        (8, &[7]),
    ];
    let commits: Vec<_> = commits
        .into_iter()
        .filter(|(number, _)| told.contains(number))
        .map(|(number, parents)| Commit {
            sha: sha(number),
            parents: Some(parents.iter().map(|parent| sha(*parent)).collect()),
            committed_at: Some(day(number)),
        })
        .collect();
    let mut history = RepositoryHistory::new();
    history.add_commits(&commits, &[]);
    for number in [1, 2, 3, 5, 7, 8] {
        history.set_merge(KnownMerge {
            pull_request_id: PullRequestId::new(number.into()),
            commit: sha(number),
            merged_at: day(number),
        });
    }
    KnownHistory {
        repository_id: RepositoryId::new(1),
        repository_is_monitored: true,
        history: Arc::new(history),
    }
}

type Texts = &'static [&'static str];

const ALL: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

fn surroundings(told: &[u8], earlier: &[u8]) -> Surroundings {
    let candidates = [1, 2, 3, 5, 7, 8].map(|number: u8| Candidate {
        pull_request_id: PullRequestId::new(number.into()),
        repository_id: RepositoryId::new(1),
        repository_is_monitored: true,
        merge: Merge {
            commit: sha(number),
            merged_at: day(number),
            base_branch: None,
        },
    });
    let earlier = earlier.iter().map(|number| EarlierDeployment {
        id: DeploymentId::new((*number).into()),
        external_id: ExternalDeploymentId::parse(&format!("gha-{number}")).unwrap(),
        commit: reference(*number),
        completed_at: day(20),
    });
    Surroundings {
        repositories: Vec::new(),
        candidates: candidates.into(),
        histories: vec![history(told)],
        earlier: Earlier {
            deployments: earlier.collect(),
            has_more: false,
        },
    }
}

fn deployment(commit: u8, previous: Option<u8>) -> Deployment {
    Deployment {
        external_id: ExternalDeploymentId::parse("gha-0").unwrap(),
        commit: reference(commit),
        environment: Environment::parse("production").unwrap(),
        run: Run::new(DeploymentStatus::Success, day(21), Some(day(21))).unwrap(),
        service: None,
        previous_commit: previous.map(reference),
        branch: None,
        triggered_by: None,
        pipeline_name: None,
        pipeline_url: None,
    }
}

/// What is linked, as `rule number`, and the codes of the warnings.
fn linked(linking: &Linking) -> (Vec<String>, Vec<&'static str>) {
    let links = linking
        .links
        .iter()
        .map(|link| format!("{} {}", link.rule.as_str(), link.pull_request_id));
    (
        links.collect(),
        linking.warnings.iter().map(Warning::code).collect(),
    )
}

#[test]
fn a_given_previous_commit_begins_the_range() {
    type Case = (&'static str, &'static [u8], u8, u8, Texts, Texts);
    let cases: [Case; 9] = [
        ("a range", &ALL, 5, 2, &["graph 3", "exact 5"], &[]),
        ("a version bump on top", &ALL, 6, 3, &["graph 5"], &[]),
        (
            "from one branch to another",
            &ALL,
            6,
            8,
            &["graph 5"],
            &["base_not_ancestor"],
        ),
        (
            "back to an older commit",
            &ALL,
            3,
            6,
            &["exact 3"],
            &["base_not_ancestor"],
        ),
        ("the same commit again", &ALL, 5, 5, &["exact 5"], &[]),
        (
            "all of it contains what is open",
            &[3, 4, 5, 6],
            6,
            3,
            &["graph 5"],
            &[],
        ),
        (
            "a merged branch is missing",
            &[3, 5, 6],
            6,
            3,
            &[],
            &["base_unknown"],
        ),
        ("what is below the rim does not matter", &[5, 6], 6, 5, &[], &[]),
        (
            "a base that nobody has told of",
            &[5, 6],
            6,
            9,
            &[],
            &["base_unknown"],
        ),
    ];
    for (name, told, commit, previous, links, warnings) in cases {
        let linking = link(&deployment(commit, Some(previous)), &surroundings(told, &[]));
        assert_eq!(
            linked(&linking),
            (links.iter().map(ToString::to_string).collect(), warnings.into()),
            "{name}"
        );
    }
}

#[test]
fn the_latest_earlier_deployment_that_is_contained_is_the_base() {
    type Case = (&'static str, &'static [u8], u8, &'static [u8], Texts, Texts);
    let cases: [Case; 8] = [
        ("the one before", &ALL, 6, &[3, 2], &["graph 5"], &[]),
        (
            "another branch is passed over",
            &ALL,
            6,
            &[8, 7, 2],
            &["graph 3", "graph 5"],
            &[],
        ),
        ("on the other branch", &ALL, 8, &[6, 7, 5, 2], &["exact 8"], &[]),
        ("the first of the service", &ALL, 6, &[], &[], &["base_unknown"]),
        (
            "none is contained",
            &ALL,
            2,
            &[8, 6],
            &["exact 2"],
            &["base_unknown"],
        ),
        (
            "back to an older commit that was live",
            &ALL,
            3,
            &[6, 3, 2],
            &["exact 3"],
            &[],
        ),
        (
            "a commit of another project is passed over",
            &ALL,
            6,
            &[77, 5],
            &[],
            &[],
        ),
        (
            "one that may be contained ends the search",
            &[5, 6],
            6,
            &[77, 5],
            &[],
            &["base_unknown"],
        ),
    ];
    for (name, told, commit, earlier, links, warnings) in cases {
        let linking = link(&deployment(commit, None), &surroundings(told, earlier));
        assert_eq!(
            linked(&linking),
            (links.iter().map(ToString::to_string).collect(), warnings.into()),
            "{name}"
        );
    }
}

#[test]
fn a_link_of_the_graph_keeps_its_base() {
    let linking = link(&deployment(6, None), &surroundings(&ALL, &[3]));
    assert_eq!(linking.links[0].base, Some(sha(3)));
    assert_eq!(linking.graph_ranges[0].committed, Some((day(4), day(6))));
    assert_eq!(
        linking.graph_ranges[0].base_deployment_id(),
        Some(DeploymentId::new(3))
    );
}

#[test]
fn where_the_graph_is_not_certain_merges_of_one_branch_tell() {
    let linking = link(&deployment(5, Some(2)), &surroundings(&[5], &[]));
    assert_eq!(linked(&linking).0, ["merge_time 3", "exact 5"]);
}

#[test]
fn further_earlier_deployments_are_asked_for_until_the_base_is_found() {
    for (earlier, more) in [(&[8, 7][..], true), (&[8, 3], false), (&[], true)] {
        let mut surroundings = surroundings(&ALL, earlier);
        surroundings.earlier.has_more = true;
        assert_eq!(needs_more_earlier(&deployment(6, None), &surroundings), more);
        assert!(!needs_more_earlier(&deployment(6, Some(3)), &surroundings));
    }
}

#[test]
fn what_is_told_touches_the_ranges_that_it_may_change() {
    let certain = link(&deployment(6, None), &surroundings(&ALL, &[3]));
    let open = link(&deployment(6, None), &surroundings(&[5, 6], &[77]));
    let merged = |number: u8, committed: Option<Timestamp>| Told::Merge {
        merge: Merge {
            commit: sha(number),
            merged_at: day(30),
            base_branch: None,
        },
        committed: committed.map(|time| (time, time)),
    };
    for (told, touches_certain, touches_open) in [
        (merged(99, Some(day(5))), true, false),
        (merged(99, Some(day(3))), false, false),
        (merged(99, Some(day(7))), false, false),
        (merged(99, None), false, false),
        (merged(6, Some(day(7))), true, true),
        (Told::Commit(sha(6)), true, true),
        (Told::Commit(sha(5)), false, false),
        (Told::Contents, false, true),
    ] {
        let touches = |linking| is_touched_by(&deployment(6, None), linking, RepositoryId::new(1), &told);
        assert_eq!(
            (touches(&certain), touches(&open)),
            (touches_certain, touches_open),
            "{told:?}"
        );
    }
}

#[test]
fn what_a_base_is_changes_with_its_commit_its_service_and_its_time() {
    let before = deployment(5, None);
    let service = ServiceName::parse("api").unwrap();
    let cancelled = Run::new(DeploymentStatus::Cancelled, day(21), Some(day(21))).unwrap();
    for (after, is_changed) in [
        (
            Deployment {
                previous_commit: Some(reference(1)),
                ..before.clone()
            },
            false,
        ),
        (
            Deployment {
                commit: reference(6),
                ..before.clone()
            },
            true,
        ),
        (
            Deployment {
                service: Some(service),
                ..before.clone()
            },
            true,
        ),
        (
            Deployment {
                run: cancelled,
                ..before.clone()
            },
            true,
        ),
    ] {
        let ships = after.shipped_at().is_some();
        for (before, is_changed) in [(Some(&before), is_changed), (None, ships)] {
            let [without_commits, with_commits] = if is_changed {
                [BaseChange::IfEpochMoved, BaseChange::Possible]
            } else {
                [BaseChange::None; 2]
            };
            assert_eq!(BaseChange::between(before, &after, false), without_commits);
            assert_eq!(BaseChange::between(before, &after, true), with_commits);
        }
    }
}
