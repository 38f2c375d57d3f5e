//! The server without groups: every request is recorded for itself, as many at once as there are connections to Postgres.

use anyhow::Context;
use periscope_adapters::postgres::{PgOptions, PgStore};
use periscope_adapters::system::{SystemClock, SystemRandom};
use periscope_server::{Application, Groups, Outside, Settings, Timing, no_pages};
use std::future::pending;
use std::sync::Arc;
use std::{env, io};

const POOL_SIZE: usize = 16;

/// Serves until it is killed.
#[expect(clippy::disallowed_methods, reason = "a bench has no settings")]
pub(crate) async fn serve() -> anyhow::Result<()> {
    // As much is logged as by the product.
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_max_level(tracing::Level::INFO)
        .init();
    let store = PgStore::connect(&PgOptions {
        url: env::var("DATABASE_URL").context("no DATABASE_URL")?,
        pool_size: POOL_SIZE,
    })?;
    let settings = Settings {
        listen: "127.0.0.1:0".parse()?,
        rate_limit: 0,
        secret_key: None,
        metrics: None,
        tls: None,
        public_url: None,
        traces: None,
    };
    let groups = Groups {
        size: 1,
        at_once: POOL_SIZE,
    };
    let application = Application::bind_with(
        settings,
        Timing::default(),
        groups,
        no_pages,
        Outside {
            store: Arc::new(store),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        },
    )?;
    println!("http://{}", application.local_addr());
    Ok(application.run(pending()).await?)
}
