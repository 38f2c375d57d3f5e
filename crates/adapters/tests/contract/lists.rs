//! Pages of deployments, and services. What a filter takes is the domain's rule, and every store must take the same.

use crate::fixture::{SharedStore, Tenant, at, deployment, pull_request};
use periscope_domain::deployment::Deployment;
use periscope_domain::environment::{Environment, Tier};
use periscope_domain::id::DeploymentId;
use periscope_domain::linking::service_spelling;
use periscope_domain::listing::{
    DeployedService, DeploymentFilter, ListedDeployment, Order, Page, PageLimit, PageRequest, Position,
};
use periscope_domain::period::Period;
use periscope_domain::run::{DeploymentStatus, Run};
use periscope_domain::text::ServiceName;
use periscope_domain::use_cases::{RecordDeployment, record_deployments};

pub(crate) fn request<I>(order: Order, after: Option<Position<I>>, limit: u16) -> PageRequest<I> {
    PageRequest {
        order,
        after,
        limit: PageLimit::new(limit).unwrap(),
    }
}

fn position(listed: &ListedDeployment) -> Position<DeploymentId> {
    Position {
        time: listed.stored.deployment.run.time(),
        id: listed.stored.id,
    }
}

impl Tenant {
    async fn deployments_page(
        &self,
        filter: &DeploymentFilter,
        page: PageRequest<DeploymentId>,
    ) -> Page<ListedDeployment> {
        let deployments = self.store.deployments();
        deployments.page(self.id, filter, &page).await.unwrap()
    }

    /// All that a filter takes, page by page.
    pub(crate) async fn list(
        &self,
        filter: &DeploymentFilter,
        order: Order,
        limit: u16,
    ) -> Vec<ListedDeployment> {
        let mut listed: Vec<ListedDeployment> = Vec::new();
        loop {
            let after = listed.last().map(position);
            let page = self.deployments_page(filter, request(order, after, limit)).await;
            assert!(page.items.len() <= usize::from(limit));
            listed.extend(page.items);
            if !page.has_more {
                return listed;
            }
        }
    }

    async fn record_all(&self, reports: impl IntoIterator<Item = Deployment>) {
        let command = |report| RecordDeployment {
            organization_id: self.id,
            report,
        };
        let commands: Vec<_> = reports.into_iter().map(command).collect();
        let outcomes = record_deployments(&*self.store, &commands, at(2000)).await;
        assert!(outcomes.iter().all(Result::is_ok));
    }
}

fn names(listed: &[ListedDeployment]) -> Vec<&str> {
    listed
        .iter()
        .map(|listed| listed.stored.deployment.external_id.as_str())
        .collect()
}

/// A deployment whose time is a minute, whatever its status.
fn timed(id: &str, status: DeploymentStatus, minute: i64) -> Deployment {
    let started = if status.is_terminal() { minute - 7 } else { minute };
    Deployment {
        run: Run::new(status, at(started), Some(at(minute))).unwrap(),
        ..deployment(id, 1)
    }
}

pub(crate) async fn deployments_come_in_order_of_their_time_and_their_numbers(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let all = DeploymentFilter::default();
    assert_eq!(acme.list(&all, Order::Newest, 2).await, []);
    for (id, status, minute) in [
        ("late", DeploymentStatus::Success, 30),
        ("twin-1", DeploymentStatus::Failure, 20),
        ("twin-2", DeploymentStatus::InProgress, 20),
        ("twin-3", DeploymentStatus::RolledBack, 20),
        ("early", DeploymentStatus::Pending, 10),
    ] {
        acme.record(timed(id, status, minute)).await;
    }
    for limit in [1, 2, 3, 5, 200] {
        let newest = acme.list(&all, Order::Newest, limit).await;
        assert_eq!(names(&newest), ["late", "twin-3", "twin-2", "twin-1", "early"]);
        let oldest = acme.list(&all, Order::Oldest, limit).await;
        assert_eq!(names(&oldest), ["early", "twin-1", "twin-2", "twin-3", "late"]);
    }
    let whole = acme.deployments_page(&all, request(Order::Newest, None, 5)).await;
    assert!(!whole.has_more, "a page that is just full is the last one");
}

