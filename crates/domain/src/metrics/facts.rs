//! What metrics are computed from: the completed deployments of an organization with their links, and its merged pull
//! requests, in order of time and in a form that a million of fit into some ten megabytes. Every figure is a pass over
//! a slice of it, so none needs an aggregate of its own in a store that could come to another result.
//!
//! Rows lie in spans of some six days. What changes is put in anew, and only the spans that it belongs to are copied if
//! somebody still reads the facts before.

use super::Window;
use super::names::{NameNumber, Names, Spellings};
use super::spans::{Row, Spans};
use crate::environment::Environment;
use crate::id::{DeploymentId, PullRequestId, RepositoryId};
use crate::lead_time::LeadTime;
use crate::linking::UnlinkedReason;
use crate::run::DeploymentStatus;
use crate::text::{Actor, ServiceName};
use crate::timestamp::Timestamp;
use std::sync::Arc;

/// A deployment that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletedDeployment {
    /// When it ended.
    pub completed_at: Timestamp,
    /// How it ended.
    pub status: DeploymentStatus,
    /// Where it went.
    pub environment: Environment,
    /// What was deployed.
    pub service: Option<ServiceName>,
    /// Why it has no links, if it could have some.
    pub unlinked: Option<UnlinkedReason>,
    /// Whether all of it was live before.
    pub is_redeployment: bool,
    /// The pull requests that it shipped.
    pub links: Vec<ShippedPullRequest>,
}

/// A pull request that a deployment shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShippedPullRequest {
    /// Its number.
    pub id: PullRequestId,
    /// From its merge to the deployment's completion.
    pub lead_time: LeadTime,
    /// Whether no earlier deployment of the service delivered it.
    pub is_first: bool,
}

/// A deployment as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedDeployment {
    /// Its number.
    pub id: DeploymentId,
    /// What is known of its end; `None` if it runs, perhaps again.
    pub completed: Option<CompletedDeployment>,
}

/// A merged pull request as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergedPullRequest {
    /// Its number.
    pub id: PullRequestId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// When it was merged.
    pub merged_at: Timestamp,
    /// When it was opened.
    pub created_at: Option<Timestamp>,
    /// Who opened it.
    pub author: Option<Actor>,
    /// Lines added and deleted together.
    pub lines: Option<u32>,
}

/// A completed deployment as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DeploymentRow {
    /// Microseconds since 1970.
    pub(crate) completed_at: i64,
    pub(crate) id: DeploymentId,
    /// Of its span's links the first one that is its own; the next deployment's begin where these end.
    first_link: u32,
    pub(crate) service: NameNumber,
    pub(crate) environment: NameNumber,
    pub(crate) status: DeploymentStatus,
    pub(crate) unlinked: Option<UnlinkedReason>,
    pub(crate) is_redeployment: bool,
}

/// A link as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkRow {
    pub(crate) pull_request_id: PullRequestId,
    /// The seconds of its lead time; below 0, and then one less than their negative, where it is no first delivery.
    coded: i64,
}

impl LinkRow {
    fn new(shipped: &ShippedPullRequest) -> Self {
        let seconds = shipped.lead_time.seconds();
        Self {
            pull_request_id: shipped.id,
            coded: if shipped.is_first { seconds } else { !seconds },
        }
    }

    /// Whether no earlier deployment of the service delivered it.
    pub(crate) const fn is_first(&self) -> bool {
        self.coded >= 0
    }

    /// From its merge to the deployment's completion.
    pub(crate) fn lead_time(&self) -> LeadTime {
        let seconds = if self.is_first() { self.coded } else { !self.coded };
        LeadTime::from_seconds(seconds).unwrap_or_default()
    }
}

/// A merged pull request as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MergeRow {
    /// Microseconds since 1970.
    pub(crate) merged_at: i64,
    pub(crate) id: PullRequestId,
    pub(crate) repository_id: RepositoryId,
    /// Microseconds; `i64::MIN` if it is not known.
    created_at: i64,
    author: NameNumber,
    /// `u32::MAX` if it is not known.
    lines: u32,
}

