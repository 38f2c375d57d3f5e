drop index deployments_grouped;
create index deployments_grouped
    on deployments
        (organization_id, coalesce(lower(service collate "C"), ''), environment, status,
            coalesce(completed_at, started_at), id)
    where environment is not null;
drop index deployments_shipped_commit;
create index deployments_shipped_commit on deployments (organization_id, commit_sha)
    where status = 'success' and environment = 'production' and commit_sha is not null;
drop index deployments_shipped_previous_commit;
create index deployments_shipped_previous_commit on deployments (organization_id, previous_commit_sha)
    where status = 'success' and environment = 'production' and previous_commit_sha is not null;

alter table deployments
    drop column service_key,
    drop column tier;
