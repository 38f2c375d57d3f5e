//! Queries, cursors and paths that nobody means, sent to every route that is documented.

use super::{goes_on, is_sound};
use crate::app::TestApp;
use crate::client::Wire;
use crate::explain::deployed;
use serde_json::Value;

/// Queries, as they are sent but for what is no ASCII.
#[rustfmt::skip] // A table is read line by line.
const QUERIES: [&str; 138] = [
    "=", "&", "&&&&", "?", "??", "==", "=&=", "%", "%%", "%0", "%00", "%00=%00", "%ff=%fe", "%c0%af=1",
    "%ed%a0%80=1", "%f4%90%80%80", "a=%zz", "+", "%20", "%26=%3d", "#", "limit", "limit=", "limit=+", "limit=0",
    "limit=-1", "limit=201", "limit=1.0", "limit=1e2", "limit=0x10", "limit=%2B5", "limit=05",
    "limit=99999999999999999999", "limit=١", "limit=５", "limit=1&limit=2", "limit[]=1", "limit=1%00", "limit=NaN",
    "limit=1;cursor=x", "Limit=1", "sort=", "sort=newest,oldest", "sort=-id", "sort=id;drop", "sort=NEWEST",
    "status=", "status=,", "status=,,,", "status=success,", "status=success,success", "status=succeß",
    "status=%F0%9F%92%A5", "environment=%00", "environment=prоduction", "environment=%0d%0aSet-Cookie:a",
    "service=%00", "service=%", "service=*", "service=a%2fb%2fc", "service=..%2f..", "service=%27%20or%201=1--",
    "repository=", "repository=x", "repository=a/b/c", "repository=../..", "author=%00", "author=%F0%9F%92%A9",
    "linked=", "linked=1", "linked=TRUE", "linked=maybe", "linked=true&linked=false", "since=", "since=0",
    "since=now", "since=-1", "since=2024", "since=2024-02-30T00:00:00Z", "since=9999-12-31T23:59:59Z",
    "since=0000-01-01T00:00:00Z", "since=2024-01-01T00:00:00", "since=2024-01-01T00:00:00%2B99:99",
    "since=%2B99999-01-01T00:00:00Z", "since=9999-12-31T23:59:59Z&until=0001-01-01T00:00:00Z",
    "until=2024-01-01T00:00:00Z&since=2024-01-01T00:00:00Z",
    "since=2024-01-15T10:00:00Z&until=2024-01-15T10:00:00.000001Z",
    "since=0001-01-01T00:00:00Z&until=0002-02-05T00:00:00Z",
    "since=1800-01-01T00:00:00Z&until=2300-01-01T00:00:00Z", "timeRange=", "timeRange=0d", "timeRange=-7d",
    "timeRange=401d", "timeRange=7", "timeRange=7D", "timeRange=7w", "timeRange=1e9d",
    "timeRange=99999999999999999999d", "timeRange=07d", "timeRange=7d7d", "timeRange=%2B7d", "timeRange=٧d",
    "timeRange=7d&since=2024-01-01T00:00:00Z", "timeRange=7d&timeRange=30d", "timeZone=", "timeZone=utc",
    "timeZone=UTC%00", "timeZone=../../etc/passwd", "timeZone=/etc/localtime", "timeZone=Europe/Berlin%00",
    "timeZone=Europe", "timeZone=%2B02:00", "timeZone=EST5EDT,M3.2.0,M11.1.0", "timeZone=Etc/GMT%2B14",
    "timeZone=Mars/Phobos", "timeZone=Pacific/Apia", "cursor=", "cursor=x", "cursor=AAAA", "cursor=%00",
    "cursor=====", "cursor=../..", "cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "cursor=%2B%2F%3D", "cursor=null",
    "cursor=0", "cursor=-1", "cursor=é", "format=csv", "callback=alert", "access_token=x", "_method=POST",
    "__proto__[a]=1", "page=1", "offset=-1", "fields=*", "$where=1", "id=1",
];

/// Paths at which there is nothing.
#[rustfmt::skip] // A table is read line by line.
const NOWHERE: [&[u8]; 60] = [
    b"/.", b"/..", b"/../", b"//", b"///api", b"/api/..", b"/api/../etc/passwd", b"/%2e%2e/", b"/%2e%2e%2f",
    b"/..%2f..%2f", b"/..%5c..%5c", b"/..\\..\\", b"/api/./deployments", b"/api//deployments", b"//api/deployments",
    b"/api/deployments/", b"/api/deployments//", b"/api/deployments/.", b"/api/deployments/..",
    b"/api/deployments/%2e", b"/api/deployments/%2e%2e", b"/api/deployments/..%2f1", b"/api/deployments/1%2f",
    b"/api/deployments/1/", b"/api/deployments/1/..", b"/api/deployments/1//explain",
    b"/api/deployments/1/explain/", b"/api/deployments/1%2fexplain", b"/api/deployments/1;a=b",
    b"/api/deployments/1.json", b"/api/deployments/0", b"/api/deployments/-1", b"/api/deployments/+1", b"/api/deployments/01", b"/api/deployments/1e0",
    b"/api/deployments/0x1", b"/api/deployments/1.0", b"/api/deployments/1%20", b"/api/deployments/%201",
    b"/api/deployments/1%00", b"/api/deployments/%00", b"/api/deployments/null",
    b"/api/deployments/9223372036854775808", b"/api/deployments/99999999999999999999999",
    b"/api/deployments/%D9%A1", b"/api/deployments/%EF%BC%91", b"/api/deployments/1%0d%0aX:1",
    b"/api/deployments/*", b"/api/deployments/%ff", b"/API/deployments", b"/api/Deployments",
    b"/api/deployments%20", b"/api/deployments%00", b"/api/deployments%2f1", b"/docs/..",
    b"/docs/%2e%2e/index.html", b"/docs/..%2f..%2fCargo.toml", b"/docs/%00", b"/docs/start.js%00.css",
    b"/docs//start.js",
];

