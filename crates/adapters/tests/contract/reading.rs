//! What explanations are told from.

use crate::fixture::{SharedStore, Tenant, at, deployment, pull_request, repository_name, run};
use periscope_domain::checkup::Verdict;
use periscope_domain::deployment::Deployment;
use periscope_domain::environment::Environment;
use periscope_domain::id::{DeploymentId, PullRequestId};
use periscope_domain::metrics::{Metric, Question, Window};
use periscope_domain::organization::OrganizationSlug;
use periscope_domain::pull_request::{PullRequest, PullRequestNumber};
use periscope_domain::repository::MatchedBy;
use periscope_domain::run::DeploymentStatus;
use periscope_domain::text::ServiceName;
use periscope_domain::time_zone::TimeZone;
use periscope_domain::use_cases::{
    Origin, PullRequestExplanation, Step, check_organization, describe_deployment, describe_pull_request,
    explain_deployment, explain_pull_request, list_services, report_metrics,
};

/// Deployments of pull request 1 at minute 300 and 100, of nothing at 200, and a failed one at 150.
async fn acme(store: &SharedStore) -> Tenant {
    let acme = Tenant::new(store, "acme").await;
    acme.send([1, 2].map(pull_request)).await;
    let at = |id: &str, commit, status, minute| Deployment {
        run: run(status, minute - 10, minute),
        ..deployment(id, commit)
    };
    acme.record(at("late", 1, DeploymentStatus::Success, 300)).await;
    acme.record(at("early", 1, DeploymentStatus::Success, 100)).await;
    acme.record(at("other", 9, DeploymentStatus::Success, 200)).await;
    acme.record(at("failed", 1, DeploymentStatus::Failure, 150)).await;
    acme
}

pub(crate) async fn a_deployment_is_found_by_its_number_within_its_organization(store: SharedStore) {
    let acme = acme(&store).await;
    let globex = Tenant::new(&store, "globex").await;
    let stored = acme.find("early").await;
    let deployments = store.deployments();
    assert_eq!(
        deployments.find_by_id(acme.id, stored.id).await.unwrap(),
        Some(stored.clone())
    );
    assert_eq!(deployments.find_by_id(globex.id, stored.id).await.unwrap(), None);
    let nobodys = DeploymentId::new(i64::MAX);
    assert_eq!(deployments.find_by_id(acme.id, nobodys).await.unwrap(), None);
}

pub(crate) async fn the_deployments_that_shipped_a_pull_request_come_in_order_of_completion(
    store: SharedStore,
) {
    let acme = acme(&store).await;
    let link = acme.links("late").await.remove(0);
    let of = |tenant: &Tenant| (tenant.id, link.pull_request_id);
    let (organization_id, pull_request_id) = of(&acme);
    let shipped = store
        .deployments()
        .list_shipped_with(organization_id, pull_request_id)
        .await
        .unwrap();
    let (early, late) = (acme.find("early").await, acme.find("late").await);
    assert_eq!(
        shipped
            .iter()
            .map(|(stored, _)| stored.clone())
            .collect::<Vec<_>>(),
        [early, late]
    );
    assert_eq!(shipped[1].1, link);
    let globex = Tenant::new(&store, "globex").await;
    let (organization_id, pull_request_id) = of(&globex);
    assert_eq!(
        store
            .deployments()
            .list_shipped_with(organization_id, pull_request_id)
            .await
            .unwrap(),
        []
    );
}

pub(crate) async fn pull_requests_are_found_by_their_numbers(store: SharedStore) {
    let acme = acme(&store).await;
    let globex = Tenant::new(&store, "globex").await;
    let repository = acme.repository("acme/api").await.id;
    let pull_requests = store.pull_requests();
    let mut found = Vec::new();
    for number in [1, 2, 3] {
        let number = PullRequestNumber::new(number).unwrap();
        found.extend(
            pull_requests
                .find_by_number(acme.id, repository, number)
                .await
                .unwrap(),
        );
        assert_eq!(
            pull_requests
                .find_by_number(globex.id, repository, number)
                .await
                .unwrap(),
            None
        );
    }
    assert_eq!(found.len(), 2);
    let ids = [found[1].id, PullRequestId::new(i64::MAX), found[0].id];
    assert_eq!(pull_requests.list(acme.id, &ids).await.unwrap(), found);
    assert_eq!(pull_requests.list(globex.id, &ids).await.unwrap(), []);
    assert_eq!(pull_requests.list(acme.id, &[]).await.unwrap(), []);
}

pub(crate) async fn deployments_are_found_by_their_numbers(store: SharedStore) {
    let acme = acme(&store).await;
    let globex = Tenant::new(&store, "globex").await;
    let found = [acme.find("late").await, acme.find("failed").await];
    let ids = [found[1].id, DeploymentId::new(i64::MAX), found[0].id];
    let deployments = store.deployments();
    assert_eq!(deployments.list(acme.id, &ids).await.unwrap(), found);
    assert_eq!(deployments.list(acme.id, &ids[..1]).await.unwrap(), found[1..]);
    assert_eq!(deployments.list(globex.id, &ids).await.unwrap(), []);
    assert_eq!(deployments.list(acme.id, &[]).await.unwrap(), []);
}

