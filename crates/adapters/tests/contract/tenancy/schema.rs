//! The schema can be distributed by `organization_id`: what makes a row of a tenant unique, and what it refers to, lies
//! on the node of its organization.

use periscope_adapters::postgres::testing::TestDatabase;
use std::collections::BTreeSet;
use tokio_postgres::{Client, NoTls};

/// The tables of the tenants, which are distributed.
pub(super) const TENANT_TABLES: [&str; 21] = [
    "commits",
    "deployment_events",
    "deployments",
    "environment_tiers",
    "graph_ranges",
    "intakes",
    "lines",
    "line_requests",
    "links",
    "merge_time_ranges",
    "placement_requests",
    "pull_requests",
    "proved_roots",
    "pushes",
    "relink_requests",
    "removed_deployments",
    "repositories",
    "repository_aliases",
    "repository_former_names",
    "sessions",
    "webhook_deliveries",
];

/// The tables that every node has a copy of, and why: each is small, and looked into before the organization is known.
const REFERENCE_TABLES: [(&str, &str); 3] = [
    (
        "organizations",
        "found by its slug, which is unique over all; other tables refer to it",
    ),
    (
        "api_keys",
        "found by the hash of the key, which is unique over all, before its organization is known",
    ),
    (
        "github_connections",
        "found by the slug of its organization, before anything is known of the sender",
    ),
];

async fn connect(database: &TestDatabase) -> Client {
    let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn texts(client: &Client, sql: &str) -> Vec<String> {
    let rows = client.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn is_reference(table: &str) -> bool {
    REFERENCE_TABLES.iter().any(|(name, _)| *name == table)
}

#[tokio::test]
async fn every_table_is_of_the_tenants_or_a_reference_table() {
    let database = TestDatabase::create().await;
    let client = connect(&database).await;
    let tables = "select relname::text from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
        and relname not like '\\_\\_%'";
    let tables: BTreeSet<String> = texts(&client, tables).await.into_iter().collect();
    let reference = REFERENCE_TABLES.map(|(name, _)| name);
    let known: BTreeSet<String> = TENANT_TABLES
        .iter()
        .chain(&reference)
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        tables, known,
        "a new table is the tenants', unless there is a reason"
    );
}

#[tokio::test]
async fn every_table_of_the_tenants_has_a_key_and_its_keys_begin_with_the_organization() {
    let database = TestDatabase::create().await;
    let client = connect(&database).await;
    // Constraints and bare indexes alike; a key of expressions has an empty name there.
    let keys = "
        select i.indrelid::regclass::text, i.indexrelid::regclass::text, coalesce(a.attname::text, ''), i.indisprimary,
            coalesce(a.attnotnull, false)
        from pg_index i
        join pg_class c on c.oid = i.indrelid and c.relnamespace = 'public'::regnamespace and c.relname not like '\\_\\_%'
        left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
        where i.indisunique or i.indisexclusion";
    let mut with_primary_key = BTreeSet::new();
    for row in client.query(keys, &[]).await.unwrap() {
        let [table, key, first] = [0, 1, 2].map(|column| row.get::<_, String>(column));
        if is_reference(&table) {
            continue;
        }
        assert_eq!(
            first, "organization_id",
            "{key} of {table} cannot be distributed by the organization"
        );
        assert!(row.get::<_, bool>(4), "{table} has rows of no organization");
        if row.get(3) {
            with_primary_key.insert(table);
        }
    }
    assert_eq!(
        with_primary_key,
        TENANT_TABLES.iter().map(ToString::to_string).collect()
    );
}

#[tokio::test]
async fn what_a_row_refers_to_is_its_organization_s_or_on_every_node() {
    let database = TestDatabase::create().await;
    let client = connect(&database).await;
    let foreign_keys = "
        select f.conrelid::regclass::text, f.conname::text, f.confrelid::regclass::text,
            (select attname::text from pg_attribute where attrelid = f.conrelid and attnum = f.conkey[1]),
            (select attname::text from pg_attribute where attrelid = f.confrelid and attnum = f.confkey[1])
        from pg_constraint f where f.contype = 'f' and f.connamespace = 'public'::regnamespace";
    let mut count = 0;
    for row in client.query(foreign_keys, &[]).await.unwrap() {
        let [table, key, to, column, to_column] = [0, 1, 2, 3, 4].map(|column| row.get::<_, String>(column));
        assert_eq!(
            column, "organization_id",
            "{key} of {table} begins with something else"
        );
        if is_reference(&to) {
            let expected = if to == "organizations" {
                "id"
            } else {
                "organization_id"
            };
            assert_eq!(to_column, expected, "{key} of {table}");
        } else {
            assert_eq!(to_column, "organization_id", "{key} of {table}");
            assert!(
                !is_reference(&table),
                "{key}: a table on every node cannot refer to rows on one"
            );
        }
        count += 1;
    }
    assert!(count > 0, "there are foreign keys");
}

#[tokio::test]
async fn ids_are_large_enough_for_all_nodes() {
    let database = TestDatabase::create().await;
    let client = connect(&database).await;
    let small = "
        select format('%s.%s', table_name, column_name) from information_schema.columns
        where table_schema = 'public' and (column_name = 'id' or column_name like '%\\_id') and data_type <> 'bigint'
            and column_name not in ('external_id', 'since_external_id', 'last_external_id', 'delivery_id')";
    assert_eq!(texts(&client, small).await, Vec::<String>::new());
}
