use crate::fixture::{SharedStore, Tenant, apply, at, deployment, deployment_after, pull_request, run, sha};
use periscope_domain::commit_sha::CommitReference;
use periscope_domain::deployment::{Deployment, DeploymentEvent};
use periscope_domain::environment::Environment;
use periscope_domain::lead_time::LeadTime;
use periscope_domain::linking::{LineChange, Link, LinkRule, link};
use periscope_domain::ports::{Applied, DeploymentContext, DeploymentDecision, DeploymentQuery};
use periscope_domain::pull_request::PullRequest;
use periscope_domain::run::{DeploymentStatus, Run};
use periscope_domain::text::{Actor, BranchName, PipelineName, ServiceName};
use periscope_domain::use_cases::DeploymentAction;
use periscope_domain::web_url::WebUrl;

async fn saved_is_found_equal(store: SharedStore, saved: Deployment) {
    let acme = Tenant::new(&store, "acme").await;
    let recorded = acme.record(saved.clone()).await;
    let stored = acme.find("d \"1\"").await;
    assert_eq!((stored.id, stored.deployment), (recorded.id, saved));
}

pub(crate) async fn a_deployment_is_found_with_every_field(store: SharedStore) {
    let saved = Deployment {
        branch: BranchName::clean("main"),
        triggered_by: Actor::clean("é{},\\"),
        pipeline_name: PipelineName::clean("Deploy"),
        pipeline_url: WebUrl::parse("https://ci.example/1").ok(),
        ..deployment_after("d \"1\"", 1, 2)
    };
    saved_is_found_equal(store, saved).await;
}

pub(crate) async fn a_deployment_without_optional_fields_is_found_equal(store: SharedStore) {
    let saved = Deployment {
        run: Run::new(DeploymentStatus::Pending, at(3), None).unwrap(),
        service: None,
        commit: CommitReference::parse("abcde").unwrap(),
        ..deployment("d \"1\"", 1)
    };
    saved_is_found_equal(store, saved).await;
}

pub(crate) async fn every_accepted_event_is_kept_in_the_history(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let runs = [
        Run::new(DeploymentStatus::InProgress, at(990), None).unwrap(),
        run(DeploymentStatus::Success, 990, 1000),
        Run::new(DeploymentStatus::Pending, at(990), None).unwrap(),
        run(DeploymentStatus::RolledBack, 990, 1010),
    ];
    for (number, run) in (1..).zip(runs) {
        acme.record(Deployment {
            run,
            ..deployment("d", number)
        })
        .await;
    }
    let stored = acme.find("d").await;
    assert_eq!(
        (stored.deployment.run, stored.deployment.commit),
        (runs[3], sha(4).into())
    );
    let expected: Vec<_> = (1..)
        .zip(runs)
        .map(|(number, run)| DeploymentEvent {
            run,
            commit: sha(number).into(),
            received_at: at(2000),
        })
        .collect();
    assert_eq!(
        store.deployments().history(acme.id, stored.id).await.unwrap(),
        expected
    );
}

pub(crate) async fn links_follow_the_record(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send((1..=4).map(pull_request)).await;
    let shipped = deployment_after("d", 1, 3);
    let elsewhere = Deployment {
        environment: Environment::parse("staging").unwrap(),
        ..shipped.clone()
    };
    let back = Deployment {
        run: run(DeploymentStatus::RolledBack, 990, 1010),
        ..shipped.clone()
    };
    let again = Deployment {
        run: run(DeploymentStatus::Success, 1020, 1030),
        ..deployment_after("d", 1, 4)
    };
    for (report, linked) in [
        (elsewhere, vec![]),
        (shipped.clone(), vec![(2, "merge_time"), (3, "exact")]),
        (deployment("d", 2), vec![(2, "exact")]),
        (shipped, vec![(2, "merge_time"), (3, "exact")]),
        (back, vec![]),
        (again, vec![(2, "merge_time"), (3, "merge_time"), (4, "exact")]),
    ] {
        let recorded = acme.record(report.clone()).await;
        assert_eq!(acme.linked("d").await, linked, "{report:?}");
        assert_eq!(recorded.linked_pull_requests, linked.len() as u64);
    }
    let first = acme.links("d").await.remove(0);
    let lead_time = LeadTime::between(at(2), at(1030));
    let expected = Link {
        rule: LinkRule::MergeTime,
        base: Some(sha(1)),
        lead_time,
        ..first.clone()
    };
    assert_eq!(first, expected);
    // What is stale is told how many there are.
    let late = Deployment {
        run: Run::new(DeploymentStatus::Pending, at(1020), None).unwrap(),
        ..deployment("d", 9)
    };
    assert_eq!(acme.record(late).await.linked_pull_requests, 3);
}

pub(crate) async fn a_commit_may_be_abbreviated_as_long_as_it_fits_one(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let close = |number, digits: &str| PullRequest {
        merge_commit: periscope_domain::commit_sha::CommitSha::parse(&format!("{digits:f<40}")).unwrap(),
        ..pull_request(number)
    };
    acme.send([close(1, "abcde0"), close(2, "abcde1"), close(3, "fffff")])
        .await;
    for (digits, linked) in [
        ("abcde", vec![]),
        ("abcde0", vec![(1, "exact")]),
        ("abcde1f", vec![(2, "exact")]),
        ("abcde2", vec![]),
        ("fffff", vec![(3, "exact")]),
        ("00000", vec![]),
    ] {
        let report = Deployment {
            commit: CommitReference::parse(digits).unwrap(),
            ..deployment("d", 1)
        };
        acme.record(report).await;
        assert_eq!(acme.linked("d").await, linked, "{digits}");
    }
}

