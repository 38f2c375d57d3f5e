//! A deployment, and how the reports of it are folded into one: every field that a report carries replaces the
//! old one, an optional field that it leaves out is kept (the first event of a pipeline often knows more than
//! the last), and a report that is older than what we know changes nothing.

use crate::commit_sha::CommitReference;
use crate::environment::Environment;
use crate::id::DeploymentId;
use crate::linking::Novelty;
use crate::run::Run;
use crate::text::{Actor, BranchName, ExternalDeploymentId, PipelineName, ServiceName};
use crate::timestamp::Timestamp;
use crate::web_url::WebUrl;

/// What is known of a deployment: by one report, or by all of them folded into one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// What the sender calls it: its identity within the organization.
    pub external_id: ExternalDeploymentId,
    /// The commit that was deployed.
    pub commit: CommitReference,
    /// Where it went.
    pub environment: Environment,
    /// Its status and times.
    pub run: Run,
    /// The service that was deployed.
    pub service: Option<ServiceName>,
    /// The commit that was live before, as the sender knows it.
    pub previous_commit: Option<CommitReference>,
    /// The branch that was deployed.
    pub branch: Option<BranchName>,
    /// Who started it.
    pub triggered_by: Option<Actor>,
    /// The pipeline that did it.
    pub pipeline_name: Option<PipelineName>,
    /// Where the pipeline's run can be looked at.
    pub pipeline_url: Option<WebUrl>,
}

/// What a report makes of a deployment that is already known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// The deployment as it now stands.
    Updated(Deployment),
    /// The report is older than what is known and changes nothing.
    Stale,
}

impl Deployment {
    /// Folds a further report into what is known.
    #[must_use]
    pub fn receive(&self, report: &Self) -> Received {
        if report.run.is_stale_beside(&self.run) {
            return Received::Stale;
        }
        let known = self.clone();
        let report = report.clone();
        Received::Updated(Self {
            service: report.service.or(known.service),
            previous_commit: report.previous_commit.or(known.previous_commit),
            branch: report.branch.or(known.branch),
            triggered_by: report.triggered_by.or(known.triggered_by),
            pipeline_name: report.pipeline_name.or(known.pipeline_name),
            pipeline_url: report.pipeline_url.or(known.pipeline_url),
            ..report
        })
    }

    /// Whether a report says of a known deployment that it is one of another environment or service.
    #[must_use]
    pub fn is_identity_changed_by(&self, report: &Self) -> bool {
        let is_other_service = self
            .service
            .as_ref()
            .zip(report.service.as_ref())
            .is_some_and(|(known, reported)| !known.as_str().eq_ignore_ascii_case(reported.as_str()));
        is_other_service || self.environment != report.environment
    }

    /// When it reached users: the completion of a successful production deployment, the only kind that ships
    /// pull requests. `None` for any other.
    #[must_use]
    pub fn shipped_at(&self) -> Option<Timestamp> {
        self.run
            .succeeded_at()
            .filter(|_| self.environment.is_production())
    }
}

/// How many events of a deployment have been received: 1 for the first. Every accepted event raises it, so two
/// writers that saw the same revision cannot both write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revision(i64);

impl Revision {
    /// The revision that the first event makes.
    pub const FIRST: Self = Self(1);

    /// Wraps the number that a store keeps.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The bare number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The revision that one more event makes.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// A deployment with the number and the revision that a store gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDeployment {
    /// Periscope's number for it.
    pub id: DeploymentId,
    /// How many events it has received.
    pub revision: Revision,
    /// What they say together.
    pub deployment: Deployment,
    /// [What its service is compared by](crate::linking::service_key), as it was when the deployment was last written.
    pub service_key: String,
    /// What it brings to its line; `None` if it ships nothing.
    pub novelty: Option<Novelty>,
}

impl StoredDeployment {
    /// What people call it where it brings nothing new: a redeployment or a roll-back.
    #[must_use]
    pub fn repetition(&self) -> Option<&'static str> {
        self.novelty.and_then(Novelty::noun)
    }
}

