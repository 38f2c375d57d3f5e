//! What the statement that writes decisions is given of each.

use super::links::{linked_pull_requests, unlinked_reason};
use crate::postgres::statement::batch_input;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz};
use periscope_domain::deployment::Revision;
use periscope_domain::linking::{Linking, Novelty};
use periscope_domain::ports::DeploymentDecision;
use periscope_domain::timestamp::Timestamp;
use time::OffsetDateTime;

batch_input! {
    /// Deployments as they shall be recorded, with what the decisions were based on and the events that led to them.
    Input as "input" {
        organization_id: BigInt = i64,
        organization_revision: BigInt = i64,
        epoch: BigInt = i64,
        deployment_revision: BigInt = i64,
        external_id: Text = String,
        commit_sha: Text = String,
        environment: Text = String,
        tier: Text = &'static str,
        status: Text = &'static str,
        started_at: Timestamptz = OffsetDateTime,
        completed_at: Nullable<Timestamptz> = Option<OffsetDateTime>,
        service: Nullable<Text> = Option<String>,
        service_key: Text = String,
        previous_commit_sha: Nullable<Text> = Option<String>,
        branch: Nullable<Text> = Option<String>,
        triggered_by: Nullable<Text> = Option<String>,
        pipeline_name: Nullable<Text> = Option<String>,
        pipeline_url: Nullable<Text> = Option<String>,
        event_status: Text = &'static str,
        event_started_at: Timestamptz = OffsetDateTime,
        event_completed_at: Nullable<Timestamptz> = Option<OffsetDateTime>,
        event_commit_sha: Text = String,
        received_at: Timestamptz = OffsetDateTime,
        linked_pull_requests: Nullable<Integer> = Option<i32>,
        unlinked_reason: Nullable<Text> = Option<&'static str>,
        novelty: Nullable<Text> = Option<&'static str>,
        linking_digest: Nullable<BigInt> = Option<i64>,
        follows_epoch: Bool = bool,
        trial_started_at: Nullable<Timestamptz> = Option<OffsetDateTime>,
        trial_ends_at: Nullable<Timestamptz> = Option<OffsetDateTime>,
    }
}

impl Input {
    pub(super) fn push(&mut self, decision: &DeploymentDecision) {
        macro_rules! texts {
            ($($column:ident),+) => {
                $(self.$column.push(decision.deployment.$column.as_ref().map(|text| text.as_str().to_owned()));)+
            };
        }
        let DeploymentDecision {
            version,
            deployment,
            event,
            ..
        } = decision;
        self.organization_id.push(decision.organization_id.get());
        self.organization_revision.push(version.organization_revision);
        self.epoch.push(version.epoch.get());
        self.deployment_revision
            .push(version.deployment_revision.map_or(0, Revision::get));
        self.external_id.push(deployment.external_id.as_str().to_owned());
        self.commit_sha.push(deployment.commit.as_str().to_owned());
        self.environment.push(deployment.environment.as_str().to_owned());
        self.tier.push(deployment.environment.tier().as_str());
        self.service_key.push(decision.service_key.clone());
        self.status.push(deployment.run.status().as_str());
        self.started_at
            .push(deployment.run.started_at().to_offset_date_time());
        self.completed_at
            .push(deployment.run.completed_at().map(Timestamp::to_offset_date_time));
        texts!(service, branch, triggered_by, pipeline_name, pipeline_url);
        self.previous_commit_sha.push(
            deployment
                .previous_commit
                .as_ref()
                .map(|commit| commit.as_str().to_owned()),
        );
        self.event_status.push(event.run.status().as_str());
        self.event_started_at
            .push(event.run.started_at().to_offset_date_time());
        self.event_completed_at
            .push(event.run.completed_at().map(Timestamp::to_offset_date_time));
        self.event_commit_sha.push(event.commit.as_str().to_owned());
        self.received_at.push(event.received_at.to_offset_date_time());
        self.linked_pull_requests
            .push(decision.linking.as_ref().map(linked_pull_requests));
        self.unlinked_reason
            .push(decision.linking.as_ref().and_then(unlinked_reason));
        self.follows_epoch
            .push(decision.linking.is_some() && deployment.shipped_at().is_some());
        let novelty = decision.linking.as_ref().and_then(|linking| linking.novelty);
        self.novelty.push(novelty.map(Novelty::as_str));
        self.linking_digest
            .push(decision.linking.as_ref().map(Linking::digest));
        self.trial_started_at
            .push(decision.trial.map(|trial| trial.started_at.to_offset_date_time()));
        self.trial_ends_at
            .push(decision.trial.map(|trial| trial.ends_at.to_offset_date_time()));
    }
}
