//! The steps of an explanation: those at its beginning and its end, if there are many. A base that is found behind a
//! thousand deployments that are none takes a thousand steps.

use crate::text;
use periscope_domain::use_cases::Step;

const AT_BEGINNING: usize = 20;
const AT_END: usize = 20;

/// Steps to show.
pub(crate) struct Steps {
    pub(crate) first: Vec<Step>,
    /// How many are left out after the first ones.
    left_out: usize,
    pub(crate) last: Vec<Step>,
}

impl Steps {
    pub(crate) fn of(mut steps: Vec<Step>) -> Self {
        let left_out = steps.len().saturating_sub(AT_BEGINNING + AT_END);
        let mut last = if left_out > 0 {
            steps.split_off(AT_BEGINNING)
        } else {
            Vec::new()
        };
        last.drain(..left_out);
        Self {
            first: steps,
            left_out,
            last,
        }
    }

    /// How many are left out after the first ones, if any.
    pub(crate) fn left_out(&self) -> Option<String> {
        (self.left_out > 0).then(|| text::counted(self.left_out, "more step"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_lies_between() {
        for (count, shown) in [
            (0, (0, 0, 0)),
            (40, (40, 0, 0)),
            (41, (20, 1, 20)),
            (1000, (20, 960, 20)),
        ] {
            let step = |number: usize| Step {
                code: "exact",
                sentence: number.to_string(),
            };
            let steps = Steps::of((0..count).map(step).collect());
            assert_eq!((steps.first.len(), steps.left_out, steps.last.len()), shown);
            let last = steps.last.iter().chain(&steps.first).next_back();
            let sentence = steps.last.last().or(last).map(|step| step.sentence.clone());
            assert_eq!(sentence, count.checked_sub(1).map(|last| last.to_string()));
        }
    }
}