impl MergeRow {
    /// From its opening to its merge, in microseconds.
    pub(crate) fn cycle_time(&self) -> Option<i64> {
        (self.created_at != i64::MIN).then(|| self.merged_at.saturating_sub(self.created_at).max(0))
    }

    /// Lines added and deleted together.
    pub(crate) fn lines(&self) -> Option<u32> {
        (self.lines != u32::MAX).then_some(self.lines)
    }
}

/// The time that a row keeps as microseconds.
pub(crate) fn time_of(microseconds: i64) -> Timestamp {
    Timestamp::from_microseconds(microseconds).unwrap_or(Timestamp::FIRST)
}

impl Row for DeploymentRow {
    type Extra = LinkRow;

    fn at(&self) -> i64 {
        self.completed_at
    }

    fn id(&self) -> i64 {
        self.id.get()
    }

    fn first_extra(&self) -> u32 {
        self.first_link
    }

    fn set_first_extra(&mut self, first: u32) {
        self.first_link = first;
    }
}

impl Row for MergeRow {
    type Extra = ();

    fn at(&self) -> i64 {
        self.merged_at
    }

    fn id(&self) -> i64 {
        self.id.get()
    }

    fn first_extra(&self) -> u32 {
        0
    }

    fn set_first_extra(&mut self, _first: u32) {}
}

/// What metrics of an organization are computed from. Cloning it shares what is kept.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    deployments: Spans<DeploymentRow>,
    merges: Spans<MergeRow>,
    names: Arc<AllNames>,
}

#[derive(Clone, Debug, Default)]
struct AllNames {
    services: Spellings,
    environments: Names,
    authors: Spellings,
}

impl Facts {
    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts in deployments as they are now, in place of what was known of them.
    pub fn put_deployments(&mut self, changed: &[ChangedDeployment]) {
        let names = &mut self.names;
        let rows = changed.iter().filter_map(|changed| {
            let completed = changed.completed.as_ref()?;
            let row = DeploymentRow {
                completed_at: completed.completed_at.microseconds(),
                id: changed.id,
                first_link: 0,
                service: AllNames::service(names, completed.service.as_ref().map(ServiceName::as_str)),
                environment: AllNames::environment(names, &completed.environment),
                status: completed.status,
                unlinked: completed.unlinked,
                is_redeployment: completed.is_redeployment,
            };
            Some((row, completed.links.iter().map(LinkRow::new).collect()))
        });
        let rows = rows.collect();
        self.deployments
            .put(changed.iter().map(|changed| changed.id.get()), rows);
    }

    /// Puts in pull requests as they are now, in place of what was known of them.
    pub fn put_pull_requests(&mut self, changed: &[MergedPullRequest]) {
        let names = &mut self.names;
        let rows = changed.iter().map(|merged| {
            let row = MergeRow {
                merged_at: merged.merged_at.microseconds(),
                id: merged.id,
                repository_id: merged.repository_id,
                created_at: merged.created_at.map_or(i64::MIN, Timestamp::microseconds),
                author: AllNames::author(names, merged.author.as_ref().map(Actor::as_str)),
                lines: merged.lines.unwrap_or(u32::MAX),
            };
            (row, Vec::new())
        });
        let rows = rows.collect();
        self.merges
            .put(changed.iter().map(|merged| merged.id.get()), rows);
    }

    /// The deployments that were completed in a window, as they were put in, in order of completion.
    pub fn completed_deployments(
        &self,
        window: Window,
    ) -> impl Iterator<Item = (DeploymentId, CompletedDeployment)> {
        self.deployments(window).filter_map(|(row, links)| {
            let completed = CompletedDeployment {
                completed_at: Timestamp::from_microseconds(row.completed_at)?,
                status: row.status,
                environment: Environment::parse(self.environment_name(row.environment)).ok()?,
                service: self.service_name(row).and_then(ServiceName::clean),
                unlinked: row.unlinked,
                is_redeployment: row.is_redeployment,
                links: links
                    .iter()
                    .map(|link| ShippedPullRequest {
                        id: link.pull_request_id,
                        lead_time: link.lead_time(),
                        is_first: link.is_first(),
                    })
                    .collect(),
            };
            Some((row.id, completed))
        })
    }

