//! One service under every spelling that names its repository, whatever became known first.

use crate::bases::{numbers, shipped};
use crate::fixture::{SharedStore, Tenant, at, pull_request, repository_name, run};
use crate::lines::first_deliveries;
use periscope_domain::deployment::Deployment;
use periscope_domain::environment::Environment;
use periscope_domain::linking::{Novelty, service_key};
use periscope_domain::listing::{DeploymentFilter, Order};
use periscope_domain::metrics::{Figures, Metric, Question, Window};
use periscope_domain::run::DeploymentStatus;
use periscope_domain::text::ServiceName;
use periscope_domain::time_zone::TimeZone;
use periscope_domain::use_cases::{Origin, add_alias, list_services, report_metrics};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};

fn of(service: &str, deployment: Deployment) -> Deployment {
    Deployment {
        service: ServiceName::clean(service),
        ..deployment
    }
}

const COMMITS: [(u32, &[u32]); 4] = [(1, &[]), (2, &[1]), (3, &[2]), (4, &[3])];

pub(crate) async fn both_spellings_of_a_repository_are_one_line_in_any_order(store: SharedStore) {
    let mut random = StdRng::seed_from_u64(7);
    for round in 0..12 {
        let acme = Tenant::new(&store, &format!("round-{round}")).await;
        let mut steps: Vec<usize> = (0..7).collect();
        steps.shuffle(&mut random);
        for step in steps.iter().chain(steps.choose(&mut random)) {
            match step {
                0 => drop(acme.send((1..=4).map(pull_request)).await),
                1 => drop(acme.tell(&COMMITS).await),
                2 => drop(acme.record(of("api", shipped("a", 1, 100))).await),
                3 => drop(acme.record(of("acme/api", shipped("b", 3, 200))).await),
                4 => drop(acme.record(of("API", shipped("c", 3, 300))).await),
                5 => drop(acme.record(of("Acme/API", shipped("d", 2, 400))).await),
                _ => drop(acme.record(of("worker", shipped("w", 4, 500))).await),
            }
        }
        for (id, linked, first) in [
            ("a", &[1][..], &[1][..]),
            ("b", &[2, 3], &[2, 3]),
            ("c", &[3], &[]),
            ("d", &[2], &[]),
            ("w", &[4], &[4]),
        ] {
            assert_eq!(numbers(&acme, id).await, linked, "{steps:?}: {id}");
            assert_eq!(first_deliveries(&acme, id).await, first, "{steps:?}: {id}");
        }
        assert_eq!(
            acme.find("c").await.novelty,
            Some(Novelty::Redeployment),
            "{steps:?}"
        );
        assert_eq!(acme.find("d").await.novelty, Some(Novelty::RollBack), "{steps:?}");
        let repositories = acme.store.repositories().list(acme.id).await.unwrap();
        for id in ["a", "b", "c", "d", "w"] {
            let stored = acme.find(id).await;
            let key = service_key(stored.deployment.service.as_ref(), &repositories);
            assert_eq!(stored.service_key, key, "{steps:?}: {id}");
        }
    }
}

pub(crate) async fn a_second_repository_of_a_bare_name_takes_the_bare_spelling_out(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send((1..=4).map(pull_request)).await;
    acme.tell(&COMMITS).await;
    acme.record(of("api", shipped("a", 1, 100))).await;
    acme.record(of("acme/api", shipped("b", 3, 200))).await;
    assert_eq!(numbers(&acme, "b").await, [2, 3]);
    acme.send_to("labs/api", [pull_request(9)], Origin::Sent).await;
    acme.settle().await;
    assert_eq!(acme.find("a").await.service_key, "api");
    assert_eq!(acme.find("b").await.service_key, "acme/api");
    assert_eq!(
        numbers(&acme, "b").await,
        [3],
        "what was live before is not known any more"
    );
    // An alias decides for the bare name, and is a service of its own.
    let labs = acme.repository("labs/api").await;
    let alias = ServiceName::clean("api").unwrap();
    add_alias(&*store, acme.id, labs.id, &alias, at(2000))
        .await
        .unwrap();
    acme.settle().await;
    assert_eq!(acme.find("a").await.service_key, "api");
}

pub(crate) async fn an_outage_under_one_spelling_ends_under_the_other(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let reported = |id: &str, service: &str, status, minute| Deployment {
        run: run(status, minute - 5, minute),
        ..of(service, shipped(id, 1, minute))
    };
    let mut reports = [
        reported("up", "api", DeploymentStatus::Success, 100),
        reported("down", "acme/api", DeploymentStatus::Failure, 200),
        reported("again", "API", DeploymentStatus::Success, 260),
    ];
    reports.shuffle(&mut StdRng::seed_from_u64(3));
    for report in reports {
        acme.record(report).await;
    }
    acme.send((1..=2).map(pull_request)).await;
    acme.settle().await;
    for (service, expected) in [
        (None, 1),
        (Some("api"), 1),
        (Some("ACME/api"), 1),
        (Some("web"), 0),
    ] {
        let question = Question {
            window: Window::new(at(0), at(1990)).unwrap(),
            now: at(2000),
            time_zone: TimeZone::UTC,
            environment: Environment::production(),
            service: service.and_then(ServiceName::clean),
        };
        let reports = report_metrics(&*store, acme.id, &[Metric::Recovery], question)
            .await
            .unwrap();
        let Figures::Recovery(recovery) = &reports[0].answer.figures else {
            panic!("another metric");
        };
        let ended = recovery.current.map_or(0, |rated| rated.distribution.count);
        assert_eq!((ended, recovery.open.len()), (expected, 0), "{service:?}");
        let filter = DeploymentFilter {
            service: service.and_then(ServiceName::clean),
            ..DeploymentFilter::default()
        };
        let listed = acme.list(&filter, Order::Oldest, 10).await;
        assert_eq!(listed.len(), 3 * expected, "{service:?}");
    }
    let services = list_services(&*store, acme.id).await.unwrap().services;
    let names: Vec<_> = services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(names, ["API"], "as the latest deployment spells it");
    let repository = services[0].repository.as_ref().map(|(name, _)| name.clone());
    assert_eq!(repository, Some(repository_name("acme/api")));
}
