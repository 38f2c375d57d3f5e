//! The time zone that a browser keeps is that of pages whose address names none.

use crate::app::TestApp;
use crate::records::{id_of, told};

#[tokio::test]
async fn a_page_has_the_zone_of_its_browser_unless_its_address_names_another() {
    let app = TestApp::start().await;
    told(&app).await;
    let reader = app.reader().await;
    let second = id_of(&app, "second").await;
    for (kept, query, zone, time) in [
        ("periscope_zone=Europe/Berlin", "", "Europe/Berlin", "11:37"),
        (
            "periscope_zone=Europe/Berlin",
            "?timeZone=Asia/Tokyo",
            "Asia/Tokyo",
            "19:37",
        ),
        (
            "periscope_zone=Europe/Berlin",
            "?timeZone=",
            "Europe/Berlin",
            "11:37",
        ),
        ("periscope_zone=Mars", "", "UTC", "10:37"),
        ("other=Europe/Berlin", "", "UTC", "10:37"),
    ] {
        let browser = reader.with_cookie(kept);
        let list = browser.page(&format!("/deployments{query}")).await;
        assert!(
            list.contains(&format!("name=\"timeZone\" list=\"zones\" value=\"{zone}\"")),
            "{kept} {query}"
        );
        assert!(
            list.contains(&format!("title=\"15 Jan 2024, {time}\"")),
            "{kept} {query}: {list}"
        );
        let one = browser.page(&format!("/deployments/{second}{query}")).await;
        assert!(
            one.contains(&format!(">15 Jan 2024, {time}</time>")),
            "{kept} {query}: {one}"
        );
    }
}

#[tokio::test]
async fn a_path_for_programs_names_the_zone_that_only_the_browser_keeps() {
    let app = TestApp::start().await;
    told(&app).await;
    let reader = app.reader().await;
    for (kept, path) in [
        ("periscope_zone=UTC", "<code>/api/metrics/lead-time</code>"),
        (
            "periscope_zone=Europe/Berlin",
            "<code>/api/metrics/lead-time?timeZone=Europe%2FBerlin</code>",
        ),
    ] {
        let html = reader.with_cookie(kept).page("/metrics/lead-time").await;
        assert!(html.contains(path), "{kept}: {html}");
    }
}
