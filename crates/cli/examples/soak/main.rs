//! Does to a running Periscope what happens to services: kills, crowds, slow clients, sick databases. Keeps a ledger of
//! what was acknowledged, and holds every claim of reliability against what is found. Starts all that it needs itself.

mod backup;
mod client;
mod crash;
mod database;
mod keys;
mod ledger;
mod load;
mod logs;
mod migrate;
mod overload;
mod proxy;
mod rate;
mod report;
mod service;
mod sick;
mod slow;
mod stop;
mod twins;
mod upgrade;
mod world;

use anyhow::{Context, anyhow, ensure};
use clap::{Parser, ValueEnum};
use logs::Logs;
use report::Report;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs};
use tokio::time::timeout;
use world::{Run, Size};

/// No scenario takes half as long.
const SHORT_PATIENCE: Duration = Duration::from_mins(2);
const CI_PATIENCE: Duration = Duration::from_mins(10);
const LONG_PATIENCE: Duration = Duration::from_hours(6);

/// Hold Periscope's claims of reliability against what is found. Exits with 1 if one does not hold.
#[derive(Parser)]
#[command(after_help = "Example:\n  just soak crash sick --size long --output json")]
struct Arguments {
    /// Which; without any, all of them
    #[arg(value_enum, value_name = "SCENARIO")]
    scenarios: Vec<Scenario>,
    /// How much to do
    #[arg(long, value_enum, default_value_t = Size::Ci)]
    size: Size,
    /// The program to look at, instead of target/release/periscope
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// An older program, for `migrate` to bring what it has made and serves up to date
    #[arg(long, value_name = "FILE")]
    older: Option<PathBuf>,
    /// Do the harm that is promised against: then every scenario must fail, and it is a failure if one does not
    #[arg(long)]
    sabotage: bool,
    /// How to answer
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// Nothing acknowledged is lost when the service or Postgres is killed
    Crash,
    /// The ledger sees what a Postgres loses that does not wait for its disk
    Blind,
    /// One record, however many clients report it at once
    Twins,
    /// A constant rate is held without growing
    Rate,
    /// Too many connections or requests are refused in order
    Overload,
    /// A sick database does no harm
    Sick,
    /// Stopping finishes what was begun
    Stop,
    /// Slow clients are sent away
    Slow,
    /// No key but the right one is let in
    Keys,
    /// Migrations go on under a service that runs
    Migrate,
    /// A dump under load is the database at one instant
    Backup,
}

impl Scenario {
    fn name(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Blind => "blind",
            Self::Twins => "twins",
            Self::Rate => "rate",
            Self::Overload => "overload",
            Self::Sick => "sick",
            Self::Stop => "stop",
            Self::Slow => "slow",
            Self::Keys => "keys",
            Self::Migrate => "migrate",
            Self::Backup => "backup",
        }
    }

    async fn run(self, run: &Run) -> anyhow::Result<Report> {
        match self {
            Self::Crash => crash::run(run).await,
            Self::Blind => crash::blind(run).await,
            Self::Twins => twins::run(run).await,
            Self::Rate => rate::run(run).await,
            Self::Overload => overload::run(run).await,
            Self::Sick => sick::run(run).await,
            Self::Stop => stop::run(run).await,
            Self::Slow => slow::run(run).await,
            Self::Keys => keys::run(run).await,
            Self::Migrate => migrate::run(run).await,
            Self::Backup => backup::run(run).await,
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    // The crowds of slow clients are ours.
    let limit = getrlimit(Resource::Nofile);
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            ..limit
        },
    )?;
    let older = arguments.older.map(|older| program(Some(&older)));
    let run = Run {
        program: program(arguments.program.as_deref())?,
        older: older.transpose()?,
        size: arguments.size,
        sabotage: arguments.sabotage,
        logs: Arc::new(Logs::default()),
    };
    run.logs.guard(service::SECRET_KEY);
    run.logs.guard(load::PERSON);
    let mut scenarios = arguments.scenarios;
    if scenarios.is_empty() {
        scenarios = Scenario::value_variants().to_vec();
    }
    let reports = tokio::select! {
        reports = run_all(&run, &scenarios) => reports,
        _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
    };
    match arguments.output {
        Output::Text => report::print(&reports),
        Output::Json => println!("{:#}", reports.iter().map(Report::json).collect::<Value>()),
    }
    let mut expected = reports.iter().map(|report| report.holds() != run.sabotage);
    Ok(ExitCode::from(u8::from(!expected.all(|expected| expected))))
}

async fn run_all(run: &Run, scenarios: &[Scenario]) -> Vec<Report> {
    let mut reports = Vec::new();
    for scenario in scenarios {
        eprintln!("{} ...", scenario.name());
        let begun = Instant::now();
        let ran = timeout(
            run.pick(SHORT_PATIENCE, CI_PATIENCE, LONG_PATIENCE),
            scenario.run(run),
        )
        .await;
        let ran = ran.unwrap_or_else(|_| Err(anyhow!("it hangs")));
        let mut report = ran.unwrap_or_else(|error| {
            let mut report = Report::new(scenario.name());
            report.broken(&error);
            report
        });
        report.took(begun.elapsed());
        eprintln!("{}", report.summary());
        reports.push(report);
    }
    if !run.sabotage {
        reports.push(of_logs(&run.logs));
    }
    reports
}

/// What all services have logged meanwhile.
fn of_logs(logs: &Logs) -> Report {
    let mut report = Report::new("logs");
    report.sized("every line of every service");
    report.at_least("lines searched", 1, logs.lines());
    report.none("with a key, a secret or a person", logs.leaks());
    report.none("that tell of a bug", logs.bugs());
    if logs.bugs() > 0 {
        for line in logs.errors() {
            eprintln!("  {line}");
        }
    }
    report
}

/// The program that was named, or else `release/periscope` in the folder of this example's `PROFILE/examples`: what is
/// looked at is what is released, whatever looks at it.
fn program(named: Option<&Path>) -> anyhow::Result<Arc<Path>> {
    let program = if let Some(named) = named {
        named.to_owned()
    } else {
        let example = env::current_exe()?;
        let target = example.ancestors().nth(3).context("no folder of programs")?;
        target.join(format!("release/periscope{}", env::consts::EXE_SUFFIX))
    };
    ensure!(program.is_file(), "{} is not built", program.display());
    Ok(fs::canonicalize(program)?.into())
}
