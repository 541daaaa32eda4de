//! A table as csv: UTF-8 with a byte order mark, without which Excel in China takes a file for
//! GB18030, and CRLF line ends (RFC 4180).

use crate::formula::guard;
use crate::{Table, WriteFault};
use std::io::Write;

/// Writes the header and rows of `table` to `out` as they come; titles are left out, because a csv is
/// for programs. Texts that a spreadsheet would run as formulas get an apostrophe in front, which
/// reading takes away again. No cell is cut.
pub fn write_csv(table: Table<'_>, mut out: impl Write) -> Result<(), WriteFault> {
    out.write_all(b"\xef\xbb\xbf")?;
    let mut csv = writer(out);
    let headers: Vec<String> = table.columns.iter().map(|column| guard(&column.shown_header()).into_owned()).collect();
    csv.write_record(&headers).map_err(io_fault)?;
    for row in table.rows {
        let cells = row.iter().zip(&table.columns).map(|(value, column)| {
            let shown = value.shown(column.kind);
            if value.is_words() { guard(&shown).into_owned() } else { shown }
        });
        csv.write_record(cells).map_err(io_fault)?;
    }
    csv.flush()?;
    Ok(())
}

/// Quotes whatever is no number, so that no reader takes a tab or semicolon in a text for a separator.
pub(crate) fn writer<W: Write>(out: W) -> csv::Writer<W> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).quote_style(csv::QuoteStyle::NonNumeric).flexible(true).from_writer(out)
}

fn io_fault(error: csv::Error) -> WriteFault {
    WriteFault::Io(error.into())
}
