//! What figures of several metrics have in common: distributions in their unit, and what happened day by day or week by
//! week.

use periscope_domain::metrics::{Distribution, Level, Rated, Rating, TimeSlice};
use serde::Serialize;
use utoipa::ToSchema;

macro_rules! distribution {
    ($($(#[$doc:meta])* $name:ident { $p50:tt, $p75:tt, $p95:tt, $mean:tt, $min:tt, $max:tt })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Serialize, ToSchema)]
        pub(super) struct $name {
            /// How many values there are.
            count: usize,
            /// Half of them are not greater.
            #[serde(rename = $p50)]
            p50: f64,
            /// Three quarters of them are not greater.
            #[serde(rename = $p75)]
            p75: f64,
            /// 95 % of them are not greater.
            #[serde(rename = $p95)]
            p95: f64,
            /// Their arithmetic mean.
            #[serde(rename = $mean)]
            mean: f64,
            /// The least.
            #[serde(rename = $min)]
            min: f64,
            /// The greatest.
            #[serde(rename = $max)]
            max: f64,
        }

        impl From<Distribution> for $name {
            fn from(of: Distribution) -> Self {
                Self {
                    count: of.count,
                    p50: of.p50,
                    p75: of.p75,
                    p95: of.p95,
                    mean: of.mean,
                    min: of.min,
                    max: of.max,
                }
            }
        }
    )+};
}

distribution! {
    /// A distribution of seconds.
    SecondsJson { "p50Seconds", "p75Seconds", "p95Seconds", "meanSeconds", "minSeconds", "maxSeconds" }
    /// A distribution of minutes.
    MinutesJson { "p50Minutes", "p75Minutes", "p95Minutes", "meanMinutes", "minMinutes", "maxMinutes" }
    /// A distribution of hours.
    HoursJson { "p50Hours", "p75Hours", "p95Hours", "meanHours", "minHours", "maxHours" }
}

/// A figure with its level.
#[derive(Serialize, ToSchema)]
pub(super) struct RatedJson<T> {
    #[serde(flatten)]
    figure: T,
    #[serde(flatten)]
    level: LevelJson,
}

/// How good a figure is, or why that is not said.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LevelJson {
    /// `elite`, `high`, `medium` or `low`; null over too few events.
    level: Option<&'static str>,
    /// Why there is no level; only where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_level: Option<ReasonJson>,
}

impl LevelJson {
    pub(super) fn new(rating: Rating) -> Self {
        Self {
            level: rating.ok().map(Level::as_str),
            no_level: rating.err().map(|reason| ReasonJson {
                code: reason.code(),
                message: reason.sentence().to_owned(),
            }),
        }
    }
}

/// Why something is not there.
#[derive(Serialize, ToSchema)]
pub(super) struct ReasonJson {
    /// In a code that never changes.
    pub(super) code: &'static str,
    /// For people.
    pub(super) message: String,
}

impl<T: From<Distribution>> RatedJson<T> {
    pub(super) fn of(rated: Rated) -> Self {
        Self {
            figure: rated.distribution.into(),
            level: LevelJson::new(rated.level),
        }
    }
}

/// What happened in a week.
#[derive(Serialize, ToSchema)]
pub(super) struct WeekJson<T> {
    /// By ISO 8601, `2026-W48`.
    week: String,
    #[serde(flatten)]
    figure: T,
}

/// What happened on a day.
#[derive(Serialize, ToSchema)]
pub(super) struct DayJson<T> {
    /// `2026-11-24`.
    date: String,
    #[serde(flatten)]
    figure: T,
}

pub(super) fn weeks<T, U>(series: &[(TimeSlice, T)], figure: impl Fn(&T) -> U) -> Vec<WeekJson<U>> {
    let weeks = series.iter().map(|(slice, value)| WeekJson {
        week: slice.name.clone(),
        figure: figure(value),
    });
    weeks.collect()
}

pub(super) fn days<T, U>(series: &[(TimeSlice, T)], figure: impl Fn(&T) -> U) -> Vec<DayJson<U>> {
    let days = series.iter().map(|(slice, value)| DayJson {
        date: slice.name.clone(),
        figure: figure(value),
    });
    days.collect()
}
