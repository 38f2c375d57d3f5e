//! The command line: every command and option, with an example for each.

use crate::commands::{
    deployment, doctor, explain, github, import, key, migrate, org, report, repository, serve,
};
use crate::config::Settings;
use clap::{Parser, Subcommand};
use std::env;

/// Deployment tracking that can explain its numbers.
#[derive(Debug, Parser)]
#[command(
    name = "periscope",
    version,
    after_help = "Without a command: serve.\n\nExample:\n  periscope org list --output json"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) settings: Settings,
    #[command(subcommand)]
    command_or_serve: Option<Command>,
    #[arg(skip)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the API, the webhooks and the pages
    Serve(serve::Arguments),
    /// Bring the database's schema up to date
    Migrate(migrate::Arguments),
    /// Make, show and remove organizations
    #[command(subcommand)]
    Org(org::Command),
    /// Make, list and revoke API keys
    #[command(subcommand)]
    Key(key::Command),
    /// Remove wrong or test deployments
    #[command(subcommand)]
    Deployment(deployment::Command),
    /// List repositories and say how they are treated
    #[command(subcommand)]
    Repository(repository::Command),
    /// Receive webhooks of GitHub
    #[command(subcommand)]
    Github(github::Command),
    /// Import what happened before
    #[command(subcommand)]
    Import(import::Command),
    /// Tell why a pull request is, or is not, in a deployment
    #[command(subcommand)]
    Explain(explain::Command),
    /// Tell how fast and how safely work reaches users
    Report(report::Arguments),
    /// Look at what has to be right
    Doctor(doctor::Arguments),
}

impl Default for Command {
    fn default() -> Self {
        Self::Serve(serve::Arguments::default())
    }
}

impl Arguments {
    /// Reads the command line and the environment; ends the program where they make no sense to it.
    pub(crate) fn read() -> Self {
        let mut arguments = Self::parse();
        if arguments.command_or_serve.is_none() {
            // Once more, so that the options of `serve` are read from the environment.
            arguments = Self::parse_from(env::args_os().chain(["serve".into()]));
        }
        arguments.command = arguments.command_or_serve.take().unwrap_or_default();
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn walk(command: &clap::Command, visit: &mut impl FnMut(&clap::Command)) {
        visit(command);
        for subcommand in command.get_subcommands() {
            walk(subcommand, visit);
        }
    }

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_s_help_has_an_example() {
        walk(&Arguments::command(), &mut |command| {
            let help = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(help.contains("Example:\n  periscope"), "{}", command.get_name());
        });
    }

    #[test]
    fn the_example_file_names_exactly_the_variables_that_are_read() {
        let mut read = std::collections::BTreeSet::new();
        walk(&Arguments::command(), &mut |command| {
            let variables = command.get_arguments().filter_map(clap::Arg::get_env);
            read.extend(variables.map(|name| name.to_string_lossy().into_owned()));
        });
        let file = include_str!("../../../.env.example");
        let named = file
            .lines()
            .filter_map(|line| line.trim_start_matches("# ").split_once('='))
            .map(|(name, _)| name.to_owned());
        assert_eq!(named.collect::<std::collections::BTreeSet<_>>(), read);
    }
}
