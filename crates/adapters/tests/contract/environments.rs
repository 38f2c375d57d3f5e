//! Tiers of environments: rules that come before, between and after the deployments that they are about.

use crate::bases::{numbers, shipped, two_branches};
use crate::deployments::decision;
use crate::fixture::{SharedStore, Tenant, apply, at, deployment, run};
use crate::lines::first_deliveries;
use periscope_domain::deployment::Deployment;
use periscope_domain::environment::{Environment, Tier};
use periscope_domain::environment_tiers::{EnvironmentPattern, EnvironmentTiers};
use periscope_domain::id::{DeploymentId, OrganizationId};
use periscope_domain::linking::Novelty;
use periscope_domain::metrics::{Metric, NoData, Question, Window};
use periscope_domain::ports::{
    Applied, Placement, RelinkReason, RelinkRequest, RelinkingDecision, TiersDecision,
};
use periscope_domain::run::DeploymentStatus;
use periscope_domain::text::ServiceName;
use periscope_domain::time_zone::TimeZone;
use periscope_domain::use_cases::{
    SetEnvironmentTierError, list_environments, relink, remove_environment_tier, report_metrics,
    set_environment_tier,
};
use periscope_domain::warning::Warning;

fn pattern(text: &str) -> EnvironmentPattern {
    EnvironmentPattern::parse(text).unwrap()
}

pub(crate) fn to(environment: &str, deployment: Deployment) -> Deployment {
    Deployment {
        environment: Environment::parse(environment).unwrap(),
        ..deployment
    }
}

impl Tenant {
    pub(crate) async fn give(&self, text: &str, tier: Tier) {
        set_environment_tier(&*self.store, self.id, &pattern(text), tier, at(2000))
            .await
            .unwrap();
    }

    pub(crate) async fn take_back(&self, text: &str) -> bool {
        remove_environment_tier(&*self.store, self.id, &pattern(text), at(2000))
            .await
            .unwrap()
    }

    /// The tier with which a deployment is recorded.
    async fn tier(&self, id: &str) -> Tier {
        self.find(id).await.deployment.environment.tier()
    }

    async fn measured(&self, metric: Metric, environment: &str) -> (u64, Option<NoData>) {
        let question = Question {
            window: Window::new(at(0), at(1990)).unwrap(),
            now: at(2000),
            time_zone: TimeZone::UTC,
            environment: Environment::parse(environment).unwrap(),
            service: None,
        };
        let mut reports = report_metrics(&*self.store, self.id, &[metric], question)
            .await
            .unwrap();
        let answer = reports.remove(0).answer;
        (answer.sample_size, answer.no_data)
    }
}

pub(crate) async fn rules_are_kept_by_their_pattern_until_they_are_removed(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let globex = Tenant::new(&store, "globex").await;
    for (id, environment) in [("a", "prod"), ("b", "Prod-EU"), ("c", "staging"), ("d", "prod")] {
        acme.record(to(environment, deployment(id, 1))).await;
    }
    acme.give("prod*", Tier::Testing).await;
    acme.give("PROD*", Tier::Production).await;
    acme.give("prod-eu", Tier::Staging).await;
    let listed = list_environments(&*store, acme.id).await.unwrap();
    let rules: Vec<_> = listed
        .tiers
        .rules()
        .map(|(pattern, tier)| (pattern.as_str(), tier))
        .collect();
    assert_eq!(rules, [("prod*", Tier::Production), ("prod-eu", Tier::Staging)]);
    let found: Vec<_> = listed
        .environments
        .iter()
        .map(|known| {
            let rule = known.rule.as_ref().map(EnvironmentPattern::as_str);
            (known.environment.as_str(), known.environment.tier(), rule)
        })
        .collect();
    let expected = [
        ("prod", Tier::Production, Some("prod*")),
        ("prod-eu", Tier::Staging, Some("prod-eu")),
        ("staging", Tier::Staging, None),
    ];
    assert_eq!(found, expected);
    assert!(acme.take_back("Prod-eu").await);
    assert!(!acme.take_back("prod-eu").await);
    acme.settle().await;
    assert_eq!(acme.tier("b").await, Tier::Production);
    let of_globex = list_environments(&*store, globex.id).await.unwrap();
    assert_eq!(
        (of_globex.environments.len(), of_globex.tiers),
        (0, EnvironmentTiers::default())
    );
}

