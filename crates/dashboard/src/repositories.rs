use crate::page::Answer;
use crate::visitor::Visitor;
use periscope_server::ApiError;

pub(crate) async fn list(_visitor: Visitor) -> Answer {
    Err(ApiError::NotFound.into())
}
