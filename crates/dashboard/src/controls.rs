//! What a page is asked about: range, environment, service and time zone. They stand at the top of a page and in its
//! address, by the names that the API knows them by, so that a view can be sent to a colleague.

use crate::text;
use crate::visitor::Visitor;
use periscope_domain::environment::Environment;
use periscope_domain::metrics::{Question, Window};
use periscope_domain::period::Period;
use periscope_domain::text::ServiceName;
use periscope_domain::time_zone::TimeZone;
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::ServiceList;
use periscope_server::{Query, window};

const NAMES: [&str; 6] = [
    "timeRange",
    "since",
    "until",
    "environment",
    "service",
    "timeZone",
];

/// What the figures are of, if nothing is said.
const DEFAULT_RANGE: &str = "30d";

const RANGES: [(&str, &str); 6] = [
    ("7d", "7 days"),
    ("30d", "30 days"),
    ("90d", "90 days"),
    ("180d", "180 days"),
    ("365d", "365 days"),
    ("400d", "400 days"),
];

/// Zones to choose from where the browser does not tell its own; any other can be typed.
pub(crate) const ZONES: [&str; 12] = [
    "UTC",
    "America/Los_Angeles",
    "America/New_York",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Kyiv",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Auckland",
];

/// More of a kind than this are typed instead of chosen.
pub(crate) const CHOSEN_FROM: usize = 80;

/// What a page is asked about.
pub(crate) struct Controls {
    sent: Vec<(String, String)>,
    /// What its page is about, the whole of time if nothing was said and the page is a list.
    window: Window,
    /// When that was asked.
    now: Timestamp,
    has_range: bool,
    /// Whether nothing said means everything, as in a list.
    is_list: bool,
    /// Whether what is listed went to an environment; else the one that was said is only kept for other pages.
    has_environment: bool,
    environment: Option<Environment>,
    service: Option<ServiceName>,
    pub(crate) time_zone: TimeZone,
    environments: Vec<String>,
    services: Vec<String>,
    filters: Vec<Filter>,
    typed: Vec<Typed>,
}

/// A filter that is typed.
pub(crate) struct Typed {
    pub(crate) name: &'static str,
    pub(crate) parameter: &'static str,
    pub(crate) value: String,
    pub(crate) placeholder: &'static str,
    /// About how many letters are typed.
    pub(crate) size: u8,
}

/// A filter that a list has of its own.
pub(crate) struct Filter {
    pub(crate) name: &'static str,
    pub(crate) parameter: &'static str,
    pub(crate) choices: Vec<Choice>,
}

/// Two dates that a page is about.
pub(crate) struct Dates<'a> {
    pub(crate) since: &'a str,
    pub(crate) until: &'a str,
    pub(crate) text: String,
}

/// An entry to choose.
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) name: String,
    pub(crate) is_chosen: bool,
}

impl Controls {
    /// Those of a page with figures: the last 30 days of production, if nothing is said.
    pub(crate) fn of_figures(query: &mut Query, visitor: &Visitor) -> Self {
        Self::read(query, visitor, false)
    }

    /// Those of a list: everything, if nothing is said.
    pub(crate) fn of_list(query: &mut Query, visitor: &Visitor) -> Self {
        Self::read(query, visitor, true)
    }

    /// Those of a list of what went nowhere yet.
    pub(crate) fn of_list_without_environment(query: &mut Query, visitor: &Visitor) -> Self {
        Self {
            has_environment: false,
            ..Self::read(query, visitor, true)
        }
    }

    fn read(query: &mut Query, visitor: &Visitor, is_list: bool) -> Self {
        let now = visitor.now();
        let sent = query.named(&NAMES);
        let has_range = ["timeRange", "since", "until"].iter().any(|name| query.has(name));
        Self {
            sent,
            window: window(query, now),
            now,
            has_range,
            is_list,
            has_environment: true,
            environment: query.optional("environment", Environment::parse),
            service: query.optional("service", ServiceName::parse),
            time_zone: query
                .optional("timeZone", TimeZone::parse)
                .unwrap_or_else(|| visitor.zone.clone()),
            environments: Vec::new(),
            services: Vec::new(),
            filters: Vec::new(),
            typed: Vec::new(),
        }
    }

