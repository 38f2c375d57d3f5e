//! Tells the service a history, waits until its links no longer change, and reads them.

use crate::history::{DEPLOYMENTS, Message, Telling};
use crate::http::{Answer, Connection};
use crate::project::Project;
use crate::quarters::{Figure, Figures, Quarter};
use crate::rules::Links;
use crate::sending::{Sender, Target, send_all, text};
use crate::server::Server;
use anyhow::{Context, ensure};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

/// How long the worker has to have nothing left.
const REST: Duration = Duration::from_secs(1);
const QUEUE_LENGTH: &str = "periscope_relink_queue_length ";
const SENDERS: usize = 8;

/// How a history is told.
#[derive(Clone, Copy)]
pub(crate) struct Mode {
    pub(crate) with_previous: bool,
    pub(crate) shuffled: bool,
}

impl Mode {
    pub(crate) const ALL: [Self; 4] = [
        Self::new(false, false),
        Self::new(false, true),
        Self::new(true, false),
        Self::new(true, true),
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

/// What the service makes of a history.
#[derive(Default, PartialEq)]
pub(crate) struct Found {
    pub(crate) links: Links,
    pub(crate) first: Links,
    pub(crate) quarters: Figures,
}

/// Tells a history and reads what the service makes of it. `number` is different for each history.
pub(crate) fn run(
    server: &Server,
    project: &Project,
    number: usize,
    mode: Mode,
    seed: u64,
) -> anyhow::Result<Found> {
    let target = &target(server);
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
    let (found, settled) = settled(server, &|sender| read(sender, project, &ids, &telling.repository))?;
    eprintln!(
        "{label}: settled {:.1} s after the last answer",
        settled.as_secs_f64()
    );
    Ok(found)
}

fn read(
    sender: &mut Sender<'_>,
    project: &Project,
    ids: &BTreeMap<String, i64>,
    repository: &str,
) -> anyhow::Result<Found> {
    let mut found = Found::default();
    for (name, id) in ids {
        let shipped = shipped(sender, *id, repository).with_context(|| format!("of {name}"))?;
        let first = shipped.iter().filter(|(_, is_first)| **is_first);
        let first = first.map(|(number, _)| *number).collect();
        found.first.insert(name.clone(), first);
        found.links.insert(name.clone(), shipped.into_keys().collect());
    }
    for quarter in Quarter::all(&project.history)? {
        let lead_time = lead_time(sender, repository, quarter)?;
        found
            .quarters
            .extend(lead_time.map(|lead_time| (quarter, lead_time)));
    }
    Ok(found)
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

/// Where to send to, and with which key.
fn target(server: &Server) -> Target {
    Target {
        host: server.host.clone(),
        key: server.key.clone(),
    }
}

/// What is read once the worker has nothing left, twice the same, and how long the worker took.
fn settled(
    server: &Server,
    read: &dyn Fn(&mut Sender<'_>) -> anyhow::Result<Found>,
) -> anyhow::Result<(Found, Duration)> {
    let start = Instant::now();
    let target = target(server);
    let mut sender = Sender::connect(&target)?;
    let mut known: Option<(Found, Duration)> = None;
    loop {
        while queue_length(server)? > 0.0 {
            known = None;
            thread::sleep(REST / 10);
        }
        let empty_at = start.elapsed();
        let found = read(&mut sender)?;
        match known {
            Some(known) if known.0 == found => return Ok(known),
            _ => known = Some((found, empty_at)),
        }
        thread::sleep(REST);
    }
}

/// How many deployments and lines wait for the worker.
fn queue_length(server: &Server) -> anyhow::Result<f64> {
    let answer = Connection::open(&server.metrics_host)?.request("GET", "/metrics", "", b"")?;
    let text = text(&answer);
    let mut lines = text.lines();
    let length = lines.find_map(|line| line.strip_prefix(QUEUE_LENGTH));
    let length = length.with_context(|| format!("no {QUEUE_LENGTH}in {text}"))?;
    Ok(length.parse()?)
}

/// The pull requests that a deployment links, and whether it is the first to deliver them.
fn shipped(sender: &mut Sender<'_>, id: i64, repository: &str) -> anyhow::Result<BTreeMap<u64, bool>> {
    let description: Description = get(sender, &format!("/api/deployments/{id}"))?;
    description.shipped(repository)
}

fn lead_time(sender: &mut Sender<'_>, service: &str, quarter: Quarter) -> anyhow::Result<Option<Figure>> {
    let path = format!(
        "/api/metrics/lead-time?service={service}&{}",
        quarter.parameters()
    );
    Ok(get::<LeadTime>(sender, &path)?.current)
}

fn get<T: DeserializeOwned>(sender: &mut Sender<'_>, path: &str) -> anyhow::Result<T> {
    let answer = sender.request("GET", path, b"")?;
    ensure!(answer.status == 200, refusal("GET", path, &answer));
    parse(&answer)
}

#[derive(Deserialize)]
struct LeadTime {
    current: Option<Figure>,
}

#[derive(Deserialize)]
struct Description {
    links: Vec<DescribedLink>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribedLink {
    pull_request: LinkedPullRequest,
    is_first_delivery: bool,
}

#[derive(Deserialize)]
struct LinkedPullRequest {
    number: u64,
    repository: String,
}

impl Description {
    fn shipped(self, repository: &str) -> anyhow::Result<BTreeMap<u64, bool>> {
        let mut shipped = BTreeMap::new();
        for link in self.links {
            let LinkedPullRequest {
                number,
                repository: other,
            } = link.pull_request;
            ensure!(other == repository, "a link to pull request {number} of {other}");
            let known = shipped.insert(number, link.is_first_delivery);
            ensure!(known.is_none(), "two links to pull request {number}");
        }
        Ok(shipped)
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
    fn a_description_tells_the_numbers_of_one_repository_and_first_deliveries() {
        let shipped = |repository| {
            let json = r#"{"id":5,"links":[{"pullRequest":{"number":7,"repository":"a/b","title":null},"rule":"graph",
                "isFirstDelivery":false},{"pullRequest":{"number":3,"repository":"a/b"},"isFirstDelivery":true}]}"#;
            let description: Description = serde_json::from_str(json).unwrap();
            description.shipped(repository)
        };
        assert_eq!(shipped("a/b").unwrap(), BTreeMap::from([(3, true), (7, false)]));
        assert!(shipped("a/c").is_err());
    }

    #[test]
    fn a_deployment_is_recognized_in_its_answer() {
        let telling = Telling {
            repository: "accuracy/x".to_owned(),
            id_prefix: "x/".to_owned(),
            with_previous: true,
        };
        let message = |path| Message {
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
