//! Short texts that people and CI systems send: trimmed, not empty, bounded in characters and free of control
//! characters (`\u0000` cannot even be stored by Postgres). One type for each meaning, all made by one macro.

use std::fmt;
use thiserror::Error;

/// A text broke its rule; the message is that rule, to be put behind a field's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct InvalidText(&'static str);

fn parse(text: &str, max: usize, rule: &'static str) -> Result<Box<str>, InvalidText> {
    let text = text.trim();
    let sound = !text.is_empty() && text.chars().count() <= max && !text.chars().any(char::is_control);
    if sound {
        Ok(text.into())
    } else {
        Err(InvalidText(rule))
    }
}

fn clean(text: &str, max: usize) -> Option<Box<str>> {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(max)
        .collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.into())
}

macro_rules! text {
    ($($(#[$doc:meta])* $name:ident, $max:literal, $rule:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Trims the text and checks it.
            ///
            /// # Errors
            /// [`InvalidText`] when nothing is left, when it is too long or holds a control character.
            pub fn parse(text: &str) -> Result<Self, InvalidText> {
                parse(text, $max, $rule).map(Self)
            }

            /// Makes the best of a text that we may not refuse, such as a title typed on a forge: control
            /// characters become spaces and what is too long is cut. `None` when nothing is left.
            #[must_use]
            pub fn clean(text: &str) -> Option<Self> {
                clean(text, $max).map(Self)
            }

            /// The text as it is kept.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

text! {
    /// What the sender calls a deployment; together with the organization, its identity.
    ExternalDeploymentId, 255, "must be a string of 1-255 characters";
    /// Who removes a record: the name of an API key, or `command line`.
    Remover, 255, "must be a string of 1-255 characters";
    /// A deployed service, as the sender names it.
    ServiceName, 255, "must be a string of at most 255 characters";
    /// A Git branch.
    BranchName, 255, "must be a string of at most 255 characters";
    /// A person or a bot: a forge's login, or whoever triggered a pipeline.
    Actor, 255, "must be a string of at most 255 characters";
    /// A CI pipeline or workflow.
    PipelineName, 255, "must be a string of at most 255 characters";
    /// The title of a pull request.
    Title, 1024, "must be a string of at most 1024 characters";
    /// What an organization is called by people.
    OrganizationName, 255, "must be a string of 1-255 characters";
    /// What an API key is called by people.
    ApiKeyName, 100, "must be a string of 1-100 characters";
    /// A webhook delivery's identifier, as the forge gives it.
    DeliveryId, 100, "must be a string of 1-100 characters";
    /// What a webhook tells of, in the forge's words.
    EventName, 50, "must be a string of 1-50 characters";
}

impl Remover {
    /// The bearer of a key, by its name.
    #[must_use]
    pub fn key(name: &ApiKeyName) -> Self {
        Self(name.0.clone())
    }

    /// Who runs the service.
    #[must_use]
    pub fn command_line() -> Self {
        Self("command line".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_around_a_text_is_trimmed() {
        assert_eq!(
            ServiceName::parse(" \tapi gateway\r\n").unwrap().as_str(),
            "api gateway"
        );
    }

    #[test]
    fn who_removes_is_named_by_the_key_or_is_the_command_line() {
        let name = ApiKeyName::parse("release bot").unwrap();
        assert_eq!(Remover::key(&name).as_str(), "release bot");
        assert_eq!(Remover::command_line().as_str(), "command line");
    }

    #[test]
    fn a_text_is_refused_by_its_rule() {
        for bad in [
            "",
            "   ",
            "a\0b",
            "a\u{7f}b",
            "a\nb",
            "a\u{85}b",
            &"x".repeat(256),
        ] {
            let error = ExternalDeploymentId::parse(bad).unwrap_err();
            assert_eq!(
                error.to_string(),
                "must be a string of 1-255 characters",
                "{bad:?}"
            );
        }
    }

    #[test]
    fn length_is_counted_in_characters_not_bytes() {
        assert!(ServiceName::parse(&"é".repeat(255)).is_ok());
        assert!(ServiceName::parse(&"é".repeat(256)).is_err());
    }

    #[test]
    fn a_forge_s_text_is_cleaned_rather_than_refused() {
        assert_eq!(
            Title::clean(" fix\0 \u{1b}[31mred ").unwrap().as_str(),
            "fix   [31mred"
        );
        assert_eq!(Title::clean(&"x".repeat(2000)).unwrap().as_str().len(), 1024);
        assert_eq!(Title::clean("\0 \n"), None);
    }
}
