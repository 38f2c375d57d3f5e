//! Holds the links of a Periscope, and those of simpler rules, against what git says of the histories of real projects.
//! Starts the service itself, on a database of its own.

mod ancestry;
mod clone;
#[path = "../replay/history.rs"]
mod history;
#[path = "../../benches/ingest/http.rs"]
mod http;
mod numbered;
mod project;
mod quarters;
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
use quarters::Figures;
use rules::Links;
use run::{Found, Mode};
use score::{QuarterScore, Score};
use serde_json::{Value, json};
use server::Server;
use std::path::PathBuf;
use std::process::ExitCode;

/// Compare links, first deliveries and lead times of Periscope with those that git proves. Exits with 1 if one is not right.
///
/// With previousCommitSha `git rev-list PREVIOUS..COMMIT` is right, without `git rev-list COMMIT --not EARLIER...`. A
/// quarter is right if the median lead time is, to the second. Fractions are rounded down: only what is perfect is 1.
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
    rows: Vec<Row>,
    /// The pull requests found in a clone, if a file beside it has those that there truly are.
    imported: Option<Score>,
}

/// How right a rule is.
struct Row {
    rule: String,
    links: Score,
    first: Score,
    quarters: QuarterScore,
}

/// The right answers.
struct Expected {
    with_previous: Links,
    without: Links,
    first: Links,
    quarters: Figures,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let projects = arguments.files.iter().map(|path| Project::read(path));
    let projects: Vec<_> = projects.collect::<anyhow::Result<_>>()?;
    let truths = arguments.files.iter().map(|path| truth::read(path));
    let truths: Vec<_> = truths.collect::<anyhow::Result<_>>()?;
    let server = Server::start().context("cannot start the service")?;
    eprintln!("process {} listens on {}", server.process_id, server.host);
    let mut is_perfect = true;
    let mut reports = Vec::new();
    for (index, project) in projects.into_iter().enumerate() {
        let expected = Expected::new(&project)?;
        let mut rows = periscope(&server, &project, &expected, index + 1, arguments.seed)?;
        is_perfect &= rows.iter().all(Row::is_perfect);
        rows.extend(simpler_rules(&project, &expected)?);
        let truth = truths.get(index).and_then(Option::as_ref);
        let imported = truth.map(|truth| truth::score(&project.history.pull_requests, truth));
        is_perfect &= imported.as_ref().is_none_or(Score::is_precise);
        reports.push(Report {
            project,
            rows,
            imported,
        });
    }
    match arguments.output {
        Output::Text => reports.iter().for_each(Report::print),
        Output::Json => println!("{:#}", reports.iter().map(Report::json).collect::<Value>()),
    }
    Ok(ExitCode::from(u8::from(!is_perfect)))
}

impl Expected {
    fn new(project: &Project) -> anyhow::Result<Self> {
        let without = ancestry::without_previous(project);
        let first = ancestry::first_deliveries(project, &without);
        Ok(Self {
            with_previous: ancestry::with_previous(&project.history),
            quarters: quarters::figures(&project.history, &first)?,
            without,
            first,
        })
    }

    const fn links(&self, with_previous: bool) -> &Links {
        if with_previous {
            &self.with_previous
        } else {
            &self.without
        }
    }
}

fn periscope(
    server: &Server,
    project: &Project,
    expected: &Expected,
    number: usize,
    seed: u64,
) -> anyhow::Result<Vec<Row>> {
    let rows = Mode::ALL.into_iter().map(|mode| {
        let found = run::run(server, project, number, mode, seed)?;
        let links = expected.links(mode.with_previous);
        print_mistakes("links", score::mistakes(&found.links, links));
        print_mistakes("first deliveries", score::mistakes(&found.first, &expected.first));
        print_mistakes(
            "lead time",
            score::quarter_mistakes(&found.quarters, &expected.quarters),
        );
        Ok(Row::new(mode.name(), &found, links, expected))
    });
    rows.collect()
}

fn print_mistakes(what: &str, mistakes: Vec<String>) {
    for mistake in mistakes {
        eprintln!("  {what} of {mistake}");
    }
}

fn simpler_rules(project: &Project, expected: &Expected) -> anyhow::Result<Vec<Row>> {
    let history = &project.history;
    let rules: [(&str, bool, Links); 4] = [
        (
            "latest earlier deployment that is contained",
            false,
            rules::by_latest_contained(project),
        ),
        (
            "first deployment after the merge",
            false,
            rules::first_after_merge(history),
        ),
        ("exact alone", false, rules::exact(history)),
        (
            "exact and merge time, with previousCommitSha",
            true,
            rules::merge_time(history),
        ),
    ];
    let rows = rules.into_iter().map(|(rule, with_previous, links)| {
        let first = rules::first_of(history, &links);
        let found = Found {
            quarters: quarters::figures(history, &links)?,
            links,
            first,
        };
        Ok(Row::new(
            rule.to_owned(),
            &found,
            expected.links(with_previous),
            expected,
        ))
    });
    rows.collect()
}

impl Row {
    fn new(rule: String, found: &Found, links: &Links, expected: &Expected) -> Self {
        Self {
            rule,
            links: Score::of(&found.links, links),
            first: Score::of(&found.first, &expected.first),
            quarters: QuarterScore::of(&found.quarters, &expected.quarters),
        }
    }

    const fn is_perfect(&self) -> bool {
        self.links.is_perfect() && self.first.is_perfect() && self.quarters.is_perfect()
    }

    fn cells(&self) -> Vec<String> {
        let mut cells = vec![self.rule.clone()];
        for score in [&self.links, &self.first] {
            cells.push(score.counts().join(" / "));
            cells.extend(score.fractions());
        }
        cells.push(self.quarters.text());
        cells
    }

    fn json(&self) -> Value {
        json!({
            "rule": self.rule,
            "links": self.links.json(),
            "firstDeliveries": self.first.json(),
            "quarters": self.quarters.json(),
        })
    }
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
        table.load_style(NOTHING).set_header([
            "RULE",
            "LINKS RIGHT / WRONG / MISSED",
            "PRECISION",
            "RECALL",
            "FIRST DELIVERIES",
            "PRECISION",
            "RECALL",
            "QUARTERS",
        ]);
        for row in &self.rows {
            table.add_row(row.cells());
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        for line in table.lines() {
            println!("{}", line.trim());
        }
        if let Some(imported) = &self.imported {
            let [right, wrong, missed] = imported.counts();
            println!("pull requests found in the clone: {right} right, {wrong} wrong, {missed} missed");
        }
        println!();
    }

    fn json(&self) -> Value {
        let history = &self.project.history;
        let rows = self.rows.iter().map(Row::json);
        json!({
            "name": history.name,
            "deployments": history.deployments.len(),
            "pullRequests": history.pull_requests.len(),
            "commits": self.project.commits.len(),
            "rows": rows.collect::<Value>(),
            "pullRequestsFoundInClone": self.imported.as_ref().map(Score::json),
        })
    }
}
