//! Axes of numbers: where a value lies and which round values are labelled. Linear axes begin at 0, because a bar or a
//! line that does not exaggerates; their steps are 1, 2 or 5 times a power of ten, or what a clock has (15 minutes, 6
//! hours). A logarithmic axis serves values that differ a hundredfold and more; a zero, which has no logarithm, gets a
//! place of its own in front of it.

use super::text::grouped;

/// At most so many steps on an axis.
const STEPS: f64 = 5.0;
/// The part of a logarithmic axis that zeros are given.
const ZERO: f64 = 0.06;
/// How near labels of a logarithmic axis may come, as a part of it.
const NEAR: f64 = 0.06;

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3_600.0;
const DAY: f64 = 86_400.0;

/// The spans of time that people have words for, and which of them are kept where there is no room for all.
const RUNGS: [(f64, &str, u8); 13] = [
    (1.0, "1 s", 2),
    (10.0, "10 s", 3),
    (MINUTE, "1 min", 0),
    (10.0 * MINUTE, "10 min", 2),
    (HOUR, "1 h", 0),
    (6.0 * HOUR, "6 h", 3),
    (DAY, "1 d", 0),
    (7.0 * DAY, "7 d", 1),
    (30.0 * DAY, "30 d", 2),
    (90.0 * DAY, "90 d", 4),
    (365.0 * DAY, "1 y", 1),
    (3_650.0 * DAY, "10 y", 2),
    (36_500.0 * DAY, "100 y", 3),
];

/// An axis of numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    scale: Scale,
    /// What is labelled, the least first.
    pub(super) ticks: Vec<Tick>,
    /// What its numbers count, if its labels do not say so.
    pub(super) unit: &'static str,
}

/// A round value of an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    /// Where it lies, from 0 to 1.
    pub(super) at: f64,
    pub(super) label: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Scale {
    Linear { top: f64 },
    Logarithmic { low: f64, high: f64, zero: f64 },
}

impl Scale {
    fn at(self, value: f64) -> f64 {
        match self {
            Self::Linear { top } => value / top,
            Self::Logarithmic { low, .. } if value < low => 0.0,
            Self::Logarithmic { low, high, zero } => {
                zero + (1.0 - zero) * (value / low).ln() / (high / low).ln()
            }
        }
    }
}

impl Axis {
    /// From this ratio of the greatest to the least value on, an axis of points is logarithmic.
    pub(super) const WIDE: f64 = 100.0;

    /// Of whole numbers from 0 to a round one that is not less than the greatest.
    pub(super) fn counts(greatest: f64) -> Self {
        Self::linear(greatest, nice_step(greatest, 1.0), 1.0, "")
    }

    /// Of spans of time in seconds, from 0, in the unit that suits the longest.
    pub(super) fn durations(longest: f64) -> Self {
        let longest = sound(longest).unwrap_or(MINUTE);
        let (size, unit, steps): (f64, _, &[f64]) = match longest {
            longest if longest < 2.0 * MINUTE => (1.0, "seconds", &[1.0, 2.0, 5.0, 10.0, 15.0, 30.0]),
            longest if longest < 2.0 * HOUR => (MINUTE, "minutes", &[1.0, 2.0, 5.0, 10.0, 15.0, 30.0]),
            longest if longest < 2.0 * DAY => (HOUR, "hours", &[0.5, 1.0, 2.0, 3.0, 6.0, 12.0]),
            _ => (DAY, "days", &[]),
        };
        let longest = longest / size;
        let step = steps.iter().copied().find(|step| longest <= step * STEPS);
        Self::linear(
            longest,
            step.unwrap_or_else(|| nice_step(longest, 0.0)),
            size,
            unit,
        )
    }

    fn linear(greatest: f64, step: f64, size: f64, unit: &'static str) -> Self {
        let greatest = sound(greatest).unwrap_or(step);
        let count = (greatest / step - 1e-9).ceil().clamp(1.0, STEPS + 1.0);
        let values = (0_u8..=10).map(f64::from).take_while(|index| *index <= count);
        Self {
            ticks: values
                .map(|index| Tick {
                    at: index / count,
                    label: number(index * step, step),
                })
                .collect(),
            scale: Scale::Linear {
                top: step * count * size,
            },
            unit,
        }
    }

