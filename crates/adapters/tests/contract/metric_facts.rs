use crate::fixture::{SharedStore, Tenant, at, deployment, deployment_after, pull_request, run, sha};
use periscope_domain::commit_sha::{CommitReference, CommitSha};
use periscope_domain::deployment::Deployment;
use periscope_domain::environment::Environment;
use periscope_domain::id::DeploymentId;
use periscope_domain::linking::{Novelty, UnlinkedReason};
use periscope_domain::metrics::{
    CompletedDeployment, Facts, MergedPullRequest, ServiceState, ShippedPullRequest, Window,
};
use periscope_domain::ports::Store;
use periscope_domain::pull_request::{ChangeCount, PullRequest, StoredPullRequest};
use periscope_domain::run::{DeploymentStatus, Run};
use periscope_domain::text::{Actor, ServiceName};
use periscope_domain::timestamp::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeSet;

const DAY: i64 = 24 * 60;

/// Deployments in order of completion and pull requests in order of their merge, each from a time on. Why a deployment has
/// no links is left out.
pub(crate) type Known = (Vec<(DeploymentId, CompletedDeployment)>, Vec<MergedPullRequest>);

pub(crate) async fn ask(store: &dyn Store, tenant: &Tenant, since: Timestamp) -> Known {
    let facts = store.metric_facts().facts_since(tenant.id, since).await.unwrap();
    known(&facts, since)
}

fn known(facts: &Facts, since: Timestamp) -> Known {
    let until = Timestamp::LAST;
    let window = Window { since, until };
    let deployments = facts.completed_deployments(window).map(|(id, completed)| {
        let unlinked = None;
        (
            id,
            CompletedDeployment {
                unlinked,
                ..completed
            },
        )
    });
    (
        deployments.collect(),
        facts.merged_pull_requests(window).collect(),
    )
}

/// What the other ports say of the deployments and pull requests with some names and numbers.
pub(crate) async fn told(
    tenant: &Tenant,
    names: &BTreeSet<String>,
    numbers: &BTreeSet<u32>,
    since: Timestamp,
) -> Known {
    let mut deployments = Vec::new();
    for name in names {
        let stored = tenant.find(name).await;
        let links = tenant.links(name).await.into_iter();
        let links = links.map(|link| ShippedPullRequest {
            id: link.pull_request_id,
            lead_time: link.lead_time,
            is_first: link.is_first,
        });
        let links = links.collect();
        let is_redeployment = stored.novelty.is_some_and(Novelty::is_redeployment);
        let Deployment {
            environment,
            service,
            run,
            ..
        } = stored.deployment;
        let completed = run.completed_at().filter(|completed_at| since <= *completed_at);
        deployments.extend(completed.map(|completed_at| {
            let completed = CompletedDeployment {
                completed_at,
                status: run.status(),
                environment,
                service,
                unlinked: None,
                is_redeployment,
                links,
            };
            (stored.id, completed)
        }));
    }
    deployments.sort_by_key(|(id, completed)| (completed.completed_at, *id));
    let mut merges = Vec::new();
    for number in numbers {
        merges.extend(stored_pull_request(tenant, *number).await.map(merged));
    }
    merges.retain(|merged| since <= merged.merged_at);
    merges.sort_by_key(|merged| (merged.merged_at, merged.id));
    (deployments, merges)
}

async fn stored_pull_request(tenant: &Tenant, number: u32) -> Option<StoredPullRequest> {
    let repository = tenant.repository("acme/api").await;
    let number = pull_request(number).number;
    tenant
        .store
        .pull_requests()
        .find_by_number(tenant.id, repository.id, number)
        .await
        .unwrap()
}

fn merged(stored: StoredPullRequest) -> MergedPullRequest {
    let pull_request = stored.pull_request;
    let lines = |count: ChangeCount| count.get().unsigned_abs();
    MergedPullRequest {
        id: stored.id,
        repository_id: stored.repository_id,
        merged_at: pull_request.merged_at,
        created_at: pull_request.created_at,
        author: pull_request.author,
        lines: pull_request
            .additions
            .map(lines)
            .zip(pull_request.deletions.map(lines))
            .map(|(additions, deletions)| additions + deletions),
    }
}

