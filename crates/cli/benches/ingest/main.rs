//! The deployment webhook over HTTP against `pgbench` doing a bare one-row upsert on the same Postgres, in the same run:
//! absolute rates differ between machines and minutes, their ratio much less.

mod alone;
mod http;
mod load;
mod processor;
mod setup;

use anyhow::Context;
use clap::Parser;
use load::{Load, Workers};
use setup::Setup;
use std::fs;
use std::process::Command;
use std::time::Duration;

/// Measure the deployment webhook against a bare upsert on the same Postgres.
#[derive(Parser)]
#[command(after_help = "Example:\n  just bench ingest --seconds 10 --stored 1000000 --only '32 connections'")]
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
    /// Measure only what has this in its name
    #[arg(long, default_value = "")]
    only: String,
    /// Be the server without groups
    #[arg(long, hide = true)]
    alone: bool,
    /// Cargo says so
    #[arg(long, hide = true)]
    bench: bool,
}

const ORGANIZATIONS: usize = 100;

/// What is measured.
#[derive(Clone, Copy)]
struct Case {
    connections: usize,
    organizations: usize,
    in_groups: bool,
    with_commits: bool,
}

impl Case {
    const fn in_groups(connections: usize, organizations: usize) -> Self {
        Self {
            connections,
            organizations,
            in_groups: true,
            with_commits: false,
        }
    }

    const fn alone(connections: usize, organizations: usize) -> Self {
        Self {
            in_groups: false,
            ..Self::in_groups(connections, organizations)
        }
    }

    const fn with_commits(self) -> Self {
        Self {
            with_commits: true,
            ..self
        }
    }

    const ALL: [Self; 12] = [
        Self::in_groups(32, ORGANIZATIONS),
        Self::in_groups(32, 1),
        Self::in_groups(256, ORGANIZATIONS),
        Self::in_groups(256, 1),
        Self::in_groups(256, ORGANIZATIONS).with_commits(),
        Self::in_groups(256, 1).with_commits(),
        Self::alone(32, ORGANIZATIONS),
        Self::alone(32, 1),
        Self::alone(32, ORGANIZATIONS).with_commits(),
        Self::alone(32, 1).with_commits(),
        Self::in_groups(1, ORGANIZATIONS),
        Self::alone(1, ORGANIZATIONS),
    ];

    fn name(self) -> String {
        format!(
            "{}, {} connections, {} organizations{}",
            if self.in_groups { "in groups" } else { "alone" },
            self.connections,
            self.organizations,
            if self.with_commits { ", commits" } else { "" },
        )
    }

    fn run(self, setup: &Setup, duration: Duration) -> anyhow::Result<Load> {
        let server = if self.in_groups {
            &setup.server
        } else {
            &setup.alone
        };
        let workers = Workers {
            server: server.process_id(),
            postgres: setup.postgres_process_id,
        };
        let tenants = if self.with_commits {
            &setup.tenants_with_commits
        } else {
            &setup.tenants
        };
        let tenants = tenants.get(..self.organizations);
        let tenants = tenants.context("too few organizations")?;
        load::run(&server.host, &workers, self.connections, tenants, duration)
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if arguments.alone {
        return alone::serve().await;
    }
    let setup = setup::start(ORGANIZATIONS).await?;
    measure(&setup, &arguments)?;
    if arguments.stored > 0 {
        setup.fill(arguments.stored).await?;
        println!("\nwith {} deployments and pull requests stored", arguments.stored);
        measure(&setup, &arguments)?;
    }
    println!("memory of the server at most: {} MB", setup.server.peak_memory()?);
    setup.stop().await
}

/// Measures every case and the upsert in turn, several times, and tells the medians. A ratio is of one turn.
fn measure(setup: &Setup, arguments: &Arguments) -> anyhow::Result<()> {
    let cases = Case::ALL
        .into_iter()
        .filter(|case| case.name().contains(&arguments.only));
    let mut measured: Vec<(Case, Vec<(f64, Load)>)> = cases.map(|case| (case, Vec::new())).collect();
    let mut upserts = Vec::new();
    for _ in 0..arguments.rounds {
        let upsert = upsert(&setup.url, arguments.seconds)?;
        for (case, loads) in &mut measured {
            let load = case.run(setup, Duration::from_secs(arguments.seconds))?;
            loads.push((load.rate / upsert, load));
        }
        upserts.push(upsert);
    }
    println!(
        "{:<50}{:>8}{:>7}{:>9}{:>9}{:>11}{:>13}{:>8}",
        "", "per s", "ratio", "p50 ms", "p99 ms", "server us", "postgres us", "errors"
    );
    println!(
        "{:<50}{:>8.0}",
        "bare upsert, pgbench, 16 clients",
        median(&mut upserts)
    );
    for (case, loads) in measured {
        tell(&case.name(), loads);
    }
    Ok(())
}

/// Tells of the median of several loads with their ratios to the upsert.
fn tell(what: &str, mut loads: Vec<(f64, Load)>) {
    let errors: usize = loads.iter().map(|(_, load)| load.errors).sum();
    loads.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    if let Some((ratio, load)) = loads.get(loads.len() / 2) {
        println!(
            "{what:<50}{:>8.0}{ratio:>7.2}{:>9.2}{:>9.2}{:>11.0}{:>13.0}{errors:>8}",
            load.rate, load.p50, load.p99, load.server, load.postgres
        );
    }
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
