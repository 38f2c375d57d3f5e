//! Which deployment is the base of another whose sender gives no previous commit.

use crate::deployments::decision;
use crate::fixture::{
    SharedStore, Tenant, abbreviated, apply, at, commit, deployment, pull_request, run, twin,
};
use periscope_domain::commit_graph::Commit;
use periscope_domain::deployment::Deployment;
use periscope_domain::environment::Environment;
use periscope_domain::linking::Novelty;
use periscope_domain::ports::{
    Applied, CommitDecision, DeploymentDecision, DeploymentVersion, TargetRepository,
};
use periscope_domain::run::DeploymentStatus;
use periscope_domain::text::ServiceName;
use periscope_domain::use_cases::{Origin, RecordDeployment, record_deployments};
use std::sync::Arc;
use tokio::task::JoinSet;

/// 1 - 2 - 3 - 4 - 5 on one branch, 2 - 6 - 7 on another; every commit is the merge of a pull request.
pub(crate) async fn two_branches(store: &SharedStore) -> Tenant {
    two_branches_of(store, "acme").await
}

pub(crate) async fn two_branches_of(store: &SharedStore, slug: &str) -> Tenant {
    let tenant = Tenant::new(store, slug).await;
    tenant.send((1..=7).map(pull_request)).await;
    tenant
        .tell(&[
            (1, &[]),
            (2, &[1]),
            (3, &[2]),
            (4, &[3]),
            (5, &[4]),
            (6, &[2]),
            (7, &[6]),
        ])
        .await;
    tenant
}

/// A deployment completed at a minute.
pub(crate) fn shipped(id: &str, commit: u32, minute: i64) -> Deployment {
    Deployment {
        run: run(DeploymentStatus::Success, minute - 10, minute),
        ..deployment(id, commit)
    }
}

pub(crate) async fn numbers(tenant: &Tenant, id: &str) -> Vec<i32> {
    tenant.settle().await;
    tenant
        .linked(id)
        .await
        .into_iter()
        .map(|(number, _)| number)
        .collect()
}

pub(crate) async fn each_service_has_its_own_base_however_it_is_spelled(store: SharedStore) {
    let acme = two_branches(&store).await;
    let of = |service: &str, deployment| Deployment {
        service: ServiceName::clean(service),
        ..deployment
    };
    acme.record(of("acme/api", shipped("a", 2, 100))).await;
    acme.record(of("api", shipped("b", 3, 200))).await;
    acme.record(of("API", shipped("c", 5, 300))).await;
    acme.record(of("ACME/API", shipped("d", 5, 400))).await;
    acme.record(of("", shipped("e", 5, 500))).await;
    acme.record(of("worker", shipped("f", 5, 600))).await;
    acme.record(of("Worker", shipped("g", 4, 550))).await;
    for (id, linked) in [
        ("a", &[2][..]),
        ("b", &[3]),
        ("c", &[4, 5]),
        ("d", &[5]),
        ("e", &[5]),
        ("f", &[5]),
        ("g", &[4]),
    ] {
        assert_eq!(numbers(&acme, id).await, linked, "{id}");
    }
    assert_eq!(acme.find("d").await.novelty, Some(Novelty::Redeployment));
}

pub(crate) async fn a_deployment_that_comes_late_becomes_the_base_of_one_that_is_recorded(
    store: SharedStore,
) {
    let acme = two_branches(&store).await;
    acme.record(shipped("z", 5, 500)).await;
    assert_eq!(numbers(&acme, "z").await, [5]);
    acme.record(shipped("a", 1, 100)).await;
    assert_eq!(numbers(&acme, "z").await, [2, 3, 4, 5]);
    acme.record(shipped("c", 7, 400)).await;
    acme.record(shipped("b", 3, 300)).await;
    assert_eq!(numbers(&acme, "z").await, [4, 5]);
    assert_eq!(numbers(&acme, "b").await, [2, 3]);
    assert_eq!(numbers(&acme, "c").await, [6, 7]);
    acme.record(shipped("later", 4, 600)).await;
    assert_eq!(numbers(&acme, "z").await, [4, 5], "what comes after is no base");
}

pub(crate) async fn what_a_late_base_changes_is_linked_before_its_recorder_returns(store: SharedStore) {
    let acme = two_branches(&store).await;
    acme.record(shipped("z", 5, 500)).await;
    acme.record(shipped("a", 1, 100)).await;
    let linked = acme.linked("z").await.into_iter();
    let linked: Vec<_> = linked.map(|(number, _)| number).collect();
    assert_eq!(linked, [2, 3, 4, 5]);
}

