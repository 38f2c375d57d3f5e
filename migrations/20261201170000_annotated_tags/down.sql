drop index commits_tagged;
drop index commits_tags;
delete from commits where tagged_sha is not null;
alter table commits drop column tagged_sha;
