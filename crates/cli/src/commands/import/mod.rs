//! Imports what a local clone tells: commits, merged pull requests, and tags as deployments if asked to. What is recorded stays,
//! so an import may be broken off and run again at any time.

mod recording;

use super::organization;
use crate::config::Output;
use crate::progress::Progress;
use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use periscope_adapters::git::{Branch, Clone, Owner, SkippedTag, Tag, Tags};
use periscope_adapters::system::SystemClock;
use periscope_domain::commit_graph::Commit;
use periscope_domain::deployment::Deployment;
use periscope_domain::environment::Environment;
use periscope_domain::id::DeploymentId;
use periscope_domain::organization::OrganizationSlug;
use periscope_domain::ports::{Clock, Store};
use periscope_domain::pull_request::{PullRequest, PullRequestNumber};
use periscope_domain::repository::RepositoryName;
use periscope_domain::run::{DeploymentStatus, Run};
use periscope_domain::text::{ExternalDeploymentId, ServiceName};
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::RecordDeployment;
use recording::{BATCH, Recorder};
use serde_json::json;
use std::collections::HashSet;
use std::mem;
use std::path::PathBuf;

/// Import what happened before.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  periscope import git ~/src/api --org acme --repository acme/api")]
pub(crate) enum Command {
    /// Import the commits and merged pull requests that a local clone tells of
    #[command(
        after_help = "Example:\n  periscope import git ~/src/api --org acme --repository acme/api --tags-as-deployments 'v*'"
    )]
    Git(Git),
}

#[derive(Args, Debug)]
pub(crate) struct Git {
    /// The clone
    path: PathBuf,
    /// The organization's slug
    #[arg(long, value_parser = OrganizationSlug::parse)]
    org: OrganizationSlug,
    /// The repository's full name, owner/name
    #[arg(long, value_parser = RepositoryName::parse)]
    repository: RepositoryName,
    /// A branch that pull requests are merged into, by default the main one; may be given several times
    #[arg(long)]
    branch: Vec<String>,
    /// Record each tag that fits the pattern, or every tag, as a successful production deployment
    #[arg(long, value_name = "PATTERN", num_args = 0..=1, default_missing_value = "")]
    tags_as_deployments: Option<String>,
    /// Read the clone although another user owns it; nothing of it is executed or fetched
    #[arg(long)]
    any_owner: bool,
    /// Tell what would be recorded, and record nothing
    #[arg(long)]
    dry_run: bool,
}

/// What came of an import.
#[derive(Default)]
struct Tally {
    commits: u64,
    recorded_commits: u64,
    pull_requests: u64,
    recorded: u64,
    updated: u64,
    deployments: u64,
    links: u64,
    skipped_tags: Vec<SkippedTag>,
}

struct Import<'a> {
    arguments: &'a Git,
    recorder: Recorder<'a>,
    recorded: Vec<DeploymentId>,
    tally: Tally,
}

pub(crate) async fn run(command: &Command, store: &dyn Store, output: Output) -> anyhow::Result<()> {
    let Command::Git(arguments) = command;
    let organization_id = organization(store, &arguments.org).await?.id;
    let owner = if arguments.any_owner {
        Owner::Anybody
    } else {
        Owner::Caller
    };
    let clone = Clone::open(&arguments.path, owner)?;
    let branches = branches(arguments, &clone)?;
    let mut import = Import {
        arguments,
        recorder: Recorder {
            store,
            organization_id,
            repository: arguments.repository.clone(),
        },
        recorded: Vec::new(),
        tally: Tally::default(),
    };
    import.commits(&clone).await?;
    import.pull_requests(&clone, &branches).await?;
    if let Some(pattern) = &arguments.tags_as_deployments {
        let pattern = Some(pattern.as_str()).filter(|pattern| !pattern.is_empty());
        import.deployments(clone.tags(pattern)?).await?;
    }
    if !arguments.dry_run {
        import.recorder.relink().await?;
        import.tally.links = import.recorder.count_links(&import.recorded).await?;
    }
    import.tally.answer(arguments.dry_run, output)
}

fn branches(arguments: &Git, clone: &Clone) -> anyhow::Result<Vec<Branch>> {
    if arguments.branch.is_empty() {
        return Ok(vec![
            clone.default_branch().context("name the branch with --branch")?,
        ]);
    }
    arguments
        .branch
        .iter()
        .map(|name| Ok(clone.branch(name)?))
        .collect()
}

