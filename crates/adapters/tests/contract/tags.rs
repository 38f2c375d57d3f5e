//! The object of an annotated tag stands for its commit.

use crate::bases::shipped;
use crate::fixture::{
    SharedStore, Tenant, at, commit, deployment, pull_request, repository_name, sha, tag, tag_object,
};
use periscope_domain::commit_graph::Commit;
use periscope_domain::commit_sha::CommitReference;
use periscope_domain::deployment::Deployment;
use periscope_domain::linking::Novelty;
use periscope_domain::ports::CommitQuery;
use periscope_domain::text::DeliveryId;
use periscope_domain::use_cases::{Origin, RecordCommitsError, RecordedCommits, explain_deployment};
use periscope_domain::warning::Warning;
use time::Duration;

/// The first digits of a tag's object.
fn digits(commit: u32) -> CommitReference {
    CommitReference::parse(&tag_object(commit).to_string()[..8]).unwrap()
}

/// The same deployment, where the sender names the tag.
fn by_tag(report: Deployment, commit: u32, previous: Option<u32>) -> Deployment {
    Deployment {
        commit: tag_object(commit).into(),
        previous_commit: previous.map(digits),
        ..report
    }
}

async fn tell(tenant: &Tenant, commits: Vec<Commit>) {
    tenant
        .tell_of("acme/api", commits, vec![], Origin::Sent)
        .await
        .unwrap();
}

pub(crate) async fn a_deployment_of_a_tag_is_one_of_its_commit_in_any_order(store: SharedStore) {
    for order in [
        [0, 1, 2, 3],
        [3, 2, 1, 0],
        [2, 0, 3, 1],
        [1, 3, 0, 2],
        [3, 0, 1, 2],
    ] {
        let acme = Tenant::new(&store, &format!("order-{}-{}", order[0], order[1])).await;
        for step in order {
            match step {
                0 => drop(acme.send((1..=4).map(pull_request)).await),
                1 => drop(acme.tell(&[(1, &[]), (2, &[1]), (3, &[2]), (4, &[3])]).await),
                2 => tell(&acme, (1..=4).map(tag).collect()).await,
                _ => {
                    acme.record(by_tag(shipped("first", 2, 100), 2, None)).await;
                    acme.record(by_tag(shipped("second", 4, 200), 4, None)).await;
                    acme.record(by_tag(shipped("back", 3, 300), 3, None)).await;
                    acme.record(by_tag(shipped("again", 4, 400), 4, Some(2))).await;
                }
            }
            acme.settle().await;
        }
        assert_eq!(acme.linked("first").await, [(2, "exact")], "{order:?}");
        let second = [(3, "graph"), (4, "exact")];
        assert_eq!(acme.linked("second").await, second, "{order:?}");
        assert_eq!(acme.linked("back").await, [(3, "exact")], "{order:?}");
        assert_eq!(acme.linked("again").await, second, "{order:?}");
        assert_eq!(acme.links("again").await[0].base, Some(sha(2)));
        for (id, novelty) in [
            ("second", "new"),
            ("back", "roll_back"),
            ("again", "redeployment"),
        ] {
            let found = acme.find(id).await.novelty.map(Novelty::as_str);
            assert_eq!(found, Some(novelty), "{order:?}: {id}");
        }
    }
}

pub(crate) async fn a_tag_of_a_commit_that_is_live_is_a_redeployment(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.tell(&[(1, &[]), (2, &[1])]).await;
    tell(&acme, vec![tag(2)]).await;
    acme.record(shipped("commit", 2, 100)).await;
    let outcome = acme.record(by_tag(shipped("tag", 2, 200), 2, None)).await;
    assert_eq!(
        outcome.warnings.iter().map(Warning::code).collect::<Vec<_>>(),
        ["redeployment"]
    );
    assert!(
        outcome.warnings[0].to_string().contains("commit"),
        "{}",
        outcome.warnings[0]
    );
    let stored = acme.find("tag").await;
    let explanation = explain_deployment(&*store, acme.id, stored).await.unwrap();
    let sentence = format!(
        "{} is the object of an annotated tag of commit {}.",
        tag_object(2),
        sha(2)
    );
    assert!(explanation.steps.iter().any(|step| step.sentence == sentence));
    let outcome = acme.record(shipped("once more", 2, 300)).await;
    assert_eq!(
        outcome.warnings.iter().map(Warning::code).collect::<Vec<_>>(),
        ["redeployment"]
    );
}

pub(crate) async fn tags_alone_order_merges_by_their_times(store: SharedStore) {
    for late in [0, 1, 2] {
        let acme = Tenant::new(&store, &format!("late-{late}")).await;
        for step in (0..3).filter(|step| *step != late).chain([late]) {
            match step {
                0 => drop(acme.send((1..=4).map(pull_request)).await),
                1 => tell(&acme, [1, 4].map(tag).to_vec()).await,
                _ => drop(acme.record(by_tag(deployment("d", 4), 4, Some(1))).await),
            }
        }
        acme.settle().await;
        let linked = [(2, "merge_time"), (3, "merge_time"), (4, "exact")];
        assert_eq!(acme.linked("d").await, linked, "{late}");
        // The deployed commit is known by its merge alone, the previous one by its tag.
        let report = Deployment {
            commit: sha(3).into(),
            previous_commit: Some(tag_object(1).into()),
            ..deployment("e", 3)
        };
        acme.record(report).await;
        let linked = [(2, "merge_time"), (3, "exact")];
        assert_eq!(acme.linked("e").await, linked, "{late}");
    }
}

