drop table removed_deployments;
