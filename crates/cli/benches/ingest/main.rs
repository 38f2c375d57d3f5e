//! The deployment webhook over HTTP against `pgbench` doing a bare one-row upsert on the same Postgres, in the same run:
//! absolute rates differ between machines and minutes, their ratio much less.

mod alone;
mod http;
mod load;
mod processor;
mod ratios;
mod server;
mod setup;

use anyhow::Context;
use clap::Parser;
use load::Load;
use processor::{Cost, Meter, Workers};
use ratios::tell_ratio;
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
    seconds: u32,
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
    graph: Graph,
}

/// What is known of commits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Graph {
    /// Nothing: the sender gives the previous commit, and merge times tell.
    None,
    /// The graph tells what lies behind the previous commit.
    Range,
    /// The graph tells what is new: the sender gives no previous commit.
    New,
}

impl Case {
    const fn in_groups(connections: usize, organizations: usize) -> Self {
        Self {
            connections,
            organizations,
            in_groups: true,
            graph: Graph::None,
        }
    }

    const fn alone(connections: usize, organizations: usize) -> Self {
        Self {
            in_groups: false,
            ..Self::in_groups(connections, organizations)
        }
    }

    const fn with(self, graph: Graph) -> Self {
        Self { graph, ..self }
    }

    const ALL: [Self; 15] = [
        Self::in_groups(32, ORGANIZATIONS),
        Self::in_groups(32, 1),
        Self::in_groups(256, ORGANIZATIONS),
        Self::in_groups(256, 1),
        Self::in_groups(256, ORGANIZATIONS).with(Graph::Range),
        Self::in_groups(256, 1).with(Graph::Range),
        Self::alone(32, ORGANIZATIONS),
        Self::alone(32, 1),
        Self::alone(32, ORGANIZATIONS).with(Graph::Range),
        Self::alone(32, 1).with(Graph::Range),
        Self::in_groups(32, ORGANIZATIONS).with(Graph::New),
        Self::in_groups(32, 1).with(Graph::New),
        Self::in_groups(1, ORGANIZATIONS).with(Graph::New),
        Self::in_groups(1, ORGANIZATIONS),
        Self::alone(1, ORGANIZATIONS),
    ];

    fn name(self) -> String {
        format!(
            "{}, {} connections, {} organizations{}",
            if self.in_groups { "in groups" } else { "alone" },
            self.connections,
            self.organizations,
            match self.graph {
                Graph::None => "",
                Graph::Range => ", commits",
                Graph::New => ", no previous",
            },
        )
    }

