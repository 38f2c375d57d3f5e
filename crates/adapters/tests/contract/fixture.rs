//! What contracts are written with: short ways to make values, and one organization to make them in.

use periscope_domain::commit_graph::{Commit, Push};
use periscope_domain::commit_sha::{CommitReference, CommitSha};
use periscope_domain::deployment::{Deployment, StoredDeployment};
use periscope_domain::environment::Environment;
use periscope_domain::id::{DeploymentId, OrganizationId};
use periscope_domain::linking::Link;
use periscope_domain::organization::{Organization, OrganizationSlug, Plan};
use periscope_domain::ports::{Applied, DeploymentDecision, Inserted, NewOrganization, Store};
use periscope_domain::pull_request::{PullRequest, PullRequestNumber, Source};
use periscope_domain::repository::{Repository, RepositoryName};
use periscope_domain::run::{DeploymentStatus, Run};
use periscope_domain::text::{BranchName, ExternalDeploymentId, OrganizationName, ServiceName};
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::{
    Origin, RecordCommits, RecordCommitsError, RecordDeployment, RecordPullRequests, RecordedCommits,
    RecordedDeployment, RecordedPullRequests, record_commits, record_deployments, record_pull_requests,
    relink,
};
use std::sync::Arc;
use time::Duration;

pub(crate) type SharedStore = Arc<dyn Store>;

/// So many minutes after a Monday in 2024, and some microseconds that must not get lost.
pub(crate) fn at(minutes: i64) -> Timestamp {
    let start = Timestamp::parse("2024-01-15T10:00:00.123456Z").unwrap();
    start.plus(Duration::minutes(minutes))
}

/// A whole SHA that begins with the number in hex.
pub(crate) fn sha(number: u32) -> CommitSha {
    CommitSha::parse(&format!("{number:08x}{number:032x}")).unwrap()
}

/// Another one that begins with the same digits.
pub(crate) fn twin(number: u32) -> CommitSha {
    let mut twin = *sha(number).as_bytes();
    twin[19] ^= 0x80;
    CommitSha::from_bytes(twin)
}

/// The digits that a SHA and its twin begin with.
pub(crate) fn abbreviated(number: u32) -> CommitReference {
    CommitReference::parse(&sha(number).to_string()[..8]).unwrap()
}

pub(crate) fn repository_name(name: &str) -> RepositoryName {
    RepositoryName::parse(name).unwrap()
}

/// A pull request merged into `main` as the commit and at the minute of its number.
pub(crate) fn pull_request(number: u32) -> PullRequest {
    PullRequest {
        number: PullRequestNumber::new(number.into()).unwrap(),
        source: Source::Forge,
        merge_commit: sha(number),
        merged_at: at(number.into()),
        created_at: None,
        title: None,
        url: None,
        author: None,
        merged_by: None,
        base_branch: BranchName::clean("main"),
        head_branch: None,
        additions: None,
        deletions: None,
        changed_files: None,
    }
}

/// A successful production deployment of a commit of `acme/api`, completed at minute 1000.
pub(crate) fn deployment(id: &str, commit: u32) -> Deployment {
    Deployment {
        external_id: ExternalDeploymentId::parse(id).unwrap(),
        commit: sha(commit).into(),
        environment: Environment::parse("production").unwrap(),
        run: run(DeploymentStatus::Success, 990, 1000),
        service: ServiceName::clean("api"),
        previous_commit: None,
        branch: None,
        triggered_by: None,
        pipeline_name: None,
        pipeline_url: None,
    }
}

/// The same after a previous commit.
pub(crate) fn deployment_after(id: &str, previous: u32, commit: u32) -> Deployment {
    Deployment {
        previous_commit: Some(CommitReference::from(sha(previous))),
        ..deployment(id, commit)
    }
}

/// A commit of which everything is told.
pub(crate) fn commit(number: u32, parents: &[u32]) -> Commit {
    Commit {
        sha: sha(number),
        parents: Some(parents.iter().map(|parent| sha(*parent)).collect()),
        committed_at: Some(at(number.into())),
        tagged: None,
    }
}

/// The object of an annotated tag that stands for a commit.
pub(crate) fn tag_object(commit: u32) -> CommitSha {
    sha(0xf000_0000 + commit)
}

/// The tag.
pub(crate) fn tag(commit: u32) -> Commit {
    Commit::tag(tag_object(commit), sha(commit))
}

/// A branch that was moved forward by commits.
pub(crate) fn push(before: u32, after: u32, commits: &[u32]) -> Push {
    Push {
        before: sha(before),
        after: sha(after),
        commits: commits.iter().map(|commit| sha(*commit)).collect(),
    }
}

pub(crate) fn run(status: DeploymentStatus, started: i64, completed: i64) -> Run {
    Run::new(status, at(started), Some(at(completed))).unwrap()
}

