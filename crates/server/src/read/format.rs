//! A list as its reader wants it: JSON, or a table of comma-separated values (RFC 4180) if that is what `Accept` prefers.
//! The columns of the table have the names of the JSON. Spreadsheets take a text that begins like a formula for one, and
//! anyone can name a branch, so such a text gets an apostrophe in front.

use crate::error::{ApiError, Bug};
use actix_web::dev::Payload;
use actix_web::http::header::{Accept, Header, LINK};
use actix_web::mime::{APPLICATION, CSV, JSON, Mime, Name, STAR, TEXT};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use csv::{Terminator, WriterBuilder};
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;
use std::convert::Infallible;
use std::error::Error;
use std::future::{Ready, ready};
use std::ops::RangeInclusive;

/// What a list is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Csv,
}

/// A list that can be answered in any format.
pub(crate) trait List: Serialize {
    type Row: Serialize;

    /// The fields of a row that a table has, in order.
    const COLUMNS: &'static [&'static str];

    fn rows(&self) -> &[Self::Row];
}

impl Format {
    /// The list, with a link to what follows it.
    pub(crate) fn answer<L: List>(self, list: &L, next: Option<String>) -> Result<HttpResponse, ApiError> {
        let mut response = HttpResponse::Ok();
        if let Some(next) = next {
            response.insert_header((LINK, format!("<{next}>; rel=\"next\"")));
        }
        match self {
            Self::Json => Ok(response.json(list)),
            Self::Csv => {
                let table = table(list).map_err(|_| ApiError::Internal(Bug::Unwritable))?;
                Ok(response.content_type("text/csv; charset=utf-8").body(table))
            }
        }
    }

    fn preferred(ranked: &[Mime]) -> Self {
        let mut known = ranked
            .iter()
            .filter_map(|wanted| Self::of(wanted.type_(), wanted.subtype()));
        known.next().unwrap_or(Self::Json)
    }

    fn of(kind: Name<'_>, subtype: Name<'_>) -> Option<Self> {
        match kind {
            TEXT if subtype == CSV || subtype == STAR => Some(Self::Csv),
            APPLICATION if subtype == JSON || subtype == STAR => Some(Self::Json),
            STAR => Some(Self::Json),
            _ => None,
        }
    }
}

impl FromRequest for Format {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let accept = Accept::parse(request);
        ready(Ok(
            accept.map_or(Self::Json, |accept| Self::preferred(&accept.ranked()))
        ))
    }
}

fn table<L: List>(list: &L) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(L::COLUMNS)?;
    for row in list.rows() {
        let row = serde_json::to_value(row)?;
        let cells = L::COLUMNS.iter().map(|column| cell(row.get(column)));
        writer.write_record(cells.map(Cow::into_owned))?;
    }
    Ok(writer.into_inner()?)
}

/// A value as a table has it; of several, all between semicolons.
fn cell(value: Option<&Value>) -> Cow<'_, str> {
    match value {
        None | Some(Value::Null) => Cow::Borrowed(""),
        Some(Value::String(text)) => harmless(Cow::Borrowed(text)),
        Some(Value::Array(values)) => {
            let texts: Vec<_> = values.iter().filter_map(Value::as_str).collect();
            harmless(Cow::Owned(texts.join(SEPARATOR)))
        }
        Some(value) => Cow::Owned(value.to_string()),
    }
}

/// What is between several values. In some countries it is between cells as well.
const SEPARATOR: &str = ";";

/// Signs of Unicode that show nothing (category Cf): a spreadsheet drops some of them and then finds a formula.
const INVISIBLE: [RangeInclusive<char>; 16] = [
    '\u{ad}'..='\u{ad}',
    '\u{600}'..='\u{605}',
    '\u{61c}'..='\u{61c}',
    '\u{6dd}'..='\u{6dd}',
    '\u{70f}'..='\u{70f}',
    '\u{890}'..='\u{891}',
    '\u{8e2}'..='\u{8e2}',
    '\u{180e}'..='\u{180e}',
    '\u{200b}'..='\u{200f}',
    '\u{202a}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{feff}'..='\u{feff}',
    '\u{fff9}'..='\u{fffb}',
    '\u{110bd}'..='\u{110cd}',
    '\u{13430}'..='\u{1343f}',
    '\u{e0001}'..='\u{e007f}',
];

