//! The keys of an organization: which there are, and revoking one. Those that work stand apart from those that no longer do.

use super::{Done, Settings, Tab, frame, of_admin, told};
use crate::frame::Frame;
use crate::page::{self, Answer, see_other};
use crate::sign_in::with_cookie;
use crate::visitor::{Form, Visitor};
use crate::{cookie, text};
use actix_web::web::Path;
use askama::Template;
use periscope_domain::api_key::{ApiKey, Scope};
use periscope_domain::id::ApiKeyId;
use periscope_server::{ApiError, Query};
use time::Duration;

#[derive(Template)]
#[template(path = "settings_keys.html")]
struct KeysPage {
    frame: Frame,
    settings: Settings,
    live: Vec<Row>,
    /// Those that are revoked or expired.
    dead: Vec<Row>,
}

struct Row {
    id: ApiKeyId,
    name: String,
    hint: String,
    scopes: String,
    created: String,
    used: String,
    /// The last day on which it works, or what ended it.
    end: String,
    /// Whether whoever looks has signed in with it.
    is_own: bool,
}

impl Row {
    fn of(key: &ApiKey, frame: &Frame, visitor: &Visitor) -> Self {
        let date = |time| text::date(time, &frame.zone);
        // The end of a day is the first moment of the next one.
        let ends = key
            .expires_at
            .map(|time| date(time.plus(Duration::microseconds(-1))));
        let end = match key.revoked_at {
            Some(time) => format!("Revoked {}", date(time)),
            None if key.is_live(frame.now) => ends.unwrap_or_else(|| "None".to_owned()),
            None => format!("Expired {}", ends.unwrap_or_default()),
        };
        Self {
            id: key.id,
            name: key.name.to_string(),
            hint: key.hint.to_string(),
            scopes: scopes(key),
            created: date(key.created_at),
            used: key
                .last_used_at
                .map_or_else(|| "Never".to_owned(), |time| frame.ago(time)),
            end,
            is_own: key.id == visitor.key_id(),
        }
    }
}

fn scopes(key: &ApiKey) -> String {
    let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    scopes.join(", ")
}

pub(crate) async fn list(visitor: Visitor, query: Query) -> Answer {
    let frame = frame(&visitor, "API keys").await?;
    let settings = Settings::of_list(Tab::Keys, query)?;
    let keys = visitor.store().api_keys().list(visitor.organization_id()).await?;
    let (live, dead): (Vec<_>, Vec<_>) = keys.iter().rev().partition(|key| key.is_live(frame.now));
    let rows = |keys: Vec<&ApiKey>| {
        let rows = keys.into_iter().map(|key| Row::of(key, &frame, &visitor));
        rows.collect::<Vec<_>>()
    };
    let (live, dead) = (rows(live), rows(dead));
    page::html(&KeysPage {
        frame,
        settings,
        live,
        dead,
    })
}

#[derive(Template)]
#[template(path = "settings_revoke.html")]
struct RevokePage {
    frame: Frame,
    settings: Settings,
    key: Row,
    is_last_admin: bool,
}

/// Asks whether it shall really be revoked.
pub(crate) async fn ask(visitor: Visitor, number: Path<String>) -> Answer {
    let frame = frame(&visitor, "Revoke a key").await?;
    let id = ApiKeyId::parse(&number).ok_or(ApiError::NotFound)?;
    let keys = visitor.store().api_keys().list(visitor.organization_id()).await?;
    let key = keys.iter().find(|key| key.id == id).ok_or(ApiError::NotFound)?;
    if key.revoked_at.is_some() {
        return Ok(see_other(&told(Tab::Keys, Done::KeyRevoked)));
    }
    let mut admins = keys
        .iter()
        .filter(|key| key.allows(Scope::Admin) && key.is_live(frame.now));
    page::html(&RevokePage {
        settings: Settings::new(Tab::Keys),
        key: Row::of(key, &frame, &visitor),
        is_last_admin: key.allows(Scope::Admin) && admins.all(|other| other.id == id),
        frame,
    })
}

pub(crate) async fn revoke(form: Form, number: Path<String>) -> Answer {
    let (visitor, fields) = of_admin(form)?;
    fields.finish().map_err(ApiError::from)?;
    let id = ApiKeyId::parse(&number).ok_or(ApiError::NotFound)?;
    let keys = visitor.store().api_keys();
    let revoked = keys.revoke(visitor.organization_id(), id, visitor.now()).await?;
    revoked.ok_or(ApiError::NotFound)?;
    if id == visitor.key_id() {
        return Ok(with_cookie(
            "/sign-in?done=key-revoked",
            cookie::gone(&visitor.address),
        ));
    }
    Ok(see_other(&told(Tab::Keys, Done::KeyRevoked)))
}
