//! The parameters of a query. Each is asked for by its name, and one that was sent and is asked for by nobody is
//! refused: a filter that is mistyped must not look like one that was left out. All broken rules are told at once, in
//! the order in which the parameters are asked for, and unknown ones last.

use crate::violations::{BrokenRules, Violations};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use periscope_domain::period::Period;
use periscope_domain::time_zone::{InvalidMoment, Moment, TimeZone};
use std::convert::Infallible;
use std::fmt::Display;
use std::future::{Ready, ready};
use thiserror::Error;

/// How many unknown parameters are told of at most, and how many letters of their names: a long query shall not be
/// answered by one many times as long.
const TOLD_NAMES: usize = 20;
const TOLD_LETTERS: usize = 60;

/// Why a query was refused.
#[derive(Debug, Error)]
#[error("Invalid query: {0}")]
pub struct InvalidQuery(pub(crate) BrokenRules);

impl InvalidQuery {
    /// What is documented of a query that takes no parameters.
    pub(crate) fn example_of_none() -> Self {
        let mut broken = Violations::default();
        broken.add("limit", "is unknown: this endpoint takes no parameters");
        Self(broken.into())
    }

    /// What is documented of one that takes some.
    pub(crate) fn example() -> Self {
        let mut broken = Violations::default();
        broken.add("limit", "must be an integer of 1-200");
        Self(broken.into())
    }
}

/// The parameters of a request, decoded. Whoever has asked for all that it knows must [finish](Self::finish) it.
#[derive(Debug, Default)]
pub struct Query {
    sent: Vec<(String, String)>,
    known: Vec<&'static str>,
    broken: Violations,
}

impl Query {
    /// The parameters of a query, or the fields of a form that is sent like one.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self {
            sent: form_urlencoded::parse(text.as_bytes()).into_owned().collect(),
            ..Self::default()
        }
    }

    /// A parameter that may be left out. An empty one is: that is what an unset variable and a form send.
    pub fn optional<T, E: Display>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.known.push(name);
        let mut values = values(&self.sent, name);
        let value = values.next()?;
        if values.next().is_some() {
            self.broken.add(name, "must be given once");
            return None;
        }
        self.broken.check(name, parse(value))
    }

    /// A parameter that may be given several times, and with several values between commas, in their order.
    pub fn several<T, E: Display>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Vec<T> {
        self.known.push(name);
        let values = values(&self.sent, name).flat_map(|value| value.split(','));
        match values.map(parse).collect() {
            Ok(values) => values,
            Err(rule) => {
                self.broken.add(name, rule);
                Vec::new()
            }
        }
    }

    /// The half open period from `since` to `until`, either of which may be left out.
    pub fn period(&mut self) -> Period {
        // A day begins at the midnight of the zone that is asked for.
        let zone = values(&self.sent, "timeZone").next();
        let zone = zone
            .and_then(|zone| TimeZone::parse(zone).ok())
            .unwrap_or(TimeZone::UTC);
        let since = self.optional("since", moment).map(|moment| moment.at(&zone));
        let until = self.optional("until", moment).map(|moment| moment.at(&zone));
        let period = Period::new(since, until);
        period.unwrap_or_else(|rule| {
            self.refuse("until", rule);
            Period::ALWAYS
        })
    }

    /// Whether a parameter was sent, right or wrong.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        values(&self.sent, name).next().is_some()
    }

    /// What was sent under some names and is not empty.
    #[must_use]
    pub fn named(&self, names: &[&str]) -> Vec<(String, String)> {
        let sent = self.sent.iter();
        let is_wanted =
            |(name, value): &&(String, String)| names.contains(&name.as_str()) && !value.trim().is_empty();
        sent.filter(is_wanted).cloned().collect()
    }

    /// Refuses a parameter by a rule that it does not break alone.
    pub fn refuse(&mut self, name: &str, rule: impl Display) {
        self.broken.add(name, rule);
    }

    /// All that was sent under other names than these and is not empty, in an order that does not depend on the sender's.
    pub(crate) fn without(&self, names: &[&str]) -> Vec<(&str, &str)> {
        let sent = self.sent.iter();
        let pairs = sent.map(|(name, value)| (name.as_str(), value.as_str()));
        let is_other = |(name, value): &(&str, &str)| !names.contains(name) && !value.trim().is_empty();
        let mut others: Vec<_> = pairs.filter(is_other).collect();
        others.sort_unstable();
        others
    }

    /// Refuses the query if a rule is broken or a parameter is unknown.
    ///
    /// # Errors
    /// [`InvalidQuery`] with every rule that is broken.
    pub fn finish(mut self) -> Result<(), InvalidQuery> {
        let taken = match self.known.as_slice() {
            [] => "no parameters".to_owned(),
            known => known.join(", "),
        };
        let mut unknown: Vec<_> = self.sent.iter().map(|(name, _)| name.as_str()).collect();
        unknown.retain(|name| !self.known.contains(name));
        unknown.sort_unstable();
        unknown.dedup();
        for name in unknown.into_iter().take(TOLD_NAMES) {
            self.broken.add(
                &shown(name),
                format_args!("is unknown: this endpoint takes {taken}"),
            );
        }
        if self.broken.is_empty() {
            Ok(())
        } else {
            Err(InvalidQuery(self.broken.into()))
        }
    }
}

