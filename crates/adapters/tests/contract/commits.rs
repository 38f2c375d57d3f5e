use crate::bases::{numbers, shipped};
use crate::fixture::{
    SharedStore, Tenant, abbreviated, at, commit, deployment, deployment_after, pull_request, push,
    repository_name, sha, twin,
};
use periscope_domain::commit_graph::Commit;
use periscope_domain::deployment::Deployment;
use periscope_domain::ports::{Applied, CommitDecision, CommitQuery, CompletedCommit, TargetRepository};
use periscope_domain::text::{DeliveryId, ServiceName};
use periscope_domain::use_cases::{Origin, RecordCommitsError, RecordedCommits};
use periscope_domain::warning::Warning;

fn recorded(recorded: u64) -> RecordedCommits {
    RecordedCommits::Recorded { recorded }
}

/// Every commit of `acme/api` that is recorded, of those with the numbers 0 to 20.
async fn stored(tenant: &Tenant) -> Vec<Commit> {
    let query = CommitQuery {
        organization_id: tenant.id,
        repository: repository_name("acme/api"),
        shas: (0..=20).map(sha).collect(),
        delivery: None,
    };
    let context = tenant.store.commits().context(&query).await.unwrap().unwrap();
    let mut stored = context.stored;
    stored.sort_by_key(|commit| commit.sha);
    stored
}

fn only_named(number: u32) -> Commit {
    Commit::named(sha(number))
}

pub(crate) async fn a_commit_is_recorded_once_and_completed_once(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    assert_eq!(acme.tell(&[(3, &[2, 1]), (3, &[1, 2])]).await, recorded(1));
    assert_eq!(
        stored(&acme).await,
        [only_named(1), only_named(2), commit(3, &[2, 1])]
    );
    assert_eq!(acme.tell(&[(3, &[1, 2]), (2, &[1])]).await, recorded(1));
    assert_eq!(acme.tell(&[(3, &[2, 1]), (2, &[1])]).await, recorded(0));
    assert_eq!(acme.tell(&[(1, &[])]).await, recorded(1));
    assert_eq!(
        stored(&acme).await,
        [commit(1, &[]), commit(2, &[1]), commit(3, &[2, 1])]
    );
    assert!(acme.repository("acme/api").await.monitored);
}

pub(crate) async fn a_commit_that_contradicts_what_is_known_is_refused_with_all_that_came_with_it(
    store: SharedStore,
) {
    let acme = Tenant::new(&store, "acme").await;
    acme.tell(&[(2, &[1])]).await;
    let before = stored(&acme).await;
    let batch = vec![commit(4, &[2]), commit(2, &[3])];
    let refused = acme.tell_of("acme/api", batch, vec![], Origin::Sent).await;
    assert!(
        matches!(refused, Err(RecordCommitsError::Contradiction { index: 1, .. })),
        "{refused:?}"
    );
    let within = vec![commit(5, &[2]), commit(5, &[1])];
    let refused = acme.tell_of("acme/api", within, vec![], Origin::Sent).await;
    assert!(
        matches!(refused, Err(RecordCommitsError::Contradiction { index: 1, .. })),
        "{refused:?}"
    );
    assert_eq!(stored(&acme).await, before);
}

pub(crate) async fn a_false_root_is_put_right_by_a_source_that_knows_more(store: SharedStore) {
    let whole: [(u32, &[u32]); 4] = [(1, &[]), (2, &[1]), (3, &[2]), (4, &[3])];
    let shallow: [(u32, &[u32]); 2] = [(3, &[]), (4, &[3])];
    for (slug, batches) in [
        ("shallow-first", [&shallow[..], &whole]),
        ("whole-first", [&whole[..], &shallow]),
        ("shallow-twice", [&shallow[..], &shallow]),
    ] {
        let tenant = Tenant::new(&store, slug).await;
        tenant.send((1..=4).map(pull_request)).await;
        tenant.record(shipped("a", 1, 100)).await;
        tenant.record(shipped("b", 4, 200)).await;
        for batch in batches {
            tenant.tell(batch).await;
            tenant.settle().await;
        }
        let is_whole = slug != "shallow-twice";
        let linked: &[i32] = if is_whole { &[2, 3, 4] } else { &[4] };
        assert_eq!(numbers(&tenant, "b").await, linked, "{slug}");
        let roots = if is_whole { commit(3, &[2]) } else { commit(3, &[]) };
        assert!(stored(&tenant).await.contains(&roots), "{slug}");
    }
}

