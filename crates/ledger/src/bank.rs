//! Comparing a bank's account statement with the ledger's bank account: the rows of the bank's
//! file become lines, each line finds its transfer, and what finds none is listed.

use crate::Line;
use duijie_vocab::{Date, Diagnostic, Fen, MoneyUnit, Place, Text, text};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One row of the bank's file as cells of text; `line` counts from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankRow {
    pub line: u32,
    pub cells: Vec<String>,
}

/// One movement at the bank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BankLine {
    /// The row in the bank's file.
    pub line: u32,
    pub date: Date,
    /// Positive where money came in, negative where it went out.
    pub amount: Fen,
    /// The bank's own number of the movement, where the file has one.
    pub serial: Option<String>,
    /// What the remark says: the reference that the payment file gave it.
    pub reference: String,
}

/// Where in a row the bank's file has what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BankColumns {
    date: Option<usize>,
    amount: Option<usize>,
    money_in: Option<usize>,
    money_out: Option<usize>,
    serial: Option<usize>,
    reference: Option<usize>,
}

/// Header words, as banks write them. 贷方 at a bank is money that came in.
const WORDS: [(&str, &[&str]); 6] = [
    ("date", &["交易日期", "记账日期", "入账日期", "日期", "date"]),
    ("amount", &["金额", "发生额", "交易金额", "amount"]),
    ("in", &["贷方发生额", "贷方金额", "贷方", "收入", "收入金额", "credit", "in"]),
    ("out", &["借方发生额", "借方金额", "借方", "支出", "支出金额", "debit", "out"]),
    ("serial", &["流水号", "交易流水号", "凭证号", "serial"]),
    ("reference", &["附言", "摘要", "备注", "用途", "reference", "remark"]),
];

impl BankColumns {
    /// The columns that a header row names, or what is missing.
    fn find(header: &BankRow) -> Result<BankColumns, Diagnostic> {
        let mut columns = BankColumns::default();
        for (at, cell) in header.cells.iter().enumerate() {
            let bare = cell.split(['(', '（', '/']).next().unwrap_or_default().trim().to_lowercase();
            let word = WORDS.iter().find(|(_, words)| words.contains(&bare.as_str())).map(|(word, _)| *word);
            let place = match word {
                Some("date") => &mut columns.date,
                Some("amount") => &mut columns.amount,
                Some("in") => &mut columns.money_in,
                Some("out") => &mut columns.money_out,
                Some("serial") => &mut columns.serial,
                Some("reference") => &mut columns.reference,
                _ => continue,
            };
            place.get_or_insert(at);
        }
        let has_amount = columns.amount.is_some() || (columns.money_in.is_some() && columns.money_out.is_some());
        if columns.date.is_some() && columns.reference.is_some() && has_amount { Ok(columns) } else { Err(no_header(header)) }
    }
}

fn no_header(header: &BankRow) -> Diagnostic {
    let place = Place { line: Some(header.line), ..Place::default() };
    Diagnostic::error(
        "bank.header",
        text!("这不是可识别的银行流水：缺少日期、金额或附言列", "this is no bank statement: a column for date, amount or remark is missing"),
    )
    .at(place)
    .help(text!("首行须有：日期、金额（或 收入 与 支出）、附言，可有流水号", "the first row names: date, amount (or in and out), remark, and perhaps serial"))
}

/// The lines of a bank's file whose first row is the header, and a diagnostic for each row that
/// does not read. A serial number that occurs twice is refused the second time.
pub fn read_bank_rows(rows: &[BankRow]) -> (Vec<BankLine>, Vec<Diagnostic>) {
    let Some((header, rows)) = rows.split_first() else {
        return (Vec::new(), vec![Diagnostic::error("bank.empty", text!("银行文件是空的", "the bank's file is empty"))]);
    };
    let columns = match BankColumns::find(header) {
        Ok(columns) => columns,
        Err(diagnostic) => return (Vec::new(), vec![diagnostic]),
    };
    let mut lines = Vec::new();
    let mut diagnostics = Vec::new();
    let mut serials = BTreeSet::new();
    for row in rows.iter().filter(|row| row.cells.iter().any(|cell| !cell.trim().is_empty())) {
        let read = read_row(&columns, header, row).and_then(|line| match &line.serial {
            Some(serial) if !serials.insert(serial.clone()) => {
                Err(("bank.twice", text!("流水号 `{serial}` 在文件中重复", "serial number `{serial}` occurs twice")))
            }
            _ => Ok(line),
        });
        match read {
            Ok(line) => lines.push(line),
            Err((code, message)) => diagnostics.push(Diagnostic::error(code, message).at(Place { line: Some(row.line), ..Place::default() })),
        }
    }
    (lines, diagnostics)
}

