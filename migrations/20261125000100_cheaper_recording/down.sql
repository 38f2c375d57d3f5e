alter table graph_ranges reset (autovacuum_analyze_scale_factor);
alter table merge_time_ranges reset (autovacuum_analyze_scale_factor);
alter table links reset (autovacuum_analyze_scale_factor);
alter table deployment_events reset (autovacuum_analyze_scale_factor);
alter table deployments reset (autovacuum_analyze_scale_factor);

create index deployments_shipped_service
    on deployments
        (organization_id, coalesce(lower(service collate "C"), ''), completed_at, external_id collate "C")
    where status = 'success' and environment = 'production' and completed_at is not null;