    /// Offers what there is to choose from.
    pub(crate) fn offer(&mut self, deployed: &ServiceList) {
        let services = deployed.services.iter();
        self.services = services.map(|service| service.name.to_string()).collect();
        let environments = deployed.environments.iter().map(ToString::to_string);
        let mut environments: Vec<_> = environments
            .chain([Environment::production().to_string()])
            .chain(self.environment.iter().map(ToString::to_string))
            .collect();
        environments.sort_unstable();
        environments.dedup();
        self.environments = environments;
    }

    /// What is asked of the metrics.
    pub(crate) fn question(&self) -> Question {
        Question {
            window: self.window,
            now: self.now,
            time_zone: self.time_zone.clone(),
            environment: self.environment.clone().unwrap_or_else(Environment::production),
            service: self.service.clone(),
        }
    }

    pub(crate) fn environment(&self) -> Option<Environment> {
        self.environment.clone()
    }

    pub(crate) fn service(&self) -> Option<ServiceName> {
        self.service.clone()
    }

    /// When what is listed happened.
    pub(crate) fn period(&self) -> Period {
        if self.has_range {
            Period::new(Some(self.window.since), Some(self.window.until)).unwrap_or(Period::ALWAYS)
        } else {
            Period::ALWAYS
        }
    }

    /// Whether figures are of days that are over.
    pub(crate) fn is_over(&self) -> bool {
        self.window.until < self.now
    }

    /// The ranges to choose from.
    pub(crate) fn ranges(&self) -> Vec<Choice> {
        let said = self
            .value("timeRange")
            .unwrap_or(if self.is_list { "" } else { DEFAULT_RANGE });
        let all = self.is_list.then_some(("", "All time"));
        let mut choices: Vec<_> = all
            .into_iter()
            .chain(RANGES)
            .map(|(value, name)| Choice {
                value: value.to_owned(),
                name: name.to_owned(),
                is_chosen: value == said,
            })
            .collect();
        if choices.iter().all(|choice| !choice.is_chosen) {
            choices.push(Choice {
                value: said.to_owned(),
                name: format!("{} days", said.trim_end_matches('d')),
                is_chosen: true,
            });
        }
        choices
    }

