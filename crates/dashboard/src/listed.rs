//! Lists that are too long for one page: those of the store, which are led through by cursors, and those that come whole,
//! of which a part is shown.

use crate::text;
use periscope_domain::listing::{Order, Page, PageRequest, Position};
use periscope_domain::whole_number;
use periscope_server::{Neighbours, Paging};

/// How many of a list that comes whole are shown at once.
const AT_ONCE: usize = 100;

/// Which part of such a list to show: 1 is the first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PartNumber(usize);

impl Default for PartNumber {
    fn default() -> Self {
        Self(1)
    }
}

impl PartNumber {
    /// What the address calls it.
    pub(crate) const PARAMETER: &'static str = "part";

    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let number = whole_number::parse(text).filter(|number| *number > 0);
        number.map(Self).ok_or("must be a positive integer")
    }
}

/// A part of a list that came whole, or all of it.
#[derive(Default)]
pub(crate) struct Part<T> {
    pub(crate) items: Vec<T>,
    /// How long all of it is.
    pub(crate) total: usize,
    /// The place of the first item shown, from 1.
    first: usize,
    /// The parts beside it.
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

impl<T> Part<T> {
    pub(crate) fn of(all: Vec<T>, number: PartNumber, address: impl Fn(&str) -> String) -> Self {
        let total = all.len();
        let skipped = number.0.saturating_sub(1).saturating_mul(AT_ONCE).min(total);
        let items: Vec<_> = all.into_iter().skip(skipped).take(AT_ONCE).collect();
        let beside = |number: usize| address(&number.to_string());
        Self {
            before: (skipped > 0).then(|| beside(number.0 - 1)),
            after: (skipped + items.len() < total).then(|| beside(number.0 + 1)),
            first: skipped + 1,
            total,
            items,
        }
    }

    /// Shows only one part of what came whole, if it is longer than that.
    pub(crate) fn cut(self, number: PartNumber, address: impl Fn(&str) -> String) -> Self {
        if self.total > AT_ONCE {
            Self::of(self.items, number, address)
        } else {
            self
        }
    }

    /// The place of the last item shown.
    fn last(&self) -> usize {
        self.first + self.items.len().saturating_sub(1)
    }

    /// How long all of it is.
    pub(crate) fn count(&self) -> String {
        text::count(self.total)
    }

    /// What is shown of how much.
    pub(crate) fn range(&self) -> String {
        let [first, last] = [self.first, self.last()].map(text::count);
        format!("{first}\u{2013}{last} of {}", self.count())
    }

    /// Whether it is not the whole.
    pub(crate) fn is_part(&self) -> bool {
        self.items.len() < self.total
    }
}

impl<T> FromIterator<T> for Part<T> {
    fn from_iter<I: IntoIterator<Item = T>>(all: I) -> Self {
        let items: Vec<T> = all.into_iter().collect();
        Self {
            total: items.len(),
            items,
            first: 1,
            before: None,
            after: None,
        }
    }
}

/// One page of a list of the store, the latest first whichever way it was come to.
pub(crate) struct Listed<T> {
    pub(crate) items: Vec<T>,
    pub(crate) beside: Neighbours,
    /// Whether it is the first page, which changes while it is looked at.
    pub(crate) is_first: bool,
    /// Whether somebody has come back to the latest, of which this page may show only the few that it has before the next.
    pub(crate) is_back_at_first: bool,
}

impl<T> Listed<T> {
    pub(crate) fn of<I: Copy>(
        mut page: Page<T>,
        paging: &Paging<I>,
        position: impl Fn(&T) -> Position<i64>,
    ) -> Self {
        let PageRequest { order, after, .. } = paging.request;
        let beside = paging.neighbours(&page, position);
        let is_turned = order == Order::Oldest;
        if is_turned {
            page.items.reverse();
        }
        Self {
            items: page.items,
            beside,
            is_first: !is_turned && after.is_none(),
            is_back_at_first: is_turned && after.is_some() && !page.has_more,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_list_are_the_whole() {
        for total in [0, 1, 99, 100, 101, 250] {
            let mut seen = Vec::new();
            let mut number = PartNumber::default();
            loop {
                let part = Part::of((1..=total).collect(), number, str::to_owned);
                assert_eq!((part.total, part.is_part()), (total, total > 100));
                assert_eq!(part.before.is_some(), !seen.is_empty());
                if !part.items.is_empty() {
                    assert_eq!(
                        (part.first, part.last()),
                        (part.items[0], *part.items.last().unwrap())
                    );
                }
                seen.extend(part.items);
                let Some(after) = part.after else { break };
                number = PartNumber::parse(&after).unwrap();
            }
            assert_eq!(seen, (1..=total).collect::<Vec<_>>());
        }
        let beyond = Part::of(vec![1], PartNumber::parse("7").unwrap(), str::to_owned);
        assert!(beyond.items.is_empty());
        for bad in ["0", "-1", "+1", "01", "x", "99999999999999999999999"] {
            assert!(PartNumber::parse(bad).is_err(), "{bad}");
        }
    }
}
