//! Tells the service a history, waits until its links no longer change, and reads them.

use crate::history::{DEPLOYMENTS, Message, Telling};
use crate::http::Answer;
use crate::project::Project;
use crate::rules::Links;
use crate::sending::{Sender, Target, send_all, text};
use anyhow::{Context, ensure};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

/// What arrives late is put right within five seconds.
const SETTLED_AFTER: Duration = Duration::from_secs(6);
const SENDERS: usize = 8;

/// How a history is told.
#[derive(Clone, Copy)]
pub(crate) struct Mode {
    pub(crate) with_previous: bool,
    pub(crate) shuffled: bool,
}

impl Mode {
    pub(crate) const ALL: [Self; 4] = [
        Self::new(true, false),
        Self::new(true, true),
        Self::new(false, false),
        Self::new(false, true),
    ];

    const fn new(with_previous: bool, shuffled: bool) -> Self {
        Self {
            with_previous,
            shuffled,
        }
    }

    pub(crate) fn name(self) -> String {
        let previous = if self.with_previous { "with" } else { "without" };
        let order = if self.shuffled {
            format!("shuffled, {SENDERS} senders")
        } else {
            "in order".to_owned()
        };
        format!("Periscope, {previous} previousCommitSha, {order}")
    }

    /// What the repository and the deployments' ids begin with, so that the modes do not meet.
    fn label(self) -> String {
        let previous = if self.with_previous { "with" } else { "without" };
        let order = if self.shuffled { "shuffled" } else { "in-order" };
        format!("{previous}-{order}")
    }
}

/// The links of the service. `number` is different for each history.
pub(crate) fn run(
    target: &Target,
    project: &Project,
    number: usize,
    mode: Mode,
    seed: u64,
) -> anyhow::Result<Links> {
    let label = format!("{}-{number}-{}", project.history.name, mode.label());
    let telling = Telling {
        repository: format!("accuracy/{label}"),
        id_prefix: format!("{label}/"),
        with_previous: mode.with_previous,
    };
    let mut messages = project.messages(&telling);
    let mut senders = 1;
    if mode.shuffled {
        messages.shuffle(&mut StdRng::seed_from_u64(seed));
        senders = SENDERS;
    }
    let start = Instant::now();
    let (answers, repeated) = send_all(target, &messages, senders, |message, answer| {
        recorded(message, answer, &telling)
    })?;
    eprintln!(
        "{label}: {} requests in {:.1} s, {repeated} repeated",
        messages.len(),
        start.elapsed().as_secs_f64()
    );
    let ids: BTreeMap<_, _> = answers.into_iter().flatten().collect();
    let expected = project.history.deployments.len();
    ensure!(
        ids.len() == expected,
        "{label}: {} of {expected} deployments",
        ids.len()
    );
    let (links, settled) = settled(target, &ids, &telling.repository)?;
    eprintln!(
        "{label}: links unchanged since {:.1} s after the last answer",
        settled.as_secs_f64()
    );
    Ok(links)
}

#[derive(Deserialize)]
struct Recorded {
    #[serde(rename = "deploymentId")]
    id: i64,
}

/// Of a deployment, what the history and what the service call it.
fn recorded(message: &Message, answer: &Answer, telling: &Telling) -> anyhow::Result<Option<(String, i64)>> {
    if message.path != DEPLOYMENTS {
        ensure!(answer.status == 200, refusal("POST", message.path, answer));
        return Ok(None);
    }
    ensure!(
        matches!(answer.status, 200 | 201),
        refusal("POST", message.path, answer)
    );
    let recorded: Recorded = parse(answer)?;
    let sent = message.body.get("deploymentId").and_then(|id| id.as_str());
    let id = sent.and_then(|id| id.strip_prefix(&telling.id_prefix));
    Ok(Some((id.context("no deploymentId")?.to_owned(), recorded.id)))
}

/// The links once they no longer change, and how long after the start that was.
fn settled(
    target: &Target,
    ids: &BTreeMap<String, i64>,
    repository: &str,
) -> anyhow::Result<(Links, Duration)> {
    let start = Instant::now();
    let mut sender = Sender::connect(target)?;
    let (mut known, mut since) = (Links::new(), Duration::ZERO);
    loop {
        let asked_at = start.elapsed();
        let mut links = Links::new();
        for (name, id) in ids {
            let path = format!("/api/deployments/{id}/explain");
            let answer = sender.request("GET", &path, b"")?;
            ensure!(answer.status == 200, refusal("GET", &path, &answer));
            let numbers = parse::<Explanation>(&answer)?.numbers(repository);
            links.insert(name.clone(), numbers.with_context(|| format!("of {name}"))?);
        }
        if links != known {
            (known, since) = (links, asked_at);
        } else if asked_at > since + SETTLED_AFTER {
            return Ok((known, since));
        }
        thread::sleep(Duration::from_millis(500));
    }
}

#[derive(Deserialize)]
struct Explanation {
    links: Vec<ExplainedLink>,
}

#[derive(Deserialize)]
struct ExplainedLink {
    #[serde(rename = "pullRequest")]
    pull_request: ExplainedPullRequest,
}

#[derive(Deserialize)]
struct ExplainedPullRequest {
    number: u64,
    repository: String,
}

impl Explanation {
    fn numbers(self, repository: &str) -> anyhow::Result<BTreeSet<u64>> {
        let mut numbers = BTreeSet::new();
        for ExplainedLink { pull_request } in self.links {
            let (number, other) = (pull_request.number, pull_request.repository);
            ensure!(other == repository, "a link to pull request {number} of {other}");
            ensure!(numbers.insert(number), "two links to pull request {number}");
        }
        Ok(numbers)
    }
}

fn parse<T: DeserializeOwned>(answer: &Answer) -> anyhow::Result<T> {
    serde_json::from_slice(&answer.body).with_context(|| format!("cannot read {}", text(answer)))
}

fn refusal(method: &str, path: &str, answer: &Answer) -> String {
    format!(
        "{method} {path} was answered with {} {}",
        answer.status,
        text(answer)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_tells_the_numbers_of_one_repository() {
        let numbers = |repository| {
            let json = r#"{"links":[{"pullRequest":{"number":7,"repository":"a/b","title":null},"rule":"graph",
                "baseCommitSha":"00"},{"pullRequest":{"number":3,"repository":"a/b"},"rule":"exact"}],"more":[]}"#;
            let explanation: Explanation = serde_json::from_str(json).unwrap();
            explanation.numbers(repository)
        };
        assert_eq!(numbers("a/b").unwrap(), BTreeSet::from([3, 7]));
        assert!(numbers("a/c").is_err());
    }

    #[test]
    fn a_deployment_is_recognized_in_its_answer() {
        let telling = Telling {
            repository: "accuracy/x".to_owned(),
            id_prefix: "x/".to_owned(),
            with_previous: true,
        };
        let message = |path| Message {
            at: String::new(),
            path,
            body: serde_json::json!({ "deploymentId": "x/v1" }),
        };
        let answer = |status| Answer {
            status,
            retry_after: None,
            body: br#"{"action":"created","deploymentId":5}"#.to_vec(),
        };
        let found = recorded(&message(DEPLOYMENTS), &answer(201), &telling).unwrap();
        assert_eq!(found, Some(("v1".to_owned(), 5)));
        let found = recorded(&message("/api/commits"), &answer(200), &telling).unwrap();
        assert_eq!(found, None);
        for path in [DEPLOYMENTS, "/api/commits"] {
            assert!(recorded(&message(path), &answer(404), &telling).is_err());
        }
    }
}
