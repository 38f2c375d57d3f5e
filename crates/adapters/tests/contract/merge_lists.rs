//! Pages of pull requests, in order of their merges.

use crate::fixture::{SharedStore, Tenant, at, deployment, pull_request, repository_name};
use crate::lists::request;
use periscope_domain::deployment::Deployment;
use periscope_domain::id::PullRequestId;
use periscope_domain::listing::{ListedPullRequest, Order, Page, PageRequest, Position, PullRequestFilter};
use periscope_domain::period::Period;
use periscope_domain::pull_request::{PullRequest, PullRequestNumber};
use periscope_domain::text::{Actor, BranchName, ServiceName};
use periscope_domain::use_cases::{ListPullRequests, Origin, list_pull_requests};

fn merge_position(listed: &ListedPullRequest) -> Position<PullRequestId> {
    Position {
        time: listed.stored.pull_request.merged_at,
        id: listed.stored.id,
    }
}

impl Tenant {
    async fn merges_page(
        &self,
        filter: &PullRequestFilter,
        page: PageRequest<PullRequestId>,
    ) -> Page<ListedPullRequest> {
        let pull_requests = self.store.pull_requests();
        pull_requests.page(self.id, filter, &page).await.unwrap()
    }

    /// All that a filter takes, page by page.
    async fn list_merges(
        &self,
        filter: &PullRequestFilter,
        order: Order,
        limit: u16,
    ) -> Vec<ListedPullRequest> {
        let mut listed: Vec<ListedPullRequest> = Vec::new();
        loop {
            let after = listed.last().map(merge_position);
            let page = self.merges_page(filter, request(order, after, limit)).await;
            listed.extend(page.items);
            if !page.has_more {
                return listed;
            }
        }
    }
}

fn numbers(listed: &[ListedPullRequest]) -> Vec<i32> {
    listed
        .iter()
        .map(|listed| listed.stored.pull_request.number.get())
        .collect()
}

/// Merged at a minute, by an author.
fn merged(number: u32, minute: i64, author: &str) -> PullRequest {
    PullRequest {
        merged_at: at(minute),
        author: Actor::clean(author),
        ..pull_request(number)
    }
}

/// Pull requests of two repositories, on several branches, some merged at one time; 2 and 13 are shipped.
async fn merges(store: &SharedStore) -> Tenant {
    let acme = Tenant::new(store, "acme").await;
    let on = |branch: Option<&str>, pull_request: PullRequest| PullRequest {
        base_branch: branch.and_then(BranchName::clean),
        ..pull_request
    };
    acme.send([
        merged(1, 10, "Octocat"),
        merged(2, 30, "hubot"),
        on(Some("release"), merged(3, 20, "octocat")),
        on(Some("release"), merged(4, 10, "")),
        on(None, merged(5, 40, "hubot")),
    ])
    .await;
    acme.send_to(
        "acme/web",
        [merged(13, 20, "octocat"), merged(14, 10, "")],
        Origin::Sent,
    )
    .await;
    acme.record(deployment("d", 2)).await;
    acme.record(Deployment {
        service: ServiceName::clean("web"),
        ..deployment("e", 13)
    })
    .await;
    acme
}

pub(crate) async fn pull_requests_come_in_order_of_their_merges_and_their_numbers(store: SharedStore) {
    let acme = merges(&store).await;
    let all = PullRequestFilter::default();
    for limit in [1, 2, 3, 7, 200] {
        let newest = acme.list_merges(&all, Order::Newest, limit).await;
        assert_eq!(numbers(&newest), [5, 2, 13, 3, 14, 4, 1]);
        let oldest = acme.list_merges(&all, Order::Oldest, limit).await;
        assert_eq!(numbers(&oldest), [1, 4, 14, 3, 13, 2, 5]);
    }
    for listed in acme.list_merges(&all, Order::Newest, 3).await {
        let stored = &listed.stored;
        let found = store.pull_requests().find(acme.id, stored.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(stored));
        let number = stored.pull_request.number.get();
        assert_eq!(listed.is_linked, [2, 13].contains(&number), "{number}");
        let repository = if number > 10 { "acme/web" } else { "acme/api" };
        assert_eq!(listed.repository.as_str(), repository);
    }
}

