//! What is more than text when people read it: commits, times and the sentences of explanations as HTML. Whatever comes
//! from outside is escaped here, since nothing does it behind.

use crate::text::{self, short_sha};
use askama::filters::Safe;
use periscope_domain::time_zone::TimeZone;
use periscope_domain::timestamp::Timestamp;
use std::fmt::Display;

/// A commit as HTML: shortened, with all of it beside it.
pub(crate) fn commit(sha: impl Display) -> Safe<String> {
    let sha = sha.to_string();
    let short = short_sha(&sha);
    Safe(format!("<code title=\"{sha}\">{short}</code>"))
}

/// A sentence of the domain as HTML: with a capital and a full stop, times as a zone has them, and commits shortened as Git
/// does, with their whole SHAs beside them.
pub(crate) fn sentence(text: &str, zone: &TimeZone) -> Safe<String> {
    let mut html = String::new();
    for piece in text.split_inclusive(' ') {
        let word = piece.trim_end_matches([' ', '.', ',', ':', ';', ')']);
        let (word, end) = piece.split_at(word.len());
        if html.is_empty() {
            let mut letters = word.chars();
            let first = letters.next().map(|first| first.to_ascii_uppercase());
            push_escaped(&mut html, &first.into_iter().chain(letters).collect::<String>());
        } else if is_sha(word) {
            html.push_str(&commit(word).0);
        } else if let Some(time) = Timestamp::parse(word).ok().filter(|_| word.ends_with('Z')) {
            html.push_str(&self::time(time, zone).0);
        } else {
            push_escaped(&mut html, word);
        }
        push_escaped(&mut html, end);
    }
    if !text.ends_with('.') {
        html.push('.');
    }
    Safe(html)
}

fn is_sha(word: &str) -> bool {
    word.len() == 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A minute in a zone, with the exact time for programs.
pub(crate) fn time(time: Timestamp, zone: &TimeZone) -> Safe<String> {
    let moment = text::moment(time, zone);
    Safe(format!("<time datetime=\"{time}\">{moment}</time>"))
}

/// How long ago something was or, once that says little, its day; with its minute in a zone beside it.
pub(crate) fn time_ago(time: Timestamp, now: Timestamp, zone: &TimeZone) -> Safe<String> {
    let moment = text::moment(time, zone);
    let when = text::when(time, now, zone);
    Safe(format!(
        "<time datetime=\"{time}\" title=\"{moment}\">{when}</time>"
    ))
}

fn push_escaped(html: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '&' => html.push_str("&amp;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#x27;"),
            _ => html.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_harmless() {
        for (text, html) in [
            ("service api names nothing", "Service api names nothing."),
            ("Whole.", "Whole."),
            (
                "<b>\"Tom & Jerry's\"</b> <i>",
                "&lt;b&gt;&quot;Tom &amp; Jerry&#x27;s&quot;&lt;/b&gt; &lt;i&gt;.",
            ),
            ("\u{e9}a  b\u{e9}", "\u{e9}a  b\u{e9}."),
            ("", "."),
        ] {
            assert_eq!(sentence(text, &TimeZone::UTC).0, html);
        }
    }

    #[test]
    fn commits_and_times_in_a_sentence_are_those_of_the_page() {
        let sha = "0123456789abcdef0123456789abcdef01234567";
        let short = format!("<code title=\"{sha}\">0123456</code>");
        assert_eq!(
            sentence(&format!("commit {sha}: base {sha} does"), &TimeZone::UTC).0,
            format!("Commit {short}: base {short} does.")
        );
        let berlin = TimeZone::parse("Europe/Berlin").unwrap();
        assert_eq!(
            sentence("merged at 2024-01-15T23:50:00.5Z, not 2024.", &berlin).0,
            "Merged at <time datetime=\"2024-01-15T23:50:00.5Z\">16 Jan 2024, 00:50</time>, not 2024."
        );
    }
}
