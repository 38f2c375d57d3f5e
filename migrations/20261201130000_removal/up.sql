-- What stays of a removed deployment: who removed it and when. Facts that were read before the removal learn of it by the
-- transaction, as they learn of a changed deployment.
create table removed_deployments (
    organization_id bigint not null,
    deployment_id bigint not null,
    external_id text not null,
    removed_at timestamptz not null,
    -- the name of the key, or 'command line'
    removed_by text not null,
    changed_in bigint not null default pg_current_xact_id()::text::bigint,
    constraint removed_deployments_pkey primary key (organization_id, deployment_id)
);

create index removed_deployments_changed on removed_deployments (organization_id, changed_in, deployment_id)
    where changed_in is not null;
