//! Lists in pages that stay right while new things arrive. A list is in order of time, and of numbers among things of one
//! time, and a page begins behind a position in that order, not after a count: what arrives before it moves nothing.
//! Whatever keeps its time is on exactly one page.
//!
//! A deployment's time moves on when it is completed or run again. Newest first it then comes to lie before the position
//! of whoever is on the way, who has either seen it already or will not; oldest first it comes to lie behind, where it is
//! seen, perhaps for the second time. So who must miss nothing reads the oldest first.

mod filter;

pub use filter::{DeploymentFilter, PullRequestFilter};

use crate::deployment::StoredDeployment;
use crate::environment::Environment;
use crate::pull_request::StoredPullRequest;
use crate::repository::RepositoryName;
use crate::text::ServiceName;
use crate::timestamp::Timestamp;
use crate::whole_number;
use thiserror::Error;

/// Which end of time a list begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// With what is latest, and the greatest number among things of one time.
    #[default]
    Newest,
    /// With what is earliest: exactly the other way round.
    Oldest,
}

/// A text is no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be one of: newest, oldest")]
pub struct InvalidOrder;

impl Order {
    /// Reads one of the two words.
    ///
    /// # Errors
    /// [`InvalidOrder`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidOrder> {
        [Self::Newest, Self::Oldest]
            .into_iter()
            .find(|order| order.as_str() == text.trim())
            .ok_or(InvalidOrder)
    }

    /// The other way round.
    #[must_use]
    pub const fn turned(self) -> Self {
        match self {
            Self::Newest => Self::Oldest,
            Self::Oldest => Self::Newest,
        }
    }

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Oldest => "oldest",
        }
    }
}

/// How many things a page has at most: 1 to 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLimit(u16);

/// A number is no page limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be an integer of 1-{}", PageLimit::MOST)]
pub struct InvalidPageLimit;

impl PageLimit {
    const MOST: u16 = 200;

    /// Checks a number.
    #[must_use]
    pub const fn new(number: u16) -> Option<Self> {
        if 1 <= number && number <= Self::MOST {
            Some(Self(number))
        } else {
            None
        }
    }

    /// Reads a number in decimal digits.
    ///
    /// # Errors
    /// [`InvalidPageLimit`] when it is none, below 1 or above 200.
    pub fn parse(text: &str) -> Result<Self, InvalidPageLimit> {
        let number = whole_number::parse(text);
        number.and_then(Self::new).ok_or(InvalidPageLimit)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl Default for PageLimit {
    fn default() -> Self {
        Self(50)
    }
}

/// Where a thing stands in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position<I> {
    /// Its time.
    pub time: Timestamp,
    /// Its number, which decides among things of one time.
    pub id: I,
}

impl<I> Position<I> {
    /// The same position with its number in another type.
    pub fn map<J>(self, id: impl FnOnce(I) -> J) -> Position<J> {
        Position {
            time: self.time,
            id: id(self.id),
        }
    }
}

impl<I: Ord> Position<I> {
    /// Whether a list in that order has this position behind the other one.
    #[must_use]
    pub fn is_behind(&self, other: &Self, order: Order) -> bool {
        match order {
            Order::Newest => self < other,
            Order::Oldest => self > other,
        }
    }
}

/// Asks for one page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest<I> {
    /// The order of the list.
    pub order: Order,
    /// Only what stands behind this; without it, the first page.
    pub after: Option<Position<I>>,
    /// How long the page may be.
    pub limit: PageLimit,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it, in order.
    pub items: Vec<T>,
    /// Whether something stands behind it.
    pub has_more: bool,
}

impl<T> Page<T> {
    /// A page without anything on it or behind it.
    #[must_use]
    pub const fn empty() -> Self {
        Self {
            items: Vec::new(),
            has_more: false,
        }
    }

    /// The page that begins with these, of which one more than it may hold tells that something stands behind it.
    #[must_use]
    pub fn beginning_with(mut items: Vec<T>, limit: PageLimit) -> Self {
        let limit = usize::from(limit.get());
        let has_more = items.len() > limit;
        items.truncate(limit);
        Self { items, has_more }
    }
}

/// A deployment in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDeployment {
    /// The deployment.
    pub stored: StoredDeployment,
    /// How many pull requests are linked to it.
    pub linked_pull_requests: u64,
}

/// A pull request in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPullRequest {
    /// The pull request.
    pub stored: StoredPullRequest,
    /// The full name of its repository.
    pub repository: RepositoryName,
    /// Whether a deployment shipped it.
    pub is_linked: bool,
}

/// A service that something was deployed of, or all deployments that name none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployedService {
    /// Its name, as its latest deployment spells it.
    pub name: Option<ServiceName>,
    /// The time of its latest deployment.
    pub last_deployed_at: Timestamp,
    /// Where it was deployed to, in alphabetical order.
    pub environments: Vec<Environment>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_one_of_two_words() {
        let both = [Order::Newest, Order::Oldest];
        assert_eq!(both.map(Order::turned), [Order::Oldest, Order::Newest]);
        for order in [Order::Newest, Order::Oldest] {
            assert_eq!(Order::parse(order.as_str()), Ok(order));
        }
        for bad in ["", "Newest", "asc"] {
            assert_eq!(Order::parse(bad), Err(InvalidOrder), "{bad}");
        }
    }

    #[test]
    fn a_page_limit_is_1_to_200() {
        for (text, limit) in [
            ("1", Some(1)),
            ("200", Some(200)),
            ("0", None),
            ("201", None),
            ("-1", None),
            ("+1", None),
            ("01", None),
            ("70000", None),
            ("5.0", None),
            ("many", None),
        ] {
            assert_eq!(PageLimit::parse(text).ok().map(PageLimit::get), limit, "{text}");
        }
    }

    #[test]
    fn positions_are_ordered_by_time_and_then_by_number() {
        let position = |second: u8, id: i64| Position {
            time: Timestamp::parse(&format!("2024-01-15T10:30:{second:02}Z")).unwrap(),
            id,
        };
        for (one, other, newest, oldest) in [
            (position(1, 9), position(2, 1), true, false),
            (position(2, 1), position(2, 2), true, false),
            (position(2, 2), position(2, 2), false, false),
            (position(2, 3), position(2, 2), false, true),
        ] {
            assert_eq!(one.is_behind(&other, Order::Newest), newest, "{one:?} {other:?}");
            assert_eq!(one.is_behind(&other, Order::Oldest), oldest, "{one:?} {other:?}");
        }
    }

    #[test]
    fn one_item_too_many_tells_that_there_is_more() {
        let limit = PageLimit::parse("2").unwrap();
        for (found, items, has_more) in [
            (vec![], vec![], false),
            (vec![1, 2], vec![1, 2], false),
            (vec![1, 2, 3], vec![1, 2], true),
        ] {
            assert_eq!(Page::beginning_with(found, limit), Page { items, has_more });
        }
    }
}
