//! Nothing of another organization is ever found or changed, whichever method of whichever port is asked, and by
//! whatever number or name of its. `tenancy` sees to it that a method that a port gets is tried here too.

use crate::deployments::decision;
use crate::fixture::{
    SharedStore, Tenant, apply, at, commit, deployment, pull_request, repository_name, sha,
};
use crate::lists::request;
use crate::metric_facts::ask;
use crate::removal::removal;
use periscope_adapters::system::system_random;
use periscope_domain::api_key::{ApiKey, Scope};
use periscope_domain::delivery::{DeliveryResult, ReceivedDelivery};
use periscope_domain::deployment::StoredDeployment;
use periscope_domain::environment::{Environment, Tier};
use periscope_domain::environment_tiers::{EnvironmentPattern, EnvironmentTiers};
use periscope_domain::github::{ConnectionNonce, GithubConnection};
use periscope_domain::id::PullRequestId;
use periscope_domain::linking::{LinePosition, Linking};
use periscope_domain::listing::{DeploymentFilter, Order, PullRequestFilter};
use periscope_domain::organization::OrganizationSlug;
use periscope_domain::ports::{
    Applied, ChangedPullRequest, CommitDecision, CommitQuery, DeliveryQuery, DeploymentQuery,
    DeploymentVersion, LineRequest, Placement, PlacementRequest, PullRequestDecision, PullRequestQuery,
    RelinkReason, RelinkRequest, RelinkingDecision, TargetRepository, TiersDecision,
};
use periscope_domain::pull_request::{PullRequest, StoredPullRequest};
use periscope_domain::repository::{ForgeRepositoryId, Repository};
use periscope_domain::session::SessionHash;
use periscope_domain::text::{ApiKeyName, DeliveryId, ExternalDeploymentId, ServiceName, Title};
use periscope_domain::use_cases::{IssueApiKey, Origin, issue_api_key, sign_in};

/// An organization of which there is something of every kind, and another of which there is nothing.
struct World {
    store: SharedStore,
    acme: Tenant,
    globex: Tenant,
    key: ApiKey,
    session: SessionHash,
    repository: Repository,
    merged: StoredPullRequest,
    deployed: StoredDeployment,
    external_id: ExternalDeploymentId,
}

fn slug(text: &str) -> OrganizationSlug {
    OrganizationSlug::parse(text).unwrap()
}

fn delivery() -> DeliveryId {
    DeliveryId::parse("72d3162e").unwrap()
}

fn connection(tenant: &Tenant, number: u8) -> GithubConnection {
    GithubConnection {
        organization_id: tenant.id,
        nonce: ConnectionNonce::from_bytes([number; 16]),
        created_at: at(1),
    }
}

/// What its forge calls the repository.
fn forge_id() -> ForgeRepositoryId {
    ForgeRepositoryId::github(7)
}

impl World {
    async fn new(store: SharedStore) -> Self {
        let [acme, globex] = [
            Tenant::new(&store, "acme").await,
            Tenant::new(&store, "globex").await,
        ];
        let command = IssueApiKey {
            organization_id: acme.id,
            name: ApiKeyName::parse("ci").unwrap(),
            scopes: Scope::ALL.to_vec(),
            expires_at: None,
        };
        let random = &mut system_random();
        let (secret, key) = issue_api_key(&*store, command, random, at(0)).await.unwrap();
        let (token, _) = sign_in(&*store, &secret, random, at(1)).await.unwrap();
        store
            .github_connections()
            .replace(&connection(&acme, 1))
            .await
            .unwrap();
        acme.tell(&[(1, &[]), (2, &[1]), (3, &[2])]).await;
        acme.send_to(
            "acme/api",
            [1, 2, 3].map(pull_request),
            Origin::Webhook(delivery()),
        )
        .await;
        let repository = acme.repository("acme/api").await;
        let alias = ServiceName::parse("gateway").unwrap();
        let repositories = store.repositories();
        repositories
            .set_alias(acme.id, repository.id, &alias, at(2))
            .await
            .unwrap();
        repositories
            .set_forge_id(acme.id, repository.id, &forge_id())
            .await
            .unwrap();
        acme.give("live", Tier::Production).await;
        acme.record(deployment("d", 1)).await;
        acme.settle().await;
        // One request to link again, and one changed base, that nobody has taken yet.
        let waiting = decision(&acme, &deployment("waiting", 2)).await;
        acme.send([pull_request(9)]).await;
        let applied = apply(&store, &[waiting]).await;
        assert!(matches!(applied[0], Applied::Done(_)));
        let deployed = acme.find("d").await;
        let link = acme.links("d").await.remove(0);
        Self {
            merged: store
                .pull_requests()
                .find(acme.id, link.pull_request_id)
                .await
                .unwrap()
                .unwrap(),
            external_id: deployed.deployment.external_id.clone(),
            repository: acme.repository("acme/api").await,
            session: token.hash(),
            key,
            deployed,
            globex,
            acme,
            store,
        }
    }