pub(crate) async fn a_filter_of_pull_requests_takes_what_its_rule_takes(store: SharedStore) {
    let acme = merges(&store).await;
    let all = acme
        .list_merges(&PullRequestFilter::default(), Order::Oldest, 200)
        .await;
    let api = acme.repository("acme/api").await.id;
    for repository_id in [None, Some(api)] {
        for author in [None, Some("OctoCat"), Some("nobody")] {
            for is_linked in [None, Some(true), Some(false)] {
                for (since, until) in [(None, None), (Some(20), Some(40)), (None, Some(20))] {
                    let filter = PullRequestFilter {
                        repository_id,
                        number: None,
                        author: author.and_then(Actor::clean),
                        is_linked,
                        merged: Period::new(since.map(at), until.map(at)).unwrap(),
                    };
                    let mut expected = all.clone();
                    expected.retain(|listed| filter.takes(&listed.stored, listed.is_linked));
                    assert_eq!(
                        acme.list_merges(&filter, Order::Oldest, 2).await,
                        expected,
                        "{filter:?}"
                    );
                    expected.reverse();
                    assert_eq!(
                        acme.list_merges(&filter, Order::Newest, 200).await,
                        expected,
                        "{filter:?}"
                    );
                }
            }
        }
    }
}

pub(crate) async fn pull_requests_of_a_number_are_found_in_every_repository(store: SharedStore) {
    let acme = merges(&store).await;
    acme.send_to("acme/web", [merged(3, 25, "hubot")], Origin::Sent)
        .await;
    let all = acme
        .list_merges(&PullRequestFilter::default(), Order::Oldest, 200)
        .await;
    let web = acme.repository("acme/web").await.id;
    for number in [3, 13, 99] {
        for repository_id in [None, Some(web)] {
            for (author, is_linked, until) in [
                (None, None, None),
                (Some("octocat"), None, None),
                (None, Some(true), None),
                (None, None, Some(25)),
            ] {
                let filter = PullRequestFilter {
                    repository_id,
                    number: PullRequestNumber::new(number).ok(),
                    author: author.and_then(Actor::clean),
                    is_linked,
                    merged: Period::new(None, until.map(at)).unwrap(),
                };
                let mut expected = all.clone();
                expected.retain(|listed| filter.takes(&listed.stored, listed.is_linked));
                assert_eq!(
                    acme.list_merges(&filter, Order::Oldest, 1).await,
                    expected,
                    "{filter:?}"
                );
                expected.reverse();
                assert_eq!(
                    acme.list_merges(&filter, Order::Newest, 2).await,
                    expected,
                    "{filter:?}"
                );
            }
        }
    }
}

pub(crate) async fn pull_requests_of_a_service_are_those_of_its_repository(store: SharedStore) {
    let acme = merges(&store).await;
    for (service, repository, found) in [
        (Some("web"), None, &[13, 14][..]),
        (None, Some("ACME/web"), &[13, 14]),
        (Some("web"), Some("acme/web"), &[13, 14]),
        (Some("web"), Some("acme/api"), &[]),
        (Some("jobs"), None, &[]),
        (None, None, &[5, 2, 13, 3, 14, 4, 1]),
    ] {
        let wanted = ListPullRequests {
            service: service.and_then(ServiceName::clean),
            repository: repository.map(repository_name),
            ..ListPullRequests::default()
        };
        let page = list_pull_requests(&*store, acme.id, wanted, &request(Order::Newest, None, 200))
            .await
            .unwrap();
        assert_eq!(numbers(&page.items), found, "{service:?} {repository:?}");
    }
}

pub(crate) async fn pull_requests_are_on_one_page_while_others_come(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    acme.send((1..=9).map(|number| merged(number, i64::from(number) / 3, "octocat")))
        .await;
    let mut seen = Vec::new();
    let mut after = None;
    for arrival in 0.. {
        let page = acme
            .merges_page(&PullRequestFilter::default(), request(Order::Newest, after, 2))
            .await;
        seen.extend(numbers(&page.items));
        after = page.items.last().map(merge_position);
        if !page.has_more {
            break;
        }
        acme.send([
            merged(100 + arrival, 3, "hubot"),
            merged(200 + arrival, 0, "hubot"),
        ])
        .await;
    }
    seen.retain(|number| *number < 100);
    assert_eq!(seen, [9, 8, 7, 6, 5, 4, 3, 2, 1]);
}

pub(crate) async fn no_pull_request_of_another_organization_is_listed(store: SharedStore) {
    let acme = merges(&store).await;
    let globex = Tenant::new(&store, "globex").await;
    let of_repository = PullRequestFilter {
        repository_id: Some(acme.repository("acme/api").await.id),
        ..PullRequestFilter::default()
    };
    let of_number = PullRequestFilter {
        number: PullRequestNumber::new(1).ok(),
        ..PullRequestFilter::default()
    };
    for order in [Order::Newest, Order::Oldest] {
        for filter in [
            PullRequestFilter::default(),
            of_repository.clone(),
            of_number.clone(),
        ] {
            assert_eq!(globex.list_merges(&filter, order, 200).await, []);
        }
    }
}
