//! PostgreSQL, and the engines that speak its protocol.

use super::rows::Column;
use super::{Arg, Row};
use crate::StoreFault;
use postgres::types::ToSql;
use postgres::{Client, NoTls, Statement};
use std::collections::HashMap;

pub(crate) struct Postgres {
    client: Client,
    prepared: HashMap<String, Statement>,
}

impl Postgres {
    pub(crate) fn connect(url: &str) -> Result<Postgres, StoreFault> {
        let mut client = Client::connect(url, NoTls)?;
        client.batch_execute("SET synchronous_commit = on; SET client_min_messages = warning; SET jit = off")?;
        Ok(Postgres { client, prepared: HashMap::new() })
    }

    pub(crate) fn execute(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<u64, StoreFault> {
        let statement = self.prepared(sql)?;
        let args: Vec<&(dyn ToSql + Sync)> = args.iter().map(parameter).collect();
        Ok(self.client.execute(&statement, &args)?)
    }

    pub(crate) fn query<T>(&mut self, sql: &str, args: &[Arg<'_>], mut read: impl FnMut(&Row<'_>) -> Result<T, StoreFault>) -> Result<Vec<T>, StoreFault> {
        let statement = self.prepared(sql)?;
        let args: Vec<&(dyn ToSql + Sync)> = args.iter().map(parameter).collect();
        self.client.query(&statement, &args)?.iter().map(|row| read(&Row::Postgres(row))).collect()
    }

    /// As [`Postgres::execute`], with `columns` as arrays after `fixed`.
    pub(super) fn execute_columns(&mut self, sql: &str, fixed: &[Arg<'_>], columns: &[Column<'_>]) -> Result<u64, StoreFault> {
        let statement = self.prepared(sql)?;
        Ok(self.client.execute(&statement, &parameters(fixed, columns))?)
    }

    /// As [`Postgres::query`], with `columns` as arrays after `fixed`.
    pub(super) fn query_columns<T>(
        &mut self,
        sql: &str,
        fixed: &[Arg<'_>],
        columns: &[Column<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreFault>,
    ) -> Result<Vec<T>, StoreFault> {
        let statement = self.prepared(sql)?;
        self.client.query(&statement, &parameters(fixed, columns))?.iter().map(|row| read(&Row::Postgres(row))).collect()
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), StoreFault> {
        Ok(self.client.batch_execute(sql)?)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    fn prepared(&mut self, sql: &str) -> Result<Statement, StoreFault> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql)?;
        self.prepared.insert(sql.to_string(), statement.clone());
        Ok(statement)
    }
}

fn parameters<'a>(fixed: &'a [Arg<'_>], columns: &'a [Column<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    let arrays = columns.iter().map(|column| -> &(dyn ToSql + Sync) {
        match column {
            Column::Text(texts) => texts,
            Column::Int(numbers) => numbers,
            Column::Blob(bytes) => bytes,
        }
    });
    fixed.iter().map(parameter).chain(arrays).collect()
}

fn parameter<'a>(arg: &'a Arg<'_>) -> &'a (dyn ToSql + Sync) {
    match arg {
        Arg::Text(text) => text,
        Arg::MaybeText(text) => text,
        Arg::Int(number) => number,
        Arg::MaybeInt(number) => number,
        Arg::Blob(bytes) => bytes,
        Arg::MaybeBlob(bytes) => bytes,
    }
}