/// An organization in a store.
#[derive(Clone)]
pub(crate) struct Tenant {
    pub(crate) store: SharedStore,
    pub(crate) id: OrganizationId,
}

impl Tenant {
    pub(crate) async fn new(store: &SharedStore, slug: &str) -> Self {
        let organization = make_organization(store, slug, Plan::Free).await;
        Self {
            store: Arc::clone(store),
            id: organization.id,
        }
    }

    pub(crate) async fn record(&self, report: Deployment) -> RecordedDeployment {
        let command = RecordDeployment {
            organization_id: self.id,
            report,
        };
        let mut outcomes = record_deployments(&*self.store, &[command], at(2000)).await;
        outcomes.pop().unwrap().unwrap()
    }

    pub(crate) async fn send(
        &self,
        pull_requests: impl IntoIterator<Item = PullRequest>,
    ) -> RecordedPullRequests {
        self.send_to("acme/api", pull_requests, Origin::Sent).await
    }

    pub(crate) async fn send_to(
        &self,
        repository: &str,
        pull_requests: impl IntoIterator<Item = PullRequest>,
        origin: Origin,
    ) -> RecordedPullRequests {
        let command = RecordPullRequests {
            organization_id: self.id,
            repository: repository_name(repository),
            pull_requests: pull_requests.into_iter().collect(),
            origin,
        };
        record_pull_requests(&*self.store, &command, at(2000))
            .await
            .unwrap()
    }

    /// Tells of commits of `acme/api` by their numbers and those of their parents; commit n was committed at minute n.
    pub(crate) async fn tell(&self, commits: &[(u32, &[u32])]) -> RecordedCommits {
        let commits = commits
            .iter()
            .map(|(number, parents)| commit(*number, parents))
            .collect();
        self.tell_of("acme/api", commits, Vec::new(), Origin::Sent)
            .await
            .unwrap()
    }

    pub(crate) async fn tell_of(
        &self,
        repository: &str,
        commits: Vec<Commit>,
        pushes: Vec<Push>,
        origin: Origin,
    ) -> Result<RecordedCommits, RecordCommitsError> {
        let command = RecordCommits {
            organization_id: self.id,
            repository: repository_name(repository),
            commits,
            pushes,
            origin,
        };
        record_commits(&*self.store, &command, at(2000)).await
    }

    /// Lets the worker do all that is left to it.
    pub(crate) async fn settle(&self) {
        for round in 0.. {
            // A lease that somebody else holds ends as time goes by.
            while relink(&*self.store, None, 10, at(3000 + round)).await.unwrap() > 0 {}
            if self.store.relinking().count(None).await.unwrap() == 0 {
                return;
            }
            assert!(round < 1000, "the worker never comes to an end");
        }
    }

    pub(crate) async fn find(&self, id: &str) -> StoredDeployment {
        let id = ExternalDeploymentId::parse(id).unwrap();
        self.store
            .deployments()
            .find(self.id, &id)
            .await
            .unwrap()
            .unwrap()
    }

    pub(crate) async fn links(&self, id: &str) -> Vec<Link> {
        let id = self.find(id).await.id;
        self.store.deployments().links(self.id, id).await.unwrap()
    }

    /// The numbers of the linked pull requests with the rules that linked them.
    pub(crate) async fn linked(&self, id: &str) -> Vec<(i32, &'static str)> {
        let mut linked = Vec::new();
        for link in self.links(id).await {
            let stored = self
                .store
                .pull_requests()
                .find(self.id, link.pull_request_id)
                .await
                .unwrap()
                .unwrap();
            linked.push((stored.pull_request.number.get(), link.rule.as_str()));
        }
        linked.sort_unstable();
        linked
    }

    pub(crate) async fn repository(&self, name: &str) -> Repository {
        let name = repository_name(name);
        self.store
            .repositories()
            .find_by_name(self.id, &name)
            .await
            .unwrap()
            .unwrap()
    }
}

/// Writes decisions, and tells of each whether it was stale.
pub(crate) async fn apply(
    store: &SharedStore,
    decisions: &[DeploymentDecision],
) -> Vec<Applied<DeploymentId>> {
    let applied = store.deployments().apply(decisions).await;
    applied.into_iter().map(Result::unwrap).collect()
}

pub(crate) async fn make_organization(store: &SharedStore, slug: &str, plan: Plan) -> Organization {
    let new = NewOrganization {
        slug: OrganizationSlug::parse(slug).unwrap(),
        name: OrganizationName::parse("Acme").unwrap(),
        plan,
        created_at: at(0),
    };
    match store.organizations().insert(&new).await.unwrap() {
        Inserted::New(organization) => organization,
        Inserted::Already => panic!("{slug} is taken"),
    }
}
