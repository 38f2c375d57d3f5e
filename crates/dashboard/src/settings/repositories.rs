//! The repositories of an organization: whether each is monitored, and which services are built from it beside the one that
//! has its name.

use super::{Done, Settings, Tab, frame, of_admin, text, told};
use crate::frame::Frame;
use crate::page::{self, Answer, see_other};
use crate::visitor::{Form, Visitor};
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use periscope_domain::id::RepositoryId;
use periscope_domain::repository::Repository;
use periscope_domain::text::ServiceName;
use periscope_domain::use_cases::{self, AddAliasError, AddedAlias, list_services};
use periscope_server::{ApiError, Query};

/// What a service's name must be.
const SERVICE_RULE: &str = "Give the name by which deployments call the service, of at most 255 characters.";

#[derive(Template)]
#[template(path = "settings_repositories.html")]
struct RepositoriesPage {
    frame: Frame,
    settings: Settings,
    repositories: Vec<Repository>,
    /// The names of services that something was deployed of and that no repository has.
    unmatched: Vec<String>,
    /// What was typed for a new alias, or was linked to.
    chosen: Option<RepositoryId>,
    service: String,
    problem: Option<String>,
}

/// Where an admin says which repository a service is built from.
pub(crate) fn alias_path(service: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("service", service)
        .finish();
    format!("{}?{query}#alias", Tab::Repositories.path())
}

impl RepositoriesPage {
    async fn new(visitor: &Visitor, settings: Settings) -> Result<Self, page::Error> {
        let frame = frame(visitor, "Repositories").await?;
        let of = visitor.organization_id();
        let deployed = list_services(visitor.store(), of).await?;
        let services = deployed.services.into_iter();
        let unmatched = services.filter(|service| service.repository.is_none());
        Ok(Self {
            frame,
            settings,
            repositories: visitor.store().repositories().list(of).await?,
            unmatched: unmatched.map(|service| service.name.to_string()).collect(),
            chosen: None,
            service: String::new(),
            problem: None,
        })
    }

    fn is_chosen(&self, repository: &Repository) -> bool {
        self.chosen == Some(repository.id)
    }
}

pub(crate) async fn list(visitor: Visitor, mut query: Query) -> Answer {
    visitor.require_admin()?;
    let service = text(&mut query, "service");
    let settings = Settings::of_list(Tab::Repositories, query)?;
    let mut page = RepositoriesPage::new(&visitor, settings).await?;
    page.service = service;
    page::html(&page)
}

pub(crate) async fn monitor(form: Form, number: Path<String>) -> Answer {
    let (visitor, mut fields) = of_admin(form)?;
    let is_monitored = text(&mut fields, "monitored") == "yes";
    fields.finish().map_err(ApiError::from)?;
    let repository = find(&visitor, &number).await?;
    let repositories = visitor.store().repositories();
    let of = visitor.organization_id();
    repositories
        .set_monitored(of, repository.id, is_monitored, visitor.now())
        .await?;
    let done = if is_monitored {
        Done::Monitored
    } else {
        Done::Unmonitored
    };
    Ok(see_other(&told(Tab::Repositories, done)))
}

pub(crate) async fn add_alias(form: Form) -> Answer {
    let (visitor, mut fields) = of_admin(form)?;
    let number = text(&mut fields, "repository");
    let service = text(&mut fields, "service");
    fields.finish().map_err(ApiError::from)?;
    let repository = find(&visitor, &number).await?;
    let Ok(alias) = ServiceName::parse(&service) else {
        return refuse(&visitor, &repository, service, SERVICE_RULE.to_owned()).await;
    };
    let of = visitor.organization_id();
    let added = use_cases::add_alias(visitor.store(), of, repository.id, &alias, visitor.now()).await;
    let done = match added {
        Ok(AddedAlias::Added) => Done::AliasAdded,
        Ok(AddedAlias::Moved) => Done::AliasTaken,
        Err(AddAliasError::RepositoryNotFound) => return Err(ApiError::NotFound.into()),
        Err(AddAliasError::NameOfAnother(name)) => {
            let problem = format!("{alias} is the name of {name}, and a repository's own name comes first.");
            return refuse(&visitor, &repository, service, problem).await;
        }
        Err(AddAliasError::Store(error)) => return Err(ApiError::from(error).into()),
    };
    Ok(see_other(&told(Tab::Repositories, done)))
}

/// The page again, with what was typed and why it will not do.
async fn refuse(visitor: &Visitor, repository: &Repository, service: String, problem: String) -> Answer {
    let mut page = RepositoriesPage::new(visitor, Settings::new(Tab::Repositories)).await?;
    page.chosen = Some(repository.id);
    page.service = service;
    page.problem = Some(problem);
    page::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

pub(crate) async fn remove_alias(form: Form, number: Path<String>) -> Answer {
    let (visitor, mut fields) = of_admin(form)?;
    let service = text(&mut fields, "service");
    fields.finish().map_err(ApiError::from)?;
    let repository = find(&visitor, &number).await?;
    let alias = ServiceName::parse(&service).map_err(|_| ApiError::NotFound)?;
    let repositories = visitor.store().repositories();
    let of = visitor.organization_id();
    repositories
        .remove_alias(of, repository.id, &alias, visitor.now())
        .await?;
    Ok(see_other(&told(Tab::Repositories, Done::AliasRemoved)))
}

/// The repository of the visitor's organization with a number.
async fn find(visitor: &Visitor, number: &str) -> Result<Repository, page::Error> {
    let id = RepositoryId::parse(number).ok_or(ApiError::NotFound)?;
    let all = visitor
        .store()
        .repositories()
        .list(visitor.organization_id())
        .await?;
    let found = all.into_iter().find(|repository| repository.id == id);
    Ok(found.ok_or(ApiError::NotFound)?)
}
