-- Nothing has been released yet, so no table is large: its indexes are made in the transaction.

-- Why a deployment that could ship pull requests has none; null where it has some, or could not ship any.
alter table deployments add column unlinked_reason text;

-- The transaction that changed the deployment or its links last, so that whoever has read up to a snapshot can read what
-- was not in it. 0 stands for whatever was there before anybody could ask; a new row needs not be told its own.
alter table deployments add column changed_in bigint not null default 0;
alter table deployments alter column changed_in set default pg_current_xact_id()::text::bigint;

-- Not null as a condition, as in the migration of the commit graph.
create index deployments_changed on deployments (organization_id, changed_in, id) where changed_in is not null;
