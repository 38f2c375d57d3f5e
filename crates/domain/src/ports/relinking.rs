use super::{Applied, DeploymentVersion, StoreError};
use crate::environment::{Environment, Tier};
use crate::id::{DeploymentId, OrganizationId};
use crate::linking::{LinePosition, Linking};
use crate::text::ExternalDeploymentId;
use crate::timestamp::Timestamp;
use async_trait::async_trait;

/// A deployment whose links have to be looked at again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelinkRequest {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The deployment.
    pub deployment_id: DeploymentId,
    /// The sender's name for it.
    pub external_id: ExternalDeploymentId,
    /// Why it is looked at.
    pub reason: RelinkReason,
}

/// Why a deployment is looked at again. A generation is another one each time that something is asked for, and none that it
/// had before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelinkReason {
    /// It was requested, with this generation.
    Requested(i64),
    /// Its line was requested, with this generation.
    Line(i64),
}

/// The deployments of a service from a place on have to be looked at again, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineRequest {
    /// The organization.
    pub organization_id: OrganizationId,
    /// [What the service is compared by](crate::linking::service_key).
    pub service_key: String,
    /// The place.
    pub from: LinePosition,
    /// Another one each time that the line is asked for, and none that it had before.
    pub generation: i64,
}

/// The deployments of one service to one environment have to be placed again: the tier of the environment has changed, or
/// the name of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacementRequest {
    /// The organization.
    pub organization_id: OrganizationId,
    /// [What the service is compared by](crate::linking::service_key), as it is recorded.
    pub service_key: String,
    /// The environment.
    pub environment: Environment,
    /// Another one each time that the place is requested, and none that it had before.
    pub generation: i64,
}

/// Where the deployments of a request belong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The request.
    pub request: PlacementRequest,
    /// The tier of the environment, decided after the request was taken.
    pub tier: Tier,
    /// The spellings of services [under the key](crate::linking::spellings_under), each with the key that it has now.
    /// Deployments of other spellings keep theirs.
    pub keys: Vec<(String, String)>,
}

/// The links that a deployment shall have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelinkingDecision {
    /// The request that this settles.
    pub request: RelinkRequest,
    /// What the decision was based on, read after the request was taken: what it does not know of has made the
    /// request again, if it touches the deployment as it was.
    pub version: DeploymentVersion,
    /// Its links, in place of all that it had.
    pub linking: Linking,
    /// Whether they are those that it has: then only heads that it supersedes are written.
    pub is_as_before: bool,
}

/// Deployments whose links have to be looked at again: each at most once, until they have been.
#[async_trait]
pub trait Relinking: Send + Sync {
    /// Takes up to `limit` requests, of one organization or of all, that nobody else has taken before `lease_until`
    /// of theirs: an equal share of each organization that has any, so that none keeps others waiting, and of each the
    /// oldest. A taker that dies loses them when its lease ends. No two takers get the same one.
    async fn claim(
        &self,
        organization_id: Option<OrganizationId>,
        limit: u32,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<RelinkRequest>, StoreError>;

    /// Writes the links of each decision whose deployment still has its revision, and tells of each, in order. A decision for
    /// a line is stale as well if the line has been requested again since. What is written for a line makes the line move on,
    /// and requests it again where it was no longer what the decisions saw: deployments that were recorded meanwhile may have
    /// been decided on links that are no longer there.
    ///
    /// The request is settled with it unless it has been made again, or the epoch has moved on and whatever became known
    /// since it was looked at may have missed it because of a [new range](crate::linking::is_touched_as_before). Then, and
    /// when the decision is stale, it stays and can be taken again at once, after those that have waited since before
    /// `now`, when it was taken: so none that is touched again and again keeps others waiting. A deployment of a
    /// requested line gets a request of its own in that case.
    async fn apply(
        &self,
        decisions: &[RelinkingDecision],
        now: Timestamp,
    ) -> Result<Vec<Applied<()>>, StoreError>;

    /// Takes up to `limit` requests of lines as [`claim`](Self::claim) takes those of deployments.
    async fn claim_lines(
        &self,
        organization_id: Option<OrganizationId>,
        limit: u32,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<LineRequest>, StoreError>;

    /// Goes on with lines: from another place, or settles the request where there is none. A request that has been made
    /// again stays as it is, free to be taken.
    async fn advance_lines(
        &self,
        progress: &[(LineRequest, Option<LinePosition>)],
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Takes up to `limit` requests of places as [`claim`](Self::claim) takes those of deployments.
    async fn claim_placements(
        &self,
        organization_id: Option<OrganizationId>,
        limit: u32,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<PlacementRequest>, StoreError>;

    /// Places up to `most` deployments of each request, those first that have waited longest, and settles the request once none
    /// is left. A deployment that comes to a line or leaves one moves the line on and requests it from its place on; one that
    /// leaves loses its links in the same transaction. A request that has been made again is left alone.
    async fn place(&self, placements: &[Placement], most: u32, now: Timestamp) -> Result<(), StoreError>;

    /// How many requests of deployments, lines and places are waiting or being looked at, of one organization or of all.
    async fn count(&self, organization_id: Option<OrganizationId>) -> Result<u64, StoreError>;

    /// Since when the request that has waited longest waits to be looked at, or looked at once more; `None` if there
    /// is none.
    async fn oldest(&self, organization_id: Option<OrganizationId>) -> Result<Option<Timestamp>, StoreError>;
}
