//! The command line: every command and option, with an example for each.

use crate::commands::{
    completions, deployment, doctor, environment, explain, github, import, key, man, migrate, org, report,
    repository, serve,
};
use crate::config::Settings;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;

/// Stands below the help of every command.
const VARIABLES: &str =
    "Database, service and output are variables too: --data-dir is PERISCOPE_DATA_DIR, and so on.";

/// Deployment tracking that can explain its numbers.
#[derive(Debug, Parser)]
#[command(
    name = "periscope",
    version = env!("PERISCOPE_VERSION"),
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
    /// List environments and say which are production
    #[command(subcommand)]
    Environment(environment::Command),
    /// Receive webhooks of GitHub
    #[command(subcommand)]
    Github(github::Command),
    /// Import what happened before
    #[command(subcommand)]
    Import(import::Command),
    /// Tell why a pull request is, or is not, in a deployment
    Explain(explain::Arguments),
    /// Tell how fast and how safely work reaches users
    Report(report::Arguments),
    /// Look at what has to be right
    Doctor(doctor::Arguments),
    /// Print the completions of a shell
    Completions(completions::Arguments),
    /// Print the manual page, or write all of them
    Man(man::Arguments),
}

impl Default for Command {
    fn default() -> Self {
        Self::Serve(serve::Arguments::default())
    }
}

impl Arguments {
    /// Reads the command line and the environment.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        let mut arguments = Self::read_from(env::args_os())?;
        if arguments.command_or_serve.is_none() {
            // Once more, so that the options of `serve` are read from the environment.
            arguments = Self::read_from(env::args_os().chain(["serve".into()]))?;
        }
        arguments.command = arguments.command_or_serve.take().unwrap_or_default();
        Ok(arguments)
    }

    fn read_from(words: impl Iterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut command = Self::described();
        let mut matches = command.try_get_matches_from_mut(words)?;
        Self::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
    }

    /// The command line with what stands below the help of every command.
    pub(crate) fn described() -> clap::Command {
        footed(Self::command())
    }

    /// Every variable that an option is read from.
    pub(crate) fn variables() -> BTreeSet<String> {
        let mut variables = BTreeSet::new();
        walk(&Self::command(), &mut |command| {
            let of_command = command.get_arguments().filter_map(clap::Arg::get_env);
            variables.extend(of_command.map(|name| name.to_string_lossy().into_owned()));
        });
        variables
    }
}

fn footed(command: clap::Command) -> clap::Command {
    let foot = match command.get_after_help() {
        Some(help) => format!("{help}\n\n{VARIABLES}"),
        None => VARIABLES.to_owned(),
    };
    command.after_help(foot).mut_subcommands(footed)
}

fn walk(command: &clap::Command, visit: &mut impl FnMut(&clap::Command)) {
    visit(command);
    for subcommand in command.get_subcommands() {
        walk(subcommand, visit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
    fn a_command_s_help_fits_a_screen_and_begins_with_its_own_options() {
        let mut built = Arguments::described();
        built.build();
        walk(&built, &mut |command| {
            let name = command.get_bin_name().unwrap_or("periscope");
            if name.split(' ').any(|word| word == "help") {
                return;
            }
            let words = name.split(' ').chain(["--help"]);
            let described = Arguments::described().term_width(100);
            let help = described.try_get_matches_from(words).unwrap_err().to_string();
            let lines = help.lines().count();
            assert!(lines <= 50, "{name} has {lines} lines:\n{help}");
            assert!(help.find("\nOptions:\n") < help.find("\nDatabase:\n"), "{help}");
        });
    }

    #[test]
    fn the_example_file_names_exactly_the_variables_that_are_read() {
        let file = include_str!("../../../.env.example");
        let named = file
            .lines()
            .filter_map(|line| line.trim_start_matches("# ").split_once('='))
            .map(|(name, _)| name.to_owned());
        assert_eq!(named.collect::<BTreeSet<_>>(), Arguments::variables());
    }
}
