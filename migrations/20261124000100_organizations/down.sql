drop table github_connections;
drop table api_keys;
drop table organizations;
