//! The processor's time that a request costs, by who works for it: told beside rates because it changes less with what
//! else the machine does.

use anyhow::Context;
use std::fs;
use std::process;

/// How `/proc` counts.
const TICKS_PER_SECOND: u64 = 100;

/// Processes that work for a request, beside this one, which makes the load.
#[derive(Clone, Copy)]
pub(crate) struct Workers {
    pub(crate) server: Option<u32>,
    pub(crate) postgres: u32,
}

/// Ticks used until now.
pub(crate) struct Meter {
    workers: Workers,
    used: [u64; 3],
}

/// Microseconds for each request.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) load: f64,
    pub(crate) server: f64,
    pub(crate) postgres: f64,
}

impl Meter {
    pub(crate) fn start(workers: Workers) -> anyhow::Result<Self> {
        let used = used_by(workers)?;
        Ok(Self { workers, used })
    }

    /// What each of so many requests has cost since the start.
    pub(crate) fn read(&self, requests: f64) -> anyhow::Result<Cost> {
        let mut now = used_by(self.workers)?.into_iter().zip(self.used);
        let mut each = || {
            let (now, before) = now.next().unwrap_or_default();
            let microseconds = (now - before) * 1_000_000 / TICKS_PER_SECOND;
            #[expect(clippy::cast_precision_loss, reason = "a mean for people")]
            let each = microseconds as f64 / requests;
            each
        };
        Ok(Cost {
            load: each(),
            server: each(),
            postgres: each(),
        })
    }
}

impl Cost {
    pub(crate) fn total(self) -> f64 {
        self.load + self.server + self.postgres
    }
}

fn used_by(workers: Workers) -> anyhow::Result<[u64; 3]> {
    let server = workers.server.map_or(Ok(0), |id| anyhow::Ok(stat(id)?.ticks))?;
    Ok([
        stat(process::id())?.ticks,
        server,
        with_children(workers.postgres)?,
    ])
}

fn with_children(id: u32) -> anyhow::Result<u64> {
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
    Ok(ticks)
}

/// A line of `/proc/PID/stat`.
struct Stat {
    parent: u32,
    /// Its own, and those of children that have ended.
    ticks: u64,
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
