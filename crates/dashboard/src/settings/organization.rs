//! The organization: what it is called, what it has subscribed to, and where its trial stands.

use super::{Settings, Tab, frame};
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::text;
use crate::visitor::Visitor;
use askama::Template;
use periscope_domain::organization::Plan;
use periscope_domain::trial::TRIAL_LENGTH;
use periscope_server::Query;

#[derive(Template)]
#[template(path = "settings_organization.html")]
struct OrganizationPage {
    frame: Frame,
    settings: Settings,
}

impl OrganizationPage {
    fn effective_plan(&self) -> Plan {
        let subscription = &self.frame.organization.subscription;
        subscription.effective_plan(self.frame.now)
    }

    fn created(&self) -> String {
        text::date(self.frame.organization.created_at, &self.frame.zone)
    }

    /// Where the trial stands, in a sentence.
    fn trial(&self) -> String {
        let subscription = &self.frame.organization.subscription;
        let days = TRIAL_LENGTH.whole_days();
        match subscription.trial {
            Some(trial) => {
                let [start, end] = [trial.started_at, trial.ends_at].map(|time| self.frame.moment(time));
                let verb = if trial.is_running(self.frame.now) {
                    "runs"
                } else {
                    "ran"
                };
                format!("It {verb} from {start} to {end}.")
            }
            None if subscription.plan == Plan::Free => {
                format!("It begins with the first deployment that is reported, and runs for {days} days.")
            }
            None => format!("None: the plan {} needs no trial.", subscription.plan),
        }
    }
}

pub(crate) async fn page(visitor: Visitor, query: Query) -> Answer {
    let frame = frame(&visitor, "Organization").await?;
    let settings = Settings::of_list(Tab::Organization, query)?;
    page::html(&OrganizationPage { frame, settings })
}
