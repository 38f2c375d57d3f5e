-- Nothing has been released yet, so nobody is served meanwhile by a program that needs the index.

-- The earlier deployments of a service are found by `deployments_grouped` as well, in which those that shipped lie side by
-- side in order of completion. Of a report's cost in Postgres half is for the entries of indexes.
drop index deployments_shipped_service;

-- These are asked by whole indexes in plans that are made without values. Postgres counts them anew whenever they have
-- grown by a tenth, which is every few seconds while they are small and much is reported, and plans all statements anew.
alter table deployments set (autovacuum_analyze_scale_factor = 1);
alter table deployment_events set (autovacuum_analyze_scale_factor = 1);
alter table links set (autovacuum_analyze_scale_factor = 1);
alter table merge_time_ranges set (autovacuum_analyze_scale_factor = 1);
alter table graph_ranges set (autovacuum_analyze_scale_factor = 1);
