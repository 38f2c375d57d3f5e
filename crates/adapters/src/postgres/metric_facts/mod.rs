//! What metrics are computed from, kept in memory for each organization: read as far back as somebody has asked, and at
//! every call what has changed since the last one. Nothing new is one round trip.
//!
//! Every statement reads as of a later snapshot than those before it, so what is put in last is what holds. A mark is a
//! snapshot all of whose changes have been put in. It is taken first, and what it shows is read after it, however many
//! pages that takes: what changes meanwhile is not in the mark and will be read again. So a caller who goes away half-way
//! loses a page at most.

mod deployments;
mod mark;
mod merges;
mod states;

use super::PgStore;
use super::pool::Pool;
use super::recent::Recent;
use super::statement::batch_input;
use async_trait::async_trait;
use diesel::sql_types::{BigInt, Timestamptz};
use futures_util::future::OptionFuture;
use mark::{Mark, mark};
use periscope_domain::environment::Environment;
use periscope_domain::id::OrganizationId;
use periscope_domain::metrics::{Facts, ServiceState};
use periscope_domain::ports::{MetricFacts, StoreError};
use periscope_domain::timestamp::Timestamp;
use std::ops::Range;
use std::sync::Arc;
use time::OffsetDateTime;
use tokio::join;
use tokio::task::spawn_blocking;

/// How many bytes the facts of all organizations may take together.
const MOST: usize = 256 * 1024 * 1024;

/// How many rows are read at once.
const PAGE: usize = 20_000;

fn page_size() -> i64 {
    i64::try_from(PAGE).unwrap_or(i64::MAX)
}

/// How many rows are put in without a thread of their own.
const FEW: usize = 200;

/// The facts that are kept.
#[derive(Clone)]
pub(super) struct KeptFacts(Recent<OrganizationId, Kept>);

impl Default for KeptFacts {
    fn default() -> Self {
        Self(Recent::new(MOST))
    }
}

/// The facts of an organization from the edges on, as of the mark.
#[derive(Default)]
struct Kept {
    facts: Arc<Facts>,
    mark: Option<Mark>,
    deployments: Edge,
    merges: Edge,
}

/// A time with the number of a row: the rows at it and after have been read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    at: Timestamp,
    id: i64,
}

impl Default for Edge {
    fn default() -> Self {
        Self {
            at: Timestamp::LAST,
            id: i64::MAX,
        }
    }
}

impl Edge {
    /// Before all rows of a time.
    const fn before(at: Timestamp) -> Self {
        Self { at, id: i64::MIN }
    }
}

batch_input! {
    /// A span of time: always one row.
    Span as "span" {
        organization_id: BigInt = i64,
        since: Timestamptz = OffsetDateTime,
        before: Timestamptz = OffsetDateTime,
        before_id: BigInt = i64,
        page: BigInt = i64,
    }
}

impl Span {
    fn new(organization_id: OrganizationId, since: Timestamp, before: Edge) -> Self {
        Self {
            organization_id: vec![organization_id.get()],
            since: vec![since.to_offset_date_time()],
            before: vec![before.at.to_offset_date_time()],
            before_id: vec![before.id],
            page: vec![page_size()],
        }
    }
}

/// What facts are made of.
#[async_trait]
trait Kind: Sized + Send + 'static {
    /// What a row is, as facts take it.
    type Change: TryFrom<Self, Error = StoreError>;

    /// The last rows of a span of time, in any order.
    async fn read(pool: &Pool, span: Span) -> Result<Vec<Self>, StoreError>;

    /// Where it lies in time, if it does.
    fn lies_at(&self) -> Option<Edge>;

    fn put(facts: &mut Facts, changes: &[Self::Change]);

    fn edge(kept: &mut Kept) -> &mut Edge;
}

#[async_trait]
impl MetricFacts for PgStore {
    async fn facts_since(
        &self,
        organization_id: OrganizationId,
        since: Timestamp,
    ) -> Result<Arc<Facts>, StoreError> {
        let slot = self.facts.0.get(organization_id);
        let mut kept = slot.lock().await;
        kept.catch_up(&self.pool, organization_id).await?;
        while kept.reach_back(&self.pool, organization_id, since).await? {
            // What moved meanwhile from a page that was still to be read to one that had been; or nothing, if the server
            // was replaced meanwhile.
            kept.catch_up(&self.pool, organization_id).await?;
        }
        self.facts.0.weigh(organization_id, kept.facts.weight());
        Ok(Arc::clone(&kept.facts))
    }

