//! The pages of a list: what its reader says of order and length, and the cursors that lead from one page to the next. A
//! cursor is the position of the last item and a seal: a checksum of the position, of the order and of all that the list
//! was filtered by, so that it fits no other list, no other organization and no other filters. It tells no secret and opens
//! no door; it only must not be mistaken.

use crate::query::Query;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use periscope_domain::id::OrganizationId;
use periscope_domain::listing::{Order, Page, PageLimit, PageRequest, Position};
use periscope_domain::timestamp::Timestamp;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// A text is no cursor of this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be one that this list gave, with the same filters")]
pub(crate) struct InvalidCursor;

/// What identifies a list: positions in others mean nothing in it.
#[derive(Debug)]
struct Seal(Sha256);

impl Seal {
    fn new(list: &str, organization_id: OrganizationId, order: Order, filters: &[(&str, &str)]) -> Self {
        let mut hash = Sha256::new();
        hash.update(organization_id.get().to_be_bytes());
        let filters = form_urlencoded::Serializer::new(format!("{list}?{}&", order.as_str()))
            .extend_pairs(filters)
            .finish();
        hash.update(filters);
        Self(hash)
    }

    fn of(&self, position: &[u8]) -> [u8; 8] {
        let hash = self.0.clone().chain_update(position).finalize();
        let mut seal = [0; 8];
        seal.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        seal
    }

    fn cursor(&self, position: Position<i64>) -> String {
        let time = position.time.microseconds().to_be_bytes();
        let position = [time, position.id.to_be_bytes()].concat();
        let seal = self.of(&position);
        URL_SAFE_NO_PAD.encode([position.as_slice(), &seal].concat())
    }

    fn open(&self, cursor: &str) -> Result<Position<i64>, InvalidCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| InvalidCursor)?;
        let (words, rest) = bytes.as_chunks::<8>();
        let [time, id, seal] = words else {
            return Err(InvalidCursor);
        };
        if !rest.is_empty() || self.of([*time, *id].as_flattened()) != *seal {
            return Err(InvalidCursor);
        }
        let time = Timestamp::from_microseconds(i64::from_be_bytes(*time)).ok_or(InvalidCursor)?;
        let id = i64::from_be_bytes(*id);
        Ok(Position { time, id })
    }
}

/// Where a reader is in a list.
#[derive(Debug)]
pub struct Paging<I> {
    /// The page that is asked for.
    pub request: PageRequest<I>,
    seal: Seal,
    /// The same list in the other order.
    turned_seal: Seal,
    parameters: Vec<(String, String)>,
}

/// The addresses of the pages beside one, as seen from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbours {
    /// The latest of all.
    pub latest: String,
    /// What is later than everything on it.
    pub later: Option<String>,
    /// What is earlier than everything on it.
    pub earlier: Option<String>,
    /// The earliest of all.
    pub earliest: String,
}

impl<I> Paging<I> {
    /// Reads `sort`, `limit` and `cursor`; everything else in the query filters the list.
    pub fn read(
        query: &mut Query,
        list: &str,
        organization_id: OrganizationId,
        id: impl Fn(i64) -> I,
    ) -> Self {
        let order = query.optional("sort", Order::parse).unwrap_or_default();
        let limit = query.optional("limit", PageLimit::parse).unwrap_or_default();
        let filters = query.without(&["sort", "limit", "cursor"]);
        let [seal, turned_seal] =
            [order, order.turned()].map(|order| Seal::new(list, organization_id, order, &filters));
        let after = query.optional("cursor", |text| seal.open(text.trim()));
        let parameters = query.without(&["cursor"]).into_iter();
        Self {
            request: PageRequest {
                order,
                after: after.map(|after| after.map(id)),
                limit,
            },
            parameters: parameters
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            seal,
            turned_seal,
        }
    }

    /// The pages on both sides of this one. Each begins where this one does or ends, in the order that leads away from it.
    #[must_use]
    pub fn neighbours<T>(&self, page: &Page<T>, position: impl Fn(&T) -> Position<i64>) -> Neighbours {
        let order = self.request.order;
        let last = page.items.last().filter(|_| page.has_more);
        let first = page.items.first().filter(|_| self.request.after.is_some());
        let onwards = last.map(|last| self.address(order, Some(self.seal.cursor(position(last)))));
        let back =
            first.map(|first| self.address(order.turned(), Some(self.turned_seal.cursor(position(first)))));
        let (later, earlier) = match order {
            Order::Newest => (back, onwards),
            Order::Oldest => (onwards, back),
        };
        Neighbours {
            latest: self.address(Order::Newest, None),
            later,
            earlier,
            earliest: self.address(Order::Oldest, None),
        }
    }

