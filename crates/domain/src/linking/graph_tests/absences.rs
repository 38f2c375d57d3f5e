//! Why a pull request is not in a deployment.

use super::*;

#[test]
fn why_a_pull_request_is_not_in_a_deployment_is_told() {
    type Case = (&'static [u8], &'static [u8], u8, u8, Absence);
    let cases: [Case; 7] = [
        (&ALL, &[3], 6, 7, Absence::NotContained),
        (&ALL, &[3], 6, 2, Absence::InBase),
        (&ALL, &[], 6, 5, Absence::BaseUnknown),
        (&ALL, &[3], 6, 5, Absence::Pending),
        (&ALL, &[3], 66, 5, Absence::CommitUnknown),
        (&ALL, &[3], 6, 55, Absence::MergeCommitUnknown),
        (&[5, 6, 8], &[8], 6, 3, Absence::Undecided),
    ];
    for (told, earlier, commit, merge, expected) in cases {
        let found = absence(
            &deployment(commit, None),
            &surroundings(told, earlier),
            RepositoryId::new(1),
            (PullRequestId::new(merge.into()), sha(merge)),
        );
        assert_eq!(found, expected, "{merge} in {commit}");
    }
    let without_graph = Surroundings {
        histories: Vec::new(),
        ..surroundings(&ALL, &[])
    };
    let mut unwatched = surroundings(&ALL, &[]);
    unwatched.histories[0].repository_is_monitored = false;
    let mut unwatched_merge = without_graph.clone();
    for candidate in &mut unwatched_merge.candidates {
        candidate.repository_is_monitored = false;
    }
    let mut named = surroundings(&ALL, &[]);
    named.repositories.push(Repository {
        former_names: Vec::new(),
        id: RepositoryId::new(1),
        name: RepositoryName::parse("acme/api").unwrap(),
        monitored: true,
        aliases: Vec::new(),
    });
    let deployment = Deployment {
        service: ServiceName::clean("api"),
        ..deployment(5, None)
    };
    for (surroundings, repository, expected) in [
        (&without_graph, 1, Absence::NoGraph),
        (&unwatched, 1, Absence::OtherRepository),
        (&unwatched_merge, 1, Absence::OtherRepository),
        // The deployed commit is of repository 1.
        (&surroundings(&ALL, &[]), 2, Absence::OtherRepository),
        (&named, 1, Absence::BaseUnknown),
        (&named, 2, Absence::OtherRepository),
    ] {
        let (repository, merge) = (RepositoryId::new(repository), (PullRequestId::new(3), sha(3)));
        let found = absence(&deployment, surroundings, repository, merge);
        assert_eq!(found, expected);
    }
}

#[test]
fn a_commit_is_said_to_be_unknown_where_it_was_looked_for_and_nowhere_else() {
    let mut of_another = surroundings(&ALL, &[]);
    of_another.repositories.push(Repository {
        former_names: Vec::new(),
        id: RepositoryId::new(2),
        name: RepositoryName::parse("acme/web").unwrap(),
        monitored: true,
        aliases: Vec::new(),
    });
    let mut unwatched = surroundings(&ALL, &[]);
    unwatched.histories[0].repository_is_monitored = false;
    for candidate in &mut unwatched.candidates {
        candidate.repository_is_monitored = false;
    }
    let web = Deployment {
        service: ServiceName::clean("web"),
        ..deployment(5, None)
    };
    for (deployment, surroundings, place) in [
        (&web, &of_another, "in acme/web"),
        (&deployment(5, None), &unwatched, "in any monitored repository"),
    ] {
        let linking = link(deployment, surroundings);
        let warned: Vec<_> = linking.warnings.iter().map(Warning::to_string).collect();
        let told = linking.findings.iter();
        let told: Vec<_> = told
            .map(|finding| finding.sentence(|_| "acme/web".to_owned()))
            .collect();
        assert!(warned[0].contains(place), "{warned:?}");
        assert!(told[1].contains(place), "{told:?}");
    }
}
