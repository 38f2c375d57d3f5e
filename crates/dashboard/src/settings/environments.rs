//! The environments of an organization with their tiers, and the rules that give tiers. Only a deployment to production
//! ships pull requests, so an environment whose tier nobody has chosen comes with a button that makes it production.

use super::{Done, Settings, Tab, frame, of_admin, text, told};
use crate::frame::Frame;
use crate::page::{self, Answer, see_other};
use crate::text::counted;
use crate::visitor::{Form, Visitor};
use actix_web::http::StatusCode;
use askama::Template;
use periscope_domain::environment::Tier;
use periscope_domain::environment_tiers::EnvironmentPattern;
use periscope_domain::use_cases::{
    EnvironmentList, KnownEnvironment, SetEnvironmentTierError, list_environments, remove_environment_tier,
    set_environment_tier,
};
use periscope_server::{ApiError, Query};

/// What a rule's name must be.
const PATTERN_RULE: &str = "Give the name of an environment, or a pattern with *, of at most 100 characters.";

#[derive(Template)]
#[template(path = "settings_environments.html")]
struct EnvironmentsPage {
    frame: Frame,
    settings: Settings,
    known: EnvironmentList,
    /// The pattern and tier of the form that was refused.
    pattern: String,
    tier: Tier,
    problem: Option<String>,
}

impl EnvironmentsPage {
    async fn new(visitor: &Visitor, settings: Settings) -> Result<Self, page::Error> {
        Ok(Self {
            frame: frame(visitor, "Environments").await?,
            settings,
            known: list_environments(visitor.store(), visitor.organization_id()).await?,
            pattern: String::new(),
            tier: Tier::Production,
            problem: None,
        })
    }

    fn is_undecided(known: &KnownEnvironment) -> bool {
        known.is_undecided()
    }

    /// How many environments have a tier that nobody has chosen.
    fn undecided(&self) -> Option<String> {
        let count = self.known.undecided().len();
        (count > 0).then(|| counted(count, "environment"))
    }
}

pub(crate) async fn list(visitor: Visitor, query: Query) -> Answer {
    visitor.require_admin()?;
    let settings = Settings::of_list(Tab::Environments, query)?;
    page::html(&EnvironmentsPage::new(&visitor, settings).await?)
}

pub(crate) async fn set(form: Form) -> Answer {
    let (visitor, mut fields) = of_admin(form)?;
    let name = text(&mut fields, "environment");
    let tier = text(&mut fields, "tier");
    fields.finish().map_err(ApiError::from)?;
    let tier = Tier::parse(&tier).map_err(|_| ApiError::NotFound)?;
    let Ok(pattern) = EnvironmentPattern::parse(&name) else {
        return refuse(&visitor, name, tier, PATTERN_RULE.to_owned()).await;
    };
    let of = visitor.organization_id();
    match set_environment_tier(visitor.store(), of, &pattern, tier, visitor.now()).await {
        Ok(()) => Ok(see_other(&told(Tab::Environments, Done::TierSet))),
        Err(SetEnvironmentTierError::TooMany(error)) => {
            refuse(&visitor, name, tier, format!("Remove a rule first: {error}.")).await
        }
        Err(error) => Err(ApiError::from(error).into()),
    }
}

/// The page again, with the form as it was sent and why it will not do.
async fn refuse(visitor: &Visitor, pattern: String, tier: Tier, problem: String) -> Answer {
    let mut page = EnvironmentsPage::new(visitor, Settings::new(Tab::Environments)).await?;
    page.pattern = pattern;
    page.tier = tier;
    page.problem = Some(problem);
    page::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

pub(crate) async fn remove(form: Form) -> Answer {
    let (visitor, mut fields) = of_admin(form)?;
    let name = text(&mut fields, "environment");
    fields.finish().map_err(ApiError::from)?;
    let pattern = EnvironmentPattern::parse(&name).map_err(|_| ApiError::NotFound)?;
    let of = visitor.organization_id();
    remove_environment_tier(visitor.store(), of, &pattern, visitor.now())
        .await
        .map_err(ApiError::from)?;
    Ok(see_other(&told(Tab::Environments, Done::TierRemoved)))
}