    fn deployment_query(&self, tenant: &Tenant) -> DeploymentQuery {
        DeploymentQuery {
            organization_id: tenant.id,
            external_id: self.external_id.clone(),
            linking: true,
            commit: Some(sha(1).into()),
            previous_commit: None,
            service: ServiceName::clean("api"),
            environment: Some(Environment::production()),
            shipped_at: Some(at(1900)),
            earlier: true,
        }
    }

    fn delivery_query(&self, tenant: &Tenant) -> DeliveryQuery {
        DeliveryQuery {
            organization_id: tenant.id,
            service_key: "acme/api".to_owned(),
            before: LinePosition {
                completed_at: at(1900),
                external_id: "zzz".to_owned(),
            },
            pull_requests: vec![self.merged.id],
        }
    }

    fn pull_request_query(&self, tenant: &Tenant) -> PullRequestQuery {
        PullRequestQuery {
            organization_id: tenant.id,
            repository: repository_name("acme/api"),
            numbers: vec![self.merged.pull_request.number],
            delivery: Some(delivery()),
        }
    }

    fn commit_query(tenant: &Tenant) -> CommitQuery {
        CommitQuery {
            organization_id: tenant.id,
            repository: repository_name("acme/api"),
            shas: vec![sha(1), sha(2)],
            delivery: Some(delivery()),
        }
    }

    /// What a tenant finds, by every method that finds something.
    async fn found(&self, tenant: &Tenant) -> Vec<(&'static str, String)> {
        let (store, id) = (&self.store, tenant.id);
        let (api_keys, sessions) = (store.api_keys(), store.sessions());
        let (repositories, github_connections) = (store.repositories(), store.github_connections());
        let (pull_requests, commits) = (store.pull_requests(), store.commits());
        let (deployments, relinking) = (store.deployments(), store.relinking());
        let (metric_facts, environments) = (store.metric_facts(), store.environments());
        let own = if id == self.acme.id {
            slug("acme")
        } else {
            slug("globex")
        };
        let (number, merged) = (self.merged.pull_request.number, self.merged.id);
        let start = LinePosition {
            completed_at: at(0),
            external_id: String::new(),
        };
        let context = pull_requests
            .context(&self.pull_request_query(tenant))
            .await
            .unwrap()
            .unwrap();
        let told = commits
            .context(&World::commit_query(tenant))
            .await
            .unwrap()
            .unwrap();
        let query = self.deployment_query(tenant);
        let recorded = deployments.contexts(&[query]).await.unwrap().remove(0).unwrap();
        let around = recorded.surroundings;
        macro_rules! found {
            ($($found:expr),+ $(,)?) => { vec![$((stringify!($found), format!("{:?}", $found))),+] };
        }
        found![
            api_keys.list(id).await.unwrap(),
            sessions.find(id, &self.session).await.unwrap(),
            github_connections.find_by_slug(&own).await.unwrap(),
            github_connections.last_effect_at(id).await.unwrap(),
            repositories.list(id).await.unwrap(),
            repositories
                .find_by_name(id, &self.repository.name)
                .await
                .unwrap(),
            repositories.find_by_forge_id(id, &forge_id()).await.unwrap(),
            (context.repository, context.stored, context.delivery_is_known),
            pull_requests.find(id, merged).await.unwrap(),
            pull_requests
                .list(id, &[merged, PullRequestId::new(1)])
                .await
                .unwrap(),
            pull_requests
                .find_by_number(id, self.repository.id, number)
                .await
                .unwrap(),
            pull_requests
                .page(
                    id,
                    &PullRequestFilter::default(),
                    &request(Order::Newest, None, 9)
                )
                .await
                .unwrap()
                .items,
            (told.repository, told.stored.len(), told.delivery_is_known),
            (recorded.stored, recorded.linked_pull_requests, recorded.digest),
            (
                around.repositories,
                around.candidates,
                around.histories.len(),
                around.earlier
            ),
            environments.context(id).await.unwrap().unwrap().tiers,
            environments.list(id).await.unwrap(),
            deployments
                .delivered(&[self.delivery_query(tenant)])
                .await
                .unwrap(),
            deployments.line(id, "acme/api", &start, 9).await.unwrap(),
            deployments.find(id, &self.external_id).await.unwrap(),
            deployments.history(id, self.deployed.id).await.unwrap(),
            deployments.links(id, self.deployed.id).await.unwrap(),
            deployments.find_by_id(id, self.deployed.id).await.unwrap(),
            deployments.list(id, &[self.deployed.id]).await.unwrap(),
            deployments.list_shipped_with(id, merged).await.unwrap(),
            deployments
                .page(id, &DeploymentFilter::default(), &request(Order::Newest, None, 9))
                .await
                .unwrap()
                .items,
            deployments.list_services(id).await.unwrap(),
            ask(&**store, tenant, at(0)).await,
            metric_facts
                .states_before(id, &[Environment::production()], at(9000))
                .await
                .unwrap(),
            relinking.count(Some(id)).await.unwrap(),
            relinking.oldest(Some(id)).await.unwrap(),
        ]
    }
}

