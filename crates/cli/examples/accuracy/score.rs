//! Links against the right ones.

use crate::rules::Links;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Score {
    right: usize,
    wrong: usize,
    missed: usize,
}

impl Score {
    /// Compares pull request by pull request.
    pub(crate) fn of(found: &Links, truth: &Links) -> Self {
        let mut score = Self::default();
        for (id, true_numbers) in truth {
            let numbers = found.get(id).cloned().unwrap_or_default();
            score.right += numbers.intersection(true_numbers).count();
            score.wrong += numbers.difference(true_numbers).count();
            score.missed += true_numbers.difference(&numbers).count();
        }
        score
    }

    pub(crate) fn is_perfect(&self) -> bool {
        self.wrong == 0 && self.missed == 0
    }

    /// Compares two sets.
    pub(crate) fn between<T: Ord>(found: &BTreeSet<T>, truth: &BTreeSet<T>) -> Self {
        Self {
            right: found.intersection(truth).count(),
            wrong: found.difference(truth).count(),
            missed: truth.difference(found).count(),
        }
    }

    /// Whether nothing is wrong, though something may be missed.
    pub(crate) const fn is_precise(&self) -> bool {
        self.wrong == 0
    }

    /// How much of what was linked is right.
    fn precision(&self) -> Option<Fraction> {
        Fraction::of(self.right, self.right + self.wrong)
    }

    /// How much of what is right was linked.
    fn recall(&self) -> Option<Fraction> {
        Fraction::of(self.right, self.right + self.missed)
    }

    pub(crate) fn cells(&self) -> [String; 5] {
        let text = |fraction: Option<Fraction>| fraction.map_or_else(|| "-".to_owned(), Fraction::text);
        [
            self.right.to_string(),
            self.wrong.to_string(),
            self.missed.to_string(),
            text(self.precision()),
            text(self.recall()),
        ]
    }

    pub(crate) fn json(&self, rule: &str) -> Value {
        json!({
            "rule": rule,
            "right": self.right,
            "wrong": self.wrong,
            "missed": self.missed,
            "precision": self.precision().map(Fraction::number),
            "recall": self.recall().map(Fraction::number),
        })
    }
}

/// Ten-thousandths, rounded down: only what is perfect is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fraction(u32);

impl Fraction {
    /// `None` of nothing.
    fn of(part: usize, whole: usize) -> Option<Self> {
        u32::try_from((part * 10_000).checked_div(whole)?).ok().map(Self)
    }

    fn text(self) -> String {
        format!("{}.{:04}", self.0 / 10_000, self.0 % 10_000)
    }

    fn number(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }
}

/// The first deployments whose links are not the right ones, a line each.
pub(crate) fn mistakes(found: &Links, truth: &Links) -> Vec<String> {
    let all = truth.iter().filter_map(|(id, true_numbers)| {
        let numbers = found.get(id).cloned().unwrap_or_default();
        let wrong: Vec<_> = numbers.difference(true_numbers).take(10).collect();
        let missed: Vec<_> = true_numbers.difference(&numbers).take(10).collect();
        let is_right = wrong.is_empty() && missed.is_empty();
        (!is_right).then(|| format!("{id}: wrong {wrong:?}, missed {missed:?}"))
    });
    all.take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(links: &[(&str, &[u64])]) -> Links {
        links
            .iter()
            .map(|(id, numbers)| ((*id).to_owned(), numbers.iter().copied().collect()))
            .collect()
    }

    #[test]
    fn each_pull_request_of_each_deployment_counts_once() {
        let truth = links(&[("a", &[1, 2, 3]), ("b", &[4]), ("c", &[])]);
        let found = links(&[("a", &[1, 2, 4]), ("c", &[5])]);
        let score = Score::of(&found, &truth);
        assert_eq!(score.cells(), ["2", "2", "2", "0.5000", "0.5000"]);
        assert!(!score.is_perfect() && Score::of(&truth, &truth).is_perfect());
        assert_eq!(
            mistakes(&found, &truth),
            [
                "a: wrong [4], missed [3]",
                "b: wrong [], missed [4]",
                "c: wrong [5], missed []"
            ]
        );
    }

    #[test]
    fn a_fraction_is_rounded_down_and_of_nothing_there_is_none() {
        let score = |right, wrong, missed| Score { right, wrong, missed };
        assert_eq!(score(99_999, 1, 0).cells()[3..], ["0.9999", "1.0000"]);
        assert_eq!(score(0, 0, 3).cells()[3..], ["-", "0.0000"]);
        assert_eq!(score(1, 2, 0).json("x")["precision"], json!(0.3333));
        assert_eq!(score(0, 0, 0).json("x")["recall"], Value::Null);
    }
}