    async fn states_before(
        &self,
        organization_id: OrganizationId,
        environments: &[Environment],
        before: Timestamp,
    ) -> Result<Vec<ServiceState>, StoreError> {
        states::states_before(&self.pool, organization_id, environments, before).await
    }
}

impl Kept {
    /// Puts in all changes that a new mark shows and the one before did not.
    async fn catch_up(&mut self, pool: &Pool, organization_id: OrganizationId) -> Result<(), StoreError> {
        let (now, deployments_changed) = mark(pool, organization_id, self.mark.as_ref()).await?;
        match self.mark.clone() {
            Some(seen) if seen.server == now.server => {
                if deployments_changed {
                    self.put_changed_deployments(pool, organization_id, &seen, &now)
                        .await?;
                }
                if seen.epoch < now.epoch {
                    self.put_told_merges(pool, organization_id, seen.epoch..now.epoch)
                        .await?;
                }
            }
            _ => *self = Self::default(),
        }
        self.mark = Some(now);
        Ok(())
    }

    async fn put_changed_deployments(
        &mut self,
        pool: &Pool,
        organization_id: OrganizationId,
        seen: &Mark,
        now: &Mark,
    ) -> Result<(), StoreError> {
        let mut last = Some((0, 0));
        while let Some(after) = last {
            let (rows, end) = deployments::changed(pool, organization_id, (seen, now), after).await?;
            self.put(rows).await?;
            last = end;
        }
        Ok(())
    }

    async fn put_told_merges(
        &mut self,
        pool: &Pool,
        organization_id: OrganizationId,
        epochs: Range<i64>,
    ) -> Result<(), StoreError> {
        let mut last = Some(epochs.start);
        while let Some(after) = last.filter(|last| *last < epochs.end) {
            let (rows, end) = merges::told(pool, organization_id, after).await?;
            self.put(rows).await?;
            last = end;
        }
        Ok(())
    }

    /// Puts in all that was earlier than the edges and not earlier than a time, the latest first; whether that was not
    /// there yet.
    async fn reach_back(
        &mut self,
        pool: &Pool,
        organization_id: OrganizationId,
        since: Timestamp,
    ) -> Result<bool, StoreError> {
        let wanted = Edge::before(since);
        if self.deployments.max(self.merges) <= wanted {
            return Ok(false);
        }
        self.put_earlier::<deployments::Row>(pool, organization_id, since)
            .await?;
        self.put_earlier::<merges::Row>(pool, organization_id, since)
            .await?;
        Ok(true)
    }

    /// Puts in rows of one kind, page by page. While one is put in, the next one is read.
    async fn put_earlier<R: Kind>(
        &mut self,
        pool: &Pool,
        organization_id: OrganizationId,
        since: Timestamp,
    ) -> Result<(), StoreError> {
        let next = async |edge| {
            let has_more = Edge::before(since) < edge;
            let page = has_more.then(|| earlier::<R>(pool, organization_id, since, edge));
            OptionFuture::from(page).await.transpose()
        };
        let mut page = next(*R::edge(self)).await?;
        while let Some((rows, edge)) = page {
            let (put, further) = join!(self.put(rows), next(edge));
            put?;
            *R::edge(self) = edge;
            page = further?;
        }
        Ok(())
    }

    /// Puts in rows. Readers of the facts as they were keep those.
    async fn put<R: Kind>(&mut self, rows: Vec<R>) -> Result<(), StoreError> {
        let are_few = rows.len() <= FEW;
        let mut facts = Arc::clone(&self.facts);
        let putting = move || {
            let changes = rows.into_iter().map(TryFrom::try_from);
            R::put(
                Arc::make_mut(&mut facts),
                &changes.collect::<Result<Vec<_>, _>>()?,
            );
            Ok(facts)
        };
        let facts = if are_few {
            putting()
        } else {
            let putting = spawn_blocking(putting);
            putting
                .await
                .map_err(|error| StoreError::Internal(Box::new(error)))?
        };
        self.facts = facts?;
        Ok(())
    }
}

/// The last rows of a time and after that lie before an edge, and the edge that they end at.
async fn earlier<R: Kind>(
    pool: &Pool,
    organization_id: OrganizationId,
    since: Timestamp,
    before: Edge,
) -> Result<(Vec<R>, Edge), StoreError> {
    let rows = R::read(pool, Span::new(organization_id, since, before)).await?;
    let first = rows.iter().filter_map(R::lies_at).min();
    let edge = first.filter(|_| rows.len() >= PAGE);
    Ok((rows, edge.unwrap_or(Edge::before(since))))
}
