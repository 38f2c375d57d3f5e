//! Whatever git writes is read without a panic. `just fuzz git_log 60` tries it for a minute.

use super::commits::commit;
use super::merged::merged_pull_request;
use super::stream::{next, text};
use super::tags::tag;
use periscope_domain::text::BranchName;
use std::collections::HashSet;
use std::time::Duration;

const SEEDS: [&str; 5] = [
    "a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2 1700000000 b1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2 c1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2\0b1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2 -1 \0",
    "a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2\n1700000000\nMerge pull request #7 from octocat/fix\n\nMake it green\n\0",
    "a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2\n99999999999999999\nfix: the (#1) (#12)\n\0\0",
    "v1.0\0a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2\0\x001700000000",
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
    let main = BranchName::clean("main").unwrap();
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
                if let Some(commit) = commit(record, &HashSet::new()) {
                    let told = record.to_ascii_lowercase();
                    assert!(told.contains(&commit.sha.to_string()));
                    let parents = commit.parents.unwrap();
                    assert!(parents.iter().all(|parent| told.contains(&parent.to_string())));
                }
                if let Some(merged) = merged_pull_request(record, &main) {
                    let number = merged.number.get().to_string();
                    assert!(record.contains(&number), "{record}");
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
