//! A whole history linked by one graph, against computing the ancestors of both ends again for every deployment.

use crate::ratios::tell_ratio;
use crate::tell;
use anyhow::Context;
use flate2::read::GzDecoder;
use periscope_domain::commit_graph::{Commit, CommitGraph};
use periscope_domain::commit_sha::CommitSha;
use periscope_domain::timestamp::Timestamp;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::Instant;

/// How often each way is taken; the fastest counts.
const ROUNDS: usize = 5;

/// Commits with their parents, and the deployed commits with those before them.
struct Project {
    commits: Vec<Commit>,
    deployments: Vec<(CommitSha, CommitSha)>,
}

#[derive(Deserialize)]
struct Sent {
    commits: Vec<(String, Vec<String>, i64)>,
    deployments: Vec<SentDeployment>,
}

#[derive(Deserialize)]
struct SentDeployment {
    commit: String,
    previous: Option<String>,
}

pub(crate) fn measure(history: Option<&Path>) -> anyhow::Result<()> {
    let project = history.map_or_else(|| Ok(Project::made_up()), Project::read)?;
    let (graph, by_graph) = fastest(|| project.by_graph());
    let (sets, by_sets) = fastest(|| project.by_sets());
    anyhow::ensure!(by_graph == by_sets, "the two ways disagree");
    let name = format!(
        "{} commits, {} deployments",
        project.commits.len(),
        project.deployments.len()
    );
    tell(&format!("{name}: one graph, ms"), format!("{graph:.2}"));
    tell(&format!("{name}: ancestor sets, ms"), format!("{sets:.2}"));
    tell_ratio("ancestor sets, to one graph", sets / graph, "at least 50");
    Ok(())
}

fn fastest<T>(mut work: impl FnMut() -> T) -> (f64, Option<T>) {
    let mut best = (f64::INFINITY, None);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let done = work();
        let time = begun.elapsed().as_secs_f64() * 1000.0;
        best = (time.min(best.0), Some(done));
    }
    best
}

impl Project {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let sent: Sent = serde_json::from_reader(BufReader::new(GzDecoder::new(file)))?;
        let commits = sent.commits.iter().map(|(sha, parents, seconds)| {
            let parents = parents
                .iter()
                .map(|parent| CommitSha::parse(parent))
                .collect::<Result<_, _>>()?;
            Ok(Commit {
                sha: CommitSha::parse(sha)?,
                parents: Some(parents),
                committed_at: Timestamp::from_unix_seconds(*seconds),
                tagged: None,
            })
        });
        let pairs = sent
            .deployments
            .iter()
            .filter_map(|sent| Some((sent.previous.as_deref()?, &sent.commit)));
        let deployments =
            pairs.map(|(previous, commit)| Ok((CommitSha::parse(previous)?, CommitSha::parse(commit)?)));
        Ok(Self {
            commits: commits.collect::<anyhow::Result<_>>()?,
            deployments: deployments.collect::<anyhow::Result<_>>()?,
        })
    }

    /// Ten thousand commits in a row, every fifth with a branch that is merged, and a deployment of every fortieth.
    fn made_up() -> Self {
        let sha = |number: u32| {
            let mut bytes = [0; 20];
            let mixed = u64::from(number)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .to_be_bytes();
            bytes
                .iter_mut()
                .zip(mixed.into_iter().cycle())
                .for_each(|(byte, value)| *byte = value);
            CommitSha::from_bytes(bytes)
        };
        let parents = |number: u32| match number {
            0 => vec![],
            number if number % 5 == 4 => vec![sha(number - 1), sha(number - number.min(3))],
            number => vec![sha(number - 1)],
        };
        let commits = (0..10_000).map(|number| Commit {
            sha: sha(number),
            parents: Some(parents(number)),
            committed_at: None,
            tagged: None,
        });
        let deployments = (40..10_000)
            .step_by(40)
            .map(|number| (sha(number - 40), sha(number)));
        Self {
            commits: commits.collect(),
            deployments: deployments.collect(),
        }
    }

    /// How many commits came with each deployment.
    fn by_graph(&self) -> Vec<usize> {
        let mut graph = CommitGraph::new();
        graph.extend(&self.commits, &[]);
        let between = |(base, head): &(CommitSha, CommitSha)| {
            let commits = graph
                .commits_between(graph.find(base)?, graph.find(head)?)
                .commits?;
            Some(commits.len())
        };
        self.deployments.iter().filter_map(between).collect()
    }

    /// The same, from sets of all ancestors.
    fn by_sets(&self) -> Vec<usize> {
        let parents: HashMap<CommitSha, &[CommitSha]> = self
            .commits
            .iter()
            .map(|commit| (commit.sha, commit.parents.as_deref().unwrap_or_default()))
            .collect();
        let ancestors = |of: CommitSha| {
            let mut seen = HashSet::from([of]);
            let mut left = vec![of];
            while let Some(commit) = left.pop() {
                let parents = parents.get(&commit).copied().unwrap_or_default();
                left.extend(parents.iter().filter(|parent| seen.insert(**parent)));
            }
            seen
        };
        let between =
            |(base, head): &(CommitSha, CommitSha)| ancestors(*head).difference(&ancestors(*base)).count();
        self.deployments.iter().map(between).collect()
    }
}
