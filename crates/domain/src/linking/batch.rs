//! Deployments of one line that are recorded in one batch. No store knows of them while they are decided, so each is decided
//! as if those before it were recorded.

use super::{Earlier, LineKey, LinePosition, LineState, Linking, service_spelling};
use crate::deployment::Deployment;
use crate::environment::Tier;
use crate::id::{DeploymentId, OrganizationId};

/// The line of a deployment and its place there; `None` if the deployment is in no line. In this order the deployments of a
/// batch are decided.
#[must_use]
pub fn place_in_line(
    organization_id: OrganizationId,
    service_key: &str,
    deployment: &Deployment,
) -> Option<(LineKey, LinePosition)> {
    let place = LinePosition::of(deployment)?;
    Some(((organization_id, service_key.to_owned()), place))
}

/// The line to which a report may bring a deployment, as far as the report alone tells: neither tiers nor repositories are known
/// yet. Reports of one line have this key in common, unless they call the service by names of different times. `None` if the
/// deployment comes to no line.
#[must_use]
pub fn possible_line(organization_id: OrganizationId, report: &Deployment) -> Option<LineKey> {
    let may_ship = matches!(report.environment.tier(), Tier::Production | Tier::Other);
    report.run.succeeded_at().filter(|_| may_ship)?;
    let spelling = service_spelling(report.service.as_ref());
    let bare = spelling.rsplit('/').next().unwrap_or_default();
    Some((organization_id, bare.to_owned()))
}

/// What stands for the number of a deployment until a store has numbered it: its position among the decisions of a batch.
#[must_use]
pub(super) fn provisional_id(position: usize) -> DeploymentId {
    let position = i64::try_from(position).unwrap_or(i64::MAX - 1);
    DeploymentId::new(-1 - position)
}

/// The position of the deployment that a provisional number stands for; `None` for a number of a store.
#[must_use]
pub fn position_in_batch(id: DeploymentId) -> Option<usize> {
    usize::try_from(-1 - id.get()).ok()
}

/// The deployments of a batch that have been decided so far, of the present line.
#[derive(Debug, Default)]
pub struct LineBatch {
    line: Option<LineKey>,
    state: LineState,
}

impl LineBatch {
    /// Enters the line of the next deployment and returns the deployments before it: those of the store and those of the
    /// batch.
    #[must_use]
    pub fn before(&mut self, line: &LineKey, deployment: &Deployment, stored: Earlier) -> Earlier {
        if self.line.as_ref() != Some(line) {
            *self = Self {
                line: Some(line.clone()),
                ..Self::default()
            };
        }
        stored.and(self.state.before(deployment))
    }

    /// Goes on behind the deployment at a position of the batch and gives its links, none of them a first delivery that an
    /// earlier one of the batch makes.
    #[must_use]
    pub fn advance(&mut self, position: usize, deployment: &Deployment, linking: Linking) -> Linking {
        let linking = linking.after_deliveries_of(self.state.delivered());
        self.state.advance(provisional_id(position), deployment, &linking);
        linking
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provisional_number_stands_for_a_position_and_no_number_of_a_store_does() {
        for position in [0, 1, 63] {
            assert_eq!(position_in_batch(provisional_id(position)), Some(position));
        }
        for stored in [0, 1, i64::MAX] {
            assert_eq!(position_in_batch(DeploymentId::new(stored)), None);
        }
    }
}
