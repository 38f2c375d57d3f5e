//! One deployment, one pull request, repositories, services and the organization, as they are read.

use crate::app::{TestApp, report_with};
use crate::explain::{deployed, deployment, id_of};
use crate::reader::Reader;
use periscope_domain::api_key::Scope;
use periscope_domain::ports::{Repositories, Store};
use periscope_domain::repository::RepositoryName;
use periscope_domain::text::ServiceName;
use serde_json::json;
use time::Duration;

#[tokio::test]
async fn a_deployment_has_its_fields_links_and_history() {
    let (app, reader) = deployed().await;
    let id = id_of(&app, "second").await;
    let described = reader.json(&format!("/api/deployments/{id}")).await;
    insta::assert_snapshot!(format!("{described:#}"));
}

#[tokio::test]
async fn a_roll_back_and_a_redeployment_say_so_and_are_no_first_deliveries() {
    let (app, reader) = deployed().await;
    for (id, completed_at, novelty) in [("back", "12:00", "roll_back"), ("again", "13:00", "redeployment")] {
        let recorded = app.deploy(&deployment(id, 2, completed_at)).send().await.json();
        assert_eq!(
            recorded["warnings"][0]["code"],
            json!("redeployment"),
            "{recorded}"
        );
        let id = id_of(&app, id).await;
        let described = reader.json(&format!("/api/deployments/{id}")).await;
        assert_eq!(described["novelty"], json!(novelty));
        let links = described["links"].as_array().unwrap();
        let is_first: Vec<_> = links.iter().map(|link| &link["isFirstDelivery"]).collect();
        assert_eq!(is_first, [&json!(false)]);
        let listed = reader.json("/api/deployments?limit=1").await;
        assert_eq!(listed["deployments"][0]["novelty"], json!(novelty));
    }
    let failed = report_with(&[("status", Some(json!("failure")))]);
    app.deploy(&failed).send().await;
    let listed = reader.json("/api/deployments?status=failure").await;
    assert_eq!(listed["deployments"][0]["novelty"], json!(null));
}

#[tokio::test]
async fn a_pull_request_has_its_fields_and_what_shipped_it() {
    let (app, reader) = deployed().await;
    let id = id_of(&app, "second").await;
    let path = format!("/api/deployments/{id}");
    let linked = reader.json(&path).await["links"][0]["pullRequest"]["id"]
        .as_i64()
        .unwrap();
    let shipped = reader.json(&format!("/api/pull-requests/{linked}")).await;
    let missing = reader.json(&format!("/api/pull-requests/{}", linked + 1)).await;
    insta::assert_snapshot!(format!("{shipped:#}\n{missing:#}"));
}

#[tokio::test]
async fn an_explanation_begins_with_the_same_deployment() {
    let (app, reader) = deployed().await;
    let id = id_of(&app, "second").await;
    let mut described = reader.json(&format!("/api/deployments/{id}")).await;
    let explained = reader.json(&format!("/api/deployments/{id}/explain")).await;
    let fields = described.as_object_mut().unwrap();
    assert_eq!(fields.remove("links"), Some(explained["links"].clone()));
    fields.remove("history");
    assert_eq!(described, explained["deployment"]);
}

#[tokio::test]
async fn repositories_are_listed_with_their_aliases() {
    let (app, reader) = deployed().await;
    let store: &dyn Store = &app.store;
    let repositories: &dyn Repositories = store.repositories();
    let name = RepositoryName::parse("acme/api-gateway").unwrap();
    let repository = repositories
        .find_by_name(app.organization_id, &name)
        .await
        .unwrap()
        .unwrap();
    for alias in ["gateway", "Edge"] {
        let alias = ServiceName::parse(alias).unwrap();
        repositories
            .set_alias(
                app.organization_id,
                repository.id,
                &alias,
                periscope_domain::ports::Clock::now(&*app.clock),
            )
            .await
            .unwrap();
    }
    assert_eq!(
        reader.json("/api/repositories").await,
        json!({"repositories": [{"fullName": "acme/api-gateway", "formerNames": [], "monitored": true, "aliases": ["Edge", "gateway"]}]})
    );
}

