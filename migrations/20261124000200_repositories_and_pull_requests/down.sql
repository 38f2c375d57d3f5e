drop table webhook_deliveries;
drop table pull_requests;
drop table repository_aliases;
drop table repositories;
