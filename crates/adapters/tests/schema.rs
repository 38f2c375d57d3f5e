//! Migrations go up, down and up again to the same schema, several programs can migrate at once, and `schema.rs` is
//! what the migrated database says. `PRINT_SCHEMA=1 cargo test -p periscope-adapters --test schema` writes it anew. What an
//! operator sets for the database weakens no session of the service.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "a test has no settings but this one")]

use periscope_adapters::postgres::diagnosis::diagnose;
use periscope_adapters::postgres::migrate::{self, MigrateError};
use periscope_adapters::postgres::testing::TestDatabase;
use periscope_adapters::system::SystemClock;
use periscope_domain::checkup::Verdict;
use periscope_domain::organization::{OrganizationSlug, Plan};
use periscope_domain::ports::{Clock, NewOrganization, Store};
use periscope_domain::text::OrganizationName;
use std::fmt::Write;
use std::path::Path;
use tokio_postgres::{Client, NoTls};

async fn connect(database: &TestDatabase) -> Client {
    let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn texts(client: &Client, sql: &str) -> Vec<String> {
    let rows = client.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Every column, constraint and index, as Postgres prints them.
async fn description(client: &Client) -> Vec<String> {
    let sql = "
        select format('%s.%s %s %s', table_name, column_name, data_type, is_nullable)
        from information_schema.columns where table_schema = 'public'
        union all select format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
        from pg_constraint where connamespace = 'public'::regnamespace
        union all select indexdef from pg_indexes where schemaname = 'public'
        order by 1";
    texts(client, sql).await
}

const TABLES: &str = "
    select table_name::text from information_schema.tables
    where table_schema = 'public' and table_name not like '\\_\\_%' order by 1";

async fn diesel_schema(client: &Client) -> String {
    let mut text = String::from("//! Printed from the migrated database by `just schema`; never edited.\n");
    let tables = texts(client, TABLES).await;
    for table in &tables {
        let key = format!(
            "select a.attname::text from pg_index i cross join unnest(i.indkey) with ordinality k(number, place)
             join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
             where i.indrelid = '{table}'::regclass and i.indisprimary order by k.place"
        );
        let key = texts(client, &key).await.join(", ");
        write!(text, "\ndiesel::table! {{\n    {table} ({key}) {{\n").unwrap();
        let columns = format!(
            "select format('%s -> %s', column_name, case is_nullable when 'YES' then 'Nullable<' || sql || '>' else sql end)
             from information_schema.columns, lateral (select case udt_name
                 when '_text' then 'Array<Text>' else initcap(udt_name) end) as t(sql)
             where table_schema = 'public' and table_name = '{table}' order by ordinal_position"
        );
        for column in texts(client, &columns).await {
            writeln!(text, "        {column},").unwrap();
        }
        text.push_str("    }\n}\n");
    }
    let tables = tables.join(",\n    ");
    write!(
        text,
        "\ndiesel::allow_tables_to_appear_in_same_query!(\n    {tables},\n);\n"
    )
    .unwrap();
    text
}

#[tokio::test]
async fn the_schema_file_is_what_the_migrated_database_says() {
    let database = TestDatabase::create().await;
    let printed = diesel_schema(&connect(&database).await).await;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/postgres/schema.rs");
    if std::env::var_os("PRINT_SCHEMA").is_some() {
        std::fs::write(&path, &printed).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(path).unwrap(),
        printed,
        "run `just schema`"
    );
}

#[tokio::test]
async fn migrations_can_be_taken_back_and_applied_again() {
    let database = TestDatabase::create().await;
    let client = connect(&database).await;
    let before = description(&client).await;
    assert!(before.len() > 100);
    migrate::revert(&database.url()).await.unwrap();
    assert_eq!(texts(&client, TABLES).await, Vec::<String>::new());
    assert!(migrate::run(&database.url()).await.unwrap() > 0);
    assert_eq!(description(&client).await, before);
}

#[tokio::test]
async fn programs_that_start_together_migrate_once() {
    let database = TestDatabase::create_empty().await;
    let url = database.url();
    let (a, b, c, d) = tokio::join!(
        migrate::run(&url),
        migrate::run(&url),
        migrate::run(&url),
        migrate::run(&url)
    );
    let mut applied = [a, b, c, d].map(Result::unwrap);
    applied.sort_unstable();
    assert_eq!(applied[..3], [0, 0, 0]);
    assert!(applied[3] > 0);
}

#[tokio::test]
async fn a_schema_that_is_behind_or_newer_is_told_apart() {
    let database = TestDatabase::create_empty().await;
    let url = database.url();
    assert!(matches!(migrate::check(&url).await, Err(MigrateError::Behind { pending }) if pending > 0));
    migrate::run(&url).await.unwrap();
    migrate::check(&url).await.unwrap();
    let client = connect(&database).await;
    client
        .execute(
            "insert into __diesel_schema_migrations (version) values ('29990101000000')",
            &[],
        )
        .await
        .unwrap();
    for outcome in [migrate::check(&url).await, migrate::run(&url).await.map(drop)] {
        assert!(matches!(outcome, Err(MigrateError::Newer { unknown }) if unknown == "29990101000000"));
    }
}

#[tokio::test]
async fn looking_at_the_schema_changes_nothing() {
    let database = TestDatabase::create_empty().await;
    let url = database.url();
    assert!(matches!(
        migrate::check(&url).await,
        Err(MigrateError::Behind { .. })
    ));
    let client = connect(&database).await;
    let made = "select relname::text from pg_class where relnamespace = 'public'::regnamespace";
    assert_eq!(texts(&client, made).await, Vec::<String>::new());
    migrate::run(&url).await.unwrap();
    set(&client, "default_transaction_read_only = on").await;
    migrate::check(&url).await.unwrap();
}

#[tokio::test]
async fn limits_of_other_sessions_do_not_end_a_migration() {
    let database = TestDatabase::create_empty().await;
    let client = connect(&database).await;
    set(&client, "statement_timeout = '1ms'").await;
    set(&client, "lock_timeout = '1ms'").await;
    let url = database.url();
    let (one, other) = tokio::join!(migrate::run(&url), migrate::run(&url));
    assert!(one.unwrap() + other.unwrap() > 0);
}

#[tokio::test]
async fn a_database_that_cannot_hold_every_name_is_refused() {
    let database = TestDatabase::create_empty().await;
    let client = connect(&database).await;
    let name = texts(&client, "select current_database()::text").await.concat();
    let other = format!("{name}_latin");
    let make = format!("create database {other} encoding 'LATIN1' locale 'C' template template0");
    client.batch_execute(&make).await.unwrap();
    let url = database.url().replace(&name, &other);
    for outcome in [migrate::run(&url).await.map(drop), migrate::check(&url).await] {
        let refusal = outcome.unwrap_err().to_string();
        assert!(refusal.contains("encoding LATIN1"), "{refusal}");
    }
    let checks = diagnose(&url, || SystemClock.now()).await.unwrap();
    assert!(
        checks
            .iter()
            .any(|check| check.verdict == Verdict::Bad && check.sentence.contains("LATIN1"))
    );
    client
        .batch_execute(&format!("drop database {other} with (force)"))
        .await
        .unwrap();
}

#[tokio::test]
async fn settings_of_the_database_weaken_no_session() {
    let database = TestDatabase::create().await;
    let client = connect(&database).await;
    for (number, (setting, name, value)) in [
        ("synchronous_commit = off", "synchronous_commit", "on"),
        (
            "synchronous_commit = remote_apply",
            "synchronous_commit",
            "remote_apply",
        ),
        (
            "default_transaction_isolation = serializable",
            "transaction_isolation",
            "read committed",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        set(&client, setting).await;
        let expect = format!(
            "create or replace function expect() returns trigger language plpgsql as $$ begin
                 if current_setting('{name}') <> '{value}' then
                     raise exception '{name} is %', current_setting('{name}');
                 end if;
                 return null;
             end $$;
             create or replace trigger expect after insert on organizations execute function expect()"
        );
        client.batch_execute(&expect).await.unwrap();
        let organization = NewOrganization {
            slug: OrganizationSlug::parse(&format!("acme-{number}")).unwrap(),
            name: OrganizationName::parse("Acme").unwrap(),
            plan: Plan::Free,
            created_at: SystemClock.now(),
        };
        let made = database.store().organizations().insert(&organization).await;
        assert!(made.is_ok(), "{setting}: {made:?}");
    }
}

#[tokio::test]
async fn a_database_that_only_reads_is_not_ready() {
    let database = TestDatabase::create().await;
    database.store().organizations().check_health().await.unwrap();
    set(&connect(&database).await, "default_transaction_read_only = on").await;
    database.store().organizations().check_health().await.unwrap_err();
}

/// Says what holds for all sessions to come.
async fn set(client: &Client, setting: &str) {
    let statement = format!(
        "do $$ begin execute format('alter database %I set {}', current_database()); end $$",
        setting.replace('\'', "''")
    );
    client.batch_execute(&statement).await.unwrap();
}
