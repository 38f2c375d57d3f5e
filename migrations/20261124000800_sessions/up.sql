-- People who signed in. A session is bound to its key: whoever finds it looks at the key too.
create table sessions (
    organization_id bigint not null,
    hash bytea not null,
    api_key_id bigint not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    constraint sessions_pkey primary key (organization_id, hash),
    constraint sessions_api_key_fkey foreign key (organization_id, api_key_id)
        references api_keys (organization_id, id),
    constraint sessions_hash_sha256 check (octet_length(hash) = 32)
);

create index sessions_expiring on sessions (organization_id, expires_at);