/// Any report of one of a few deployments, of a run at one of a few times within two years.
pub(crate) fn any_report(random: &mut StdRng) -> Deployment {
    let name = format!("d{}", random.random_range(0..12));
    let commit = random.random_range(1..12);
    let status = DeploymentStatus::ALL[random.random_range(0..6)];
    let status = if random.random_ratio(1, 2) {
        DeploymentStatus::Success
    } else {
        status
    };
    let started = at(DAY * 30 * random.random_range(0..24));
    let completed = started.plus(time::Duration::minutes(random.random_range(0..3)));
    let mut report = deployment(&name, commit);
    report.run = Run::new(status, started, status.is_terminal().then_some(completed)).unwrap();
    report.service = ServiceName::clean(["api", "API", "worker", ""][random.random_range(0..4)]);
    if random.random_ratio(1, 4) {
        report.environment = Environment::parse("staging").unwrap();
    }
    let previous = random.random_ratio(1, 2).then(|| random.random_range(1..12));
    report.previous_commit = previous.map(|previous| sha(previous).into());
    report
}

/// One of a few pull requests, merged at any time within two years, with what is known of it by chance.
pub(crate) fn any_pull_request(random: &mut StdRng) -> (u32, PullRequest) {
    let number = random.random_range(1..12);
    let merged_at = at(DAY * 30 * random.random_range(0..24));
    let mut count = || {
        random
            .random_ratio(2, 3)
            .then(|| ChangeCount::new(random.random_range(0..900)).unwrap())
    };
    let (additions, deletions) = (count(), count());
    let pull_request = PullRequest {
        merged_at,
        created_at: random
            .random_ratio(1, 2)
            .then(|| merged_at.plus(time::Duration::hours(-5))),
        author: Actor::clean(["ada", "Ada", "linus", ""][random.random_range(0..4)]),
        additions,
        deletions,
        ..pull_request(number)
    };
    (number, pull_request)
}

pub(crate) async fn random_histories_are_known_as_they_stand(store: SharedStore) {
    for seed in 0..25 {
        let random = &mut StdRng::seed_from_u64(seed);
        let tenant = Tenant::new(&store, &format!("seed-{seed}")).await;
        let (mut names, mut numbers) = (BTreeSet::new(), BTreeSet::new());
        tenant.send([pull_request(1)]).await;
        numbers.insert(1);
        for step in 0..60 {
            match random.random_range(0..10) {
                0..5 => {
                    let report = any_report(random);
                    names.insert(report.external_id.as_str().to_owned());
                    tenant.record(report).await;
                }
                5..7 => {
                    let (number, pull_request) = any_pull_request(random);
                    numbers.insert(number);
                    tenant.send([pull_request]).await;
                }
                7 => tenant.settle().await,
                _ => {
                    let since = at(DAY * 30 * random.random_range(-1..26));
                    let expected = told(&tenant, &names, &numbers, since).await;
                    let found = ask(&*store, &tenant, since).await;
                    assert_eq!(found, expected, "seed {seed}, step {step}, since {since}");
                }
            }
        }
        tenant.settle().await;
        let since = at(-DAY);
        let expected = told(&tenant, &names, &numbers, since).await;
        assert!(!expected.0.is_empty() && !expected.1.is_empty());
        assert_eq!(ask(&*store, &tenant, since).await, expected, "seed {seed}");
    }
}

/// Why the deployments have no links, in order of their numbers.
async fn reasons(tenant: &Tenant) -> Vec<Option<UnlinkedReason>> {
    let facts = tenant.store.metric_facts().facts_since(tenant.id, at(0)).await;
    let window = Window {
        since: at(0),
        until: Timestamp::LAST,
    };
    let facts = facts.unwrap();
    let mut reasons: Vec<_> = facts.completed_deployments(window).collect();
    reasons.sort_by_key(|(id, _)| *id);
    reasons
        .into_iter()
        .map(|(_, completed)| completed.unlinked)
        .collect()
}

pub(crate) async fn why_a_deployment_has_no_links_is_kept_with_it(store: SharedStore) {
    use UnlinkedReason::{BaseUnknown, CommitAmbiguous, CommitUnknown, NothingNew};
    let acme = Tenant::new(&store, "acme").await;
    let twin = PullRequest {
        merge_commit: CommitSha::parse(&format!("{:08x}{:032x}", 1, 2)).unwrap(),
        ..pull_request(2)
    };
    acme.send([pull_request(1), twin]).await;
    acme.tell(&[(5, &[]), (6, &[5])]).await;
    let ambiguous = Deployment {
        commit: CommitReference::parse("00000001").unwrap(),
        ..deployment("ambiguous", 1)
    };
    let staging = Deployment {
        environment: Environment::parse("staging").unwrap(),
        ..deployment("staging", 9)
    };
    acme.record(deployment("linked", 1)).await;
    acme.record(deployment("unknown", 9)).await;
    acme.record(ambiguous).await;
    acme.record(deployment_after("base", 8, 6)).await;
    acme.record(deployment_after("nothing", 5, 6)).await;
    acme.record(staging).await;
    let expected = [
        None,
        Some(CommitUnknown),
        Some(CommitAmbiguous),
        Some(BaseUnknown),
        Some(NothingNew),
        None,
    ];
    assert_eq!(reasons(&acme).await, expected);

    // The worker learns more, and what no longer ships needs no reason.
    acme.send([pull_request(9)]).await;
    acme.settle().await;
    acme.record(Deployment {
        run: run(DeploymentStatus::RolledBack, 990, 1010),
        ..deployment_after("nothing", 5, 6)
    })
    .await;
    assert_eq!(
        reasons(&acme).await,
        [None, None, Some(CommitAmbiguous), Some(BaseUnknown), None, None]
    );
}

