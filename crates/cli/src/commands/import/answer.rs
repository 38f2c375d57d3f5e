//! What came of an import: what was recorded, what was seen, and what could not be read.

use super::Git;
use crate::config::Output;
use periscope_adapters::git::{DefaultBranch, Forge, Found, KeptApart, Reading, Reason, SkippedTag};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How many names are shown to people of a longer list.
const SHOWN: usize = 5;

pub(super) struct Tally {
    pub(super) commits: u64,
    pub(super) recorded_commits: u64,
    pub(super) pull_requests: u64,
    pub(super) recorded: u64,
    pub(super) updated: u64,
    pub(super) deployments: u64,
    pub(super) new_deployments: u64,
    pub(super) links: u64,
    /// The first figure of the organization, in a sentence.
    pub(super) figure: Option<String>,
    /// All tags of the clone, and those that fit the pattern.
    pub(super) tags: u64,
    pub(super) fitting_tags: u64,
    pub(super) skipped_tags: Vec<SkippedTag>,
    pub(super) found: Found,
    branches: Vec<String>,
    default_branch: DefaultBranch,
}

impl Tally {
    pub(super) fn new(reading: &Reading, default_branch: DefaultBranch) -> Self {
        Self {
            commits: 0,
            recorded_commits: 0,
            pull_requests: 0,
            recorded: 0,
            updated: 0,
            deployments: 0,
            new_deployments: 0,
            links: 0,
            figure: None,
            tags: 0,
            fitting_tags: 0,
            skipped_tags: Vec::new(),
            found: Found::default(),
            branches: reading
                .branches
                .iter()
                .map(|branch| branch.name.to_string())
                .collect(),
            default_branch,
        }
    }

    pub(super) fn answer(&self, arguments: &Git, output: Output) -> anyhow::Result<()> {
        let mut lines = vec![self.summary(arguments.dry_run)];
        lines.extend(self.branch_lines());
        lines.extend(self.unread_lines());
        lines.extend(self.apart_lines());
        lines.extend(self.tag_lines(arguments));
        lines.extend(self.figure.clone());
        Ok(output.sentence(&lines.join("\n"), &self.json(arguments))?)
    }

    fn summary(&self, dry_run: bool) -> String {
        let Self {
            commits,
            recorded_commits,
            pull_requests,
            recorded,
            updated,
            deployments,
            new_deployments,
            links,
            ..
        } = self;
        if dry_run {
            format!(
                "would record {commits} commits, {pull_requests} pull requests and {deployments} deployments"
            )
        } else {
            format!(
                "read {commits} commits: {recorded_commits} new; {pull_requests} pull requests: {recorded} new, \
                 {updated} changed; {deployments} deployments: {new_deployments} new, with {links} links"
            )
        }
    }

    fn branch_lines(&self) -> Vec<String> {
        let (seen, name) = (&self.found.seen, &self.default_branch.branch.name);
        let forge = seen
            .forge
            .map_or_else(String::new, |forge| format!(", worded by {}", forge.as_str()));
        let mut lines = vec![format!(
            "default branch {name}: {} commits, {} of them merge a pull request{forge}",
            seen.commits, seen.merges
        )];
        if let Some(newer) = &self.default_branch.newer {
            lines.push(format!(
                "the branch {newer} is newer than {name}: if it is the main one, pass --branch {newer}"
            ));
        }
        if !self.branches.is_empty() {
            lines.push(format!(
                "only pull requests merged into {} count",
                self.branches.join(", ")
            ));
        }
        lines
    }

    /// Says what the messages leave open.
    fn unread_lines(&self) -> Vec<String> {
        let seen = &self.found.seen;
        let mut lines = Vec::new();
        let unread = seen.commits - seen.merges;
        if unread > 0 {
            lines.push(format!(
                "{unread} commits of the default branch name no pull request that counts; your forge's API knows the rest \
                 (POST /api/pull-requests)"
            ));
        }
        if seen.unread_merges > 0 {
            let examples: Vec<_> = seen
                .examples
                .iter()
                .map(|example| format!("\n  {example}"))
                .collect();
            lines.push(format!(
                "{} merges among them have a wording of no forge, for example:{}",
                seen.unread_merges,
                examples.concat()
            ));
        }
        if seen.of_forge_without_number > 0 {
            lines.push(format!(
                "{} of them were committed by the forge without a number, as a merge by rebase does",
                seen.of_forge_without_number
            ));
        }
        lines
    }

