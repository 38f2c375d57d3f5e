-- What the forge itself calls a repository, which no rename changes.
alter table repositories add column forge_identity text;
create unique index repositories_forge_identity on repositories (organization_id, forge_identity) where forge_identity is not null;

-- The names that a repository had before it was renamed. They still find it, unless another repository has them now.
create table repository_former_names (
    organization_id bigint not null,
    full_name_key text not null,
    bare_name_key text not null,
    full_name text not null,
    repository_id bigint not null,
    constraint repository_former_names_pkey primary key (organization_id, full_name_key),
    constraint repository_former_names_repository_id_fkey
        foreign key (organization_id, repository_id) references repositories (organization_id, id)
);

create index repository_former_names_bare_name on repository_former_names (organization_id, bare_name_key);
create index repository_former_names_repository on repository_former_names (organization_id, repository_id);

-- Every spelling that names one repository is one service, whose key is the repository's full name. The worker places what was
-- recorded under the bare name.
insert into placement_requests (organization_id, service_key, environment, generation, requested_at)
select place.organization_id, place.service_key, place.environment, nextval('relink_generations'), now()
from (
    select distinct d.organization_id, d.service_key, d.environment
    from deployments d
    join repositories r on r.organization_id = d.organization_id and r.bare_name_key = d.service_key collate "default"
    where d.environment is not null
) as place
on conflict (organization_id, service_key, environment) do update
    set after_status = '', after_time = '-infinity', after_id = 0, generation = excluded.generation, lease_until = null;
