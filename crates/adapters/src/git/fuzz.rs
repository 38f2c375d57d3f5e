//! Whatever git writes is read without a panic. `just fuzz git_log 60` tries it for a minute.

use super::history::read;
use super::stream::{next, text};
use super::tags::tag;
use super::wordings::mentions;
use std::time::Duration;

const SEEDS: [&str; 7] = [
    "a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2\nb1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2 c1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2\n1700000000\n1700000000\nA\na@b\nMerge pull request #7 from octocat/fix\n\nMake it green\n\0",
    "a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2\n\n-1\n99999999999999999\nA\na@b\nfix: the (#1) (#12)\n\0\0",
    "a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2\n\n1\n1\n\n\nMerge #2 #3\n2: One r=a a=b\n3: Two r=c\n\0",
    "a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2\n\n1\n1\n\n\nMerge branch 'a' into 'b'\nT\n\nSee merge request g/p!4\n\0",
    "a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2\n\n1\n1\n\n\nMerge pull request 'T' (#5) from x/a into main\n\nReviewed-on: https://h/o/r/pulls/5\n\0",
    "v1.0\0commit a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2\0\x001700000000",
    "",
];

type Edits = (u8, Vec<(u16, u8, u8)>);

fn edited((which, edits): &Edits) -> Vec<u8> {
    const TOKENS: [&[u8]; 12] = [
        b"\0",
        b"\n",
        b" ",
        b"(#",
        b")",
        b"Merge pull request #",
        b" from ",
        b"/",
        b"99999999999999999999",
        b"-",
        b"\xff",
        b"\xc7\xb0",
    ];
    let mut bytes = SEEDS[usize::from(*which) % SEEDS.len()].as_bytes().to_vec();
    for (place, kind, value) in edits.iter().take(12) {
        let place = usize::from(*place) % (bytes.len() + 1);
        let end = (place + usize::from(*value) % 32).min(bytes.len());
        let token = TOKENS[usize::from(*value) % TOKENS.len()];
        match kind % 5 {
            0 => bytes.truncate(place),
            1 => bytes.insert(place, *value),
            2 => drop(bytes.drain(place..end)),
            3 => drop(bytes.splice(place..place, token.iter().copied())),
            _ => bytes.extend_from_within(place..end),
        }
    }
    bytes
}

#[test]
fn git_log() {
    bolero::check!()
        .with_test_time(Duration::from_millis(500))
        .with_type::<Edits>()
        .for_each(|edits| {
            let written = edited(edits);
            let mut from = written.as_slice();
            let mut records = Vec::new();
            while let Some(record) = next(&mut from).unwrap() {
                records.push(record);
            }
            // Nothing is lost and nothing made up.
            let pieces: Vec<_> = written
                .split(|byte| *byte == 0)
                .map(|piece| text(piece.to_vec()))
                .collect();
            let last_is_open = pieces.last().is_some_and(|piece| !piece.is_empty());
            assert_eq!(records, pieces[..pieces.len() - usize::from(!last_is_open)]);
            for record in &records {
                let Some(commit) = read(record) else { continue };
                let written = record.to_ascii_lowercase();
                assert!(written.contains(&commit.sha.to_string()));
                assert!(
                    commit
                        .parents
                        .iter()
                        .all(|parent| written.contains(&parent.to_string()))
                );
                for mention in mentions(commit.subject, commit.body) {
                    assert!(record.contains(&mention.number.get().to_string()), "{record}");
                }
            }
            let line = String::from_utf8_lossy(&written);
            for line in line.lines() {
                match tag(line) {
                    Ok(tag) => assert!(line.starts_with(&tag.name)),
                    Err(skipped) => assert!(line.starts_with(&skipped.name)),
                }
            }
        });
}
