//! Places recorded deployments again: under the tier that their environment has now, and under the service that they belong to
//! now. Rules of tiers and names of repositories change after the fact, and recorded deployments follow in bounded pieces.

use super::find_tiers;
use crate::environment_tiers::EnvironmentTiers;
use crate::id::OrganizationId;
use crate::linking::spellings_under;
use crate::ports::{Placement, PlacementRequest, Store, StoreError};
use crate::repository::Repository;
use crate::timestamp::Timestamp;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// How many services and environments one call places.
const PLACES_AT_ONCE: u32 = 8;

/// What decides where the deployments of an organization belong.
struct Rules {
    tiers: EnvironmentTiers,
    repositories: Vec<Repository>,
}

impl Rules {
    fn placement(&self, request: PlacementRequest) -> Placement {
        Placement {
            tier: self.tiers.apply(request.environment.clone()).tier(),
            keys: spellings_under(&request.service_key, &self.repositories),
            request,
        }
    }
}

/// Places up to `limit` deployments of each of some requests, of one organization or of all, and gives how many requests it
/// took.
pub(super) async fn place(
    store: &dyn Store,
    organization_id: Option<OrganizationId>,
    limit: u32,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<usize, StoreError> {
    let relinking = store.relinking();
    let requests = relinking
        .claim_placements(organization_id, PLACES_AT_ONCE, now, lease_until)
        .await?;
    if requests.is_empty() {
        return Ok(0);
    }
    let mut rules: BTreeMap<OrganizationId, Rules> = BTreeMap::new();
    for request in &requests {
        if let Entry::Vacant(place) = rules.entry(request.organization_id) {
            place.insert(Rules {
                tiers: find_tiers(store, request.organization_id).await?,
                repositories: store.repositories().list(request.organization_id).await?,
            });
        }
    }
    let placements = requests.into_iter().filter_map(|request| {
        let rules = rules.get(&request.organization_id)?;
        Some(rules.placement(request))
    });
    let placements: Vec<_> = placements.collect();
    relinking.place(&placements, limit, now).await?;
    Ok(placements.len())
}
