-- Commits that a clone has said to have no parents. Any other source may have seen them in a shallow checkout.
create table proved_roots (
    organization_id bigint not null,
    repository_id bigint not null,
    sha bytea not null,
    constraint proved_roots_pkey primary key (organization_id, repository_id, sha),
    constraint proved_roots_sha_whole check (octet_length(sha) = 20)
);
