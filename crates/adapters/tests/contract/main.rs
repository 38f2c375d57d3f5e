//! What every store owes the domain, each promise a function over the ports, run for every adapter. A fault seen in one
//! of them becomes a contract here before it is mended.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod api_keys;
mod bases;
mod commits;
mod costs;
mod deliveries;
mod deployments;
mod environments;
mod failures;
mod fixture;
mod github_connections;
mod graph_order;
mod instances;
mod lines;
mod lists;
mod locks;
mod merge_lists;
mod metric_facts;
mod names;
mod order;
mod organizations;
mod pull_requests;
mod races;
mod reading;
mod relinking;
mod removal;
mod renames;
mod repositories;
mod restoring;
mod sessions;
mod spellings;
mod tags;
mod tenancy;
mod tenants;
mod tier_orders;

/// One test for each contract and adapter.
macro_rules! contracts {
    ($($module:ident: $($contract:ident),+ $(,)?;)+) => {
        mod memory {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $contract() {
                    crate::$module::$contract(std::sync::Arc::new(periscope_adapters::memory::MemoryStore::new())).await;
                }
            )+)+
        }

        mod postgres {
            use periscope_adapters::postgres::testing::TestDatabase;
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $contract() {
                    crate::tenancy::watch();
                    let database = TestDatabase::create().await;
                    crate::$module::$contract(std::sync::Arc::new(database.store())).await;
                }
            )+)+
        }
    };
}

