use super::*;
use crate::git::wordings::mentions;

/// A history in order: what each commit's subject is, and its parents.
struct Story {
    graph: Graph,
    shas: Vec<CommitSha>,
    times: Vec<i64>,
    claims: Vec<Claim>,
    setting: Setting,
    pulls: Vec<Place>,
}

/// The numbers that count with their commits, and the reasons of the others.
type Verdict = (Vec<(i32, Place)>, Vec<(i32, Place, Reason)>);

const DAY: i64 = 24 * 3600;

impl Story {
    fn new() -> Self {
        Self {
            graph: Graph::default(),
            shas: Vec::new(),
            times: Vec::new(),
            claims: Vec::new(),
            setting: Setting::default(),
            pulls: Vec::new(),
        }
    }

    /// Adds a commit a day after the one before.
    fn commit(&mut self, parents: &[Place], subject: &str, body: &str) -> Place {
        let place = self.graph.add(parents.iter().copied());
        self.shas
            .push(CommitSha::parse(&format!("{place:040x}")).unwrap());
        self.times.push(i64::from(place) * DAY);
        self.claims
            .extend(mentions(subject, body).into_iter().map(|mention| Claim {
                commit: place,
                mention,
                is_picked: body.contains("(cherry picked from commit "),
                is_of_forge: body.contains("by GitHub"),
            }));
        place
    }

    /// Adds commits one after the other, the first without a parent.
    fn line(&mut self, subjects: &[&str]) -> Place {
        let mut last = None;
        for subject in subjects {
            let parents: Vec<Place> = last.into_iter().collect();
            last = Some(self.commit(&parents, subject, ""));
        }
        last.unwrap()
    }

    /// The numbers that count with their commits, and the reasons of the others.
    fn judge(&mut self, default_head: Place, others: &[Place]) -> Verdict {
        self.setting.default_head = Some(default_head);
        self.setting.own_heads.push(default_head);
        self.setting.own_heads.extend(others);
        let commits = Commits {
            graph: &self.graph,
            shas: &self.shas,
            times: &self.times,
            pulls: &self.pulls,
        };
        let judgement = judge(&commits, &self.claims, &self.setting);
        let told = |index: &usize| (self.claims[*index].number().get(), self.claims[*index].commit);
        let mut merged: Vec<_> = judgement.merged.iter().map(told).collect();
        merged.sort_unstable();
        let apart = judgement
            .apart
            .iter()
            .map(|(index, reason)| (told(index).0, told(index).1, *reason));
        (merged, apart.collect())
    }
}

#[test]
fn every_number_of_the_own_line_counts() {
    let mut story = Story::new();
    let head = story.line(&[
        "start",
        "a (#1)",
        "Merge pull request #2 from a/b",
        "none",
        "c (#3)",
    ]);
    assert_eq!(story.judge(head, &[]), (vec![(1, 1), (2, 2), (3, 4)], vec![]));
}

#[test]
fn a_merge_into_another_branch_counts_and_a_title_there_does_not() {
    let mut story = Story::new();
    let base = story.line(&["start", "a (#1)", "b (#2)"]);
    let side = story.commit(&[base], "work", "");
    let release = story.commit(&[base, side], "Merge pull request #3 from a/b", "");
    let pick = story.commit(&[release], "d (#4)", "");
    let squash = story.commit(&[pick], "e (#5)", "by GitHub");
    let head = story.commit(&[base], "f (#6)", "");
    let (merged, apart) = story.judge(head, &[squash]);
    assert_eq!(merged, [(1, 1), (2, 2), (3, release), (5, squash), (6, head)]);
    assert_eq!(apart, [(4, pick, Reason::Unproved)]);
    story.setting.accept_claims = true;
    let (merged, apart) = story.judge(head, &[squash]);
    assert!(merged.contains(&(4, pick)) && apart.is_empty());
}

#[test]
fn stacked_merges_and_a_branch_that_was_merged_back_count_each() {
    let mut story = Story::new();
    let base = story.line(&["start", "a (#1)"]);
    let develop = story.commit(&[base], "work", "");
    let side = story.commit(&[develop], "work", "");
    let inner = story.commit(&[develop, side], "Merge pull request #2 from a/inner", "");
    let head = story.commit(&[base, inner], "Merge pull request #3 from a/develop", "");
    assert_eq!(story.judge(head, &[]).0, [(1, 1), (2, inner), (3, head)]);
}

