//! The deployment webhook over HTTP against `pgbench` doing a bare one-row upsert on the same Postgres, in the same run:
//! absolute rates differ between machines and minutes, their ratio much less.

mod http;
mod load;
mod setup;

use anyhow::Context;
use clap::Parser;
use load::Load;
use setup::Tenant;
use std::fs;
use std::process::Command;
use std::time::Duration;

/// Measure the deployment webhook against a bare upsert on the same Postgres.
#[derive(Parser)]
#[command(after_help = "Example:\n  just bench ingest --seconds 10 --stored 1000000")]
struct Arguments {
    /// How long each measurement takes
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often each is repeated; medians are told
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How many deployments, and as many pull requests, to store before measuring once more; 0 for not at all
    #[arg(long, default_value_t = 1_000_000)]
    stored: u64,
    /// Cargo says so
    #[arg(long, hide = true)]
    bench: bool,
}

const ORGANIZATIONS: usize = 100;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let setup = setup::start(ORGANIZATIONS).await?;
    let duration = Duration::from_secs(arguments.seconds);
    println!(
        "{:<44}{:>10}{:>10}{:>10}{:>8}",
        "", "per s", "p50 ms", "p99 ms", "errors"
    );

    let mut upserts = Vec::new();
    let (mut hundred, mut one) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds {
        upserts.push(upsert(&setup.url, arguments.seconds)?);
        hundred.push(load::run(&setup.host, &setup.tenants, duration)?);
        one.push(load::run(&setup.host, first(&setup.tenants)?, duration)?);
    }
    let upsert_rate = median(&mut upserts);
    println!("{:<44}{upsert_rate:>10.0}", "bare upsert, pgbench, 16 clients");
    let empty = tell("webhook, 32 connections, 100 organizations", hundred);
    let single = tell("webhook, 32 connections, 1 organization", one);
    println!(
        "{:<44}{:>10.2}",
        "ratio of the webhook to the upsert",
        empty / upsert_rate
    );
    println!("{:<44}{:>10.2}", "ratio of 1 organization to 100", single / empty);

    if arguments.stored > 0 {
        setup.fill(arguments.stored).await?;
        let (mut upserts, mut full) = (Vec::new(), Vec::new());
        for _ in 0..arguments.rounds {
            upserts.push(upsert(&setup.url, arguments.seconds)?);
            full.push(load::run(&setup.host, &setup.tenants, duration)?);
        }
        let stored_rate = tell(
            &format!("webhook with {} deployments stored", arguments.stored),
            full,
        );
        println!("{:<44}{:>10.0}", "bare upsert beside it", median(&mut upserts));
        println!(
            "{:<44}{:>10.2}",
            "ratio of that to an empty database",
            stored_rate / empty
        );
    }
    println!(
        "{:<44}{:>10}",
        "memory of the server at most, MB",
        setup.peak_memory()?
    );
    setup.stop().await
}

fn first(tenants: &[Tenant]) -> anyhow::Result<&[Tenant]> {
    tenants.get(..1).context("there is no organization")
}

/// Tells of the median of several loads and gives its rate.
fn tell(what: &str, mut loads: Vec<Load>) -> f64 {
    let errors: usize = loads.iter().map(|load| load.errors).sum();
    loads.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    let Some(load) = loads.get(loads.len() / 2) else {
        return f64::NAN;
    };
    println!(
        "{what:<44}{:>10.0}{:>10.1}{:>10.1}{errors:>8}",
        load.rate, load.p50, load.p99
    );
    load.rate
}

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
}

/// How many rows a second `pgbench` inserts or updates.
fn upsert(url: &str, seconds: u64) -> anyhow::Result<f64> {
    let script = std::env::temp_dir().join(format!("periscope-upsert-{}.sql", std::process::id()));
    fs::write(
        &script,
        "\\set id random(1, 1000000)\ninsert into upsert_probe (id, value) values (:id, 'x') \
         on conflict (id) do update set value = excluded.value;\n",
    )?;
    let output = Command::new("pgbench")
        .args(["--no-vacuum", "--protocol=prepared", "--client=16", "--jobs=2"])
        .arg(format!("--time={seconds}"))
        .arg("--file")
        .arg(&script)
        .arg(url)
        .output()
        .context("cannot run pgbench, which comes with PostgreSQL");
    fs::remove_file(&script)?;
    let text = String::from_utf8_lossy(&output?.stdout).into_owned();
    let rate = text
        .lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    rate.with_context(|| format!("pgbench told no rate: {text}"))
}