pub(crate) async fn a_tag_that_one_repository_tells_stands_for_a_merge_of_another(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let of_fork = acme.tell_of("acme/fork", vec![commit(2, &[]), tag(2)], vec![], Origin::Sent);
    of_fork.await.unwrap();
    acme.record(by_tag(
        Deployment {
            service: None,
            ..deployment("d", 2)
        },
        2,
        None,
    ))
    .await;
    assert_eq!(acme.linked("d").await, []);
    acme.send([pull_request(2)]).await;
    acme.settle().await;
    assert_eq!(acme.linked("d").await, [(2, "exact")]);
    let repositories = acme.store.repositories();
    let all = repositories.list(acme.id).await.unwrap();
    let api = all
        .iter()
        .find(|repository| repository.name.as_str() == "acme/api")
        .unwrap();
    for (is_monitored, linked) in [(false, &[][..]), (true, &[(2, "exact")])] {
        let set = repositories.set_monitored(acme.id, api.id, is_monitored, at(3000));
        set.await.unwrap();
        acme.settle().await;
        assert_eq!(acme.linked("d").await, linked, "{is_monitored}");
    }
}

pub(crate) async fn a_merge_that_is_corrected_unlinks_the_tags_of_its_commit(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send([pull_request(2)]).await;
    tell(&acme, vec![tag(2)]).await;
    acme.record(by_tag(deployment("d", 2), 2, None)).await;
    assert_eq!(acme.linked("d").await, [(2, "exact")]);
    let lead_time = acme.links("d").await[0].lead_time.seconds();
    let mut later = pull_request(2);
    later.merged_at = later.merged_at.plus(Duration::minutes(1));
    acme.send([later]).await;
    acme.settle().await;
    assert_eq!(acme.links("d").await[0].lead_time.seconds(), lead_time - 60);
}

pub(crate) async fn what_a_tag_stands_for_is_told_once_and_a_clone_has_the_last_word(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let told = async |commits: Vec<Commit>, origin| acme.tell_of("acme/api", commits, vec![], origin).await;
    let recorded = |recorded| RecordedCommits::Recorded { recorded };
    let stands_for = async |object| {
        let query = CommitQuery {
            organization_id: acme.id,
            repository: repository_name("acme/api"),
            shas: vec![object],
            delivery: None,
        };
        let context = acme.store.commits().context(&query).await.unwrap().unwrap();
        context.stored[0].tagged
    };
    assert_eq!(told(vec![tag(2)], Origin::Sent).await.unwrap(), recorded(1));
    assert_eq!(told(vec![tag(2)], Origin::Sent).await.unwrap(), recorded(0));
    let object = tag_object(2);
    let as_commit = Commit {
        sha: object,
        ..commit(2, &[1])
    };
    for wrong in [Commit::tag(object, sha(3)), as_commit.clone()] {
        let refused = told(vec![wrong], Origin::Sent).await;
        assert!(
            matches!(
                refused,
                Err(RecordCommitsError::Contradiction { index: 0, .. }
                    | RecordCommitsError::TagContradiction { index: 0, .. })
            ),
            "{refused:?}"
        );
    }
    // A commit that names it as a parent does not change what it is.
    told(
        vec![Commit {
            parents: Some(vec![object]),
            ..commit(9, &[])
        }],
        Origin::Sent,
    )
    .await
    .unwrap();
    assert_eq!(stands_for(object).await, Some(sha(2)));

    acme.send([pull_request(4), pull_request(5)]).await;
    acme.record(by_tag(deployment("d", 7), 7, None)).await;
    told(vec![Commit::tag(tag_object(7), sha(4))], Origin::Sent)
        .await
        .unwrap();
    acme.settle().await;
    assert_eq!(
        acme.linked("d").await,
        [(4, "exact")],
        "a source sends a wrong commit"
    );
    let forge = Origin::Webhook(DeliveryId::parse("one").unwrap());
    for (origin, commit) in [(forge, 5), (Origin::Clone, 4)] {
        told(vec![Commit::tag(tag_object(7), sha(commit))], origin)
            .await
            .unwrap();
        acme.settle().await;
        assert_eq!(
            acme.linked("d").await,
            [(i32::try_from(commit).unwrap(), "exact")]
        );
    }
    let commit = Commit {
        sha: tag_object(7),
        ..commit(7, &[4])
    };
    told(vec![commit], Origin::Clone).await.unwrap();
    acme.settle().await;
    assert_eq!(stands_for(tag_object(7)).await, None);
    assert_eq!(acme.linked("d").await, [], "it is a commit after all");
}

pub(crate) async fn a_tag_of_another_organization_stands_for_nothing(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let globex = Tenant::new(&store, "globex").await;
    tell(&acme, vec![tag(2)]).await;
    globex.send([pull_request(2)]).await;
    globex.record(by_tag(deployment("d", 2), 2, None)).await;
    globex.settle().await;
    assert_eq!(globex.linked("d").await, []);
}
