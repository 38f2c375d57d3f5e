-- The object of an annotated tag is a row of `commits` that has no parents and names the commit that it stands for.
alter table commits add column tagged_sha bytea;

-- Few commits are tags, so both indexes stay small however long the history is.
create index commits_tags on commits (organization_id, sha) include (tagged_sha, repository_id)
    where tagged_sha is not null;
create index commits_tagged on commits (organization_id, tagged_sha) where tagged_sha is not null;
