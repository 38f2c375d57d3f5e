//! The same questions as SQL that anyone would write, on the same tables, without the indexes that were made for them.

use crate::database::Database;
use crate::world::LARGE;
use anyhow::Context;

/// What completed in production in a window of so many days.
const COMPLETED: &str = "
    d.organization_id = :organization and d.environment = 'production'
    and d.completed_at >= now() - :days * interval '1 day' and d.completed_at < now()";

/// For each question the metric that answers it.
const QUESTIONS: [(&str, &str); 5] = [
    (
        "deployment-frequency",
        "select date_trunc('day', d.completed_at at time zone 'UTC'), d.status, count(*)
        from deployments d where :completed group by 1, 2",
    ),
    (
        "lead-time",
        "select percentile_cont(array[0.5, 0.75, 0.95]) within group (order by f.lead_time_seconds)
        from (
            select distinct on (l.pull_request_id, lower(d.service)) l.lead_time_seconds
            from deployments d
            join links l on l.organization_id = d.organization_id and l.deployment_id = d.id
            where :completed and d.status = 'success'
            order by l.pull_request_id, lower(d.service), d.completed_at, d.id
        ) f",
    ),
    (
        "change-failure-rate",
        "select lower(d.service), count(*) filter (where d.status <> 'success')::float / count(*)
        from deployments d where :completed and d.status <> 'cancelled' group by 1",
    ),
    (
        "mttr",
        "with ended as (
            select lower(d.service) as service, d.completed_at, d.status = 'success' as succeeded,
                count(*) filter (where d.status = 'success')
                    over (partition by lower(d.service) order by d.completed_at, d.id) as successes
            from deployments d where :completed and d.status <> 'cancelled'
        ),
        opened as (
            select service, successes, min(completed_at) as opened_at
            from ended where not succeeded and successes > 0 group by 1, 2
        )
        select percentile_cont(array[0.5, 0.75, 0.95])
            within group (order by extract(epoch from e.completed_at - o.opened_at))
        from opened o
        join ended e on e.service = o.service and e.successes = o.successes + 1 and e.succeeded",
    ),
    (
        "pr-cycle-time",
        "select percentile_cont(array[0.5, 0.75, 0.95])
            within group (order by extract(epoch from p.merged_at - p.created_at))
        from pull_requests p
        where p.organization_id = :organization and p.merged_at >= now() - :days * interval '1 day'",
    ),
];

const SETTINGS: &str =
    "set enable_indexscan = off; set enable_bitmapscan = off; set enable_indexonlyscan = off";

/// For each metric how many milliseconds its question takes, the least of a few times.
pub(crate) fn ask(database: &Database, days: u32) -> anyhow::Result<Vec<(&'static str, f64)>> {
    let times = QUESTIONS.map(|(metric, question)| {
        let question = question
            .replace(":completed", COMPLETED)
            .replace(":organization", &LARGE.to_string())
            .replace(":days", &days.to_string());
        let output = database.psql(&[SETTINGS, "\\timing on", &question, &question, &question])?;
        let times = output
            .lines()
            .filter_map(|line| line.strip_prefix("Time: ")?.split(' ').next()?.parse().ok());
        let least = times.min_by(f64::total_cmp).context("psql told no time")?;
        Ok((metric, least))
    });
    times.into_iter().collect()
}
