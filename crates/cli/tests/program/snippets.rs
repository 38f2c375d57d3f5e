//! The steps that users copy into their CI, taken from where they copy them, and run as each CI runs them: against the real
//! program, and against servers that are away, silent, busy or refuse.

#![expect(clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod attempt;
mod ci;
mod front;
mod recorded;
mod refused;
mod shell;

use crate::program::{Folder, Service};
use attempt::Attempt;
use ci::{Ci, GITHUB};
use serde_json::Value;

/// A running service, with keys to report and to read.
struct Periscope {
    folder: Folder,
    service: Service,
    url: String,
    key: String,
    reading: String,
}

impl Periscope {
    fn start() -> Self {
        let folder = Folder::new();
        let service = folder.serve();
        let made = folder.json(&["key", "create", "--org", "local", "--scope", "read"]);
        Self {
            url: format!("http://{}", service.host),
            key: service.key(),
            reading: made["key"].as_str().unwrap().to_owned(),
            folder,
            service,
        }
    }

    fn attempt<'a>(&self, ci: &'a Ci, number: usize, name: &str) -> Attempt<'a> {
        Attempt::new(ci, number, &self.folder, name, &self.url, &self.key)
    }

    /// The deployments of a service, oldest record first.
    fn deployments(&self, service: &str) -> Vec<Value> {
        let page = self.service.get(
            &self.reading,
            &format!("/api/deployments?limit=200&service={service}"),
        );
        let mut deployments = page["deployments"].as_array().unwrap().clone();
        deployments.sort_by_key(|deployment| deployment["id"].as_i64());
        deployments
    }
}

fn texts<'a>(deployments: &'a [Value], field: &str) -> Vec<&'a str> {
    let values = deployments.iter().map(|deployment| &deployment[field]);
    values.map(|value| value.as_str().unwrap()).collect()
}

/// A name for a folder and a service.
fn named(words: &[&str]) -> String {
    words.join("-").replace(' ', "_")
}

/// Changes the service that a job deploys, wherever its CI's steps say it.
fn of_service(attempt: &mut Attempt, ci: &Ci, service: &str) {
    let written = match ci.name {
        "github" => "${{ github.repository }}",
        "gitlab" => "$CI_PROJECT_PATH",
        "azure" => "$(Build.Repository.Name)",
        _ => "acme/api",
    };
    attempt.edit(written, service);
}

#[test]
fn the_readme_has_the_steps_that_are_run_here() {
    let readme = include_str!("../../../../README.md");
    assert!(readme.contains(&format!("```yaml\n{}```", GITHUB.file)));
}
