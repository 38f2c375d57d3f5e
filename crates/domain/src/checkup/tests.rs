use super::*;
use crate::api_key::ApiKeyHint;
use crate::commit_sha::CommitReference;
use crate::deployment::{Deployment, Revision, StoredDeployment};
use crate::id::{ApiKeyId, DeploymentId, OrganizationId};
use crate::run::{DeploymentStatus, Run};
use crate::text::{ApiKeyName, ExternalDeploymentId};

fn at(day: u8) -> Timestamp {
    Timestamp::parse(&format!("2024-01-{day:02}T00:00:00Z")).unwrap()
}

fn key(scope: Scope, last_used_at: Option<u8>, revoked: bool) -> ApiKey {
    ApiKey {
        id: ApiKeyId::new(1),
        organization_id: OrganizationId::new(1),
        name: ApiKeyName::parse("ci").unwrap(),
        scopes: vec![scope],
        hint: ApiKeyHint {
            first: "abcd".to_owned(),
            last: "wxyz".to_owned(),
        },
        created_at: at(1),
        expires_at: None,
        last_used_at: last_used_at.map(at),
        revoked_at: revoked.then(|| at(2)),
    }
}

#[test]
fn a_key_that_ingests_and_was_used_lately_is_good() {
    for (keys, verdict, told) in [
        (vec![], Verdict::Attention, "0 of 0 live keys may ingest: nobody"),
        (
            vec![key(Scope::Read, Some(20), false)],
            Verdict::Attention,
            "0 of 1 live keys may ingest: nobody",
        ),
        (
            vec![key(Scope::Ingest, Some(20), true)],
            Verdict::Attention,
            "0 of 0 live keys",
        ),
        (
            vec![key(Scope::Ingest, None, false)],
            Verdict::Attention,
            "1 of 1 live keys may ingest, and none",
        ),
        (
            vec![key(Scope::Ingest, Some(6), false)],
            Verdict::Attention,
            "last used at 2024-01-06",
        ),
        (
            vec![key(Scope::Ingest, Some(7), false)],
            Verdict::Good,
            "last used at 2024-01-07",
        ),
        (
            vec![key(Scope::Ingest, Some(20), false)],
            Verdict::Good,
            "last used at 2024-01-20",
        ),
    ] {
        let check = check_keys(&keys, at(21));
        assert_eq!(check.verdict, verdict, "{}", check.sentence);
        assert!(check.sentence.contains(told), "{}", check.sentence);
    }
}

#[test]
fn a_deployment_that_does_not_end_comes_with_its_name_and_what_to_do() {
    let running = |id: &str| ListedDeployment {
        stored: StoredDeployment {
            service_key: String::new(),
            id: DeploymentId::new(1),
            revision: Revision::FIRST,
            deployment: Deployment {
                external_id: ExternalDeploymentId::parse(id).unwrap(),
                commit: CommitReference::parse("abc1234").unwrap(),
                environment: Environment::production(),
                run: Run::new(DeploymentStatus::InProgress, at(2), None).unwrap(),
                service: None,
                previous_commit: None,
                branch: None,
                triggered_by: None,
                pipeline_name: None,
                pipeline_url: None,
            },
            novelty: None,
        },
        linked_pull_requests: 0,
    };
    for (ids, has_more, verdict, told) in [
        (&[][..], false, Verdict::Good, "no deployment"),
        (
            &["gha-1"],
            false,
            Verdict::Attention,
            "1 deployment has been in progress",
        ),
        (
            &["gha-1", "gha-2"],
            false,
            Verdict::Attention,
            "2 deployments have been in progress for more than a day, the oldest gha-1 since 2024-01-02T00:00:00Z",
        ),
        (
            &["gha-1"],
            true,
            Verdict::Attention,
            "more than 1 deployments have",
        ),
    ] {
        let items = ids.iter().map(|id| running(id)).collect();
        let check = check_runs(&Page { items, has_more });
        assert_eq!(check.verdict, verdict);
        assert!(check.sentence.contains(told), "{}", check.sentence);
    }
}

#[test]
fn environments_that_may_be_production_come_with_how_to_say_so() {
    assert_eq!(check_environments(&[]).verdict, Verdict::Good);
    let check = check_environments(&[Environment::parse("live").unwrap()]);
    assert_eq!(check.verdict, Verdict::Attention);
    let how = "`periscope environment set live --tier production`";
    assert!(check.sentence.contains(how), "{}", check.sentence);
}

#[test]
fn a_forge_that_is_connected_should_be_heard_of() {
    for (connected, last, verdict) in [
        (None, None, Verdict::Good),
        (Some(1), None, Verdict::Attention),
        (Some(1), Some(6), Verdict::Attention),
        (Some(1), Some(7), Verdict::Good),
    ] {
        let check = check_github(connected.map(at), last.map(at), at(21));
        assert_eq!(check.verdict, verdict, "{}", check.sentence);
    }
}

#[test]
fn what_cannot_be_linked_comes_with_advice() {
    let coverage = |unlinked: Vec<(UnlinkedReason, u64)>| Coverage {
        deployments: Share {
            total: 9,
            linked: 5,
            unlinked,
        },
        pull_requests: Share {
            total: 3,
            linked: 2,
            unlinked: vec![(UnshippedReason::NotShipped, 1)],
        },
    };
    let good = check_links(&coverage(vec![(UnlinkedReason::NothingNew, 4)]));
    assert_eq!(good.verdict, Verdict::Good);
    assert_eq!(
        good.sentence,
        "5 of 9 successful production deployments are linked (nothing_new 4) and 2 of 3 merged pull requests are \
         in one (not_shipped 1)"
    );
    let bad = check_links(&coverage(vec![
        (UnlinkedReason::CommitUnknown, 1),
        (UnlinkedReason::BaseUnknown, 3),
    ]));
    assert_eq!(bad.verdict, Verdict::Attention);
    assert!(
        bad.sentence.ends_with("or tell of the commits in between"),
        "{}",
        bad.sentence
    );
    let unknown = check_links(&coverage(vec![(UnlinkedReason::CommitUnknown, 1)]));
    assert!(
        unknown.sentence.contains("check that the service"),
        "{}",
        unknown.sentence
    );
}
