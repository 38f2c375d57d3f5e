//! What became of a webhook's delivery, to be shown to whoever connects a forge: the last one tells whether the connection
//! works, and if not, what to do.

use crate::text::EventName;
use crate::timestamp::Timestamp;

/// A delivery that was received with a valid signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedDelivery {
    /// When it was received.
    pub received_at: Timestamp,
    /// What happened, in the forge's words, if it said so.
    pub event: Option<EventName>,
    /// What became of it.
    pub result: DeliveryResult,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryResult {
    /// It asked whether somebody is there.
    Pong,
    /// What it told was recorded.
    Recorded,
    /// It was understood, and changed nothing.
    Ignored(IgnoredReason),
    /// It could not be understood.
    Refused(RefusedReason),
    /// We failed, and the forge should send it again.
    Failed,
}

/// Why a delivery changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IgnoredReason {
    /// Its event is none that is recorded.
    Event,
    /// It tells of a pull request, but not of its merge.
    NothingMerged,
    /// It tells of a push, but of no commits on a branch.
    NothingPushed,
    /// It tells of a repository, but of no new name of a known one.
    NothingRenamed,
    /// It gives a repository a name that another one has.
    NameTaken,
    /// Its repository is not monitored.
    RepositoryNotMonitored,
    /// It came before.
    Repeated,
}

/// Why a delivery could not be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedReason {
    /// Its payload breaks a rule.
    Payload,
    /// Its payload is neither JSON nor a form.
    ContentType,
}

impl DeliveryResult {
    /// Every result.
    pub const ALL: [Self; 12] = [
        Self::Pong,
        Self::Recorded,
        Self::Ignored(IgnoredReason::Event),
        Self::Ignored(IgnoredReason::NothingMerged),
        Self::Ignored(IgnoredReason::NothingPushed),
        Self::Ignored(IgnoredReason::NothingRenamed),
        Self::Ignored(IgnoredReason::NameTaken),
        Self::Ignored(IgnoredReason::RepositoryNotMonitored),
        Self::Ignored(IgnoredReason::Repeated),
        Self::Refused(RefusedReason::Payload),
        Self::Refused(RefusedReason::ContentType),
        Self::Failed,
    ];

    /// A word for it that never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pong => "pong",
            Self::Recorded => "recorded",
            Self::Ignored(IgnoredReason::Event) => "event_not_recorded",
            Self::Ignored(IgnoredReason::NothingMerged) => "nothing_merged",
            Self::Ignored(IgnoredReason::NothingPushed) => "nothing_pushed",
            Self::Ignored(IgnoredReason::NothingRenamed) => "nothing_renamed",
            Self::Ignored(IgnoredReason::NameTaken) => "name_taken",
            Self::Ignored(IgnoredReason::RepositoryNotMonitored) => "repository_not_monitored",
            Self::Ignored(IgnoredReason::Repeated) => "delivery_repeated",
            Self::Refused(RefusedReason::Payload) => "invalid_payload",
            Self::Refused(RefusedReason::ContentType) => "unsupported_content_type",
            Self::Failed => "failed",
        }
    }

    /// The same for people, and what to do about it.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Pong => "the ping was answered",
            Self::Recorded => "recorded",
            Self::Ignored(IgnoredReason::Event) => {
                "ignored: only pull requests, pushes and renames of repositories are recorded"
            }
            Self::Ignored(IgnoredReason::NothingMerged) => "ignored: no pull request was merged",
            Self::Ignored(IgnoredReason::NothingPushed) => "ignored: no commits came to a branch",
            Self::Ignored(IgnoredReason::NothingRenamed) => "ignored: no known repository has a new name",
            Self::Ignored(IgnoredReason::NameTaken) => {
                "ignored: another repository has the new name already; `periscope repository list` shows both"
            }
            Self::Ignored(IgnoredReason::RepositoryNotMonitored) => {
                "ignored: the repository is not monitored; `periscope repository monitor` changes that"
            }
            Self::Ignored(IgnoredReason::Repeated) => "ignored: the same delivery came before",
            Self::Refused(RefusedReason::Payload) => {
                "refused: the payload is not what was expected; the forge shows the answer beside the delivery"
            }
            Self::Refused(RefusedReason::ContentType) => {
                "refused: set the webhook's content type to application/json"
            }
            Self::Failed => "failed on our side: send the delivery again",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_result_has_a_word_of_its_own() {
        let words: BTreeSet<_> = DeliveryResult::ALL.map(DeliveryResult::as_str).into();
        assert_eq!(words.len(), DeliveryResult::ALL.len());
        for word in words {
            assert!(
                word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "{word}"
            );
        }
    }
}
