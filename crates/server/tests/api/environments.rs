//! Environments and their tiers: who may see and set them, and what follows.

use crate::app::{TestApp, report};
use crate::client::Answer;
use crate::reader::Reader;
use periscope_domain::api_key::Scope;
use serde_json::{Value, json};

const PATH: &str = "/api/environments";

/// An application with a successful deployment to `prod-eu`, and an admin.
async fn deployed() -> (TestApp, Reader) {
    let app = TestApp::start().await;
    let mut report = report();
    report["environment"] = json!("prod-eu");
    let answer = app.deploy(&report).send().await.json();
    let warnings = answer["warnings"].as_array().unwrap().iter();
    let codes: Vec<_> = warnings
        .map(|warning| warning["code"].as_str().unwrap())
        .collect();
    assert!(codes.contains(&"environment_not_production"), "{codes:?}");
    let admin = Reader::of(&app, app.organization_id, &[Scope::Admin, Scope::Read]).await;
    (app, admin)
}

async fn set(admin: &Reader, body: &Value) -> Answer {
    let call = admin.call("PUT", PATH).header("Content-Type", "application/json");
    call.json(body).send().await
}

async fn successes(admin: &Reader) -> Value {
    let metric = "/api/metrics/deployment-frequency?timeRange=30d";
    admin.json(metric).await["current"]["statuses"]["success"].clone()
}

#[tokio::test]
async fn an_admin_gives_environments_a_tier_and_figures_follow() {
    let (_app, admin) = deployed().await;
    let listed =
        json!({"environments": [{"environment": "prod-eu", "tier": "other", "rule": null}], "rules": []});
    assert_eq!(admin.json(PATH).await, listed);
    assert_eq!(successes(&admin).await, Value::Null);
    let answer = set(&admin, &json!({"environment": " Prod* ", "tier": "production"})).await;
    let now = json!({
        "environments": [{"environment": "prod-eu", "tier": "production", "rule": "prod*"}],
        "rules": [{"environment": "prod*", "tier": "production"}],
    });
    assert_eq!((answer.status, answer.json()), (200, now.clone()));
    assert_eq!(admin.json(PATH).await, now);
    assert_eq!(successes(&admin).await, json!(1));
    let production = admin.json("/api/deployments?environment=production").await;
    assert_eq!(production["deployments"][0]["environment"], json!("prod-eu"));
    let path = format!("{PATH}?environment=PROD*");
    let removed = admin.call("DELETE", &path).send().await;
    assert_eq!((removed.status, removed.json()), (200, listed));
    assert_eq!(successes(&admin).await, Value::Null);
    let again = admin.call("DELETE", &path).send().await;
    assert_eq!(again.to_string(), r#"404 {"error":"Not found"}"#);
}

#[tokio::test]
async fn an_empty_figure_names_the_environments_that_may_be_meant() {
    let (_app, admin) = deployed().await;
    let answer = admin.json("/api/metrics/lead-time").await;
    assert_eq!(answer["noData"]["code"], json!("environment_not_production"));
    let message = answer["noData"]["message"].as_str().unwrap();
    assert!(
        message.contains("periscope environment set prod-eu --tier production"),
        "{message}"
    );
}

#[tokio::test]
async fn a_rule_that_makes_no_sense_is_refused_with_what_it_takes() {
    let (_app, admin) = deployed().await;
    let tier = "tier must be one of: production, staging, testing, development, preview, other";
    let environment = "environment must be a name or a pattern of 1-100 characters";
    for (body, sentence) in [
        (json!({}), "environment is required"),
        (json!({"environment": "prod"}), "tier is required"),
        (json!({"environment": "prod", "tier": "Production"}), tier),
        (json!({"environment": "", "tier": "production"}), environment),
        (json!({"environment": 7, "tier": "production"}), environment),
        (
            json!({"environment": "x".repeat(101), "tier": "production"}),
            environment,
        ),
    ] {
        let answer = set(&admin, &body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(
            answer.json()["error"],
            json!(format!("Invalid payload: {sentence}")),
            "{body}"
        );
    }
    let without = admin.call("DELETE", PATH).send().await;
    assert_eq!(
        without.to_string(),
        r#"400 {"error":"Invalid query: environment is required"}"#
    );
    for number in 0..200 {
        let body = json!({"environment": format!("e-{number}"), "tier": "preview"});
        assert_eq!(set(&admin, &body).await.status, 200);
    }
    let one_more = set(&admin, &json!({"environment": "more", "tier": "preview"})).await;
    let sentence = "Invalid payload: an organization has at most 200 rules of environments: a pattern with * stands for \
                    many names";
    assert_eq!(
        (one_more.status, one_more.json()["error"].clone()),
        (400, json!(sentence))
    );
}

#[tokio::test]
async fn only_an_admin_of_the_organization_gives_tiers() {
    let (app, admin) = deployed().await;
    let reader = Reader::of(&app, app.organization_id, &[Scope::Ingest, Scope::Read]).await;
    let rule = json!({"environment": "prod*", "tier": "production"});
    let refused = r#"403 {"error":"API key lacks the admin scope"}"#;
    assert_eq!(set(&reader, &rule).await.to_string(), refused);
    let removal = format!("{PATH}?environment=prod*");
    assert_eq!(reader.call("DELETE", &removal).send().await.to_string(), refused);
    let globex = app.make_organization("globex").await;
    let stranger = Reader::of(&app, globex, &[Scope::Admin, Scope::Read]).await;
    assert_eq!(set(&stranger, &rule).await.json()["environments"], json!([]));
    assert_eq!(admin.json(PATH).await["rules"], json!([]));
    assert_eq!(set(&admin, &rule).await.status, 200);
    stranger.call("DELETE", &removal).send().await;
    assert_eq!(admin.json(PATH).await["rules"].as_array().unwrap().len(), 1);
}