    /// For whole numbers that may differ widely: logarithmic if they do.
    pub(super) fn counts_of_any_size(values: impl Iterator<Item = f64> + Clone) -> Self {
        let Some((least, greatest)) = wide(values.clone(), Self::WIDE) else {
            return Self::counts(values.fold(0.0, f64::max));
        };
        let round =
            || (0..=10).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| (digit, digit * 10_f64.powi(power))));
        let digits = if greatest / least > 1_000.0 { 1.0 } else { 5.0 };
        let low = round().rfind(|(digit, value)| *digit <= digits && *value <= least);
        let high = round().find(|(_, value)| *value >= greatest);
        let (low, high) = (low.map_or(1.0, |low| low.1), high.map_or(greatest, |high| high.1));
        let rungs = round().filter(|(digit, value)| *digit <= digits && (low..=high).contains(value));
        let rungs = rungs.map(|(digit, value)| (value, number(value, value), u8::from(digit > 1.0)));
        Self::logarithmic(low, high, values, rungs.collect())
    }

    /// For spans of time in seconds that may differ widely: logarithmic from a ratio of the longest to the shortest on.
    pub(super) fn durations_of_any_size(values: impl Iterator<Item = f64> + Clone, ratio: f64) -> Self {
        let Some((shortest, longest)) = wide(values.clone(), ratio) else {
            return Self::durations(values.fold(0.0, f64::max));
        };
        // Below the shortest, which else would lie on the axis itself.
        let low = RUNGS.iter().rfind(|rung| rung.0 < shortest);
        let high = RUNGS.iter().find(|rung| rung.0 >= longest);
        let (low, high) = (
            low.map_or(1.0, |rung| rung.0),
            high.map_or(longest, |rung| rung.0),
        );
        let rungs = RUNGS.iter().filter(|rung| (low..=high).contains(&rung.0));
        let rungs = rungs.map(|(seconds, label, rank)| (*seconds, (*label).to_owned(), *rank));
        Self::logarithmic(low, high, values, rungs.collect())
    }

    fn logarithmic(
        low: f64,
        high: f64,
        mut values: impl Iterator<Item = f64>,
        mut rungs: Vec<(f64, String, u8)>,
    ) -> Self {
        let zero = if values.any(|value| value < low) {
            ZERO
        } else {
            0.0
        };
        let scale = Scale::Logarithmic { low, high, zero };
        let mut ticks: Vec<Tick> = Vec::new();
        if zero > 0.0 {
            let label = "0".to_owned();
            ticks.push(Tick { at: 0.0, label });
        }
        rungs.sort_by_key(|rung| rung.2);
        for (value, label, _) in rungs {
            let at = scale.at(value);
            if ticks.iter().all(|tick| (tick.at - at).abs() >= NEAR) {
                ticks.push(Tick { at, label });
            }
        }
        ticks.sort_by(|one, other| one.at.total_cmp(&other.at));
        let unit = "";
        Self { scale, ticks, unit }
    }

    pub(super) const fn is_logarithmic(&self) -> bool {
        matches!(self.scale, Scale::Logarithmic { .. })
    }

    /// Where a value lies, from 0 to 1.
    pub(super) fn at(&self, value: f64) -> f64 {
        self.scale.at(value).clamp(0.0, 1.0)
    }
}

fn sound(value: f64) -> Option<f64> {
    (value.is_finite() && value > 0.0).then_some(value)
}

/// The least positive and the greatest value, where they differ widely.
fn wide(values: impl Iterator<Item = f64>, ratio: f64) -> Option<(f64, f64)> {
    let positive = values.filter_map(sound);
    let (low, high) = positive.fold((f64::INFINITY, 0.0_f64), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    (high / low >= ratio).then_some((low, high))
}

/// The step of 1, 2 or 5 times a power of ten that reaches the greatest value in at most five.
fn nice_step(greatest: f64, least: f64) -> f64 {
    let Some(rough) = sound(greatest / STEPS) else {
        return least.max(1.0);
    };
    let power = 10_f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|digit| digit * power);
    let step = steps.into_iter().find(|step| *step >= rough * (1.0 - 1e-9));
    step.unwrap_or(10.0 * power).max(least)
}