pub(crate) async fn facts_of_another_organization_are_not_known(store: SharedStore) {
    let [acme, globex] = [
        Tenant::new(&store, "acme").await,
        Tenant::new(&store, "globex").await,
    ];
    acme.send([pull_request(1)]).await;
    acme.record(deployment("d", 1)).await;
    assert_eq!(ask(&*store, &globex, at(0)).await, (vec![], vec![]));
    globex.record(deployment("d", 1)).await;
    let (deployments, merges) = ask(&*store, &globex, at(0)).await;
    assert_eq!((deployments.len(), merges.len()), (1, 0));
    assert_eq!(deployments[0].1.links, []);
    let (deployments, merges) = ask(&*store, &acme, at(0)).await;
    assert_eq!((deployments.len(), merges.len()), (1, 1));
    assert_eq!(deployments[0].1.links.len(), 1);
}

fn sorted(mut states: Vec<ServiceState>) -> Vec<ServiceState> {
    states.sort_by_key(|state| state.service.as_ref().map(|name| name.as_str().to_lowercase()));
    states
}

pub(crate) async fn a_service_is_as_its_last_decided_deployment_left_it_however_early(store: SharedStore) {
    use DeploymentStatus::{Cancelled, Failure, RolledBack, Success};
    let acme = Tenant::new(&store, "acme").await;
    let staging = Environment::parse("staging").unwrap();
    let years = 1_000 * DAY;
    let mut reports = Vec::new();
    for (service, status, completed) in [
        (Some("up"), Failure, 5),
        (Some("up"), Success, 10),
        (Some("up"), Success, years),
        (Some("down"), Success, 10),
        (Some("Down"), Failure, 20),
        (Some("down"), RolledBack, 30),
        (Some("down"), Cancelled, 40),
        (Some("back"), Success, 10),
        (Some("back"), RolledBack, 20),
        (Some("back"), Success, 30),
        (Some("back"), Failure, 30),
        (Some("never"), Failure, 10),
        (None, Success, 10),
        (None, RolledBack, 20),
        (None, Failure, 20),
    ] {
        let id = format!("d-{}", reports.len());
        reports.push(Deployment {
            service: service.and_then(ServiceName::clean),
            run: run(status, 1, completed),
            ..deployment(&id, 1)
        });
    }
    let elsewhere = Deployment {
        environment: staging.clone(),
        service: ServiceName::clean("up"),
        ..deployment("staging", 1)
    };
    let running = Deployment {
        service: ServiceName::clean("up"),
        run: run(DeploymentStatus::InProgress, 50, 50),
        ..deployment("running", 1)
    };
    for report in reports.into_iter().chain([elsewhere, running]) {
        acme.record(report).await;
    }
    let mut ids = Vec::new();
    for name in ["d-4", "d-13"] {
        ids.push(acme.find(name).await.id);
    }
    let [staging, production] = [[staging], [Environment::production()]];
    let state = |service: Option<&str>, down_since: Option<(DeploymentId, i64)>| ServiceState {
        service: service.and_then(ServiceName::clean),
        environment: production[0].clone(),
        down_since: down_since.map(|(id, minutes)| (id, at(minutes))),
    };
    for before in [DAY, 2 * years] {
        let found = store
            .metric_facts()
            .states_before(acme.id, &production, at(before))
            .await;
        let expected = [
            state(None, Some((ids[1], 20))),
            state(Some("back"), None),
            state(Some("Down"), Some((ids[0], 20))),
            state(Some("up"), None),
        ];
        assert_eq!(sorted(found.unwrap()), expected, "before {before}");
    }
    let facts = store.metric_facts();
    let found = facts.states_before(acme.id, &production, at(11)).await;
    let early = [None, Some("back"), Some("down"), Some("up")].map(|service| state(service, None));
    assert_eq!(sorted(found.unwrap()), early);
    let found = facts.states_before(acme.id, &production, at(10)).await;
    assert_eq!(found.unwrap(), []);
    let found = facts
        .states_before(acme.id, &staging, at(2 * years))
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    let globex = Tenant::new(&store, "globex").await;
    let found = facts.states_before(globex.id, &production, at(DAY)).await;
    assert_eq!(found.unwrap(), []);
}