#[test]
fn a_merged_in_repository_and_another_remote_bring_no_numbers() {
    let mut story = Story::new();
    let base = story.line(&["start", "a (#1)"]);
    let other = story.line(&["their start", "theirs (#7)", "Merge pull request #8 from x/y"]);
    let head = story.commit(&[base, other], "Merge their repository", "");
    let upstream = story.commit(&[base, head], "Merge pull request #9 from x/y", "");
    let (merged, apart) = story.judge(head, &[]);
    assert_eq!(merged, [(1, 1)]);
    assert_eq!(
        apart,
        [
            (7, 3, Reason::OtherRepository),
            (8, 4, Reason::OtherRepository),
            (9, upstream, Reason::OtherRemote)
        ]
    );
}

#[test]
fn a_pick_never_becomes_the_merge() {
    for order in [false, true] {
        let mut story = Story::new();
        let base = story.line(&["start", "a (#1)"]);
        let main = |story: &mut Story| story.commit(&[base], "fix (#81)", "");
        let release = |story: &mut Story| story.commit(&[base], "fix (#81)", "");
        let (main, release) = if order {
            let main = main(&mut story);
            (main, release(&mut story))
        } else {
            let release = release(&mut story);
            (main(&mut story), release)
        };
        for named in [vec![], vec![main, release], vec![release, main]] {
            story.setting.named_heads = named;
            let (merged, apart) = story.judge(main, &[release]);
            assert!(merged.contains(&(81, main)), "{order}");
            assert!(
                apart.contains(&(81, release, Reason::Second)),
                "{order}: {apart:?}"
            );
        }
        story.setting.named_heads = vec![release];
        let (merged, _) = story.judge(main, &[release]);
        assert!(!merged.iter().any(|(number, _)| *number == 81), "{order}");
    }
    let mut story = Story::new();
    let base = story.line(&["start", "a (#1)"]);
    let side = story.commit(&[base], "work", "");
    let release = story.commit(&[base, side], "Merge pull request #2 from a/b", "");
    let pick = story.commit(&[base], "fix (#2)", "(cherry picked from commit 1234)");
    let (merged, apart) = story.judge(pick, &[release]);
    assert_eq!(merged, [(1, 1), (2, release)]);
    assert_eq!(apart, [(2, pick, Reason::Second)]);
}

#[test]
fn a_number_that_several_commits_off_the_own_line_claim_is_kept_apart() {
    let mut story = Story::new();
    let base = story.line(&["start", "a (#1)"]);
    let first = story.commit(&[base, 0], "Merge pull request #2 from a/b", "");
    let second = story.commit(&[base, 0], "Merge pull request #2 from a/b", "");
    let (merged, apart) = story.judge(base, &[first, second]);
    assert_eq!(merged, [(1, 1)]);
    assert_eq!(
        apart,
        [(2, first, Reason::Contested), (2, second, Reason::Contested)]
    );
    // The clone's ref of the pull request proves one.
    let number = PullRequestNumber::new(2).unwrap();
    let side = story.commit(&[base], "work", "");
    let third = story.commit(&[base, side], "Merge pull request #2 from a/b", "");
    story.setting.pull_heads.insert(number, story.shas[side as usize]);
    let (merged, apart) = story.judge(base, &[first, second, third]);
    assert_eq!(merged, [(2, third)]);
    assert!(apart.contains(&(1, 1, Reason::NoSuchRef)));
}

#[test]
fn of_several_claims_of_the_own_line_the_first_counts_unless_a_merge_was_done_again() {
    let mut story = Story::new();
    let squashes = story.line(&["start", "a (#7)", "a, second part (#7)", "b (#8)"]);
    assert_eq!(story.judge(squashes, &[]).0, [(7, 1), (8, 3)]);
    let mut story = Story::new();
    let mut head = story.line(&["start"]);
    for number in [7, 8, 7] {
        head = story.commit(&[head, 0], &format!("Merge pull request #{number} from a/b"), "");
    }
    assert_eq!(story.judge(head, &[]).0, [(7, 3), (8, 2)]);
    // The project in the message proves one.
    let mut story = Story::new();
    let start = story.line(&["start"]);
    let ours = story.commit(&[start], "a", "Reviewed-on: https://h/acme/api/pulls/5");
    let theirs = story.commit(&[ours, 0], "a", "Reviewed-on: https://h/other/api/pulls/5");
    for (project, expected) in [("acme/api", ours), ("other/api", theirs)] {
        story.setting.project = Some(project.to_owned());
        assert_eq!(story.judge(theirs, &[]).0, [(5, expected)]);
    }
}

