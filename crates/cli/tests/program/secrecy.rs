//! Nothing secret in what is logged. Every line that any program of these tests writes to its log is read, and looked
//! through for every secret that any of them was given or has shown.

use crate::program::Folder;
use crate::serving::report;
use hmac::{Hmac, KeyInit, Mac};
use periscope_adapters::postgres::testing::TestDatabase;
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::{fs, thread};

/// What has been given or shown so far.
static SECRETS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn remember(secret: &str) {
    let mut secrets = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
    secrets.insert(secret.to_owned());
}

/// Keys and the secrets of webhooks in what a program shows.
pub(crate) fn remember_shown(text: &str) {
    for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
        let is_digest = word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_digest || word.len() == 45 && word.starts_with("psk_live_") {
            remember(word);
        }
    }
}

/// What a program is given, and what it keeps in its folder.
pub(crate) fn remember_given(command: &Command) {
    let values = command.get_envs().filter_map(|(_, value)| value);
    for text in values.chain(command.get_args()).filter_map(OsStr::to_str) {
        let password = text
            .split_once("://")
            .and_then(|(_, rest)| Some(rest.split_once('@')?.0.split_once(':')?.1));
        // A short one would be found in words that are none.
        if let Some(password) = password.filter(|password| password.len() >= 12) {
            remember(password);
        }
    }
    for (name, value) in command.get_envs() {
        let Some(value) = value.and_then(OsStr::to_str) else {
            continue;
        };
        if name == "PERISCOPE_SECRET_KEY" && value.len() >= 32 {
            remember(value);
        }
        if name == "PERISCOPE_DATA_DIR"
            && let Ok(key) = fs::read_to_string(Path::new(value).join("secret_key"))
        {
            remember(key.trim());
        }
    }
}

/// Looks through what a program has logged.
pub(crate) fn assert_nothing_secret(log: &str) {
    if thread::panicking() {
        return;
    }
    let secrets = SECRETS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for line in log.lines() {
        for secret in &secrets {
            // Of a key what is behind its prefix is enough to be one.
            let secret = secret.strip_prefix("psk_live_").unwrap_or(secret);
            assert!(!line.contains(secret), "{secret} is in the log: {line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_logged_is_secret_however_much_is_logged() {
    const PASSWORD: &str = "correct-horse-battery-staple";
    const SECRET_KEY: &str = "a-secret-key-that-only-this-test-has-got";
    let folder = Folder::new();
    let database = TestDatabase::create().await;
    let url = with_password(&database.url(), PASSWORD);
    let command = |arguments: &[&str]| {
        let mut command = folder.command(arguments);
        command
            .env("DATABASE_URL", &url)
            .env("PERISCOPE_SECRET_KEY", SECRET_KEY)
            .env("PERISCOPE_LOG", "trace")
            .env("PERISCOPE_LOG_FORMAT", "json");
        command
    };
    let show = |arguments: &[&str]| Folder::outcome(command(arguments)).stdout.trim().to_owned();
    show(&["org", "create", "acme"]);
    let key = show(&[
        "key", "create", "--org", "acme", "--scope", "ingest", "--scope", "read",
    ]);
    let secret = show(&["github", "connect", "--org", "acme"]);
    let service = Folder::start(command(&["serve", "--metrics-listen", "127.0.0.1:0"]));
    let statuses = [
        service.report(&key, &report()).0,
        service.report(&key, &json!({"deploymentId": key})).0,
        service.report(&format!("{key}x"), &report()).0,
        service.report(&swapped(&key), &report()).0,
        service
            .call(&format!("GET /api/deployments?key={key}"), &key, "")
            .0,
        service
            .call(&format!("GET /api/deployments?service={key}"), &key, "")
            .0,
        delivered(&service, &secret, &key, true),
        delivered(&service, &secret, &key, false),
    ];
    assert_eq!(statuses, [201, 400, 401, 401, 400, 200, 200, 401]);
    service.scrape();
    let (code, log) = service.stop();
    assert_eq!(code, Some(0));
    let lines: Vec<Value> = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    assert!(
        lines.iter().any(|line| line["level"] == "TRACE"),
        "everything is logged"
    );
    assert_nothing_secret(&log);
    let away = Folder::outcome({
        let mut command = command(&["org", "list"]);
        command.env(
            "DATABASE_URL",
            format!("postgres://periscope:{PASSWORD}@127.0.0.1:9/periscope"),
        );
        command
    });
    assert_eq!(away.code, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_of_the_database_has_neither_keys_nor_secrets() {
    const SECRET_KEY: &str = "a-secret-key-that-only-this-test-has-got";
    let folder = Folder::new();
    let database = TestDatabase::create().await;
    let show = |arguments: &[&str]| {
        let mut command = folder.command(arguments);
        command
            .env("DATABASE_URL", database.url())
            .env("PERISCOPE_SECRET_KEY", SECRET_KEY);
        Folder::outcome(command).stdout.trim().to_owned()
    };
    show(&["org", "create", "acme"]);
    let key = show(&["key", "create", "--org", "acme"]);
    let secret = show(&["github", "connect", "--org", "acme"]);
    assert_eq!((key.len(), secret.len()), (45, 64));
    assert_stored(&database, "acme", true).await;
    assert_stored(&database, &key[41..], true).await;
    // Texts as they are, and bytes in hex, of every row of every table.
    let dumped_in_hex = |text: &str| {
        text.bytes()
            .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    };
    let (random, last) = (&key[9..39], &key[39..]);
    for secret in [random, &random[4..], &secret, &secret[..32], SECRET_KEY] {
        assert!(secret.len() >= 26 && last.len() == 6);
        for form in [secret.to_owned(), dumped_in_hex(secret)] {
            assert_stored(&database, &form, false).await;
        }
    }
}

/// Looks through every row of every table.
async fn assert_stored(database: &TestDatabase, text: &str, expected: bool) {
    let look = format!(
        "do $$
        declare
            place record;
            is_here bool;
            is_there bool := false;
        begin
            for place in select tablename from pg_tables where schemaname = 'public' loop
                execute format('select exists (select from %I r where r::text like %L)', place.tablename, '%{text}%')
                    into is_here;
                is_there := is_there or is_here;
            end loop;
            if is_there <> {expected} then
                raise exception 'that {text} is in a table is %', is_there;
            end if;
        end $$"
    );
    database.execute(&look).await;
}

/// A delivery of GitHub whose texts are secrets that somebody has pasted there; gives the status of the answer.
fn delivered(service: &crate::program::Service, secret: &str, key: &str, signed: bool) -> u16 {
    let body = json!({"zen": key}).to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(if signed { body.as_bytes() } else { b"other" });
    let signature = mac.finalize().into_bytes();
    let signature = signature
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let headers = format!("{key}\r\nX-GitHub-Event: ping\r\nX-Hub-Signature-256: sha256={signature}");
    service.call("POST /api/webhooks/github/acme", &headers, &body).0
}

/// A key of the right shape that nobody has been given: its checksum does not hold.
fn swapped(key: &str) -> String {
    let (prefix, body) = key.split_at("psk_live_".len());
    prefix.to_owned() + &body.chars().rev().collect::<String>()
}

/// The same database with a password, which a server that knows its clients by their user does not ask for.
fn with_password(url: &str, password: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (user, place) = rest.split_once('@').unwrap();
    let user = user.split(':').next().unwrap();
    format!("{scheme}://{user}:{password}@{place}")
}