    /// The dates that were said instead of a range.
    pub(crate) fn dates(&self) -> Option<Dates<'_>> {
        let (since, until) = self.value("since").zip(self.value("until"))?;
        Some(Dates {
            since,
            until,
            text: text::span(self.window, &self.time_zone),
        })
    }

    /// The same page without these dates.
    pub(crate) fn without_dates(&self) -> String {
        let query = self.path("", &[("since", ""), ("until", "")]);
        if query.is_empty() { "?".to_owned() } else { query }
    }

    /// What else a list is filtered by.
    pub(crate) fn filters(&self) -> &[Filter] {
        &self.filters
    }

    /// Filters a list by something of its own.
    pub(crate) fn add_filter(&mut self, filter: Filter) {
        self.filters.push(filter);
    }

    /// What else is typed.
    pub(crate) fn typed(&self) -> &[Typed] {
        &self.typed
    }

    /// Filters a list by something that is typed.
    pub(crate) fn add_typed(&mut self, typed: Typed) {
        self.typed.push(typed);
    }

    /// Whether a list is asked for less than everything.
    pub(crate) fn is_narrowed(&self) -> bool {
        let is_chosen = |filter: &Filter| {
            let mut choices = filter.choices.iter();
            choices.any(|choice| choice.is_chosen && !choice.value.is_empty())
        };
        self.has_range
            || (self.has_environment && self.environment.is_some())
            || self.service.is_some()
            || self.filters.iter().any(is_chosen)
            || self.typed.iter().any(|typed| !typed.value.is_empty())
    }

    /// A list of everything, in the same zone.
    pub(crate) fn everything(&self, path: &str) -> String {
        let zone = self.value("timeZone").unwrap_or_default();
        with_query(path, &[], &[("timeZone", zone)])
    }

    /// Whether what is listed went to an environment.
    pub(crate) fn has_environment(&self) -> bool {
        self.has_environment
    }

    /// The environment that is only kept for other pages.
    pub(crate) fn environment_kept(&self) -> Option<&Environment> {
        self.environment.as_ref().filter(|_| !self.has_environment)
    }

    /// The environments to choose from.
    pub(crate) fn environments(&self) -> Vec<Choice> {
        let said = match (&self.environment, self.is_list) {
            (Some(environment), _) => environment.to_string(),
            (None, true) => String::new(),
            (None, false) => Environment::production().to_string(),
        };
        let all = self
            .is_list
            .then(|| (String::new(), "All environments".to_owned()));
        let named = self.environments.iter().map(|name| (name.clone(), name.clone()));
        all.into_iter()
            .chain(named)
            .map(|(value, name)| Choice {
                is_chosen: value == said,
                value,
                name,
            })
            .collect()
    }

    /// The services to choose from; `None` where there are too many.
    pub(crate) fn services(&self) -> Option<Vec<Choice>> {
        let said = self.service_said().to_lowercase();
        let all = (String::new(), "All services".to_owned());
        let mut named: Vec<_> = self
            .services
            .iter()
            .map(|name| (name.clone(), name.clone()))
            .collect();
        if !said.is_empty() && named.iter().all(|(value, _)| value.to_lowercase() != said) {
            named.push((self.service_said().to_owned(), self.service_said().to_owned()));
        }
        (named.len() <= CHOSEN_FROM).then(|| {
            let choices = [all].into_iter().chain(named);
            choices
                .map(|(value, name)| Choice {
                    is_chosen: value.to_lowercase() == said,
                    value,
                    name,
                })
                .collect()
        })
    }

    pub(crate) fn service_said(&self) -> &str {
        self.service.as_ref().map_or("", ServiceName::as_str)
    }

    /// The path of a page that is asked about the same, and about something else beside it.
    pub(crate) fn path(&self, path: &str, more: &[(&str, &str)]) -> String {
        with_query(path, &self.kept_but(more), more)
    }

    /// The path of a list of what a figure of this page counts.
    pub(crate) fn path_to_list(&self, path: &str, more: &[(&str, &str)]) -> String {
        let range = (!self.has_range).then_some(("timeRange", DEFAULT_RANGE));
        let more: Vec<_> = more.iter().copied().chain(range).collect();
        self.path(path, &more)
    }

    /// Where programs read what this page shows: they keep no zone, so its path has it.
    pub(crate) fn api_path(&self, path: &str) -> String {
        let zone = self.time_zone.name();
        self.path(
            path,
            &[("timeZone", if zone == TimeZone::UTC.name() { "" } else { zone })],
        )
    }

    /// What links to other parts keep of the query.
    pub(crate) fn kept(&self) -> String {
        with_query("", &self.kept_but(&[]), &[])
    }

    fn kept_but(&self, more: &[(&str, &str)]) -> Vec<(&str, &str)> {
        let sent = self
            .sent
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        sent.filter(|(name, _)| more.iter().all(|(other, _)| other != name))
            .collect()
    }

    fn value(&self, name: &str) -> Option<&str> {
        let mut sent = self.sent.iter();
        sent.find(|(sent, _)| sent == name)
            .map(|(_, value)| value.as_str())
    }
}

fn with_query(path: &str, kept: &[(&str, &str)], more: &[(&str, &str)]) -> String {
    let pairs = kept.iter().chain(more).filter(|(_, value)| !value.is_empty());
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}
