//! What every list asks of its statement: where a page begins, and where it ends at the latest. Both always have a value,
//! so that one text and one plan serve all: a list that has no limit ends at the first or the last time that there is. And
//! each is a single condition: an index is entered by one, and goes through what only a second one would have left out.

use super::statement::batch_input;
use diesel::sql_types::{BigInt, Timestamptz};
use periscope_domain::listing::{Order, PageRequest, Position};
use periscope_domain::period::Period;
use periscope_domain::timestamp::Timestamp;
use time::OffsetDateTime;

batch_input! {
    /// The limits of one page: always one row.
    Bounds as "bounds" {
        // only what stands behind this time and number
        behind_time: Timestamptz = OffsetDateTime,
        behind_id: BigInt = i64,
        // newest first, the last time that belongs to the list; oldest first, the first one that does not
        end_time: Timestamptz = OffsetDateTime,
        // one more than the page may hold
        most: BigInt = i64,
    }
}

impl Bounds {
    pub(crate) fn new<I: Copy>(period: &Period, page: &PageRequest<I>, number: impl Fn(I) -> i64) -> Self {
        let since = period.since().unwrap_or(Timestamp::FIRST);
        let until = period.until().unwrap_or(Timestamp::LAST);
        let (begin, end) = match page.order {
            Order::Newest => (until, since),
            Order::Oldest => (since, until),
        };
        // Before all numbers of its time: newest first none of these is behind it, oldest first they all are.
        let begin = Position {
            time: begin,
            id: i64::MIN,
        };
        let after = page.after.map(|after| after.map(number));
        let behind = after
            .filter(|after| after.is_behind(&begin, page.order))
            .unwrap_or(begin);
        Self {
            behind_time: vec![behind.time.to_offset_date_time()],
            behind_id: vec![behind.id],
            end_time: vec![end.to_offset_date_time()],
            most: vec![i64::from(page.limit.get()) + 1],
        }
    }
}
