//! Ranges by the commit graph, as tables.

mod absences;
mod lines;

use super::*;
use crate::commit_graph::Commit;
use crate::commit_sha::CommitReference;
use crate::environment::Environment;
use crate::history::KnownMerge;
use crate::id::DeploymentId;
use crate::repository::RepositoryName;
use crate::run::{DeploymentStatus, Run};
use crate::text::{ExternalDeploymentId, ServiceName};

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
            tagged: None,
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
    let known = history(told);
    let name = |number: u8| ExternalDeploymentId::parse(&format!("gha-{number}")).unwrap();
    let latest = earlier.first().map(|number| EarlierDeployment {
        id: DeploymentId::new((*number).into()),
        external_id: name(*number),
        commit: reference(*number),
        completed_at: day(20),
    });
    let is_known = |number: &&u8| known.history.graph().find(&sha(**number)).is_some();
    let heads = earlier.iter().filter(is_known).map(|number| Head {
        deployment_id: DeploymentId::new((*number).into()),
        external_id: name(*number),
        completed_at: day(20),
        environment: Environment::production(),
        repository_id: RepositoryId::new(1),
        commit: sha(*number),
    });
    let heads = heads.collect();
    Surroundings {
        repositories: Vec::new(),
        candidates: candidates.into(),
        histories: vec![known],
        earlier: Earlier { latest, heads },
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
fn what_is_new_was_in_no_earlier_deployment() {
    type Case = (&'static str, &'static [u8], u8, &'static [u8], Texts, Texts);
    let cases: [Case; 10] = [
        ("after the one before", &ALL, 6, &[3, 2], &["graph 5"], &[]),
        (
            "a release branch is no base, and counts all the same",
            &ALL,
            6,
            &[8, 2],
            &["graph 5"],
            &[],
        ),
        (
            "on the release branch",
            &ALL,
            8,
            &[6],
            &["graph 7", "exact 8"],
            &[],
        ),
        ("the first of the line", &ALL, 6, &[], &[], &["no_base"]),
        ("none is contained", &ALL, 5, &[8], &["exact 5"], &[]),
        (
            "the same again",
            &ALL,
            5,
            &[5, 3],
            &["exact 5"],
            &["redeployment"],
        ),
        ("back", &ALL, 3, &[6, 3, 2], &["exact 3"], &["redeployment"]),
        (
            "forward again",
            &ALL,
            5,
            &[3, 5, 2],
            &["exact 5"],
            &["redeployment"],
        ),
        (
            "an older commit of another project is left out",
            &ALL,
            6,
            &[5, 77],
            &[],
            &[],
        ),
        (
            "the latest is of a commit that is not known",
            &ALL,
            5,
            &[77, 3],
            &["exact 5"],
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
fn a_deployment_is_new_or_repeats_an_earlier_one_or_goes_back() {
    let elsewhere = |number| Head {
        environment: Environment::parse("production-eu").unwrap(),
        ..surroundings(&ALL, &[number]).earlier.heads.remove(0)
    };
    for (commit, earlier, novelty, of) in [
        (6, &[3, 2][..], Novelty::New, ""),
        (6, &[], Novelty::New, ""),
        (5, &[5], Novelty::Redeployment, "gha-5"),
        (5, &[3, 6], Novelty::Redeployment, "gha-6"),
        (3, &[5], Novelty::RollBack, "gha-5"),
        (3, &[8, 5], Novelty::RollBack, "gha-8"),
        (77, &[77], Novelty::Redeployment, "gha-77"),
        (77, &[5], Novelty::New, ""),
    ] {
        let linking = link(&deployment(commit, None), &surroundings(&ALL, earlier));
        assert_eq!(linking.novelty, Some(novelty), "{commit} after {earlier:?}");
        let repeats = linking.warnings.iter().find_map(|warning| match warning {
            Warning::Redeployment(_, of) => Some(of.as_str()),
            _ => None,
        });
        assert_eq!(repeats.unwrap_or_default(), of, "{commit} after {earlier:?}");
    }
    let mut surroundings = surroundings(&ALL, &[3]);
    surroundings.earlier.heads.push(elsewhere(5));
    let linking = link(&deployment(6, None), &surroundings);
    assert_eq!(
        linking.novelty,
        Some(Novelty::New),
        "another environment is another line"
    );
    assert_eq!(linked(&linking).0, ["graph 5"]);
    assert!(!linking.links[0].is_first, "but the same service");
}

#[test]
fn a_first_delivery_is_one_that_no_earlier_deployment_of_the_service_contains() {
    for (commit, previous, earlier, first) in [
        (6, None, &[3][..], vec![5]),
        (5, None, &[5, 3], vec![]),
        (5, Some(2), &[3], vec![5]),
        (5, Some(1), &[6, 3], vec![]),
        (8, Some(2), &[3], vec![7, 8]),
    ] {
        let linking = link(&deployment(commit, previous), &surroundings(&ALL, earlier));
        let found: Vec<_> = linking.first_deliveries().map(PullRequestId::get).collect();
        assert_eq!(found, first, "{commit} after {previous:?} and {earlier:?}");
        let delivered = first.iter().map(|number| PullRequestId::new(*number)).collect();
        assert_eq!(
            linking.after_deliveries_of(&delivered).first_deliveries().count(),
            0
        );
    }
}

#[test]
fn a_link_of_the_graph_keeps_its_base() {
    let linking = link(&deployment(6, None), &surroundings(&ALL, &[3]));
    assert_eq!(linking.links[0].base, Some(sha(3)));
    assert_eq!(linking.graph_ranges[0].committed, Some((day(4), day(6))));
    assert_eq!(
        linking.graph_ranges[0].contained,
        [(DeploymentId::new(3), sha(3))]
    );
}

#[test]
fn where_the_graph_is_not_certain_merges_of_one_branch_tell() {
    let linking = link(&deployment(5, Some(2)), &surroundings(&[5], &[]));
    assert_eq!(linked(&linking).0, ["merge_time 3", "exact 5"]);
}

#[test]
fn what_is_told_touches_the_ranges_that_it_may_change() {
    let certain = link(&deployment(6, None), &surroundings(&ALL, &[3]));
    let open = link(&deployment(6, None), &surroundings(&[5, 6, 8], &[8]));
    let merged = |number: u8, committed: Option<Timestamp>| Told::Merge {
        merge: Merge {
            commit: sha(number),
            merged_at: day(30),
            base_branch: None,
        },
        committed: committed.map(|time| (time, time)),
        tags: vec![],
    };
    for (told, touches_certain, touches_open) in [
        (merged(99, Some(day(5))), Some(Touched::Deployment), None),
        (merged(99, Some(day(3))), None, None),
        (merged(99, Some(day(7))), None, None),
        (merged(99, None), None, None),
        (merged(6, Some(day(7))), Some(Touched::Line), Some(Touched::Line)),
        (Told::Commit(sha(6)), Some(Touched::Line), Some(Touched::Line)),
        (Told::Commit(sha(5)), None, None),
        (Told::Contents, None, Some(Touched::Deployment)),
    ] {
        let touches = |linking| touched_by(&deployment(6, None), linking, RepositoryId::new(1), &told);
        assert_eq!(
            (touches(&certain), touches(&open)),
            (touches_certain, touches_open),
            "{told:?}"
        );
    }
}
