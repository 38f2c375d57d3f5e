//! The processor's time that a process and its children have used: what a request costs, whoever else uses the machine.

use anyhow::Context;
use std::fs;
use std::time::Duration;

/// How `/proc` counts.
const TICKS_PER_SECOND: u64 = 100;

/// A line of `/proc/PID/stat`.
struct Stat {
    parent: u32,
    /// Its own, and that of children that have ended.
    ticks: u64,
}

/// What a process and all that it started have used until now.
pub(crate) fn used_by(id: u32) -> anyhow::Result<Duration> {
    let mut ticks = stat(id)?.ticks;
    for entry in fs::read_dir("/proc")? {
        let child = entry?.file_name().to_str().and_then(|name| name.parse().ok());
        // Others come and go meanwhile.
        if let Some(stat) = child.and_then(|child| stat(child).ok())
            && stat.parent == id
        {
            ticks += stat.ticks;
        }
    }
    Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}

fn stat(id: u32) -> anyhow::Result<Stat> {
    let text = fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name before it may contain anything.
    let (_, fields) = text.rsplit_once(')').context("no name")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let number = |index: usize| anyhow::Ok(fields.get(index).context("too short")?.parse::<u64>()?);
    Ok(Stat {
        parent: u32::try_from(number(1)?)?,
        ticks: number(11)? + number(12)? + number(13)? + number(14)?,
    })
}
