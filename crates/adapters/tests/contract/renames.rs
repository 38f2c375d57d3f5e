//! A repository keeps its identity when its name changes.

use crate::bases::{numbers, shipped};
use crate::fixture::{SharedStore, Tenant, at, pull_request, repository_name};
use periscope_domain::deployment::Deployment;
use periscope_domain::linking::service_key;
use periscope_domain::ports::Applied;
use periscope_domain::repository::ForgeRepositoryId;
use periscope_domain::text::ServiceName;
use periscope_domain::use_cases::{
    ForgeRepository, Origin, RenameRepositoryError, follow_rename, identify_repository, rename_repository,
};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

fn forge_repository(number: u64, name: &str) -> ForgeRepository {
    ForgeRepository {
        id: ForgeRepositoryId::github(number),
        name: repository_name(name),
    }
}

impl Tenant {
    async fn rename(&self, from: &str, to: &str) -> Result<(), RenameRepositoryError> {
        let (from, to) = (repository_name(from), repository_name(to));
        rename_repository(&*self.store, self.id, &from, &to, at(2000)).await
    }

    /// The repositories, each with the names that it had.
    async fn names(&self) -> Vec<(String, Vec<String>)> {
        let all = self.store.repositories().list(self.id).await.unwrap();
        let names = all.iter().map(|repository| {
            let former = repository.former_names.iter().map(ToString::to_string);
            (repository.name.to_string(), former.collect())
        });
        names.collect()
    }
}

pub(crate) async fn what_is_told_under_both_names_is_of_one_repository(store: SharedStore) {
    let mut random = StdRng::seed_from_u64(11);
    for round in 0..10 {
        let acme = Tenant::new(&store, &format!("round-{round}")).await;
        acme.send_to("acme/old", [pull_request(1)], Origin::Sent).await;
        let mut steps: Vec<u32> = (0..8).collect();
        steps.shuffle(&mut random);
        for step in &steps {
            let service = |name: &str, deployment| Deployment {
                service: ServiceName::clean(name),
                ..deployment
            };
            let sent = |name: &'static str, number| acme.send_to(name, [pull_request(number)], Origin::Sent);
            match step {
                0 => acme.rename("acme/old", "acme/new").await.unwrap(),
                1 => drop(sent("acme/old", 2).await),
                2 => drop(sent("Acme/Old", 4).await),
                3 => {
                    let commits = [(1, vec![]), (2, vec![1]), (3, vec![2]), (4, vec![3])];
                    let commits = commits.map(|(number, parents)| crate::fixture::commit(number, &parents));
                    let told = acme.tell_of("acme/old", commits.into(), vec![], Origin::Sent);
                    told.await.unwrap();
                }
                4 => drop(acme.record(service("acme/old", shipped("a", 1, 100))).await),
                5 => drop(acme.record(service("acme/new", shipped("b", 3, 200))).await),
                6 => drop(acme.record(service("old", shipped("c", 3, 300))).await),
                _ => drop(acme.record(service("new", shipped("d", 4, 400))).await),
            }
        }
        acme.send_to("acme/new", [pull_request(3)], Origin::Sent).await;
        for (id, linked) in [("a", &[1][..]), ("b", &[2, 3]), ("c", &[3]), ("d", &[4])] {
            assert_eq!(numbers(&acme, id).await, linked, "{steps:?}: {id}");
        }
        assert_eq!(
            acme.names().await,
            [("acme/new".to_owned(), vec!["acme/old".to_owned()])]
        );
        let repositories = store.repositories().list(acme.id).await.unwrap();
        for id in ["a", "b", "c", "d"] {
            let stored = acme.find(id).await;
            let key = service_key(stored.deployment.service.as_ref(), &repositories);
            assert_eq!(
                (key.as_str(), &stored.service_key),
                ("acme/new", &key),
                "{steps:?}: {id}"
            );
        }
    }
}

pub(crate) async fn a_name_is_of_one_repository_at_a_time(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    for (number, name) in [(1, "acme/api"), (2, "acme/web")] {
        acme.send_to(name, [pull_request(number)], Origin::Sent).await;
    }
    assert!(matches!(
        acme.rename("acme/none", "acme/other").await,
        Err(RenameRepositoryError::NotFound(_))
    ));
    assert!(matches!(
        acme.rename("acme/api", "ACME/Web").await,
        Err(RenameRepositoryError::NameTaken(_))
    ));
    acme.rename("acme/api", "acme/gateway").await.unwrap();
    acme.rename("acme/gateway", "acme/Edge").await.unwrap();
    let names = |all: &[(&str, &[&str])]| -> Vec<(String, Vec<String>)> {
        let owned = all.iter().map(|(name, former)| {
            (
                (*name).to_owned(),
                former.iter().map(|name| (*name).to_owned()).collect(),
            )
        });
        owned.collect()
    };
    assert_eq!(
        acme.names().await,
        names(&[("acme/Edge", &["acme/api", "acme/gateway"]), ("acme/web", &[])])
    );
    // A new repository may take a former name, and a repository may have its own back.
    acme.rename("acme/edge", "acme/api").await.unwrap();
    acme.rename("acme/web", "acme/gateway").await.unwrap();
    assert_eq!(
        acme.names().await,
        names(&[("acme/api", &["acme/Edge"]), ("acme/gateway", &["acme/web"])])
    );
}

pub(crate) async fn a_forge_tells_a_repository_by_its_number(store: SharedStore) {
    let acme = Tenant::new(&store, "acme").await;
    let globex = Tenant::new(&store, "globex").await;
    let follow = async |of: &Tenant, name: &str| {
        let (store, told) = (&*of.store, forge_repository(7, name));
        identify_repository(store, of.id, &told, at(2000)).await.unwrap()
    };
    assert!(!follow(&acme, "acme/old").await, "nothing is recorded of it yet");
    acme.send_to("acme/old", [pull_request(1)], Origin::Sent).await;
    globex.send_to("acme/old", [pull_request(1)], Origin::Sent).await;
    for (name, expected) in [
        ("acme/old", "acme/old"),
        ("acme/new", "acme/new"),
        ("acme/old", "acme/new"),
        ("acme/newer", "acme/newer"),
    ] {
        assert!(follow(&acme, name).await);
        assert_eq!(acme.names().await[0].0, expected, "{name}: a delivery may be old");
    }
    let renamed = async |from: &str, to: &str| {
        let (from, told) = (repository_name(from), forge_repository(7, to));
        follow_rename(&*acme.store, acme.id, &from, &told, at(2000))
            .await
            .unwrap()
    };
    assert!(!renamed("acme/old", "acme/new").await, "it came late");
    assert!(renamed("acme/newer", "acme/old").await, "it goes back");
    assert_eq!(acme.names().await[0].0, "acme/old");
    assert_eq!(globex.names().await, [("acme/old".to_owned(), vec![])]);
    let id = acme.repository("acme/old").await.id;
    let name = repository_name("globex/taken");
    let stolen = store.repositories().rename(globex.id, id, &name, at(2000)).await;
    assert_eq!(stolen.unwrap(), Applied::Stale, "it is another organization's");
}
