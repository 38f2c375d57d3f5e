//! How a statement is told to say whose rows it means.

use super::schema::TENANT_TABLES;

/// Each table of the tenants that a statement in small letters uses without saying whose rows of it.
pub(super) fn problems(sql: &str) -> Vec<String> {
    let tokens = tokens(sql);
    let is_data = matches!(
        tokens.first(),
        Some(&("select" | "insert" | "update" | "delete" | "with"))
    );
    if !is_data {
        return Vec::new();
    }
    let references = (0..tokens.len()).filter_map(|place| Reference::at(&tokens, place));
    let bare = references.filter(|reference| !reference.is_bound(&tokens));
    bare.map(|reference| format!("{} as {} has no organization", reference.table, reference.alias))
        .collect()
}

/// Words, numbers and signs, names without their quotes; texts and comments are left out.
fn tokens(sql: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$';
        let length = match first {
            '\'' => rest[1..].find('\'').map_or(rest.len(), |end| end + 2),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            letter if is_word(letter) => rest.find(|letter| !is_word(letter)).unwrap_or(rest.len()),
            letter => letter.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        if !(first.is_whitespace() || first == '"' || first == '\'' || token.starts_with("--")) {
            tokens.push(token);
        }
        rest = after;
    }
    tokens
}

/// A place where a statement names a table of the tenants.
struct Reference<'s> {
    table: &'s str,
    alias: &'s str,
    place: usize,
    is_insert: bool,
}

impl<'s> Reference<'s> {
    fn at(tokens: &[&'s str], place: usize) -> Option<Self> {
        const NO_ALIAS: [&str; 20] = [
            "where",
            "set",
            "on",
            "using",
            "join",
            "left",
            "cross",
            "inner",
            "order",
            "group",
            "limit",
            "for",
            "select",
            "values",
            "default",
            "returning",
            "union",
            "offset",
            "having",
            "natural",
        ];
        let table = *tokens.get(place)?;
        let word = |place: usize| {
            tokens
                .get(place)
                .copied()
                .unwrap_or_default()
                .to_ascii_lowercase()
        };
        if !TENANT_TABLES.contains(&table) || word(place + 1) == "." {
            return None;
        }
        let after = if word(place + 1) == "as" {
            place + 2
        } else {
            place + 1
        };
        let named = word(after);
        let is_alias =
            named.starts_with(|letter: char| letter.is_alphabetic()) && !NO_ALIAS.contains(&named.as_str());
        let before = word(place.checked_sub(1)?);
        let is_reference = match before.as_str() {
            "from" | "join" | "update" | "into" | "only" | "using" => true,
            // A column in a list has no alias.
            "," => is_alias,
            _ => false,
        };
        is_reference.then(|| Self {
            table,
            alias: if is_alias { tokens[after] } else { table },
            place,
            is_insert: before == "into",
        })
    }

    /// Whether the query that it stands in says which organization is meant.
    fn is_bound(&self, tokens: &[&str]) -> bool {
        let query = block(tokens, self.place);
        if self.is_insert {
            let columns = tokens[self.place..].iter().skip_while(|token| **token != "(");
            return columns
                .take_while(|token| **token != ")")
                .any(|token| *token == "organization_id");
        }
        let inside = |place: usize| query.contains(&place);
        let names = (0..tokens.len()).filter(|place| inside(*place) && tokens[*place] == "organization_id");
        let mut own = names.filter(|place| match tokens[place - 1] {
            "." => tokens[place - 2] == self.alias,
            _ => block(tokens, *place) == query && only_table(&tokens[query.clone()]),
        });
        own.any(|place| is_compared(tokens, place))
    }
}

/// The innermost parentheses around a place, without them.
fn block(tokens: &[&str], place: usize) -> std::ops::Range<usize> {
    let mut depth = 0;
    let start = (0..place).rev().find(|place| {
        depth += match tokens[*place] {
            ")" => 1,
            "(" => -1,
            _ => 0,
        };
        depth < 0
    });
    depth = 0;
    let end = (place..tokens.len()).find(|place| {
        depth += match tokens[*place] {
            "(" => 1,
            ")" => -1,
            _ => 0,
        };
        depth < 0
    });
    start.map_or(0, |start| start + 1)..end.unwrap_or(tokens.len())
}

/// Whether a query is of one table, so that a bare column can only be that one's.
fn only_table(query: &[&str]) -> bool {
    let word = |token: &&&str| ["from", "join"].contains(*token);
    query.iter().filter(word).count() <= 1 && !query.contains(&"using")
}

/// Whether the column at a place is compared with something, alone or in a row.
fn is_compared(tokens: &[&str], place: usize) -> bool {
    let compares = |place: Option<usize>| {
        let token = place
            .and_then(|place| tokens.get(place))
            .copied()
            .unwrap_or_default();
        ["=", "in"].contains(&token)
    };
    let begin = if tokens[place - 1] == "." {
        place - 2
    } else {
        place
    };
    if compares(Some(place + 1)) || compares(begin.checked_sub(1)) {
        return true;
    }
    // (a.organization_id, a.id) = (…), or … in (…)
    let row = block(tokens, place);
    let is_row = tokens[row.clone()]
        .iter()
        .all(|token| !["select", "from", "="].contains(token));
    is_row && (compares(Some(row.end + 1)) || compares(row.start.checked_sub(2)))
}

#[test]
fn the_rule_tells_statements_that_say_whose_rows_they_mean_from_those_that_do_not() {
    for good in [
        r#"SELECT "deployments"."id" FROM "deployments" WHERE (("deployments"."organization_id" = $1) AND ("deployments"."id" = $2))"#,
        "select d.id from deployments d where d.organization_id = $1",
        "select d.id from deployments as d join query q on (q.organization_id, q.id) = (d.organization_id, d.id)",
        "with x as (select id from sessions where organization_id = $1 for update) delete from sessions s using x where s.organization_id = $1",
        "insert into links as l (organization_id, deployment_id) select * from input",
        "select a from query q, pushes p where p.organization_id = q.organization_id",
        "select commits, intake from query",
        "select 'from deployments' -- from links\n",
        "select * from api_keys where hash = $1",
        "create table deployments (id bigint)",
    ] {
        assert_eq!(
            problems(&good.to_ascii_lowercase()),
            Vec::<String>::new(),
            "{good}"
        );
    }
    for bad in [
        r#"select "deployments"."id" FROM "deployments" WHERE ("deployments"."id" = $2)"#,
        "select d.organization_id from deployments d where d.id = $1",
        "select d.id from deployments d join links l on l.deployment_id = d.id where d.organization_id = $1",
        "with x as (select id from sessions where expires_at < $1) delete from sessions s using x where s.organization_id = $1",
        "insert into links (deployment_id, pull_request_id) values ($1, $2)",
        "update deployments d set branch = $1 where d.id = $2",
        "delete from links l using relinked r where l.deployment_id = r.id and r.organization_id = $1",
        "select a from query q, pushes p where q.organization_id = $1",
        "select d.id from deployments d where exists (select from links l where l.deployment_id = d.id) and d.organization_id = $1",
    ] {
        assert_ne!(problems(&bad.to_ascii_lowercase()), Vec::<String>::new(), "{bad}");
    }
}
