//! What simpler rules make of a history.

use crate::ancestry::Ancestry;
use crate::history::{Deployment, History};
use crate::project::Project;
use std::collections::{BTreeMap, BTreeSet};

/// The numbers of the pull requests in each deployment.
pub(crate) type Links = BTreeMap<String, BTreeSet<u64>>;

/// What the deployed commit contains and the latest earlier deployment that it contains does not.
pub(crate) fn by_latest_contained(project: &Project) -> Links {
    let history = &project.history;
    let ancestry = Ancestry::new(&project.commits);
    for_each_deployment(history, |deployment| {
        let contained = ancestry.contained(&deployment.commit);
        let earlier = history
            .deployments
            .iter()
            .filter(|other| order(other) < order(deployment) && contained.contains(other.commit.as_str()));
        let base = earlier.max_by_key(|other| order(other));
        let before = base.map(|base| ancestry.contained(&base.commit));
        numbers(history, |merge| {
            let is_new = before.as_ref().is_some_and(|before| !before.contains(merge));
            merge == deployment.commit || (is_new && contained.contains(merge))
        })
    })
}

/// The pull requests that were merged as the deployed commit.
pub(crate) fn exact(history: &History) -> Links {
    for_each_deployment(history, |deployment| {
        numbers(history, |merge| merge == deployment.commit)
    })
}

/// Those, and where the previous commit was merged into the same branch, what was merged into it in between.
pub(crate) fn merge_time(history: &History) -> Links {
    let merged_as = |commit: &str| {
        let all = history.pull_requests.iter();
        let merged = all.filter(|pull_request| pull_request.merge_commit_sha == commit);
        merged.collect::<Vec<_>>()
    };
    for_each_deployment(history, |deployment| {
        let heads = merged_as(&deployment.commit);
        let bases = deployment.previous.as_deref().map(merged_as).unwrap_or_default();
        let pull_requests = history.pull_requests.iter().filter(|pull_request| {
            let is_between = heads.iter().any(|head| {
                let after = |base: &str| base < pull_request.merged_at.as_str();
                let same = |branch: &Option<String>| *branch == head.base && *branch == pull_request.base;
                pull_request.merged_at <= head.merged_at
                    && bases
                        .iter()
                        .any(|base| same(&base.base) && after(&base.merged_at))
            });
            let merge = Some(&pull_request.merge_commit_sha);
            merge == Some(&deployment.commit) || (is_between && merge != deployment.previous.as_ref())
        });
        pull_requests.map(|pull_request| pull_request.number).collect()
    })
}

/// Each pull request in the first deployment that came after its merge, whatever was deployed.
pub(crate) fn first_after_merge(history: &History) -> Links {
    let mut links = for_each_deployment(history, |_| BTreeSet::new());
    for pull_request in &history.pull_requests {
        let deployments = history.deployments.iter();
        let later = deployments.filter(|deployment| deployment.completed_at >= pull_request.merged_at);
        let first = later.min_by_key(|deployment| order(deployment));
        if let Some(numbers) = first.and_then(|deployment| links.get_mut(&deployment.id)) {
            numbers.insert(pull_request.number);
        }
    }
    links
}

/// Each pull request in the first deployment that links it.
pub(crate) fn first_of(history: &History, links: &Links) -> Links {
    let mut deployments: Vec<_> = history.deployments.iter().collect();
    deployments.sort_by_key(|deployment| order(deployment));
    let mut delivered = BTreeSet::new();
    let first = deployments.into_iter().map(|deployment| {
        let numbers = links.get(&deployment.id).into_iter().flatten().copied();
        let first = numbers.filter(|number| delivered.insert(*number)).collect();
        (deployment.id.clone(), first)
    });
    first.collect()
}

pub(crate) fn for_each_deployment(history: &History, answer: impl Fn(&Deployment) -> BTreeSet<u64>) -> Links {
    let deployments = history.deployments.iter();
    deployments
        .map(|deployment| (deployment.id.clone(), answer(deployment)))
        .collect()
}

