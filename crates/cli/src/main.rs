//! Periscope on the command line: reads the settings, builds the store, and runs one command.

mod arguments;
mod commands;
mod config;
mod data_folder;
mod output;
mod patience;
mod progress;
mod store;
mod telemetry;

use arguments::Arguments;
use config::Config;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::read();
    let config = match Config::check(&arguments.settings) {
        Ok(config) => config,
        Err(mistakes) => {
            for mistake in mistakes.0 {
                eprintln!("error: {mistake}");
            }
            return ExitCode::from(2);
        }
    };
    let result = match telemetry::start(&config) {
        Ok(telemetry) => {
            let result = commands::run(arguments.command, &config).await;
            telemetry.stop().await;
            result
        }
        Err(error) => Err(error),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