/// One accepted event, as the history keeps it. Never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentEvent {
    /// The status and times that it told.
    pub run: Run,
    /// The commit that it told.
    pub commit: CommitReference,
    /// When we received it.
    pub received_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::DeploymentStatus;

    fn report(status: &str, environment: &str, branch: Option<&str>, service: Option<&str>) -> Deployment {
        let time = Timestamp::parse("2024-01-15T10:30:00Z").unwrap();
        Deployment {
            external_id: ExternalDeploymentId::parse("gha-1").unwrap(),
            commit: CommitReference::parse("abc1234").unwrap(),
            environment: Environment::parse(environment).unwrap(),
            run: Run::new(DeploymentStatus::parse(status).unwrap(), time, Some(time)).unwrap(),
            service: service.map(|s| ServiceName::parse(s).unwrap()),
            previous_commit: None,
            branch: branch.map(|b| BranchName::parse(b).unwrap()),
            triggered_by: None,
            pipeline_name: None,
            pipeline_url: None,
        }
    }

    #[test]
    fn a_report_replaces_what_it_carries_and_keeps_what_it_leaves_out() {
        let known = report("in_progress", "staging", Some("main"), Some("api"));
        let later = report("success", "production", None, Some("web"));
        let Received::Updated(folded) = known.receive(&later) else {
            panic!("not stale")
        };
        assert_eq!(folded, report("success", "production", Some("main"), Some("web")));
    }

    #[test]
    fn each_optional_field_is_kept_until_a_report_carries_another() {
        let full = |word: &str, commit: &str| Deployment {
            service: ServiceName::clean(word),
            previous_commit: CommitReference::parse(commit).ok(),
            branch: BranchName::clean(word),
            triggered_by: Actor::clean(word),
            pipeline_name: PipelineName::clean(word),
            pipeline_url: WebUrl::parse(&format!("https://{word}/")).ok(),
            ..report("success", "production", None, None)
        };
        let (known, bare) = (full("one", "11111"), report("success", "production", None, None));
        assert_eq!(known.receive(&bare), Received::Updated(known.clone()));
        assert_eq!(bare.receive(&known), Received::Updated(known.clone()));
        let other = full("two", "22222");
        assert_eq!(known.receive(&other), Received::Updated(other));
    }

    #[test]
    fn an_identity_is_changed_by_another_environment_or_service() {
        let known = report("success", "production", None, Some("api"));
        for (environment, service, is_changed) in [
            ("production", Some("API"), false),
            ("production", None, false),
            ("production", Some("web"), true),
            ("staging", Some("api"), true),
        ] {
            let later = report("success", environment, None, service);
            assert_eq!(known.is_identity_changed_by(&later), is_changed);
        }
        let without = report("success", "production", None, None);
        assert!(!without.is_identity_changed_by(&known));
    }

    #[test]
    fn of_two_runs_the_newer_one_stands_in_every_order_of_their_four_reports() {
        let time = |minute: u8| Timestamp::parse(&format!("2024-01-15T10:{minute:02}:00Z")).unwrap();
        let of_run = |status: &str, start, end| Deployment {
            run: Run::new(
                DeploymentStatus::parse(status).unwrap(),
                time(start),
                Some(time(end)),
            )
            .unwrap(),
            ..report("success", "production", None, None)
        };
        let reports = [
            of_run("in_progress", 0, 0),
            of_run("failure", 0, 5),
            of_run("in_progress", 20, 20),
            of_run("success", 20, 25),
        ];
        for order in 0..24 {
            let mut left: Vec<_> = reports.iter().collect();
            let mut order = order;
            let mut known: Option<Deployment> = None;
            for length in (1..=4).rev() {
                let next = left.remove(order % length);
                order /= length;
                known = match known {
                    None => Some(next.clone()),
                    Some(known) => match known.receive(next) {
                        Received::Updated(deployment) => Some(deployment),
                        Received::Stale => Some(known),
                    },
                };
            }
            assert_eq!(known.as_ref(), Some(&reports[3]));
        }
    }

    #[test]
    fn each_event_makes_the_next_revision() {
        assert_eq!(
            [Revision::FIRST, Revision::new(7).next()].map(Revision::get),
            [1, 8]
        );
    }

    #[test]
    fn a_stale_report_changes_nothing() {
        let known = report("success", "production", None, None);
        assert_eq!(
            known.receive(&report("in_progress", "production", Some("main"), None)),
            Received::Stale
        );
    }

    #[test]
    fn only_a_successful_production_deployment_ships() {
        for (status, environment, ships) in [
            ("success", "production", true),
            ("success", "staging", false),
            ("failure", "production", false),
            ("rolled_back", "production", false),
            ("in_progress", "production", false),
        ] {
            assert_eq!(
                report(status, environment, None, None).shipped_at().is_some(),
                ships
            );
        }
    }
}
