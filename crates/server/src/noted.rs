//! What is learnt of a request on its way and belongs on its answer or in the measurements: noted where it is learnt,
//! read once it is answered, also when the answer is an error that knows nothing of its request.

use crate::rate_limit::Allowance;
use actix_web::HttpMessage;
use actix_web::dev::{Extensions, ServiceRequest};
use actix_web::guard::{Guard, GuardContext};
use std::cell::Cell;
use std::rc::Rc;

#[derive(Default)]
pub(crate) struct Noted {
    /// The line of the URL table that answers it.
    route: Cell<Option<&'static str>>,
    /// What is left to its key.
    allowance: Cell<Option<Allowance>>,
}

impl Noted {
    /// Begins to note what is learnt of a request.
    pub(crate) fn begin(request: &ServiceRequest) -> Rc<Self> {
        let noted = Rc::default();
        request.extensions_mut().insert(Rc::clone(&noted));
        noted
    }

    pub(crate) fn route(&self) -> Option<&'static str> {
        self.route.get()
    }

    pub(crate) fn allowance(&self) -> Option<Allowance> {
        self.allowance.get()
    }
}

/// Notes what is left to the key of a request.
pub(crate) fn note_allowance(noted: &Extensions, allowance: Option<Allowance>) {
    if let Some(noted) = noted.get::<Rc<Noted>>() {
        noted.allowance.set(allowance);
    }
}

/// Notes which path of the table a request is for, whatever its method.
pub(crate) struct Noting<G> {
    pub(crate) path: &'static str,
    pub(crate) methods: G,
}

impl<G: Guard> Guard for Noting<G> {
    fn check(&self, context: &GuardContext<'_>) -> bool {
        if let Some(noted) = context.req_data().get::<Rc<Noted>>() {
            noted.route.set(Some(self.path));
        }
        self.methods.check(context)
    }
}
