use crate::fixture::{SharedStore, Tenant, at, pull_request, repository_name, sha};
use periscope_domain::ports::{
    Applied, ChangedPullRequest, PullRequestDecision, PullRequestQuery, PullRequestsContext, TargetRepository,
};
use periscope_domain::pull_request::{ChangeCount, PullRequest, Source};
use periscope_domain::text::{Actor, BranchName, DeliveryId, Title};
use periscope_domain::use_cases::{Origin, RecordedPullRequests};
use periscope_domain::web_url::WebUrl;

const NOTHING: RecordedPullRequests = RecordedPullRequests::Recorded {
    recorded: 0,
    updated: 0,
};

fn whole(number: u32) -> PullRequest {
    PullRequest {
        created_at: Some(at(-60)),
        title: Title::clean("Make it \"green\" {1,2} \\ é"),
        url: WebUrl::parse("https://github.com/acme/api/pull/1").ok(),
        author: Actor::clean("octocat"),
        merged_by: Actor::clean("hubot"),
        head_branch: BranchName::clean("fix/red"),
        additions: ChangeCount::new(0).ok(),
        deletions: ChangeCount::new(2).ok(),
        changed_files: ChangeCount::new(2_147_483_647).ok(),
        ..pull_request(number)
    }
}

async fn context(tenant: &Tenant, numbers: &[u32], delivery: Option<&str>) -> PullRequestsContext {
    let query = PullRequestQuery {
        organization_id: tenant.id,
        repository: repository_name("acme/api"),
        numbers: numbers
            .iter()
            .map(|number| pull_request(*number).number)
            .collect(),
        delivery: delivery.map(|delivery| DeliveryId::parse(delivery).unwrap()),
    };
    tenant
        .store
        .pull_requests()
        .context(&query)
        .await
        .unwrap()
        .unwrap()
}

async fn saved_is_found_equal(store: SharedStore, saved: PullRequest) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send([saved.clone()]).await;
    let stored = context(&acme, &[1], None).await.stored.pop().unwrap();
    assert_eq!(stored.pull_request, saved);
    assert_eq!(
        store.pull_requests().find(acme.id, stored.id).await.unwrap(),
        Some(stored.clone())
    );
    let globex = Tenant::new(&store, "globex").await;
    assert_eq!(
        store.pull_requests().find(globex.id, stored.id).await.unwrap(),
        None
    );
}

pub(crate) async fn a_pull_request_is_found_with_every_field(store: SharedStore) {
    saved_is_found_equal(store, whole(1)).await;
}

pub(crate) async fn a_pull_request_without_optional_fields_is_found_equal(store: SharedStore) {
    let bare = PullRequest {
        base_branch: None,
        source: Source::Clone,
        ..pull_request(1)
    };
    saved_is_found_equal(store, bare).await;
}

pub(crate) async fn sending_the_same_again_changes_nothing(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let batch = [whole(1), pull_request(2), pull_request(2)];
    let first = acme.send(batch.clone()).await;
    assert_eq!(
        first,
        RecordedPullRequests::Recorded {
            recorded: 2,
            updated: 0
        }
    );
    assert_eq!(acme.send(batch).await, NOTHING);
    assert_eq!(acme.send([pull_request(1)]).await, NOTHING);
}

pub(crate) async fn a_forge_corrects_what_a_clone_has_told(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let guess = PullRequest {
        source: Source::Clone,
        merge_commit: sha(99),
        ..pull_request(1)
    };
    acme.send([guess.clone()]).await;
    assert_eq!(
        acme.send([whole(1)]).await,
        RecordedPullRequests::Recorded {
            recorded: 0,
            updated: 1
        }
    );
    assert_eq!(acme.send([guess]).await, NOTHING);
    assert_eq!(context(&acme, &[1], None).await.stored[0].pull_request, whole(1));
}

pub(crate) async fn a_delivery_has_one_effect(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let globex = Tenant::new(&store, "globex").await;
    let delivery = || Origin::Webhook(DeliveryId::parse("72d3162e").unwrap());
    for tenant in [&acme, &globex] {
        assert!(!context(tenant, &[1], Some("72d3162e")).await.delivery_is_known);
        let first = tenant.send_to("acme/api", [pull_request(1)], delivery()).await;
        assert_eq!(
            first,
            RecordedPullRequests::Recorded {
                recorded: 1,
                updated: 0
            }
        );
        let again = tenant.send_to("acme/api", [pull_request(2)], delivery()).await;
        assert_eq!(again, RecordedPullRequests::DeliveryRepeated);
        assert!(context(tenant, &[1], Some("72d3162e")).await.delivery_is_known);
    }
    assert_eq!(context(&acme, &[1, 2], None).await.stored.len(), 1);
}

pub(crate) async fn a_webhook_of_a_repository_that_is_not_monitored_is_ignored(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send([pull_request(1)]).await;
    let api = acme.repository("acme/api").await;
    store
        .repositories()
        .set_monitored(acme.id, api.id, false, at(1))
        .await
        .unwrap();
    let origin = Origin::Webhook(DeliveryId::parse("1").unwrap());
    let outcome = acme.send_to("acme/api", [pull_request(2)], origin).await;
    assert_eq!(outcome, RecordedPullRequests::RepositoryNotMonitored);
    assert_eq!(context(&acme, &[2], None).await.stored, []);
}

pub(crate) async fn a_stale_batch_changes_nothing_and_says_so(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let decision = |repository, new: &[u32], changed: Vec<ChangedPullRequest>| PullRequestDecision {
        organization_id: acme.id,
        repository,
        new: new.iter().map(|number| pull_request(*number)).collect(),
        changed,
        delivery: DeliveryId::parse("7").ok(),
        now: at(1),
    };
    let unseen = TargetRepository::New(repository_name("acme/api"));
    acme.send([pull_request(1)]).await;
    let before = context(&acme, &[1], None).await.stored.pop().unwrap();
    acme.send([whole(1)]).await;
    let known = TargetRepository::Known(acme.repository("acme/api").await);
    let change = ChangedPullRequest {
        before,
        after: pull_request(1),
    };
    for stale in [
        decision(unseen, &[2], Vec::new()),
        decision(known.clone(), &[2, 1], Vec::new()),
        decision(known, &[2], vec![change]),
    ] {
        assert_eq!(store.pull_requests().apply(&stale).await.unwrap(), Applied::Stale);
    }
    let after = context(&acme, &[1, 2], Some("7")).await;
    assert_eq!((after.stored.len(), after.delivery_is_known), (1, false));
    assert_eq!(after.stored[0].pull_request, whole(1));
}
