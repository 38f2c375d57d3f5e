//! What every list asks of its statement: where a page begins and ends. There is no limit without a value: a list that has
//! none is limited by the first or the last time that there is, so that one text and one plan serve all.

use periscope_domain::listing::{Order, PageRequest};
use periscope_domain::period::Period;
use periscope_domain::timestamp::Timestamp;
use time::OffsetDateTime;

/// The limits of one page.
pub(crate) struct Bounds {
    pub(crate) since: OffsetDateTime,
    pub(crate) until: OffsetDateTime,
    pub(crate) after: (OffsetDateTime, i64),
    /// One more than the page may hold.
    pub(crate) most: i64,
}

impl Bounds {
    pub(crate) fn new<I: Copy>(period: &Period, page: &PageRequest<I>, number: impl Fn(I) -> i64) -> Self {
        let before_all = match page.order {
            Order::Newest => (Timestamp::LAST, i64::MAX),
            Order::Oldest => (Timestamp::FIRST, i64::MIN),
        };
        let (time, id) = page
            .after
            .map_or(before_all, |after| (after.time, number(after.id)));
        Self {
            since: period.since().unwrap_or(Timestamp::FIRST).to_offset_date_time(),
            until: period.until().unwrap_or(Timestamp::LAST).to_offset_date_time(),
            after: (time.to_offset_date_time(), id),
            most: i64::from(page.limit.get()) + 1,
        }
    }
}
