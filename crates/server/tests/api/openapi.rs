//! The description of the API, and the pages made of it. `just openapi` prints both the examples and the file anew.

#![expect(clippy::disallowed_methods, reason = "a test has no settings but this one")]

use crate::app::TestApp;
use crate::client::{Answer, Call};
use crate::github::Github;
use periscope_domain::api_key::Scope;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Holds a file against what it should be; writes it first if it is to be printed anew.
fn assert_fresh(path: &str, printed: &str) {
    let path = file(path);
    if std::env::var_os("PRINT_OPENAPI").is_some() {
        std::fs::write(&path, printed).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(path).unwrap(),
        printed,
        "run `just openapi`"
    );
}

async fn document(app: &TestApp) -> Value {
    app.call("GET", "/openapi.json").send().await.json()
}

#[tokio::test]
async fn the_description_in_the_repository_is_the_one_that_is_served() {
    let app = TestApp::start().await;
    let answer = app.call("GET", "/openapi.json").send().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_fresh("openapi.json", &answer.body);
}

/// Sends the examples, one after the other.
struct Teller {
    github: Github,
    key: String,
    document: Value,
}

impl Teller {
    async fn new() -> Self {
        let github = Github::connect().await;
        let app = &github.app;
        let scopes = Scope::ALL;
        Self {
            key: app.make_key(app.organization_id, &scopes, None).await,
            document: document(app).await,
            github,
        }
    }

    async fn tell(&self, example: &Value) -> Answer {
        let (method, path, operation) = self.operation(example["operation"].as_str().unwrap());
        let body = example.get("body").map(Value::to_string).unwrap_or_default();
        let query = sent(operation, "query", example);
        let query: Vec<_> = query
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let path = format!("{}?{}", fill_in(path, example), query.join("&"));
        let mut call = self.github.app.call(&method.to_uppercase(), &path);
        for (name, value) in sent(operation, "header", example) {
            call = call.header(name, value);
        }
        self.authenticated(call, operation, &body)
            .header("Content-Type", "application/json")
            .body(body)
            .send()
            .await
    }

    /// The method of an operation in small letters, its path and itself.
    fn operation(&self, id: &str) -> (&'static str, &str, &Value) {
        for (path, methods) in self.document["paths"].as_object().unwrap() {
            for method in ["get", "post", "put", "delete"] {
                if methods[method]["operationId"] == id {
                    return (method, path, &methods[method]);
                }
            }
        }
        panic!("no operation is called {id}")
    }

    fn authenticated(&self, call: Call, operation: &Value, body: &str) -> Call {
        let scheme = operation["security"][0]
            .as_object()
            .and_then(|schemes| schemes.keys().next());
        match scheme.map(String::as_str) {
            Some("apiKey") => call.header("Authorization", format!("Bearer {}", self.key)),
            Some("signature") => call.header("X-Hub-Signature-256", self.github.sign(body)),
            _ => call,
        }
    }
}

fn fill_in(path: &str, example: &Value) -> String {
    let parameters = example["parameters"].as_object().into_iter().flatten();
    parameters.fold(path.to_owned(), |path, (name, value)| {
        path.replace(&format!("{{{name}}}"), &bare(value))
    })
}

/// The parameters of a place that the example has, with their values.
fn sent<'o>(operation: &'o Value, place: &str, example: &Value) -> Vec<(&'o str, String)> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let of_place = parameters.filter(|parameter| parameter["in"] == place);
    let names = of_place.map(|parameter| parameter["name"].as_str().unwrap());
    names
        .filter_map(|name| Some((name, bare(example["parameters"].get(name)?))))
        .collect()
}

fn bare(value: &Value) -> String {
    value.as_str().map_or(value.to_string(), ToOwned::to_owned)
}

#[tokio::test]
async fn every_example_is_answered_as_it_is_documented() {
    const STORY: &str = "src/openapi/examples.json";
    let teller = Teller::new().await;
    let text = std::fs::read_to_string(file(STORY)).unwrap();
    let mut story: Vec<Value> = serde_json::from_str(&text).unwrap();
    for example in &mut story {
        let answer = teller.tell(example).await;
        example["status"] = json!(answer.status);
        example["answer"] = answer.json();
    }
    assert_fresh(STORY, &format!("{:#}\n", Value::from(story)));
}

#[tokio::test]
async fn the_pages_load_only_what_the_program_itself_serves() {
    let app = TestApp::start().await;
    let page = app.call("GET", "/docs").send().await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'; "));
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(
        !page.body.contains("://") && !page.body.contains("<script>"),
        "{page}"
    );
    let quoted: Vec<&str> = page.body.split('"').collect();
    let loaded: Vec<&str> = quoted
        .windows(2)
        .filter(|pair| pair[0].ends_with("src=") || pair[0].ends_with("href="))
        .map(|pair| pair[1])
        .filter(|address| *address != "data:,")
        .collect();
    assert_eq!(loaded.len(), 4, "{loaded:?}");
    for address in loaded {
        let answer = app.call("GET", &format!("/{address}")).send().await;
        assert_eq!(answer.status, 200, "{address}");
    }
}

#[tokio::test]
async fn of_the_files_of_the_pages_only_those_that_are_needed_are_served() {
    let app = TestApp::start().await;
    for name in [
        "index.html",
        "swagger-initializer.js",
        "oauth2-redirect.html",
        "",
        "..%2fstart.js",
        "START.JS",
    ] {
        let answer = app.call("GET", &format!("/docs/{name}")).send().await;
        assert_eq!(answer.to_string(), r#"404 {"error":"Not found"}"#, "{name}");
    }
}

#[tokio::test]
async fn where_there_is_get_there_is_head() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.replace("{file}", "start.js").replace("{id}", "1");
        if methods.get("get").is_some() {
            let [get, head] = ["GET", "HEAD"].map(|method| app.call(method, &path).send());
            let (get, head) = (get.await, head.await);
            assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
            assert_eq!(
                head.header("content-length"),
                get.header("content-length"),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn a_query_takes_exactly_the_parameters_that_are_documented() {
    let app = TestApp::start().await;
    let key = app.make_key(app.organization_id, &[Scope::Read], None).await;
    for (path, methods) in document(&app).await["paths"].as_object().unwrap() {
        let parameters = methods["get"]["parameters"].as_array();
        let named = parameters
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "query");
        let named: Vec<&str> = named
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        if !named.is_empty() {
            let call = app.call("GET", &format!("{path}?unknown=1"));
            let answer = call.header("Authorization", format!("Bearer {key}")).send().await;
            let sentence = format!(
                r#"400 {{"error":"Invalid query: unknown is unknown: this endpoint takes {}"}}"#,
                named.join(", ")
            );
            assert_eq!(answer.to_string(), sentence, "{path}");
        }
    }
}
