//! `backup`: a dump that is made under load is the database at one instant, and what is restored from it works.

use crate::client::Caller;
use crate::database::{self, Database};
use crate::ledger::{Ledger, name};
use crate::load::{Load, Plan, deployment};
use crate::report::Report;
use crate::service::{Service, command};
use crate::world::{Run, World};
use anyhow::{Context, ensure};
use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::time::sleep;

const RATE: u32 = 200;
const RESTORED: &str = "restored";

/// How many rows a table has, and a sum over all that is in them.
type Contents = BTreeMap<String, String>;

pub(crate) async fn run(run: &Run) -> anyhow::Result<Report> {
    let mut report = Report::new("backup");
    let rows = run.pick(5_000, 50_000, 2_000_000);
    report.sized(format!(
        "{rows} deployments, dumped and restored under {RATE} reports/s"
    ));
    let world = World::start(run, 10).await?;
    let database = &world.database;
    fill(database, rows).await?;
    let start = run.service(&database.url)?;
    let service = Service::start(&start).await?;
    let ledger = Arc::new(Ledger::default());
    let load = Load::start(Plan {
        addresses: vec![start.address],
        tenants: Arc::clone(&world.tenants),
        ledger: Arc::clone(&ledger),
        senders: 64,
        rate: Some(RATE),
        most: u64::MAX,
        first: 0,
        repeats: true,
    });
    sleep(Duration::from_secs(3)).await;

    let acknowledged = ledger.sample(usize::MAX);
    let mut snapshot = Snapshot::take(database).await?;
    let file = database.folder().join("dump");
    dump(database, &snapshot.name, &file).await?;
    let expected = contents(&snapshot.query(&tables_sql()).await?);
    sleep(Duration::from_secs(1)).await;
    let tally = load.stop().await;

    database.query(&format!("create database {RESTORED}")).await?;
    let url = database.url_of(RESTORED)?;
    let mut restore = database.program("pg_restore")?;
    restore
        .args(["--exit-on-error", "--no-owner", "--dbname", &url])
        .arg(&file);
    database::output(&mut restore).await?;
    if run.sabotage {
        database
            .query_at(&url, "update deployments set branch = 'x' where id = 7")
            .await?;
    }
    let found = contents(&database.query_at(&url, &tables_sql()).await?);
    report.none("calls that failed meanwhile", tally.failed());
    report.at_least("tables compared", 10, expected.len() as u64);
    let differing = expected
        .iter()
        .filter(|(table, sum)| found.get(*table) != Some(sum));
    report.none(
        "that differ from the snapshot",
        differing.count() + found.len().abs_diff(expected.len()),
    );
    let later = database.query("select count(*) from deployments").await?;
    let at_snapshot = database
        .query_at(&url, "select count(*) from deployments")
        .await?;
    report.claim(
        "deployments dumped, and recorded until the end",
        "more later",
        format!("{at_snapshot}, {later}"),
        later.parse::<u64>()? > at_snapshot.parse::<u64>()?,
    );
    works(run, &mut report, &world, &url, &acknowledged).await?;
    drop((service, snapshot));
    world.database.stop().await;
    Ok(report)
}

/// What was acknowledged before the snapshot is there, what is new goes on, and the doctor is content.
async fn works(
    run: &Run,
    report: &mut Report,
    world: &World,
    url: &str,
    acknowledged: &[(u64, i64)],
) -> anyhow::Result<()> {
    let sql = "select substr(external_id, 6), id from deployments where external_id like 'soak-%'";
    let rows = world.database.query_at(url, sql).await?;
    let rows: BTreeMap<&str, &str> = rows.lines().filter_map(|row| row.split_once('|')).collect();
    let missing = acknowledged.iter().filter(|(number, id)| {
        let found = rows.get(number.to_string().as_str());
        found != Some(&id.to_string().as_str())
    });
    report.none(
        format!("of {} acknowledged before, missing", acknowledged.len()),
        missing.count(),
    );
    let mut doctor = command(&run.program, url);
    let said = database::output(doctor.arg("doctor")).await;
    report.claim(
        "periscope doctor",
        "nothing is bad",
        said.as_ref()
            .map_or_else(|error| format!("{error:#}"), |_| "nothing is bad".to_owned()),
        said.is_ok(),
    );
    let start = run.service(url)?;
    let service = Service::start(&start).await?;
    let mut caller = Caller::new(start.address);
    let key = &world.tenants.first().context("no organization")?.key;
    let old = acknowledged.iter().find(|(number, _)| number.is_multiple_of(10));
    let (number, id) = old.context("nothing was acknowledged")?;
    let again = caller.call(&deployment(key, *number)).await?;
    report.claim(
        format!("{} told again", name(*number)),
        format!("200, {id}"),
        format!("{}, {}", again.status, again.deployment_id().unwrap_or_default()),
        again.status == 200 && again.deployment_id() == Some(*id),
    );
    let new = caller.call(&deployment(key, 1 << 40)).await?;
    report.equal("a new one", 201, new.status.into());
    drop(service);
    Ok(())
}

