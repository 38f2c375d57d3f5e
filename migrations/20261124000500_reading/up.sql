-- What lists are read by. As with the indexes of the commit graph, each is of the rows in which a column is not null that
-- never is, and only whoever asks for that column takes it.

-- The deployments of an organization in order of their time, which is that of their completion or else of their start.
create index deployments_listed on deployments (organization_id, coalesce(completed_at, started_at), id)
    where started_at is not null;

-- The same within every service, environment and status: these are few, so that each can be looked up, and what is rare in
-- all of the organization is found where it is.
create index deployments_grouped
    on deployments
        (organization_id, coalesce(lower(service collate "C"), ''), environment, status,
            coalesce(completed_at, started_at), id)
    where started_at is not null;

create index pull_requests_listed on pull_requests (organization_id, merged_at, id) where source is not null;

-- Those of one repository, in order: the index of its merges with the number at its end.
drop index pull_requests_merged;
create index pull_requests_merged on pull_requests (organization_id, repository_id, base_branch, merged_at, id)
    where merged_at is not null;
