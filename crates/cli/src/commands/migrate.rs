use crate::config::Config;
use crate::store;
use serde_json::json;

/// Brings the database's schema up to date. May be run at any time, also by several at once.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  periscope migrate --database-url postgres://periscope@localhost/periscope"
)]
pub(crate) struct Arguments {}

pub(crate) async fn run(config: &Config) -> anyhow::Result<()> {
    let applied = store::migrate(config).await?;
    let text = match applied {
        0 => "the schema is up to date".to_owned(),
        applied => format!("applied {applied} migrations"),
    };
    Ok(config.output.sentence(&text, &json!({ "applied": applied }))?)
}
