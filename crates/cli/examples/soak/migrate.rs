//! `migrate`: migrations may be started by any number of instances, and applied under a service that runs.

use crate::database::{self, Database};
use crate::ledger::Ledger;
use crate::load::{Load, Plan};
use crate::report::Report;
use crate::service::{Service, command};
use crate::upgrade;
use crate::world::{Run, Tenant};
use anyhow::{Context, ensure};
use serde_json::Value;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

const MIGRATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
const AT_ONCE: usize = 4;
const RATE: u32 = 200;

/// One that locks tables against every writer, and that the service can be without: it is taken back and applied again.
const LOCKING: &str = "20261125000100_cheaper_recording";

pub(crate) async fn run(run: &Run) -> anyhow::Result<Report> {
    let mut report = Report::new("migrate");
    report.sized(format!(
        "{AT_ONCE} at once on an empty database; then again, and one that locks a table, under {RATE} reports/s"
    ));
    let database = Database::start().await?;
    let all = count(Path::new(MIGRATIONS))?;
    let mut instances = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (run, url) = (run.clone(), database.url.clone());
        instances.spawn(async move { migrate(&run.program, &url).await });
    }
    let mut failed = 0;
    let mut applied = 0;
    for instance in instances.join_all().await {
        match instance {
            Ok(count) => applied += count,
            Err(error) => {
                eprintln!("  {error:#}");
                failed += 1;
            }
        }
    }
    report.none(format!("of {AT_ONCE} at once, failed"), failed);
    report.equal("migrations applied by all together", all, applied);

    let tenants = run.furnish(&database.url, 10).await?;
    let start = run.service(&database.url)?;
    let service = Service::start(&start).await?;
    let ledger = Arc::new(Ledger::default());
    let load = load(start.address, tenants, &ledger);
    let begun = Instant::now();
    let mut applied = 0;
    for _ in 0..AT_ONCE {
        sleep(Duration::from_secs(1)).await;
        applied += migrate(&run.program, &database.url).await?;
    }
    report.equal("applied again where nothing is missing", 0, applied);
    let mut applied = 0;
    for _ in 0..AT_ONCE {
        sleep(Duration::from_secs(1)).await;
        take_back(&database).await?;
        applied += migrate(&run.program, &database.url).await?;
    }
    report.equal(format!("{LOCKING} applied"), AT_ONCE as u64, applied);
    if run.sabotage {
        let hold = "begin; lock table deployments; select pg_sleep(9); commit";
        database.query(hold).await?;
    }
    let tally = load.stop().await;
    let calls = u64::from(RATE) * begun.elapsed().as_secs() / 2;
    report.at_least("calls meanwhile", calls, tally.calls() as u64);
    report.none("of them failed", tally.failed());
    report.within("slowest", Duration::from_secs(2), tally.slowest);
    ledger.check(&mut report, &database, &database.url).await?;
    drop(service);
    database.stop().await;
    if let Some(older) = &run.older {
        upgrade::from(run, older, &mut report).await?;
    }
    Ok(report)
}

/// Reports at the rate of this scenario.
pub(crate) fn load(address: SocketAddr, tenants: Arc<[Tenant]>, ledger: &Arc<Ledger>) -> Load {
    Load::start(Plan {
        addresses: vec![address],
        tenants,
        ledger: Arc::clone(ledger),
        senders: 64,
        rate: Some(RATE),
        most: u64::MAX,
        first: 0,
        repeats: true,
    })
}

fn count(folder: &Path) -> anyhow::Result<u64> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let migrations = entries
        .flatten()
        .filter(|entry| entry.path().join("up.sql").is_file());
    Ok(migrations.count() as u64)
}

/// How many migrations the program says it has applied.
pub(crate) async fn migrate(program: &Path, url: &str) -> anyhow::Result<u64> {
    let mut migrate = command(program, url);
    let said = database::output(migrate.args(["migrate", "--output", "json"])).await?;
    let said: Value = serde_json::from_str(&said)?;
    said.get("applied")
        .and_then(Value::as_u64)
        .context("it does not say what it applied")
}

async fn take_back(database: &Database) -> anyhow::Result<()> {
    let down = fs::read_to_string(Path::new(MIGRATIONS).join(LOCKING).join("down.sql"))?;
    let version = LOCKING.split('_').next().unwrap_or_default();
    let forget = format!("delete from __diesel_schema_migrations where version = '{version}' returning 1");
    let said = database
        .query(&format!("begin; {down}; {forget}; commit"))
        .await?;
    ensure!(said.contains('1'), "{LOCKING} was not applied");
    Ok(())
}
