//! The files that pages load: they come out of the program, under names that change with what is in them, so that a
//! browser may keep them for ever.

use crate::page;
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use actix_web::web::Path;
use periscope_server::ApiError;
use std::sync::LazyLock;

/// A file with the name that pages load it by.
pub(crate) struct Asset {
    content_type: &'static str,
    content: &'static str,
    name: String,
}

impl Asset {
    fn new(stem: &str, ending: &str, content_type: &'static str, content: &'static str) -> Self {
        let checksum = crc32fast::hash(content.as_bytes());
        Self {
            content_type,
            content,
            name: format!("{stem}-{checksum:08x}.{ending}"),
        }
    }

    /// Its path.
    pub(crate) fn path(&self) -> String {
        format!("/assets/{}", self.name)
    }
}

static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    let content = concat!(
        include_str!("../assets/base.css"),
        include_str!("../assets/parts.css"),
        include_str!("../assets/records.css"),
        include_str!("../assets/settings.css"),
        include_str!("charts/charts.css")
    );
    Asset::new("style", "css", "text/css; charset=utf-8", content)
});

static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    let content = include_str!("../assets/script.js");
    Asset::new("script", "js", "text/javascript; charset=utf-8", content)
});

static ICON: LazyLock<Asset> = LazyLock::new(|| {
    let content = include_str!("../assets/icon.svg");
    Asset::new("icon", "svg", "image/svg+xml", content)
});

pub(crate) fn style() -> String {
    STYLE.path()
}

pub(crate) fn script() -> String {
    SCRIPT.path()
}

pub(crate) fn icon() -> String {
    ICON.path()
}

pub(crate) async fn file(name: Path<String>) -> Result<HttpResponse, page::Error> {
    let mut assets = [&STYLE, &SCRIPT, &ICON].into_iter();
    let found = assets
        .find(|asset| asset.name == *name)
        .ok_or(ApiError::NotFound)?;
    Ok(HttpResponse::Ok()
        .content_type(found.content_type)
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(found.content))
}
