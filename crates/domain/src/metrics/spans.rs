//! Rows in order of time, in spans that are shared until they change.

use std::collections::BTreeMap;
use std::mem::size_of;
use std::sync::Arc;

/// A span is so many microseconds long: 2 to the power of this, about six days.
const SPAN_BITS: u32 = 39;

/// A row with a time and a number. It may own some of what its span keeps beside the rows.
pub(crate) trait Row: Copy + std::fmt::Debug {
    /// What a row may own any number of.
    type Extra: Copy + std::fmt::Debug;

    /// Microseconds since 1970.
    fn at(&self) -> i64;

    /// Its number: no two rows have the same.
    fn id(&self) -> i64;

    /// Where in its span the first one lies that is its own.
    fn first_extra(&self) -> u32;

    /// Tells it.
    fn set_first_extra(&mut self, first: u32);
}

#[derive(Clone, Debug)]
struct Span<R: Row> {
    /// In order of time and number.
    rows: Vec<R>,
    /// In the order of their rows.
    extras: Vec<R::Extra>,
    /// The least and the greatest number.
    ids: (i64, i64),
}

/// Rows in order of time.
#[derive(Clone, Debug)]
pub(crate) struct Spans<R: Row>(BTreeMap<i64, Arc<Span<R>>>);

impl<R: Row> Default for Spans<R> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

/// What rows are in order of.
fn key<R: Row>(row: &R) -> (i64, i64) {
    (row.at(), row.id())
}

/// Numbers of rows, in order. Mostly they are few, or lie beside those that they are looked for among.
struct Ids(Vec<i64>);

impl Ids {
    fn new(ids: impl Iterator<Item = i64>) -> Self {
        let mut ids: Vec<i64> = ids.collect();
        ids.sort_unstable();
        Self(ids)
    }

    fn overlap(&self, (least, greatest): (i64, i64)) -> bool {
        let bounds = self.0.first().zip(self.0.last());
        bounds.is_some_and(|(first, last)| *first <= greatest && least <= *last)
    }

    fn contain(&self, id: i64) -> bool {
        self.overlap((id, id)) && self.0.binary_search(&id).is_ok()
    }
}

/// A row with what it owns.
pub(crate) type Owning<R> = (R, Vec<<R as Row>::Extra>);

impl<R: Row> Spans<R> {
    /// Puts in rows, in place of all that have one of the numbers.
    pub(crate) fn put(&mut self, ids: impl Iterator<Item = i64>, rows: Vec<Owning<R>>) {
        let ids = Ids::new(ids);
        let mut new: BTreeMap<i64, Vec<Owning<R>>> = BTreeMap::new();
        for row in rows {
            new.entry(row.0.at() >> SPAN_BITS).or_default().push(row);
        }
        let touched = self.0.iter().filter(|(_, span)| span.has_any(&ids));
        for (key, _) in touched {
            new.entry(*key).or_default();
        }
        for (key, rows) in new {
            let span = Span::new(self.0.get(&key).map(|span| &**span), &ids, rows);
            if span.rows.is_empty() {
                self.0.remove(&key);
            } else {
                self.0.insert(key, Arc::new(span));
            }
        }
    }

    /// The rows from one time up to, not including, another, each with what it owns.
    pub(crate) fn between(&self, since: i64, until: i64) -> impl Iterator<Item = (&R, &[R::Extra])> {
        let keys = (since >> SPAN_BITS)..=(until >> SPAN_BITS).max(since >> SPAN_BITS);
        self.0.range(keys).flat_map(move |(_, span)| {
            let from = span.rows.partition_point(|row| row.at() < since);
            let to = span.rows.partition_point(|row| row.at() < until);
            span.owning(from, to)
        })
    }

    /// About how many bytes they take.
    pub(crate) fn weight(&self) -> usize {
        let spans = self.0.values();
        spans
            .map(|span| {
                span.rows.capacity() * size_of::<R>() + span.extras.capacity() * size_of::<R::Extra>() + 100
            })
            .sum()
    }
}

