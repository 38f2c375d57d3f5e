//! Imports a local clone: commits, merged pull requests, and tags as deployments on request. An import only
//! adds, so it may be broken off and run again at any time.

mod answer;
mod figures;
mod recording;
mod tags;

use super::organization::OrganizationChoice;
use crate::config::Output;
use crate::progress::Progress;
use answer::Tally;
use anyhow::Context;
use clap::{Args, Subcommand};
use periscope_adapters::git::{Clone, DefaultBranch, Owner, Reading, Walk};
use periscope_domain::commit_graph::Commit;
use periscope_domain::id::DeploymentId;
use periscope_domain::ports::Store;
use periscope_domain::pull_request::PullRequest;
use periscope_domain::repository::RepositoryName;
use recording::{BATCH, Recorder};
use std::mem;
use std::path::PathBuf;

/// Import what happened before.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  periscope import git ~/src/api --org acme --repository acme/api")]
pub(crate) enum Command {
    /// Import the commits and merged pull requests of a local clone
    #[command(
        after_help = "Example:\n  periscope import git ~/src/api --org acme --repository acme/api --tags-as-deployments \
                      'v*'\n  periscope import git ~/src/mono --org acme --repository acme/mono --tags-as-deployments \
                      '{service}@*'"
    )]
    Git(Git),
}

#[derive(Args, Debug)]
pub(crate) struct Git {
    /// The clone
    path: PathBuf,
    #[command(flatten)]
    org: OrganizationChoice,
    /// The repository's full name, owner/name
    #[arg(long, value_parser = RepositoryName::parse)]
    repository: RepositoryName,
    /// Count only pull requests merged into this branch; may be given several times
    #[arg(long)]
    branch: Vec<String>,
    /// Record each tag, or each that fits, as a production deployment of {service}, if it has that
    #[arg(long, value_name = "PATTERN", num_args = 0..=1, default_missing_value = "")]
    tags_as_deployments: Option<String>,
    /// Count numbers too of which nothing proves that they are pull requests of this repository
    #[arg(long)]
    accept_claims: bool,
    /// Read the clone although another user owns it; nothing of it is executed or fetched
    #[arg(long)]
    any_owner: bool,
    /// Say what would be recorded, and record nothing
    #[arg(long)]
    dry_run: bool,
}

struct Import<'a> {
    arguments: &'a Git,
    recorder: Recorder<'a>,
    recorded: Vec<DeploymentId>,
    tally: Tally,
}

pub(crate) async fn run(command: &Command, store: &dyn Store, output: Output) -> anyhow::Result<()> {
    let Command::Git(arguments) = command;
    let organization = arguments.org.find(store).await?;
    let organization_id = organization.id;
    let owner = if arguments.any_owner {
        Owner::Anybody
    } else {
        Owner::Caller
    };
    let clone = Clone::open(&arguments.path, owner)?;
    let (reading, default_branch) = reading(arguments, &clone)?;
    let mut import = Import {
        arguments,
        recorder: Recorder {
            store,
            organization_id,
            repository: arguments.repository.clone(),
        },
        recorded: Vec::new(),
        tally: Tally::new(&reading, default_branch),
    };
    let walk = import.commits(&clone, reading).await?;
    import.pull_requests(&walk).await?;
    if let Some(pattern) = &arguments.tags_as_deployments {
        import.deployments(&clone, pattern).await?;
    }
    if !arguments.dry_run {
        import.recorder.relink().await?;
        import.tally.links = import.recorder.count_links(&import.recorded).await?;
        import.tally.figure = Some(figures::lead_time(store, organization_id, &organization.slug).await?);
    }
    import.tally.answer(arguments, output)
}

/// What to read: all branches, or the named ones; the first named one stands for a default branch that is missing.
fn reading(arguments: &Git, clone: &Clone) -> anyhow::Result<(Reading, DefaultBranch)> {
    let branches = arguments.branch.iter().map(|name| clone.branch(name));
    let branches = branches.collect::<Result<Vec<_>, _>>()?;
    let default_branch = match (clone.default_branch(), branches.first()) {
        (Ok(found), _) => found,
        (Err(_), Some(named)) => DefaultBranch {
            branch: named.clone(),
            newer: None,
        },
        (Err(error), None) => return Err(error).context("name the branch with --branch"),
    };
    let reading = Reading {
        default_branch: default_branch.branch.clone(),
        branches,
        project: Some(arguments.repository.as_str().to_owned()),
        accept_claims: arguments.accept_claims,
    };
    Ok((reading, default_branch))
}

impl Import<'_> {
    async fn commits(&mut self, clone: &Clone, reading: Reading) -> anyhow::Result<Walk> {
        let progress = Progress::new("commits", clone.count_commits()?);
        let mut batch = Vec::with_capacity(BATCH);
        let mut walk = clone.walk(reading)?;
        for commit in &mut walk {
            self.tally.commits += 1;
            progress.advance();
            batch.push(commit?);
            if batch.len() == BATCH {
                self.record_commits(mem::take(&mut batch)).await?;
            }
        }
        self.record_commits(batch).await?;
        progress.end();
        self.tag_objects(clone).await?;
        Ok(walk)
    }

    /// Records which commits annotated tags stand for. They are no commits, so the tally leaves them out.
    async fn tag_objects(&self, clone: &Clone) -> anyhow::Result<()> {
        if !self.arguments.dry_run {
            for batch in clone.tag_objects().chunks(BATCH) {
                self.recorder.commits(batch.to_vec()).await?;
            }
        }
        Ok(())
    }

    async fn record_commits(&mut self, commits: Vec<Commit>) -> anyhow::Result<()> {
        if !self.arguments.dry_run && !commits.is_empty() {
            self.tally.recorded_commits += self.recorder.commits(commits).await?;
        }
        Ok(())
    }

    async fn pull_requests(&mut self, walk: &Walk) -> anyhow::Result<()> {
        let found = walk.pull_requests();
        self.tally.pull_requests = found.pull_requests.len() as u64;
        let progress = Progress::new("pull requests", self.tally.pull_requests);
        for batch in found.pull_requests.chunks(BATCH) {
            self.record(batch.to_vec()).await?;
            for _ in batch {
                progress.advance();
            }
        }
        progress.end();
        self.tally.found = found;
        Ok(())
    }

    async fn record(&mut self, pull_requests: Vec<PullRequest>) -> anyhow::Result<()> {
        if self.arguments.dry_run {
            return Ok(());
        }
        let (recorded, updated) = self.recorder.pull_requests(pull_requests).await?;
        self.tally.recorded += recorded;
        self.tally.updated += updated;
        Ok(())
    }

    /// Records tags as deployments. A tag of which none can be made is skipped.
    async fn deployments(&mut self, clone: &Clone, pattern: &str) -> anyhow::Result<()> {
        let pattern = tags::Pattern::parse(pattern)?;
        let reports = tags::reports(clone.tags(None)?, &pattern, &self.recorder, &mut self.tally);
        self.tally.deployments = reports.len() as u64;
        if self.arguments.dry_run {
            return Ok(());
        }
        let known = self.recorder.known(&reports).await?;
        let (old, new): (Vec<_>, Vec<_>) = reports
            .into_iter()
            .partition(|report| known.contains_key(&report.report.external_id));
        let progress = Progress::new("tags", new.len() as u64);
        self.recorded = self.recorder.deployments(&new, &progress).await?;
        self.tally.new_deployments = self.recorded.len() as u64;
        progress.end();
        let old = old
            .iter()
            .filter_map(|report| known.get(&report.report.external_id));
        self.recorded.extend(old);
        Ok(())
    }
}
