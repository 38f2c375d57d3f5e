//! How a figure differs from that of the window before: by a share, or, where a share would say little, from what to what.

/// The greatest change that a percentage tells; a greater one comes from a figure near nothing.
const GREATEST: f64 = 999.0;

/// A change from one figure to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// By whole percents of the figure before, negative where it is less.
    Percent(f64),
    /// From nothing, or by more than 999 %: both figures say more than their ratio.
    FromTo,
}

impl Change {
    /// The change from a figure to the present one.
    #[must_use]
    pub fn between(before: f64, now: f64) -> Self {
        let percent = ((now - before) / before * 100.0).round();
        if percent.is_nan() {
            // Nothing after nothing.
            Self::Percent(0.0)
        } else if percent.abs() <= GREATEST {
            Self::Percent(percent)
        } else {
            Self::FromTo
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_a_percentage_up_to_999_and_from_what_to_what_beyond() {
        for (before, now, change) in [
            (2.0, 3.0, Change::Percent(50.0)),
            (2.0, 1.0, Change::Percent(-50.0)),
            (3.0, 3.0, Change::Percent(0.0)),
            (0.0, 0.0, Change::Percent(0.0)),
            (3.0, 0.0, Change::Percent(-100.0)),
            (3.0, 4.0, Change::Percent(33.0)),
            (1.0, 10.99, Change::Percent(999.0)),
            (1.0, 10.994, Change::Percent(999.0)),
            (1.0, 10.996, Change::FromTo),
            (1.0, 11.0, Change::FromTo),
            (0.0, 1.0, Change::FromTo),
            (0.0, 1e-9, Change::FromTo),
            (1e-300, 1e300, Change::FromTo),
        ] {
            assert_eq!(Change::between(before, now), change, "{before} {now}");
        }
    }
}