pub(crate) async fn nothing_of_another_organization_is_found(store: SharedStore) {
    let world = World::new(store).await;
    let [acme, globex] = [world.found(&world.acme).await, world.found(&world.globex).await];
    let nothing = [
        "None",
        "[]",
        "0",
        "(None, [], false)",
        "(None, 0, None)",
        "(None, 0, false)",
        "[{}]",
        "([], [])",
        "EnvironmentTiers({})",
    ];
    let no_surroundings = "([], [], 0, Earlier { latest: None, heads: [] })";
    for ((method, of_acme), (_, of_globex)) in acme.iter().zip(&globex) {
        assert_ne!(of_acme, of_globex, "{method}: there is something to be found");
        let is_nothing =
            nothing.contains(&of_globex.as_str()) || no_surroundings.contains(of_globex.as_str());
        assert!(is_nothing, "{method}: {of_globex}");
    }
    // What takes and moves on is asked last.
    let relinking = world.store.relinking();
    let claimed = relinking
        .claim(Some(world.globex.id), 10, at(2001), at(2002))
        .await
        .unwrap();
    assert_eq!(claimed, []);
    let lines = relinking
        .claim_lines(Some(world.globex.id), 10, at(2001), at(2002))
        .await;
    assert_eq!(lines.unwrap(), []);
    let places = relinking
        .claim_placements(Some(world.globex.id), 10, at(2001), at(2002))
        .await;
    assert_eq!(places.unwrap(), []);
    assert_eq!(world.found(&world.acme).await, acme);
}