contracts! {
    organizations:
        an_organization_is_found_as_it_was_made,
        a_slug_is_taken_once;
    github_connections:
        a_github_connection_replaces_the_one_before,
        a_github_connection_is_made_once,
        it_is_known_when_a_delivery_last_had_an_effect,
        the_last_delivery_of_a_connection_is_known,
        a_wrong_signature_is_noted_once_a_minute;
    api_keys:
        a_key_is_found_by_its_hash_as_it_was_made,
        a_revoked_key_keeps_the_time_of_its_first_revocation,
        a_key_of_another_organization_can_neither_be_listed_nor_revoked,
        the_latest_use_of_a_key_is_kept;
    sessions:
        a_session_is_found_as_it_was_made_until_it_is_ended,
        only_a_live_key_that_may_read_signs_in,
        a_session_is_gone_with_its_time_and_its_key,
        a_session_is_known_in_its_organization_alone,
        sessions_that_are_over_are_forgotten,
        a_session_in_use_lasts_on_but_never_past_its_key,
        a_key_has_a_hundred_sessions_at_most,
        the_use_of_a_session_is_one_of_its_key_once_a_minute;
    repositories:
        a_repository_comes_with_its_first_pull_request_whatever_the_letter_case,
        an_alias_belongs_to_one_repository_at_a_time,
        an_alias_links_the_deployments_of_its_service,
        an_alias_that_is_removed_links_nothing_any_more,
        monitoring_a_repository_or_not_changes_what_is_linked;
    pull_requests:
        a_pull_request_is_found_with_every_field,
        a_pull_request_without_optional_fields_is_found_equal,
        sending_the_same_again_changes_nothing,
        a_forge_corrects_what_a_clone_has_told,
        a_delivery_has_one_effect,
        a_webhook_of_a_repository_that_is_not_monitored_is_ignored,
        a_stale_batch_changes_nothing_and_says_so;
    commits:
        a_commit_is_recorded_once_and_completed_once,
        a_commit_that_contradicts_what_is_known_is_refused_with_all_that_came_with_it,
        a_false_root_is_put_right_by_a_source_that_knows_more,
        what_a_clone_tells_of_parents_is_final,
        a_commit_that_would_be_its_own_ancestor_is_refused,
        a_push_has_one_effect_and_none_where_the_repository_is_not_monitored,
        a_batch_decided_on_what_is_no_longer_so_changes_nothing,
        the_graph_tells_what_a_deployment_ships,
        pushes_alone_tell_what_a_deployment_ships,
        commits_that_come_late_link,
        a_pull_request_that_comes_late_falls_into_a_range_of_the_graph,
        an_abbreviation_that_a_new_commit_makes_ambiguous_means_none,
        an_abbreviated_previous_commit_means_none_where_a_graph_has_another,
        a_graph_of_another_organization_is_not_looked_at;
    tags:
        a_deployment_of_a_tag_is_one_of_its_commit_in_any_order,
        a_tag_of_a_commit_that_is_live_is_a_redeployment,
        tags_alone_order_merges_by_their_times,
        a_tag_that_one_repository_tells_stands_for_a_merge_of_another,
        a_merge_that_is_corrected_unlinks_the_tags_of_its_commit,
        what_a_tag_stands_for_is_told_once_and_a_clone_has_the_last_word,
        a_tag_of_another_organization_stands_for_nothing;
    bases:
        each_service_has_its_own_base_however_it_is_spelled,
        a_deployment_that_comes_late_becomes_the_base_of_one_that_is_recorded,
        what_a_late_base_changes_is_linked_before_its_recorder_returns,
        a_base_that_is_taken_back_hands_over_to_the_one_before,
        a_base_that_moves_to_another_service_hands_over,
        a_latest_deployment_whose_commit_becomes_ambiguous_leaves_the_exact_link_alone,
        a_service_that_moves_to_another_repository_keeps_its_bases,
        a_base_whose_recorder_dies_is_looked_around_for_by_the_worker,
        a_base_recorded_while_the_first_commits_are_told_is_found,
        a_base_taken_back_while_the_first_commits_are_told_is_none,
        a_decision_that_missed_an_earlier_deployment_is_made_again,
        a_line_is_requested_where_later_deployments_may_ship_something_else,
        of_two_decisions_on_one_state_of_a_line_the_second_requests_it,
        decisions_of_one_call_move_their_line_on_together,
        reports_of_one_line_in_one_batch_are_linked_as_if_they_came_one_by_one,
        bases_and_their_successors_recorded_at_once_meet;
    lines:
        what_is_new_was_in_no_earlier_deployment_of_the_line,
        first_deliveries_follow_what_arrives_late,
        without_commits_links_tell_first_deliveries,
        a_line_told_newest_first_is_linked_as_in_order,
        many_release_branches_are_live_at_once,
        a_deployment_that_moves_is_live_where_it_is;
    metric_facts:
        random_histories_are_known_as_they_stand,
        why_a_deployment_has_no_links_is_kept_with_it,
        a_service_is_as_its_last_decided_deployment_left_it_however_early,
        facts_of_another_organization_are_not_known;
    reading:
        a_deployment_is_found_by_its_number_within_its_organization,
        the_deployments_that_shipped_a_pull_request_come_in_order_of_completion,
        deployments_are_found_by_their_numbers,
        pull_requests_are_found_by_their_numbers,
        what_is_stored_is_described_listed_measured_and_checked,
        explanations_are_of_what_is_stored,
        the_deployments_of_other_repositories_do_not_hide_why_a_pull_request_is_in_none,
        what_a_deployment_does_not_ship_is_told_with_the_reason;
    names:
        a_deployment_is_found_by_any_of_its_names;
    lists:
        deployments_come_in_order_of_their_time_and_their_numbers,
        a_deployment_is_listed_with_every_field_and_how_many_it_shipped,
        a_filter_of_deployments_takes_what_its_rule_takes,
        a_rare_deployment_is_found_behind_many_others,
        deployments_that_keep_their_time_are_on_one_page_while_others_come_and_change,
        services_are_listed_once_whatever_their_letter_case,
        no_deployment_of_another_organization_is_listed;
    merge_lists:
        pull_requests_come_in_order_of_their_merges_and_their_numbers,
        a_filter_of_pull_requests_takes_what_its_rule_takes,
        pull_requests_of_a_number_are_found_in_every_repository,
        pull_requests_of_a_service_are_those_of_its_repository,
        pull_requests_are_on_one_page_while_others_come,
        no_pull_request_of_another_organization_is_listed;
    deliveries:
        deploying_again_and_going_back_and_forward_adds_no_lead_time,
        releases_cut_on_branches_that_never_merge_back_ship_what_is_new_in_any_order,
        four_reports_of_two_runs_end_with_the_newer_run_in_any_order;
    deployments:
        a_deployment_is_found_with_every_field,
        a_deployment_without_optional_fields_is_found_equal,
        every_accepted_event_is_kept_in_the_history,
        links_follow_the_record,
        a_commit_may_be_abbreviated_as_long_as_it_fits_one,
        a_stale_decision_changes_nothing_and_says_so,
        of_two_decisions_on_one_deployment_in_one_call_one_is_applied,
        many_decisions_in_one_call_are_told_of_in_their_order,
        organizations_do_not_see_each_other;
    environments:
        rules_are_kept_by_their_pattern_until_they_are_removed,
        an_organization_has_a_bounded_number_of_rules,
        a_change_of_rules_that_others_have_outrun_changes_nothing,
        a_decision_by_the_rules_before_is_stale,
        links_decided_before_a_deployment_left_production_are_not_written,
        what_left_production_delivers_nothing_any_more,
        a_success_where_no_tier_is_known_is_warned_of,
        each_production_environment_is_a_line_and_a_delivery_is_to_the_service,
        what_was_recorded_follows_a_rule_that_comes_later,
        many_deployments_follow_in_pieces,
        a_request_of_tiers_is_taken_by_one_at_a_time,
        services_are_down_in_each_environment_of_production_by_itself;
    tier_orders:
        rules_that_change_in_between_end_as_if_the_last_had_always_held,
        rules_that_change_while_deployments_are_recorded_hold_for_all;
    renames:
        what_is_told_under_both_names_is_of_one_repository,
        a_name_is_of_one_repository_at_a_time,
        a_forge_tells_a_repository_by_its_number;
    spellings:
        both_spellings_of_a_repository_are_one_line_in_any_order,
        a_second_repository_of_a_bare_name_takes_the_bare_spelling_out,
        an_outage_under_one_spelling_ends_under_the_other;
    tenants:
        nothing_of_another_organization_is_found,
        nothing_of_another_organization_is_changed;
    relinking:
        a_pull_request_that_comes_late_is_linked,
        a_pull_request_that_falls_into_a_range_is_linked,
        a_pull_request_that_moves_takes_its_links_along,
        a_request_is_taken_by_one_at_a_time_and_again_when_its_lease_ends,
        a_request_that_is_made_again_while_it_is_looked_at_is_not_lost,
        a_decision_on_a_deployment_that_has_changed_settles_nothing,
        a_line_that_is_requested_again_while_it_is_looked_at_is_not_lost,
        a_deployment_decided_on_an_old_epoch_is_left_for_the_worker,
        it_is_known_since_when_the_oldest_request_waits,
        requests_are_settled_while_an_import_goes_on,
        each_organization_that_waits_has_its_share_of_a_round,
        deployments_that_are_touched_all_the_time_let_others_have_their_turn,
        what_falls_into_a_span_that_is_just_being_found_is_linked,
        what_falls_into_a_graph_range_that_is_just_being_found_is_linked,
        a_request_that_was_settled_and_made_again_is_not_settled_by_who_took_it_before;
    races:
        of_forty_twins_one_creates,
        a_trial_starts_once_under_many_first_events,
        a_deployment_and_its_pull_request_recorded_at_once_are_linked,
        batches_that_meet_record_each_pull_request_once;
    removal:
        a_deployment_removed_from_the_middle_of_a_line_hands_its_pull_requests_on,
        the_last_of_a_line_that_is_removed_makes_the_one_before_it_the_base,
        a_removed_deployment_is_created_again_with_another_number,
        who_removed_a_deployment_and_when_stays,
        a_deployment_of_another_organization_is_not_removed,
        a_deployment_removed_while_it_is_reported_is_gone_or_new,
        facts_forget_a_removed_deployment,
        an_organization_is_removed_with_all_of_it_and_nothing_of_another;
    order:
        any_order_gives_the_same_links,
        several_senders_at_once_give_the_same_links;
    graph_order:
        random_histories_told_in_any_order_are_linked_as_git_would,
        random_histories_told_by_several_at_once_are_linked_as_git_would;
}