    /// The address of what is behind a cursor in an order, or at its beginning.
    fn address(&self, order: Order, cursor: Option<String>) -> String {
        let others = self.parameters.iter().filter(|(name, _)| name != "sort");
        let sort = (order != Order::default()).then_some(("sort", order.as_str()));
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(others)
            .extend_pairs(sort)
            .extend_pairs(cursor.map(|cursor| ("cursor", cursor)))
            .finish();
        format!("?{query}")
    }

    /// The cursor of the page behind this one, if there is one, and its address as seen from this one.
    #[must_use]
    pub fn next<T>(
        &self,
        page: &Page<T>,
        position: impl Fn(&T) -> Position<i64>,
    ) -> Option<(String, String)> {
        let last = page.items.last().filter(|_| page.has_more)?;
        let cursor = self.seal.cursor(position(last));
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.parameters)
            .append_pair("cursor", &cursor)
            .finish();
        Some((cursor, format!("?{query}")))
    }
}

/// The cursor of a position in some list, for whoever tries cursors by the thousand.
#[cfg(test)]
pub(crate) fn sealed(position: Position<i64>) -> String {
    some_list().cursor(position)
}

/// What a cursor of that list leads to.
#[cfg(test)]
pub(crate) fn opened(cursor: &str) -> Option<Position<i64>> {
    some_list().open(cursor).ok()
}

#[cfg(test)]
fn some_list() -> Seal {
    Seal::new("deployments", OrganizationId::new(1), Order::Newest, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACME: OrganizationId = OrganizationId::new(1);

    fn position(id: i64) -> Position<i64> {
        Position {
            time: Timestamp::parse("2024-01-15T10:30:00.123456Z").unwrap(),
            id,
        }
    }

    #[test]
    fn a_cursor_leads_back_to_its_position() {
        let seal = Seal::new("deployments", ACME, Order::Newest, &[("service", "api")]);
        for id in [1, i64::MAX] {
            assert_eq!(seal.open(&seal.cursor(position(id))), Ok(position(id)));
        }
    }

    #[test]
    fn a_cursor_fits_no_other_list() {
        let filters = [("service", "api")];
        let seal = Seal::new("deployments", ACME, Order::Newest, &filters);
        let cursor = seal.cursor(position(7));
        for other in [
            Seal::new("pull-requests", ACME, Order::Newest, &filters),
            Seal::new("deployments", OrganizationId::new(2), Order::Newest, &filters),
            Seal::new("deployments", ACME, Order::Oldest, &filters),
            Seal::new("deployments", ACME, Order::Newest, &[]),
            Seal::new(
                "deployments",
                ACME,
                Order::Newest,
                &[("service", "api&"), ("a", "")],
            ),
        ] {
            assert_eq!(other.open(&cursor), Err(InvalidCursor));
        }
    }

    #[test]
    fn the_pages_beside_one_are_reached_from_either_side() {
        let read = |text: &str| Paging::read(&mut Query::parse(text), "deployments", ACME, |id| id);
        let page = |ids: &[i64], has_more| Page {
            items: ids.iter().map(|id| position(*id)).collect(),
            has_more,
        };
        let neighbours = |at: &str, ids: &[i64], has_more| {
            let paging = read(at);
            (
                paging.request.after.map(|after| after.id),
                paging.neighbours(&page(ids, has_more), |item| *item),
            )
        };
        let (_, of_first) = neighbours("service=api", &[9, 8], true);
        assert_eq!(of_first.later, None);
        assert_eq!(
            [of_first.latest, of_first.earliest],
            ["?service=api", "?service=api&sort=oldest"]
        );
        let (after, of_second) = neighbours(&of_first.earlier.unwrap()[1..], &[7, 6], true);
        assert_eq!(after, Some(8));
        let (after, of_last) = neighbours(&of_second.earlier.unwrap()[1..], &[5], false);
        assert_eq!((after, of_last.earlier), (Some(6), None));
        let (after, turned) = neighbours(&of_last.later.unwrap()[1..], &[6, 7], true);
        assert_eq!(after, Some(5));
        assert_eq!(neighbours(&turned.later.unwrap()[1..], &[8, 9], false).0, Some(7));
        assert_eq!(neighbours(&turned.earlier.unwrap()[1..], &[5], false).0, Some(6));
    }

    #[test]
    fn a_cursor_that_was_made_up_or_changed_is_refused() {
        let seal = Seal::new("deployments", ACME, Order::Newest, &[]);
        let cursor = seal.cursor(position(7));
        for place in 0..cursor.len() {
            for letter in ["A", "b", "-", "=", "é"] {
                let mut changed = cursor.clone();
                changed.replace_range(place..=place, letter);
                if changed != cursor {
                    assert_eq!(seal.open(&changed), Err(InvalidCursor), "{changed}");
                }
            }
        }
        for made_up in [
            "",
            "7",
            "AAAA",
            &cursor[1..],
            &format!("{cursor}AAAA"),
            &"A".repeat(32),
        ] {
            assert_eq!(seal.open(made_up), Err(InvalidCursor), "{made_up}");
        }
    }
}
