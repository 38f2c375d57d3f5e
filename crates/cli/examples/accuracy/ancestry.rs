//! The right answers, by sets of ancestors and by nothing that the service has.

use crate::history::{Deployment, History};
use crate::project::{Commit, Project};
use crate::rules::{Links, for_each_deployment, numbers, order};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The parents of every commit.
pub(crate) struct Ancestry<'a> {
    parents: HashMap<&'a str, &'a [String]>,
}

impl<'a> Ancestry<'a> {
    pub(crate) fn new(commits: &'a [Commit]) -> Self {
        let parents = commits.iter();
        let parents = parents.map(|commit| (commit.sha.as_str(), commit.parents.as_slice()));
        Self {
            parents: parents.collect(),
        }
    }

    /// The commit and every one that is reachable from it; none if the commit is not known.
    pub(crate) fn contained(&self, commit: &'a str) -> HashSet<&'a str> {
        let mut reached = HashSet::new();
        let mut next = vec![commit];
        while let Some(commit) = next.pop() {
            if let Some(parents) = self.parents.get(commit)
                && reached.insert(commit)
            {
                next.extend(parents.iter().map(String::as_str));
            }
        }
        reached
    }
}

/// What git says when each deployment names the commit of the one before it.
pub(crate) fn with_previous(history: &History) -> Links {
    for_each_deployment(history, |deployment| {
        let numbers = history.links.get(&deployment.id);
        numbers.into_iter().flatten().copied().collect()
    })
}

/// What `git rev-list COMMIT --not EARLIER...` says when no deployment names another. The first deployment, and one after a
/// deployment whose commit is not known, ships the pull request that was merged as its commit, and no other.
pub(crate) fn without_previous(project: &Project) -> Links {
    let history = &project.history;
    let ancestry = Ancestry::new(&project.commits);
    let mut live = HashSet::new();
    let mut has_base = false;
    let shipped = in_order(history).into_iter().map(|deployment| {
        let contained = ancestry.contained(&deployment.commit);
        let shipped = numbers(history, |merge| {
            let is_new = contained.contains(merge) && !live.contains(merge);
            merge == deployment.commit || (has_base && is_new)
        });
        has_base = !contained.is_empty();
        live.extend(contained);
        (deployment.id.clone(), shipped)
    });
    shipped.collect()
}

/// Of the links those whose pull request no earlier deployment contains or links.
pub(crate) fn first_deliveries(project: &Project, links: &Links) -> Links {
    let history = &project.history;
    let ancestry = Ancestry::new(&project.commits);
    let (mut live, mut linked) = (HashSet::new(), BTreeSet::new());
    let delivered = in_order(history).into_iter().map(|deployment| {
        let new = numbers(history, |merge| !live.contains(merge));
        let links = links.get(&deployment.id).cloned().unwrap_or_default();
        let first = links
            .iter()
            .filter(|number| new.contains(*number) && !linked.contains(*number));
        let first = first.copied().collect();
        live.extend(ancestry.contained(&deployment.commit));
        linked.extend(links);
        (deployment.id.clone(), first)
    });
    delivered.collect()
}

fn in_order(history: &History) -> Vec<&Deployment> {
    let mut deployments: Vec<_> = history.deployments.iter().collect();
    deployments.sort_by_key(|deployment| order(deployment));
    deployments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::tests::{assert_links, project, time};

    #[test]
    fn what_the_history_states_has_an_entry_for_each_deployment() {
        assert_links(
            &with_previous(&project().history),
            [&[2], &[], &[], &[], &[], &[]],
        );
    }

    #[test]
    fn a_deployment_ships_what_no_earlier_one_contains() {
        let project = project();
        let links = without_previous(&project);
        // d goes back to 5, and f deploys the release branch again.
        assert_links(&links, [&[2], &[4], &[3, 5], &[5], &[7], &[4]]);
        let first = first_deliveries(&project, &links);
        assert_links(&first, [&[2], &[4], &[3, 5], &[], &[7], &[]]);
    }

    #[test]
    fn deployments_of_one_time_are_in_order_of_their_ids() {
        let mut project = project();
        for deployment in &mut project.history.deployments {
            deployment.completed_at = time(10);
        }
        project.history.deployments.reverse();
        assert_links(
            &without_previous(&project),
            [&[2], &[4], &[3, 5], &[5], &[7], &[4]],
        );
    }

    #[test]
    fn after_an_unknown_commit_the_exact_link_is_certain_alone() {
        let mut project = project();
        project.commits.retain(|commit| commit.sha != "6");
        let links = without_previous(&project);
        assert_links(&links, [&[2], &[4], &[], &[5], &[7], &[4]]);
        let first = first_deliveries(&project, &links);
        assert_links(&first, [&[2], &[4], &[], &[5], &[7], &[]]);
    }

    #[test]
    fn a_pull_request_inside_the_first_deployment_has_no_first_delivery() {
        let project = project();
        let mut links = without_previous(&project);
        links.insert("d".to_owned(), BTreeSet::from([1, 5]));
        assert_eq!(first_deliveries(&project, &links)["d"], BTreeSet::new());
    }
}
