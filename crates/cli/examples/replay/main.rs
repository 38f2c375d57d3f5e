//! Sends the history of a real project to a running server, pull request by pull request and deployment by deployment,
//! in order of time or shuffled, from one sender or several, and tells how many pull requests were linked in the end.

#[path = "../../benches/ingest/http.rs"]
mod http;

mod history;

use anyhow::{Context, ensure};
use clap::Parser;
use history::{DEPLOYMENTS, History, Message};
use http::{Answer, Connection};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
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

/// What came of sending.
#[derive(Default)]
struct Tally {
    created: usize,
    updated: usize,
    repeated: usize,
    refused: Vec<String>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    ensure!(arguments.senders > 0, "--senders must be at least 1");
    let history = History::read(&arguments.file)?;
    let mut messages = history.messages();
    if let Some(seed) = arguments.shuffle {
        messages.shuffle(&mut StdRng::seed_from_u64(seed));
    }
    let start = Instant::now();
    let tally = send_all(&arguments, &messages)?;
    let seconds = start.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = messages.len() as f64 / seconds;
    println!(
        "sent       {} requests in {seconds:.1} s, {rate:.0}/s",
        messages.len()
    );
    println!(
        "recorded   {} deployments created, {} updated",
        tally.created, tally.updated
    );
    println!("repeated   {} requests, as the server asked for", tally.repeated);
    println!("refused    {}", tally.refused.len());
    for refusal in tally.refused.iter().take(10) {
        println!("           {refusal}");
    }
    let (links, settled) = settled_links(&arguments, &history)?;
    println!(
        "linked     {links} pull requests, unchanged since {:.1} s after the last answer",
        settled.as_secs_f64()
    );
    println!("           {} by the commit graph", history.true_links());
    Ok(())
}

fn send_all(arguments: &Arguments, messages: &[Message]) -> anyhow::Result<Tally> {
    let share = messages.len().div_ceil(arguments.senders).max(1);
    let tallies: Vec<anyhow::Result<Tally>> = thread::scope(|scope| {
        // Each sender takes every n-th message, so that all of them are at the same place of the history.
        let senders: Vec<_> = (0..arguments.senders)
            .map(|first| {
                scope.spawn(move || {
                    let messages = messages.iter().skip(first).step_by(arguments.senders).take(share);
                    send(arguments, messages)
                })
            })
            .collect();
        senders
            .into_iter()
            .map(|sender| {
                sender
                    .join()
                    .unwrap_or_else(|_| Err(anyhow::anyhow!("a sender panicked")))
            })
            .collect()
    });
    let mut total = Tally::default();
    for tally in tallies {
        let tally = tally?;
        total.created += tally.created;
        total.updated += tally.updated;
        total.repeated += tally.repeated;
        total.refused.extend(tally.refused);
    }
    Ok(total)
}

fn send<'a>(arguments: &Arguments, messages: impl Iterator<Item = &'a Message>) -> anyhow::Result<Tally> {
    let mut connection = connect(arguments)?;
    let mut tally = Tally::default();
    for message in messages {
        let answer = insist(&mut connection, arguments, message, &mut tally.repeated)?;
        match (message.path, answer.status) {
            (DEPLOYMENTS, 201) => tally.created += 1,
            (DEPLOYMENTS, 200) => tally.updated += 1,
            (_, 200) => {}
            (path, status) => tally.refused.push(format!("{path} {status} {}", text(&answer))),
        }
    }
    Ok(tally)
}

/// Sends until the server neither is too busy nor asks for patience.
fn insist(
    connection: &mut Connection,
    arguments: &Arguments,
    message: &Message,
    repeated: &mut usize,
) -> anyhow::Result<Answer> {
    let body = serde_json::to_vec(&message.body)?;
    loop {
        let answer = connection.post(message.path, &arguments.key, &body)?;
        if !matches!(answer.status, 429 | 503) {
            return Ok(answer);
        }
        *repeated += 1;
        thread::sleep(Duration::from_secs(answer.retry_after.unwrap_or(1)));
    }
}

/// How many pull requests are linked once that no longer changes, and how long after the last answer it came to that.
fn settled_links(arguments: &Arguments, history: &History) -> anyhow::Result<(u64, Duration)> {
    let start = Instant::now();
    let mut connection = connect(arguments)?;
    let questions = history.questions();
    let (mut links, mut since) = (None, Duration::ZERO);
    loop {
        let asked_at = start.elapsed();
        let mut sum = 0;
        for question in &questions {
            let answer = insist(&mut connection, arguments, question, &mut 0)?;
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

fn connect(arguments: &Arguments) -> anyhow::Result<Connection> {
    Connection::open(&arguments.host).with_context(|| format!("cannot connect to {}", arguments.host))
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}
