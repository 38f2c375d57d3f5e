//! The second definition of outages: naive, over all that has ever happened.

use super::*;

/// Of each service and environment the deployments that decided its state until a time, in order.
fn decided<'a>(world: &'a World, question: &Question, until: Timestamp) -> Vec<Vec<&'a Deployed>> {
    let ever = Window {
        since: Timestamp::FIRST,
        until,
    };
    let services = [None, Some("api".to_owned()), Some("web".to_owned())];
    let lines = services.iter().flat_map(|service| {
        let environments = ["production", "staging", "live"].into_iter();
        environments.map(move |environment| (service.clone(), environment))
    });
    let lines = lines.map(|(service, environment)| {
        let mut line = world.deployed_in(question, ever);
        line.retain(|one| one.service.map(str::to_lowercase) == service && one.environment == environment);
        line.retain(|one| one.status != DeploymentStatus::Cancelled);
        line.sort_by_key(|one| (one.at, one.status == DeploymentStatus::Success));
        line
    });
    lines.collect()
}

/// The deployment that follows the last success.
fn opened<'a>(line: &[&'a Deployed]) -> Option<&'a Deployed> {
    let is_success = |one: &&Deployed| one.status == DeploymentStatus::Success;
    let last = line.iter().rposition(is_success)?;
    line.get(last + 1).copied()
}

/// Of the outages that belong to a window, the lengths of those that ended in a part of it.
pub(super) fn recovery_seconds(world: &World, question: &Question, window: Window, part: Window) -> Vec<i64> {
    let mut seconds = Vec::new();
    for line in decided(world, question, window.until) {
        for (index, end) in line.iter().enumerate() {
            if let Some(opened) = opened(&line[..index])
                && end.status == DeploymentStatus::Success
                && part.contains(end.at)
            {
                seconds.push((end.at.microseconds() - opened.at.microseconds()) / 1_000_000);
            }
        }
    }
    seconds
}

/// The outages that last when a window ends, the oldest first.
pub(super) fn open(world: &World, question: &Question, window: Window) -> Vec<(Timestamp, DeploymentId)> {
    let lines = decided(world, question, window.until);
    let open = lines.iter().filter_map(|line| opened(line));
    let mut open: Vec<_> = open.map(|one| (one.at, DeploymentId::new(one.id))).collect();
    open.sort_unstable();
    open
}
