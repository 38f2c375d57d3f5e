//! The time zone of pages whose address names none. The script keeps it in a cookie: the zone of the browser, or another one
//! that was chosen. A cookie of anything else counts as none.

use actix_web::HttpRequest;
use periscope_domain::time_zone::TimeZone;

/// The name that `script.js` writes.
const NAME: &str = "periscope_zone";

/// The zone that a browser keeps, or UTC.
pub(crate) fn default_zone(request: &HttpRequest) -> TimeZone {
    let kept = request.cookie(NAME);
    let zone = kept.and_then(|kept| TimeZone::parse(kept.value()).ok());
    zone.unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::cookie::Cookie;
    use actix_web::test::TestRequest;

    #[test]
    fn what_names_no_zone_counts_as_none() {
        for (kept, zone) in [
            (None, "UTC"),
            (Some("Europe/Berlin"), "Europe/Berlin"),
            (Some("asia/tokyo"), "Asia/Tokyo"),
            (Some(""), "UTC"),
            (Some("Mars"), "UTC"),
            (Some("<script>"), "UTC"),
        ] {
            let cookies = kept.map(|kept| Cookie::new(NAME, kept));
            let request = cookies
                .into_iter()
                .fold(TestRequest::default(), TestRequest::cookie);
            assert_eq!(default_zone(&request.to_http_request()).name(), zone, "{kept:?}");
        }
    }

    #[test]
    fn the_script_writes_the_cookie_that_is_read() {
        assert!(include_str!("../assets/script.js").contains(&format!("{NAME}=")));
    }
}
