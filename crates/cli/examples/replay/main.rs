//! Sends the history of a real project to a running server, pull request by pull request and deployment by deployment,
//! in order of time or shuffled, from one sender or several, and tells how many pull requests were linked in the end.

#[path = "../../benches/ingest/http.rs"]
mod http;

mod history;
mod sending;

use anyhow::{Context, ensure};
use clap::Parser;
use history::{DEPLOYMENTS, History, Message, PullRequest, Telling};
use http::Answer;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use sending::{Sender, Target, send_all, text};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

/// Send the history of a project to a running server.
#[derive(Parser)]
#[command(after_help = "Example:\n  just replay devlake.json.gz --key psk_live_... --shuffle 7 --senders 8")]
struct Arguments {
    /// The history, gzipped JSON
    file: PathBuf,
    /// An API key with the scope `ingest`
    #[arg(long)]
    key: String,
    /// Where the server listens
    #[arg(long, default_value = "127.0.0.1:8080")]
    host: String,
    /// Send in a random order, the same for the same seed
    #[arg(long, value_name = "SEED")]
    shuffle: Option<u64>,
    /// How many send at once
    #[arg(long, default_value_t = 1)]
    senders: usize,
}

/// What came of a request.
#[derive(PartialEq)]
enum Outcome {
    Created,
    Updated,
    Recorded,
    Refused(String),
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    ensure!(arguments.senders > 0, "--senders must be at least 1");
    let history: History = history::read(&arguments.file)?;
    let telling = Telling {
        repository: format!("replayed/{}", history.name),
        id_prefix: String::new(),
        with_previous: true,
    };
    let target = Target {
        host: arguments.host,
        key: arguments.key,
    };
    let mut messages = messages(&history, &telling);
    if let Some(seed) = arguments.shuffle {
        messages.shuffle(&mut StdRng::seed_from_u64(seed));
    }
    let start = Instant::now();
    let (outcomes, repeated) = send_all(&target, &messages, arguments.senders, |message, answer| {
        Ok(outcome(message, answer))
    })?;
    let seconds = start.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = messages.len() as f64 / seconds;
    println!(
        "sent       {} requests in {seconds:.1} s, {rate:.0}/s",
        messages.len()
    );
    let count = |outcome| outcomes.iter().filter(|each| **each == outcome).count();
    println!(
        "recorded   {} deployments created, {} updated",
        count(Outcome::Created),
        count(Outcome::Updated)
    );
    println!("repeated   {repeated} requests, as the server asked for");
    let refusals = outcomes.iter().filter_map(|outcome| match outcome {
        Outcome::Refused(why) => Some(why),
        _ => None,
    });
    println!("refused    {}", refusals.clone().count());
    for refusal in refusals.take(10) {
        println!("           {refusal}");
    }
    let (links, settled) = settled_links(&target, &history, &telling)?;
    println!(
        "linked     {links} pull requests, unchanged since {:.1} s after the last answer",
        settled.as_secs_f64()
    );
    let true_links: usize = history.links.values().map(Vec::len).sum();
    println!("           {true_links} by the commit graph");
    Ok(())
}

/// Every pull request and every deployment, a request each, in order of time.
fn messages(history: &History, telling: &Telling) -> Vec<Message> {
    let pull_requests = history.pull_requests.iter().map(|pull_request| {
        let message = PullRequest::message(&[pull_request], telling);
        (&pull_request.merged_at, message)
    });
    let deployments = history.deployments.iter().map(|deployment| {
        let message = deployment.report(telling, "success");
        (&deployment.completed_at, message)
    });
    let mut messages: Vec<_> = pull_requests.chain(deployments).collect();
    messages.sort_by_key(|(at, _)| *at);
    messages.into_iter().map(|(_, message)| message).collect()
}

fn outcome(message: &Message, answer: &Answer) -> Outcome {
    match (message.path, answer.status) {
        (DEPLOYMENTS, 201) => Outcome::Created,
        (DEPLOYMENTS, 200) => Outcome::Updated,
        (_, 200) => Outcome::Recorded,
        (path, status) => Outcome::Refused(format!("{path} {status} {}", text(answer))),
    }
}

/// How many pull requests are linked once that no longer changes, and how long after the last answer it came to that.
/// A report that comes too late to change anything is answered with how many are linked.
fn settled_links(target: &Target, history: &History, telling: &Telling) -> anyhow::Result<(u64, Duration)> {
    let start = Instant::now();
    let mut sender = Sender::connect(target)?;
    let deployments = history.deployments.iter();
    let questions: Vec<_> = deployments
        .map(|deployment| deployment.report(telling, "pending"))
        .collect();
    let (mut links, mut since) = (None, Duration::ZERO);
    loop {
        let asked_at = start.elapsed();
        let mut sum = 0;
        for question in &questions {
            let answer = sender.send(question)?;
            let body: serde_json::Value = serde_json::from_slice(&answer.body)?;
            let linked = body.get("linkedPRs").and_then(serde_json::Value::as_u64);
            sum += linked.with_context(|| format!("no linkedPRs in {}", text(&answer)))?;
        }
        match links {
            Some(known) if known == sum => {
                if asked_at > since + Duration::from_secs(6) {
                    return Ok((sum, since));
                }
            }
            _ => (links, since) = (Some(sum), asked_at),
        }
        thread::sleep(Duration::from_millis(500));
    }
}
