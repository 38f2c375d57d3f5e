//! What is more than text when people read it: commits, times and the sentences of explanations as HTML. Whatever comes
//! from outside is escaped here, since nothing does it behind.

use crate::text::short_sha;
use askama::filters::Safe;
use std::fmt::Display;

/// A commit as HTML: shortened, with all of it beside it.
pub(crate) fn commit(sha: impl Display) -> Safe<String> {
    let sha = sha.to_string();
    let short = short_sha(&sha);
    Safe(format!("<code title=\"{sha}\">{short}</code>"))
}

/// A sentence of the domain as HTML: with a capital and a full stop, and commits shortened as Git does, their whole SHAs
/// beside them.
pub(crate) fn sentence(text: impl Display) -> Safe<String> {
    let text = text.to_string();
    let mut html = String::new();
    let mut rest = text.as_str();
    while let Some(from) = rest.find(|letter: char| letter.is_ascii_alphanumeric()) {
        let (before, word) = rest.split_at(from);
        let end = word
            .find(|letter: char| !letter.is_ascii_alphanumeric())
            .unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        push_escaped(&mut html, before);
        if word.len() == 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let short = short_sha(word);
            html.push_str(&format!("<code title=\"{word}\">{short}</code>"));
        } else if html.is_empty() {
            let (first, others) = word.split_at(1);
            html.push_str(&first.to_ascii_uppercase());
            html.push_str(others);
        } else {
            html.push_str(word);
        }
        rest = after;
    }
    push_escaped(&mut html, rest);
    if !text.ends_with('.') {
        html.push('.');
    }
    Safe(html)
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
    fn a_sentence_is_harmless_and_its_commits_are_short() {
        let sha = "0123456789abcdef0123456789abcdef01234567";
        for (text, html) in [
            ("service api names nothing", "Service api names nothing."),
            ("Whole.", "Whole."),
            (
                "<b>\"Tom & Jerry's\"</b>",
                "&lt;b&gt;&quot;Tom &amp; Jerry&#x27;s&quot;&lt;/b&gt;.",
            ),
            ("Ünder é", "Ünder é."),
            ("\u{e9}a", "\u{e9}a."),
            ("", "."),
        ] {
            assert_eq!(sentence(text).0, html);
        }
        assert_eq!(
            sentence(format!("commit {sha}: new")).0,
            format!("Commit <code title=\"{sha}\">0123456</code>: new.")
        );
    }
}
