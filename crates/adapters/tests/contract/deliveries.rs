//! Small histories with what they deliver. A line of commits 0, 1, 2 ..., one a day from 1 March on, each but the first the
//! merge of the pull request of its number; deployments are `name commit day`.

use crate::fixture::{SharedStore, Tenant, commit, deployment, pull_request, sha};
use periscope_domain::commit_graph::Commit;
use periscope_domain::deployment::Deployment;
use periscope_domain::environment::Environment;
use periscope_domain::metrics::{Figures, LeadTimes, Metric, Question, Window};
use periscope_domain::pull_request::PullRequest;
use periscope_domain::run::{DeploymentStatus, Run};
use periscope_domain::time_zone::TimeZone;
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::{Origin, report_metrics};
use time::Duration;

fn march(day: u32) -> Timestamp {
    let first = Timestamp::parse("2024-03-01T00:00:00Z").unwrap();
    first.plus(Duration::days(i64::from(day) - 1))
}

/// Commits by their numbers and those of their parents, and the pull requests that were merged as some of them.
async fn history(store: &SharedStore, slug: &str, commits: &[(u32, &[u32])], merges: &[u32]) -> Tenant {
    let tenant = Tenant::new(store, slug).await;
    tenant
        .send(merges.iter().map(|number| PullRequest {
            merged_at: march(number + 1),
            ..pull_request(*number)
        }))
        .await;
    let commits = commits.iter().map(|(number, parents)| Commit {
        committed_at: Some(march(number + 1)),
        ..commit(*number, parents)
    });
    tenant
        .tell_of("acme/api", commits.collect(), Vec::new(), Origin::Sent)
        .await
        .unwrap();
    tenant
}

fn shipped(name: &str, commit: u32, day: u32) -> Deployment {
    Deployment {
        commit: sha(commit).into(),
        run: Run::new(DeploymentStatus::Success, march(day), Some(march(day))).unwrap(),
        ..deployment(name, commit)
    }
}

async fn numbers(tenant: &Tenant, name: &str) -> Vec<i32> {
    let linked = tenant.linked(name).await;
    linked.into_iter().map(|(number, _)| number).collect()
}

async fn lead_time(tenant: &Tenant, since: u32, until: u32) -> LeadTimes {
    let question = Question {
        window: Window {
            since: march(since),
            until: march(until),
        },
        now: march(until),
        time_zone: TimeZone::UTC,
        environment: Environment::production(),
        service: None,
    };
    let reports = report_metrics(&*tenant.store, tenant.id, &[Metric::LeadTime], question).await;
    match reports.unwrap().remove(0).answer.figures {
        Figures::LeadTime(lead_times) => lead_times,
        other => panic!("{other:?}"),
    }
}

/// Every order of some items.
fn orders<T: Copy>(items: &[T]) -> Vec<Vec<T>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let orders = (0..items.len()).flat_map(|index| {
        let mut rest = items.to_vec();
        let last = rest.remove(index);
        orders(&rest).into_iter().map(move |mut order| {
            order.push(last);
            order
        })
    });
    orders.collect()
}

pub(crate) async fn deploying_again_and_going_back_and_forward_adds_no_lead_time(store: SharedStore) {
    let commits: [(u32, &[u32]); 4] = [(0, &[]), (1, &[0]), (2, &[1]), (3, &[2])];
    let acme = history(&store, "acme", &commits, &[1, 2, 3]).await;
    for (name, commit, day) in [
        ("a", 1, 3),
        ("b", 3, 5),
        ("b-again", 3, 25),
        ("back", 1, 26),
        ("forward", 3, 27),
    ] {
        acme.record(shipped(name, commit, day)).await;
    }
    acme.settle().await;
    assert_eq!(numbers(&acme, "b").await, [2, 3]);
    assert_eq!(lead_time(&acme, 21, 28).await.current, None);
    let month = lead_time(&acme, 1, 28).await.current.unwrap().distribution;
    assert_eq!((month.count, month.p50), (3, 86_400.0));
}

pub(crate) async fn releases_cut_on_branches_that_never_merge_back_ship_what_is_new_in_any_order(
    store: SharedStore,
) {
    // 0 - 1 - 3 - 4   main
    //      \   \   `- 12  v3.0
    //       \   `- 11     v2.0
    //        `- 10        v1.0
    let commits: [(u32, &[u32]); 7] = [
        (0, &[]),
        (1, &[0]),
        (3, &[1]),
        (4, &[3]),
        (10, &[1]),
        (11, &[3]),
        (12, &[4]),
    ];
    let deployments = [
        ("v0", 0, 20),
        ("v1.0", 10, 21),
        ("v2.0", 11, 22),
        ("v3.0", 12, 23),
    ];
    for (index, order) in orders(&deployments).into_iter().enumerate() {
        let tenant = history(&store, &format!("order-{index}"), &commits, &[1, 3, 4]).await;
        for (name, commit, day) in &order {
            tenant.record(shipped(name, *commit, *day)).await;
        }
        tenant.settle().await;
        for (name, new) in [
            ("v0", vec![]),
            ("v1.0", vec![1]),
            ("v2.0", vec![3]),
            ("v3.0", vec![4]),
        ] {
            assert_eq!(numbers(&tenant, name).await, new, "{name} of {order:?}");
            let links = tenant.links(name).await;
            assert!(links.iter().all(|link| link.is_first), "{name} of {order:?}");
        }
    }
}

pub(crate) async fn four_reports_of_two_runs_end_with_the_newer_run_in_any_order(store: SharedStore) {
    let run = |status, day, completed| Run::new(status, march(day), completed).unwrap();
    let newer = run(DeploymentStatus::Success, 20, Some(march(25)));
    let reports = [
        run(DeploymentStatus::InProgress, 10, None),
        run(DeploymentStatus::Failure, 10, Some(march(15))),
        run(DeploymentStatus::InProgress, 20, None),
        newer,
    ];
    for (index, order) in orders(&reports).into_iter().enumerate() {
        let tenant = Tenant::new(&store, &format!("order-{index}")).await;
        for run in &order {
            let report = Deployment {
                run: *run,
                ..deployment("run", 1)
            };
            tenant.record(report).await;
        }
        assert_eq!(tenant.find("run").await.deployment.run, newer, "{order:?}");
    }
}
