//! `repository` events: one that was renamed or transferred keeps its identity. Its old name is told beside the new one, so that a
//! delivery that comes late renames nothing back.

use super::{Delivery, GithubRepository, origin};
use crate::error::ApiError;
use crate::openapi::schema::{self, Field};
use crate::state::State;
use crate::violations::{InvalidPayload, Violations};
use crate::wire::{Item, Value, decode, wire_object};
use periscope_domain::delivery::{DeliveryResult, IgnoredReason};
use periscope_domain::repository::RepositoryName;
use periscope_domain::use_cases::{ForgeRepository, RenameRepositoryError, follow_rename};

pub(super) async fn record(state: &State, delivery: &Delivery) -> Result<DeliveryResult, ApiError> {
    let payload = delivery.payload()?;
    let event: RepositoryEvent<'_> = decode(&payload)?;
    let Some((from, told)) = event.rename(delivery)? else {
        return Ok(DeliveryResult::Ignored(IgnoredReason::NothingRenamed));
    };
    let (store, now) = (&*state.store, state.clock.now());
    match follow_rename(store, delivery.organization_id, &from, &told, now).await {
        Ok(true) => Ok(DeliveryResult::Recorded),
        Ok(false) | Err(RenameRepositoryError::NotFound(_)) => {
            Ok(DeliveryResult::Ignored(IgnoredReason::NothingRenamed))
        }
        Err(RenameRepositoryError::NameTaken(_)) => Ok(DeliveryResult::Ignored(IgnoredReason::NameTaken)),
        Err(RenameRepositoryError::Store(error)) => Err(error.into()),
    }
}

wire_object! {
    /// GitHub's event `repository`.
    struct RepositoryEvent<'a> {
        /// What happened to it. Only `renamed` and `transferred` are looked at.
        action: Value<'a> = "action" => schema::any_text(),
        /// What it was before.
        changes: Item<Changes<'a>> = "changes" => schema::part::<Changes<'_>>().optional(),
        /// The repository as it is now.
        repository: Item<GithubRepository<'a>> = "repository" => schema::part::<GithubRepository<'_>>(),
    }
}

wire_object! {
    /// What a repository of GitHub was before.
    struct Changes<'a> {
        /// Its name, if that was changed.
        repository: Item<NameChange<'a>> = "repository" => schema::part::<NameChange<'_>>().optional(),
        /// Its owner, if that was changed.
        owner: Item<OwnerChange<'a>> = "owner" => schema::part::<OwnerChange<'_>>().optional(),
    }
}

wire_object! {
    /// A change of a repository's name.
    struct NameChange<'a> {
        /// The name.
        name: Item<Before<'a>> = "name" => schema::part::<Before<'_>>(),
    }
}

wire_object! {
    /// A text before it was changed.
    struct Before<'a> {
        /// The text.
        from: Value<'a> = "from" => schema::any_text(),
    }
}

wire_object! {
    /// A change of a repository's owner.
    struct OwnerChange<'a> {
        /// The owner before.
        from: Item<OwnerBefore<'a>> = "from" => schema::part::<OwnerBefore<'_>>(),
    }
}

wire_object! {
    /// The owner of a repository before: one of the two.
    struct OwnerBefore<'a> {
        /// A person.
        user: Item<Owner<'a>> = "user" => schema::part::<Owner<'_>>().optional(),
        /// An organization.
        organization: Item<Owner<'a>> = "organization" => schema::part::<Owner<'_>>().optional(),
    }
}

wire_object! {
    /// An owner of a repository.
    struct Owner<'a> {
        /// The name that they log in with.
        login: Value<'a> = "login" => schema::any_text(),
    }
}

/// What is read of the event.
pub(super) fn payload() -> Field {
    schema::part::<RepositoryEvent<'_>>()
}

impl RepositoryEvent<'_> {
    /// The old name, and the repository under its new one, if the event tells of a rename.
    fn rename(
        &self,
        delivery: &Delivery,
    ) -> Result<Option<(RepositoryName, ForgeRepository)>, InvalidPayload> {
        if !matches!(self.action.text(), Some("renamed" | "transferred")) {
            return Ok(None);
        }
        let mut broken = Violations::default();
        if origin(delivery, &self.repository, &mut broken).is_none() {
            return Err(broken.into());
        }
        let told = self.repository.object().and_then(GithubRepository::identity);
        let before = told.as_ref().and_then(|told| self.name_before(&told.name));
        Ok(before.zip(told))
    }

    fn name_before(&self, now: &RepositoryName) -> Option<RepositoryName> {
        let changes = self.changes.object()?;
        let (owner, bare_name) = now.as_str().rsplit_once('/')?;
        let name = changes
            .repository
            .object()
            .and_then(|change| change.name.object());
        let name = name.and_then(|before| before.from.text()).unwrap_or(bare_name);
        let from = changes.owner.object().and_then(|change| change.from.object());
        let from = from.and_then(|from| from.user.object().or_else(|| from.organization.object()));
        let owner = from.and_then(|from| from.login.text()).unwrap_or(owner);
        RepositoryName::parse(&format!("{owner}/{name}")).ok()
    }
}
