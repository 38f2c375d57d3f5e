//! The list of pull requests. Who asks for a number of which there is one is led to it.

use crate::controls::{CHOSEN_FROM, Choice, Controls, Filter, Typed};
use crate::frame::{Frame, Section};
use crate::listed::Listed;
use crate::page::{self, Answer, see_other};
use crate::text;
use crate::visitor::Visitor;
use askama::Template;
use periscope_domain::id::PullRequestId;
use periscope_domain::listing::{ListedPullRequest, Position};
use periscope_domain::pull_request::{PullRequest, PullRequestNumber};
use periscope_domain::repository::{Repository, RepositoryName};
use periscope_domain::text::Actor;
use periscope_domain::use_cases::{ListPullRequests, find_setup, list_pull_requests, list_services};
use periscope_server::{ApiError, Paging, Query};

pub(crate) const PATH: &str = "/pull-requests";

#[derive(Template)]
#[template(path = "pull_requests.html")]
struct PullRequestsPage {
    frame: Frame,
    controls: Controls,
    listed: Listed<ListedPullRequest>,
    /// The number that was asked for.
    number: Option<PullRequestNumber>,
}

pub(crate) async fn get(visitor: Visitor, mut query: Query) -> Answer {
    let (store, organization_id) = (visitor.store(), visitor.organization_id());
    let mut controls = Controls::of_list_without_environment(&mut query, &visitor);
    let wanted = wanted(&mut query, &controls);
    let paging = Paging::read(&mut query, "pull-requests", organization_id, PullRequestId::new);
    query.finish().map_err(ApiError::from)?;
    let deployed = list_services(store, organization_id).await?;
    controls.offer(&deployed);
    add_filters(
        &mut controls,
        &wanted,
        &store.repositories().list(organization_id).await?,
    );
    let number = wanted.number;
    let page = list_pull_requests(store, organization_id, wanted, &paging.request).await?;
    let listed = Listed::of(page, &paging, position);
    let mut frame = Frame::new(&visitor, Section::PullRequests, "Pull requests").await?;
    frame.ask_about(&controls);
    frame.offer_next_step(&find_setup(store, organization_id, &deployed).await?);
    if let (Some(_), [found]) = (number, listed.items.as_slice()) {
        return Ok(see_other(&format!("{PATH}/{}{}", found.stored.id, frame.kept)));
    }
    if listed.is_back_at_first {
        return Ok(see_other(&format!(
            "{PATH}{}",
            listed.beside.latest.trim_end_matches('?')
        )));
    }
    page::html(&PullRequestsPage {
        frame,
        controls,
        listed,
        number,
    })
}

fn wanted(query: &mut Query, controls: &Controls) -> ListPullRequests {
    ListPullRequests {
        repository: query.optional("repository", RepositoryName::parse),
        number: query.optional("number", PullRequestNumber::parse),
        service: controls.service(),
        author: query.optional("author", Actor::parse),
        is_linked: query.optional("linked", |text| {
            text.trim().parse::<bool>().map_err(|_| "must be true or false")
        }),
        merged: controls.period(),
    }
}

fn position(listed: &ListedPullRequest) -> Position<i64> {
    Position {
        time: listed.stored.pull_request.merged_at,
        id: listed.stored.id.get(),
    }
}

/// What the list is filtered by, beside what every list is.
fn add_filters(controls: &mut Controls, wanted: &ListPullRequests, repositories: &[Repository]) {
    controls.add_filter(by_linked(wanted.is_linked));
    if repositories.len() > CHOSEN_FROM {
        controls.add_typed(Typed {
            name: "Repository",
            parameter: "repository",
            value: said(wanted.repository.as_ref()),
            placeholder: "owner/name",
            size: 18,
        });
    } else {
        controls.add_filter(by_repository(wanted.repository.as_ref(), repositories));
    }
    controls.add_typed(Typed {
        name: "Author",
        parameter: "author",
        value: said(wanted.author.as_ref()),
        placeholder: "All authors",
        size: 12,
    });
    controls.add_typed(Typed {
        name: "Number",
        parameter: "number",
        value: said(wanted.number),
        placeholder: "#",
        size: 6,
    });
}

fn said(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn by_linked(said: Option<bool>) -> Filter {
    let choices = [
        (None, "", "All"),
        (Some(true), "true", "Shipped"),
        (Some(false), "false", "Not shipped"),
    ];
    let choices = choices.map(|(is_linked, value, name)| Choice {
        value: value.to_owned(),
        name: name.to_owned(),
        is_chosen: is_linked == said,
    });
    Filter {
        name: "Shipped",
        parameter: "linked",
        choices: choices.into(),
    }
}

fn by_repository(said: Option<&RepositoryName>, repositories: &[Repository]) -> Filter {
    let choice = |name: &RepositoryName| Choice {
        value: name.to_string(),
        name: name.to_string(),
        is_chosen: said.is_some_and(|said| said.is_same_as(name)),
    };
    let mut choices = vec![Choice {
        value: String::new(),
        name: "All repositories".to_owned(),
        is_chosen: said.is_none(),
    }];
    choices.extend(repositories.iter().map(|known| choice(&known.name)));
    if choices.iter().all(|choice| !choice.is_chosen) {
        choices.extend(said.map(choice));
    }
    Filter {
        name: "Repository",
        parameter: "repository",
        choices,
    }
}

/// From its opening to its merge.
pub(crate) fn cycle_time(pull_request: &PullRequest) -> Option<String> {
    let created_at = pull_request.created_at?;
    Some(text::between(created_at, pull_request.merged_at))
}
