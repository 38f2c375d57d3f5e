//! What metrics of a large organization cost over HTTP: the first question after a start, every metric when the facts are
//! in memory, the same as plain SQL on the same tables, and what asking does to the webhook.

#[path = "../ingest/http.rs"]
mod http;
#[path = "../ingest/ratios.rs"]
mod ratios;
#[path = "../ingest/server.rs"]
mod server;

mod database;
mod load;
mod plain;
mod world;

use clap::Parser;
use database::Database;
use load::Access;
use ratios::tell_ratio;
use server::Server;
use std::process::Command;
use std::time::{Duration, Instant};
use world::Keys;

/// Measure what metrics of a large organization cost.
#[derive(Parser)]
#[command(after_help = "Example:\n  just bench metrics --large 1000000 --others 1000000")]
struct Arguments {
    /// How many deployments and pull requests the large organization has, over three years
    #[arg(long, default_value_t = 1_000_000)]
    large: u64,
    /// How many each of the nine others has
    #[arg(long, default_value_t = 100_000)]
    others: u64,
    /// How long each measurement takes
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Cargo says so
    #[arg(long, hide = true)]
    bench: bool,
}

const METRICS: [&str; 11] = [
    "deployment-frequency",
    "lead-time",
    "change-failure-rate",
    "mttr",
    "pr-cycle-time",
    "throughput",
    "pr-velocity",
    "size-vs-time",
    "contributors",
    "service-health",
    "risk-signals",
];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let duration = Duration::from_secs(arguments.seconds);
    let database = Database::open().await?;
    let begun = Instant::now();
    let keys = world::make(&database, arguments.large, arguments.others).await?;
    tell("world made, s", [Some(begun.elapsed().as_secs_f64()), None, None]);

    first_questions(&database, &keys)?;
    let server = serve(&database)?;
    let access = Access {
        host: &server.host,
        key: &keys.key,
        session: &keys.session,
    };
    println!("{:<52}{:>10}{:>10}{:>10}", "", "p50 ms", "p99 ms", "target");
    for (days, target) in [(90, 50.0), (400, 250.0)] {
        let times = load::ask_for(access, "overview", days, duration)?;
        let name = format!("overview over {days} days");
        tell(
            &name,
            [Some(times.within(50)), Some(times.within(99)), Some(target)],
        );
    }
    for path in [
        "/api/deployments?limit=200",
        "/api/pull-requests?limit=200",
        "/api/deployments?limit=20",
    ] {
        let (times, size) = load::get_for(access, path, duration)?;
        let name = format!("{path}, {} KB", size / 1024);
        tell(&name, [Some(times.within(50)), Some(times.within(99)), Some(5.0)]);
    }
    for days in [30, 90, 400] {
        let (times, size) = load::open_for(access, &format!("/?timeRange={days}d"), duration)?;
        let name = format!("first page over {days} days, {} KB", size / 1024);
        let target = (days <= 90).then_some(30.0);
        tell(&name, [Some(times.within(50)), Some(times.within(99)), target]);
    }
    let mut medians = Vec::new();
    for metric in METRICS {
        let times = load::ask_for(access, metric, 90, duration)?;
        tell(
            &format!("{metric} over 90 days"),
            [Some(times.within(50)), Some(times.within(99)), Some(100.0)],
        );
        medians.push((metric, times.within(50)));
    }

    println!("{:<52}{:>10}", "", "SQL ms");
    for (metric, plain) in plain::ask(&database, 90)? {
        let median = medians.iter().find(|(name, _)| *name == metric);
        tell(&format!("{metric} as plain SQL"), [Some(plain), None, None]);
        if let Some((_, median)) = median {
            tell_ratio(
                &format!("{metric} as plain SQL, to the metric"),
                plain / median,
                "",
            );
        }
    }

    println!("{:<52}{:>10}{:>10}{:>10}", "", "p50 ms", "p99 ms", "target");
    load::report(access, &[], duration)?;
    let quiet = load::report(access, &[], duration * 2)?;
    let asked = load::report(access, &METRICS, duration * 2)?;
    tell(
        "webhook, 4 senders, quiet",
        [Some(quiet.within(50)), Some(quiet.within(99)), None],
    );
    tell(
        "webhook with 10 readers asking all the time",
        [Some(asked.within(50)), Some(asked.within(99)), None],
    );
    tell_ratio(
        "p99 of the webhook with 10 readers, to quiet",
        asked.within(99) / quiet.within(99),
        "at most 1.5",
    );
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let memory = server.memory("VmRSS")? as f64;
    tell("memory of the server, MB", [Some(memory), None, None]);
    drop(server);
    database.close().await;
    Ok(())
}

fn serve(database: &Database) -> anyhow::Result<Server> {
    Server::start(
        Command::new(env!("CARGO_BIN_EXE_periscope")).arg("serve"),
        &database.url,
    )
}

/// Asks servers that have just been started.
fn first_questions(database: &Database, keys: &Keys) -> anyhow::Result<()> {
    for days in [30, 90, 400] {
        let server = serve(database)?;
        let access = Access {
            host: &server.host,
            key: &keys.key,
            session: &keys.session,
        };
        let time = load::ask_once(access, "overview", days)?;
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let memory = server.memory("VmRSS")? as f64;
        tell(
            &format!("first question, overview over {days} days, ms and MB"),
            [Some(time), Some(memory), None],
        );
    }
    Ok(())
}

/// Tells of some figures.
fn tell(what: &str, figures: [Option<f64>; 3]) {
    let figures = figures.map(|figure| figure.map_or_else(String::new, |figure| format!("{figure:.1}")));
    let [first, second, third] = figures;
    println!("{what:<52}{first:>10}{second:>10}{third:>10}");
}
