//! Which pull requests a deployment ships, as tables.

use super::*;
use crate::commit_graph::Commit;
use crate::commit_sha::CommitReference;
use crate::environment::Environment;
use crate::repository::RepositoryName;
use crate::run::{DeploymentStatus, Run};
use crate::text::{BranchName, ExternalDeploymentId, ServiceName};

const SHIPPED_AT: &str = "2024-01-31T00:00:00Z";

/// A whole SHA from its first digits.
fn sha(start: &str) -> CommitSha {
    CommitSha::parse(&format!("{start:0<40}")).unwrap()
}

fn day(day: u8) -> Timestamp {
    Timestamp::parse(&format!("2024-01-{day:02}T00:00:00Z")).unwrap()
}

fn candidate(number: i64, repository: i64, branch: &str, commit: &str, merged_on: u8) -> Candidate {
    let base_branch = BranchName::clean(branch);
    Candidate {
        pull_request_id: PullRequestId::new(number),
        repository_id: RepositoryId::new(repository),
        repository_is_monitored: repository != 9,
        merge: Merge {
            commit: sha(commit),
            merged_at: day(merged_on),
            base_branch,
        },
    }
}

/// Repository 1 has two branches, 2 shares commit `c0003` with it, 9 is not monitored.
fn surroundings() -> Surroundings {
    let repositories = [(1, "acme/api"), (2, "acme/web")].map(|(id, name)| Repository {
        former_names: Vec::new(),
        id: RepositoryId::new(id),
        name: RepositoryName::parse(name).unwrap(),
        monitored: true,
        aliases: Vec::new(),
    });
    let candidates = vec![
        candidate(1, 1, "main", "c0001", 1),
        candidate(2, 1, "main", "c0002", 2),
        candidate(3, 1, "main", "c0003", 3),
        candidate(4, 1, "main", "c0004", 4),
        candidate(5, 1, "v1", "c0005", 3),
        candidate(6, 2, "main", "c0003", 3),
        candidate(7, 2, "main", "c0007", 2),
        candidate(8, 9, "main", "c0008", 2),
        candidate(9, 1, "", "c0009", 1),
        candidate(10, 1, "", "c0010", 2),
        candidate(11, 1, "main", "c0003", 3),
    ];
    Surroundings {
        repositories: repositories.into(),
        candidates,
        ..Surroundings::default()
    }
}

fn deployment(service: Option<&str>, commit: &str, previous: Option<&str>) -> Deployment {
    let completed_at = Timestamp::parse(SHIPPED_AT).unwrap();
    let reference = |commit: &str| CommitReference::parse(commit).unwrap();
    let full = |commit: &str| {
        if commit.len() == 5 {
            reference(&format!("{commit:0<40}"))
        } else {
            reference(commit.trim_end_matches('~'))
        }
    };
    Deployment {
        external_id: ExternalDeploymentId::parse("gha-1").unwrap(),
        commit: full(commit),
        environment: Environment::parse("production").unwrap(),
        run: Run::new(DeploymentStatus::Success, completed_at, Some(completed_at)).unwrap(),
        service: service.map(|service| ServiceName::parse(service).unwrap()),
        previous_commit: previous.map(full),
        branch: None,
        triggered_by: None,
        pipeline_name: None,
        pipeline_url: None,
    }
}

fn numbers(linking: &Linking, rule: LinkRule) -> Vec<i64> {
    linking
        .links
        .iter()
        .filter(|link| link.rule == rule)
        .map(|link| link.pull_request_id.get())
        .collect()
}

