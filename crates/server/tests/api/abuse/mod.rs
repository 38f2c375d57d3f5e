//! What nobody sends by mistake: hundreds of bodies, queries, heads and signatures, each written to break one thing.
//! Whatever comes, the answer is a success or a refusal in the one form that refusals have, and the next request is
//! answered. `hostile` does the same with what is made at random.

mod bodies;
mod fields;
mod heads;
mod queries;
mod signatures;

use crate::app::TestApp;
use crate::client::Answer;

/// Whether an answer is a success, or a refusal with a sentence that a person can read.
fn is_sound(answer: &Answer) -> bool {
    if (200..400).contains(&answer.status) {
        return true;
    }
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let sentence = body["error"].as_str().unwrap_or_default();
    answer.is_refusal()
        && sentence.starts_with(|first: char| first.is_ascii_uppercase())
        && !sentence.contains(|letter: char| letter.is_control())
        && sentence.len() < 500
        && answer.header("x-request-id").is_some()
}

/// Whether the next one is served as if nothing had been.
async fn goes_on(app: &TestApp) -> bool {
    app.call("GET", "/livez").send().await.status == 200
}
