//! Random histories of commits, pull requests and deployments with their lifecycle, told in pieces, in any order and more
//! than once, compared with what Git would say when everything is known. Some deployments name their commits by the first
//! digits, and some of these are those of two commits; some name the object of a tag. Some commits come out of shallow
//! checkouts too, where they seem to be roots.

use crate::fixture::{
    SharedStore, Tenant, abbreviated, at, commit, deployment, pull_request, push, run, sha, tag, tag_object,
    twin,
};
use periscope_domain::commit_graph::{Commit, Push};
use periscope_domain::commit_sha::CommitReference;
use periscope_domain::deployment::Deployment;
use periscope_domain::pull_request::PullRequest;
use periscope_domain::run::DeploymentStatus;
use periscope_domain::text::{BranchName, ServiceName};
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::Origin;
use periscope_domain::warning::Warning;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::task::JoinSet;

#[derive(Clone)]
enum Event {
    PullRequests(Vec<PullRequest>),
    Commits(Vec<Commit>),
    Push(Push),
    Deployment(Deployment),
}

impl Event {
    async fn tell(self, tenant: &Tenant) {
        let tell = |commits, pushes| tenant.tell_of("acme/api", commits, pushes, Origin::Sent);
        match self {
            Self::PullRequests(pull_requests) => drop(tenant.send(pull_requests).await),
            Self::Commits(commits) => drop(tell(commits, vec![]).await.unwrap()),
            Self::Push(push) => drop(tell(vec![], vec![push]).await.unwrap()),
            Self::Deployment(report) => drop(tenant.record(report).await),
        }
    }
}

/// A deployment as it ends.
struct Shipment {
    report: Deployment,
    commit: u32,
    previous: Option<u32>,
}

/// What happened.
struct History {
    parents: Vec<Vec<u32>>,
    merged: BTreeSet<u32>,
    /// The commits that are not the only ones to begin with their digits.
    twins: BTreeSet<u32>,
    shipments: Vec<Shipment>,
}