pub(crate) async fn a_base_that_is_taken_back_hands_over_to_the_one_before(store: SharedStore) {
    let acme = two_branches(&store).await;
    acme.record(shipped("a", 1, 100)).await;
    acme.record(shipped("b", 4, 200)).await;
    acme.record(shipped("c", 5, 300)).await;
    assert_eq!(numbers(&acme, "c").await, [5]);
    let taken_back = Deployment {
        run: run(DeploymentStatus::RolledBack, 190, 210),
        ..deployment("b", 4)
    };
    acme.record(taken_back).await;
    assert_eq!(numbers(&acme, "b").await, []);
    assert_eq!(numbers(&acme, "c").await, [2, 3, 4, 5]);
}

pub(crate) async fn a_base_that_moves_to_another_service_hands_over(store: SharedStore) {
    let acme = two_branches(&store).await;
    acme.record(shipped("a", 1, 100)).await;
    acme.record(shipped("b", 4, 200)).await;
    acme.record(shipped("c", 5, 300)).await;
    acme.record(Deployment {
        service: ServiceName::clean("worker"),
        ..shipped("b", 4, 200)
    })
    .await;
    assert_eq!(numbers(&acme, "c").await, [2, 3, 4, 5]);
}

pub(crate) async fn a_latest_deployment_whose_commit_becomes_ambiguous_leaves_the_exact_link_alone(
    store: SharedStore,
) {
    let acme = two_branches(&store).await;
    acme.record(shipped("a", 2, 100)).await;
    let base = Deployment {
        commit: abbreviated(4),
        ..shipped("b", 4, 200)
    };
    acme.record(base).await;
    acme.record(shipped("c", 5, 300)).await;
    assert_eq!(numbers(&acme, "b").await, [3, 4]);
    assert_eq!(numbers(&acme, "c").await, [5]);
    let twin = Commit {
        sha: twin(4),
        ..commit(6, &[2])
    };
    acme.tell_of("acme/api", vec![twin], vec![], Origin::Sent)
        .await
        .unwrap();
    assert_eq!(numbers(&acme, "b").await, [0; 0]);
    assert_eq!(numbers(&acme, "c").await, [5]);
}

pub(crate) async fn a_service_that_moves_to_another_repository_keeps_its_bases(store: SharedStore) {
    let acme = two_branches(&store).await;
    acme.record(shipped("a", 3, 100)).await;
    // The same commits and a new one under a new name, and the service is told to be there.
    let commits = vec![commit(4, &[3]), commit(5, &[4]), commit(8, &[5])];
    acme.tell_of("acme/backend", commits, vec![], Origin::Sent)
        .await
        .unwrap();
    acme.send_to("acme/backend", [4, 5, 8].map(pull_request), Origin::Sent)
        .await;
    let backend = acme.repository("acme/backend").await;
    let service = ServiceName::parse("shop").unwrap();
    store
        .repositories()
        .set_alias(acme.id, backend.id, &service, at(2000))
        .await
        .unwrap();
    acme.record(Deployment {
        service: Some(service.clone()),
        ..shipped("b", 4, 200)
    })
    .await;
    acme.record(Deployment {
        service: Some(service),
        ..shipped("c", 8, 300)
    })
    .await;
    assert_eq!(numbers(&acme, "c").await, [5, 8]);
}

pub(crate) async fn a_base_whose_recorder_dies_is_looked_around_for_by_the_worker(store: SharedStore) {
    let acme = two_branches(&store).await;
    acme.record(shipped("z", 5, 500)).await;
    acme.settle().await;
    let late = decision(&acme, &shipped("a", 3, 100)).await;
    write(&acme, late).await;
    assert_eq!(acme.linked("z").await, [(5, "exact")]);
    assert_eq!(numbers(&acme, "z").await, [4, 5]);
}

/// Writes what was decided before, and does not look around.
async fn write(tenant: &Tenant, decision: DeploymentDecision) {
    let applied = apply(&tenant.store, &[decision]).await;
    assert!(matches!(applied[0], Applied::Done(_)));
}

/// An organization of which nobody has told commits, whose trial has begun.
async fn without_commits(store: &SharedStore) -> Tenant {
    let acme = Tenant::new(store, "acme").await;
    acme.send((1..=5).map(pull_request)).await;
    acme.record(Deployment {
        service: ServiceName::clean("web"),
        ..shipped("begins the trial", 1, 50)
    })
    .await;
    acme
}

