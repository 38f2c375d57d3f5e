//! Tags as deployments: which tags fit a pattern, which service each is of, and the report that each becomes.

use super::answer::Tally;
use super::recording::Recorder;
use anyhow::{anyhow, bail};
use periscope_adapters::git::{SkippedTag, Tag, Tags};
use periscope_adapters::system::SystemClock;
use periscope_domain::deployment::Deployment;
use periscope_domain::environment::Environment;
use periscope_domain::ports::Clock;
use periscope_domain::run::{DeploymentStatus, Run};
use periscope_domain::text::{ExternalDeploymentId, ServiceName};
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::RecordDeployment;

/// Stands for the service in a pattern.
const SERVICE: &str = "{service}";

/// A pattern of tags: `*` fits any text, `?` any character, `{service}` the name of the service.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    before: String,
    /// What comes after the service, if the pattern names one.
    after: Option<String>,
}

impl Pattern {
    /// Reads a pattern; nothing fits every tag.
    pub(super) fn parse(pattern: &str) -> anyhow::Result<Self> {
        let mut parts = pattern.split(SERVICE);
        let before = parts.next().unwrap_or_default();
        let (after, more) = (parts.next(), parts.next());
        if more.is_some() {
            bail!("the pattern {pattern} names {SERVICE} more than once");
        }
        Ok(Self {
            before: if pattern.is_empty() { "*" } else { before }.to_owned(),
            after: after.map(str::to_owned),
        })
    }

    /// Compares a tag with the pattern. Of several services that fit it is the longest: `@scope/name@1.0` is of `@scope/name`.
    fn fit<'a>(&self, tag: &'a str) -> Fit<'a> {
        let is_of = |pattern: &str, begin: usize, end: usize| {
            tag.get(begin..end)
                .is_some_and(|text| fits(pattern.as_bytes(), text.as_bytes()))
        };
        let Some(after) = &self.after else {
            return if is_of(&self.before, 0, tag.len()) {
                Fit::Whole
            } else {
                Fit::None
            };
        };
        for begin in (0..tag.len()).filter(|begin| is_of(&self.before, 0, *begin)) {
            let end = (begin + 1..=tag.len())
                .rev()
                .find(|end| is_of(after, *end, tag.len()));
            if let Some(service) = end.and_then(|end| tag.get(begin..end)) {
                return Fit::Service(service);
            }
        }
        Fit::None
    }
}

/// How a tag fits a pattern.
#[derive(Debug, PartialEq, Eq)]
enum Fit<'a> {
    None,
    /// The pattern names no service.
    Whole,
    /// The service that the tag names.
    Service(&'a str),
}

/// Whether a text fits a pattern of `*` and `?`.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], _) => text.is_empty(),
        ([b'*', rest @ ..], _) => {
            (0..=text.len()).any(|skip| fits(rest, text.get(skip..).unwrap_or_default()))
        }
        ([b'?', rest @ ..], [_, more @ ..]) => fits(rest, more),
        ([letter, rest @ ..], [same, more @ ..]) if letter == same => fits(rest, more),
        _ => false,
    }
}

/// A report for each tag that fits, in order of time; the tally gets the others.
pub(super) fn reports(
    tags: Tags,
    pattern: &Pattern,
    recorder: &Recorder<'_>,
    tally: &mut Tally,
) -> Vec<RecordDeployment> {
    let now = SystemClock.now();
    let fitting = |name: &str| pattern.fit(name) != Fit::None;
    let mut reports = Vec::new();
    tally.tags = (tags.tags.len() + tags.skipped.len()) as u64;
    tally.skipped_tags = tags
        .skipped
        .into_iter()
        .filter(|tag| fitting(&tag.name))
        .collect();
    for tag in tags.tags {
        let service = match pattern.fit(&tag.name) {
            Fit::None => continue,
            Fit::Whole => None,
            Fit::Service(service) => Some(service),
        };
        match report(&tag, service, recorder, now) {
            Ok(report) => reports.push(report),
            Err(reason) => tally.skipped_tags.push(SkippedTag {
                reason: reason.to_string(),
                name: tag.name,
            }),
        }
    }
    tally.fitting_tags = (reports.len() + tally.skipped_tags.len()) as u64;
    reports
}

/// A tag as a successful production deployment of the tagged commit. The tag before it in time may be of another branch, so
/// the graph decides the base.
fn report(
    tag: &Tag,
    service: Option<&str>,
    recorder: &Recorder<'_>,
    now: Timestamp,
) -> anyhow::Result<RecordDeployment> {
    let created_at = tag.created_at.plausible(now);
    let created_at = created_at.map_err(|rule| anyhow!("its date {rule}"))?;
    let external_id = ExternalDeploymentId::parse(&format!("tag:{}", tag.name));
    let external_id = external_id.map_err(|rule| anyhow!("its name behind \"tag:\" {rule}"))?;
    let service = ServiceName::parse(service.unwrap_or(recorder.repository.as_str()));
    let report = Deployment {
        external_id,
        commit: tag.commit.into(),
        environment: Environment::parse("production")?,
        run: Run::new(DeploymentStatus::Success, created_at, Some(created_at))?,
        service: Some(service.map_err(|rule| anyhow!("its service {rule}"))?),
        previous_commit: None,
        branch: None,
        triggered_by: None,
        pipeline_name: None,
        pipeline_url: None,
    };
    Ok(RecordDeployment {
        organization_id: recorder.organization_id,
        report,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_names_the_service_of_a_tag() {
        for (pattern, tag, expected) in [
            ("", "anything/v1", Fit::Whole),
            ("v*", "v1.2", Fit::Whole),
            ("v*", "api/v1.2", Fit::None),
            ("v?", "v1", Fit::Whole),
            ("v?", "v12", Fit::None),
            ("{service}@*", "api@1.0", Fit::Service("api")),
            ("{service}@*", "@scope/api@1.0", Fit::Service("@scope/api")),
            ("{service}@*", "api-1.0", Fit::None),
            ("{service}@*", "@1.0", Fit::None),
            ("{service}/v*", "sdk/go/v1", Fit::Service("sdk/go")),
            ("release-*/{service}", "release-7/web", Fit::Service("web")),
            ("{service}", "web", Fit::Service("web")),
            ("{service}-v*", "größe-v1", Fit::Service("größe")),
        ] {
            assert_eq!(
                Pattern::parse(pattern).unwrap().fit(tag),
                expected,
                "{pattern}: {tag}"
            );
        }
        assert!(Pattern::parse("{service}/{service}").is_err());
    }
}
