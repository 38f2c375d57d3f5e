//! A page with every chart, wide and narrow, light and dark, to look at:
//! `cargo test -p periscope-dashboard gallery -- --ignored --nocapture` says where it is.

use super::samples::{bars, lines, points, scatter};
use super::*;
use std::fmt::Write as _;

/// Every chart, with its name and what it weighs.
fn gallery(prefix: &str) -> String {
    let mut page = String::new();
    let mut show = |name: &str, chart: String| {
        write!(page, "<h2>{name} <small>{} B</small></h2>{chart}", chart.len()).unwrap();
    };
    let id = |name: &str| format!("{prefix}-{name}");
    show("Deployments, 30 days", bars(&id("b30"), 30).to_string());
    show("Deployments, 90 days", bars(&id("b90"), 90).to_string());
    show("Deployments, 400 days", bars(&id("b400"), 400).to_string());
    show("Deployments, 7 days", bars(&id("b7"), 7).to_string());
    show("Deployments, 1 day", bars(&id("b1"), 1).to_string());
    let mut none = bars("none", 30);
    none.bars.iter_mut().for_each(|bar| bar.counts = [0; 4]);
    show("Deployments, none", none.to_string());
    let mut outlier = bars("outlier", 60);
    outlier.bars[41].counts = [2_140, 1, 0, 0];
    show("Deployments, an outlier", outlier.to_string());
    show("Lead time, 33 weeks", lines(&id("l33"), 33).to_string());
    show("Lead time, 4 weeks", lines(&id("l4"), 4).to_string());
    show("Lead time, 1 week", lines(&id("l1"), 1).to_string());
    let mut outlier = lines("late", 20);
    outlier.series[2].values[12] = Some(86_400.0 * 90.0);
    show("Lead time, an outlier", outlier.to_string());
    let many = points(10_000);
    let marked = [
        (
            Point {
                lines: 12_400,
                seconds: 86_400.0 * 41.0,
            },
            "#4182 Split the importer",
            Some("/pulls/1"),
        ),
        (
            Point {
                lines: 3,
                seconds: 86_400.0 * 20.0,
            },
            "#4101 <b>Typo</b>",
            Some("javascript:alert(1)"),
        ),
    ];
    let marked = marked.map(|(point, name, href)| Marked { point, name, href });
    show("Size, 10 000", scatter(&id("s10k"), &many, &marked).to_string());
    show(
        "Size, 1 500",
        scatter(&id("s1k"), &many[..1_500], &marked).to_string(),
    );
    show(
        "Size, 120",
        scatter(&id("s120"), &many[..120], &marked[..1]).to_string(),
    );
    let near: Vec<Point> = (1..30)
        .map(|n| Point {
            lines: 10 + n * 3,
            seconds: 3_600.0 * f64::from(n % 9 + 1),
        })
        .collect();
    show(
        "Size, near each other",
        scatter(&id("s30"), &near, &[]).to_string(),
    );
    show("Size, one", scatter(&id("s1"), &near[..1], &[]).to_string());
    let trend: Vec<Option<f64>> = points(30)
        .iter()
        .map(|point| (point.lines % 7 != 3).then_some(point.seconds))
        .collect();
    let sparklines = [
        &trend[..],
        &[Some(3.0), Some(3.0), Some(3.0)],
        &[Some(1.0)],
        &[Some(1.0), None, Some(3.0), None, Some(2.0)],
        &[],
    ];
    let title = Some("Deployments per week, rising");
    let sparklines = sparklines.map(|values| format!("<td>{}</td>", Sparkline { values, title }));
    show(
        "Sparklines",
        format!("<table><tr>{}</tr></table>", sparklines.concat()),
    );
    page
}

const PAGE: &str = "body{margin:0;font-family:system-ui,'DejaVu Sans',sans-serif;font-size:14px}
section{background:var(--surface);color:var(--ink);padding:16px;box-sizing:border-box}
h2{font-size:15px;margin:24px 0 4px}small{font-weight:400;color:var(--ink-soft)}td{width:8rem}.narrow{width:360px}
.pair{display:flex}
.light{--ink:#1d2228;--ink-soft:#5b6470;--line:#e2e6ea;--surface:#fff;--series-1:#2a63b8;--series-2:#0b7f74;--series-3:#a2468f;--series-4:#8a6d1f;--success:#3b8259;--failure:#c0352b;--cancelled:#8a94a0;--rolled-back:#b8730a}
.dark{--ink:#e6e9ed;--ink-soft:#a0a9b4;--line:#2c333b;--surface:#14181d;--series-1:#78a9f0;--series-2:#4cc2b4;--series-3:#dd8bcb;--series-4:#d4b25e;--success:#5fb383;--failure:#f0756a;--cancelled:#8793a0;--rolled-back:#e6ab4f}";

#[test]
#[ignore = "writes a page to look at"]
fn gallery_of_charts() {
    let mut page = format!("<!doctype html><meta charset=utf-8><style>{PAGE}{STYLE_SHEET}</style>");
    write!(page, "<section class=light>{}</section>", gallery("wl")).unwrap();
    write!(page, "<section class=dark>{}</section>", gallery("wd")).unwrap();
    write!(
        page,
        "<div class=pair><section class='light narrow'>{}</section>",
        gallery("nl")
    )
    .unwrap();
    write!(
        page,
        "<section class='dark narrow'>{}</section></div>",
        gallery("nd")
    )
    .unwrap();
    let path = std::env::temp_dir().join("periscope-charts.html");
    std::fs::write(&path, page).unwrap();
    println!("{}", path.display());
}