pub(crate) async fn a_base_recorded_while_the_first_commits_are_told_is_found(store: SharedStore) {
    let acme = without_commits(&store).await;
    let base = decision(&acme, &shipped("a", 3, 100)).await;
    acme.tell(&[(1, &[]), (2, &[1]), (3, &[2]), (4, &[3]), (5, &[4])])
        .await;
    acme.record(shipped("z", 5, 500)).await;
    assert_eq!(numbers(&acme, "z").await, [5]);
    write(&acme, base).await;
    assert_eq!(numbers(&acme, "a").await, [3]);
    assert_eq!(numbers(&acme, "z").await, [4, 5]);
}

pub(crate) async fn a_base_taken_back_while_the_first_commits_are_told_is_none(store: SharedStore) {
    let acme = without_commits(&store).await;
    acme.record(shipped("a", 3, 100)).await;
    let taken_back = Deployment {
        run: run(DeploymentStatus::RolledBack, 90, 110),
        ..deployment("a", 3)
    };
    let taken_back = decision(&acme, &taken_back).await;
    // Whoever tells of the first commits takes their time with looking again.
    let first_commits = CommitDecision {
        organization_id: acme.id,
        repository: TargetRepository::Known(acme.repository("acme/api").await),
        new: vec![commit(3, &[]), commit(4, &[3]), commit(5, &[4])],
        completed: Vec::new(),
        pushes: Vec::new(),
        proved_roots: Vec::new(),
        corrects: false,
        fills: false,
        delivery: None,
        now: at(2000),
    };
    store.commits().apply(&first_commits).await.unwrap();
    acme.record(shipped("z", 5, 500)).await;
    assert_eq!(acme.linked("z").await, [(4, "graph"), (5, "exact")]);
    write(&acme, taken_back).await;
    assert_eq!(numbers(&acme, "z").await, [5]);
}

pub(crate) async fn a_decision_that_missed_an_earlier_deployment_is_made_again(store: SharedStore) {
    let acme = two_branches(&store).await;
    acme.record(shipped("a", 1, 100)).await;
    let late = decision(&acme, &shipped("z", 5, 500)).await;
    // Its recorder takes its time, and the recorder of another deployment cannot see it meanwhile.
    acme.record(shipped("b", 3, 200)).await;
    acme.settle().await;
    write(&acme, late).await;
    assert_eq!(acme.links("z").await.len(), 4);
    assert_eq!(numbers(&acme, "z").await, [4, 5]);
    let again = decision(&acme, &shipped("z", 5, 500)).await;
    acme.record(shipped("c", 4, 300)).await;
    acme.settle().await;
    // The same report arrives again.
    let again = DeploymentDecision {
        version: DeploymentVersion {
            deployment_revision: Some(acme.find("z").await.revision),
            ..again.version
        },
        ..again
    };
    write(&acme, again).await;
    assert_eq!(numbers(&acme, "z").await, [5]);
}

/// Decisions on the first report of an organization begin its trial, so that only one of them can be applied.
async fn begin_trial(tenant: &Tenant) {
    let staging = Deployment {
        environment: Environment::parse("staging").unwrap(),
        ..shipped("begins the trial", 1, 1)
    };
    tenant.record(staging).await;
}

/// How many lines of the organization wait to be decided again.
async fn lines_waiting(tenant: &Tenant) -> usize {
    let relinking = tenant.store.relinking();
    let lines = relinking
        .claim_lines(Some(tenant.id), 10, at(2000), at(2000))
        .await;
    lines.unwrap().len()
}

pub(crate) async fn a_line_is_requested_where_later_deployments_may_ship_something_else(store: SharedStore) {
    let acme = two_branches(&store).await;
    for (id, service, completed, lines) in [
        ("z", "api", 500, 0),
        ("last", "api", 600, 0),
        ("a", "api", 100, 1),
        ("b", "web", 100, 0),
    ] {
        let report = Deployment {
            service: ServiceName::clean(service),
            ..shipped(id, 3, completed)
        };
        write(&acme, decision(&acme, &report).await).await;
        assert_eq!(lines_waiting(&acme).await, lines, "{id}");
        acme.settle().await;
    }
}

