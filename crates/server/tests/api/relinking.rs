//! What a request leaves undone is done soon after.

use crate::app::{Setup, TestApp, report};
use crate::store::{Fault, Port};
use periscope_domain::ports::Store;
use periscope_server::Timing;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn the_worker_links_what_is_left_for_it_and_survives_a_store_that_fails() {
    let app = TestApp::start_with(Setup {
        timing: Timing {
            relink: Duration::from_millis(10),
            ..Setup::default().timing
        },
        ..Setup::default()
    })
    .await;
    // The request that brings their pull request leaves them for the worker.
    for number in 0..60 {
        let mut body = report();
        body["deploymentId"] = json!(number.to_string());
        assert_eq!(app.deploy(&body).send().await.status, 201);
    }
    app.store.break_down(Port::Deployments, Fault::Panic);
    let merged = json!({"repository": "acme/api-gateway", "pullRequests": [{
        "number": 7,
        "mergeCommitSha": "a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2",
        "mergedAt": "2024-01-15T09:00:00Z",
    }]});
    app.store.break_down(Port::Deployments, Fault::Unavailable);
    assert_eq!(
        app.post("/api/pull-requests").json(&merged).send().await.status,
        200
    );
    assert!(app.store.relinking().count(None).await.unwrap() > 0);
    app.store.repair();
    // What was claimed in vain is free again when its lease has ended.
    app.clock.advance(time::Duration::seconds(10));
    while app.store.relinking().count(None).await.unwrap() > 0 {
        tokio::task::yield_now().await;
    }
    for number in 0..60 {
        let deployment = app.find_deployment(&number.to_string()).await.unwrap();
        let links = app
            .store
            .deployments()
            .links(app.organization_id, deployment.id)
            .await
            .unwrap();
        let is_first: Vec<_> = links.iter().map(|link| link.is_first).collect();
        assert_eq!(is_first, [number == 0]);
    }
}
