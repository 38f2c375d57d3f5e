use super::charts::{NOTHING, change, count, level, number, percent, time};
use crate::output::table;
use periscope_domain::metrics::{Overview, Rating, Summary};

/// A line of the overview: how a figure is found in a summary, and how it is written.
struct Line {
    name: &'static str,
    figure: fn(&Summary) -> Option<f64>,
    level: fn(&Summary) -> Option<Rating>,
    write: fn(f64) -> String,
}

const LINES: [Line; 7] = [
    Line {
        name: "deployment frequency",
        figure: |of| of.deployment_frequency.map(|frequency| frequency.per_day),
        level: |of| of.deployment_frequency.map(|frequency| frequency.level),
        write: |per_day| format!("{} a day", number(per_day)),
    },
    Line {
        name: "lead time p50",
        figure: |of| of.lead_time.map(|rated| rated.distribution.p50),
        level: |of| of.lead_time.map(|rated| rated.level),
        write: time,
    },
    Line {
        name: "change failure rate",
        figure: |of| of.change_failure_rate.map(|rate| rate.share),
        level: |of| of.change_failure_rate.map(|rate| rate.level),
        write: percent,
    },
    Line {
        name: "time to recovery p50",
        figure: |of| of.recovery.map(|rated| rated.distribution.p50),
        level: |of| of.recovery.map(|rated| rated.level),
        write: |minutes| time(minutes * 60.0),
    },
    Line {
        name: "deployments",
        figure: |of| {
            of.deployment_frequency
                .map(|frequency| count(frequency.statuses.success))
        },
        level: |_| None,
        write: whole,
    },
    Line {
        name: "pull requests merged",
        figure: |of| of.pull_requests_merged.map(count),
        level: |_| None,
        write: whole,
    },
    Line {
        name: "pull request cycle time p50",
        figure: |of| of.cycle_time.map(|times| times.p50),
        level: |_| None,
        write: |hours| time(hours * 3600.0),
    },
];

fn whole(value: f64) -> String {
    format!("{value:.0}")
}

pub(super) fn overview(figures: &Overview) -> Vec<String> {
    let rows = LINES.iter().map(|line| {
        let (now, before) = ((line.figure)(&figures.current), (line.figure)(&figures.previous));
        let written = |figure: Option<f64>| figure.map_or_else(|| NOTHING.to_owned(), line.write);
        let level = (line.level)(&figures.current).map_or(NOTHING, level);
        vec![
            line.name.to_owned(),
            written(now),
            level.to_owned(),
            written(before),
            change(now, before, line.write),
        ]
    });
    vec![table(&["", "now", "level", "before", "change"], rows.collect())]
}