impl<R: Row> Span<R> {
    /// The rows of a span that have none of the numbers, and further ones.
    fn new(old: Option<&Self>, ids: &Ids, mut more: Vec<Owning<R>>) -> Self {
        more.sort_unstable_by_key(|(row, _)| key(row));
        let more_extras: usize = more.iter().map(|(_, extras)| extras.len()).sum();
        let mut span = Self {
            rows: Vec::with_capacity(old.map_or(0, |old| old.rows.len()) + more.len()),
            extras: Vec::with_capacity(old.map_or(0, |old| old.extras.len()) + more_extras),
            ids: (i64::MAX, i64::MIN),
        };
        let mut more = more.iter().map(|(row, extras)| (row, &**extras)).peekable();
        let stays = old.into_iter().flat_map(|old| old.owning(0, old.rows.len()));
        for (row, extras) in stays.filter(|(row, _)| !ids.contain(row.id())) {
            while let Some((earlier, extras)) = more.next_if(|(other, _)| key(*other) < key(row)) {
                span.push(*earlier, extras);
            }
            span.push(*row, extras);
        }
        for (row, extras) in more {
            span.push(*row, extras);
        }
        span
    }

    /// Adds the last row.
    fn push(&mut self, mut row: R, extras: &[R::Extra]) {
        row.set_first_extra(u32::try_from(self.extras.len()).unwrap_or(u32::MAX));
        self.ids = (self.ids.0.min(row.id()), self.ids.1.max(row.id()));
        self.rows.push(row);
        self.extras.extend_from_slice(extras);
    }

    /// Whether one of its rows has one of the numbers.
    fn has_any(&self, ids: &Ids) -> bool {
        ids.overlap(self.ids) && self.rows.iter().any(|row| ids.contain(row.id()))
    }

    /// Some of the rows, each with what it owns.
    fn owning(&self, from: usize, to: usize) -> impl Iterator<Item = (&R, &[R::Extra])> {
        let rows = self.rows.get(from..to).unwrap_or_default();
        let last = self
            .rows
            .get(to)
            .map_or(self.extras.len(), |next| next.first_extra() as usize);
        let ends = rows.iter().skip(1).map(|next| next.first_extra() as usize);
        rows.iter().zip(ends.chain([last])).map(|(row, end)| {
            let owned = self.extras.get(row.first_extra() as usize..end);
            (row, owned.unwrap_or_default())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Told {
        at: i64,
        id: i64,
        first: u32,
    }

    impl Row for Told {
        type Extra = i64;

        fn at(&self) -> i64 {
            self.at
        }

        fn id(&self) -> i64 {
            self.id
        }

        fn first_extra(&self) -> u32 {
            self.first
        }

        fn set_first_extra(&mut self, first: u32) {
            self.first = first;
        }
    }

    /// A number's time, or that it has none any more, and what it owns.
    type Change = (i64, Option<i64>, Vec<i64>);

    fn changes() -> impl Strategy<Value = Vec<Vec<Change>>> {
        let time = (-3_i64..3, -2_i64..2).prop_map(|(span, more)| (span << SPAN_BITS) + more);
        let change = (
            0..12_i64,
            proptest::option::weighted(0.8, time),
            proptest::collection::vec(0..9_i64, 0..4),
        );
        proptest::collection::vec(proptest::collection::vec(change, 0..6), 0..8)
    }

    proptest! {
        #[test]
        fn what_was_put_in_last_is_found_in_order_of_time(
            batches in changes(),
            since in -4_i64..4,
            until in -4_i64..4,
        ) {
            let mut spans = Spans::default();
            let mut expected = BTreeMap::new();
            for batch in batches {
                let batch: BTreeMap<_, _> = batch.into_iter().map(|(id, at, extras)| (id, (at, extras))).collect();
                let rows = batch.iter().filter_map(|(id, (at, extras))| {
                    Some((Told { at: (*at)?, id: *id, first: 0 }, extras.clone()))
                });
                spans.put(batch.keys().copied(), rows.collect());
                expected.extend(batch);
            }
            let (since, until) = (since << SPAN_BITS, (until << SPAN_BITS) + 1);
            let mut expected: Vec<_> = expected
                .into_iter()
                .filter_map(|(id, (at, extras))| Some((at?, id, extras)))
                .filter(|(at, _, _)| (since..until).contains(at))
                .collect();
            expected.sort();
            let found: Vec<_> = spans
                .between(since, until)
                .map(|(row, extras)| (row.at, row.id, extras.to_vec()))
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}