pub(crate) async fn an_organization_has_a_bounded_number_of_rules(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    for number in 0..EnvironmentTiers::MOST {
        acme.give(&format!("e-{number}"), Tier::Preview).await;
    }
    let tier = Tier::Production;
    let more = set_environment_tier(&*store, acme.id, &pattern("more"), tier, at(2000)).await;
    assert!(matches!(more, Err(SetEnvironmentTierError::TooMany(_))));
    acme.give("e-7", tier).await;
    let recorded = acme.record(to("e-7", deployment("d", 1))).await;
    assert!(
        recorded
            .warnings
            .iter()
            .all(|warning| warning.code() != "environment_not_production")
    );
    assert_eq!(acme.tier("d").await, tier);
}

pub(crate) async fn a_change_of_rules_that_others_have_outrun_changes_nothing(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let environments = store.environments();
    let before = environments.context(acme.id).await.unwrap().unwrap();
    acme.give("live", Tier::Production).await;
    let late = TiersDecision {
        organization_id: acme.id,
        after: EnvironmentTiers::new([(pattern("prod"), Tier::Production)]),
        before,
        decided_at: at(2000),
    };
    assert_eq!(environments.apply(&late).await.unwrap(), Applied::Stale);
    let tiers = environments.context(acme.id).await.unwrap().unwrap().tiers;
    assert_eq!(
        tiers,
        EnvironmentTiers::new([(pattern("live"), Tier::Production)])
    );
    let nowhere = OrganizationId::new(4711);
    assert_eq!(environments.context(nowhere).await.unwrap(), None);
}

pub(crate) async fn a_decision_by_the_rules_before_is_stale(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let report = to("live", deployment("d", 1));
    let early = decision(&acme, &report).await;
    acme.give("live", Tier::Production).await;
    assert_eq!(apply(&store, &[early]).await, [Applied::Stale]);
    acme.record(report.clone()).await;
    let early = decision(&acme, &report).await;
    acme.take_back("live").await;
    assert_eq!(apply(&store, &[early]).await, [Applied::Stale]);
    acme.settle().await;
    assert_eq!(acme.tier("d").await, Tier::Other);
}

pub(crate) async fn links_decided_before_a_deployment_left_production_are_not_written(store: SharedStore) {
    let acme = two_branches(&store).await;
    acme.give("live", Tier::Production).await;
    acme.record(to("live", shipped("d", 3, 100))).await;
    let stored = acme.find("d").await;
    let early = decision(&acme, &stored.deployment).await;
    let request = RelinkRequest {
        organization_id: acme.id,
        deployment_id: stored.id,
        external_id: stored.deployment.external_id,
        reason: RelinkReason::Requested(0),
    };
    let linking = early.linking.unwrap();
    assert_eq!(linking.links.len(), 1);
    acme.take_back("live").await;
    acme.settle().await;
    let late = RelinkingDecision {
        request,
        version: early.version,
        linking,
        is_as_before: false,
    };
    let relinking = store.relinking();
    assert_eq!(
        relinking.apply(&[late], at(2001)).await.unwrap(),
        [Applied::Stale]
    );
    assert_eq!(numbers(&acme, "d").await, [0; 0]);
}

pub(crate) async fn what_left_production_delivers_nothing_any_more(store: SharedStore) {
    let acme = two_branches(&store).await;
    acme.give("live", Tier::Production).await;
    // By the graph and by links alone.
    for (service, early, late) in [("api", "a", "b"), ("acme/jobs", "c", "d")] {
        let of_service = |report| Deployment {
            service: ServiceName::clean(service),
            ..report
        };
        acme.record(of_service(to("live", shipped(early, 4, 100)))).await;
        acme.record(of_service(shipped(late, 4, 200))).await;
        assert_eq!(numbers(&acme, late).await, [4]);
        assert_eq!(first_deliveries(&acme, late).await, [0; 0]);
    }
    acme.give("live", Tier::Staging).await;
    acme.settle().await;
    for late in ["b", "d"] {
        assert_eq!(first_deliveries(&acme, late).await, [4], "{late}");
        assert_eq!(acme.find(late).await.novelty, Some(Novelty::New), "{late}");
    }
}

pub(crate) async fn a_success_where_no_tier_is_known_is_warned_of(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let failed = Deployment {
        run: run(DeploymentStatus::Failure, 1, 2),
        ..deployment("failed", 1)
    };
    for (report, is_warned) in [
        (to("prod", deployment("prod", 1)), true),
        (to("staging", deployment("staging", 1)), false),
        (deployment("production", 1), false),
        (to("prod", failed), false),
    ] {
        let recorded = acme.record(report).await;
        let codes: Vec<_> = recorded.warnings.iter().map(Warning::code).collect();
        assert_eq!(
            codes.contains(&"environment_not_production"),
            is_warned,
            "{codes:?}"
        );
    }
    acme.give("prod", Tier::Production).await;
    let recorded = acme.record(to("prod", deployment("again", 1))).await;
    let codes: Vec<_> = recorded.warnings.iter().map(Warning::code).collect();
    assert!(!codes.contains(&"environment_not_production"), "{codes:?}");
}

