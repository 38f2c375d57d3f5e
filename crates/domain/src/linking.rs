//! Which pull requests a deployment ships, and how that is known. Nothing is guessed: a pull request is linked
//! because its merge commit is the deployed commit, or because it was merged between two commits whose order is
//! known. Where that cannot be known nothing is added and a warning says so; unknown never means all of history.

use crate::commit_sha::{CommitReference, CommitSha};
use crate::deployment::Deployment;
use crate::id::{PullRequestId, RepositoryId};
use crate::lead_time::LeadTime;
use crate::pull_request::Merge;
use crate::repository::{Repository, match_service};
use crate::text::BranchName;
use crate::timestamp::Timestamp;
use crate::warning::Warning;
use std::collections::{BTreeMap, BTreeSet};

/// How it is known that a deployment shipped a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkRule {
    /// The deployed commit is the pull request's merge commit.
    Exact,
    /// It was merged after the previous commit's pull request and not after the deployed commit's, all three of
    /// one repository and base branch.
    MergeTime,
}

impl LinkRule {
    /// Every rule.
    pub const ALL: [Self; 2] = [Self::Exact, Self::MergeTime];

    /// The word that stores and answers use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::MergeTime => "merge_time",
        }
    }
}

/// A pull request that a deployment may have shipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its number.
    pub pull_request_id: PullRequestId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// Whether that repository is monitored.
    pub repository_is_monitored: bool,
    /// Its merge.
    pub merge: Merge,
}

/// What the organization knows that can matter for the links of one deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Every repository that the service may name: by full name, by bare name or by alias.
    pub repositories: Vec<Repository>,
    /// At least every pull request whose merge commit the deployed or the previous commit may name, and every
    /// one merged between two such in one repository and base branch; in any order, more do no harm.
    pub candidates: Vec<Candidate>,
}

/// One deployment shipped one pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The pull request.
    pub pull_request_id: PullRequestId,
    /// How it is known.
    pub rule: LinkRule,
    /// The commit that the range began after, if the rule used one.
    pub base: Option<CommitSha>,
    /// From its merge to the deployment's completion.
    pub lead_time: LeadTime,
}

/// A span of merge times on one branch that a deployment ships whole: a pull request that becomes known later
/// and falls into it belongs to the deployment too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MergeTimeRange {
    /// The repository.
    pub repository_id: RepositoryId,
    /// The branch; `None` stands for pull requests of which it is not known.
    pub base_branch: Option<BranchName>,
    /// Merged after this.
    pub after: Timestamp,
    /// And not after this.
    pub until: Timestamp,
}

impl MergeTimeRange {
    /// Whether a pull request of the repository belongs to the span.
    #[must_use]
    pub fn contains(&self, repository_id: RepositoryId, merge: &Merge) -> bool {
        self.repository_id == repository_id
            && self.base_branch == merge.base_branch
            && self.after < merge.merged_at
            && merge.merged_at <= self.until
    }
}

/// What a deployment ships.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linking {
    /// The pull requests, each once, in order of their numbers.
    pub links: Vec<Link>,
    /// The spans that were linked whole.
    pub ranges: Vec<MergeTimeRange>,
    /// What could not be known.
    pub warnings: Vec<Warning>,
}

/// Decides which pull requests a deployment ships: none unless it is a successful production one.
#[must_use]
pub fn link(deployment: &Deployment, surroundings: &Surroundings) -> Linking {
    let Some(shipped_at) = deployment.shipped_at() else {
        return Linking::default();
    };
    let mut warnings = Vec::new();
    let in_scope = in_scope(deployment, surroundings, &mut warnings);
    let heads = resolve(&deployment.commit, &in_scope);
    match &heads {
        Resolved::Known(..) => {}
        Resolved::Unknown => warnings.push(Warning::CommitUnknown(deployment.commit.clone())),
        Resolved::Ambiguous => warnings.push(Warning::CommitAmbiguous(deployment.commit.clone())),
    }
    let bases = deployment
        .previous_commit
        .as_ref()
        .map(|previous| resolve(previous, &in_scope));
    let (base, ranges) = merge_time_ranges(&heads, bases.as_ref());
    if let Some(previous) = deployment.previous_commit.as_ref().filter(|_| base.is_none()) {
        warnings.push(Warning::BaseUnknown(previous.clone()));
    }

    let mut links = BTreeMap::new();
    let link = |candidate: &Candidate, rule, base| Link {
        pull_request_id: candidate.pull_request_id,
        rule,
        base,
        lead_time: LeadTime::between(candidate.merge.merged_at, shipped_at),
    };
    for candidate in heads.candidates() {
        links.insert(candidate.pull_request_id, link(candidate, LinkRule::Exact, None));
    }
    for candidate in &in_scope {
        let in_range = ranges
            .iter()
            .any(|range| range.contains(candidate.repository_id, &candidate.merge));
        if in_range && base != Some(candidate.merge.commit) {
            links
                .entry(candidate.pull_request_id)
                .or_insert_with(|| link(candidate, LinkRule::MergeTime, base));
        }
    }
    Linking {
        links: links.into_values().collect(),
        ranges,
        warnings,
    }
}