pub(crate) async fn nothing_of_another_organization_is_changed(store: SharedStore) {
    let world = World::new(store).await;
    let before = world.found(&world.acme).await;
    let (store, globex) = (&world.store, &world.globex);
    let (id, repository) = (globex.id, world.repository.clone());
    let api_keys = store.api_keys();
    api_keys.touch(id, world.key.id, at(500)).await.unwrap();
    assert_eq!(api_keys.revoke(id, world.key.id, at(500)).await.unwrap(), None);
    let sessions = store.sessions();
    sessions.prolong(id, &world.session, at(900)).await.unwrap();
    sessions.end(id, &world.session).await.unwrap();
    let github_connections = store.github_connections();
    let received = ReceivedDelivery {
        received_at: at(600),
        event: None,
        result: DeliveryResult::Pong,
    };
    github_connections.note_delivery(id, &received).await.unwrap();
    github_connections
        .note_wrong_signature(id, at(600))
        .await
        .unwrap();
    github_connections.replace(&connection(globex, 2)).await.unwrap();
    let repositories = store.repositories();
    repositories
        .set_monitored(id, repository.id, false, at(600))
        .await
        .unwrap();
    // It has no such repository, which whoever asks must know: one store may refuse and another do nothing.
    let service = ServiceName::parse("gateway").unwrap();
    let _ = repositories.set_alias(id, repository.id, &service, at(600)).await;
    let removed = repositories.remove_alias(id, repository.id, &service, at(600));
    assert!(!removed.await.unwrap_or(false));
    let forge_id = ForgeRepositoryId::github(8);
    repositories
        .set_forge_id(id, repository.id, &forge_id)
        .await
        .unwrap();
    let name = repository_name("globex/api");
    let renamed = repositories.rename(id, repository.id, &name, at(600)).await;
    assert_eq!(renamed.unwrap(), Applied::Stale);

    let changed = PullRequestDecision {
        organization_id: id,
        repository: TargetRepository::Known(repository.clone()),
        new: Vec::new(),
        changed: vec![ChangedPullRequest {
            before: world.merged.clone(),
            after: PullRequest {
                title: Title::clean("stolen"),
                ..world.merged.pull_request.clone()
            },
        }],
        delivery: None,
        now: at(600),
    };
    let pull_requests = store.pull_requests();
    assert_eq!(pull_requests.apply(&changed).await.unwrap(), Applied::Stale);
    let commits = store.commits();
    let completed = CommitDecision {
        organization_id: id,
        repository: TargetRepository::Known(repository),
        new: vec![commit(70, &[])],
        completed: Vec::new(),
        proved_roots: Vec::new(),
        pushes: Vec::new(),
        fills: true,
        corrects: true,
        delivery: None,
        now: at(600),
    };
    commits.apply(&completed).await.unwrap();
    let mut moved = decision(&world.acme, &deployment("d", 3)).await;
    let version = moved.version;
    moved.organization_id = id;
    let deployments = store.deployments();
    let moved = deployments.apply(&[moved]).await.remove(0);
    assert_eq!(moved.unwrap(), Applied::Stale);
    let removal = removal(id, &world.deployed);
    assert_eq!(deployments.remove(&removal).await.unwrap(), Applied::Stale);
    assert_eq!(deployments.list_removed(id, 9).await.unwrap(), []);
    relink(&world, version).await;
    give_tiers(&world).await;
    let after = world.found(&world.acme).await;
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after);
    }
}

/// Tries to change the tiers of what another organization has deployed.
async fn give_tiers(world: &World) {
    let (environments, id) = (world.store.environments(), world.globex.id);
    let before = environments.context(id).await.unwrap().unwrap();
    let production = Environment::production();
    let decision = TiersDecision {
        organization_id: id,
        after: EnvironmentTiers::new([(EnvironmentPattern::exactly(&production), Tier::Preview)]),
        before,
        decided_at: at(600),
    };
    assert_eq!(environments.apply(&decision).await.unwrap(), Applied::Done(()));
    let placement = Placement {
        request: PlacementRequest {
            organization_id: id,
            service_key: "acme/api".to_owned(),
            environment: production,
            generation: 1,
        },
        tier: Tier::Preview,
        keys: vec![("api".to_owned(), "globex/api".to_owned())],
    };
    let relinking = world.store.relinking();
    relinking.place(&[placement], 9, at(600)).await.unwrap();
}

/// Tries to settle what another organization has to relink.
async fn relink(world: &World, version: DeploymentVersion) {
    let (relinking, id) = (world.store.relinking(), world.globex.id);
    let settled = RelinkingDecision {
        request: RelinkRequest {
            organization_id: id,
            deployment_id: world.deployed.id,
            external_id: world.external_id.clone(),
            reason: RelinkReason::Requested(1),
        },
        version,
        is_as_before: false,
        linking: Linking::default(),
    };
    assert_eq!(
        relinking.apply(&[settled], at(600)).await.unwrap(),
        [Applied::Stale]
    );
    let line = LineRequest {
        organization_id: id,
        service_key: "acme/api".to_owned(),
        from: LinePosition {
            completed_at: at(0),
            external_id: String::new(),
        },
        generation: 1,
    };
    relinking.advance_lines(&[(line, None)], at(600)).await.unwrap();
}
