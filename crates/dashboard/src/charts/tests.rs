//! What every chart promises: no text that could be markup, no style or script, coordinates of one decimal, a rule for
//! every class, a size that a page can carry.

use super::samples::{bars, lines, points, scatter};
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
fn what_others_name_is_text() {
    let hostile = r#""><script>alert('1')</script>&"#;
    let point = Point {
        lines: 1,
        seconds: 1.0,
    };
    let marked = [Marked {
        point,
        name: hostile,
        href: Some("/\"><script>"),
    }];
    let of_all = Caption {
        id: hostile,
        title: hostile,
        description: hostile,
    };
    let mut drawn = bars("days", 2);
    drawn.caption = of_all;
    drawn.noun = (hostile, hostile);
    let mut lined = lines("weeks", 2);
    (lined.caption, lined.measure, lined.series[0].name) = (of_all, hostile, hostile);
    let scattered = Scatter {
        caption: of_all,
        measure: hostile,
        points: &[point],
        marked: &marked,
    };
    let title = Some(hostile);
    let trend = Sparkline {
        values: &[Some(1.0)],
        title,
    };
    for chart in [
        drawn.to_string(),
        lined.to_string(),
        scattered.to_string(),
        trend.to_string(),
    ] {
        assert!(!chart.contains("<script") && !chart.contains("'1'"), "{chart}");
        assert!(chart.contains("&lt;script&gt;"), "{chart}");
        assert_eq!(count(&chart, "<"), count(&chart, ">"), "{chart}");
    }
}

#[test]
fn no_chart_brings_style_or_script_or_more_than_a_decimal() {
    let many = points(2_000);
    for chart in [
        bars("days", 400).to_string(),
        lines("weeks", 57).to_string(),
        scatter("sizes", &many, &[]).to_string(),
        scatter("sizes", &many[..300], &[]).to_string(),
        Sparkline {
            values: &[Some(1.0), Some(2.0), Some(4.0)],
            title: None,
        }
        .to_string(),
    ] {
        for banned in ["style", "<script", "NaN", "inf", "url(", "fill=", "stroke=\""] {
            assert!(!chart.contains(banned), "{banned} in {chart}");
        }
        let decimals = chart.split('.').skip(1);
        let lengths = decimals.map(|rest| rest.chars().take_while(char::is_ascii_digit).count());
        assert!(lengths.max().unwrap_or_default() <= 1, "{chart}");
    }
}

#[test]
fn a_chart_is_as_small_as_a_page_needs_it() {
    for (what, chart, budget) in [
        ("120 days", bars("days", 120).to_string(), 18_000),
        ("90 days", bars("days", 90).to_string(), 14_000),
        ("57 weeks", lines("weeks", 57).to_string(), 20_000),
        (
            "10 000 points",
            scatter("sizes", &points(10_000), &[]).to_string(),
            20_000,
        ),
        (
            "10 000 points all over",
            scatter("sizes", &scattered_evenly(), &[]).to_string(),
            40_000,
        ),
    ] {
        assert!(chart.len() <= budget, "{what}: {}", chart.len());
    }
}

/// About the worst there is: a mark in nearly every cell.
fn scattered_evenly() -> Vec<Point> {
    let point = |index: u32| Point {
        lines: 101 + index % 120 * 83,
        seconds: 86_400.0 * f64::from(1 + index / 120),
    };
    (0..10_000).map(point).collect()
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

#[test]
fn every_class_has_a_rule() {
    let marked = [Marked {
        point: Point {
            lines: 1,
            seconds: 1.0,
        },
        name: "#1",
        href: Some("/1"),
    }];
    let many = points(3_000);
    let values = [Some(1.0), Some(2.0)];
    let all = [
        bars("days", 400).to_string(),
        lines("weeks", 12).to_string(),
        scatter("sizes", &many, &marked).to_string(),
        scatter("sizes", &many[..10], &[]).to_string(),
        Sparkline {
            values: &values,
            title: None,
        }
        .to_string(),
    ];
    for chart in all {
        let classes = chart
            .split(r#"class=""#)
            .skip(1)
            .map(|rest| rest.split_once('"').unwrap().0);
        for class in classes.flat_map(|classes| classes.split(' ')) {
            assert!(
                include_str!("charts.css").contains(&format!(".{class}")),
                "{class}"
            );
        }
    }
}
