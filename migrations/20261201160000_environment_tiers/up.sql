-- Which tiers an organization gives to environments, by name or by a pattern with `*`. A deployment keeps the tier that its
-- environment has; when rules change, recorded deployments follow.
create table environment_tiers (
    organization_id bigint not null,
    pattern text not null,
    tier text not null,
    constraint environment_tiers_pkey primary key (organization_id, pattern),
    constraint environment_tiers_organization_id_fkey foreign key (organization_id) references organizations (id)
);

-- Services and environments whose recorded deployments have to be placed again, in the order of `deployments_grouped`.
create table placement_requests (
    organization_id bigint not null,
    service_key text collate "C" not null,
    environment text not null,
    -- the last deployment that has been placed
    after_status text not null default '',
    after_time timestamptz not null default '-infinity',
    after_id bigint not null default 0,
    -- another one each time that the environment is requested
    generation bigint not null,
    requested_at timestamptz not null,
    -- until when a worker is at it
    lease_until timestamptz,
    constraint placement_requests_pkey primary key (organization_id, service_key, environment)
);

create index placement_requests_waiting on placement_requests (organization_id, requested_at) where requested_at is not null;
