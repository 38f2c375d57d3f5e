//! What Postgres records although it fails something else of the same call.

use crate::fixture::{SharedStore, Tenant, at, deployment};
use crate::instances::connect;
use periscope_adapters::postgres::testing::TestDatabase;
use periscope_domain::deployment::Deployment;
use periscope_domain::run::{DeploymentStatus, Run};
use periscope_domain::use_cases::{
    DeploymentAction, RecordDeployment, RecordDeploymentError, record_deployments,
};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_recorded_beside_what_fails_is_told() {
    crate::tenancy::watch();
    let database = TestDatabase::create().await;
    let store: SharedStore = Arc::new(database.store());
    let tenants = [
        Tenant::new(&store, "acme").await,
        Tenant::new(&store, "globex").await,
    ];
    for tenant in &tenants {
        tenant.tell(&[(1, &[])]).await;
        tenant.record(deployment("begins the trial", 1)).await;
    }
    let [acme, globex] = tenants;
    let begun = Deployment {
        run: Run::new(DeploymentStatus::InProgress, at(990), None).unwrap(),
        ..deployment("begun", 1)
    };
    let commands =
        [(acme.id, deployment("kept out", 1)), (globex.id, begun)].map(|(organization_id, report)| {
            RecordDeployment {
                organization_id,
                report,
            }
        });
    // An intake of the first organization takes longer than anybody waits for it.
    let mut intake = connect(&database).await;
    let intake = intake.transaction().await.unwrap();
    let move_epoch = "update organizations set linking_epoch = linking_epoch + 1 where slug = 'acme'";
    intake.batch_execute(move_epoch).await.unwrap();
    let outcomes = record_deployments(&*store, &commands, at(2000)).await;
    intake.commit().await.unwrap();
    assert!(matches!(
        outcomes.as_slice(),
        [Err(RecordDeploymentError::Store(_)), Ok(recorded)] if recorded.action == DeploymentAction::Created
    ));
    let again = acme.record(deployment("kept out", 1)).await;
    assert_eq!(again.action, DeploymentAction::Created);
}
