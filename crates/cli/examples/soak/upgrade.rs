//! A part of `migrate`: an older program goes on under the migrations of a newer one.

use crate::database::{self, Database};
use crate::ledger::Ledger;
use crate::migrate::{load, migrate};
use crate::report::Report;
use crate::service::{Service, Start, command};
use crate::world::{Run, Tenant};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

const ORGANIZATIONS: usize = 10;

/// How long the older one is watched before, and after.
const WATCHED: Duration = Duration::from_secs(5);

/// Migrates what `older` has made and serves, and then ends it in favour of the newer program.
pub(crate) async fn from(run: &Run, older: &Arc<Path>, report: &mut Report) -> anyhow::Result<()> {
    let database = Database::start().await?;
    migrate(older, &database.url).await?;
    let start = Start {
        program: Arc::clone(older),
        ..run.service(&database.url)?
    };
    let service = Service::start(&start).await?;
    let ledger = Arc::new(Ledger::default());
    let load = load(start.address, furnish(older, &database.url).await?, &ledger);
    sleep(WATCHED).await;
    let applied = migrate(&run.program, &database.url).await?;
    sleep(WATCHED).await;
    let tally = load.stop().await;
    report.at_least("migrations under the older program", 1, applied);
    report.at_least("calls to it meanwhile", 1, tally.calls() as u64);
    report.none("of them failed", tally.failed());
    report.within("slowest", Duration::from_secs(2), tally.slowest);
    drop(service);
    let newer = Service::start(&run.service(&database.url)?).await?;
    ledger.check(report, &database, &database.url).await?;
    drop(newer);
    database.stop().await;
    Ok(())
}

/// Organizations as the program itself makes them: nobody else knows its schema.
async fn furnish(program: &Path, url: &str) -> anyhow::Result<Arc<[Tenant]>> {
    let mut tenants = Vec::new();
    for number in 1..=ORGANIZATIONS {
        let slug = format!("soak-{number}");
        database::output(command(program, url).args(["org", "create", &slug])).await?;
        let key = database::output(command(program, url).args(["key", "create", "--org", &slug])).await?;
        tenants.push(Tenant { slug, key, key_id: 0 });
    }
    Ok(tenants.into())
}
