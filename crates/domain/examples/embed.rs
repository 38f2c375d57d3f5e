//! A release bot that embeds the rules, without HTTP or Postgres: it knows the merged pull requests of one repository, is
//! told of deployments as they happen, and says what each of them shipped and how long that took.
//!
//! `cargo run -p periscope-domain --example embed`

use periscope_domain::commit_sha::{CommitReference, CommitSha};
use periscope_domain::deployment::{Deployment, Received};
use periscope_domain::environment::Environment;
use periscope_domain::id::{PullRequestId, RepositoryId};
use periscope_domain::linking::{Candidate, Surroundings, link};
use periscope_domain::pull_request::Merge;
use periscope_domain::repository::{Repository, RepositoryName};
use periscope_domain::run::{DeploymentStatus, Run};
use periscope_domain::text::{BranchName, ExternalDeploymentId, ServiceName};
use periscope_domain::timestamp::Timestamp;
use std::error::Error;

const API: RepositoryId = RepositoryId::new(1);

/// What the bot knows: all of it in two fields.
struct ReleaseBot {
    surroundings: Surroundings,
    deployment: Option<Deployment>,
}

impl ReleaseBot {
    fn new() -> Result<Self, Box<dyn Error>> {
        let api = Repository {
            former_names: Vec::new(),
            id: API,
            name: RepositoryName::parse("acme/api")?,
            monitored: true,
            aliases: vec![ServiceName::parse("checkout")?],
        };
        let surroundings = Surroundings {
            repositories: vec![api],
            ..Surroundings::default()
        };
        Ok(Self {
            surroundings,
            deployment: None,
        })
    }

    fn pull_request_merged(
        &mut self,
        number: i64,
        commit: &str,
        merged_at: &str,
    ) -> Result<(), Box<dyn Error>> {
        self.surroundings.candidates.push(Candidate {
            pull_request_id: PullRequestId::new(number),
            repository_id: API,
            repository_is_monitored: true,
            merge: Merge {
                commit: CommitSha::parse(commit)?,
                merged_at: Timestamp::parse(merged_at)?,
                base_branch: Some(BranchName::parse("main")?),
            },
        });
        Ok(())
    }

    /// Folds a report into what is known of the deployment and tells what it ships now.
    fn deployment_reported(&mut self, report: Deployment) {
        let deployment = match &self.deployment {
            None => report,
            Some(known) => match known.receive(&report) {
                Received::Updated(deployment) => deployment,
                Received::Stale => return println!("an old event: nothing changes"),
            },
        };
        println!("{} of {}:", deployment.run.status(), deployment.commit);
        let linking = link(&deployment, &self.surroundings);
        for link in &linking.links {
            let hours = link.lead_time.seconds() / 3600;
            println!(
                "  ships #{} by {}, {hours} h after its merge",
                link.pull_request_id,
                link.rule.as_str()
            );
        }
        for warning in &linking.warnings {
            println!("  {}: {warning}", warning.code());
        }
        self.deployment = Some(deployment);
    }
}

fn report(
    status: &str,
    completed_at: Option<&str>,
    previous: Option<&str>,
) -> Result<Deployment, Box<dyn Error>> {
    let status = DeploymentStatus::parse(status)?;
    let completed_at = completed_at.map(Timestamp::parse).transpose()?;
    Ok(Deployment {
        external_id: ExternalDeploymentId::parse("release-42")?,
        commit: CommitReference::parse("cccccccccc")?,
        environment: Environment::parse("production")?,
        run: Run::new(status, Timestamp::parse("2026-01-16T09:00:00Z")?, completed_at)?,
        service: Some(ServiceName::parse("checkout")?),
        previous_commit: previous.map(CommitReference::parse).transpose()?,
        branch: None,
        triggered_by: None,
        pipeline_name: None,
        pipeline_url: None,
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut bot = ReleaseBot::new()?;
    for (number, digit, merged_at) in [
        (1, "a", "2026-01-14T09:00:00Z"),
        (2, "b", "2026-01-15T09:00:00Z"),
        (3, "c", "2026-01-15T21:00:00Z"),
    ] {
        bot.pull_request_merged(number, &digit.repeat(40), merged_at)?;
    }
    bot.deployment_reported(report("in_progress", None, Some("aaaaaaaaaa"))?);
    bot.deployment_reported(report("success", Some("2026-01-16T09:10:00Z"), None)?);
    bot.deployment_reported(report("pending", None, None)?);
    bot.deployment_reported(report("rolled_back", Some("2026-01-16T09:30:00Z"), None)?);
    Ok(())
}
