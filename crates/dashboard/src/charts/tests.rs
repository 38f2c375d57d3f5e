//! What every chart promises: no text that could be markup, no style or script, coordinates of one decimal, a rule for
//! every class, a size that a page can carry.

use super::samples::bars;
use super::*;
use periscope_domain::metrics::{TimeSlice, Window};
use periscope_domain::timestamp::Timestamp;

/// How often a text is found in another.
pub(super) fn count(chart: &str, text: &str) -> usize {
    chart.matches(text).count()
}

/// The path data of the first mark of a class.
pub(super) fn path<'a>(chart: &'a str, class: &str) -> &'a str {
    let (_, rest) = chart
        .split_once(&format!(r#"class="{class}""#))
        .unwrap_or_default();
    let (_, rest) = rest.split_once(r#"d=""#).unwrap_or_default();
    rest.split_once('"').unwrap_or_default().0
}

pub(super) fn slice(name: &str) -> TimeSlice {
    let [since, until] = [Timestamp::FIRST, Timestamp::LAST];
    let name = name.to_owned();
    let window = Window { since, until };
    TimeSlice { name, window }
}

#[test]
fn templates_take_a_chart_as_it_is() {
    #[derive(askama::Template)]
    #[template(source = "{{ chart }}", ext = "html")]
    struct Page<'a> {
        chart: StackedBars<'a>,
    }
    let chart = bars("days", 5);
    let expected = chart.to_string();
    assert_eq!(askama::Template::render(&Page { chart }).unwrap(), expected);
}