/// A text of which no part that may become a cell begins like a formula, nor would without quotes, spaces and invisible
/// signs in front.
fn harmless(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_invisible = |c: char| INVISIBLE.iter().any(|signs| signs.contains(&c));
    let is_hidden = |c: char| c == '"' || c.is_whitespace() || c.is_control() || is_invisible(c);
    let is_formula = |part: &str| {
        part.trim_start_matches(is_hidden)
            .starts_with(['=', '+', '-', '@'])
    };
    if !text.split(SEPARATOR).any(is_formula) {
        return text;
    }
    let parts = text.split(SEPARATOR).map(|part| {
        let quote = if is_formula(part) { "'" } else { "" };
        format!("{quote}{part}")
    });
    Cow::Owned(parts.collect::<Vec<_>>().join(SEPARATOR))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_reader_prefers_is_written() {
        let format = |accept: &str| {
            let request = actix_web::test::TestRequest::default().insert_header(("Accept", accept));
            let accept = Accept::parse(&request.to_http_request()).unwrap();
            Format::preferred(&accept.ranked())
        };
        for accept in [
            "*/*",
            "application/json",
            "text/html",
            "text/csv;q=0.5, application/json",
            "",
        ] {
            assert_eq!(format(accept), Format::Json, "{accept}");
        }
        for accept in [
            "text/csv",
            "Text/CSV; charset=utf-8",
            "text/html, text/csv, */*;q=0.1",
            "text/*",
        ] {
            assert_eq!(format(accept), Format::Csv, "{accept}");
        }
    }

    #[derive(Serialize)]
    struct Rows(Vec<Value>);

    impl List for Rows {
        type Row = Value;
        const COLUMNS: &'static [&'static str] = &["name", "count", "all"];

        fn rows(&self) -> &[Value] {
            &self.0
        }
    }

    #[test]
    fn a_table_is_quoted_and_harmless() {
        let rows = Rows(vec![
            json!({"name": "a,b", "count": 7, "all": ["x", "y"], "other": 1}),
            json!({"name": "say \"hi\"", "count": -1, "all": []}),
            json!({"name": null, "count": true}),
            json!({"name": "=1+1", "all": ["@x"]}),
            json!({"name": "a;=1+1;b", "all": ["x", "@y"]}),
            json!({"name": "+1"}),
            json!({"name": "-1"}),
            json!({"name": "a=1"}),
            json!({"name": "a;\"=1+1;b", "all": [" =x", "\" '=y"]}),
            json!({"name": "\t\" +1", "all": ["\"a\"=1"]}),
            json!({"name": "\u{feff}=1", "all": ["\u{200b}\u{202e}@x"]}),
        ]);
        let text = String::from_utf8(table(&rows).unwrap()).unwrap();
        let lines: Vec<_> = text.split("\r\n").collect();
        assert_eq!(
            lines,
            [
                "name,count,all",
                "\"a,b\",7,x;y",
                "\"say \"\"hi\"\"\",-1,",
                ",true,",
                "'=1+1,,'@x",
                "a;'=1+1;b,,x;'@y",
                "'+1,,",
                "'-1,,",
                "a=1,,",
                "\"a;'\"\"=1+1;b\",,\"' =x;\"\" '=y\"",
                "\"'\t\"\" +1\",,\"\"\"a\"\"=1\"",
                "'\u{feff}=1,,'\u{200b}\u{202e}@x",
                "",
            ]
        );
        assert_eq!(table(&Rows(Vec::new())).unwrap(), b"name,count,all\r\n");
    }
}