pub(crate) async fn what_a_clone_tells_of_parents_is_final(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send((1..=4).map(pull_request)).await;
    acme.record(shipped("a", 1, 100)).await;
    acme.record(shipped("b", 4, 200)).await;
    acme.tell(&[(1, &[9]), (4, &[1]), (3, &[])]).await;
    assert_eq!(numbers(&acme, "b").await, [4], "an API key reports wrong parents");
    let clone = vec![commit(1, &[]), commit(2, &[1]), commit(3, &[2]), commit(4, &[3])];
    for recorded in [4, 0] {
        let told = acme
            .tell_of("acme/api", clone.clone(), vec![], Origin::Clone)
            .await;
        assert_eq!(told.unwrap(), RecordedCommits::Recorded { recorded });
        assert_eq!(numbers(&acme, "b").await, [2, 3, 4]);
    }
    for (number, parents) in [(1, &[8][..]), (4, &[2]), (3, &[2, 8])] {
        let batch = vec![commit(number, parents)];
        let refused = acme.tell_of("acme/api", batch, vec![], Origin::Sent).await;
        assert!(
            matches!(refused, Err(RecordCommitsError::Contradiction { index: 0, .. })),
            "{refused:?}"
        );
    }
    acme.tell(&[(4, &[]), (1, &[])]).await;
    assert_eq!(numbers(&acme, "b").await, [2, 3, 4]);
}

pub(crate) async fn a_commit_that_would_be_its_own_ancestor_is_refused(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    for batch in [
        vec![commit(7, &[7])],
        vec![commit(1, &[2]), commit(2, &[3]), commit(3, &[1])],
    ] {
        let refused = acme.tell_of("acme/api", batch, vec![], Origin::Sent).await;
        assert!(
            matches!(refused, Err(RecordCommitsError::OwnAncestor { index: 0, .. })),
            "{refused:?}"
        );
    }
    // Told one by one, nobody can tell which of them lies; the graph believes none.
    acme.send([1, 4].map(pull_request)).await;
    for number in [1, 2, 3] {
        acme.tell(&[(number, &[number % 3 + 1])]).await;
    }
    acme.tell(&[(4, &[3])]).await;
    let outcome = acme.record(deployment_after("d", 1, 4)).await;
    assert_eq!(outcome.warnings, []);
    assert_eq!(acme.linked("d").await, [(4, "exact")]);
}

pub(crate) async fn a_push_has_one_effect_and_none_where_the_repository_is_not_monitored(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let delivery = |id: &str| Origin::Webhook(DeliveryId::parse(id).unwrap());
    let pushed = |id: &'static str| {
        let listed = vec![Commit {
            parents: None,
            ..commit(2, &[])
        }];
        acme.tell_of("acme/api", listed, vec![push(1, 2, &[2])], delivery(id))
    };
    assert_eq!(pushed("one").await.unwrap(), recorded(1));
    assert_eq!(pushed("one").await.unwrap(), RecordedCommits::DeliveryRepeated);
    assert_eq!(pushed("two").await.unwrap(), recorded(0));
    let repository = acme.repository("acme/api").await;
    store
        .repositories()
        .set_monitored(acme.id, repository.id, false, at(2000))
        .await
        .unwrap();
    assert_eq!(
        pushed("three").await.unwrap(),
        RecordedCommits::RepositoryNotMonitored
    );
}

pub(crate) async fn a_batch_decided_on_what_is_no_longer_so_changes_nothing(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.tell(&[(2, &[1])]).await;
    let repository = acme.repository("acme/api").await;
    let decision = |new: Vec<Commit>, completed: Vec<CompletedCommit>, repository| CommitDecision {
        organization_id: acme.id,
        repository,
        new,
        completed,
        proved_roots: vec![],
        pushes: vec![],
        fills: false,
        corrects: false,
        delivery: None,
        now: at(2000),
    };
    let known = || TargetRepository::Known(repository.clone());
    let open_before = |commit: Commit| CompletedCommit {
        before: Commit::named(commit.sha),
        commit,
    };
    acme.tell(&[(1, &[])]).await;
    let tag = vec![Commit::tag(sha(3), sha(2))];
    acme.tell_of("acme/api", tag, vec![], Origin::Sent).await.unwrap();
    let before = stored(&acme).await;
    for stale in [
        decision(vec![commit(9, &[]), commit(2, &[1])], vec![], known()),
        decision(vec![commit(9, &[])], vec![open_before(commit(1, &[8]))], known()),
        decision(
            vec![commit(9, &[])],
            vec![CompletedCommit {
                before: commit(1, &[]),
                ..open_before(Commit::tag(sha(3), sha(2)))
            }],
            known(),
        ),
        decision(
            vec![commit(9, &[])],
            vec![],
            TargetRepository::New(repository_name("Acme/API")),
        ),
    ] {
        assert_eq!(store.commits().apply(&stale).await.unwrap(), Applied::Stale);
        assert_eq!(stored(&acme).await, before);
    }
}

pub(crate) async fn the_graph_tells_what_a_deployment_ships(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send([1, 2, 3, 5, 7].map(pull_request)).await;
    // 7 is on another branch, 6 a version bump on top of 5
    acme.tell(&[
        (1, &[]),
        (2, &[1]),
        (3, &[2]),
        (4, &[2]),
        (5, &[3, 4]),
        (6, &[5]),
        (7, &[2]),
    ])
    .await;
    let outcome = acme.record(deployment_after("d", 2, 6)).await;
    assert_eq!((outcome.linked_pull_requests, outcome.warnings), (2, vec![]));
    assert_eq!(acme.linked("d").await, [(3, "graph"), (5, "graph")]);
    assert_eq!(acme.links("d").await[0].base, Some(sha(2)));
    let outcome = acme.record(deployment_after("e", 6, 7)).await;
    assert_eq!(outcome.warnings[0].code(), "base_not_ancestor");
    assert_eq!(acme.linked("e").await, [(7, "exact")]);
}

