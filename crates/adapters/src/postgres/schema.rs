//! Printed from the migrated database by `just schema`; never edited.

diesel::table! {
    api_keys (organization_id, id) {
        organization_id -> Int8,
        id -> Int8,
        name -> Text,
        scopes -> Array<Text>,
        hash -> Bytea,
        hint_first -> Text,
        hint_last -> Text,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        last_used_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    commits (organization_id, sha, repository_id) {
        organization_id -> Int8,
        sha -> Bytea,
        repository_id -> Int8,
        parents -> Nullable<Bytea>,
        committed_at -> Nullable<Timestamptz>,
        intake -> Int8,
        tagged_sha -> Nullable<Bytea>,
    }
}

diesel::table! {
    deployment_events (organization_id, deployment_id, revision) {
        organization_id -> Int8,
        deployment_id -> Int8,
        revision -> Int8,
        status -> Text,
        started_at -> Timestamptz,
        completed_at -> Nullable<Timestamptz>,
        commit_sha -> Text,
        received_at -> Timestamptz,
    }
}

diesel::table! {
    deployments (organization_id, id) {
        organization_id -> Int8,
        id -> Int8,
        external_id -> Text,
        revision -> Int8,
        commit_sha -> Text,
        environment -> Text,
        status -> Text,
        started_at -> Timestamptz,
        completed_at -> Nullable<Timestamptz>,
        service -> Nullable<Text>,
        previous_commit_sha -> Nullable<Text>,
        branch -> Nullable<Text>,
        triggered_by -> Nullable<Text>,
        pipeline_name -> Nullable<Text>,
        pipeline_url -> Nullable<Text>,
        linked_pull_requests -> Int4,
        unlinked_reason -> Nullable<Text>,
        changed_in -> Int8,
        novelty -> Nullable<Text>,
        linking_digest -> Nullable<Int8>,
        service_key -> Text,
        tier -> Text,
    }
}

diesel::table! {
    environment_tiers (organization_id, pattern) {
        organization_id -> Int8,
        pattern -> Text,
        tier -> Text,
    }
}

diesel::table! {
    github_connections (organization_id) {
        organization_id -> Int8,
        nonce -> Bytea,
        created_at -> Timestamptz,
        last_delivery_at -> Nullable<Timestamptz>,
        last_delivery_event -> Nullable<Text>,
        last_delivery_result -> Nullable<Text>,
        last_wrong_signature_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    graph_ranges (organization_id, deployment_id, repository_id) {
        organization_id -> Int8,
        deployment_id -> Int8,
        repository_id -> Int8,
        committed_from -> Nullable<Timestamptz>,
        committed_until -> Nullable<Timestamptz>,
        is_open -> Bool,
        service_key -> Text,
        environment -> Text,
        completed_at -> Timestamptz,
        external_id -> Text,
        commit_sha -> Bytea,
        superseded_at -> Timestamptz,
    }
}

diesel::table! {
    intakes (organization_id, repository_id, epoch) {
        organization_id -> Int8,
        repository_id -> Int8,
        epoch -> Int8,
        number -> Int8,
        size -> Int4,
    }
}

diesel::table! {
    line_requests (organization_id, service_key) {
        organization_id -> Int8,
        service_key -> Text,
        since -> Timestamptz,
        since_external_id -> Text,
        generation -> Int8,
        requested_at -> Timestamptz,
        lease_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    lines (organization_id, service_key) {
        organization_id -> Int8,
        service_key -> Text,
        revision -> Int8,
        last_completed_at -> Timestamptz,
        last_external_id -> Text,
    }
}

diesel::table! {
    links (organization_id, deployment_id, pull_request_id) {
        organization_id -> Int8,
        deployment_id -> Int8,
        pull_request_id -> Int8,
        rule -> Text,
        base_commit_sha -> Nullable<Bytea>,
        lead_time_seconds -> Int8,
        is_first -> Bool,
    }
}

diesel::table! {
    merge_time_ranges (organization_id, deployment_id, repository_id, base_branch, merged_after, merged_until) {
        organization_id -> Int8,
        deployment_id -> Int8,
        repository_id -> Int8,
        base_branch -> Text,
        merged_after -> Timestamptz,
        merged_until -> Timestamptz,
    }
}

diesel::table! {
    organizations (id) {
        id -> Int8,
        slug -> Text,
        name -> Text,
        plan -> Text,
        trial_started_at -> Nullable<Timestamptz>,
        trial_ends_at -> Nullable<Timestamptz>,
        revision -> Int8,
        linking_epoch -> Int8,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    placement_requests (organization_id, service_key, environment) {
        organization_id -> Int8,
        service_key -> Text,
        environment -> Text,
        after_status -> Text,
        after_time -> Timestamptz,
        after_id -> Int8,
        generation -> Int8,
        requested_at -> Timestamptz,
        lease_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    proved_roots (organization_id, repository_id, sha) {
        organization_id -> Int8,
        repository_id -> Int8,
        sha -> Bytea,
    }
}

diesel::table! {
    pull_requests (organization_id, id) {
        organization_id -> Int8,
        id -> Int8,
        repository_id -> Int8,
        number -> Int4,
        revision -> Int8,
        source -> Text,
        merge_commit_sha -> Bytea,
        merged_at -> Timestamptz,
        base_branch -> Text,
        created_at -> Nullable<Timestamptz>,
        title -> Nullable<Text>,
        url -> Nullable<Text>,
        author -> Nullable<Text>,
        merged_by -> Nullable<Text>,
        head_branch -> Nullable<Text>,
        additions -> Nullable<Int4>,
        deletions -> Nullable<Int4>,
        changed_files -> Nullable<Int4>,
        intake -> Int8,
    }
}

diesel::table! {
    pushes (organization_id, repository_id, after_sha, before_sha) {
        organization_id -> Int8,
        repository_id -> Int8,
        after_sha -> Bytea,
        before_sha -> Bytea,
        commits -> Bytea,
        intake -> Int8,
    }
}

diesel::table! {
    relink_requests (organization_id, deployment_id) {
        organization_id -> Int8,
        deployment_id -> Int8,
        generation -> Int8,
        requested_at -> Timestamptz,
        lease_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    removed_deployments (organization_id, deployment_id) {
        organization_id -> Int8,
        deployment_id -> Int8,
        external_id -> Text,
        removed_at -> Timestamptz,
        removed_by -> Text,
        changed_in -> Int8,
    }
}

diesel::table! {
    repositories (organization_id, id) {
        organization_id -> Int8,
        id -> Int8,
        full_name -> Text,
        full_name_key -> Text,
        bare_name_key -> Text,
        monitored -> Bool,
        created_at -> Timestamptz,
        forge_identity -> Nullable<Text>,
    }
}

diesel::table! {
    repository_aliases (organization_id, alias_key) {
        organization_id -> Int8,
        alias_key -> Text,
        alias -> Text,
        repository_id -> Int8,
    }
}

diesel::table! {
    repository_former_names (organization_id, full_name_key) {
        organization_id -> Int8,
        full_name_key -> Text,
        bare_name_key -> Text,
        full_name -> Text,
        repository_id -> Int8,
    }
}

diesel::table! {
    sessions (organization_id, hash) {
        organization_id -> Int8,
        hash -> Bytea,
        api_key_id -> Int8,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    webhook_deliveries (organization_id, delivery_id) {
        organization_id -> Int8,
        delivery_id -> Text,
        received_at -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    api_keys,
    commits,
    deployment_events,
    deployments,
    environment_tiers,
    github_connections,
    graph_ranges,
    intakes,
    line_requests,
    lines,
    links,
    merge_time_ranges,
    organizations,
    placement_requests,
    proved_roots,
    pull_requests,
    pushes,
    relink_requests,
    removed_deployments,
    repositories,
    repository_aliases,
    repository_former_names,
    sessions,
    webhook_deliveries,
);
