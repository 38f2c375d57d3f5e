//! The steps that report a deployment, ready to be copied: a request for a shell, and the steps of a pipeline for each CI. They
//! carry our own address, and the key as a secret that the CI holds.
//!
//! The steps run in deployments of others, so a report never fails or holds one up. Their shell is one text, `report.sh`, in every
//! file; only variables and the form of a warning are those of the CI. No file names the base: a CI knows what a branch was
//! before a push, which is something else as soon as one deployment fails. Periscope proves the base itself.

use crate::address::Address;
use periscope_domain::timestamp::Timestamp;
use time::Duration;

/// The address that the files are written with.
const EXAMPLE: &str = "https://periscope.example.org";

/// What stands for the key where it is not known.
pub(crate) const KEY_VARIABLE: &str = "$PERISCOPE_KEY";

/// The steps for one CI.
pub(crate) struct Snippet {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    /// Where the key goes.
    pub(crate) secret: &'static str,
    pub(crate) text: String,
}

struct Template {
    id: &'static str,
    name: &'static str,
    secret: &'static str,
    text: &'static str,
}

const TEMPLATES: [Template; 6] = [
    Template {
        id: "github",
        name: "GitHub Actions",
        secret: "Add the key as the secret PERISCOPE_KEY, under Settings, Secrets and variables, Actions.",
        text: include_str!("../snippets/github.yml"),
    },
    Template {
        id: "gitlab",
        name: "GitLab CI",
        secret: "Add the key as the masked variable PERISCOPE_KEY, under Settings, CI/CD, Variables.",
        text: include_str!("../snippets/gitlab.yml"),
    },
    Template {
        id: "jenkins",
        name: "Jenkins",
        secret: "Add the key as a credential of the kind \u{201c}Secret text\u{201d} with the ID periscope-key.",
        text: include_str!("../snippets/jenkins.groovy"),
    },
    Template {
        id: "azure",
        name: "Azure DevOps",
        secret: "Add the key as the secret variable PERISCOPE_KEY of the pipeline, under Edit, Variables.",
        text: include_str!("../snippets/azure.yml"),
    },
    Template {
        id: "circleci",
        name: "CircleCI",
        secret: "Add the key as the variable PERISCOPE_KEY, under Project Settings, Environment Variables.",
        text: include_str!("../snippets/circleci.yml"),
    },
    Template {
        id: "shell",
        name: "Any shell",
        secret: "Give the key to the script in the environment variable PERISCOPE_KEY.",
        text: include_str!("../snippets/shell.sh"),
    },
];

/// The steps for each CI, telling the given address.
pub(crate) fn snippets(address: &Address) -> Vec<Snippet> {
    let address = address.to_string();
    let snippets = TEMPLATES.iter().map(|template| Snippet {
        id: template.id,
        name: template.name,
        secret: template.secret,
        text: template.text.replace(EXAMPLE, &address),
    });
    snippets.collect()
}

/// A command for a shell that reports a deployment which has just succeeded.
#[must_use]
pub fn first_report(address: &str, key: &str, now: Timestamp) -> String {
    let now = now.to_offset_date_time();
    let now = now.replace_nanosecond(0).unwrap_or(now);
    let [started_at, completed_at] = [now - Duration::minutes(2), now].map(Timestamp::new);
    format!(
        r#"curl {address}/api/webhooks/deployments \
  -H "Authorization: Bearer {key}" \
  -H 'Content-Type: application/json' \
  -d '{{
    "deploymentId": "first",
    "commitSha": "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678",
    "environment": "production",
    "status": "success",
    "startedAt": "{started_at}",
    "completedAt": "{completed_at}"
  }}'"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_the_steps_for_github() {
        let readme = include_str!("../../../README.md");
        let steps = include_str!("../snippets/github.yml");
        assert!(readme.contains(&format!("```yaml\n{steps}```")), "{steps}");
    }

    #[test]
    fn the_shell_is_the_same_in_every_snippet() {
        let shell = include_str!("../snippets/report.sh");
        let first = shell.lines().next().unwrap();
        for template in TEMPLATES {
            let line = template.text.lines().find(|line| line.ends_with(first));
            let margin = line.unwrap().strip_suffix(first).unwrap();
            let copy = shell
                .lines()
                .fold(String::new(), |copy, line| copy + margin + line + "\n");
            // In a string of Groovy a backslash stands twice.
            let copy = if template.id == "jenkins" {
                copy.replace('\\', r"\\")
            } else {
                copy
            };
            assert!(template.text.contains(&copy), "{}:\n{copy}", template.name);
        }
    }

    #[test]
    fn every_snippet_has_the_address_once() {
        for template in TEMPLATES {
            assert_eq!(template.text.matches(EXAMPLE).count(), 1, "{}", template.name);
        }
    }
}
