//! What linking by the commit graph costs: a long range in a large repository, many pull requests that arrive late, and
//! a whole history against computing ancestor sets again for every deployment.

#[path = "../ingest/http.rs"]
mod http;
#[path = "../ingest/ratios.rs"]
mod ratios;
#[path = "../../examples/accuracy/server.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "the accuracy tool also reads its measurements"
)]
mod server;

mod late;
mod range;
mod walk;
mod world;

use clap::Parser;
use server::Server;
use std::path::PathBuf;
use world::World;

/// Measure what linking by the commit graph costs.
#[derive(Parser)]
#[command(after_help = "Example:\n  just bench linking --history devlake.json.gz")]
struct Arguments {
    /// How many commits the large repository has
    #[arg(long, default_value_t = 500_000)]
    commits: u32,
    /// How many commits the long range has
    #[arg(long, default_value_t = 1_000)]
    range: u32,
    /// How many deployments late pull requests belong to, ten to each
    #[arg(long, default_value_t = 1_000)]
    deployments: u32,
    /// How often a deployment is measured; medians are told
    #[arg(long, default_value_t = 300)]
    rounds: u32,
    /// The history to link at once, gzipped JSON as `just replay` takes it, with its commits; else one is made
    #[arg(long)]
    history: Option<PathBuf>,
    /// Cargo says so
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    walk::measure(arguments.history.as_deref())?;
    let server = Server::start()?;
    let world = World::new(&server);
    range::measure(&world, &arguments)?;
    late::measure(&world, &arguments)
}

/// Tells of one figure.
fn tell(what: &str, figure: impl std::fmt::Display) {
    println!("{what:<64}{figure:>12}");
}

/// The value below which so many percent lie.
fn percentile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values
        .get((values.len() * percent / 100).min(values.len().saturating_sub(1)))
        .copied()
        .unwrap_or(f64::NAN)
}