/// Every documented path that is read with a key, its parameters replaced by 1.
async fn read_paths(app: &TestApp) -> Vec<String> {
    let document = app.call("GET", "/openapi.json").send().await.json();
    let paths = document["paths"].as_object().unwrap().iter();
    let read = paths.filter(|(_, methods)| methods["get"]["security"] != Value::Null);
    read.map(|(path, _)| path.replace("{id}", "1")).collect()
}

#[tokio::test]
async fn no_query_breaks_any_route() {
    let (app, reader) = deployed().await;
    let long = "x".repeat(20_000);
    let many: Vec<_> = (0..3000).map(|number| format!("a{number}=1")).collect();
    let many = many.join("&");
    let statuses = "status=success&".repeat(2000);
    let paths = read_paths(&app).await;
    assert!(paths.len() > 20);
    for path in &paths {
        for query in QUERIES.into_iter().chain([long.as_str(), &many, &statuses]) {
            let query: String = query.chars().map(encoded).collect();
            let answer = reader.get(&format!("{path}?{query}")).await;
            assert!(is_sound(&answer), "{path}?{query:.200}: {answer}");
            assert!(
                [200, 400].contains(&answer.status) || path.contains("/1") && answer.status == 404,
                "{path}?{query:.200}: {answer}"
            );
        }
    }
    assert!(goes_on(&app).await);
}

/// What a client would encode, encoded; all the rest as it is.
fn encoded(letter: char) -> String {
    if letter.is_ascii() && letter != '#' {
        return letter.to_string();
    }
    form_urlencoded::byte_serialize(letter.to_string().as_bytes()).collect()
}

#[tokio::test]
async fn a_cursor_that_was_tampered_with_leads_nowhere() {
    let (app, reader) = deployed().await;
    for (path, other) in [
        ("/api/deployments", "/api/pull-requests"),
        ("/api/pull-requests", "/api/deployments"),
    ] {
        let cursor = reader.json(&format!("{path}?limit=1")).await["nextCursor"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(reader.get(&format!("{path}?cursor={cursor}")).await.status, 200);
        let mut tampered: Vec<String> = (0..cursor.len())
            .map(|place| {
                let swapped = if cursor[place..].starts_with('A') {
                    "B"
                } else {
                    "A"
                };
                format!("{}{swapped}{}", &cursor[..place], &cursor[place + 1..])
            })
            .collect();
        tampered.extend([
            cursor[1..].to_owned(),
            cursor[..cursor.len() - 1].to_owned(),
            format!("{cursor}A"),
            format!("{cursor}="),
            format!("{cursor}{cursor}"),
            cursor.to_lowercase(),
            cursor.chars().rev().collect(),
            format!("{cursor}%00"),
            format!("{cursor}&cursor={cursor}"),
        ]);
        for cursor in &tampered {
            let answer = reader.get(&format!("{path}?cursor={cursor}")).await;
            assert!(answer.status == 400 && is_sound(&answer), "{cursor}: {answer}");
        }
        for elsewhere in [
            format!("{other}?cursor={cursor}"),
            format!("{path}?cursor={cursor}&sort=oldest"),
            format!("{path}?cursor={cursor}&service=other"),
            format!("{path}?cursor={cursor}&since=2024-01-01T00:00:00Z"),
        ] {
            let answer = reader.get(&elsewhere).await;
            assert_eq!(answer.status, 400, "{elsewhere}: {answer}");
        }
    }
    assert!(goes_on(&app).await);
}

/// A path is sent as it stands: no client in between makes it sane.
async fn status_of(app: &TestApp, key: &str, path: &[u8]) -> String {
    let mut wire = Wire::open(app.address).await;
    let head = format!(" HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\r\n");
    wire.send([b"GET ", path, head.as_bytes()].concat()).await;
    wire.read_to_end().await
}

#[tokio::test]
async fn no_path_leads_anywhere_but_where_it_says() {
    let (app, _) = deployed().await;
    let key = app
        .make_key(
            app.organization_id,
            &[periscope_domain::api_key::Scope::Read],
            None,
        )
        .await;
    let long = format!("/{}", "a/".repeat(20_000));
    for path in NOWHERE.into_iter().chain([long.as_bytes()]) {
        let answer = status_of(&app, &key, path).await;
        let told = String::from_utf8_lossy(path);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        assert!(head.starts_with("HTTP/1.1 404 "), "{told:.100}: {answer}");
        assert_eq!(body, r#"{"error":"Not found"}"#, "{told:.100}");
    }
    // What is no path at all is refused before there is a request, or taken for what it says.
    for path in [
        &b"*"[..],
        b"api",
        b"http://test/livez",
        b"http://evil/livez",
        b"/livez#a",
        b"/\xff",
        b"/\xc3\xa9",
        b"/%",
        b"/%zz",
        b"?",
    ] {
        let answer = status_of(&app, &key, path).await;
        let status = answer.get(9..12).unwrap_or_default();
        assert!(
            ["200", "400", "404", ""].contains(&status),
            "{}: {answer}",
            String::from_utf8_lossy(path)
        );
    }
    assert!(goes_on(&app).await);
}
