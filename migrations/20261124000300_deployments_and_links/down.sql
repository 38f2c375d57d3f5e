drop table relink_requests;
drop table merge_time_ranges;
drop table links;
drop table deployment_events;
drop table deployments;
