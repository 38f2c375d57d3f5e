-- A line has a revision, which every deployment that comes to it or leaves it raises. Of two deployments that are recorded at
-- once, the second one sees that the line is no longer what it was decided on, and requests it.

create table lines (
    organization_id bigint not null,
    service_key text collate "C" not null,
    revision bigint not null,
    -- the last place that a deployment of the line has had
    last_completed_at timestamptz not null,
    last_external_id text collate "C" not null,
    constraint lines_pkey primary key (organization_id, service_key)
)
with (fillfactor = 50);

insert into lines (organization_id, service_key, revision, last_completed_at, last_external_id)
select distinct on (organization_id, service_key) organization_id, service_key, 1, completed_at, external_id
from deployments
where status = 'success' and tier = 'production' and completed_at is not null
order by organization_id, service_key, completed_at desc, external_id collate "C" desc;

-- Which deployments are heads is decided anew.
insert into line_requests
    (organization_id, service_key, since, since_external_id, generation, requested_at)
select
    organization_id, service_key, '0001-01-01 00:00:00+00', '', nextval('relink_generations'), statement_timestamp()
from lines
on conflict (organization_id, service_key) do update
set since = excluded.since,
    since_external_id = excluded.since_external_id,
    generation = excluded.generation,
    lease_until = null;

drop table line_changes;

create index deployments_line on deployments (organization_id, service_key, completed_at, external_id collate "C")
    where status = 'success' and tier = 'production' and completed_at is not null;
