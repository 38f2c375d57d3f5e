//! The headers that every answer has.

use crate::app::{TestApp, report};
use crate::client::Answer;
use crate::explain::deployed;
use crate::store::{Fault, Port};
use periscope_domain::api_key::Scope;

const NO_PAGE: &str = "default-src 'none'; frame-ancestors 'none'";

fn assert_guarded(answer: &Answer) {
    let set = ["x-content-type-options", "referrer-policy"].map(|name| answer.header(name));
    assert_eq!(set, [Some("nosniff"), Some("no-referrer")], "{answer}");
    assert!(answer.header("x-request-id").is_some(), "{answer}");
    assert_eq!(
        answer.header("strict-transport-security"),
        None,
        "what is behind is not ours to promise"
    );
}

#[tokio::test]
async fn a_browser_may_neither_guess_nor_load_nor_frame_nor_keep_what_the_api_answers() {
    let app = TestApp::start().await;
    let key = app.make_key(app.organization_id, &[Scope::Read], None).await;
    let read = |path: &str| {
        app.call("GET", path)
            .header("Authorization", format!("Bearer {key}"))
    };
    for (status, call) in [
        (201, app.deploy(&report())),
        (400, app.post("/api/webhooks/deployments").body("{")),
        (401, app.deploy(&report()).without("Authorization")),
        (401, app.post("/api/webhooks/github/acme")),
        (
            403,
            app.deploy(&report())
                .header("Authorization", format!("Bearer {key}")),
        ),
        (404, app.call("GET", "/api/nowhere")),
        (404, read("/api/deployments/77")),
        (405, app.call("DELETE", "/api/deployments")),
        (
            406,
            read("/api/deployments").header("Accept-Encoding", "br;q=1, *;q=0"),
        ),
    ] {
        let answer = call.send().await;
        assert_eq!(answer.status, status, "{answer}");
        assert_guarded(&answer);
        assert_eq!(
            answer.header("content-security-policy"),
            Some(NO_PAGE),
            "{answer}"
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
    }
    for fault in [Fault::Internal, Fault::Panic, Fault::Unavailable] {
        app.store.break_down(Port::Deployments, fault);
        let answer = app.deploy(&report()).send().await;
        assert_guarded(&answer);
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
        app.store.repair();
    }
}

#[tokio::test]
async fn who_knows_better_has_a_policy_of_its_own() {
    let (app, reader) = deployed().await;
    let list = reader.get("/api/deployments").await;
    assert_guarded(&list);
    assert_eq!(list.header("cache-control"), Some("private, no-cache"));
    for path in ["/docs", "/docs/start.js"] {
        let page = app.call("GET", path).send().await;
        assert_guarded(&page);
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("script-src 'self'"), "{policy}");
    }
    for path in ["/livez", "/readyz", "/openapi.json", "/nowhere"] {
        let answer = app.call("GET", path).send().await;
        assert_guarded(&answer);
        assert_eq!(answer.header("content-security-policy"), Some(NO_PAGE), "{path}");
    }
}
