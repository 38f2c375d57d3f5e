//! No statement reads or writes a table of the tenants without saying whose rows it means. Everything that the contracts
//! make the store send is looked at as it is sent; a statement that forgets the organization fails the contract that
//! sent it. Citus asks for the same: what names the organization goes to one node.
//!
//! The rule: wherever a table of the tenants is read, changed or deleted from, the same query compares its
//! `organization_id` with something (`=`, `in`, or as part of a row that is compared); wherever one is inserted into, it
//! is among the columns.

mod ports;
mod rule;
mod schema;

use crate::fixture::at;
use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use periscope_adapters::postgres::testing::TestDatabase;
use periscope_domain::ports::Store;
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, Once};

/// What may go through the rows of every tenant: by the words it is known by, and why it may. What else does is refused.
const EXEMPT: [(&str, &str); 7] = [
    (
        "where r.organization_id > o.id order by r.organization_id limit 1",
        "the worker takes requests to link again of every organization that has any",
    ),
    (
        "select count(*) from relink_requests",
        "it is counted, for those who run the service, how much all of the worker has to do",
    ),
    ("select count(*) from line_requests", "the same of lines"),
    ("select count(*) from placement_requests", "the same of places"),
    (
        "select line_requests.requested_at from line_requests order by line_requests.requested_at limit $1",
        "it is told since when the oldest of all lines waits",
    ),
    (
        "select placement_requests.requested_at from placement_requests order by placement_requests.requested_at limit $1",
        "the same of places",
    ),
    (
        "select relink_requests.requested_at from relink_requests order by relink_requests.requested_at limit $1",
        "it is told since when the oldest of all of them waits",
    ),
];

static SEEN: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);
static EXEMPTED: [AtomicUsize; EXEMPT.len()] = [const { AtomicUsize::new(0) }; EXEMPT.len()];

/// From now on looks at all that is sent on new connections of this process.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| set_default_instrumentation(|| Some(Box::new(Watcher))).unwrap());
}

struct Watcher;

impl Instrumentation for Watcher {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        let InstrumentationEvent::StartQuery { query, .. } = event else {
            return;
        };
        let text = query.to_string();
        let sql = text
            .split(" -- binds: ")
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        if !SEEN.lock().unwrap().insert(sql.clone()) {
            return;
        }
        if let Some(problem) = problems(&sql).first() {
            panic!("{problem} in:\n{sql}");
        }
    }
}

/// What in a statement does not say whose rows it means.
fn problems(sql: &str) -> Vec<String> {
    let plain = sql
        .replace('"', "")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    for ((words, _), count) in EXEMPT.iter().zip(&EXEMPTED) {
        if plain == *words || words.contains(".organization_id ") && plain.contains(words) {
            count.fetch_add(1, Ordering::Relaxed);
            return Vec::new();
        }
    }
    rule::problems(sql)
}

#[tokio::test]
async fn what_is_sent_is_looked_at_and_each_exemption_is_needed() {
    watch();
    let database = TestDatabase::create().await;
    let store = database.store();
    let relinking = store.relinking();
    relinking.claim(None, 1, at(0), at(1)).await.unwrap();
    relinking.count(None).await.unwrap();
    relinking.oldest(None).await.unwrap();
    for ((words, _), count) in EXEMPT.iter().zip(&EXEMPTED) {
        assert!(count.load(Ordering::Relaxed) > 0, "nothing says: {words}");
    }
    let mut connection = AsyncPgConnection::establish(&database.url()).await.unwrap();
    let forgetful = async move {
        connection
            .batch_execute("delete from links where lead_time_seconds = 7")
            .await
    };
    let outcome = tokio::spawn(forgetful).await;
    assert!(
        outcome.is_err(),
        "a statement that forgets the organization passed"
    );
}
