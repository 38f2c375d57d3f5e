drop index deployments_changed;
alter table deployments drop column changed_in;
alter table deployments drop column unlinked_reason;
