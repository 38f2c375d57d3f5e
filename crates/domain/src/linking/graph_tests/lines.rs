//! Lines and their heads, and what is kept of a decision.

use super::*;

#[test]
fn a_line_changes_with_the_commit_the_service_the_environment_and_the_time_of_what_shipped() {
    let before = deployment(5, None);
    let service = ServiceName::parse("api").unwrap();
    let cancelled = Run::new(DeploymentStatus::Cancelled, day(21), Some(day(21))).unwrap();
    let later = Run::new(DeploymentStatus::Success, day(21), Some(day(22))).unwrap();
    let change = |service: Option<&ServiceName>, since| LineChange {
        service: service.cloned(),
        since: day(since),
        is_moved: true,
    };
    let stays = LineChange {
        is_moved: false,
        ..change(None, 21)
    };
    let with = |edit: &dyn Fn(&mut Deployment)| {
        let mut after = before.clone();
        edit(&mut after);
        after
    };
    for (after, changes) in [
        (
            with(&|after| after.previous_commit = Some(reference(1))),
            vec![stays],
        ),
        (
            with(&|after| after.commit = reference(6)),
            vec![change(None, 21), change(None, 21)],
        ),
        (
            with(&|after| after.service = Some(service.clone())),
            vec![change(None, 21), change(Some(&service), 21)],
        ),
        (
            with(&|after| after.run = later),
            vec![change(None, 21), change(None, 22)],
        ),
        (with(&|after| after.run = cancelled), vec![change(None, 21)]),
        (
            with(&|after| after.environment = Environment::parse("staging").unwrap()),
            vec![change(None, 21)],
        ),
    ] {
        assert_eq!(LineChange::between(Some(&before), &after), changes);
        let anew = changes.last().filter(|_| after.shipped_at().is_some()).cloned();
        let anew = anew.map(|anew| LineChange {
            is_moved: true,
            ..anew
        });
        assert_eq!(LineChange::between(None, &after), Vec::from_iter(anew));
    }
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
        let stored = StoredDeployment {
            id: DeploymentId::new(commit.into()),
            revision: Revision::FIRST,
            deployment,
            novelty: linking.novelty,
        };
        state.advance(&stored, &linking);
    }
    let heads = state.before(&deployment(1, None)).heads;
    let heads: Vec<_> = heads.iter().map(|head| head.deployment_id.get()).collect();
    assert_eq!(heads, [6, 8], "what a later one contains is no head");
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