pub(crate) async fn explanations_are_of_what_is_stored(store: SharedStore) {
    let acme = acme(&store).await;
    let explained = explain_deployment(&*store, acme.id, acme.find("early").await)
        .await
        .unwrap();
    assert!(explained.is_settled);
    assert_eq!(explained.links[0].link, acme.links("early").await[0]);
    assert_eq!(explained.links[0].repository, "acme/api");
    let shipped = explained.links[0].pull_request.clone();
    let codes = |steps: &[Step]| steps.iter().map(|step| step.code).collect::<Vec<_>>();
    let explained = explain_pull_request(&*store, acme.id, shipped).await.unwrap();
    assert_eq!(explained.shipped_by.len(), 2);
    assert_eq!(codes(&explained.steps), ["merged", "shipped"]);
    // Neither of them could have shipped it.
    acme.record(Deployment {
        environment: Environment::parse("staging").unwrap(),
        ..deployment("staging", 9)
    })
    .await;
    acme.record(Deployment {
        run: run(DeploymentStatus::Success, 0, 1),
        ..deployment("before", 9)
    })
    .await;
    let number = PullRequestNumber::new(2).unwrap();
    let repository = acme.repository("acme/api").await.id;
    let missing = store
        .pull_requests()
        .find_by_number(acme.id, repository, number)
        .await
        .unwrap()
        .unwrap();
    let explained = explain_pull_request(&*store, acme.id, missing).await.unwrap();
    assert_eq!(codes(&explained.steps), ["merged", "not_shipped"]);
    let codes: Vec<_> = explained
        .not_in
        .iter()
        .map(|(_, absence)| absence.code())
        .collect();
    assert_eq!(codes, ["no_graph", "commit_unknown", "no_graph"]);
}

pub(crate) async fn the_deployments_of_other_repositories_do_not_hide_why_a_pull_request_is_in_none(
    store: SharedStore,
) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send([pull_request(1)]).await;
    acme.send_to("acme/web", [pull_request(2)], Origin::Sent).await;
    let web = |number: i64, service: Option<&str>| Deployment {
        run: run(DeploymentStatus::Success, 50, 50 + number),
        service: service.and_then(ServiceName::clean),
        ..deployment(&format!("web-{number}"), 2)
    };
    for number in 0..120 {
        let service = (number % 10 > 0).then_some("web");
        acme.record(web(number, service)).await;
    }
    let number = PullRequestNumber::new(1).unwrap();
    let repository = acme.repository("acme/api").await.id;
    let found = store.pull_requests();
    let found = found.find_by_number(acme.id, repository, number).await;
    let found = found.unwrap().unwrap();
    let explained = explain_pull_request(&*store, acme.id, found.clone())
        .await
        .unwrap();
    let told = |explained: &PullRequestExplanation| {
        let reasons = explained.not_in.iter();
        let reasons = reasons.map(|(stored, why)| (stored.deployment.external_id.to_string(), why.code()));
        (explained.steps[1].code, reasons.collect::<Vec<_>>())
    };
    assert_eq!(told(&explained), ("no_deployment_since", Vec::new()));

    acme.record(deployment("own", 9)).await;
    let explained = explain_pull_request(&*store, acme.id, found.clone())
        .await
        .unwrap();
    let own = vec![("own".to_owned(), "commit_unknown")];
    assert_eq!(told(&explained), ("not_shipped", own.clone()));

    // Where nobody looks on their own account, only a deployment that names it does.
    let repositories = store.repositories();
    repositories
        .set_monitored(acme.id, repository, false, at(2000))
        .await
        .unwrap();
    acme.record(Deployment {
        service: None,
        ..deployment("unnamed", 9)
    })
    .await;
    let explained = explain_pull_request(&*store, acme.id, found).await.unwrap();
    let last = explained.steps.last().map(|step| step.code);
    assert_eq!((last, explained.not_in.len()), (Some("not_shipped"), own.len()));
}