#[test]
fn a_hard_fork_begins_with_its_own_numbers() {
    let merge = |number: i32| format!("Merge pull request #{number} from a/b");
    let mut story = Story::new();
    let mut head = story.line(&["start"]);
    for number in [1, 1, 2] {
        head = story.commit(&[head, 0], &merge(number), "");
    }
    assert_eq!(story.judge(head, &[]).0, [(1, 2), (2, 3)]);

    let mut story = Story::new();
    let mut head = story.line(&["start"]);
    let upstream: Vec<Place> = (1..=60)
        .map(|number| {
            head = story.commit(&[head, 0], &merge(number), "");
            head
        })
        .collect();
    let late = story.commit(&[upstream[50], 0], &merge(61), "");
    let ours: Vec<(i32, Place)> = (1..=4)
        .map(|number| {
            head = story.commit(&[head, 0], &merge(number), "");
            (number, head)
        })
        .collect();
    let (merged, apart) = story.judge(head, &[late]);
    assert_eq!(merged, ours);
    assert!(
        apart.iter().all(|(.., reason)| *reason == Reason::BeforeRestart),
        "{apart:?}"
    );
    assert_eq!(apart.len(), 61);
}

#[test]
fn numbers_out_of_their_time_are_kept_apart() {
    let mut story = Story::new();
    let mut head = story.line(&["start", "Use io_prio (#579449)"]);
    for number in 3..90 {
        head = story.commit(&[head], &format!("change (#{number})"), "");
    }
    let tracker = story.commit(&[head], "Use io_prio (#979449)", "");
    let head = story.commit(&[tracker], "change (#91)", "");
    let far = story.commit(&[head, 0], "Merge pull request #100210 from a/b", "");
    let fits = story.commit(&[head, 0], "Merge pull request #92 from a/b", "");
    for _ in 0..400 {
        story.commit(&[0], "nothing", "");
    }
    let old = story.commit(&[head, 0], "Merge pull request #2 from a/b", "");
    let (merged, apart) = story.judge(head, &[far, fits, old]);
    assert_eq!(merged.len(), 89);
    assert!(merged.contains(&(92, fits)));
    assert_eq!(
        apart,
        [
            (579_449, 1, Reason::OutOfSequence),
            (979_449, tracker, Reason::OutOfSequence),
            (100_210, far, Reason::OutOfSequence),
            (2, old, Reason::OutOfSequence),
        ]
    );
}

#[test]
fn wordings_of_an_earlier_forge_and_of_a_tracker_do_not_count() {
    let mut story = Story::new();
    let mut head = story.line(&["start", "old (#1)", "old (#2)"]);
    for number in 1..4 {
        let body = format!("Title\n\nSee merge request g/p!{number}");
        head = story.commit(&[head, 0], "Merge branch 'a' into 'main'", &body);
    }
    let both = story.commit(
        &[head],
        "Use io_prio (#3)",
        "Part-of: <https://h/g/p/-/merge_requests/4>",
    );
    let (merged, apart) = story.judge(both, &[]);
    assert_eq!(merged, [(1, 3), (2, 4), (3, 5), (4, both)]);
    assert!(
        apart.iter().all(|(.., reason)| *reason == Reason::OtherForge),
        "{apart:?}"
    );
}

#[test]
fn a_pull_of_the_default_branch_leaves_its_line_whole() {
    let mut story = Story::new();
    let base = story.line(&["start", "a (#1)"]);
    let local = story.commit(&[base], "local work", "");
    let theirs = story.commit(&[base], "b (#2)", "");
    let foxtrot = story.commit(&[local, theirs], "Merge branch 'main' of github.com:o/r", "");
    story.pulls.push(foxtrot);
    assert_eq!(story.judge(foxtrot, &[]).0, [(1, 1), (2, theirs)]);
}

#[test]
fn the_forge_s_own_refs_name_what_is_a_pull_request() {
    let mut story = Story::new();
    let head = story.line(&["start", "a (#1)", "b (#2)", "c (#9)"]);
    let squash = story.commit(&[head], "d (#3)", "");
    for number in [1, 3] {
        let number = PullRequestNumber::new(number).unwrap();
        story
            .setting
            .pull_heads
            .insert(number, CommitSha::parse(&"f".repeat(40)).unwrap());
    }
    let (merged, apart) = story.judge(head, &[squash]);
    assert_eq!(merged, [(1, 1), (3, squash), (9, 3)]);
    assert_eq!(apart, [(2, 2, Reason::NoSuchRef)]);
}

#[test]
fn a_default_branch_with_few_numbers_does_not_bound_those_of_develop() {
    let mut story = Story::new();
    let base = story.line(&["start", "a (#1)"]);
    let mut develop = story.commit(&[base], "work", "");
    for number in 200..230 {
        develop = story.commit(
            &[develop, 0],
            &format!("Merge pull request #{number} from a/b"),
            "",
        );
    }
    let (merged, apart) = story.judge(base, &[develop]);
    assert_eq!((merged.len(), apart), (31, vec![]));
}
