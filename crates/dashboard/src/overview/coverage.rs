//! How much of what happened the figures rest on: a figure over little of it is not worth much, and says so.

use crate::text;
use periscope_domain::linking::UnlinkedReason;
use periscope_domain::metrics::{Coverage, Share, UnshippedReason};

/// How much of something is linked, and why the rest is not.
pub(crate) struct CoverageLine {
    pub(crate) share: Option<String>,
    pub(crate) sentence: String,
    pub(crate) reasons: Vec<String>,
}

pub(crate) fn lines(coverage: &Coverage) -> Vec<CoverageLine> {
    vec![
        line(
            &coverage.deployments,
            "successful production deployments are linked to pull requests",
            |reason| match reason {
                UnlinkedReason::CommitUnknown => "with a commit that no source has sent yet",
                UnlinkedReason::CommitAmbiguous => "with a short commit that fits several",
                UnlinkedReason::BaseUnknown => "without a proved base",
                UnlinkedReason::NothingNew => "with nothing that was not live before",
            },
        ),
        line(
            &coverage.pull_requests,
            "merged pull requests are in a production deployment",
            |reason| match reason {
                UnshippedReason::NoDeploymentSince => "merged after the latest deployment",
                UnshippedReason::NotShipped => "in no deployment since the merge",
            },
        ),
    ]
}

fn line<R: Copy>(share: &Share<R>, what: &str, because: impl Fn(R) -> &'static str) -> CoverageLine {
    let unlinked = share.unlinked.iter();
    CoverageLine {
        share: share.ratio().map(text::percent),
        sentence: format!(
            "{} of {} {what}",
            text::count(share.linked),
            text::count(share.total)
        ),
        reasons: unlinked
            .map(|(reason, count)| format!("{} {}", text::count(*count), because(*reason)))
            .collect(),
    }
}
