//! Lines and their heads, and what is kept of a decision.

use super::*;
use crate::deployment::{Deployment, Revision, StoredDeployment};

#[test]
fn a_line_changes_with_the_commit_the_service_the_environment_and_the_time_of_what_shipped() {
    let before = deployment(5, None);
    let service = ServiceName::parse("api").unwrap();
    let cancelled = Run::new(DeploymentStatus::Cancelled, day(21), Some(day(21))).unwrap();
    let later = Run::new(DeploymentStatus::Success, day(21), Some(day(22))).unwrap();
    let place = |completed| LinePosition {
        completed_at: day(completed),
        external_id: before.external_id.as_str().to_owned(),
    };
    let key = |deployment: &Deployment| service_spelling(deployment.service.as_ref());
    let stored = StoredDeployment {
        id: DeploymentId::new(1),
        revision: Revision::FIRST,
        deployment: before.clone(),
        service_key: key(&before),
        novelty: None,
    };
    let left = LineChange::left_by(&stored).unwrap();
    let come = |service: Option<&ServiceName>, completed| LineChange {
        service_key: service_spelling(service),
        place: place(completed),
        is_moved: true,
        has_later: completed < 22,
    };
    let stays = LineChange {
        is_moved: false,
        ..come(None, 21)
    };
    let with = |edit: &dyn Fn(&mut Deployment)| {
        let mut after = before.clone();
        edit(&mut after);
        after
    };
    for (after, changes) in [
        (
            with(&|after| after.previous_commit = Some(reference(1))),
            vec![stays.clone()],
        ),
        (
            with(&|after| after.commit = reference(6)),
            vec![left.clone(), come(None, 21)],
        ),
        (
            with(&|after| after.service = Some(service.clone())),
            vec![left.clone(), come(Some(&service), 21)],
        ),
        (
            with(&|after| after.run = later),
            vec![left.clone(), come(None, 22)],
        ),
        (with(&|after| after.run = cancelled), vec![left.clone()]),
        (
            with(&|after| after.environment = Environment::parse("staging").unwrap()),
            vec![left.clone()],
        ),
    ] {
        let last = place(22);
        assert_eq!(
            LineChange::between(Some(&stored), &after, &key(&after), Some(&last)),
            changes
        );
        let anew = changes.last().filter(|_| after.shipped_at().is_some()).cloned();
        let anew = anew.map(|anew| LineChange {
            is_moved: true,
            ..anew
        });
        let anew = Vec::from_iter(anew);
        assert_eq!(LineChange::between(None, &after, &key(&after), Some(&last)), anew);
        for change in LineChange::between(None, &after, &key(&after), None) {
            assert!(!change.changes_later(), "the first of a line has no later one");
        }
    }
    assert!(left.changes_later() && come(None, 21).changes_later());
    let mut only = LineChange::between(
        Some(&stored),
        &with(&|after| after.run = cancelled),
        &stored.service_key,
        Some(&place(21)),
    );
    assert!(
        !only.remove(0).changes_later(),
        "the last of a line has no later one"
    );
    assert!(!come(None, 22).changes_later() && !stays.changes_later());
}

#[test]
fn of_what_two_sources_know_the_latest_is_the_latest_and_all_heads_count() {
    let earlier = |number: u8, completed| Earlier {
        latest: Some(EarlierDeployment {
            id: DeploymentId::new(number.into()),
            external_id: ExternalDeploymentId::parse(&format!("gha-{number}")).unwrap(),
            commit: reference(number),
            completed_at: day(completed),
        }),
        heads: surroundings(&ALL, &[number]).earlier.heads,
    };
    for (one, other, latest) in [((1, 3), (2, 4), 2), ((1, 4), (2, 3), 1), ((1, 3), (2, 3), 2)] {
        let both = earlier(one.0, one.1).and(earlier(other.0, other.1));
        assert_eq!(both.latest.unwrap().id.get(), latest);
        assert_eq!(both.heads.len(), 2);
    }
    assert_eq!(Earlier::default().and(earlier(1, 3)), earlier(1, 3));
}

#[test]
fn what_is_live_follows_from_the_deployments_before() {
    let history = surroundings(&ALL, &[]);
    let mut state = LineState::default();
    for (commit, links) in [
        (1, &["exact 1"][..]),
        (7, &["graph 2", "graph 3", "exact 7"]),
        (6, &["graph 5"]),
        (8, &["exact 8"]),
    ] {
        let deployment = Deployment {
            external_id: ExternalDeploymentId::parse(&format!("gha-{commit}")).unwrap(),
            ..deployment(commit, None)
        };
        let surroundings = Surroundings {
            earlier: state.before(&deployment),
            ..history.clone()
        };
        let linking = link(&deployment, &surroundings);
        assert_eq!(linked(&linking).0, links);
        state.advance(DeploymentId::new(commit.into()), &deployment, &linking);
    }
    let heads = state.before(&deployment(1, None)).heads;
    let heads: Vec<_> = heads.iter().map(|head| head.deployment_id.get()).collect();
    assert_eq!(heads, [6, 8], "what a later one contains is no head");
}

#[test]
fn what_earlier_deployments_contain_is_no_head() {
    let history = surroundings(&ALL, &[]);
    let mut state = LineState::default();
    let mut live = Vec::new();
    for (id, commit) in [(1, 6), (2, 3), (3, 5), (4, 6), (5, 8), (6, 7)] {
        let deployment = Deployment {
            external_id: ExternalDeploymentId::parse(&format!("gha-{id}")).unwrap(),
            ..deployment(commit, None)
        };
        let surroundings = Surroundings {
            earlier: state.before(&deployment),
            ..history.clone()
        };
        let linking = link(&deployment, &surroundings);
        assert_eq!(linking.graph_ranges[0].is_head, matches!(id, 1 | 5), "{id}");
        state.advance(DeploymentId::new(id), &deployment, &linking);
        let heads = state.before(&deployment).heads;
        live.push(
            heads
                .iter()
                .map(|head| head.deployment_id.get())
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(live, [vec![1], vec![1], vec![1], vec![1], vec![1, 5], vec![1, 5]]);
}

#[test]
fn a_digest_differs_where_anything_that_is_kept_does() {
    let linking =
        |commit, previous, earlier: &[u8]| link(&deployment(commit, previous), &surroundings(&ALL, earlier));
    let one = linking(6, None, &[3]);
    assert_eq!(one.digest(), linking(6, None, &[3, 8]).digest());
    let others = [
        linking(6, None, &[2]),
        linking(6, None, &[]),
        linking(5, None, &[3]),
        linking(6, Some(3), &[6]),
        one.clone().after_deliveries_of(&[PullRequestId::new(5)].into()),
    ];
    for other in others {
        assert_ne!(other.digest(), one.digest(), "{other:?}");
    }
}