pub(crate) async fn a_deployment_is_listed_with_every_field_and_how_many_it_shipped(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send([pull_request(1)]).await;
    acme.record(deployment("shipped", 1)).await;
    acme.record(timed("running", DeploymentStatus::InProgress, 2))
        .await;
    for (limit, order) in [(1, Order::Newest), (200, Order::Oldest)] {
        let listed = acme.list(&DeploymentFilter::default(), order, limit).await;
        for listed in listed {
            let name = listed.stored.deployment.external_id.as_str();
            assert_eq!(listed.stored, acme.find(name).await);
            assert_eq!(
                listed.linked_pull_requests,
                u64::from(name == "shipped"),
                "{name}"
            );
        }
    }
}

/// Every environment with every service and every status, one a minute.
fn every_kind() -> Vec<Deployment> {
    let mut reports = Vec::new();
    for environment in ["production", "staging", "preview/7"] {
        for service in [None, Some("api"), Some("API"), Some("Web")] {
            for status in DeploymentStatus::ALL {
                let minute = i64::try_from(reports.len()).unwrap();
                reports.push(Deployment {
                    environment: Environment::parse(environment).unwrap(),
                    service: service.and_then(ServiceName::clean),
                    ..timed(&format!("d-{minute}"), status, minute)
                });
            }
        }
    }
    reports
}

fn filters() -> Vec<DeploymentFilter> {
    use DeploymentStatus::{Failure, InProgress, Pending, Success};
    let mut filters = Vec::new();
    for environment in [None, Some("Production"), Some("nowhere")] {
        for service in [None, Some("api"), Some("web"), Some("ap")] {
            for statuses in [vec![], vec![Success], vec![Failure, Pending, InProgress]] {
                for (since, until) in [(None, None), (Some(7), Some(50)), (Some(40), None)] {
                    filters.push(DeploymentFilter {
                        environment: environment.and_then(|name| Environment::parse(name).ok()),
                        service: service.and_then(ServiceName::clean),
                        statuses: statuses.clone(),
                        period: Period::new(since.map(at), until.map(at)).unwrap(),
                    });
                }
            }
        }
    }
    filters
}

pub(crate) async fn a_filter_of_deployments_takes_what_its_rule_takes(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.give("preview/*", Tier::Production).await;
    acme.record_all(every_kind()).await;
    let all = acme.list(&DeploymentFilter::default(), Order::Oldest, 200).await;
    assert_eq!(all.len(), 72);
    for filter in filters() {
        let mut expected = all.clone();
        let key = service_spelling(filter.service.as_ref());
        expected.retain(|listed| filter.takes(&listed.stored, Some(&key)));
        assert_eq!(acme.list(&filter, Order::Oldest, 7).await, expected, "{filter:?}");
        expected.reverse();
        assert_eq!(
            acme.list(&filter, Order::Newest, 200).await,
            expected,
            "{filter:?}"
        );
    }
}

pub(crate) async fn a_rare_deployment_is_found_behind_many_others(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.give("preview/*", Tier::Production).await;
    acme.record_all(every_kind()).await;
    let early: Vec<_> = acme.list(&DeploymentFilter::default(), Order::Oldest, 200).await;
    // More than any store looks through one by one, and all of one kind, before and after the others.
    let many = |begin: i64| {
        (begin..begin + 1100).map(|minute| Deployment {
            environment: Environment::parse("test").unwrap(),
            service: ServiceName::clean("many"),
            ..timed(&format!("many-{minute}"), DeploymentStatus::Cancelled, minute)
        })
    };
    acme.record_all(many(100)).await;
    acme.record_all(many(-2000)).await;
    let is_rare = |filter: &DeploymentFilter| {
        filter.environment.is_some() || filter.service.is_some() || !filter.statuses.is_empty()
    };
    for filter in filters().into_iter().filter(is_rare) {
        let mut expected = early.clone();
        let key = service_spelling(filter.service.as_ref());
        expected.retain(|listed| filter.takes(&listed.stored, Some(&key)));
        assert_eq!(
            acme.list(&filter, Order::Oldest, 11).await,
            expected,
            "{filter:?}"
        );
        expected.reverse();
        assert_eq!(
            acme.list(&filter, Order::Newest, 11).await,
            expected,
            "{filter:?}"
        );
    }
}

