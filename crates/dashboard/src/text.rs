//! Figures, times and names as people read them. Nothing is computed here: a figure comes from the domain and only gets
//! its unit.

use periscope_domain::lead_time::LeadTime;
use periscope_domain::metrics::{Level, Rating, Window};
use periscope_domain::pull_request::{PullRequest, StoredPullRequest};
use periscope_domain::repository::Repository;
use periscope_domain::run::Run;
use periscope_domain::time_zone::{LocalTime, TimeZone};
use periscope_domain::timestamp::Timestamp;
use std::borrow::Borrow;
use time::Duration;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// What stands where there is no figure.
pub(crate) const NOTHING: &str = "\u{2013}";

/// What keeps a number and its unit on one line.
const NARROW_SPACE: char = '\u{202f}';

/// A span of time with its two largest units: `3 d 4 h`, `12 min`, `45 s`.
pub(crate) fn duration(seconds: f64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let seconds = whole(seconds);
    let Some(first) = UNITS.iter().position(|(size, _)| seconds >= *size) else {
        return format!("0{NARROW_SPACE}s");
    };
    let mut rest = seconds;
    let parts = UNITS.iter().skip(first).take(2).filter_map(|(size, unit)| {
        let count = rest / size;
        rest %= size;
        (count > 0).then(|| format!("{count}{NARROW_SPACE}{unit}"))
    });
    parts.collect::<Vec<_>>().join(" ")
}

#[expect(clippy::cast_possible_truncation, reason = "no span of time is that long")]
fn whole(seconds: f64) -> i64 {
    seconds.round() as i64
}

/// A number with as many decimals as are worth reading.
pub(crate) fn number(value: f64) -> String {
    let decimals = match value.abs() {
        value if value == 0.0 || value >= 100.0 => 0,
        10.0.. => 1,
        0.01.. => 2,
        _ => 4,
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        grouped(&text)
    }
}

/// A count with its thousands apart.
pub(crate) fn count(count: impl TryInto<u64>) -> String {
    grouped(&count.try_into().unwrap_or(u64::MAX).to_string())
}

fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) && digits.len() > 4 {
            text.push(NARROW_SPACE);
        }
        text.push(digit);
    }
    text
}

/// A whole number to compare or to write.
#[expect(clippy::cast_precision_loss, reason = "nobody has counted to 2 to the 53rd")]
pub(crate) fn float(number: i64) -> f64 {
    number as f64
}

/// So many of something: `1 deployment`, `12 deployments`.
pub(crate) fn counted(number: impl TryInto<u64>, one: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {one}{ending}", count(number))
}

/// A share as a percentage.
pub(crate) fn percent(share: f64) -> String {
    format!("{}{NARROW_SPACE}%", number(share * 100.0))
}

/// A code for programs as words for people: `rolled_back` is "rolled back".
pub(crate) fn words(code: &str) -> String {
    code.replace(['_', '-'], " ")
}

/// A level as a word, or that there are too few events for one.
pub(crate) fn rating(rating: Rating) -> &'static str {
    rating.map_or("too few", Level::as_str)
}

/// The beginning of a commit's SHA, as Git shortens it.
pub(crate) fn short_sha(sha: &str) -> &str {
    sha.get(..7).unwrap_or(sha)
}

/// A day in a zone: `24 Nov 2026`.
pub(crate) fn date(time: Timestamp, zone: &TimeZone) -> String {
    let local = zone.local_time(time);
    format!("{} {} {}", local.day, month(local), local.year)
}

/// The days of a window in a zone: `26 Oct 2026 – 24 Nov 2026`, both included.
pub(crate) fn span(window: Window, zone: &TimeZone) -> String {
    let last = window.until.plus(Duration::microseconds(-1));
    format!("{} \u{2013} {}", date(window.since, zone), date(last, zone))
}

/// A minute in a zone: `24 Nov 2026, 14:05`.
pub(crate) fn moment(time: Timestamp, zone: &TimeZone) -> String {
    let local = zone.local_time(time);
    format!("{}, {:02}:{:02}", date(time, zone), local.hour, local.minute)
}

fn month(local: LocalTime) -> &'static str {
    let place = usize::from(local.month).wrapping_sub(1);
    MONTHS.get(place).copied().unwrap_or_default()
}

/// How long ago something was, by its largest unit: `3 days ago`.
pub(crate) fn ago(time: Timestamp, now: Timestamp) -> String {
    const UNITS: [(i64, &str); 3] = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let seconds = (now.microseconds() - time.microseconds()) / 1_000_000;
    let unit = UNITS.iter().find(|(size, _)| seconds >= *size);
    unit.map_or_else(
        || "just now".to_owned(),
        |(size, unit)| format!("{} ago", counted(seconds / size, unit)),
    )
}