/// The pull requests whose merge commit is chosen.
pub(crate) fn numbers(history: &History, is_chosen: impl Fn(&str) -> bool) -> BTreeSet<u64> {
    let pull_requests = history.pull_requests.iter();
    let chosen = pull_requests.filter(|pull_request| is_chosen(&pull_request.merge_commit_sha));
    chosen.map(|pull_request| pull_request.number).collect()
}

/// Deployments that were completed at the same time are in order of their ids.
pub(crate) fn order(deployment: &Deployment) -> (&str, &str) {
    (&deployment.completed_at, &deployment.id)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::history::PullRequest;
    use crate::project::Commit;

    pub(crate) fn time(minute: u64) -> String {
        format!("2024-01-01T00:{minute:02}:00Z")
    }

    /// ```text
    /// 1 - 2 - 3 - 5 - 6 - 7      main
    ///      `- 4                  v1
    /// ```
    /// Each commit is the merge of the pull request of its number, but for 6, in the minute of its number. Deployed
    /// are 2, 4 (a release branch), 6, 5 (back again), 7 and 4 once more, in the minutes from 10 on.
    pub(crate) fn project() -> Project {
        let parents: [(u64, &[u64]); 7] = [
            (1, &[]),
            (2, &[1]),
            (3, &[2]),
            (4, &[2]),
            (5, &[3]),
            (6, &[5]),
            (7, &[6]),
        ];
        let commits = parents.map(|(commit, parents)| Commit {
            sha: commit.to_string(),
            parents: parents.iter().map(u64::to_string).collect(),
            committed_at: time(commit),
        });
        let pull_requests = [1, 2, 3, 4, 5, 7].map(|number| PullRequest {
            number,
            author: None,
            base: Some(if number == 4 { "v1" } else { "main" }.to_owned()),
            created_at: None,
            merged_at: time(number),
            merge_commit_sha: number.to_string(),
        });
        let deployed = [
            ("a", "2"),
            ("b", "4"),
            ("c", "6"),
            ("d", "5"),
            ("e", "7"),
            ("f", "4"),
        ];
        let mut previous: Option<&str> = None;
        let deployments = (10..).zip(deployed).map(|(minute, (id, commit))| Deployment {
            id: id.to_owned(),
            commit: commit.to_owned(),
            previous: previous.replace(commit).map(str::to_owned),
            completed_at: time(minute),
        });
        let history = History {
            name: "project".to_owned(),
            pull_requests: pull_requests.into(),
            deployments: deployments.collect(),
            links: BTreeMap::from([("a".to_owned(), vec![2])]),
        };
        Project {
            commits: commits.into(),
            history,
        }
    }

    #[track_caller]
    pub(crate) fn assert_links(links: &Links, expected: [&[u64]; 6]) {
        let found: Vec<Vec<u64>> = links
            .values()
            .map(|numbers| numbers.iter().copied().collect())
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_base_is_the_latest_earlier_deployment_that_is_contained() {
        let project = project();
        let links = by_latest_contained(&project);
        // a has none; c, d and e look past what they do not contain; f finds b, the same commit
        assert_links(&links, [&[2], &[4], &[3, 5], &[3, 5], &[7], &[4]]);
        let first = first_of(&project.history, &links);
        assert_links(&first, [&[2], &[4], &[3, 5], &[], &[7], &[]]);
    }

    #[test]
    fn the_exact_rule_knows_the_deployed_commit_alone() {
        assert_links(&exact(&project().history), [&[2], &[4], &[], &[5], &[7], &[4]]);
    }

    #[test]
    fn the_merge_time_rule_needs_two_merges_into_one_branch() {
        let links = merge_time(&project().history);
        assert_links(&links, [&[2], &[4], &[], &[5], &[7], &[4]]);
        let mut project = project();
        project.history.deployments[4].previous = Some("2".to_owned());
        assert_eq!(merge_time(&project.history)["e"], BTreeSet::from([3, 5, 7]));
    }

    #[test]
    fn by_time_alone_everything_is_in_the_first_deployment_after_it() {
        let mut project = project();
        project.history.deployments[0].completed_at = time(5);
        let links = first_after_merge(&project.history);
        assert_links(&links, [&[1, 2, 3, 4, 5], &[7], &[], &[], &[], &[]]);
    }
}
