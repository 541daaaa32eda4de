//! What a person is told about a fault in something they gave us: what, where, and what to do.

use crate::{Lang, Text};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; nothing was refused.
    Note,
    /// Accepted, but somebody should look.
    Warning,
    /// Refused: the thing at this place was not accepted.
    Error,
}

/// Where in a file something stands. Every part is optional; rows, lines and columns count from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// A spreadsheet address such as `C14`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell: Option<String>,
    /// The row of a table, when no single cell is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// The key of the field that is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The source text that is meant, for underlining.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
}

impl Place {
    pub fn file(name: impl Into<String>) -> Place {
        Place { file: Some(name.into()), ..Place::default() }
    }

    pub fn field(key: impl Into<String>) -> Place {
        Place { field: Some(key.into()), ..Place::default() }
    }

    /// `需求.xlsx Sheet1!C14`, `rule.yaml:12:5`, or an empty string when nothing is known.
    pub fn show(&self) -> String {
        let mut out = self.file.clone().unwrap_or_default();
        if let (Some(line), column) = (self.line, self.column) {
            write!(out, ":{line}").expect("writing to a String");
            if let Some(column) = column {
                write!(out, ":{column}").expect("writing to a String");
            }
        }
        let address = match (&self.cell, self.row) {
            (Some(cell), _) => Some(cell.clone()),
            (None, Some(row)) => Some(row.to_string()),
            (None, None) => None,
        };
        let in_sheet = match (&self.sheet, address) {
            (Some(sheet), Some(address)) => Some(format!("{sheet}!{address}")),
            (Some(sheet), None) => Some(sheet.clone()),
            (None, address) => address,
        };
        if let Some(in_sheet) = in_sheet {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(&in_sheet);
        }
        out
    }
}

/// One fault or remark about an input, for a person to read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Diagnostic {
    pub severity: Severity,
    /// A stable name that programs may branch on, such as `money.negative`.
    pub code: String,
    #[serde(default)]
    pub place: Place,
    pub message: Text,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<Text>,
}

impl Diagnostic {
    pub fn error(code: &str, message: Text) -> Diagnostic {
        Diagnostic::new(Severity::Error, code, message)
    }

    pub fn warning(code: &str, message: Text) -> Diagnostic {
        Diagnostic::new(Severity::Warning, code, message)
    }

    pub fn note(code: &str, message: Text) -> Diagnostic {
        Diagnostic::new(Severity::Note, code, message)
    }

    fn new(severity: Severity, code: &str, message: Text) -> Diagnostic {
        Diagnostic { severity, code: code.to_string(), place: Place::default(), message, help: None }
    }

    #[must_use]
    pub fn at(mut self, place: Place) -> Diagnostic {
        self.place = place;
        self
    }

    #[must_use]
    pub fn help(mut self, help: Text) -> Diagnostic {
        self.help = Some(help);
        self
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// One line for a terminal or a log: place, message and next step.
    pub fn line(&self, lang: Lang) -> String {
        let mut out = self.place.show();
        if !out.is_empty() {
            out.push_str(": ");
        }
        out.push_str(self.message.get(lang));
        if let Some(help) = &self.help {
            let (open, close) = match lang {
                Lang::Zh => ("（", "）"),
                Lang::En => (" (", ")"),
            };
            out.push_str(open);
            out.push_str(help.get(lang));
            out.push_str(close);
        }
        out
    }
}

/// Whether any of `diagnostics` refuses something.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(Diagnostic::is_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_like_a_spreadsheet_or_a_source_line() {
        let cell = Place { sheet: Some("Sheet1".into()), cell: Some("C14".into()), ..Place::file("需求.xlsx") };
        assert_eq!(cell.show(), "需求.xlsx Sheet1!C14");
        let line = Place { line: Some(12), column: Some(5), ..Place::file("rule.yaml") };
        assert_eq!(line.show(), "rule.yaml:12:5");
        assert_eq!(Place::default().show(), "");
    }
}
