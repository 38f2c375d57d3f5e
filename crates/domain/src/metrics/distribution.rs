//! How spans of time are distributed: percentiles that interpolate linearly, as SQL's `percentile_cont` does
//! (R's type 7; Hyndman and Fan, *Sample Quantiles in Statistical Packages*, 1996).

/// The distribution of at least one value, in the unit of the values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distribution {
    /// How many values there are.
    pub count: usize,
    /// Half of them are not greater.
    pub p50: f64,
    /// Three quarters of them are not greater.
    pub p75: f64,
    /// 95 % of them are not greater.
    pub p95: f64,
    /// Their arithmetic mean.
    pub mean: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

impl Distribution {
    /// The distribution of values, which are put into another order; `None` of none.
    #[must_use]
    pub fn of(values: &mut [i64]) -> Option<Self> {
        let min = *values.iter().min()?;
        let max = *values.iter().max()?;
        let sum: i128 = values.iter().map(|value| i128::from(*value)).sum();
        Some(Self {
            count: values.len(),
            p50: percentile(values, 50)?,
            p75: percentile(values, 75)?,
            p95: percentile(values, 95)?,
            mean: float(sum) / float(values.len() as i128),
            min: float(min.into()),
            max: float(max.into()),
        })
    }

    /// The same in a unit that is so many times larger.
    #[must_use]
    pub fn in_unit_of(self, size: f64) -> Self {
        Self {
            count: self.count,
            p50: self.p50 / size,
            p75: self.p75 / size,
            p95: self.p95 / size,
            mean: self.mean / size,
            min: self.min / size,
            max: self.max / size,
        }
    }
}

/// The value below which so many percent lie: at rank `percent / 100 * (count - 1)`, between its neighbours in
/// proportion.
fn percentile(values: &mut [i64], percent: usize) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let (rank, rest) = (percent * last / 100, percent * last % 100);
    let (_, below, above) = values.select_nth_unstable(rank);
    let below = float(i128::from(*below));
    let above = above.iter().min();
    Some(above.map_or(below, |above| {
        below + (float(i128::from(*above)) - below) * float(rest as i128) / 100.0
    }))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "times below 285 years in microseconds are exact"
)]
fn float(number: i128) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn percentiles_interpolate_linearly() {
        for (values, p50, p75, p95, mean) in [
            (vec![7], 7.0, 7.0, 7.0, 7.0),
            (vec![20, 10], 15.0, 17.5, 19.5, 15.0),
            (vec![4, 1, 3, 2], 2.5, 3.25, 3.85, 2.5),
            (vec![5, 5, 5, 5], 5.0, 5.0, 5.0, 5.0),
            ((0..=100).rev().collect(), 50.0, 75.0, 95.0, 50.0),
        ] {
            let distribution = Distribution::of(&mut values.clone()).unwrap();
            assert_eq!(
                (distribution.p50, distribution.p75, distribution.mean),
                (p50, p75, mean),
                "{values:?}"
            );
            assert!((distribution.p95 - p95).abs() < 1e-12, "{values:?}");
        }
    }

    #[test]
    fn nothing_has_no_distribution() {
        assert_eq!(Distribution::of(&mut []), None);
    }

    proptest! {
        #[test]
        fn percentiles_are_those_of_the_sorted_values(mut values in proptest::collection::vec(-50..50_i32, 1..60)) {
            let mut shuffled: Vec<_> = values.iter().copied().map(i64::from).collect();
            let distribution = Distribution::of(&mut shuffled).unwrap();
            values.sort_unstable();
            let expected = |percent: u32| {
                let hundredths = percent * u32::try_from(values.len() - 1).unwrap();
                let low = (hundredths / 100) as usize;
                let [low, high] = [low, (low + 1).min(values.len() - 1)].map(|rank| f64::from(values[rank]));
                low + (high - low) * f64::from(hundredths % 100) / 100.0
            };
            for (found, percent) in [(distribution.p50, 50), (distribution.p75, 75), (distribution.p95, 95)] {
                prop_assert!((found - expected(percent)).abs() < 1e-9);
            }
        }
    }
}
