alter table base_changes drop constraint base_changes_pkey;
alter table base_changes add constraint base_changes_pkey primary key (organization_id, id);
