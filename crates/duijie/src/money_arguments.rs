//! What can be typed about money: entitlements, vouchers and the ledger.

use crate::arguments::Format;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Who acts: four eyes need two logins.
#[derive(Debug, Args)]
pub(crate) struct ActAs {
    /// The login to act as; without it the operator, who may do everything.
    #[arg(long = "as", value_name = "LOGIN", global = true)]
    pub(crate) login: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Payout {
    #[command(flatten)]
    pub(crate) who: ActAs,
    #[command(subcommand)]
    pub(crate) command: PayoutCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PayoutCommand {
    /// Who would be paid how much by a measure for a year, and why everybody else would not; without a
    /// measure, what each of them would pay.
    Preview {
        measure: Option<String>,
        #[arg(long)]
        period: String,
        /// List every firm that has a row, or every measure, instead of the first twenty.
        #[arg(long)]
        all: bool,
        /// Write the rows of a measure's preview to a file that ends in .xlsx or .csv as well.
        #[arg(short, long, value_name = "FILE", requires = "measure")]
        output: Option<PathBuf>,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Make the entitlements of a run and tell the firms; again makes only what is missing.
    Run {
        measure: String,
        #[arg(long)]
        period: String,
    },
    /// List entitlements.
    List {
        #[arg(long)]
        state: Option<String>,
        /// The organization's id.
        #[arg(long)]
        organization: Option<String>,
        /// Write them to a file that ends in .xlsx or .csv instead.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// One entitlement with the steps that may be taken now.
    Show {
        id: String,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// What an organization was paid, what is under way and what waits for it.
    Summary {
        /// Name or id.
        organization: String,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// The firm confirms its bank account.
    Confirm {
        id: String,
        #[arg(long)]
        name: String,
        #[arg(long)]
        bank: String,
        #[arg(long)]
        account: String,
    },
    /// Take a step that needs a reason: review, clear, object, reject, appeal, dismiss, uphold, withdraw.
    Step { id: String, act: String, reason: String },
    /// Tell a firm of what it was matched with.
    Push { id: String },
    /// Approve one, or all that wait.
    Approve {
        #[arg(required_unless_present = "all")]
        id: Option<String>,
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
    /// Publish everything approved under a measure for a period.
    Publish {
        measure: String,
        #[arg(long)]
        period: String,
    },
    /// The published lists, or with --list who is on one.
    Lists {
        #[arg(long, value_name = "NAME")]
        list: Option<String>,
        /// Write who is on it to a file that ends in .xlsx or .csv.
        #[arg(short, long, value_name = "FILE", requires = "list")]
        output: Option<PathBuf>,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Put what is ready into a payment file (xlsx or csv) for the bank.
    Pay {
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Read the bank's answer to a payment file.
    Return { file: String, answer: PathBuf },
    /// Ask paid money back.
    Recall { id: String, amount: String, reason: String },
    /// Money that was asked back has come.
    Recover { id: String, serial: String },
    /// Close what is paid.
    Archive { id: String },
    /// Decide an entitlement again under the rule and the facts of its day.
    Replay {
        id: String,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// What an organization was not paid for a year, or for last year, and why.
    Missed {
        organization: String,
        #[arg(long)]
        period: Option<String>,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Set limits of a region, those not named stay; without any, who set which when.
    Terms {
        region: String,
        /// The amount above which two people approve.
        #[arg(long, value_name = "AMOUNT")]
        two_above: Option<String>,
        /// How long lists are open to objections.
        #[arg(long, value_name = "DAYS")]
        objection_days: Option<u32>,
        /// Of 10,000 payouts of low risk, how many people check.
        #[arg(long, value_name = "N")]
        check_low: Option<u32>,
        /// The same of medium risk; of high risk they check all.
        #[arg(long, value_name = "N")]
        check_medium: Option<u32>,
        /// The amount from which the risk is at least medium.
        #[arg(long, value_name = "AMOUNT")]
        large_from: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Voucher {
    #[command(flatten)]
    pub(crate) who: ActAs,
    #[command(subcommand)]
    pub(crate) command: VoucherCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum VoucherCommand {
    /// Read schemes (yaml).
    Scheme {
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Only say what they would change.
        #[arg(long)]
        preview: bool,
    },
    /// The terms of a scheme: who, what share, up to what, when, where, and how to get a voucher.
    Terms {
        scheme: String,
        /// Its versions instead: who made each, and what it changed.
        #[arg(long)]
        history: bool,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// File agencies from a table; with --accept they are listed at once.
    Agencies {
        file: PathBuf,
        #[arg(long)]
        accept: bool,
    },
    /// File an organization with a region as an agency for some of the eight classes.
    File {
        /// Name or id.
        organization: String,
        #[arg(long)]
        region: String,
        /// Such as research or 研究开发; give it again for each.
        #[arg(long = "class", required = true)]
        classes: Vec<String>,
    },
    /// Filings that wait for the office, or with --as those of the member's organization.
    Filings {
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Accept (list), refuse or strike off a filing; the last two need a reason.
    Filing {
        id: String,
        act: String,
        #[arg(default_value = "")]
        reason: String,
    },
    /// The published ratings: the ten best of each class with their figures.
    Ratings {
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// The schemes that are kept.
    Schemes {
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// The catalogue of listed agencies.
    Catalogue {
        /// Write it to a file that ends in .xlsx or .csv instead.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Rate agencies by the rules and scores of a file (yaml) and publish the ten best.
    Rate { file: PathBuf },
    /// Apply for the vouchers of a table.
    Apply { scheme: String, file: PathBuf },
    /// Review every voucher that waits for a review.
    Review { scheme: String },
    /// Place the orders of a table.
    Order {
        scheme: String,
        file: PathBuf,
        /// The folder of the files that the table names; without it the table names documents by SHA-256.
        #[arg(long, value_name = "FOLDER")]
        files: Option<PathBuf>,
    },
    /// Deliver and claim the orders of a table.
    Deliver {
        scheme: String,
        file: PathBuf,
        /// The folder of the files that the table names.
        #[arg(long, value_name = "FOLDER")]
        files: Option<PathBuf>,
    },
    /// One voucher (vou-…) or order (ord-…) with the steps that may be taken now.
    Show {
        id: String,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Take one step: of a voucher review, refuse or void; of an order claim, cancel or decline.
    Step {
        id: String,
        act: String,
        #[arg(default_value = "")]
        reason: String,
    },
    /// Send the file of a document that an order names by its SHA-256.
    Attach { order: String, file: PathBuf },
    /// Redeem the orders of a table in the batches that it names.
    Redeem {
        scheme: String,
        file: PathBuf,
        /// Why orders with signs of abuse are redeemed all the same.
        #[arg(long)]
        despite: Option<String>,
    },
    /// Redeem every claimed order as one batch.
    RedeemClaimed {
        batch: String,
        /// Why orders with signs of abuse are redeemed all the same.
        #[arg(long)]
        despite: Option<String>,
    },
    /// Record that the bank paid a batch.
    Pay { batch: String, serial: String },
    /// End vouchers that were not used and orders that were not claimed in time.
    Expire,
    /// List vouchers.
    List {
        #[arg(long)]
        state: Option<String>,
        /// Write them to a file that ends in .xlsx or .csv instead.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// List orders.
    Orders {
        #[arg(long)]
        state: Option<String>,
        /// Write them to a file that ends in .xlsx or .csv instead.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// The figures of a scheme: agencies, orders, amounts, batches.
    Figures {
        scheme: String,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// What regions owe one another.
    Clearing {
        /// What was settled instead of what is owed now.
        #[arg(long)]
        settled: bool,
        /// Write both to a file that ends in .xlsx or .csv instead.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// The statement of a settlement line by line, or of what is owed now, for the other side to check:
    /// a file that ends in .xlsx or .csv.
    Statement {
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        #[arg(long)]
        run: Option<String>,
    },
    /// Compare the statement of a settlement, or of what is owed now, with the file that the other side sent.
    CheckStatement {
        file: PathBuf,
        #[arg(long)]
        run: Option<String>,
    },
    /// Net and pay what all regions owe one another, and print the statements.
    Settle { run: String },
}

#[derive(Debug, Args)]
pub(crate) struct Ledger {
    #[command(flatten)]
    pub(crate) who: ActAs,
    #[command(subcommand)]
    pub(crate) command: LedgerCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Put money from a region's bank account into one of its pools. The id makes asking twice harmless.
    Fund {
        /// Such as pool:320400:320400.innovation.2021.
        pool: String,
        /// Such as 500万元.
        amount: String,
        #[arg(long)]
        id: String,
    },
    /// The accounts as sums by kind and region.
    Sums {
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Accounts by id, by the name of a firm or an agency, or by the number of a voucher; fifty at most.
    Find {
        text: String,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Balances.
    Accounts {
        /// bank, pool, voucher, agency, payee or clearing.
        #[arg(long)]
        kind: Option<String>,
        /// Write all of them to a file that ends in .xlsx or .csv instead.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// All balances by side; debits and credits are equal.
    Trial {
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// What was posted to an account.
    Statement {
        account: String,
        #[arg(long)]
        from: Option<String>,
        #[arg(long)]
        until: Option<String>,
        /// Write it to a file that ends in .xlsx or .csv instead.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// The balance of an account at a moment such as 2026-03-01T00:00:00Z, or now.
    Balance {
        account: String,
        #[arg(long)]
        at: Option<String>,
    },
    /// What became of a transfer.
    Transfer {
        id: String,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Compare a bank account with the bank's own file.
    Reconcile { account: String, file: PathBuf },
    /// Work every balance out again from the transfers.
    Audit,
    /// Release reservations whose time has come.
    Expire,
}
