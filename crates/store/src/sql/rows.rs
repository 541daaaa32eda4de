//! Statements over many rows. SQLite gets them as `VALUES` of numbered parameters, a bounded number
//! at a time; PostgreSQL gets every column as one array, so that any number of rows is one
//! statement that is prepared once.

use super::{Arg, Conn, Link, Row};
use crate::StoreFault;

/// How many rows one statement of SQLite carries. Few sizes only, so that each is prepared once.
const ROWS: [usize; 8] = [128, 64, 32, 16, 8, 4, 2, 1];

/// The values of one column, row by row.
pub(super) enum Column<'a> {
    Text(Vec<Option<&'a str>>),
    Int(Vec<Option<i64>>),
    Blob(Vec<Option<&'a [u8]>>),
}

impl Conn {
    /// Runs `statement(rows)` over `args`, `columns` per row, where `rows` is a query that answers
    /// with these rows, such as `VALUES ($1,$2)`, and of a single column what may stand in `IN (…)`.
    /// Returns how many rows it changed.
    pub(crate) fn execute_rows(&mut self, args: &[Arg<'_>], columns: usize, statement: impl Fn(&str) -> String) -> Result<u64, StoreFault> {
        self.execute_rows_after(&[], args, columns, statement)
    }

    /// As [`Conn::execute_rows`], with `fixed` as the first parameters.
    pub(crate) fn execute_rows_after(
        &mut self,
        fixed: &[Arg<'_>],
        args: &[Arg<'_>],
        columns: usize,
        statement: impl Fn(&str) -> String,
    ) -> Result<u64, StoreFault> {
        let mut changed = 0;
        let done = match &mut self.link {
            Link::Sqlite(link) => {
                in_parts(fixed, args, columns, |rows| at_the_first_fault(&statement(rows)), |sql, args| link.execute(sql, args).map(|rows| changed += rows))
            }
            Link::Postgres(_) if args.is_empty() => Ok(()),
            Link::Postgres(link) => {
                let sql = statement(&arrays(fixed.len(), args, columns));
                link.execute_columns(&sql, fixed, &by_column(args, columns)).map(|rows| changed = rows)
            }
        };
        self.note(done.map(|()| changed))
    }

    /// Sets `columns` of the rows of `table` whose `key` is the first parameter of each of `args`; the others
    /// are the columns' values. Returns how many rows it changed.
    pub(crate) fn update_rows(&mut self, table: &str, key: &str, columns: &[&str], args: &[Arg<'_>]) -> Result<u64, StoreFault> {
        let width = columns.len() + 1;
        let done = match &mut self.link {
            // One after the other: to update from other rows, SQLite makes a table of them first.
            Link::Sqlite(link) => {
                let set: Vec<String> = columns.iter().zip(2..).map(|(column, place)| format!("{column} = ${place}")).collect();
                link.execute_each(&format!("UPDATE {table} SET {} WHERE {key} = $1", set.join(", ")), args, width)
            }
            Link::Postgres(_) if args.is_empty() => Ok(0),
            Link::Postgres(link) => {
                let set: Vec<String> = columns.iter().map(|column| format!("{column} = changed.{column}")).collect();
                let (set, all, rows) = (set.join(", "), columns.join(", "), arrays(0, args, width));
                let sql = format!("UPDATE {table} SET {set} FROM ({rows}) AS changed (at, {all}) WHERE {table}.{key} = changed.at");
                link.execute_columns(&sql, &[], &by_column(args, width))
            }
        };
        self.note(done)
    }

    /// Runs the query `statement(rows)` over `args` and reads every row of the answers, in no order.
    pub(crate) fn query_rows<T>(
        &mut self,
        args: &[Arg<'_>],
        columns: usize,
        statement: impl Fn(&str) -> String,
        read: impl FnMut(&Row<'_>) -> Result<T, StoreFault>,
    ) -> Result<Vec<T>, StoreFault> {
        self.query_rows_after(&[], args, columns, statement, read)
    }

    /// As [`Conn::query_rows`], with `fixed` as the first parameters.
    pub(crate) fn query_rows_after<T>(
        &mut self,
        fixed: &[Arg<'_>],
        args: &[Arg<'_>],
        columns: usize,
        statement: impl Fn(&str) -> String,
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreFault>,
    ) -> Result<Vec<T>, StoreFault> {
        let mut found = Vec::new();
        let done = match &mut self.link {
            Link::Sqlite(link) => in_parts(fixed, args, columns, statement, |sql, args| {
                found.extend(link.query(sql, args, &mut read)?);
                Ok(())
            }),
            Link::Postgres(_) if args.is_empty() => Ok(()),
            Link::Postgres(link) => {
                let sql = statement(&arrays(fixed.len(), args, columns));
                link.query_columns(&sql, fixed, &by_column(args, columns), read).map(|rows| found = rows)
            }
        };
        self.note(done.map(|()| found))
    }
}

/// `VALUES ($1,$2),($3,$4)` for `rows` rows of `columns` columns, counting from `$first`. A single column
/// stands in an `IN (…)`, where a plain list will do: of one value SQLite makes an equality, not a table.
fn values(rows: usize, columns: usize, first: usize) -> String {
    if columns == 1 {
        return (first..first + rows).map(|place| format!("${place}")).collect::<Vec<_>>().join(",");
    }
    let mut out = String::with_capacity(7 + rows * columns * 6);
    out.push_str("VALUES ");
    for row in 0..rows {
        out.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            if column > 0 {
                out.push(',');
            }
            out.push('$');
            out.push_str(&(first + row * columns + column).to_string());
        }
        out.push(')');
    }
    out
}

/// An insert that stops at its first fault without taking back the rows before it. Whoever meets a
/// fault is undone as a whole, so SQLite need not keep a copy of each page for the single statement.
fn at_the_first_fault(statement: &str) -> String {
    statement.replacen("INSERT INTO", "INSERT OR FAIL INTO", 1)
}

/// Runs `statement(rows)` over `args` with as many rows at a time as [`ROWS`] allows.
fn in_parts<'a>(
    fixed: &[Arg<'a>],
    args: &[Arg<'a>],
    columns: usize,
    statement: impl Fn(&str) -> String,
    mut run: impl FnMut(&str, &[Arg<'a>]) -> Result<(), StoreFault>,
) -> Result<(), StoreFault> {
    let mut rest = args;
    for rows in ROWS {
        let chunks = rest.chunks_exact(rows * columns);
        rest = chunks.remainder();
        if chunks.len() > 0 {
            let sql = statement(&values(rows, columns, fixed.len() + 1));
            for chunk in chunks {
                run(&sql, &[fixed, chunk].concat())?;
            }
        }
    }
    Ok(())
}

/// `SELECT * FROM unnest($1::text[],$2::bigint[])` for rows such as the first of `args`, after
/// `fixed` other parameters.
fn arrays(fixed: usize, args: &[Arg<'_>], columns: usize) -> String {
    let kind = |arg: &Arg<'_>| match arg {
        Arg::Text(_) | Arg::MaybeText(_) => "text",
        Arg::Int(_) | Arg::MaybeInt(_) => "bigint",
        Arg::Blob(_) | Arg::MaybeBlob(_) => "bytea",
    };
    let columns: Vec<String> = args.iter().take(columns).enumerate().map(|(at, arg)| format!("${}::{}[]", fixed + 1 + at, kind(arg))).collect();
    format!("SELECT * FROM unnest({})", columns.join(","))
}

fn by_column<'a>(args: &[Arg<'a>], columns: usize) -> Vec<Column<'a>> {
    (0..columns).map(|column| Column::of(args.iter().skip(column).step_by(columns))).collect()
}

impl<'a> Column<'a> {
    /// A column has one type from the first row to the last.
    fn of<'b>(values: impl Iterator<Item = &'b Arg<'a>> + Clone) -> Column<'a>
    where
        'a: 'b,
    {
        match values.clone().next() {
            Some(Arg::Int(_) | Arg::MaybeInt(_)) => Column::Int(values.map(Arg::as_int).collect()),
            Some(Arg::Blob(_) | Arg::MaybeBlob(_)) => Column::Blob(values.map(Arg::as_blob).collect()),
            _ => Column::Text(values.map(Arg::as_text).collect()),
        }
    }
}

impl<'a> Arg<'a> {
    fn as_text(&self) -> Option<&'a str> {
        match self {
            Arg::Text(text) => Some(text),
            Arg::MaybeText(text) => *text,
            _ => None,
        }
    }

    fn as_int(&self) -> Option<i64> {
        match self {
            Arg::Int(number) => Some(*number),
            Arg::MaybeInt(number) => *number,
            _ => None,
        }
    }

    fn as_blob(&self) -> Option<&'a [u8]> {
        match self {
            Arg::Blob(bytes) => Some(bytes),
            Arg::MaybeBlob(bytes) => *bytes,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_values_of_numbered_parameters() {
        assert_eq!(values(2, 2, 3), "VALUES ($3,$4),($5,$6)");
        assert_eq!((values(1, 1, 2), values(3, 1, 1)), ("$2".to_string(), "$1,$2,$3".to_string()));
        let mut calls = Vec::new();
        let args: Vec<Arg<'_>> = (0..402).map(Arg::Int).collect();
        let run = |_: &str, row: &[Arg<'_>]| {
            calls.push(row.len());
            Ok(())
        };
        in_parts(&[], &args, 2, |rows| format!("V {rows}"), run).unwrap();
        assert_eq!(calls, [256, 128, 16, 2]);
    }

    #[test]
    fn rows_become_arrays_of_their_types() {
        let args = [Arg::Text("a"), Arg::MaybeInt(None), Arg::Blob(b"x"), Arg::Text("b"), Arg::MaybeInt(Some(2)), Arg::Blob(b"y")];
        assert_eq!(arrays(1, &args, 3), "SELECT * FROM unnest($2::text[],$3::bigint[],$4::bytea[])");
        let columns = by_column(&args, 3);
        assert!(matches!(&columns[1], Column::Int(numbers) if *numbers == [None, Some(2)]));
        assert!(matches!(&columns[2], Column::Blob(bytes) if bytes.len() == 2));
    }
}
