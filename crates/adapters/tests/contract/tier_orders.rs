//! Rules of tiers that change between and while deployments are recorded, in random orders.

use crate::bases::{numbers, shipped, two_branches_of};
use crate::environments::to;
use crate::fixture::{SharedStore, Tenant, at, run};
use crate::lines::first_deliveries;
use periscope_domain::deployment::Deployment;
use periscope_domain::environment::Tier;
use periscope_domain::linking::Novelty;
use periscope_domain::run::DeploymentStatus;
use periscope_domain::text::ServiceName;
use periscope_domain::use_cases::relink;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use tokio::task::JoinSet;

const NAMES: [&str; 4] = ["production", "live-eu", "live-us", "staging"];
const PATTERNS: [&str; 5] = ["live*", "live-us", "staging", "production", "*"];
const TIERS: [Tier; 3] = [Tier::Production, Tier::Production, Tier::Staging];

/// The final record of each deployment: tier, links with first deliveries, novelty.
type Outcome = Vec<(String, Tier, Vec<i32>, Vec<i32>, Option<Novelty>)>;

async fn outcome(tenant: &Tenant, reports: &[Deployment]) -> Outcome {
    tenant.settle().await;
    let mut outcome = Vec::new();
    for report in reports {
        let id = report.external_id.as_str();
        let found = tenant.find(id).await;
        let (linked, first) = (numbers(tenant, id).await, first_deliveries(tenant, id).await);
        let tier = found.deployment.environment.tier();
        outcome.push((id.to_owned(), tier, linked, first, found.novelty));
    }
    outcome.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    outcome
}

fn random_reports(random: &mut StdRng) -> Vec<Deployment> {
    let mut reports: Vec<_> = (0..14)
        .map(|number| {
            let report = shipped(
                &format!("d-{number}"),
                random.random_range(1..=7),
                100 + 20 * (number / 2),
            );
            let status = *[
                DeploymentStatus::Success,
                DeploymentStatus::Success,
                DeploymentStatus::Failure,
            ]
            .choose(random)
            .unwrap();
            Deployment {
                run: run(status, 50, 100 + 20 * (number / 2)),
                service: ServiceName::clean(["api", "acme/api"].choose(random).unwrap()),
                ..to(NAMES.choose(random).unwrap(), report)
            }
        })
        .collect();
    reports.shuffle(random);
    reports
}

pub(crate) async fn rules_that_change_in_between_end_as_if_the_last_had_always_held(store: SharedStore) {
    let mut random = StdRng::seed_from_u64(20_240_117);
    for round in 0..12 {
        let tenant = two_branches_of(&store, &format!("changing-{round}")).await;
        let reports = random_reports(&mut random);
        for report in &reports {
            tenant.record(report.clone()).await;
            if random.random_ratio(1, 2) {
                let text = PATTERNS.choose(&mut random).unwrap();
                if random.random_ratio(1, 4) {
                    tenant.take_back(text).await;
                } else {
                    tenant.give(text, *TIERS.choose(&mut random).unwrap()).await;
                }
            }
            if random.random_ratio(1, 3) {
                relink(&*store, None, 3, at(2000)).await.unwrap();
            }
        }
        let tiers = store
            .environments()
            .context(tenant.id)
            .await
            .unwrap()
            .unwrap()
            .tiers;
        let plain = two_branches_of(&store, &format!("plain-{round}")).await;
        for (pattern, tier) in tiers.rules() {
            plain.give(pattern.as_str(), tier).await;
        }
        let mut in_order = reports.clone();
        in_order.sort_by_key(|report| (report.run.time(), report.external_id.as_str().to_owned()));
        for report in in_order {
            plain.record(report).await;
        }
        let expected = outcome(&plain, &reports).await;
        for (id, tier, ..) in &expected {
            let environment = plain.find(id).await.deployment.environment;
            assert_eq!(*tier, tiers.apply(environment).tier(), "{id}");
        }
        assert_eq!(
            outcome(&tenant, &reports).await,
            expected,
            "round {round}: {:?}",
            tiers.rules().collect::<Vec<_>>()
        );
    }
}

pub(crate) async fn rules_that_change_while_deployments_are_recorded_hold_for_all(store: SharedStore) {
    let mut random = StdRng::seed_from_u64(20_240_118);
    for round in 0..6 {
        let tenant = two_branches_of(&store, &format!("racing-{round}")).await;
        let reports = random_reports(&mut random);
        let mut at_once = JoinSet::new();
        for part in reports.chunks(5) {
            let (tenant, part) = (tenant.clone(), part.to_vec());
            at_once.spawn(async move {
                for report in part {
                    tenant.record(report).await;
                }
            });
        }
        let changing = tenant.clone();
        at_once.spawn(async move {
            for tier in [Tier::Production, Tier::Testing, Tier::Production] {
                changing.give("live*", tier).await;
                changing.give("staging", tier).await;
            }
        });
        let working = tenant.clone();
        at_once.spawn(async move {
            for _ in 0..20 {
                relink(&*working.store, None, 2, at(2000)).await.unwrap();
            }
        });
        at_once.join_all().await;
        let plain = two_branches_of(&store, &format!("alone-{round}")).await;
        plain.give("live*", Tier::Production).await;
        plain.give("staging", Tier::Production).await;
        for report in &reports {
            plain.record(report.clone()).await;
        }
        let expected = outcome(&plain, &reports).await;
        assert!(expected.iter().all(|(_, tier, ..)| *tier == Tier::Production));
        assert_eq!(outcome(&tenant, &reports).await, expected, "round {round}");
    }
}
