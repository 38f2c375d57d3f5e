//! What services are compared by, in statements that have to know it before anything is decided. The rule is
//! [`service_key`](periscope_domain::linking::service_key); the memory store uses it, and contracts hold both to the same.

use super::pool::Pool;
use super::statement::{batch_input, batch_statement};
use diesel::sql_types::{BigInt, Text};
use periscope_domain::id::OrganizationId;
use periscope_domain::linking::service_spelling;
use periscope_domain::ports::StoreError;
use periscope_domain::text::ServiceName;

/// The repositories that a spelling in lower case may name, with all that tells how: by full or bare name, by an alias, and by
/// a former name. One that it names in several ways comes several times.
macro_rules! named_repositories {
    ($organization:literal, $spelling:literal) => {
        concat!(
            "(
                (
                    select r.id, r.full_name, r.full_name_key, r.monitored, null as alias, null as former_name
                    from repositories r
                    where r.organization_id = ", $organization, "
                        and r.bare_name_key = split_part(", $spelling, ", '/', -1)
                        and (r.bare_name_key = ", $spelling, " or r.full_name_key = ", $spelling, ")
                    offset 0
                )
                union all
                select r.id, r.full_name, r.full_name_key, r.monitored, a.alias, null
                from (
                    select a.alias, a.repository_id
                    from repository_aliases a
                    where a.organization_id = ", $organization, " and a.alias_key = ", $spelling, "
                    offset 0
                ) as a
                cross join lateral (
                    select r.id, r.full_name, r.full_name_key, r.monitored
                    from repositories r
                    where r.organization_id = ", $organization, " and r.id = a.repository_id
                    offset 0
                ) as r
                union all
                select r.id, r.full_name, r.full_name_key, r.monitored, null, f.full_name
                from (
                    select f.full_name, f.repository_id
                    from repository_former_names f
                    where f.organization_id = ", $organization, "
                        and f.bare_name_key = split_part(", $spelling, ", '/', -1)
                        and (f.bare_name_key = ", $spelling, " or f.full_name_key = ", $spelling, ")
                    offset 0
                ) as f
                cross join lateral (
                    select r.id, r.full_name, r.full_name_key, r.monitored
                    from repositories r
                    where r.organization_id = ", $organization, " and r.id = f.repository_id
                    offset 0
                ) as r
            )"
        )
    };
}

/// The key of the spelling `s.spelling`, from the repositories `n` that it may name: by full name, by a bare name that one
/// repository has, by its own spelling if that is an alias, by a former name of one repository, and else by its own spelling.
macro_rules! key_of_named {
    () => {
        "case
            when bool_or(n.full_name_key = s.spelling) then s.spelling
            when count(n.id) filter (where n.alias is null and n.former_name is null) = 1
                then min(n.full_name_key) filter (where n.alias is null and n.former_name is null)
            when bool_or(n.alias is not null) then s.spelling
            when min(n.id) filter (where n.former_name is not null) = max(n.id) filter (where n.former_name is not null)
                then min(n.full_name_key) filter (where n.former_name is not null)
            else s.spelling
        end collate \"C\""
    };
}

pub(super) use {key_of_named, named_repositories};

batch_input! {
    /// A service as it is spelled: always one row.
    Asked as "asked" {
        organization_id: BigInt = i64,
        service: Text = String,
    }
}

batch_statement! {
    ReadServiceKey { asked: Asked } -> Text {
        " select ", key_of_named!(), "
        from asked
        cross join lateral (select lower(asked.service collate \"C\") collate \"default\" as spelling offset 0) as s
        left join lateral ", named_repositories!("asked.organization_id", "s.spelling"), " as n on true
        group by s.spelling"
    }
}

/// What a service is compared by.
pub(super) async fn find_service_key(
    pool: &Pool,
    organization_id: OrganizationId,
    service: &ServiceName,
) -> Result<String, StoreError> {
    let asked = Asked {
        organization_id: vec![organization_id.get()],
        service: vec![service.as_str().to_owned()],
    };
    let key = pool.row(ReadServiceKey { asked }).await?;
    Ok(key.unwrap_or_else(|| service_spelling(Some(service))))
}