    fn run(self, setup: &Setup, duration: Duration) -> anyhow::Result<Load> {
        let server = if self.in_groups {
            &setup.server
        } else {
            &setup.alone
        };
        let workers = Workers {
            server: Some(server.process_id),
            postgres: setup.postgres_process_id,
        };
        let tenants = if self.graph == Graph::None {
            &setup.tenants
        } else {
            &setup.tenants_with_commits
        };
        let tenants = tenants.get(..self.organizations);
        let tenants = tenants.context("too few organizations")?;
        let with_previous = self.graph != Graph::New;
        load::run(
            &server.host,
            workers,
            self.connections,
            tenants,
            with_previous,
            duration,
        )
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
    println!(
        "memory of the server at most: {} MB",
        setup.server.memory("VmHWM")?
    );
    setup.stop().await
}

/// Measures every case and the upsert in turn, several times, and tells the medians. A ratio is of one turn.
fn measure(setup: &Setup, arguments: &Arguments) -> anyhow::Result<()> {
    let cases = Case::ALL
        .into_iter()
        .filter(|case| case.name().contains(&arguments.only));
    let mut measured: Vec<(Case, Vec<Beside>)> = cases.map(|case| (case, Vec::new())).collect();
    let mut upserts = Vec::new();
    for _ in 0..arguments.rounds {
        let upsert = upsert(setup, arguments.seconds)?;
        for (case, loads) in &mut measured {
            let load = case.run(setup, Duration::from_secs(arguments.seconds.into()))?;
            loads.push(Beside { upsert, load });
        }
        upserts.push(upsert);
    }
    println!(
        "{:<46}{:>7}{:>7}{:>8}{:>8}{:>7} {:>6}{:>8}{:>10}{:>9}",
        "", "per s", "ratio", "p50 ms", "p99 ms", "errors", "load", "server", "postgres", "us ratio"
    );
    let upsert = median(&mut upserts, |upsert| upsert.rate).context("no rounds")?;
    let Cost { load, postgres, .. } = upsert.cost;
    println!(
        "{:<46}{:>7.0}{:>31}{load:>6.0}{:>8}{postgres:>10.0}",
        "bare upsert, pgbench, 16 clients", upsert.rate, "", ""
    );
    let mut ratios = Vec::new();
    for (case, mut loads) in measured {
        let errors: usize = loads.iter().map(|beside| beside.load.errors).sum();
        if let Some(beside) = median(&mut loads, Beside::ratio) {
            tell(&case.name(), beside, errors);
            ratios.push((case, beside.ratio()));
        }
    }
    for (case, ratio) in ratios {
        let is_promised = case.in_groups && case.connections > 1 && case.graph == Graph::None;
        let target = if is_promised { "at least 0.6" } else { "" };
        tell_ratio(&format!("{}, to a bare upsert", case.name()), ratio, target);
    }
    Ok(())
}

/// A load and the upsert of the same turn.
struct Beside {
    upsert: Upsert,
    load: Load,
}

impl Beside {
    fn ratio(&self) -> f64 {
        self.load.rate / self.upsert.rate
    }
}

fn tell(what: &str, beside: &Beside, errors: usize) {
    let Load {
        rate, p50, p99, cost, ..
    } = beside.load;
    let Cost {
        load,
        server,
        postgres,
    } = cost;
    println!(
        "{what:<46}{rate:>7.0}{:>7.2}{p50:>8.2}{p99:>8.2}{errors:>7} {load:>6.0}{server:>8.0}{postgres:>10.0}{:>9.2}",
        beside.ratio(),
        beside.upsert.cost.total() / cost.total(),
    );
}

fn median<T>(measured: &mut [T], by: impl Fn(&T) -> f64) -> Option<&T> {
    measured.sort_by(|a, b| by(a).total_cmp(&by(b)));
    measured.get(measured.len() / 2)
}

/// Rows inserted or updated one by one.
#[derive(Clone, Copy)]
struct Upsert {
    /// A second.
    rate: f64,
    cost: Cost,
}

/// How many rows `pgbench` inserts or updates.
fn upsert(setup: &Setup, seconds: u32) -> anyhow::Result<Upsert> {
    let script = std::env::temp_dir().join(format!("periscope-upsert-{}.sql", std::process::id()));
    fs::write(
        &script,
        "\\set id random(1, 1000000)\ninsert into upsert_probe (id, value) values (:id, 'x') \
         on conflict (id) do update set value = excluded.value;\n",
    )?;
    let meter = Meter::start(Workers {
        server: None,
        postgres: setup.postgres_process_id,
    })?;
    let output = Command::new("pgbench")
        .args(["--no-vacuum", "--protocol=prepared", "--client=16", "--jobs=2"])
        .arg(format!("--time={seconds}"))
        .arg("--file")
        .arg(&script)
        .arg(&setup.url)
        .output()
        .context("cannot run pgbench, which comes with PostgreSQL");
    fs::remove_file(&script)?;
    let text = String::from_utf8_lossy(&output?.stdout).into_owned();
    let rate: Option<f64> = text
        .lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    let rate = rate.with_context(|| format!("pgbench told no rate: {text}"))?;
    let cost = meter.read(rate * f64::from(seconds))?;
    Ok(Upsert { rate, cost })
}