pub(crate) async fn what_is_stored_is_described_listed_measured_and_checked(store: SharedStore) {
    let acme = acme(&store).await;
    let early = acme.find("early").await;
    let described = describe_deployment(&*store, acme.id, early.id).await.unwrap();
    let mut described = described.unwrap();
    assert_eq!((described.deployment, described.history.len()), (early, 1));
    let linked = described.links.remove(0);
    assert_eq!(linked.link, acme.links("early").await[0]);
    assert_eq!(linked.repository, "acme/api");

    let described = describe_pull_request(&*store, acme.id, linked.pull_request.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(described.pull_request, linked.pull_request);
    assert_eq!(described.repository, Some(acme.repository("acme/api").await));
    assert_eq!(described.shipped_by.len(), 2);

    let unnamed = Deployment {
        service: None,
        environment: Environment::parse("test").unwrap(),
        ..deployment("unnamed", 1)
    };
    acme.record(unnamed).await;
    let listed = list_services(&*store, acme.id).await.unwrap();
    let services: Vec<_> = listed
        .services
        .iter()
        .map(|one| (one.name.as_str(), one.repository.clone()))
        .collect();
    let matched = (repository_name("acme/api"), MatchedBy::BareName);
    assert_eq!(services, [("api", Some(matched))]);
    let environments: Vec<_> = listed.environments.iter().map(Environment::as_str).collect();
    assert_eq!(environments, ["production", "test"]);

    let question = Question {
        window: Window::new(at(0), at(1000)).unwrap(),
        now: at(1000),
        time_zone: TimeZone::UTC,
        environment: Environment::production(),
        service: None,
    };
    let metrics = [Metric::LeadTime, Metric::Throughput];
    let reports = report_metrics(&*store, acme.id, &metrics, question)
        .await
        .unwrap();
    let told = reports.iter().map(|report| {
        let events = report.answer.sample_size;
        (events, report.pull_requests.len(), report.deployments.len())
    });
    assert_eq!(told.collect::<Vec<_>>(), [(1, 1, 1), (2, 0, 0)]);

    let slug = OrganizationSlug::parse("acme").unwrap();
    let organization = store.organizations().find_by_slug(&slug).await.unwrap();
    let checks = check_organization(&*store, &organization.unwrap(), at(2000))
        .await
        .unwrap();
    let checks: Vec<_> = checks.iter().map(|check| (check.name, check.verdict)).collect();
    assert_eq!(
        checks,
        [
            ("keys", Verdict::Attention),
            ("github", Verdict::Good),
            ("runs", Verdict::Good),
            ("environments", Verdict::Good),
            ("links", Verdict::Attention)
        ]
    );
}

/// Numbers of pull requests, each with why it is not linked.
type Expected = &'static [(i32, &'static str)];

pub(crate) async fn what_a_deployment_does_not_ship_is_told_with_the_reason(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.tell(&[(1, &[]), (2, &[1]), (3, &[2]), (4, &[3]), (5, &[4])])
        .await;
    acme.send([1, 2, 3, 4, 5].map(pull_request)).await;
    let after = PullRequest {
        merged_at: at(1001),
        ..pull_request(6)
    };
    acme.send([after]).await;
    acme.send_to("acme/web", [pull_request(13)], Origin::Sent).await;
    acme.record(Deployment {
        run: run(DeploymentStatus::Success, 890, 900),
        ..deployment("first", 2)
    })
    .await;
    acme.record(deployment("second", 4)).await;
    acme.record(Deployment {
        service: ServiceName::clean("other"),
        ..deployment("unmatched", 4)
    })
    .await;
    acme.record(Deployment {
        run: run(DeploymentStatus::Failure, 990, 1000),
        ..deployment("failed", 4)
    })
    .await;
    acme.settle().await;
    let cases: [(_, Expected); 4] = [
        (
            "first",
            &[
                (5, "not_contained"),
                (4, "not_contained"),
                (3, "not_contained"),
                (1, "base_unknown"),
            ],
        ),
        ("second", &[(5, "not_contained"), (2, "in_base"), (1, "in_base")]),
        (
            "unmatched",
            &[
                (5, "not_contained"),
                (3, "base_unknown"),
                (2, "base_unknown"),
                (1, "base_unknown"),
            ],
        ),
        ("failed", &[]),
    ];
    for (id, expected) in cases {
        let explained = explain_deployment(&*store, acme.id, acme.find(id).await)
            .await
            .unwrap();
        let not_linked: Vec<_> = explained
            .not_linked
            .iter()
            .map(|(stored, repository, absence)| {
                assert_eq!(repository, "acme/api");
                (stored.pull_request.number.get(), absence.code())
            })
            .collect();
        assert_eq!(not_linked, expected, "{id}");
    }
    let many = (100..150).map(|number| PullRequest {
        merged_at: at(30),
        ..pull_request(number)
    });
    acme.send(many).await;
    // However much goes on in another repository.
    let elsewhere = (1000..1250).map(|number| PullRequest {
        merged_at: at(40),
        ..pull_request(number)
    });
    acme.send_to("acme/web", elsewhere, Origin::Sent).await;
    let explained = explain_deployment(&*store, acme.id, acme.find("second").await)
        .await
        .unwrap();
    let numbers: Vec<_> = explained
        .not_linked
        .iter()
        .map(|(stored, ..)| stored.pull_request.number.get())
        .collect();
    assert_eq!(numbers, (130..150).rev().collect::<Vec<_>>());
}