async fn context(tenant: &Tenant, report: &Deployment) -> DeploymentContext {
    let query = DeploymentQuery {
        organization_id: tenant.id,
        external_id: report.external_id.clone(),
        linking: true,
        commit: Some(report.commit.clone()),
        previous_commit: report.previous_commit.clone(),
        service: report.service.clone(),
        environment: Some(report.environment.clone()),
        shipped_at: report.shipped_at(),
        earlier: true,
    };
    tenant
        .store
        .deployments()
        .contexts(&[query])
        .await
        .unwrap()
        .pop()
        .unwrap()
        .unwrap()
}

pub(crate) async fn decision(tenant: &Tenant, report: &Deployment) -> DeploymentDecision {
    let context = context(tenant, report).await;
    DeploymentDecision {
        organization_id: tenant.id,
        version: context.version,
        deployment: report.clone(),
        event: DeploymentEvent {
            run: report.run,
            commit: report.commit.clone(),
            received_at: at(2000),
        },
        linking: Some(link(report, &context.surroundings)),
        line_changes: LineChange::between(
            context.stored.as_ref(),
            report,
            &context.service_key,
            context.last_of_line.as_ref(),
        ),
        service_key: context.service_key,
        trial: context.subscription.trial_started_by_deployment(at(2000)),
    }
}

pub(crate) async fn a_stale_decision_changes_nothing_and_says_so(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send((1..=2).map(pull_request)).await;
    let creation = decision(&acme, &deployment("d", 1)).await;
    let recorded = acme.record(deployment("d", 1)).await;
    let change = decision(&acme, &deployment("d", 2)).await;
    let done = apply(&store, std::slice::from_ref(&change)).await;
    assert_eq!(done, [Applied::Done(recorded.id)]);
    // The first one also believes that no trial has begun, the second that nobody else has changed it.
    for stale in [
        creation,
        DeploymentDecision {
            deployment: deployment("d", 1),
            ..change
        },
    ] {
        assert_eq!(apply(&store, &[stale]).await, [Applied::Stale]);
    }
    assert_eq!(acme.find("d").await.deployment, deployment("d", 2));
    assert_eq!(acme.linked("d").await, [(2, "exact")]);
    assert_eq!(
        store
            .deployments()
            .history(acme.id, recorded.id)
            .await
            .unwrap()
            .len(),
        2
    );
}

pub(crate) async fn of_two_decisions_on_one_deployment_in_one_call_one_is_applied(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.record(deployment("begins the trial", 1)).await;
    for round in 0..2 {
        let twin = decision(&acme, &deployment("d", 1)).await;
        let other = decision(&acme, &deployment(&format!("e{round}"), 1)).await;
        let applied = apply(&store, &[twin.clone(), other, twin]).await;
        let done: Vec<_> = applied
            .iter()
            .map(|applied| matches!(applied, Applied::Done(_)))
            .collect();
        assert_eq!(done, [true, true, false]);
    }
}

pub(crate) async fn many_decisions_in_one_call_are_told_of_in_their_order(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let globex = Tenant::new(&store, "globex").await;
    let mut firsts = Vec::new();
    for (tenant, id) in [(&acme, "a"), (&globex, "b"), (&acme, "c"), (&globex, "d")] {
        firsts.push(decision(tenant, &deployment(id, 1)).await);
    }
    let applied = apply(&store, &firsts).await;
    let (a, b) = (acme.find("a").await.id, globex.find("b").await.id);
    // A trial that begins makes whatever else would begin it stale.
    assert_eq!(
        applied,
        [Applied::Done(a), Applied::Done(b), Applied::Stale, Applied::Stale]
    );
    acme.tell(&[(1, &[]), (2, &[1])]).await;
    let outdated = decision(&globex, &deployment("b", 2)).await;
    globex.record(deployment("b", 3)).await;
    let mut decisions = vec![outdated];
    let others = [
        (&globex, "new"),
        (&acme, "a"),
        (&acme, "new"),
        (&globex, "d"),
        (&acme, "c"),
    ];
    for (tenant, id) in others {
        decisions.push(decision(tenant, &deployment(id, 2)).await);
    }
    let applied = apply(&store, &decisions).await;
    let mut expected = vec![Applied::Stale];
    for (tenant, id) in others {
        expected.push(Applied::Done(tenant.find(id).await.id));
    }
    assert_eq!(applied, expected);
    assert_eq!(globex.find("b").await.deployment, deployment("b", 3));
}

pub(crate) async fn organizations_do_not_see_each_other(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let globex = Tenant::new(&store, "globex").await;
    acme.send([pull_request(1)]).await;
    let first = acme.record(deployment("d", 1)).await;
    let second = globex.record(deployment("d", 1)).await;
    assert_eq!(second.action, DeploymentAction::Created);
    assert_eq!((first.linked_pull_requests, second.linked_pull_requests), (1, 0));
    assert_eq!(store.deployments().links(globex.id, first.id).await.unwrap(), []);
    assert_eq!(
        store.deployments().history(globex.id, first.id).await.unwrap(),
        []
    );
    globex.send([pull_request(2)]).await;
    let service = ServiceName::parse("api").unwrap();
    let api = globex.repository("acme/api").await;
    store
        .repositories()
        .set_alias(globex.id, api.id, &service, at(1))
        .await
        .unwrap();
    assert_eq!(store.relinking().count(Some(acme.id)).await.unwrap(), 0);
    globex.settle().await;
    assert_eq!(acme.linked("d").await, [(1, "exact")]);
    assert_eq!(globex.links("d").await, []);
}