fn codes(linking: &Linking) -> Vec<&'static str> {
    linking.warnings.iter().map(Warning::code).collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn pull_requests_are_linked_by_commit_and_by_merge_time() {
    // a commit of five digits stands for a whole SHA, one with `~` is sent abbreviated
    type Case = (
        &'static str,
        Option<&'static str>,
        &'static str,
        Option<&'static str>,
        &'static [i64],
        &'static [i64],
        &'static [&'static str],
    );
    let cases: [Case; 16] = [
        ("a merge commit", Some("api"), "c0004", None, &[4], &[], &[]),
        (
            "one merge closed two",
            Some("api"),
            "c0003",
            None,
            &[3, 11],
            &[],
            &[],
        ),
        (
            "no service: every monitored repository",
            None,
            "c0003",
            None,
            &[3, 6, 11],
            &[],
            &[],
        ),
        (
            "a service without a repository",
            Some("jobs"),
            "c0004",
            None,
            &[4],
            &[],
            &["service_unmatched"],
        ),
        (
            "an unmonitored repository is not looked in",
            None,
            "c0008",
            None,
            &[],
            &[],
            &["commit_unknown"],
        ),
        (
            "another repository's commit",
            Some("web"),
            "c0004",
            None,
            &[],
            &[],
            &["commit_unknown"],
        ),
        (
            "a version bump on top",
            Some("api"),
            "cafe0",
            None,
            &[],
            &[],
            &["commit_unknown"],
        ),
        ("abbreviated", Some("api"), "c0004~", None, &[4], &[], &[]),
        (
            "abbreviated and ambiguous",
            Some("api"),
            "c000000~",
            None,
            &[],
            &[],
            &["commit_unknown"],
        ),
        (
            "a range",
            Some("api"),
            "c0004",
            Some("c0001"),
            &[4],
            &[2, 3, 11],
            &[],
        ),
        (
            "a range keeps to its branch",
            Some("api"),
            "c0010",
            Some("c0009"),
            &[10],
            &[],
            &[],
        ),
        (
            "branches that differ",
            Some("api"),
            "c0005",
            Some("c0001"),
            &[5],
            &[],
            &["base_unknown"],
        ),
        (
            "an unknown base",
            Some("api"),
            "c0004",
            Some("dead0"),
            &[4],
            &[],
            &["base_unknown"],
        ),
        (
            "a known base under an unknown commit",
            Some("api"),
            "cafe0",
            Some("c0001"),
            &[],
            &[],
            &["commit_unknown", "base_unknown"],
        ),
        (
            "back to an older commit",
            Some("api"),
            "c0001",
            Some("c0004"),
            &[1],
            &[],
            &[],
        ),
        (
            "the same commit again",
            Some("api"),
            "c0004",
            Some("c0004"),
            &[4],
            &[],
            &[],
        ),
    ];
    for (name, service, commit, previous, exact, merge_time, warnings) in cases {
        let linking = link(&deployment(service, commit, previous), &surroundings());
        assert_eq!(numbers(&linking, LinkRule::Exact), exact, "{name}");
        assert_eq!(numbers(&linking, LinkRule::MergeTime), merge_time, "{name}");
        assert_eq!(codes(&linking), warnings, "{name}");
    }
}

#[test]
fn an_abbreviation_that_fits_two_commits_matches_none() {
    let mut surroundings = surroundings();
    surroundings
        .candidates
        .push(candidate(20, 1, "main", "c00042", 5));
    let linking = link(&deployment(Some("api"), "c0004~", Some("c0001")), &surroundings);
    assert_eq!(linking.links, []);
    assert_eq!(codes(&linking), ["commit_ambiguous", "base_unknown"]);
}

#[test]
fn a_range_links_what_lies_between_in_each_repository_that_has_both_commits() {
    let mut surroundings = surroundings();
    surroundings.candidates.push(candidate(12, 2, "main", "c0001", 1));
    let linking = link(&deployment(None, "c0003", Some("c0001")), &surroundings);
    assert_eq!(numbers(&linking, LinkRule::Exact), [3, 6, 11]);
    assert_eq!(numbers(&linking, LinkRule::MergeTime), [2, 7]);
    assert_eq!(linking.ranges.len(), 2);
}