/// The candidates in the repository that the service names, or, when it names none, in every monitored one.
fn in_scope<'a>(
    deployment: &Deployment,
    surroundings: &'a Surroundings,
    warnings: &mut Vec<Warning>,
) -> Vec<&'a Candidate> {
    let service = deployment.service.as_ref();
    let repository = service.and_then(|service| match_service(service, &surroundings.repositories));
    if let (Some(service), None) = (service, repository) {
        warnings.push(Warning::ServiceUnmatched(service.clone()));
    }
    let is_in_scope = |candidate: &&Candidate| match repository {
        Some(repository) => candidate.repository_id == repository.id,
        None => candidate.repository_is_monitored,
    };
    surroundings.candidates.iter().filter(is_in_scope).collect()
}

/// What a commit that a sender named turns out to be.
enum Resolved<'a> {
    /// One commit, and the pull requests that were merged as it: several when one merge closed several, or when
    /// several repositories share the commit.
    Known(CommitSha, Vec<&'a Candidate>),
    /// More than one commit begins like this.
    Ambiguous,
    /// No pull request was merged as it.
    Unknown,
}

impl<'a> Resolved<'a> {
    fn candidates(&self) -> &[&'a Candidate] {
        match self {
            Self::Known(_, candidates) => candidates,
            Self::Ambiguous | Self::Unknown => &[],
        }
    }
}

fn resolve<'a>(commit: &CommitReference, in_scope: &[&'a Candidate]) -> Resolved<'a> {
    let matching: Vec<_> = in_scope
        .iter()
        .copied()
        .filter(|c| commit.matches(&c.merge.commit))
        .collect();
    let commits: BTreeSet<_> = matching.iter().map(|candidate| candidate.merge.commit).collect();
    match (commits.first(), commits.len()) {
        (Some(sha), 1) => Resolved::Known(*sha, matching),
        (None, _) => Resolved::Unknown,
        _ => Resolved::Ambiguous,
    }
}

/// The base, if it and the deployed commit are merges into one branch of one repository, and the span of merge
/// times between them on each such branch (an empty one when the base is the later of the two).
fn merge_time_ranges(
    heads: &Resolved<'_>,
    bases: Option<&Resolved<'_>>,
) -> (Option<CommitSha>, Vec<MergeTimeRange>) {
    let Some(Resolved::Known(base_commit, bases)) = bases else {
        return (None, Vec::new());
    };
    let ranges: BTreeSet<_> = heads
        .candidates()
        .iter()
        .flat_map(|head| {
            let same_branch = |base: &&&Candidate| {
                base.repository_id == head.repository_id && base.merge.base_branch == head.merge.base_branch
            };
            bases.iter().filter(same_branch).map(|base| MergeTimeRange {
                repository_id: head.repository_id,
                base_branch: head.merge.base_branch.clone(),
                after: base.merge.merged_at,
                until: head.merge.merged_at,
            })
        })
        .collect();
    (
        (!ranges.is_empty()).then_some(*base_commit),
        ranges.into_iter().collect(),
    )
}

/// Whether a merge that has become known, or is no longer what it was, can change what a deployment ships, going
/// by its commits and by the spans that were linked whole.
#[must_use]
pub fn is_touched_by(
    deployment: &Deployment,
    ranges: &[MergeTimeRange],
    repository_id: RepositoryId,
    merge: &Merge,
) -> bool {
    let names_it = |commit: &CommitReference| commit.matches(&merge.commit);
    deployment.shipped_at().is_some()
        && (names_it(&deployment.commit)
            || deployment.previous_commit.as_ref().is_some_and(names_it)
            || ranges.iter().any(|range| range.contains(repository_id, merge)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use crate::repository::RepositoryName;
    use crate::run::{DeploymentStatus, Run};
    use crate::text::{ExternalDeploymentId, ServiceName};

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
            (
                "abbreviated and unique",
                Some("api"),
                "c0004~",
                None,
                &[4],
                &[],
                &[],
            ),
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
    fn a_link_keeps_its_base_and_its_lead_time() {
        let linking = link(&deployment(Some("api"), "c0004", Some("c0003")), &surroundings());
        let lead_time = LeadTime::between(day(4), Timestamp::parse(SHIPPED_AT).unwrap());
        assert_eq!(
            linking.links,
            [Link {
                pull_request_id: PullRequestId::new(4),
                rule: LinkRule::Exact,
                base: None,
                lead_time
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
        assert_eq!(link(&staging, &surroundings()), Linking::default());
    }

    #[test]
    fn a_late_merge_touches_the_deployments_that_name_it_or_whose_range_it_falls_into() {
        let deployment = deployment(Some("api"), "c0004", Some("c0001"));
        let ranges = link(&deployment, &surroundings()).ranges;
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
            assert_eq!(
                is_touched_by(&deployment, &ranges, late.repository_id, &late.merge),
                touched,
                "{late:?}"
            );
        }
    }
}
