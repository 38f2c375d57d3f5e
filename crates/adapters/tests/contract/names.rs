//! By which names a person finds a deployment.

use crate::fixture::{SharedStore, Tenant, deployment, sha};
use periscope_domain::use_cases::find_deployments;

pub(crate) async fn a_deployment_is_found_by_any_of_its_names(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let globex = Tenant::new(&store, "globex").await;
    let number = acme.record(deployment("tag:v1", 1)).await.id;
    acme.record(deployment("gha-2", 2)).await;
    acme.record(deployment("gha-3", 2)).await;
    globex.record(deployment("elsewhere", 1)).await;
    let (first, second) = (sha(1).to_string(), sha(2).to_string());
    let number = number.to_string();
    for (name, found) in [
        ("tag:v1", vec!["tag:v1"]),
        (" v1 ", vec!["tag:v1"]),
        (&number, vec!["tag:v1"]),
        (&format!("#{number}"), vec!["tag:v1"]),
        (&first, vec!["tag:v1"]),
        (&second, vec!["gha-3", "gha-2"]),
        ("elsewhere", vec![]),
        ("0", vec![]),
        ("", vec![]),
    ] {
        let deployments = find_deployments(&*store, acme.id, name).await.unwrap();
        let ids = deployments
            .iter()
            .map(|stored| stored.deployment.external_id.as_str());
        assert_eq!(ids.collect::<Vec<_>>(), found, "{name}");
    }
    // What a sender names so wins over Periscope's own number.
    acme.record(deployment(&number, 3)).await;
    let found = find_deployments(&*store, acme.id, &number).await.unwrap();
    assert_eq!(
        found.first().map(|stored| &stored.deployment.commit),
        Some(&sha(3).into())
    );
}