/// A number of an axis, with the decimals that its step has.
fn number(value: f64, step: f64) -> String {
    if step < 1.0 && value > 0.0 {
        let decimals = if step < 0.1 { 2 } else { 1 };
        return format!("{value:.decimals$}");
    }
    let text = format!("{value:.0}");
    text.parse().map_or(text, grouped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> String {
        let labels: Vec<_> = axis.ticks.iter().map(|tick| tick.label.as_str()).collect();
        labels.join(" ")
    }

    #[test]
    fn counts_begin_at_zero_and_step_by_round_whole_numbers() {
        for (greatest, expected) in [
            (0.0, "0 1"),
            (1.0, "0 1"),
            (2.0, "0 1 2"),
            (5.0, "0 1 2 3 4 5"),
            (6.0, "0 2 4 6"),
            (12.0, "0 5 10 15"),
            (50.0, "0 10 20 30 40 50"),
            (51.0, "0 20 40 60"),
            (987.0, "0 200 400 600 800 1,000"),
            (12_345.0, "0 5,000 10,000 15,000"),
            (f64::NAN, "0 1"),
        ] {
            let axis = Axis::counts(greatest);
            assert_eq!(labels(&axis), expected, "{greatest}");
            let ends = [axis.ticks.first(), axis.ticks.last()].map(|tick| tick.unwrap().at.to_bits());
            assert_eq!(ends, [0.0_f64, 1.0].map(f64::to_bits), "{greatest}");
        }
    }

    #[test]
    fn durations_step_as_clocks_do_and_name_their_unit() {
        for (longest, unit, expected) in [
            (0.0, "seconds", "0 15 30 45 60"),
            (40.0, "seconds", "0 10 20 30 40"),
            (30.0 * MINUTE, "minutes", "0 10 20 30"),
            (70.0 * MINUTE, "minutes", "0 15 30 45 60 75"),
            (2.0 * HOUR, "hours", "0 0.5 1.0 1.5 2.0"),
            (30.0 * HOUR, "hours", "0 6 12 18 24 30"),
            (47.0 * HOUR, "hours", "0 12 24 36 48"),
            (2.1 * DAY, "days", "0 0.5 1.0 1.5 2.0 2.5"),
            (9.0 * DAY, "days", "0 2 4 6 8 10"),
            (400.0 * DAY, "days", "0 100 200 300 400"),
        ] {
            let axis = Axis::durations(longest);
            assert_eq!((axis.unit, labels(&axis).as_str()), (unit, expected), "{longest}");
            assert!(axis.at(longest) > 0.7 || longest == 0.0, "{longest}");
        }
    }

    #[test]
    fn counts_that_differ_widely_are_on_powers_of_ten() {
        for (values, expected) in [
            (&[3.0, 250.0][..], "0 50 100 150 200 250"),
            (&[0.0], "0 1"),
            (&[0.0, 0.0, 7.0], "0 2 4 6 8"),
            (&[1.0, 40_000.0], "1 10 100 1,000 10,000"),
            (&[0.0, 1.0, 40_000.0], "0 1 10 100 1,000 10,000"),
            (&[20.0, 2_500.0], "20 50 100 200 500 1,000 2,000 5,000"),
        ] {
            let axis = Axis::counts_of_any_size(values.iter().copied());
            assert_eq!(labels(&axis), expected, "{values:?}");
        }
    }

    #[test]
    fn durations_that_differ_widely_are_on_spans_that_have_names() {
        for (values, expected) in [
            (&[HOUR, 20.0 * HOUR][..], "0 6 12 18 24"),
            (&[MINUTE, 2.0 * DAY], "10 s 1 min 10 min 1 h 6 h 1 d 7 d"),
            (
                &[0.0, 5.0, 300.0 * DAY],
                "0 1 s 10 s 1 min 10 min 1 h 6 h 1 d 7 d 30 d 1 y",
            ),
        ] {
            let axis = Axis::durations_of_any_size(values.iter().copied(), Axis::WIDE);
            assert_eq!(labels(&axis), expected, "{values:?}");
        }
    }

    #[test]
    fn a_zero_lies_before_all_that_is_logarithmic() {
        let axis = Axis::counts_of_any_size([0.0, 1.0, 10_000.0].into_iter());
        let places = [0.0, 1.0, 100.0, 10_000.0].map(|value| axis.at(value));
        assert_eq!(
            places.map(|at| format!("{at:.2}")),
            ["0.00", "0.06", "0.53", "1.00"]
        );
    }
}