fn values<'s>(sent: &'s [(String, String)], name: &str) -> impl Iterator<Item = &'s str> {
    let of_name = sent.iter().filter(move |(sent, _)| sent == name);
    of_name
        .map(|(_, value)| value.as_str())
        .filter(|value| !value.trim().is_empty())
}

/// A name that somebody made up, as it may be shown to a person.
fn shown(name: &str) -> String {
    let plain = |letter: char| {
        if letter.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            letter
        }
    };
    name.chars().take(TOLD_LETTERS).map(plain).collect()
}

/// The plus of a zone that is not encoded arrives as a space.
fn moment(text: &str) -> Result<Moment, InvalidMoment> {
    Moment::parse(text).or_else(|_| Moment::parse(&text.replace(' ', "+")))
}

impl FromRequest for Query {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::parse(request.query_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use periscope_domain::environment::Environment;
    use periscope_domain::run::DeploymentStatus;
    use periscope_domain::timestamp::Timestamp;

    type Asked = (Option<Environment>, Vec<DeploymentStatus>, Period);

    fn ask(text: &str) -> Result<Asked, String> {
        let mut query = Query::parse(text);
        let environment = query.optional("environment", Environment::parse);
        let statuses = query.several("status", DeploymentStatus::parse);
        let period = query.period();
        query.finish().map_err(|error| error.to_string())?;
        Ok((environment, statuses, period))
    }

    #[test]
    fn a_parameter_is_decoded_and_an_empty_one_is_left_out() {
        for (text, environment) in [
            ("environment=eu%2Dwest+1", Some("eu-west 1")),
            ("%65nvironment=Production", Some("production")),
            ("environment=", None),
            ("environment=&environment=test&status=", Some("test")),
            ("", None),
        ] {
            let asked = ask(text).unwrap().0;
            assert_eq!(asked.as_ref().map(Environment::as_str), environment, "{text}");
        }
    }

    #[test]
    fn a_list_may_be_repeated_and_divided_by_commas() {
        use DeploymentStatus::{Failure, Pending, Success};
        for (text, statuses) in [
            ("status=success", vec![Success]),
            (
                "status=failure,success&status=pending",
                vec![Failure, Success, Pending],
            ),
            ("status=success%2C%20failure", vec![Success, Failure]),
        ] {
            assert_eq!(ask(text).unwrap().1, statuses, "{text}");
        }
    }

    #[test]
    fn a_period_is_read_in_any_zone_even_with_its_plus_unencoded() {
        let time = |text| Timestamp::parse(text).unwrap();
        let expected = Period::new(
            Some(time("2024-01-15T08:00:00Z")),
            Some(time("2024-01-15T09:00:00Z")),
        )
        .unwrap();
        for zone in ["%2B02:00", "+02:00", "%2B0200", "+0200"] {
            let text = format!("since=2024-01-15T10:00:00{zone}&until=2024-01-15T09:00:00Z");
            assert_eq!(ask(&text).unwrap().2, expected, "{text}");
        }
    }

    #[test]
    fn a_day_begins_in_the_zone_that_is_asked_for() {
        let since = |text: &str| Query::parse(text).period().since().unwrap().to_string();
        assert_eq!(since("since=2026-02-01"), "2026-02-01T00:00:00Z");
        assert_eq!(
            since("since=2026-02-01&timeZone=Europe/Berlin"),
            "2026-01-31T23:00:00Z"
        );
    }

    #[test]
    fn what_breaks_a_rule_is_named_with_its_rule() {
        for (text, sentence) in [
            (
                "environment=a%00",
                "environment must be a string of 1-100 characters",
            ),
            ("environment=a&environment=b", "environment must be given once"),
            (
                "status=success,done",
                "status must be one of: pending, in_progress, success, failure, cancelled, rolled_back",
            ),
            (
                "since=yesterday",
                "since must be an ISO 8601 timestamp with a time zone, or a date such as 2026-02-01",
            ),
            (
                "until=2024-01-15T10:00:00",
                "until must be an ISO 8601 timestamp with a time zone, or a date such as 2026-02-01",
            ),
            (
                "since=2024-01-15T10:00:00Z&until=2024-01-15T10:00:00Z",
                "until must be after since",
            ),
            (
                "enviroment=test",
                "enviroment is unknown: this endpoint takes environment, status, since, until",
            ),
            (
                "x=1&x=2&since=now",
                "since must be an ISO 8601 timestamp with a time zone, or a date such as 2026-02-01",
            ),
        ] {
            assert_eq!(ask(text), Err(format!("Invalid query: {sentence}")), "{text}");
        }
        let nothing_known = Query::parse("x=1").finish().unwrap_err();
        assert_eq!(
            nothing_known.to_string(),
            "Invalid query: x is unknown: this endpoint takes no parameters"
        );
    }

    #[test]
    fn all_broken_rules_are_told_and_unknown_parameters_last() {
        let mut query = Query::parse("x=1&limit=7&since=now");
        query.period();
        query.refuse("limit", "must be odd");
        let InvalidQuery(rules) = query.finish().unwrap_err();
        let details = serde_json::to_value(rules.details()).unwrap();
        assert_eq!(
            details,
            serde_json::json!([
                {"field": "since", "message": "since must be an ISO 8601 timestamp with a time zone, or a date such as 2026-02-01"},
                {"field": "limit", "message": "limit must be odd"},
                {"field": "limit", "message": "limit is unknown: this endpoint takes since, until"},
                {"field": "x", "message": "x is unknown: this endpoint takes since, until"},
            ])
        );
    }

    #[test]
    fn of_made_up_parameters_only_so_much_is_told() {
        let made_up = |text: &str| Query::parse(text).finish().unwrap_err();
        assert_eq!(
            made_up("%00%0d%0a=1").to_string(),
            "Invalid query: \u{fffd}\u{fffd}\u{fffd} is unknown: this endpoint takes no parameters"
        );
        let long = made_up(&"é".repeat(5000)).to_string();
        assert!(long.contains(&format!(": {} is", "é".repeat(60))), "{long}");
        let many: Vec<_> = (0..5000).map(|number| format!("a{number}=1")).collect();
        let InvalidQuery(rules) = made_up(&many.join("&"));
        assert_eq!(rules.details().map(<[_]>::len), Some(20));
    }

    #[test]
    fn what_was_sent_is_told_in_one_order() {
        let sent = Query::parse("b=2&a=1&cursor=x&c=");
        assert_eq!(sent.without(&["cursor"]), [("a", "1"), ("b", "2")]);
        assert_eq!(
            Query::parse("b=2&a=1&cursor=x&c=").without(&["cursor"]),
            Query::parse("a=1&b=2").without(&["cursor"])
        );
    }
}