    /// The pull requests that were merged in a window, as they were put in, in order of their merge.
    pub fn merged_pull_requests(&self, window: Window) -> impl Iterator<Item = MergedPullRequest> {
        self.merges(window).filter_map(|row| {
            Some(MergedPullRequest {
                id: row.id,
                repository_id: row.repository_id,
                merged_at: Timestamp::from_microseconds(row.merged_at)?,
                created_at: Timestamp::from_microseconds(row.created_at),
                author: self.author_name(row).and_then(Actor::clean),
                lines: row.lines(),
            })
        })
    }

    /// About how many bytes they take.
    #[must_use]
    pub fn weight(&self) -> usize {
        let names = &self.names;
        let names = names.services.weight() + names.environments.weight() + names.authors.weight();
        self.deployments.weight() + self.merges.weight() + names
    }

    /// The deployments that were completed in a window, with their links, in order of completion.
    pub(crate) fn deployments(&self, window: Window) -> impl Iterator<Item = (&DeploymentRow, &[LinkRow])> {
        self.deployments
            .between(window.since.microseconds(), window.until.microseconds())
    }

    /// The pull requests that were merged in a window, in order of their merge.
    pub(crate) fn merges(&self, window: Window) -> impl Iterator<Item = &MergeRow> {
        self.merges
            .between(window.since.microseconds(), window.until.microseconds())
            .map(|(row, _)| row)
    }

    /// Every environment that a deployment went to, with its number; the tier is that of a well-known name.
    pub(crate) fn environments(&self) -> impl Iterator<Item = (NameNumber, Environment)> {
        let names = self.names.environments.numbered();
        names.filter_map(|(number, name)| Some((number, Environment::parse(name).ok()?)))
    }

    /// The number of an environment, if any deployment went there.
    pub(crate) fn environment(&self, environment: &Environment) -> Option<NameNumber> {
        self.names.environments.find(environment.as_str())
    }

    /// The name of an environment.
    pub(crate) fn environment_name(&self, number: NameNumber) -> &str {
        self.names.environments.text(number).unwrap_or_default()
    }

    /// Every spelling of a service that was ever deployed, with its number, in order of numbers.
    pub(crate) fn service_spellings(&self) -> impl Iterator<Item = (NameNumber, &str)> {
        self.names.services.numbered()
    }

    /// A deployment's service as it spells it.
    pub(crate) fn service_name(&self, row: &DeploymentRow) -> Option<&str> {
        self.names.services.text(row.service)
    }

    /// What is the same for all spellings of an author; 0 for those that are not known.
    pub(crate) fn author_key(&self, row: &MergeRow) -> NameNumber {
        self.names.authors.key(row.author)
    }

    /// A pull request's author as it spells them, if they are known.
    pub(crate) fn author_name(&self, row: &MergeRow) -> Option<&str> {
        self.names.authors.text(row.author)
    }
}

/// New names are rare: only they copy what somebody else still reads.
impl AllNames {
    fn service(names: &mut Arc<Self>, service: Option<&str>) -> NameNumber {
        let Some(service) = service else { return 0 };
        let known = names.services.find(service);
        known.unwrap_or_else(|| Arc::make_mut(names).services.number(service))
    }

    fn environment(names: &mut Arc<Self>, environment: &Environment) -> NameNumber {
        let name = environment.as_str();
        let known = names.environments.find(name);
        known.unwrap_or_else(|| Arc::make_mut(names).environments.number(Some(name)))
    }

    fn author(names: &mut Arc<Self>, author: Option<&str>) -> NameNumber {
        let Some(author) = author else { return 0 };
        let known = names.authors.find(author);
        known.unwrap_or_else(|| Arc::make_mut(names).authors.number(author))
    }
}