/// Deployments with what belongs to them, as if they had been reported.
async fn fill(database: &Database, rows: u64) -> anyhow::Result<()> {
    let sql = format!(
        "insert into deployments (organization_id, external_id, revision, commit_sha, environment, status, started_at, \
            completed_at, service, linked_pull_requests, service_key, tier) \
         select o.id, 'stored-' || n, 1, md5(n::text) || '00000000', 'production', 'success', \
            timestamptz '2025-01-01' + n * interval '10 seconds', timestamptz '2025-01-01' + n * interval '11 seconds', \
            'api', 0, 'api', 'production' \
         from generate_series(1, {rows}) n join organizations o on o.slug = 'soak-' || 1 + n % 10; \
         insert into deployment_events (organization_id, deployment_id, revision, status, started_at, completed_at, \
            commit_sha, received_at) \
         select organization_id, id, 1, status, started_at, completed_at, commit_sha, completed_at from deployments; \
         analyze"
    );
    database.query(&sql).await.map(drop)
}

async fn dump(database: &Database, snapshot: &str, file: &std::path::Path) -> anyhow::Result<()> {
    let mut dump = database.program("pg_dump")?;
    dump.args(["--format", "custom", "--compress", "1", "--snapshot", snapshot]);
    dump.arg("--file").arg(file).arg(&database.url);
    database::output(&mut dump).await.map(drop)
}

/// A row for each table: its name, and how many rows it has with a sum over their contents.
fn tables_sql() -> String {
    "select relname, (xpath('/row/sum/text()', query_to_xml(format('select count(*) || '' '' || \
     coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) as sum from %I t', relname), true, true, '')))[1] \
     from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by relname"
        .to_owned()
}

fn contents(rows: &str) -> Contents {
    let rows = rows.lines().filter_map(|row| row.split_once('|'));
    rows.map(|(table, sum)| (table.to_owned(), sum.to_owned()))
        .collect()
}

/// A session that keeps seeing the database as it was, and lets others see it so.
struct Snapshot {
    name: String,
    _session: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Snapshot {
    async fn take(database: &Database) -> anyhow::Result<Self> {
        let mut psql = database.psql(&database.url)?;
        psql.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut session = psql.spawn()?;
        let input = session.stdin.take().context("no stdin")?;
        let output = BufReader::new(session.stdout.take().context("no stdout")?);
        let mut snapshot = Self {
            name: String::new(),
            _session: session,
            input,
            output,
        };
        let begin = "begin isolation level repeatable read read only; select pg_export_snapshot()";
        let name = snapshot.query(begin).await?;
        ensure!(!name.is_empty(), "Postgres exports no snapshot");
        snapshot.name = name;
        Ok(snapshot)
    }

    async fn query(&mut self, sql: &str) -> anyhow::Result<String> {
        const END: &str = "that is all";
        let text = format!("{sql};\n\\echo {END}\n");
        self.input.write_all(text.as_bytes()).await?;
        let mut said = String::new();
        loop {
            let mut line = String::new();
            ensure!(self.output.read_line(&mut line).await? > 0, "psql has ended");
            if line.trim() == END {
                return Ok(said.trim().to_owned());
            }
            said.push_str(&line);
        }
    }
}
