//! What the tests of lists and of single records share: a history that has everything in it, and reading pages.

use crate::app::{TestApp, report, sha};
use serde_json::{Value, json};

/// Commits 1 to 9 in a row; pull requests 2, 4, 6 and 8, merged as four of them an hour apart; commit 1 deployed, then 5,
/// which ships 2 and 4. A failed deployment, one that runs, and one to staging of no service.
pub(crate) async fn told(app: &TestApp) {
    let commits: Vec<Value> = (1..=9)
        .map(|number| {
            json!({"sha": sha(number), "parents": [sha(number - 1)], "committedAt": "2024-01-15T01:00:00Z"})
        })
        .collect();
    app.tell(
        "/api/commits",
        &json!({"repository": "acme/api", "commits": commits}),
    )
    .await;
    let merges = [2, 4, 6, 8].map(|number| {
        json!({
            "number": number,
            "mergeCommitSha": sha(number),
            "mergedAt": format!("2024-01-15T0{number}:00:00Z"),
            "createdAt": "2024-01-14T00:00:00Z",
            "title": format!("Change {number}"),
            "author": if number == 4 { "Hubot" } else { "octocat" },
            "additions": 1200 * number,
            "deletions": number,
            "changedFiles": 3,
            "url": format!("https://forge.example/acme/api/{number}"),
        })
    });
    app.tell(
        "/api/pull-requests",
        &json!({"repository": "acme/api", "pullRequests": merges}),
    )
    .await;
    for (id, changes) in [
        (
            "first",
            json!({"commitSha": sha(1), "startedAt": "2024-01-15T08:30:00Z", "completedAt": "2024-01-15T08:31:00Z"}),
        ),
        (
            "second",
            json!({"commitSha": sha(5), "completedAt": "2024-01-15T10:37:05Z"}),
        ),
        (
            "failed",
            json!({"commitSha": sha(7), "status": "failure", "completedAt": "2024-01-15T10:40:00Z"}),
        ),
        (
            "running",
            json!({"commitSha": sha(7), "status": "in_progress", "startedAt": "2024-01-15T11:00:00Z", "completedAt": null}),
        ),
        (
            "staged",
            json!({"environment": "staging", "service": null, "pipelineUrl": null, "completedAt": "2024-01-15T10:45:00Z"}),
        ),
    ] {
        app.deploy(&report(id, &changes)).await;
    }
}

/// Periscope's number for a deployment.
pub(crate) async fn id_of(app: &TestApp, name: &str) -> i64 {
    let page = app.api("/api/deployments?limit=200").await;
    let deployments = page["deployments"].as_array().unwrap().iter();
    let mut found = deployments.filter(|deployment| deployment["deploymentId"] == name);
    found.next().unwrap()["id"].as_i64().unwrap()
}

/// What stands between all that begin and end like this, in order.
pub(crate) fn all_between<'h>(html: &'h str, begin: &str, end: &str) -> Vec<&'h str> {
    let pieces = html.split(begin).skip(1);
    pieces.map(|piece| piece.split_once(end).unwrap().0).collect()
}

/// The rows of the first table, each without its tags.
pub(crate) fn rows(html: &str) -> Vec<String> {
    rows_of(html, "<table")
}

/// The rows of the table behind some text.
pub(crate) fn rows_of(html: &str, behind: &str) -> Vec<String> {
    let Some((_, table)) = html.split_once(behind) else {
        return Vec::new();
    };
    let (_, body) = table.split_once("<tbody").unwrap();
    let (body, _) = body.split_once("</tbody>").unwrap();
    let rows = all_between(body, "<tr", "</tr>");
    rows.into_iter().map(text).collect()
}

/// What can be read, in one line.
pub(crate) fn text(html: &str) -> String {
    let mut text = String::new();
    for piece in html.split('<') {
        text.push_str(piece.split_once('>').map_or(piece, |(_, after)| after));
        text.push(' ');
    }
    let text = text.replace('\u{202f}', " ").replace("&nbsp;", " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where the link of that name leads.
pub(crate) fn link(html: &str, name: &str) -> Option<String> {
    let (before, _) = html.split_once(&format!(">{name}</a>"))?;
    let (_, tag) = before.rsplit_once("<a ")?;
    let (_, path) = tag.split_once("href=\"")?;
    Some(
        path.split_once('"')?
            .0
            .replace("&#38;", "&")
            .replace("&amp;", "&"),
    )
}
