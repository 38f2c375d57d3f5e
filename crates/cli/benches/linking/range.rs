//! A deployment of a large repository with a long range, against one of the same repository without a range.

use crate::ratios::tell_ratio;
use crate::world::{World, report};
use crate::{Arguments, percentile, tell};
use anyhow::ensure;
use serde_json::Value;
use std::time::Instant;

const REPOSITORY: &str = "acme/large";

pub(crate) fn measure(world: &World, arguments: &Arguments) -> anyhow::Result<()> {
    let before = world.memory()?;
    let begun = Instant::now();
    world.tell_commits(REPOSITORY, arguments.commits)?;
    let seconds = begun.elapsed().as_secs_f64();
    let merges: Vec<u32> = (1..=arguments.commits)
        .filter(|number| number % 10 == 0)
        .collect();
    world.tell_merges(REPOSITORY, &merges)?;
    tell(
        "commits told, per second",
        format!("{:.0}", f64::from(arguments.commits) / seconds),
    );

    let mut connection = world.connect()?;
    let head = arguments.commits;
    let mut completed = i64::from(head);
    let mut send = |name: &str, place: u32, range: u32| {
        completed += 10;
        let report = report(
            &format!("{name}-{place}"),
            REPOSITORY,
            head,
            Some(head - range),
            completed,
        );
        world.post(&mut connection, "/api/webhooks/deployments", &report)
    };
    let (answer, cold) = send("cold", 0, arguments.range)?;
    let linked = answer.get("linkedPRs").and_then(Value::as_u64);
    ensure!(linked == Some(u64::from(arguments.range / 10)), "{answer}");
    tell(
        "first deployment, which reads the history, ms",
        format!("{cold:.0}"),
    );
    tell(
        "memory that the history took, MB",
        world.memory()?.saturating_sub(before),
    );
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for place in 0..arguments.rounds {
        without.push(send("without", place, 0)?.1);
        with.push(send("with", place, arguments.range)?.1);
    }
    let [without, with] = [without, with].map(|mut times| percentile(&mut times, 50));
    tell("deployment without a range, ms", format!("{without:.2}"));
    tell(
        &format!(
            "deployment with {} commits and {} links, ms",
            arguments.range,
            arguments.range / 10
        ),
        format!("{with:.2}"),
    );
    tell_ratio(
        "deployment with a long range, to one without",
        with / without,
        "at most 3",
    );
    Ok(())
}
