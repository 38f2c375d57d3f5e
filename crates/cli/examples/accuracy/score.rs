//! Links against the right ones.

use crate::quarters::Figures;
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

    pub(crate) const fn is_perfect(&self) -> bool {
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

    /// Right, wrong and missed.
    pub(crate) fn counts(&self) -> [String; 3] {
        [self.right, self.wrong, self.missed].map(|count| count.to_string())
    }

    pub(crate) fn fractions(&self) -> [String; 2] {
        let text = |fraction: Option<Fraction>| fraction.map_or_else(|| "-".to_owned(), Fraction::text);
        [text(self.precision()), text(self.recall())]
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "right": self.right,
            "wrong": self.wrong,
            "missed": self.missed,
            "precision": self.precision().map(Fraction::number),
            "recall": self.recall().map(Fraction::number),
        })
    }
}

/// How many quarters have the right lead time, of those that have any.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct QuarterScore {
    right: usize,
    all: usize,
}

impl QuarterScore {
    pub(crate) fn of(found: &Figures, truth: &Figures) -> Self {
        let all: BTreeSet<_> = found.keys().chain(truth.keys()).collect();
        let right = all
            .iter()
            .filter(|quarter| found.get(quarter) == truth.get(quarter));
        Self {
            right: right.count(),
            all: all.len(),
        }
    }

    pub(crate) const fn is_perfect(&self) -> bool {
        self.right == self.all
    }

    pub(crate) fn text(&self) -> String {
        format!("{} of {}", self.right, self.all)
    }

    pub(crate) fn json(&self) -> Value {
        json!({ "right": self.right, "all": self.all })
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

/// The first quarters whose lead time is not the right one, a line each.
pub(crate) fn quarter_mistakes(found: &Figures, truth: &Figures) -> Vec<String> {
    let text = |figures: &Figures, quarter| {
        figures
            .get(quarter)
            .map_or("none".to_owned(), ToString::to_string)
    };
    let all: BTreeSet<_> = found.keys().chain(truth.keys()).collect();
    let wrong = all
        .into_iter()
        .filter(|quarter| found.get(quarter) != truth.get(quarter));
    let lines = wrong.map(|quarter| {
        let (found, truth) = (text(found, quarter), text(truth, quarter));
        format!("{quarter}: {found}, right is {truth}")
    });
    lines.take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quarters::{Figure, Quarter};

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
        assert_eq!(score.counts(), ["2", "2", "2"]);
        assert_eq!(score.fractions(), ["0.5000", "0.5000"]);
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
    fn a_quarter_is_right_to_the_second_and_in_what_it_counts() {
        let figures = |figures: &[(i64, usize, f64)]| -> Figures {
            let figures = figures.iter();
            let quarter = |day: i64| Quarter::new(day * 86_400).unwrap();
            figures
                .map(|(day, count, p50)| {
                    (
                        quarter(*day),
                        Figure {
                            count: *count,
                            p50: *p50,
                        },
                    )
                })
                .collect()
        };
        let truth = figures(&[(0, 2, 30.5), (100, 1, 7.0), (200, 1, 7.0)]);
        let found = figures(&[(0, 2, 30.5), (100, 1, 8.0), (300, 1, 7.0)]);
        assert_eq!(QuarterScore::of(&found, &truth).text(), "1 of 4");
        assert!(QuarterScore::of(&truth, &truth).is_perfect());
        assert_eq!(
            quarter_mistakes(&found, &truth),
            [
                "1970 Q2: 8 s over 1, right is 7 s over 1",
                "1970 Q3: none, right is 7 s over 1",
                "1970 Q4: 7 s over 1, right is none"
            ]
        );
    }

    #[test]
    fn a_fraction_is_rounded_down_and_of_nothing_there_is_none() {
        let score = |right, wrong, missed| Score { right, wrong, missed };
        assert_eq!(score(99_999, 1, 0).fractions(), ["0.9999", "1.0000"]);
        assert_eq!(score(0, 0, 3).fractions(), ["-", "0.0000"]);
        assert_eq!(score(1, 2, 0).json()["precision"], json!(0.3333));
        assert_eq!(score(0, 0, 0).json()["recall"], Value::Null);
    }
}
