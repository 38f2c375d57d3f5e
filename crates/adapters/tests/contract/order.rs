//! A small history of two branches, with abbreviated commits and a deployment that was run again, told in many orders.

use crate::fixture::{SharedStore, Tenant, deployment_after, pull_request, run};
use periscope_domain::commit_sha::CommitReference;
use periscope_domain::deployment::Deployment;
use periscope_domain::pull_request::PullRequest;
use periscope_domain::run::DeploymentStatus;
use periscope_domain::text::BranchName;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use std::sync::Arc;
use tokio::task::JoinSet;

const DEPLOYMENTS: u32 = 12;

#[derive(Clone)]
enum Event {
    PullRequest(PullRequest),
    Deployment(Deployment),
}

impl Event {
    async fn tell(self, tenant: &Tenant) {
        match self {
            Self::PullRequest(pull_request) => drop(tenant.send([pull_request]).await),
            Self::Deployment(report) => drop(tenant.record(report).await),
        }
    }
}

/// Every third pull request goes to a release branch; deployment n ships what came since deployment n - 1.
fn history() -> Vec<Event> {
    let pull_requests = (1..=40).map(|number| {
        let branch = if number % 3 == 0 { "v1" } else { "main" };
        Event::PullRequest(PullRequest {
            base_branch: BranchName::clean(branch),
            ..pull_request(number)
        })
    });
    let deployments = (1..=DEPLOYMENTS).map(|number| {
        let id = format!("d{number}");
        let mut report = deployment_after(&id, number * 3 - 2, number * 3 + 1);
        report.run = run(DeploymentStatus::Success, 100, 100 + i64::from(number));
        match number % 4 {
            0 => report.commit = CommitReference::parse(&report.commit.as_str()[..9]).unwrap(),
            1 => report.service = None,
            2 => report.previous_commit = None,
            _ => {}
        }
        Event::Deployment(report)
    });
    pull_requests.chain(deployments).collect()
}

/// What is linked to each deployment, by which rule, after how long.
async fn links(tenant: &Tenant) -> Vec<(u32, Vec<(i32, &'static str)>, Vec<i64>)> {
    let mut all = Vec::new();
    for number in 1..=DEPLOYMENTS {
        let id = format!("d{number}");
        let mut lead_times: Vec<_> = tenant
            .links(&id)
            .await
            .iter()
            .map(|link| link.lead_time.seconds())
            .collect();
        lead_times.sort_unstable();
        all.push((number, tenant.linked(&id).await, lead_times));
    }
    all
}

async fn in_order(store: &SharedStore) -> Vec<(u32, Vec<(i32, &'static str)>, Vec<i64>)> {
    let tenant = Tenant::new(store, "in-order").await;
    for event in history() {
        event.tell(&tenant).await;
    }
    tenant.settle().await;
    let links = links(&tenant).await;
    let linked: usize = links.iter().map(|(_, linked, _)| linked.len()).sum();
    assert!(linked > 20, "{links:?}");
    links
}

pub(crate) async fn any_order_gives_the_same_links(store: SharedStore) {
    let expected = in_order(&store).await;
    let mut random = StdRng::seed_from_u64(20_240_115);
    for round in 0..20 {
        let tenant = Tenant::new(&store, &format!("round-{round}")).await;
        let mut events = history();
        events.shuffle(&mut random);
        for event in events {
            event.clone().tell(&tenant).await;
            if random.random_ratio(1, 5) {
                event.tell(&tenant).await;
            }
        }
        tenant.settle().await;
        assert_eq!(links(&tenant).await, expected, "round {round}");
    }
}

pub(crate) async fn several_senders_at_once_give_the_same_links(store: SharedStore) {
    let expected = in_order(&store).await;
    let mut random = StdRng::seed_from_u64(20_240_116);
    for round in 0..5 {
        let tenant = Tenant::new(&store, &format!("round-{round}")).await;
        let mut events = history();
        events.shuffle(&mut random);
        let events = Arc::new(events);
        let mut senders = JoinSet::new();
        for sender in 0..4 {
            let (tenant, events) = (tenant.clone(), Arc::clone(&events));
            senders.spawn(async move {
                for event in events.iter().skip(sender).step_by(4) {
                    event.clone().tell(&tenant).await;
                }
            });
        }
        senders.join_all().await;
        tenant.settle().await;
        assert_eq!(links(&tenant).await, expected, "round {round}");
    }
}
