//! Answers: tables and sentences for people, JSON for programs. A reader who has gone away is no error.

use crate::config::Output;
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use periscope_domain::timestamp::Timestamp;
use serde_json::{Value, json};
use std::io::{self, Write};

impl Output {
    /// Answers with rows.
    pub(crate) fn rows(self, header: &[&str], rows: Vec<Vec<String>>, json: &Value) -> io::Result<()> {
        match self {
            Self::Json => print_json(json),
            Self::Text if rows.is_empty() => print("none"),
            Self::Text => print(&table(header, rows)),
        }
    }

    /// Answers with a sentence.
    pub(crate) fn sentence(self, text: &str, json: &Value) -> io::Result<()> {
        match self {
            Self::Json => print_json(json),
            Self::Text => print(text),
        }
    }

    /// Answers with a secret, alone on stdout, and what to know of it on stderr.
    pub(crate) fn secret(self, secret: &str, explanation: &str, json: &Value) -> io::Result<()> {
        match self {
            Self::Json => print_json(json),
            Self::Text => {
                eprintln!("{explanation}");
                print(secret)
            }
        }
    }
}

impl Output {
    /// Writes to stderr what is wrong: a line each for people, one line in all for programs.
    pub(crate) fn errors(self, errors: &[String]) {
        match (self, errors) {
            (Self::Text, _) => {
                for error in errors {
                    eprintln!("error: {error}");
                }
            }
            (Self::Json, [error]) => eprintln!("{}", json!({ "error": error })),
            (Self::Json, errors) => {
                let details: Vec<_> = errors.iter().map(|error| json!({ "message": error })).collect();
                eprintln!("{}", json!({ "error": errors.first(), "details": details }));
            }
        }
    }
}

/// Rows below each other in columns.
pub(crate) fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_header(header.iter().map(|name| name.to_uppercase()))
        .add_rows(rows);
    // Every cell has a space on each side.
    let lines = table.lines().map(|line| line.trim_end().replacen(' ', "", 1));
    lines.collect::<Vec<_>>().join("\n")
}

fn print_json(value: &Value) -> io::Result<()> {
    print(&format!("{value:#}"))
}

/// Writes a line to stdout.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// A time for people, or a dash.
pub(crate) fn time_or_dash(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| time.to_string())
}

/// A time for programs, or null.
pub(crate) fn time_or_null(time: Option<Timestamp>) -> Value {
    time.map_or(Value::Null, |time| time.to_string().into())
}

/// `3 d 4 h`: the two largest units that are not 0.
pub(crate) fn duration(seconds: i64) -> String {
    let parts = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")]
        .into_iter()
        .scan(seconds, |rest, (size, unit)| {
            let count = *rest / size;
            *rest %= size;
            Some((count, unit))
        });
    let shown: Vec<_> = parts
        .skip_while(|(count, unit)| *count == 0 && *unit != "s")
        .take(2)
        .collect();
    let shown = shown
        .iter()
        .filter(|(count, unit)| *count > 0 || *unit == "s" && shown.len() == 1);
    shown
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_shows_its_two_largest_units() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_661, "1 h 1 min"),
            (7_201, "2 h"),
            (273_600, "3 d 4 h"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }
}