    fn apart_lines(&self) -> Vec<String> {
        let mut by_reason: BTreeMap<Reason, Vec<&KeptApart>> = BTreeMap::new();
        for apart in &self.found.apart {
            by_reason.entry(apart.reason).or_default().push(apart);
        }
        let mut lines: Vec<String> = by_reason
            .into_iter()
            .map(|(reason, apart)| {
                let numbers: BTreeSet<_> = apart.iter().map(|apart| apart.number).collect();
                let shown = numbers.iter().take(SHOWN).map(|number| format!("#{number}"));
                let shown: Vec<_> = shown.collect();
                let more = if numbers.len() > SHOWN { ", ..." } else { "" };
                format!(
                    "kept apart: {} numbers {} ({}{more})",
                    numbers.len(),
                    reason.explanation(),
                    shown.join(", ")
                )
            })
            .collect();
        if !lines.is_empty() {
            lines.push("--output json lists them; --accept-claims counts them too".to_owned());
        }
        let second = self
            .found
            .seen
            .apart
            .get(&Reason::Second)
            .copied()
            .unwrap_or_default();
        if second > 0 {
            lines.push(format!("{second} commits {}", Reason::Second.explanation()));
        }
        lines
    }

    fn tag_lines(&self, arguments: &Git) -> Vec<String> {
        let mut lines: Vec<String> = self
            .skipped_tags
            .iter()
            .map(|tag| format!("skipped tag {}: {}", tag.name, tag.reason))
            .collect();
        if let Some(pattern) = arguments
            .tags_as_deployments
            .as_ref()
            .filter(|_| self.fitting_tags == 0)
        {
            lines.push(format!("no tag of {} fits the pattern {pattern:?}", self.tags));
        }
        lines
    }

    fn json(&self, arguments: &Git) -> Value {
        let seen = &self.found.seen;
        let merged = self.found.pull_requests.iter().map(|pull_request| {
            json!({
                "number": pull_request.number.get(),
                "mergeCommitSha": pull_request.merge_commit.to_string(),
            })
        });
        let merged: Option<Value> = arguments.dry_run.then(|| merged.collect());
        let apart = self.found.apart.iter().map(|apart| {
            json!({
                "number": apart.number.get(),
                "commitSha": apart.commit.to_string(),
                "title": apart.title.as_ref().map(ToString::to_string),
                "reason": apart.reason.as_str(),
            })
        });
        let by_reason = seen
            .apart
            .iter()
            .map(|(reason, count)| (reason.as_str().to_owned(), (*count).into()));
        let skipped = self
            .skipped_tags
            .iter()
            .map(|tag| json!({ "tag": tag.name, "reason": tag.reason }));
        json!({
            "dryRun": arguments.dry_run,
            "commits": self.commits,
            "recordedCommits": self.recorded_commits,
            "pullRequests": self.pull_requests,
            "recorded": self.recorded,
            "updated": self.updated,
            "deployments": self.deployments,
            "recordedDeployments": self.new_deployments,
            "links": self.links,
            "merged": merged,
            "seen": {
                "defaultBranch": self.default_branch.branch.name.to_string(),
                "newerBranch": self.default_branch.newer.as_ref().map(ToString::to_string),
                "forge": seen.forge.map(Forge::as_str),
                "commits": seen.commits,
                "merges": seen.merges,
                "commitsWithoutPullRequest": seen.commits - seen.merges,
                "unreadMerges": seen.unread_merges,
                "unreadMergeExamples": seen.examples,
                "ofForgeWithoutNumber": seen.of_forge_without_number,
                "claimsThatDoNotCount": by_reason.collect::<serde_json::Map<String, Value>>(),
            },
            "keptApart": apart.collect::<Value>(),
            "tags": self.tags,
            "fittingTags": self.fitting_tags,
            "skippedTags": skipped.collect::<Value>(),
        })
    }
}
