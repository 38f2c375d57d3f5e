drop index pull_requests_merged;
create index pull_requests_merged on pull_requests (organization_id, repository_id, base_branch, merged_at)
    where merged_at is not null;
drop index pull_requests_listed;
drop index deployments_grouped;
drop index deployments_listed;
