//! Inputs that are nearly right: one that is right, with some edits. Bytes made at random would hardly ever come past
//! the first letter.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::Write;

/// Which input, and where it is edited how.
pub(super) type Edits = (u8, Vec<(u16, u8, u8)>);

pub(super) const REPORTS: [&str; 3] = [
    r#"{"deploymentId":"gha-1","commitSha":"a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2","environment":"production","status":"success","startedAt":"2024-01-15T10:30:00Z","completedAt":"2024-01-15T10:35:00.5+01:00","service":"api","branch":"main","triggeredBy":"octocat","pipelineName":"Deploy","pipelineUrl":"https://github.com/a/b","previousCommitSha":"b1b2c3d"}"#,
    r#"{"deploymentId":"1","commitSha":"abcde","environment":"x","status":"pending","startedAt":"2024-01-15T10:30:00+0200","completedAt":7,"service":null,"previousCommitSha":"00000"}"#,
    r#"{"status":"rolled_back","deploymentId":" a ","commitSha":"ABCDEF0","environment":"Staging","startedAt":"2000-01-01T00:00:00.000001Z","completedAt":"2024-01-16T10:30:00Z","organizationSlug":""}"#,
];

pub(super) const BATCHES: [&str; 3] = [
    r#"{"repository":"acme/api","pullRequests":[{"number":7,"mergeCommitSha":"a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2","mergedAt":"2024-01-15T09:00:00Z","createdAt":"2024-01-14T09:00:00Z","title":"t","url":"https://x/y","author":"a","mergedBy":"b","baseBranch":"main","headBranch":"fix","additions":1,"deletions":2,"changedFiles":3}]}"#,
    r#"{"repository":"Acme/API.x","commits":[{"sha":"a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2","parents":["b1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2"],"committedAt":"2024-01-15T09:00:00-07:00"},{"sha":"c1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2","parents":[],"committedAt":"1970-01-01T00:00:00Z"}]}"#,
    r#"{"repository":"a/b","pullRequests":[{"number":1e0,"mergeCommitSha":"A1B2C3D4E5F60AB2C3D4E5F60AB2C3D4E5F60AB2","mergedAt":"2024-01-15T09:00:00Z"}],"commits":[{"sha":"a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2","parents":[],"committedAt":"2024-01-15T09:00:00Z"}]}"#,
];

pub(super) const EVENTS: [&str; 3] = [
    r#"{"action":"closed","pull_request":{"number":7,"merged":true,"merge_commit_sha":"a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2","merged_at":"2024-01-15T09:00:00Z","created_at":"2024-01-14T09:00:00Z","title":"Fix","html_url":"https://github.com/a/b/pull/7","user":{"login":"octocat"},"merged_by":{"login":"hubot"},"base":{"ref":"main"},"head":{"ref":"fix"},"additions":1,"deletions":2,"changed_files":3},"repository":{"full_name":"acme/api"}}"#,
    r#"{"ref":"refs/heads/main","before":"a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2","after":"b1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2","forced":false,"commits":[{"id":"b1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2","timestamp":"2024-01-15T09:00:00+01:00"}],"repository":{"full_name":"acme/api"}}"#,
    "payload=%7B%22action%22%3A%22closed%22%2C%22pull_request%22%3A%7B%22number%22%3A7%2C%22merged%22%3Atrue%2C%22merge_commit_sha%22%3A%22a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2%22%2C%22merged_at%22%3A%222024-01-15T09%3A00%3A00Z%22%7D%2C%22repository%22%3A%7B%22full_name%22%3A%22a%2Fb%22%7D%7D",
];

/// What readers have stumbled over.
const TOKENS: [&[u8]; 40] = [
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"true",
    b"false",
    b"\"\"",
    b"0",
    b"-1",
    b"7.0",
    b"1e308",
    b"1e-9",
    b"9223372036854775807",
    b"\\u0000",
    b"\\ud800",
    b"\\ud83d\\ude00",
    b"\xff",
    b"\xc3\xa9",
    b"\xe2\x80\xae",
    b"\0",
    b"\n",
    b" ",
    b"\xef\xbb\xbf",
    b"2024-02-29T23:59:59.999999Z",
    b"0000000000000000000000000000000000000000",
    b"abcde",
    b"http://",
    b"/",
    b"..",
    b"%00",
    b"%",
    b"&",
    b"=",
    b"+",
    b"\xc7\xb0",
];

/// One of some inputs, edited.
pub(super) fn edited(inputs: &[&str], (which, edits): &Edits) -> Vec<u8> {
    let mut bytes = inputs[usize::from(*which) % inputs.len()].as_bytes().to_vec();
    for (place, kind, value) in edits.iter().take(12) {
        let place = usize::from(*place) % (bytes.len() + 1);
        let length = usize::from(*value) % 48;
        let end = (place + length).min(bytes.len());
        let token = TOKENS[usize::from(*value) % TOKENS.len()];
        match kind % 8 {
            0 => bytes.truncate(place),
            1 => bytes.insert(place, *value),
            2 => drop(bytes.drain(place..end)),
            3 => drop(bytes.splice(place..end, token.iter().copied())),
            4 => drop(bytes.splice(place..place, token.iter().copied())),
            5 => bytes.extend_from_within(place..end),
            // A value is replaced whole: what lies between the next colon and the next comma.
            6 => {
                let rest = &bytes[place..];
                if let Some(colon) = rest.iter().position(|byte| *byte == b':') {
                    let start = place + colon + 1;
                    let until = bytes[start..].iter().position(|byte| b",}".contains(byte));
                    let until = until.map_or(bytes.len(), |until| start + until);
                    drop(bytes.splice(start..until, token.iter().copied()));
                }
            }
            _ => {
                if let Some(byte) = bytes.get_mut(place) {
                    *byte ^= 1 << (value % 8);
                }
            }
        }
    }
    bytes
}

/// The signature of a body under a secret.
pub(super) fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    let mut text = "sha256=".to_owned();
    for byte in mac.finalize().into_bytes() {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}
