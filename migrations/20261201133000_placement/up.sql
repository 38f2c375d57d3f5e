-- Where a deployment belongs: the service that it counts for, and the tier of its environment. Both are decided when it is
-- recorded, so that no statement and no index repeats the rule.

alter table deployments
    add column service_key text collate "C",
    add column tier text;

update deployments
set service_key = coalesce(lower(service collate "C"), ''),
    tier = case
        when environment in ('production', 'staging', 'testing', 'development', 'preview') then environment
        when environment = 'test' then 'testing'
        else 'other'
    end;

alter table deployments
    alter column service_key set not null,
    alter column tier set not null;

drop index deployments_grouped;
create index deployments_grouped
    on deployments (organization_id, service_key, environment, status, coalesce(completed_at, started_at), id)
    where environment is not null;
drop index deployments_shipped_commit;
create index deployments_shipped_commit on deployments (organization_id, commit_sha)
    where status = 'success' and tier = 'production' and commit_sha is not null;
drop index deployments_shipped_previous_commit;
create index deployments_shipped_previous_commit on deployments (organization_id, previous_commit_sha)
    where status = 'success' and tier = 'production' and previous_commit_sha is not null;
