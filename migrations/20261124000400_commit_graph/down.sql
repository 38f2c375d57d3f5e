drop table base_changes;
drop table graph_ranges;
drop index deployments_shipped_service;
drop index pull_requests_intake;
alter table pull_requests drop column intake;
drop table intakes;
drop sequence intake_numbers;
drop table pushes;
drop table commits;