pub(crate) async fn of_two_decisions_on_one_state_of_a_line_the_second_requests_it(store: SharedStore) {
    let acme = two_branches(&store).await;
    begin_trial(&acme).await;
    let [one, other] = [("one", 100), ("other", 200)].map(|(id, completed)| shipped(id, 3, completed));
    let elsewhere = Deployment {
        service: ServiceName::clean("web"),
        ..shipped("elsewhere", 3, 300)
    };
    let decisions = [
        decision(&acme, &one).await,
        decision(&acme, &elsewhere).await,
        decision(&acme, &other).await,
    ];
    for (decision, lines) in decisions.into_iter().zip([0, 0, 1]) {
        write(&acme, decision).await;
        assert_eq!(lines_waiting(&acme).await, lines);
    }
}

pub(crate) async fn reports_of_one_line_in_one_batch_are_linked_as_if_they_came_one_by_one(
    store: SharedStore,
) {
    let reports = [
        shipped("first", 2, 100),
        shipped("second", 4, 200),
        shipped("again", 4, 300),
        shipped("branch", 7, 400),
        shipped("back", 3, 500),
        shipped("last", 5, 600),
    ];
    let mut told = Vec::new();
    for (slug, sizes) in [
        ("one-by-one", vec![1; 6]),
        ("together", vec![6]),
        ("halves", vec![3, 3]),
    ] {
        let tenant = two_branches_of(&store, slug).await;
        begin_trial(&tenant).await;
        let mut rest = reports.to_vec();
        for size in sizes {
            let mut batch: Vec<_> = rest.drain(..size).collect();
            batch.reverse();
            let commands: Vec<_> = batch
                .into_iter()
                .map(|report| RecordDeployment {
                    organization_id: tenant.id,
                    report,
                })
                .collect();
            for outcome in record_deployments(&*store, &commands, at(2000)).await {
                outcome.unwrap();
            }
        }
        assert_eq!(lines_waiting(&tenant).await, 0, "{slug}");
        let mut links = Vec::new();
        for report in &reports {
            let stored = tenant.find(report.external_id.as_str()).await;
            let linked = store.deployments().links(tenant.id, stored.id).await.unwrap();
            let linked: Vec<_> = linked
                .iter()
                .map(|link| (link.rule, link.base, link.is_first))
                .collect();
            let numbers = tenant.linked(report.external_id.as_str()).await;
            links.push((numbers, linked, stored.novelty));
        }
        told.push(links);
    }
    assert_eq!(told[1], told[0]);
    assert_eq!(told[2], told[0]);
    assert_eq!(told[0][1].0, [(3, "graph"), (4, "exact")]);
}

pub(crate) async fn decisions_of_one_call_move_their_line_on_together(store: SharedStore) {
    let acme = two_branches(&store).await;
    begin_trial(&acme).await;
    let mut decisions = Vec::new();
    for (id, completed) in [("one", 100), ("other", 200), ("third", 300)] {
        decisions.push(decision(&acme, &shipped(id, 3, completed)).await);
    }
    apply(&store, &decisions[..2]).await;
    assert_eq!(lines_waiting(&acme).await, 0, "both saw the same line");
    let mut left_out = decision(&acme, &shipped("one", 2, 400)).await;
    left_out.version = decisions[0].version;
    let third = DeploymentDecision {
        version: decision(&acme, &shipped("third", 3, 300)).await.version,
        ..decisions[2].clone()
    };
    left_out.version.line = third.version.line;
    let applied = apply(&store, &[left_out, third]).await;
    assert!(
        matches!(applied[..], [Applied::Stale, Applied::Done(_)]),
        "{applied:?}"
    );
    assert_eq!(
        lines_waiting(&acme).await,
        1,
        "the third was decided on what was left out"
    );
}

pub(crate) async fn bases_and_their_successors_recorded_at_once_meet(store: SharedStore) {
    for round in 0..20 {
        let tenant = Tenant::new(&store, &format!("round-{round}")).await;
        tenant.send((1..=7).map(pull_request)).await;
        tenant
            .tell(&[(1, &[]), (2, &[1]), (3, &[2]), (4, &[3]), (5, &[4])])
            .await;
        let tenant = Arc::new(tenant);
        let mut senders = JoinSet::new();
        for number in 1..=5 {
            let tenant = Arc::clone(&tenant);
            senders.spawn(async move {
                tenant
                    .record(shipped(&format!("d{number}"), number, 100 * i64::from(number)))
                    .await;
            });
        }
        senders.join_all().await;
        for number in 1..=5 {
            assert_eq!(
                numbers(&tenant, &format!("d{number}")).await,
                [number],
                "round {round}"
            );
        }
    }
}