pub(crate) async fn pushes_alone_tell_what_a_deployment_ships(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send([2, 4, 6].map(pull_request)).await;
    for (before, after, commits) in [(1, 2, &[2][..]), (2, 4, &[3, 4]), (4, 6, &[5, 6])] {
        let listed = commits
            .iter()
            .map(|number| Commit {
                parents: None,
                ..commit(*number, &[])
            })
            .collect();
        let pushes = vec![push(before, after, commits)];
        acme.tell_of("acme/api", listed, pushes, Origin::Sent)
            .await
            .unwrap();
    }
    acme.record(deployment_after("d", 1, 6)).await;
    assert_eq!(acme.linked("d").await, [(2, "graph"), (4, "graph"), (6, "exact")]);
}

pub(crate) async fn commits_that_come_late_link(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send([1, 3, 5].map(pull_request)).await;
    let outcome = acme.record(deployment_after("d", 1, 6)).await;
    assert_eq!(
        outcome.warnings.iter().map(Warning::code).collect::<Vec<_>>(),
        ["commit_unknown", "base_unknown"]
    );
    acme.tell(&[(6, &[5])]).await;
    acme.tell(&[(1, &[0])]).await;
    acme.tell(&[(5, &[3])]).await;
    acme.settle().await;
    assert_eq!(acme.linked("d").await, [], "2 may still be missing");
    // The first few that are touched are linked before the recorder returns.
    acme.tell(&[(3, &[1])]).await;
    assert_eq!(acme.linked("d").await, [(3, "graph"), (5, "graph")]);
}

pub(crate) async fn a_pull_request_that_comes_late_falls_into_a_range_of_the_graph(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.tell(&[(1, &[]), (2, &[1]), (3, &[2]), (4, &[3])]).await;
    acme.record(deployment_after("d", 1, 3)).await;
    acme.record(deployment_after("e", 3, 4)).await;
    acme.send([2, 3, 1].map(pull_request)).await;
    acme.settle().await;
    assert_eq!(acme.linked("d").await, [(2, "graph"), (3, "exact")]);
    assert_eq!(acme.linked("e").await, []);
}

pub(crate) async fn an_abbreviation_that_a_new_commit_makes_ambiguous_means_none(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send([pull_request(2)]).await;
    acme.tell(&[(1, &[]), (2, &[1])]).await;
    let abbreviated = Deployment {
        commit: abbreviated(2),
        ..deployment("d", 2)
    };
    acme.record(abbreviated.clone()).await;
    assert_eq!(acme.linked("d").await, [(2, "exact")]);
    let twin = Commit {
        sha: twin(2),
        ..commit(2, &[1])
    };
    acme.tell_of("acme/api", vec![twin], vec![], Origin::Sent)
        .await
        .unwrap();
    acme.settle().await;
    assert_eq!(acme.linked("d").await, []);
    let outcome = acme.record(abbreviated).await;
    assert_eq!(outcome.warnings[0].code(), "commit_ambiguous");
}

pub(crate) async fn an_abbreviated_previous_commit_means_none_where_a_graph_has_another(store: SharedStore) {
    for (slug, service, comes_first) in [
        ("late", "api", true),
        ("early", "api", false),
        ("elsewhere", "jobs", false),
    ] {
        let acme = Tenant::new(&store, slug).await;
        let report = Deployment {
            previous_commit: Some(abbreviated(1)),
            service: ServiceName::clean(service),
            ..deployment("d", 3)
        };
        if comes_first {
            acme.record(report.clone()).await;
        }
        acme.send((1..=3).map(pull_request)).await;
        let twin = Commit {
            sha: twin(1),
            ..commit(1, &[])
        };
        let repository = if service == "api" { "acme/api" } else { "acme/web" };
        acme.tell_of(repository, vec![twin], vec![], Origin::Sent)
            .await
            .unwrap();
        if !comes_first {
            acme.record(report.clone()).await;
        }
        acme.settle().await;
        assert_eq!(acme.linked("d").await, [(3, "exact")], "{slug}");
        let warnings = acme.record(report).await.warnings;
        assert_eq!(warnings.last().unwrap().code(), "base_unknown", "{slug}");
    }
}

pub(crate) async fn a_graph_of_another_organization_is_not_looked_at(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let globex = Tenant::new(&store, "globex").await;
    acme.tell(&[(1, &[]), (2, &[1]), (3, &[2])]).await;
    globex.send([2, 3].map(pull_request)).await;
    globex.record(deployment_after("d", 1, 3)).await;
    globex.settle().await;
    assert_eq!(globex.linked("d").await, [(3, "exact")]);
}
