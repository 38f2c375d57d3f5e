use super::*;

/// Number, title, head and base branch.
type Expected<'a> = (i64, &'a str, &'a str, &'a str);

fn check(subject: &str, body: &str, forge: Option<Forge>, expected: &[Expected<'_>]) {
    let found = mentions(subject, body);
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let told: Vec<_> = found
        .iter()
        .map(|mention| {
            (
                i64::from(mention.number.get()),
                text(mention.title.as_ref().map(Title::as_str)),
                text(mention.head_branch.as_ref().map(BranchName::as_str)),
                text(mention.base_branch.as_ref().map(BranchName::as_str)),
            )
        })
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(number, title, head, base)| {
            (
                *number,
                (*title).to_owned(),
                (*head).to_owned(),
                (*base).to_owned(),
            )
        })
        .collect();
    assert_eq!(told, expected, "{subject}");
    if let Some(forge) = forge {
        assert!(
            found.iter().all(|mention| mention.forges.contains(&forge)),
            "{subject}"
        );
    }
}

/// A forge, a subject, a body, and what they say.
static MERGES: [(Forge, &str, &str, Expected<'_>); 30] = [
    (
        Forge::GitHub,
        "Merge pull request #7 from octocat/fix/red",
        "\nMake it green\n",
        (7, "Make it green", "fix/red", ""),
    ),
    (
        Forge::GitHub,
        "Merge pull request #7 from octocat/fix",
        "",
        (7, "", "fix", ""),
    ),
    (Forge::GitHub, "Merge pull request #7", "", (7, "", "", "")),
    (
        Forge::GitHub,
        "Merge pull request #7 into release",
        "",
        (7, "", "", ""),
    ),
    (
        Forge::GitHub,
        "Merge #8 from octocat/fix",
        "Title",
        (8, "Title", "fix", ""),
    ),
    (
        Forge::GitHub,
        "Merge #5613",
        "5613: Fix it r=matklad a=matklad\n\nbors r+",
        (5613, "Fix it", "", ""),
    ),
    (
        Forge::GitHub,
        "Auto merge of #15194 - HKalbasi:mir, r=HKalbasi",
        "Fix MIR\n\nmore",
        (15194, "Fix MIR", "mir", ""),
    ),
    (
        Forge::GitHub,
        "auto merge of #1100 : owner/repo/branch, r=x",
        "Old",
        (1100, "Old", "repo/branch", ""),
    ),
    (
        Forge::GitHub,
        "Rollup merge of #90 - someone:doc, r=other",
        "Doc",
        (90, "Doc", "doc", ""),
    ),
    (
        Forge::Gitea,
        "Merge pull request 'Fix' (#5) from x/a into main",
        "Reviewed-by: y",
        (5, "Fix", "x/a", "main"),
    ),
    (
        Forge::Gitea,
        "Merge pull request 'Fix 'it' (#1)' (#5) from o/r:a into main",
        "",
        (5, "Fix 'it' (#1)", "a", "main"),
    ),
    (
        Forge::Gitea,
        "Merge pull request 'Fix' (!5) from a into main",
        "",
        (5, "Fix", "a", "main"),
    ),
    (
        Forge::Gitea,
        "Merge pull request 'Fix' (#5) from a",
        "",
        (5, "Fix", "a", ""),
    ),
    (
        Forge::Bitbucket,
        "Merged in x/b (pull request #7)",
        "Title\n\nApproved-by: z",
        (7, "Title", "x/b", ""),
    ),
    (
        Forge::Bitbucket,
        "Pull request #34: ECC-1431: Fix",
        "Merge in K/s from a to dev\n\n* commit 'b':",
        (34, "ECC-1431: Fix", "a", "dev"),
    ),
    (
        Forge::Bitbucket,
        "Merge pull request #32 in ECC/codes from feature/EFAS to develop",
        "* commit 'ee28bf4f':\n  x",
        (32, "", "feature/EFAS", "develop"),
    ),
    (
        Forge::Azure,
        "Merged PR 6: Fix",
        "Related work items: #1",
        (6, "Fix", "", ""),
    ),
    (
        Forge::GitLab,
        "Merge branch 'a' into 'main'",
        "Fix\n\nCloses #3\n\nSee merge request g/s/p!4",
        (4, "Fix", "a", "main"),
    ),
    (
        Forge::GitLab,
        "Merge branch 'a'",
        "See merge request !161",
        (161, "", "a", ""),
    ),
    (
        Forge::GitLab,
        "Merge branch 'a' into 'main'",
        "Fix\n\nSee merge request https://gitlab.com/g/p/-/merge_requests/5208\n\nApproved-by: x",
        (5208, "Fix", "a", "main"),
    ),
    (
        Forge::GitLab,
        "Fix it",
        "Part-of: <https://h/g/p/-/merge_requests/12>",
        (12, "Fix it", "", ""),
    ),
    (Forge::GitLab, "Fix it (!12)", "", (12, "Fix it", "", "")),
    (
        Forge::Gitea,
        "Fix",
        "Reviewed-on: https://h/o/r/pulls/9\nReviewed-by: x",
        (9, "Fix", "", ""),
    ),
    (
        Forge::GitHub,
        "src: fix",
        "PR-URL: https://github.com/o/r/pull/11\nReviewed-By: x",
        (11, "src: fix", "", ""),
    ),
    (
        Forge::GitHub,
        "fix",
        "Pull Request resolved: https://github.com/o/r/pull/11",
        (11, "fix", "", ""),
    ),
    (
        Forge::GitHub,
        "internal: fix",
        "GitHub-Pull-Request: golang/tools#670",
        (670, "internal: fix", "", ""),
    ),
    (
        Forge::GitHub,
        "fix: the red one (#12)",
        "",
        (12, "fix: the red one", "", ""),
    ),
    (
        Forge::GitHub,
        "pick (#12) to v1 (#13)",
        "",
        (13, "pick (#12) to v1", "", ""),
    ),
    (
        Forge::GitHub,
        "Revert \"T (#587)\" (#625)",
        "",
        (625, "Revert \"T (#587)\"", "", ""),
    ),
    (Forge::GitHub, "(#12)", "", (12, "", "", "")),
];

#[test]
fn every_forge_s_merge_is_read() {
    for (forge, subject, body, expected) in MERGES {
        check(subject, body, Some(forge), &[expected]);
    }
}

#[test]
fn a_batch_of_bors_names_several_numbers() {
    check(
        "Merge #2 #3",
        "2: One r=a a=b\n\nText\n\n3: Two r=a a=c\n",
        Some(Forge::GitHub),
        &[(2, "One", "", ""), (3, "Two", "", "")],
    );
}

#[test]
fn a_subject_and_a_trailer_are_two_readings() {
    check(
        "Use io_prio (#336281)",
        "Part-of: <https://h/g/p/-/merge_requests/12>",
        None,
        &[
            (336_281, "Use io_prio", "", ""),
            (12, "Use io_prio (#336281)", "", ""),
        ],
    );
}

#[test]
fn other_sentences_name_no_pull_request() {
    for (subject, body) in [
        ("Revert \"fix: the red one (#12)\"", ""),
        ("Revert \"Merge #5516\"", ""),
        ("fix #12", "Closes #12"),
        ("fix (#)", ""),
        ("fix (#0)", ""),
        ("fix (#-1)", ""),
        ("fix (#+1)", ""),
        ("fix (#99999999999999999999)", ""),
        ("fix (#12) again", ""),
        ("Merge pull request #x from a/b", ""),
        ("Merge #x", ""),
        ("Merge #1 and #2", ""),
        ("Merge branch 'main' into v1", ""),
        ("Merge branch 'main' of github.com:o/r", ""),
        ("Merged PR six: Fix", ""),
        (
            "x",
            "Reviewed-on: https://go-review.googlesource.com/c/tools/+/818520",
        ),
        ("x", "Differential Revision: https://host/D123"),
        ("", ""),
    ] {
        check(subject, body, None, &[]);
    }
}

#[test]
fn the_project_is_read_where_it_is_named() {
    for (subject, body, expected) in [
        (
            "Merge branch 'a' into 'b'",
            "See merge request g/s/p!4",
            Some("g/s/p"),
        ),
        (
            "Merge branch 'a' into 'b'",
            "See merge request https://h/g/p/-/merge_requests/4",
            Some("g/p"),
        ),
        ("x", "Reviewed-on: https://h/o/r/pulls/4", Some("o/r")),
        ("x", "GitHub-Pull-Request: golang/tools#670", Some("golang/tools")),
        ("x (#4)", "", None),
    ] {
        let found = mentions(subject, body);
        assert_eq!(found[0].project.as_deref(), expected, "{body}");
    }
}