/// How long ago something was, or its day if that is more than a month.
pub(crate) fn when(time: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    if time.plus(Duration::days(31)) > now {
        ago(time, now)
    } else {
        date(time, zone)
    }
}

/// The time from one moment to another, none if it comes before.
pub(crate) fn between(from: Timestamp, to: Timestamp) -> String {
    let microseconds = to.microseconds().saturating_sub(from.microseconds());
    duration(Duration::microseconds(microseconds.max(0)).as_seconds_f64())
}

/// How long it took from a merge to production.
pub(crate) fn lead_time(time: impl Borrow<LeadTime>) -> String {
    duration(Duration::seconds(time.borrow().seconds()).as_seconds_f64())
}

/// How long a run took; `None` as long as it has not ended.
pub(crate) fn run_time(run: &Run) -> Option<String> {
    Some(between(run.started_at(), run.completed_at()?))
}

/// What a pull request is called beside its title: `owner/name#118`.
pub(crate) fn reference(stored: &StoredPullRequest, repositories: &[Repository]) -> String {
    let mut repositories = repositories.iter();
    let repository = repositories.find(|repository| repository.id == stored.repository_id);
    let repository = repository.map_or("", |repository| repository.name.as_str());
    format!("{repository}#{}", stored.pull_request.number)
}

/// A pull request in one line: `Faster imports, owner/name#118`.
pub(crate) fn pull_request(stored: &StoredPullRequest, repositories: &[Repository]) -> String {
    let reference = reference(stored, repositories);
    match &stored.pull_request.title {
        Some(title) => format!("{title}, {reference}"),
        None => reference,
    }
}

/// Lines added and deleted: `+12 −3`.
pub(crate) fn size(pull_request: &PullRequest) -> Option<String> {
    let [added, deleted] =
        [pull_request.additions?, pull_request.deletions?].map(|lines| count(lines.get().unsigned_abs()));
    Some(format!("+{added} \u{2212}{deleted}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_of_time_has_its_two_largest_units() {
        for (seconds, text) in [
            (0.0, "0\u{202f}s"),
            (0.4, "0\u{202f}s"),
            (59.6, "1\u{202f}min"),
            (61.0, "1\u{202f}min 1\u{202f}s"),
            (3_600.0, "1\u{202f}h"),
            (3_661.0, "1\u{202f}h 1\u{202f}min"),
            (86_400.0 + 59.0, "1\u{202f}d"),
            (700_000.0, "8\u{202f}d 2\u{202f}h"),
        ] {
            assert_eq!(duration(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn a_number_has_the_decimals_that_are_worth_reading() {
        for (value, text) in [
            (0.0, "0"),
            (0.0025, "0.0025"),
            (0.144, "0.14"),
            (1.5, "1.5"),
            (12.34, "12.3"),
            (123.4, "123"),
            (12_345.6, "12\u{202f}346"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn thousands_stand_apart_from_five_digits_on() {
        for (value, text) in [
            (0_u64, "0"),
            (9_999, "9999"),
            (10_000, "10\u{202f}000"),
            (1_234_567, "1\u{202f}234\u{202f}567"),
        ] {
            assert_eq!(count(value), text);
        }
    }

    #[test]
    fn a_moment_is_that_of_the_zone() {
        let time = Timestamp::parse("2026-11-24T23:05:59Z").unwrap();
        assert_eq!(moment(time, &TimeZone::UTC), "24 Nov 2026, 23:05");
        let berlin = TimeZone::parse("Europe/Berlin").unwrap();
        assert_eq!(moment(time, &berlin), "25 Nov 2026, 00:05");
    }

    #[test]
    fn how_long_ago_is_told_by_the_largest_unit() {
        let now = Timestamp::parse("2026-11-24T12:00:00Z").unwrap();
        for (time, text) in [
            ("2026-11-24T11:59:30Z", "just now"),
            ("2026-11-24T12:00:30Z", "just now"),
            ("2026-11-24T11:58:30Z", "1 minute ago"),
            ("2026-11-24T09:00:00Z", "3 hours ago"),
            ("2026-10-24T12:00:00Z", "31 days ago"),
        ] {
            assert_eq!(ago(Timestamp::parse(time).unwrap(), now), text);
        }
    }

    #[test]
    fn what_is_long_ago_is_told_by_its_day() {
        let now = Timestamp::parse("2026-11-24T12:00:00Z").unwrap();
        for (time, text) in [
            ("2026-11-24T11:00:00Z", "1 hour ago"),
            ("2026-10-25T12:00:00Z", "30 days ago"),
            ("2026-10-24T11:00:00Z", "24 Oct 2026"),
        ] {
            assert_eq!(when(Timestamp::parse(time).unwrap(), now, &TimeZone::UTC), text);
        }
    }
}
