//! Ratios of two figures of one run, which say the same on every machine. Each is a line that `just bench` gathers.

/// Tells of a ratio and what it should be, if anything was promised.
pub(crate) fn tell_ratio(what: &str, ratio: f64, target: &str) {
    println!("ratio  {what:<66}{ratio:>8.2}  {target}");
}
