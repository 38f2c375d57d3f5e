//! What is measured about pull requests: how many, how long, and by whom.

use super::series::{DayJson, HoursJson, WeekJson, days, weeks};
use crate::read::format::List;
use periscope_domain::metrics::{Contributor, Contributors, CycleTime, MergeCounts, SizeVsTime};
use serde::Serialize;
use utoipa::ToSchema;

/// Pull request cycle time.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CycleTimeJson {
    /// In the window; null if it is known of no pull request.
    current: Option<HoursJson>,
    /// In the window before.
    previous: Option<HoursJson>,
    /// Every week of the window, by the merge.
    weekly: Vec<WeekJson<CycleTimeOfWeek>>,
}

/// The cycle times of a week.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CycleTimeOfWeek {
    /// Null if it is known of no pull request.
    cycle_time: Option<HoursJson>,
}

impl CycleTimeJson {
    pub(super) fn of(figures: &CycleTime) -> Self {
        Self {
            current: figures.current.map(Into::into),
            previous: figures.previous.map(Into::into),
            weekly: weeks(&figures.weekly, |week| CycleTimeOfWeek {
                cycle_time: week.map(Into::into),
            }),
        }
    }
}

/// Merged pull requests of a day or week.
#[derive(Serialize, ToSchema)]
pub(super) struct MergedJson {
    /// How many.
    pub(super) merged: u64,
}

/// Merged pull requests per ISO week.
#[derive(Serialize, ToSchema)]
pub(super) struct ThroughputJson {
    /// In the window; null if none was merged.
    current: Option<PerWeekJson>,
    /// In the window before.
    previous: Option<PerWeekJson>,
    /// Every week of the window, those without a merge too.
    weekly: Vec<WeekJson<MergedJson>>,
}

/// How many pull requests were merged.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PerWeekJson {
    /// All of them.
    merged: u64,
    /// A week.
    per_week: f64,
}

/// Merged pull requests per day.
#[derive(Serialize, ToSchema)]
pub(super) struct VelocityJson {
    /// In the window; null if none was merged.
    current: Option<PerDayJson>,
    /// In the window before.
    previous: Option<PerDayJson>,
    /// Every day of the window, those without a merge too.
    daily: Vec<DayJson<MergedJson>>,
}

/// How many pull requests were merged.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PerDayJson {
    /// All of them.
    merged: u64,
    /// A day of 24 hours.
    per_day: f64,
}

impl ThroughputJson {
    pub(super) fn of(figures: &MergeCounts) -> Self {
        let [current, previous] = [figures.current, figures.previous].map(|count| {
            count.map(|count| PerWeekJson {
                merged: count.merged,
                per_week: count.per_slice,
            })
        });
        Self {
            current,
            previous,
            weekly: weeks(&figures.series, |merged| MergedJson { merged: *merged }),
        }
    }
}

impl VelocityJson {
    pub(super) fn of(figures: &MergeCounts) -> Self {
        let [current, previous] = [figures.current, figures.previous].map(|count| {
            count.map(|count| PerDayJson {
                merged: count.merged,
                per_day: count.per_slice,
            })
        });
        Self {
            current,
            previous,
            daily: days(&figures.series, |merged| MergedJson { merged: *merged }),
        }
    }
}

impl List for ThroughputJson {
    type Row = WeekJson<MergedJson>;
    const COLUMNS: &'static [&'static str] = &["week", "merged"];

    fn rows(&self) -> &[Self::Row] {
        &self.weekly
    }
}

impl List for VelocityJson {
    type Row = DayJson<MergedJson>;
    const COLUMNS: &'static [&'static str] = &["date", "merged"];

    fn rows(&self) -> &[Self::Row] {
        &self.daily
    }
}

/// Size of pull requests against cycle time.
#[derive(Serialize, ToSchema)]
pub(super) struct SizeVsTimeJson {
    /// In the window.
    current: PointsJson,
    /// In the window before.
    previous: PointsJson,
    /// The latest ten thousand of the window, in order of the merge.
    points: Vec<PointJson>,
}

/// How many points there are.
#[derive(Serialize, ToSchema)]
struct PointsJson {
    /// Null if there are none.
    points: Option<usize>,
}

/// One pull request.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PointJson {
    /// Periscope's number for it.
    pull_request_id: i64,
    /// Lines added and deleted together.
    lines: u32,
    /// From its opening to its merge.
    cycle_time_hours: f64,
}

impl SizeVsTimeJson {
    pub(super) fn of(figures: &SizeVsTime) -> Self {
        let [current, previous] = [figures.current, figures.previous].map(|count| PointsJson {
            points: (count > 0).then_some(count),
        });
        let points = figures.points.iter().map(|point| PointJson {
            pull_request_id: point.pull_request_id.get(),
            lines: point.lines,
            cycle_time_hours: point.cycle_time_hours,
        });
        Self {
            current,
            previous,
            points: points.collect(),
        }
    }
}

impl List for SizeVsTimeJson {
    type Row = PointJson;
    const COLUMNS: &'static [&'static str] = &["pullRequestId", "lines", "cycleTimeHours"];

    fn rows(&self) -> &[Self::Row] {
        &self.points
    }
}

/// Whose pull requests were merged.
#[derive(Serialize, ToSchema)]
pub(super) struct ContributorsJson {
    /// In the window.
    current: AuthorsJson,
    /// In the window before.
    previous: AuthorsJson,
    /// Each author; who had the most merged comes first.
    contributors: Vec<ContributorJson>,
}

/// How many authors there are.
#[derive(Serialize, ToSchema)]
struct AuthorsJson {
    /// Those that are known; null if nothing of a known author was merged.
    authors: Option<usize>,
}

/// An author.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContributorJson {
    /// The login; null stands for all pull requests of which nobody has told whose they are.
    author: Option<String>,
    /// Pull requests merged in the window.
    merged: u64,
    /// Pull requests merged in the window before.
    previously_merged: u64,
    /// Of all that were merged in the window: 0 to 1.
    share: f64,
    /// Lines added and deleted together, on average over those of which they are known.
    mean_lines: Option<f64>,
    /// From opening to merge, on average over those of which it is known.
    mean_cycle_time_hours: Option<f64>,
    /// The last merge in the window.
    last_merged_at: Option<String>,
}

impl ContributorsJson {
    pub(super) fn of(figures: &Contributors) -> Self {
        let [current, previous] = [figures.current, figures.previous].map(|count| AuthorsJson {
            authors: (count > 0).then_some(count),
        });
        Self {
            current,
            previous,
            contributors: figures.contributors.iter().map(ContributorJson::of).collect(),
        }
    }
}

impl ContributorJson {
    fn of(contributor: &Contributor) -> Self {
        Self {
            author: contributor.author.clone(),
            merged: contributor.merged,
            previously_merged: contributor.previously_merged,
            share: contributor.share,
            mean_lines: contributor.mean_lines,
            mean_cycle_time_hours: contributor.mean_cycle_time_hours,
            last_merged_at: contributor.last_merged_at.map(|time| time.to_string()),
        }
    }
}

impl List for ContributorsJson {
    type Row = ContributorJson;
    const COLUMNS: &'static [&'static str] = &[
        "author",
        "merged",
        "previouslyMerged",
        "share",
        "meanLines",
        "meanCycleTimeHours",
        "lastMergedAt",
    ];

    fn rows(&self) -> &[Self::Row] {
        &self.contributors
    }
}
