-- A request that was settled and made again has another generation: who took the one before does not settle it.
create sequence relink_generations as bigint;
select setval('relink_generations', coalesce((select max(generation) from relink_requests), 1));

-- The oldest requests are taken of each organization. A queue is short, and nobody waits long for its index.
drop index relink_requests_requested;
create index relink_requests_waiting on relink_requests (organization_id, requested_at) where requested_at is not null;
