//! Tables of figures: columns, and rows of cells that may lead somewhere. Lists of records have templates of their own.

use crate::listed::{Part, PartNumber};

/// A table under a heading.
pub(crate) struct Table {
    /// What its heading is called in the page's address.
    pub(crate) id: &'static str,
    pub(crate) title: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Part<Vec<Cell>>,
    /// What stands there without any row.
    pub(crate) empty: &'static str,
}

impl Table {
    /// Shows only one part of it, if it is long; each part has an address.
    pub(crate) fn cut(self, number: PartNumber, address: impl Fn(&str) -> String) -> Self {
        let id = self.id;
        let rows = self.rows.cut(number, |part| format!("{}#{id}", address(part)));
        Self { rows, ..self }
    }
}

pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// How its cells are set: `number`, `nowrap` or nothing.
    pub(crate) class: &'static str,
}

/// What a column holds.
pub(crate) const fn words(name: &'static str) -> Column {
    Column { name, class: "" }
}

/// The same, never broken into lines: times, weeks, levels.
pub(crate) const fn short(name: &'static str) -> Column {
    Column {
        name,
        class: "nowrap",
    }
}

/// The same, to be compared digit by digit.
pub(crate) const fn numbers(name: &'static str) -> Column {
    Column {
        name,
        class: "number",
    }
}

#[derive(Default)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) href: Option<String>,
    /// A second, quiet line.
    pub(crate) detail: Option<String>,
    /// A drawing instead of text.
    pub(crate) drawing: Option<String>,
}

impl Cell {
    pub(crate) fn link(text: impl Into<String>, href: String) -> Self {
        Self {
            href: Some(href),
            ..Self::from(text.into())
        }
    }

    pub(crate) fn with_detail(self, detail: impl Into<String>) -> Self {
        let detail = Some(detail.into()).filter(|detail: &String| !detail.is_empty());
        Self { detail, ..self }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}
