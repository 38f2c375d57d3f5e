//! What is learnt of a request on its way and belongs on its answer or in the measurements: noted where it is learnt,
//! read once it is answered, also when the answer is an error that knows nothing of its request.

use crate::rate_limit::Allowance;
use actix_web::HttpMessage;
use actix_web::dev::{Extensions, ServiceRequest};
use std::cell::Cell;
use std::rc::Rc;

#[derive(Default)]
pub(crate) struct Noted {
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
