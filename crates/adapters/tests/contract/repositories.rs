use crate::fixture::{SharedStore, Tenant, at, deployment, pull_request, repository_name};
use periscope_domain::text::ServiceName;
use periscope_domain::use_cases::Origin;

pub(crate) async fn a_repository_comes_with_its_first_pull_request_whatever_the_letter_case(
    store: SharedStore,
) {
    let acme = Tenant::new(&store, "acme").await;
    assert_eq!(store.repositories().list(acme.id).await.unwrap(), []);
    acme.send_to("acme/Web", [pull_request(1)], Origin::Sent).await;
    acme.send_to("ACME/web", [pull_request(2)], Origin::Sent).await;
    acme.send_to("acme/api", [pull_request(3)], Origin::Sent).await;
    let repositories = store.repositories().list(acme.id).await.unwrap();
    let names: Vec<_> = repositories
        .iter()
        .map(|repository| repository.name.as_str())
        .collect();
    assert_eq!(names, ["acme/api", "acme/Web"]);
    assert!(
        repositories
            .iter()
            .all(|repository| repository.monitored && repository.aliases.is_empty())
    );
    assert_eq!(acme.repository("Acme/WEB").await, repositories[1]);
    let missing = repository_name("acme/jobs");
    assert_eq!(
        store
            .repositories()
            .find_by_name(acme.id, &missing)
            .await
            .unwrap(),
        None
    );
}

pub(crate) async fn an_alias_belongs_to_one_repository_at_a_time(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let other = Tenant::new(&store, "globex").await;
    for tenant in [&acme, &other] {
        tenant.send([pull_request(1)]).await;
        tenant.send_to("acme/web", [pull_request(2)], Origin::Sent).await;
    }
    let [api, web] = [
        acme.repository("acme/api").await,
        acme.repository("acme/web").await,
    ];
    for (repository, alias) in [(&api, "Checkout"), (&api, "billing"), (&web, "checkout")] {
        let alias = ServiceName::parse(alias).unwrap();
        store
            .repositories()
            .set_alias(acme.id, repository.id, &alias, at(1))
            .await
            .unwrap();
    }
    let aliases = async |name: &str| -> Vec<String> {
        acme.repository(name)
            .await
            .aliases
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    assert_eq!(aliases("acme/api").await, ["billing"]);
    assert_eq!(aliases("acme/web").await, ["checkout"]);
    assert!(other.repository("acme/web").await.aliases.is_empty());
}

pub(crate) async fn an_alias_links_the_deployments_of_its_service(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send([pull_request(1)]).await;
    acme.send_to("acme/web", [pull_request(1)], Origin::Sent).await;
    let mut report = deployment("d", 1);
    report.service = ServiceName::clean("Checkout");
    // Nobody is called so: the commit is found in both.
    assert_eq!(acme.record(report).await.linked_pull_requests, 2);
    let web = acme.repository("acme/web").await;
    let alias = ServiceName::parse("checkout").unwrap();
    store
        .repositories()
        .set_alias(acme.id, web.id, &alias, at(1))
        .await
        .unwrap();
    acme.settle().await;
    assert_eq!(acme.links("d").await.len(), 1);
}

pub(crate) async fn an_alias_that_is_removed_links_nothing_any_more(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let globex = Tenant::new(&store, "globex").await;
    acme.send([pull_request(1)]).await;
    acme.send_to("acme/web", [pull_request(1)], Origin::Sent).await;
    globex.send([pull_request(1)]).await;
    let [api, web] = [
        acme.repository("acme/api").await,
        acme.repository("acme/web").await,
    ];
    let alias = ServiceName::parse("Checkout").unwrap();
    let repositories = store.repositories();
    repositories
        .set_alias(acme.id, web.id, &alias, at(1))
        .await
        .unwrap();
    let mut report = deployment("d", 1);
    report.service = ServiceName::clean("checkout");
    assert_eq!(acme.record(report).await.linked_pull_requests, 1);
    let of_globex = globex.repository("acme/api").await;
    let other_case = ServiceName::parse("CHECKOUT").unwrap();
    for (organization_id, id, is_removed) in [
        (acme.id, api.id, false),
        (globex.id, web.id, false),
        (globex.id, of_globex.id, false),
        (acme.id, web.id, true),
        (acme.id, web.id, false),
    ] {
        let removed = repositories.remove_alias(organization_id, id, &other_case, at(2));
        assert_eq!(removed.await.unwrap(), is_removed);
        let linked = if acme.repository("acme/web").await.aliases.is_empty() {
            2
        } else {
            1
        };
        acme.settle().await;
        assert_eq!(acme.links("d").await.len(), linked, "found in both again");
    }
}

pub(crate) async fn monitoring_a_repository_or_not_changes_what_is_linked(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send([pull_request(1)]).await;
    let mut report = deployment("d", 1);
    report.service = None;
    report.commit = periscope_domain::commit_sha::CommitReference::parse("0000000100").unwrap();
    assert_eq!(acme.record(report).await.linked_pull_requests, 1);
    let api = acme.repository("acme/api").await;
    for (monitored, linked) in [(false, 0), (true, 1)] {
        store
            .repositories()
            .set_monitored(acme.id, api.id, monitored, at(1))
            .await
            .unwrap();
        acme.settle().await;
        assert_eq!(acme.repository("acme/api").await.monitored, monitored);
        assert_eq!(acme.links("d").await.len(), linked);
    }
}