fn read_row(columns: &BankColumns, header: &BankRow, row: &BankRow) -> Result<BankLine, (&'static str, Text)> {
    let cell = |at: Option<usize>| at.and_then(|at| row.cells.get(at)).map_or("", |cell| cell.trim());
    let written = cell(columns.date);
    let date = Date::parse(written).ok().filter(|date| date.day().is_some());
    let date = date.ok_or_else(|| ("bank.date", text!("`{written}` 不是日期", "`{written}` is not a date")))?;
    let money = |at: Option<usize>| {
        let unit = at.and_then(|at| header.cells.get(at)).and_then(|name| MoneyUnit::in_header(name)).unwrap_or(MoneyUnit::Yuan);
        let written = cell(at);
        if written.is_empty() {
            return Ok(Fen::ZERO);
        }
        Fen::parse(written, Some(unit)).map_err(|fault| ("bank.amount", text!("`{written}` 不是金额", "`{written}` is not an amount: {fault}")))
    };
    let amount = match (columns.money_in, columns.money_out) {
        (Some(_), Some(_)) => {
            let (came, went) = (money(columns.money_in)?, money(columns.money_out)?);
            Fen(came.0.saturating_sub(went.0.saturating_abs()))
        }
        _ => money(columns.amount)?,
    };
    if amount == Fen::ZERO {
        return Err(("bank.amount", text!("没有金额", "there is no amount")));
    }
    let serial = Some(cell(columns.serial)).filter(|serial| !serial.is_empty()).map(str::to_string);
    Ok(BankLine { line: row.line, date, amount, serial, reference: cell(columns.reference).to_string() })
}

/// A bank's file beside the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reconciliation {
    /// Row of the bank's file → transfer.
    pub matched: BTreeMap<u32, String>,
    pub differences: Vec<Difference>,
}

/// Something that only one of the two knows, or knows otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "difference", rename_all = "snake_case")]
pub enum Difference {
    /// The ledger has a transfer that the bank's file does not show.
    NotAtBank { transfer: String, amount: Fen },
    /// The bank moved money of which the ledger knows nothing.
    NotInLedger { line: u32, amount: Fen, reference: String },
    /// Both know it under the same reference, with different amounts.
    AmountDiffers { line: u32, transfer: String, bank: Fen, ledger: Fen },
}

impl Difference {
    /// The sentence a person reads.
    pub fn reason(&self) -> Text {
        match self {
            Difference::NotAtBank { transfer, amount } => {
                let shown = amount.chinese();
                text!("账上有 `{transfer}`（{shown}），银行流水没有", "the bank does not show `{transfer}` ({amount})")
            }
            Difference::NotInLedger { line, amount, reference } => {
                let shown = amount.chinese();
                text!("银行第 {line} 行 `{reference}`（{shown}）账上没有", "row {line} of the bank `{reference}` ({amount}) is not in the ledger")
            }
            Difference::AmountDiffers { line, transfer, bank, ledger } => {
                let (bank_zh, ledger_zh) = (bank.chinese(), ledger.chinese());
                text!("银行第 {line} 行为 {bank_zh}，账上 `{transfer}` 为 {ledger_zh}", "row {line} of the bank says {bank}, `{transfer}` is {ledger}")
            }
        }
    }
}

/// Compares the lines of the ledger's bank account with those of the bank. A line is found by its
/// reference – the transfer's id or one of its links – and without one by amount and day in China,
/// where exactly one transfer fits.
pub fn reconcile(ledger: &[Line], bank: &[BankLine]) -> Reconciliation {
    let mut open: BTreeMap<usize, &Line> = ledger.iter().enumerate().collect();
    let mut found = Reconciliation::default();
    let mut unknown = Vec::new();
    for line in bank {
        match by_reference(&open, line) {
            Some(at) => {
                let own = open.remove(&at).expect("BUG: a transfer was found among those that are open");
                found.pair(line, own);
            }
            None => unknown.push(line),
        }
    }
    for line in unknown {
        match by_amount_and_day(&open, line) {
            Some(at) => {
                let own = open.remove(&at).expect("BUG: a transfer was found among those that are open");
                found.pair(line, own);
            }
            None => found.differences.push(Difference::NotInLedger { line: line.line, amount: line.amount, reference: line.reference.clone() }),
        }
    }
    found.differences.extend(open.into_values().map(|own| Difference::NotAtBank { transfer: own.transfer.clone(), amount: at_bank(own) }));
    found
}

impl Reconciliation {
    fn pair(&mut self, line: &BankLine, own: &Line) {
        self.matched.insert(line.line, own.transfer.clone());
        let ledger = at_bank(own);
        if ledger != line.amount {
            self.differences.push(Difference::AmountDiffers { line: line.line, transfer: own.transfer.clone(), bank: line.amount, ledger });
        }
    }
}