pub(crate) async fn deployments_that_keep_their_time_are_on_one_page_while_others_come_and_change(
    store: SharedStore,
) {
    for order in [Order::Newest, Order::Oldest] {
        let acme = Tenant::new(&store, &format!("acme-{order:?}").to_lowercase()).await;
        for minute in 0..9 {
            let id = format!("kept-{minute}");
            // Three of each time.
            acme.record(timed(&id, DeploymentStatus::Success, minute / 3))
                .await;
            let running = timed(
                &format!("changes-{minute}"),
                DeploymentStatus::Pending,
                minute / 3,
            );
            acme.record(running).await;
        }
        let mut seen = Vec::new();
        let mut after = None;
        for minute in 0.. {
            let page = acme
                .deployments_page(&DeploymentFilter::default(), request(order, after, 2))
                .await;
            seen.extend(names(&page.items).into_iter().map(str::to_owned));
            after = page.items.last().map(position);
            if !page.has_more || minute > 40 {
                break;
            }
            let id = format!("new-{minute}");
            acme.record(timed(&id, DeploymentStatus::Success, minute % 3))
                .await;
            if minute < 9 {
                let id = format!("changes-{minute}");
                acme.record(timed(&id, DeploymentStatus::Success, 2)).await;
            }
        }
        let mut kept: Vec<_> = seen.iter().filter(|name| name.starts_with("kept")).collect();
        kept.sort();
        let expected: Vec<_> = (0..9).map(|minute| format!("kept-{minute}")).collect();
        assert_eq!(kept, expected.iter().collect::<Vec<_>>(), "{order:?}");
        if order == Order::Oldest {
            for minute in 0..9 {
                assert!(seen.contains(&format!("changes-{minute}")), "missed {minute}");
            }
        }
    }
}

pub(crate) async fn services_are_listed_once_whatever_their_letter_case(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let services = store.deployments().list_services(acme.id).await.unwrap();
    assert_eq!(services, []);
    for (id, service, environment, status, minute) in [
        ("1", Some("API"), "production", DeploymentStatus::Success, 30),
        ("2", Some("api"), "staging", DeploymentStatus::InProgress, 20),
        ("3", Some("Api"), "production", DeploymentStatus::Failure, 10),
        ("4", Some("web"), "preview/1", DeploymentStatus::Cancelled, 5),
        ("5", None, "production", DeploymentStatus::Success, 99),
        ("6", Some("acme/web"), "test", DeploymentStatus::Pending, 7),
        ("7", Some("acme/Web"), "test", DeploymentStatus::Success, 7),
    ] {
        acme.record(Deployment {
            environment: Environment::parse(environment).unwrap(),
            service: service.and_then(ServiceName::clean),
            ..timed(id, status, minute)
        })
        .await;
    }
    let service = |name: &str, minute, environments: &[&str]| DeployedService {
        name: ServiceName::clean(name),
        last_deployed_at: at(minute),
        environments: environments
            .iter()
            .map(|name| Environment::parse(name).unwrap())
            .collect(),
    };
    let services = store.deployments().list_services(acme.id).await.unwrap();
    assert_eq!(
        services,
        [
            service("", 99, &["production"]),
            service("acme/Web", 7, &["test"]),
            service("API", 30, &["production", "staging"]),
            service("web", 5, &["preview/1"]),
        ]
    );
}

pub(crate) async fn no_deployment_of_another_organization_is_listed(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.record_all(every_kind()).await;
    let globex = Tenant::new(&store, "globex").await;
    let of_service = DeploymentFilter {
        service: ServiceName::clean("api"),
        ..DeploymentFilter::default()
    };
    for order in [Order::Newest, Order::Oldest] {
        for filter in [DeploymentFilter::default(), of_service.clone()] {
            assert_eq!(globex.list(&filter, order, 200).await, []);
        }
    }
    let services = store.deployments().list_services(globex.id).await.unwrap();
    assert_eq!(services, []);
    // Neither is it in the way.
    globex.record(timed("own", DeploymentStatus::Success, 1)).await;
    let own = globex
        .list(&DeploymentFilter::default(), Order::Newest, 200)
        .await;
    assert_eq!(names(&own), ["own"]);
}