pub(crate) async fn each_production_environment_is_a_line_and_a_delivery_is_to_the_service(
    store: SharedStore,
) {
    let acme = two_branches(&store).await;
    acme.give("production-*", Tier::Production).await;
    acme.record(to("production-eu", shipped("eu-1", 2, 100))).await;
    acme.record(to("production-us", shipped("us-1", 2, 200))).await;
    acme.record(to("production-us", shipped("us-2", 4, 300))).await;
    acme.record(to("production-eu", shipped("eu-2", 5, 400))).await;
    acme.record(to("production-us", shipped("us-3", 5, 500))).await;
    for (id, ships, first, novelty) in [
        ("eu-1", vec![2], vec![2], Novelty::New),
        ("us-1", vec![2], vec![], Novelty::New),
        ("us-2", vec![3, 4], vec![3, 4], Novelty::New),
        ("eu-2", vec![3, 4, 5], vec![5], Novelty::New),
        ("us-3", vec![5], vec![], Novelty::New),
    ] {
        assert_eq!(numbers(&acme, id).await, ships, "{id}");
        assert_eq!(first_deliveries(&acme, id).await, first, "{id}");
        assert_eq!(acme.find(id).await.novelty, Some(novelty), "{id}");
    }
    assert_eq!(acme.measured(Metric::LeadTime, "production").await.0, 4);
    assert_eq!(acme.measured(Metric::LeadTime, "production-eu").await.0, 2);
    assert_eq!(
        acme.measured(Metric::DeploymentFrequency, "production-us")
            .await
            .0,
        3
    );
}

pub(crate) async fn what_was_recorded_follows_a_rule_that_comes_later(store: SharedStore) {
    let acme = two_branches(&store).await;
    acme.record(to("live", shipped("a", 2, 100))).await;
    acme.record(shipped("b", 3, 200)).await;
    acme.record(to("live", shipped("c", 5, 300))).await;
    acme.settle().await;
    assert_eq!(numbers(&acme, "b").await, [3]);
    assert_eq!(first_deliveries(&acme, "b").await, [3]);
    assert_eq!(
        acme.measured(Metric::DeploymentFrequency, "production").await.0,
        1
    );
    acme.give("li*", Tier::Production).await;
    assert_eq!(
        acme.measured(Metric::DeploymentFrequency, "production").await.0,
        3,
        "at once"
    );
    for (id, ships, first) in [
        ("a", vec![2], vec![2]),
        ("b", vec![3], vec![3]),
        ("c", vec![3, 4, 5], vec![4, 5]),
    ] {
        assert_eq!(numbers(&acme, id).await, ships, "{id}");
        assert_eq!(first_deliveries(&acme, id).await, first, "{id}");
    }
    assert_eq!(acme.measured(Metric::LeadTime, "production").await.0, 4);
    assert!(acme.take_back("li*").await);
    for (id, ships, first) in [
        ("a", vec![], vec![]),
        ("b", vec![3], vec![3]),
        ("c", vec![], vec![]),
    ] {
        assert_eq!(numbers(&acme, id).await, ships, "{id}");
        assert_eq!(first_deliveries(&acme, id).await, first, "{id}");
        assert_eq!(acme.find(id).await.novelty.is_some(), !first.is_empty(), "{id}");
    }
    assert_eq!(acme.measured(Metric::LeadTime, "production").await.0, 1);
    acme.give("production", Tier::Preview).await;
    acme.settle().await;
    assert_eq!(numbers(&acme, "b").await, [0; 0]);
    let others = vec![Environment::parse("live").unwrap()];
    let named = (0, Some(NoData::EnvironmentNotProduction(others)));
    assert_eq!(acme.measured(Metric::LeadTime, "production").await, named);
    assert_eq!(
        acme.measured(Metric::Overview, "production").await.0,
        7,
        "pull requests are merged all the same"
    );
}

