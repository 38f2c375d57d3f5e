drop table repository_former_names;
drop index repositories_forge_identity;
alter table repositories drop column forge_identity;

-- A service is what its sender calls it again.
update deployments set service_key = coalesce(lower(service collate "C"), '')
where service_key <> coalesce(lower(service collate "C"), '');
update graph_ranges g set service_key = d.service_key
from deployments d
where d.organization_id = g.organization_id and d.id = g.deployment_id and g.service_key <> d.service_key;
