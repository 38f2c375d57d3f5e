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
mod variables;

use arguments::Arguments;
use config::{Config, Output};
use std::process::ExitCode;

/// The exit code of a command that was asked wrongly.
const ASKED_WRONGLY: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(error) => return refuse(&error),
    };
    for hint in variables::misspelt(&Arguments::variables()) {
        eprintln!("warning: {hint}");
    }
    let output = arguments.settings.output;
    let config = match Config::check(&arguments.settings) {
        Ok(config) => config,
        Err(mistakes) => {
            output.errors(&mistakes.0);
            return ExitCode::from(ASKED_WRONGLY);
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
            output.errors(&[format!("{error:#}")]);
            ExitCode::FAILURE
        }
    }
}

/// Says what is wrong with the command line, or shows the help that it asks for.
fn refuse(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && config::asks_for_json() {
        let text = error.render().to_string();
        let rule = text.split("\n\nUsage:").next().unwrap_or_default();
        let words: Vec<_> = rule.split_whitespace().collect();
        Output::Json.errors(&[words.join(" ").trim_start_matches("error: ").to_owned()]);
    } else if error.print().is_err() {
        return ExitCode::FAILURE;
    }
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}