pub(crate) async fn many_deployments_follow_in_pieces(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let statuses = [
        DeploymentStatus::Success,
        DeploymentStatus::Failure,
        DeploymentStatus::Cancelled,
    ];
    let report = |number: i64| Deployment {
        run: run(statuses[usize::try_from(number % 3).unwrap()], 0, 100 + number),
        service: ServiceName::clean(["api", "web"][usize::from(number > 200)]),
        ..to("live", deployment(&format!("d-{number}"), 1))
    };
    for number in 0..300 {
        acme.record(report(number)).await;
    }
    let wrong = async |tier| {
        let mut wrong = 0;
        for number in 0..300 {
            wrong += u32::from(acme.tier(&format!("d-{number}")).await != tier);
        }
        wrong
    };
    // One that changes the rules goes on with some at once.
    acme.give("live", Tier::Production).await;
    let left = wrong(Tier::Production).await;
    assert!((1..300).contains(&left), "{left}");
    relink(&*store, None, 10, at(2001)).await.unwrap();
    let after = wrong(Tier::Production).await;
    assert!((1..left).contains(&after), "{left} {after}");
    // Half-way the rules change again.
    acme.give("live", Tier::Staging).await;
    acme.settle().await;
    assert_eq!(wrong(Tier::Staging).await, 0);
    assert_eq!(store.relinking().count(Some(acme.id)).await.unwrap(), 0);
}

pub(crate) async fn a_request_of_tiers_is_taken_by_one_at_a_time(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let globex = Tenant::new(&store, "globex").await;
    for tenant in [&acme, &globex] {
        for number in 0..200 {
            let id = format!("d-{number}");
            tenant.record(to("live", deployment(&id, 1))).await;
        }
        tenant.give("live", Tier::Production).await;
    }
    let relinking = store.relinking();
    let claimed = async |of, now, until| relinking.claim_placements(of, 9, at(now), at(until)).await;
    let first = claimed(Some(acme.id), 2001, 2005).await.unwrap();
    assert_eq!(first.len(), 1);
    assert_eq!(
        (first[0].service_key.as_str(), first[0].environment.as_str()),
        ("api", "live")
    );
    let second = claimed(None, 2002, 2005).await.unwrap();
    let owners: Vec<_> = second.iter().map(|request| request.organization_id).collect();
    assert_eq!(owners, [globex.id]);
    let again = claimed(None, 2005, 2009).await.unwrap();
    assert_eq!(again.len(), 2, "a lease ends");
    // Who took it before the rules changed again does nothing.
    acme.give("live", Tier::Preview).await;
    let placement = Placement {
        request: first[0].clone(),
        tier: Tier::Production,
        keys: Vec::new(),
    };
    let count = store.relinking().count(Some(acme.id)).await.unwrap();
    relinking.place(&[placement], 1000, at(2006)).await.unwrap();
    assert_eq!(store.relinking().count(Some(acme.id)).await.unwrap(), count);
    acme.settle().await;
    for number in 0..200 {
        assert_eq!(acme.tier(&format!("d-{number}")).await, Tier::Preview);
    }
}

pub(crate) async fn services_are_down_in_each_environment_of_production_by_itself(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.give("live-*", Tier::Production).await;
    let reported = |id: &str, environment: &str, status, minute| Deployment {
        run: run(status, 0, minute),
        ..to(environment, deployment(id, 1))
    };
    for (id, environment, status, minute) in [
        ("eu-1", "live-eu", DeploymentStatus::Success, 10),
        ("us-1", "live-us", DeploymentStatus::Success, 20),
        ("eu-2", "live-eu", DeploymentStatus::Failure, 30),
        ("us-2", "live-us", DeploymentStatus::Success, 40),
        ("qa-1", "qa", DeploymentStatus::Success, 10),
        ("qa-2", "qa", DeploymentStatus::Failure, 50),
    ] {
        acme.record(reported(id, environment, status, minute)).await;
    }
    let named = ["live-eu", "live-us"].map(|name| Environment::parse(name).unwrap());
    let states = store
        .metric_facts()
        .states_before(acme.id, &named, at(100))
        .await
        .unwrap();
    let mut states: Vec<_> = states
        .into_iter()
        .map(|state| (state.environment.to_string(), state.down_since.map(|(id, _)| id)))
        .collect();
    states.sort_unstable();
    let down: Option<DeploymentId> = Some(acme.find("eu-2").await.id);
    assert_eq!(
        states,
        [("live-eu".to_owned(), down), ("live-us".to_owned(), None)]
    );
    acme.record(reported("eu-3", "live-eu", DeploymentStatus::Success, 200))
        .await;
    assert_eq!(acme.measured(Metric::Recovery, "production").await.0, 1);
    assert_eq!(acme.measured(Metric::Recovery, "live-us").await.0, 0);
}