/// The answer: links as `rule number seconds`, with `first` where they are first deliveries, and the codes of the warnings.
type Answer = (BTreeSet<String>, Vec<&'static str>);

impl History {
    /// Commit 0 is the root; most commits are made on a recent one.
    fn random(random: &mut StdRng) -> Self {
        let length = random.random_range(8..28);
        let mut parents = vec![vec![]];
        for number in 1..length {
            let mut of = BTreeSet::new();
            for _ in 0..random.random_range(1..=2) {
                of.insert(number - 1 - random.random_range(0..number.min(4)));
            }
            parents.push(of.into_iter().collect());
        }
        let merged = (0..length).filter(|_| random.random_ratio(2, 3)).collect();
        let twins = (0..length).filter(|_| random.random_ratio(1, 2)).collect();
        let shipments = (0..random.random_range(3..10))
            .map(|place| Self::shipment(random, place, length))
            .collect();
        Self {
            parents,
            merged,
            twins,
            shipments,
        }
    }

    /// A commit as somebody names it.
    fn named(random: &mut StdRng, commit: u32) -> CommitReference {
        match random.random_range(0..6) {
            0 | 1 => sha(commit).into(),
            2 => tag_object(commit).into(),
            3 => CommitReference::parse(&tag_object(commit).to_string()[..8]).unwrap(),
            _ => abbreviated(commit),
        }
    }

    fn shipment(random: &mut StdRng, place: u32, length: u32) -> Shipment {
        let commit = random.random_range(0..length);
        let previous = random.random_ratio(1, 3).then(|| random.random_range(0..length));
        let completed = 1000 + i64::from(random.random_range(0..6)) * 10;
        let status = if random.random_ratio(1, 6) {
            DeploymentStatus::RolledBack
        } else {
            DeploymentStatus::Success
        };
        let service = ["api", "worker", ""][random.random_range(0..3)];
        let report = Deployment {
            run: run(status, 900, completed + 1),
            service: ServiceName::clean(service),
            commit: Self::named(random, commit),
            previous_commit: previous.map(|previous| Self::named(random, previous)),
            ..deployment(&format!("d{place}"), commit)
        };
        Shipment {
            report,
            commit,
            previous,
        }
    }

    fn ancestors(&self) -> Vec<BTreeSet<u32>> {
        let mut all: Vec<BTreeSet<u32>> = Vec::new();
        for (number, parents) in (0..).zip(&self.parents) {
            let mut ancestors: BTreeSet<u32> = parents
                .iter()
                .flat_map(|parent| all[*parent as usize].iter().copied())
                .collect();
            ancestors.insert(number);
            all.push(ancestors);
        }
        all
    }

    /// Everything that is told, some of it twice.
    fn events(&self, random: &mut StdRng) -> Vec<Event> {
        let ancestors = self.ancestors();
        let commits: Vec<Commit> = (0..)
            .zip(&self.parents)
            .map(|(number, parents)| commit(number, parents))
            .collect();
        let mut events: Vec<Event> = commits
            .chunks(random.random_range(1..5))
            .map(|piece| Event::Commits(piece.to_vec()))
            .collect();
        let twins = self.twins.iter().map(|number| {
            Event::Commits(vec![Commit {
                sha: twin(*number),
                ..commits[*number as usize].clone()
            }])
        });
        let tags = (0..)
            .zip(&self.parents)
            .map(|(number, _)| Event::Commits(vec![tag(number)]));
        let late = twins.chain(tags);
        let (last, others): (Vec<_>, Vec<_>) = late.partition(|_| random.random_ratio(3, 4));
        events.extend(others);
        let shallow = commits.iter().filter(|_| random.random_ratio(1, 4));
        events.extend(shallow.map(|commit| {
            Event::Commits(vec![Commit {
                parents: Some(vec![]),
                ..commit.clone()
            }])
        }));
        let merges: Vec<PullRequest> = self
            .merged
            .iter()
            .filter(|number| **number > 0)
            .map(|number| PullRequest {
                base_branch: BranchName::clean(if number % 5 == 0 { "v1" } else { "main" }),
                ..pull_request(*number)
            })
            .collect();
        events.extend(
            merges
                .chunks(random.random_range(1..4))
                .map(|piece| Event::PullRequests(piece.to_vec())),
        );
        for after in 1..self.parents.len() {
            let before = random.random_range(0..after);
            if random.random_ratio(1, 4) && ancestors[after].contains(&u32::try_from(before).unwrap()) {
                let new: Vec<u32> = ancestors[after].difference(&ancestors[before]).copied().collect();
                let [before, after] = [before, after].map(|number| u32::try_from(number).unwrap());
                events.push(Event::Push(push(before, after, &new)));
            }
        }
        for Shipment { report, .. } in &self.shipments {
            let begun = run(DeploymentStatus::InProgress, 900, 900);
            let succeeded = run(DeploymentStatus::Success, 900, 990);
            events.push(Event::Deployment(Deployment {
                run: begun,
                ..report.clone()
            }));
            if report.shipped_at().is_none() {
                events.push(Event::Deployment(Deployment {
                    run: succeeded,
                    ..report.clone()
                }));
            }
            events.push(Event::Deployment(report.clone()));
        }
        let again: Vec<Event> = events
            .iter()
            .filter(|_| random.random_ratio(1, 6))
            .cloned()
            .collect();
        events.extend(again);
        events.shuffle(random);
        // Everything else is settled by then, and nothing else makes up for what they fail to touch.
        events.extend(last);
        events
    }

    /// What Git says of a deployment.
    fn answer(&self, ancestors: &[BTreeSet<u32>], shipment: &Shipment) -> Answer {
        let Some(shipped_at) = shipment.report.shipped_at() else {
            return (BTreeSet::new(), vec![]);
        };
        let contained = &ancestors[shipment.commit as usize];
        let mut warnings = Vec::new();
        if shipment
            .report
            .service
            .as_ref()
            .is_some_and(|service| service.as_str() == "worker")
        {
            warnings.push("service_unmatched");
        }
        if self.is_ambiguous(&shipment.report.commit) {
            warnings.push("commit_ambiguous");
            warnings.extend(shipment.previous.map(|_| "base_unknown"));
            return (BTreeSet::new(), warnings);
        }
        let earlier = self.earlier(shipment, shipped_at);
        let live = self.contained(&earlier, ancestors);
        let base = match &shipment.report.previous_commit {
            Some(previous) => shipment.previous.filter(|_| !self.is_ambiguous(previous)),
            None => None,
        };
        let latest = earlier.last();
        let before = match (&shipment.report.previous_commit, base, latest) {
            (Some(_), Some(base), _) => Some(ancestors[base as usize].clone()),
            (None, _, Some(latest)) if !self.is_ambiguous(&latest.report.commit) => Some(live.clone()),
            _ => None,
        };
        if base.is_some_and(|base| !contained.contains(&base)) {
            warnings.push("base_not_ancestor");
        }
        if before.is_none() {
            let is_first = shipment.report.previous_commit.is_none() && latest.is_none();
            warnings.push(if is_first { "no_base" } else { "base_unknown" });
        }
        if live.contains(&shipment.commit) {
            warnings.push("redeployment");
        }
        let links = contained
            .iter()
            .filter(|number| **number > 0 && self.merged.contains(number));
        let links = links.filter_map(|number| {
            let rule = match &before {
                _ if *number == shipment.commit => "exact",
                Some(before) if !before.contains(number) => "graph",
                _ => return None,
            };
            let seconds = (shipped_at.microseconds() - at((*number).into()).microseconds()) / 1_000_000;
            let first = if live.contains(number) { "" } else { " first" };
            Some(format!("{rule} {number} {seconds}{first}"))
        });
        (links.collect(), warnings)
    }

    /// All that deployments contain whose commits are known.
    fn contained(&self, deployments: &[&Shipment], ancestors: &[BTreeSet<u32>]) -> BTreeSet<u32> {
        let known = deployments
            .iter()
            .filter(|deployment| !self.is_ambiguous(&deployment.report.commit));
        known
            .flat_map(|deployment| ancestors[deployment.commit as usize].iter().copied())
            .collect()
    }

    fn is_ambiguous(&self, commit: &CommitReference) -> bool {
        self.twins.iter().any(|number| *commit == abbreviated(*number))
    }

    /// The successful deployments of the service before another one, in order.
    fn earlier(&self, of: &Shipment, shipped_at: Timestamp) -> Vec<&Shipment> {
        let key = |report: &Deployment, at| (at, report.external_id.as_str().to_owned());
        let mut earlier: Vec<_> = self
            .shipments
            .iter()
            .filter(|other| other.report.service == of.report.service)
            .filter_map(|other| Some((key(&other.report, other.report.shipped_at()?), other)))
            .filter(|(place, _)| *place < key(&of.report, shipped_at))
            .collect();
        earlier.sort_by(|(one, _), (other, _)| one.cmp(other));
        earlier.into_iter().map(|(_, shipment)| shipment).collect()
    }

    async fn check(&self, tenant: &Tenant, name: &str) {
        tenant.settle().await;
        let ancestors = self.ancestors();
        for shipment in &self.shipments {
            let expected = self.answer(&ancestors, shipment);
            let id = shipment.report.external_id.as_str();
            let mut links = BTreeSet::new();
            for link in tenant.links(id).await {
                let stored = tenant
                    .store
                    .pull_requests()
                    .find(tenant.id, link.pull_request_id)
                    .await;
                let number = stored.unwrap().unwrap().pull_request.number;
                links.insert(format!(
                    "{} {number} {}{}",
                    link.rule.as_str(),
                    link.lead_time.seconds(),
                    if link.is_first { " first" } else { "" }
                ));
            }
            assert_eq!(links, expected.0, "{name}: {id}, as recorded");
            let again = tenant.record(shipment.report.clone()).await;
            let warnings: Vec<_> = again.warnings.iter().map(Warning::code).collect();
            assert_eq!(warnings, expected.1, "{name}: {id}");
            tenant.settle().await;
        }
    }
}

pub(crate) async fn random_histories_told_in_any_order_are_linked_as_git_would(store: SharedStore) {
    for seed in 0..40 {
        let random = &mut StdRng::seed_from_u64(seed);
        let tenant = Tenant::new(&store, &format!("seed-{seed}")).await;
        let history = History::random(random);
        for event in history.events(random) {
            event.tell(&tenant).await;
        }
        history.check(&tenant, &format!("seed {seed}")).await;
    }
}

pub(crate) async fn random_histories_told_by_several_at_once_are_linked_as_git_would(store: SharedStore) {
    for seed in 100..120 {
        let random = &mut StdRng::seed_from_u64(seed);
        let tenant = Tenant::new(&store, &format!("seed-{seed}")).await;
        let history = History::random(random);
        let events = Arc::new(history.events(random));
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
        history.check(&tenant, &format!("seed {seed}")).await;
    }
}