fn by_reference(open: &BTreeMap<usize, &Line>, line: &BankLine) -> Option<usize> {
    let called = |own: &Line| own.transfer == line.reference || own.links.named().any(|(_, link)| link == line.reference);
    // Several transfers may belong to one order; the one with the same amount is meant first.
    let exact = open.iter().find(|(_, own)| called(own) && at_bank(own) == line.amount);
    exact.or_else(|| open.iter().find(|(_, own)| called(own))).map(|(at, _)| *at)
}

fn by_amount_and_day(open: &BTreeMap<usize, &Line>, line: &BankLine) -> Option<usize> {
    let mut fitting = open.iter().filter(|(_, own)| at_bank(own) == line.amount && own.at.china_date() == line.date);
    let first = fitting.next()?;
    fitting.next().is_none().then_some(*first.0)
}

/// The line as the bank sees it: a debit of our bank account is money that came in.
fn at_bank(own: &Line) -> Fen {
    Fen(own.debit.0 - own.credit.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountId, Act, Code, Links, MemoryBook, Transfer, TransferId, post_all, statement};
    use duijie_vocab::Timestamp;

    fn rows(text: &str) -> Vec<BankRow> {
        text.lines().zip(1..).map(|(row, line)| BankRow { line, cells: row.split(',').map(str::to_string).collect() }).collect()
    }

    fn ledger_lines() -> Vec<Line> {
        let account = |text: &str| AccountId::parse(text).unwrap();
        let (bank, pool, payee) = (account("bank:320412:t"), account("pool:320412:p"), account("payee:320412:e"));
        let move_to = |id: &str, debit: &AccountId, credit: &AccountId, fen| {
            let act = Act::Posted { debit: debit.clone(), credit: credit.clone(), amount: Fen(fen) };
            let links = Links { payout: Some(format!("{id}-payout")), ..Links::default() };
            Transfer::new(TransferId::parse(id).unwrap(), Code::parse("test").unwrap(), act).with(links)
        };
        let batch = [
            move_to("fund", &bank, &pool, 1_000_000),
            move_to("approve", &pool, &payee, 300_000),
            move_to("pay1", &payee, &bank, 100_000),
            move_to("pay2", &payee, &bank, 50_000),
            move_to("pay3", &payee, &bank, 70_000),
        ];
        let mut book = MemoryBook::new();
        post_all(&mut book, &batch, Timestamp::parse("2021-12-01T02:00:00Z").unwrap()).unwrap();
        statement(&bank, book.entries(), None, None).lines
    }

    #[test]
    fn what_only_one_of_the_two_knows_is_listed() {
        let text = "交易日期,收入（元）,支出（元）,流水号,附言\n2021-12-01,10000,,1,拨款\n2021-12-01,,1000,2,pay1\n2021-12-01,,500.01,3,pay2-payout\n2021-12-02,,99,4,手续费";
        let (lines, diagnostics) = read_bank_rows(&rows(text));
        assert_eq!((lines.len(), diagnostics), (4, Vec::new()));
        let found = reconcile(&ledger_lines(), &lines);
        assert_eq!(found.matched.into_iter().collect::<Vec<_>>(), [(2, "fund".into()), (3, "pay1".into()), (4, "pay2".into())]);
        assert_eq!(
            found.differences,
            [
                Difference::AmountDiffers { line: 4, transfer: "pay2".into(), bank: Fen(-50_001), ledger: Fen(-50_000) },
                Difference::NotInLedger { line: 5, amount: Fen(-9_900), reference: "手续费".into() },
                Difference::NotAtBank { transfer: "pay3".into(), amount: Fen(-70_000) },
            ]
        );
    }

    #[test]
    fn each_row_that_does_not_read_is_named() {
        let text =
            "date,amount,serial,remark\n2021-12-01,-1000,1,a\n昨天,5,2,b\n2021-12-01,0.001,3,c\n2021-12-01,NaN,4,d\n2021-12-01,7,1,e\n,,,\n2021-12-01,,6,f";
        let (lines, diagnostics) = read_bank_rows(&rows(text));
        assert_eq!(lines.iter().map(|line| line.amount).collect::<Vec<_>>(), [Fen(-100_000)]);
        let said: Vec<_> = diagnostics.iter().map(|d| (d.place.line.unwrap(), d.code.as_str())).collect();
        assert_eq!(said, [(3, "bank.date"), (4, "bank.amount"), (5, "bank.amount"), (6, "bank.twice"), (8, "bank.amount")]);
        for wrong in ["", "姓名,电话\n张三,123"] {
            let (lines, diagnostics) = read_bank_rows(&rows(wrong));
            assert!(lines.is_empty() && diagnostics.len() == 1, "{wrong}");
        }
    }
}
