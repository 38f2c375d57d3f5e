-- Whoever records a deployment takes its own changes by its number. By their own numbers they would all be looked
-- through, those too that were taken before and that Postgres has not cleared away yet.
alter table base_changes drop constraint base_changes_pkey;
alter table base_changes add constraint base_changes_pkey primary key (organization_id, deployment_id, id);
