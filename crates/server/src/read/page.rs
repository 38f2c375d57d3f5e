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
    parameters: Vec<(String, String)>,
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
        let seal = Seal::new(list, organization_id, order, &filters);
        let after = query.optional("cursor", |text| seal.open(text));
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
        }
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
