//! Making a key. It is shown in the answer to the form, once, and nowhere else: not in an address, which is kept in
//! histories and logs, and not in a page that a browser keeps.

use super::{Settings, Tab, frame, of_admin, text};
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::snippets::{Snippet, first_report, snippets};
use crate::visitor::{Form, Visitor};
use actix_web::http::StatusCode;
use askama::Template;
use periscope_domain::api_key::Scope;
use periscope_domain::text::ApiKeyName;
use periscope_domain::timestamp::{InvalidTimestamp, Timestamp};
use periscope_domain::use_cases::{IssueApiKey, has_deployments, issue_api_key};
use periscope_server::{ApiError, Query};
use time::Duration;

/// What a name must be.
const NAME_RULE: &str = "Give it a name of 1-100 characters.";

/// What a set of scopes must be.
const SCOPES_RULE: &str = "Choose at least one.";

/// What an expiry must be.
const EXPIRY_RULE: &str = "Give a day like 2027-01-31, today or later, or none.";

#[derive(Template)]
#[template(path = "settings_new_key.html")]
struct NewKeyPage {
    frame: Frame,
    settings: Settings,
    name: Field,
    scopes: Vec<ScopeChoice>,
    scopes_problem: Option<&'static str>,
    expires: Field,
}

/// A field with what was typed, and what is wrong with that.
#[derive(Default)]
struct Field {
    value: String,
    problem: Option<&'static str>,
}

impl Field {
    /// Reads a field, which may be wrong.
    fn read<T, E>(
        fields: &mut Query,
        name: &'static str,
        rule: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> (Option<T>, Self) {
        let value = text(fields, name);
        let parsed = parse(&value).ok();
        let problem = parsed.is_none().then_some(rule);
        (parsed, Self { value, problem })
    }
}

struct ScopeChoice {
    scope: Scope,
    is_chosen: bool,
}

impl ScopeChoice {
    fn all(chosen: &[Scope]) -> Vec<Self> {
        let choices = Scope::ALL.into_iter().map(|scope| Self {
            scope,
            is_chosen: chosen.contains(&scope),
        });
        choices.collect()
    }

    /// What it allows.
    const fn explanation(&self) -> &'static str {
        match self.scope {
            Scope::Ingest => "Report deployments, pull requests and commits. This is what CI needs.",
            Scope::Read => {
                "Read everything that is recorded: over the API, and on these pages by signing in."
            }
            Scope::Admin => "Sign in here and change settings, keys included.",
        }
    }
}

pub(crate) async fn page(visitor: Visitor, mut query: Query) -> Answer {
    let frame = frame(&visitor, "Make a key").await?;
    let chosen = query.several("scope", Scope::parse);
    query.finish().map_err(ApiError::from)?;
    page::html(&NewKeyPage {
        frame,
        settings: Settings::new(Tab::Keys),
        name: Field::default(),
        scopes: ScopeChoice::all(if chosen.is_empty() {
            &[Scope::Ingest]
        } else {
            &chosen
        }),
        scopes_problem: None,
        expires: Field::default(),
    })
}

#[derive(Template)]
#[template(path = "settings_made_key.html")]
struct MadeKeyPage {
    frame: Frame,
    settings: Settings,
    name: String,
    secret: String,
    /// A request that reports a first deployment with it, if there was none yet: it would not be a true one.
    first_report: Option<String>,
    /// The steps for each CI, if it may report deployments.
    snippets: Option<Vec<Snippet>>,
    /// A request that reads with it.
    read: Option<String>,
    may_sign_in: bool,
}

pub(crate) async fn make(form: Form) -> Answer {
    let (visitor, mut fields) = of_admin(form)?;
    let now = visitor.now();
    let (name, name_field) = Field::read(&mut fields, "name", NAME_RULE, ApiKeyName::parse);
    let (expires_at, expires) = Field::read(&mut fields, "expires", EXPIRY_RULE, |text| expiry(text, now));
    let scopes = fields.several("scope", Scope::parse);
    fields.finish().map_err(ApiError::from)?;
    let frame = frame(&visitor, "Make a key").await?;
    let (Some(name), Some(expires_at), false) = (name, expires_at, scopes.is_empty()) else {
        let page = NewKeyPage {
            frame,
            settings: Settings::new(Tab::Keys),
            name: name_field,
            scopes_problem: scopes.is_empty().then_some(SCOPES_RULE),
            scopes: ScopeChoice::all(&scopes),
            expires,
        };
        return page::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let command = IssueApiKey {
        organization_id: visitor.organization_id(),
        name,
        scopes,
        expires_at,
    };
    let (secret, key) = issue_api_key(visitor.store(), command, &mut visitor.state.random(), now).await?;
    let (address, secret) = (visitor.address.to_string(), secret.expose().to_owned());
    let may_ingest = key.allows(Scope::Ingest);
    let is_first = !has_deployments(visitor.store(), visitor.organization_id()).await?;
    page::html(&MadeKeyPage {
        frame,
        settings: Settings::new(Tab::Keys),
        name: key.name.to_string(),
        first_report: (may_ingest && is_first).then(|| first_report(&address, &secret, now)),
        snippets: may_ingest.then(|| snippets(&visitor.address)),
        read: key
            .allows(Scope::Read)
            .then(|| format!("curl {address}/api/deployments -H \"Authorization: Bearer {secret}\"")),
        may_sign_in: key.allows_signing_in(),
        secret,
    })
}

/// The end of the day that was typed, in UTC, or no end if none was.
fn expiry(day: &str, now: Timestamp) -> Result<Option<Timestamp>, InvalidTimestamp> {
    if day.is_empty() {
        return Ok(None);
    }
    let is_day = day.len() == 10 && day.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let end = Timestamp::parse(&format!("{day}T00:00:00Z"))?.plus(Duration::days(1));
    if is_day && end > now {
        Ok(Some(end))
    } else {
        Err(InvalidTimestamp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_works_until_the_end_of_its_last_day() {
        let now = Timestamp::parse("2024-01-15T12:00:00Z").unwrap();
        let at = |text| Ok(Some(Timestamp::parse(text).unwrap()));
        for (day, end) in [
            ("", Ok(None)),
            ("2024-01-15", at("2024-01-16T00:00:00Z")),
            ("2024-02-29", at("2024-03-01T00:00:00Z")),
            ("2024-01-14", Err(InvalidTimestamp)),
            ("2023-02-29", Err(InvalidTimestamp)),
            ("2024-W05-1", Err(InvalidTimestamp)),
            ("tomorrow", Err(InvalidTimestamp)),
            ("15.01.2025", Err(InvalidTimestamp)),
        ] {
            assert_eq!(expiry(day, now), end, "{day}");
        }
    }
}
