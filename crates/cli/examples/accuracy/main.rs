//! Holds the links of a Periscope, and those of simpler rules, against what git says of the histories of real projects.
//! Starts the service itself, on a database of its own.

mod clone;
#[path = "../replay/history.rs"]
mod history;
#[path = "../../benches/ingest/http.rs"]
mod http;
mod project;
mod rules;
mod run;
mod score;
#[path = "../replay/sending.rs"]
mod sending;
mod server;
mod truth;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use project::Project;
use rules::Links;
use run::Mode;
use score::Score;
use sending::Target;
use serde_json::{Value, json};
use server::Server;
use std::path::PathBuf;
use std::process::ExitCode;

/// Compare the links of Periscope with those that git proves. Exits with 1 if one is wrong or missed.
///
/// The simpler rules are held against the same right answers as Periscope with previousCommitSha. Fractions are rounded
/// down: only what is perfect is 1.
#[derive(Parser)]
#[command(after_help = "Example:\n  just accuracy devlake.json.gz ~/src/api --output json")]
struct Arguments {
    /// A history in gzipped JSON, or the folder of a clone, whose tags stand for deployments; if FOLDER.json holds
    /// {"truth": {"pullRequests": [{"number", "mergeCommitSha"}, ..]}}, the pull requests that are found are compared with it
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Decides the order of what is shuffled
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How to answer
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    Text,
    Json,
}

/// What came of one history.
struct Report {
    project: Project,
    rows: Vec<(String, Score)>,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let projects = arguments.files.iter().map(|path| Project::read(path));
    let projects: Vec<_> = projects.collect::<anyhow::Result<_>>()?;
    let truths = arguments.files.iter().map(|path| truth::read(path));
    let truths: Vec<_> = truths.collect::<anyhow::Result<_>>()?;
    let server = Server::start().context("cannot start the service")?;
    eprintln!("process {} listens on {}", server.process_id, server.host);
    let target = Target {
        host: server.host.clone(),
        key: server.key.clone(),
    };
    let mut is_perfect = true;
    let mut reports = Vec::new();
    for (index, project) in projects.into_iter().enumerate() {
        let mut rows = periscope(&target, &project, index + 1, arguments.seed)?;
        is_perfect &= rows.iter().all(|(_, score)| score.is_perfect());
        rows.extend(simpler_rules(&project));
        if let Some(truth) = truths.get(index).and_then(Option::as_ref) {
            let score = truth::score(&project.history.pull_requests, truth);
            is_perfect &= score.is_precise();
            rows.push(("pull requests found in the clone".to_owned(), score));
        }
        reports.push(Report { project, rows });
    }
    match arguments.output {
        Output::Text => reports.iter().for_each(Report::print),
        Output::Json => println!("{:#}", reports.iter().map(Report::json).collect::<Value>()),
    }
    Ok(ExitCode::from(u8::from(!is_perfect)))
}

fn periscope(
    target: &Target,
    project: &Project,
    number: usize,
    seed: u64,
) -> anyhow::Result<Vec<(String, Score)>> {
    let (with_previous, without) = (rules::stated(&project.history), rules::by_proved_base(project));
    let mut rows = Vec::new();
    for mode in Mode::ALL {
        let truth = if mode.with_previous {
            &with_previous
        } else {
            &without
        };
        let links = run::run(target, project, number, mode, seed)?;
        for mistake in score::mistakes(&links, truth) {
            eprintln!("  {mistake}");
        }
        rows.push((mode.name(), Score::of(&links, truth)));
    }
    Ok(rows)
}

fn simpler_rules(project: &Project) -> Vec<(String, Score)> {
    let history = &project.history;
    let truth = rules::stated(history);
    let rules: [(&str, Links); 3] = [
        ("exact alone", rules::exact(history)),
        ("exact and merge time", rules::merge_time(history)),
        (
            "first deployment after the merge",
            rules::first_after_merge(history),
        ),
    ];
    let rows = rules.into_iter();
    rows.map(|(rule, links)| (rule.to_owned(), Score::of(&links, &truth)))
        .collect()
}

impl Report {
    fn print(&self) {
        let history = &self.project.history;
        println!(
            "{}: {} deployments, {} pull requests, {} commits",
            history.name,
            history.deployments.len(),
            history.pull_requests.len(),
            self.project.commits.len()
        );
        let mut table = Table::new();
        table
            .load_style(NOTHING)
            .set_header(["RULE", "RIGHT", "WRONG", "MISSED", "PRECISION", "RECALL"]);
        for (rule, score) in &self.rows {
            table.add_row([rule.clone()].into_iter().chain(score.cells()));
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        for line in table.lines() {
            println!("{}", line.trim());
        }
        println!();
    }

    fn json(&self) -> Value {
        let history = &self.project.history;
        let rows = self.rows.iter().map(|(rule, score)| score.json(rule));
        json!({
            "name": history.name,
            "deployments": history.deployments.len(),
            "pullRequests": history.pull_requests.len(),
            "commits": self.project.commits.len(),
            "rows": rows.collect::<Value>(),
        })
    }
}