impl Import<'_> {
    async fn commits(&mut self, clone: &Clone) -> anyhow::Result<()> {
        let progress = Progress::new("commits", clone.count_all_commits()?);
        let mut batch = Vec::with_capacity(BATCH);
        for commit in clone.commits()? {
            self.tally.commits += 1;
            progress.advance();
            batch.push(commit?);
            if batch.len() == BATCH {
                self.record_commits(mem::take(&mut batch)).await?;
            }
        }
        self.record_commits(batch).await?;
        progress.end();
        Ok(())
    }

    async fn record_commits(&mut self, commits: Vec<Commit>) -> anyhow::Result<()> {
        if !self.arguments.dry_run && !commits.is_empty() {
            self.tally.recorded_commits += self.recorder.commits(commits).await?;
        }
        Ok(())
    }

    async fn pull_requests(&mut self, clone: &Clone, branches: &[Branch]) -> anyhow::Result<()> {
        // The first commit that claims a number is its merge; a later one picks it to another branch.
        let mut seen: HashSet<PullRequestNumber> = HashSet::new();
        for branch in branches {
            let progress = Progress::new(
                &format!("merges into {}", branch.name),
                clone.count_commits(branch)?,
            );
            let mut batch = Vec::new();
            for pull_request in clone.merged_pull_requests(branch)? {
                progress.advance();
                batch.extend(pull_request?.filter(|pull_request| seen.insert(pull_request.number)));
                if batch.len() == BATCH {
                    self.record(mem::take(&mut batch)).await?;
                }
            }
            self.record(batch).await?;
            progress.end();
        }
        Ok(())
    }

    async fn record(&mut self, pull_requests: Vec<PullRequest>) -> anyhow::Result<()> {
        self.tally.pull_requests += pull_requests.len() as u64;
        if self.arguments.dry_run || pull_requests.is_empty() {
            return Ok(());
        }
        let (recorded, updated) = self.recorder.pull_requests(pull_requests).await?;
        self.tally.recorded += recorded;
        self.tally.updated += updated;
        Ok(())
    }

    /// Records tags as deployments. A tag of which none can be made is skipped.
    async fn deployments(&mut self, tags: Tags) -> anyhow::Result<()> {
        let now = SystemClock.now();
        self.tally.skipped_tags = tags.skipped;
        let mut reports = Vec::with_capacity(tags.tags.len());
        for tag in tags.tags {
            match self.report(&tag, now) {
                Ok(report) => reports.push(report),
                Err(reason) => self.tally.skipped_tags.push(SkippedTag {
                    name: tag.name,
                    reason: format!("{reason:#}"),
                }),
            }
        }
        self.tally.deployments = reports.len() as u64;
        if self.arguments.dry_run {
            return Ok(());
        }
        let progress = Progress::new("tags", self.tally.deployments);
        self.recorded = self.recorder.deployments(&reports, &progress).await?;
        progress.end();
        Ok(())
    }

    /// A tag as a successful production deployment of the tagged commit. The tag before it in time may be of another
    /// branch, so the graph shall tell what it is based on.
    fn report(&self, tag: &Tag, now: Timestamp) -> anyhow::Result<RecordDeployment> {
        let created_at = tag.created_at.plausible(now);
        let created_at = created_at.map_err(|rule| anyhow!("its date {rule}"))?;
        let external_id = ExternalDeploymentId::parse(&format!("tag:{}", tag.name));
        let external_id = external_id.map_err(|rule| anyhow!("its name behind \"tag:\" {rule}"))?;
        let report = Deployment {
            external_id,
            commit: tag.commit.into(),
            environment: Environment::parse("production")?,
            run: Run::new(DeploymentStatus::Success, created_at, Some(created_at))?,
            service: Some(ServiceName::parse(self.arguments.repository.as_str())?),
            previous_commit: None,
            branch: None,
            triggered_by: None,
            pipeline_name: None,
            pipeline_url: None,
        };
        Ok(RecordDeployment {
            organization_id: self.recorder.organization_id,
            report,
        })
    }
}

impl Tally {
    fn answer(&self, dry_run: bool, output: Output) -> anyhow::Result<()> {
        let Self {
            commits,
            recorded_commits,
            pull_requests,
            recorded,
            updated,
            deployments,
            links,
            skipped_tags,
        } = self;
        let text = if dry_run {
            format!(
                "would record {commits} commits, {pull_requests} pull requests and {deployments} deployments"
            )
        } else {
            format!(
                "read {commits} commits: {recorded_commits} new; {pull_requests} pull requests: {recorded} new, \
                 {updated} changed; recorded {deployments} deployments with {links} links"
            )
        };
        let hint = match pull_requests {
            0 => {
                "\nno commit is worded like one by which GitHub merges a pull request: send others to /api/pull-requests"
            }
            _ => "",
        };
        let skipped: Vec<String> = skipped_tags
            .iter()
            .map(|tag| format!("\nskipped tag {}: {}", tag.name, tag.reason))
            .collect();
        let skipped = skipped.concat();
        let skipped_json = skipped_tags
            .iter()
            .map(|tag| json!({ "tag": tag.name, "reason": tag.reason }))
            .collect::<Vec<_>>();
        let json = json!({
            "dryRun": dry_run,
            "commits": commits,
            "recordedCommits": recorded_commits,
            "pullRequests": pull_requests,
            "recorded": recorded,
            "updated": updated,
            "deployments": deployments,
            "links": links,
            "skippedTags": skipped_json,
        });
        Ok(output.sentence(&format!("{text}{hint}{skipped}"), &json)?)
    }
}