#[tokio::test]
async fn services_are_listed_with_their_repository_and_environments() {
    let (app, reader) = deployed().await;
    for (id, service, environment) in [
        ("a", "API-Gateway", "staging"),
        ("b", "acme/api-gateway", "production"),
        ("c", "worker", "production"),
    ] {
        let report = report_with(&[
            ("deploymentId", Some(json!(id))),
            ("service", Some(json!(service))),
            ("environment", Some(json!(environment))),
        ]);
        assert_eq!(app.deploy(&report).send().await.status, 201);
    }
    insta::assert_snapshot!(format!("{:#}", reader.json("/api/services").await));
}

#[tokio::test]
async fn the_organization_tells_its_plan_and_what_its_trial_makes_of_it() {
    let app = TestApp::start().await;
    let reader = Reader::new(&app).await;
    let path = "/api/organization";
    assert_eq!(
        reader.json(path).await,
        json!({"slug": "acme", "name": "acme", "plan": "free", "trial": null, "effectivePlan": "free"})
    );
    app.deploy(&report_with(&[])).send().await;
    let with_trial = |active: bool, effective_plan: &str| {
        let trial = json!({
            "startedAt": "2024-01-15T12:00:00Z",
            "endsAt": "2024-01-29T12:00:00Z",
            "active": active,
        });
        json!({"slug": "acme", "name": "acme", "plan": "free", "trial": trial, "effectivePlan": effective_plan})
    };
    assert_eq!(reader.json(path).await, with_trial(true, "business"));
    app.clock.advance(Duration::days(14));
    assert_eq!(reader.json(path).await, with_trial(false, "free"));
}

#[tokio::test]
async fn what_is_another_organizations_or_nobodys_is_not_found() {
    let (app, reader) = deployed().await;
    let globex = app.make_organization("globex").await;
    let stranger = Reader::of(&app, globex, &[Scope::Read]).await;
    let id = id_of(&app, "second").await;
    for path in [
        format!("/api/deployments/{id}"),
        "/api/pull-requests/4".to_owned(),
    ] {
        assert_eq!(reader.get(&path).await.status, 200, "{path}");
        let answer = stranger.get(&path).await;
        assert_eq!(answer.to_string(), r#"404 {"error":"Not found"}"#, "{path}");
    }
    for path in [
        "/api/deployments/999999",
        "/api/deployments/second",
        "/api/deployments/-1",
        "/api/deployments/+1",
        "/api/deployments/%2B1",
        "/api/deployments/01",
        "/api/deployments/%201",
        "/api/deployments/+1/explain",
        "/api/pull-requests/+4",
        "/api/pull-requests/04/explain",
        "/api/deployments/99999999999999999999",
        "/api/pull-requests/999999",
        "/api/pull-requests/x",
    ] {
        let answer = reader.get(path).await;
        assert_eq!(answer.to_string(), r#"404 {"error":"Not found"}"#, "{path}");
    }
}

#[tokio::test]
async fn reading_takes_a_key_that_may_read() {
    let app = TestApp::start().await;
    let ingest = Reader::of(&app, app.organization_id, &[Scope::Ingest]).await;
    for path in [
        "/api/deployments?nonsense=1",
        "/api/deployments/1",
        "/api/pull-requests",
        "/api/pull-requests/1",
        "/api/repositories",
        "/api/services",
        "/api/organization",
    ] {
        let nobody = app.call("GET", path).send().await;
        assert_eq!(
            nobody.to_string(),
            r#"401 {"error":"Invalid or missing API key"}"#,
            "{path}"
        );
        let answer = ingest.get(path).await;
        assert_eq!(
            answer.to_string(),
            r#"403 {"error":"API key lacks the read scope"}"#,
            "{path}"
        );
    }
}

#[tokio::test]
async fn what_takes_no_parameters_refuses_any() {
    let app = TestApp::start().await;
    let reader = Reader::new(&app).await;
    for path in [
        "/api/deployments/1",
        "/api/deployments/1/explain",
        "/api/pull-requests/1",
        "/api/pull-requests/1/explain",
        "/api/repositories",
        "/api/services",
        "/api/organization",
    ] {
        let answer = reader.get(&format!("{path}?page=2")).await;
        assert_eq!(
            answer.to_string(),
            r#"400 {"error":"Invalid query: page is unknown: this endpoint takes no parameters"}"#,
            "{path}"
        );
    }
}