#[test]
fn merge_times_are_asked_only_where_no_graph_tells() {
    let mut surroundings = surroundings();
    surroundings.candidates.push(candidate(12, 2, "main", "c0001", 1));
    let commit = |name, parents: &[&str]| Commit {
        sha: sha(name),
        parents: Some(parents.iter().map(|parent| sha(parent)).collect()),
        committed_at: None,
        tagged: None,
    };
    let mut history = RepositoryHistory::new();
    history.add_commits(&[commit("c0001", &[]), commit("c0003", &["c0001"])], &[]);
    surroundings.histories.push(KnownHistory {
        repository_id: RepositoryId::new(1),
        repository_is_monitored: true,
        history: Arc::new(history),
    });
    let linking = link(&deployment(None, "c0003", Some("c0001")), &surroundings);
    assert_eq!(numbers(&linking, LinkRule::MergeTime), [7]);
}

#[test]
fn a_link_keeps_its_base_and_its_lead_time() {
    let linking = link(&deployment(Some("api"), "c0004", Some("c0003")), &surroundings());
    let lead_time = LeadTime::between(day(4), Timestamp::parse(SHIPPED_AT).unwrap());
    assert_eq!(
        linking.links,
        [Link {
            pull_request_id: PullRequestId::new(4),
            rule: LinkRule::Exact,
            base: None,
            lead_time,
            is_first: true,
        }]
    );
    let linking = link(&deployment(Some("api"), "c0004", Some("c0002")), &surroundings());
    assert_eq!(linking.links[0].base, Some(sha("c0002")));
}

#[test]
fn only_a_successful_production_deployment_has_links() {
    let staging = Deployment {
        environment: Environment::parse("staging").unwrap(),
        ..deployment(None, "c0004", None)
    };
    assert_eq!(link(&staging, &surroundings()).links, []);
}

#[test]
fn a_late_merge_touches_the_deployments_that_name_it_or_whose_range_it_falls_into() {
    let deployment = deployment(Some("api"), "c0004", Some("c0001"));
    let linking = link(&deployment, &surroundings());
    for (late, touched) in [
        (candidate(30, 1, "main", "abc00", 2), true),
        (candidate(30, 1, "main", "abc00", 4), true),
        (candidate(30, 1, "main", "abc00", 1), false),
        (candidate(30, 1, "main", "abc00", 5), false),
        (candidate(30, 1, "v1", "abc00", 2), false),
        (candidate(30, 2, "main", "abc00", 2), false),
        (candidate(30, 2, "main", "c0004", 20), true),
        (candidate(30, 2, "main", "c0001", 20), true),
    ] {
        let told = Told::Merge {
            merge: late.merge.clone(),
            committed: None,
            tags: vec![],
        };
        assert_eq!(
            touched_by(&deployment, &linking, late.repository_id, &told).is_some(),
            touched,
            "{late:?}"
        );
    }
}

#[test]
fn a_link_says_how_it_is_known() {
    let said = |rule, base: Option<CommitSha>| {
        let link = Link {
            pull_request_id: PullRequestId::new(1),
            rule,
            base,
            lead_time: LeadTime::from_seconds(1).unwrap(),
            is_first: true,
        };
        link.sentence()
    };
    let base = sha("b");
    for (rule, base, words) in [
        (LinkRule::Exact, None, "The deployed commit is its merge commit."),
        (
            LinkRule::Exact,
            Some(base),
            "The deployed commit is its merge commit.",
        ),
        (
            LinkRule::Graph,
            None,
            "The deployed commit contains its merge commit.",
        ),
        (
            LinkRule::MergeTime,
            None,
            "It was merged between two merges into the same branch.",
        ),
    ] {
        assert_eq!(said(rule, base), words);
    }
    for (rule, words) in [
        (LinkRule::Graph, "does not."),
        (LinkRule::MergeTime, "into the same branch."),
    ] {
        let sentence = said(rule, Some(base));
        assert!(
            sentence.contains(&base.to_string()) && sentence.ends_with(words),
            "{sentence}"
        );
    }
}

#[test]
fn the_first_step_of_an_explanation_is_how_the_repository_was_chosen() {
    let first = |service| {
        let linking = link(&deployment(service, "ddddd", None), &surroundings());
        linking.findings.into_iter().next().unwrap()
    };
    assert!(matches!(first(None), Finding::NoService));
    assert!(matches!(first(Some("nobody")), Finding::ServiceUnmatched(_)));
    assert!(matches!(first(Some("acme/api")), Finding::Repository(..)));
}
