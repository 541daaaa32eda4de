//! What can be typed. The help texts are the reference of the command line.

use crate::money_arguments::{Ledger, Payout, Voucher};
use clap::{Args, Parser, Subcommand, ValueEnum};
use duijie_vocab::Lang;
use std::path::PathBuf;

#[derive(Debug, Parser)]
#[command(
    name = "duijie",
    version,
    about = "Duijie 对接: links science to industry. Needs, resources, matches with reasons, policies decided.",
    arg_required_else_help = true
)]
pub(crate) struct Arguments {
    /// The data directory.
    #[arg(long, global = true, env = "DUIJIE_DATA", default_value = "duijie-data", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// A PostgreSQL address in place of the embedded database.
    #[arg(long, global = true, env = "DUIJIE_DATABASE", value_name = "postgres://…", hide_env_values = true)]
    pub(crate) database: Option<String>,
    /// Authorities (PEM) that TLS trusts beside the usual ones: for mail, login providers, webhooks, robots, embedding servers.
    #[arg(long, global = true, env = "DUIJIE_TLS_ROOTS", value_name = "FILE")]
    pub(crate) tls_roots: Option<PathBuf>,
    /// The language of messages: zh or en. Without it the terminal's.
    #[arg(long, global = true, value_name = "LANG")]
    pub(crate) lang: Option<String>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Arguments {
    #[expect(clippy::disallowed_methods, reason = "the binary is where the environment is read")]
    pub(crate) fn lang(&self) -> Lang {
        let terminal = || ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        let tag = self.lang.clone().or_else(terminal);
        tag.and_then(|tag| Lang::from_tag(&tag)).unwrap_or(if self.lang.is_some() { Lang::Zh } else { Lang::En })
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Bring in records (xlsx, csv, JSON lines, a JSON array) or measures (yaml).
    Import(Import),
    /// Take out a list, or the whole store.
    Export(Export),
    /// Write a blank workbook for one kind, with drop-downs and notes.
    Template(Template),
    /// Search everything.
    Search(Search),
    /// Find what helps a need, or which needs a resource could help, with reasons.
    Match(Match),
    /// Measures: check, format, show, test, decide, explain, simulate.
    Policy(Policy),
    /// Entitlements: preview, run, approve, publish, pay.
    Payout(Payout),
    /// Vouchers: schemes, agencies, orders, redemption, settlement.
    Voucher(Voucher),
    /// The books: pools, balances, statements, reconciliation.
    Ledger(Ledger),
    /// Serve the portal and its API.
    Serve(Serve),
    /// Cases: list, show, play a file of acts, print the table of moves.
    Case(Case),
    /// The clocks of cases: run what is due, show what comes next.
    Clock(Clock),
    /// Webhooks: who is told of what, and whether it arrives.
    Webhook(Webhook),
    /// Accounts: add, list, and their API keys.
    Account(Account),
    /// List records that look like the same thing.
    Duplicates(Duplicates),
    /// Recompute the journal's chain and the state it leaves, and compare.
    Check(Check),
    /// Build derived data anew from the journal.
    Rebuild(Rebuild),
    /// Copy the store to a new file while it is in use.
    Backup(Backup),
    /// Fill an empty data directory from a backup or a whole export.
    Restore(Restore),
    /// Look at the installation and say what is wrong.
    Doctor(Doctor),
    /// Measure retrieval on a collection in the BEIR form.
    Eval(Eval),
    /// Print the version.
    Version,
}

/// How data is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    #[default]
    Text,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The files, in any order; organizations are taken first.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The kind of the rows, where the file does not say (need, offer, 企业 …).
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// The region of rows that name none: a code or a name.
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// Tell what would happen and write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// What a column holds: HEADER=FIELD; FIELD is - to leave it out.
    #[arg(long = "map", value_name = "HEADER=FIELD")]
    pub(crate) map: Vec<String>,
    /// A file that says the same: `kind:`, `region:` and `columns: {HEADER: FIELD}`.
    #[arg(long, value_name = "FILE")]
    pub(crate) mapping: Option<PathBuf>,
    /// Write the (single) file back with a column that explains each row.
    #[arg(long, value_name = "OUT")]
    pub(crate) annotate: Option<PathBuf>,
    /// Leave the search index to a server that is running.
    #[arg(long)]
    pub(crate) no_index: bool,
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The kind of records (need, 技术需求 …). Without it the whole store, with its history.
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// xlsx, csv, json or jsonl; by default what the file's name says, else jsonl.
    #[arg(long)]
    pub(crate) format: Option<String>,
    /// Only this region and below.
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// Only what this finds.
    #[arg(long, default_value = "")]
    pub(crate) search: String,
    /// The file to write; by default standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Template {
    /// The kind of records.
    pub(crate) kind: String,
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Search {
    /// What to look for; several words are one search.
    pub(crate) words: Vec<String>,
    #[arg(long)]
    pub(crate) kind: Vec<String>,
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// Only what is valid today; records that say nothing of it are.
    #[arg(long)]
    pub(crate) valid: bool,
    #[arg(long, default_value_t = 10)]
    pub(crate) limit: usize,
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Match {
    #[command(subcommand)]
    pub(crate) command: Option<MatchCommand>,
    /// The record's id.
    #[arg(required_unless_present = "all")]
    pub(crate) id: Option<String>,
    /// The open needs like this need: repeats, and needs to solve together.
    #[arg(long, requires = "id")]
    pub(crate) needs: bool,
    /// The experts for this need, with the evidence for each.
    #[arg(long, requires = "id", conflicts_with = "needs")]
    pub(crate) experts: bool,
    /// Every need; after the first time only those that something changed for.
    #[arg(long, conflicts_with = "id")]
    pub(crate) all: bool,
    /// With --all: every need again, not only those that something changed for.
    #[arg(long, requires = "all")]
    pub(crate) anew: bool,
    /// How many of each kind, or how many examples of all.
    #[arg(long, default_value_t = 3)]
    pub(crate) limit: usize,
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MatchCommand {
    /// Learn how much each part of a match counts, from the outcomes of cases and from judged matches.
    Tune(MatchTune),
}

#[derive(Debug, Args)]
pub(crate) struct MatchTune {
    /// Judged matches: lines of need, record and grade (0 to 10), tabs between.
    #[arg(long, value_name = "FILE")]
    pub(crate) judged: Option<PathBuf>,
    /// Put the weights in force (matching.yaml in the data directory) if they are better.
    #[arg(long)]
    pub(crate) write: bool,
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Policy {
    #[command(subcommand)]
    pub(crate) command: PolicyCommand,
}

/// Where measures come from.
#[derive(Debug, Args)]
pub(crate) struct FromMeasures {
    /// A measure file, or a folder of them with its facts.yaml; may be given several times. Without it: the data directory.
    #[arg(long, value_name = "PATH")]
    pub(crate) measures: Vec<PathBuf>,
}

/// Where subjects come from.
#[derive(Debug, Args)]
pub(crate) struct FromFacts {
    #[command(flatten)]
    pub(crate) measures: FromMeasures,
    /// Subjects with their facts: csv (id, region, 研发费用@2021 …) or JSON. Without it: the data directory.
    #[arg(long, value_name = "FILE")]
    pub(crate) facts: Option<PathBuf>,
    /// The day of the decision, for subjects from a file. Without it each measure is decided in its own window for
    /// --period, else for the latest period that a column of the table names (研发费用@2021), else for this year.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) on: Option<String>,
    /// The period decided about, such as 2021; without it the latest with facts, or the one that --on decides.
    #[arg(long)]
    pub(crate) period: Option<String>,
}

/// The spelling of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Spelling {
    /// 且 或 ≥ and Chinese names.
    Zh,
    /// && || >= and English keys.
    Cel,
}

impl Spelling {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Spelling::Zh => "zh",
            Spelling::Cel => "cel",
        }
    }
}

/// How a report is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    #[default]
    Text,
    Json,
    /// A workbook, to the file that -o names.
    Xlsx,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    Measure,
    Facts,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// List the measures.
    List {
        #[command(flatten)]
        measures: FromMeasures,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Show one measure as an official would print it.
    Show {
        measure: String,
        #[command(flatten)]
        measures: FromMeasures,
        /// The version in force on this day; without it the latest.
        #[arg(long, value_name = "YYYY-MM-DD")]
        on: Option<String>,
        /// The spelling of its rules; by default the language's.
        #[arg(long, value_enum)]
        style: Option<Spelling>,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Read measures and say what is wrong with them; writes nothing.
    Check {
        /// Files or folders; without any the data directory.
        paths: Vec<PathBuf>,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Write measure files with their rules in one spelling; the rest of a file stays as it is.
    Fmt {
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        #[arg(long, value_enum, default_value = "zh")]
        style: Spelling,
        /// Only say which files would change; exit code 1 if any would.
        #[arg(long)]
        check: bool,
    },
    /// Run the examples, generate boundary cases to read through and sign, and list what is probably not meant.
    Test {
        /// Files or folders; without any the data directory.
        paths: Vec<PathBuf>,
        #[arg(long, value_enum, default_value_t)]
        format: ReportFormat,
        /// Where to write a workbook.
        #[arg(short, long, value_name = "FILE", required_if_eq("format", "xlsx"))]
        output: Option<PathBuf>,
    },
    /// What every measure says of one organization, with reasons.
    Decide {
        /// Id or exact name; the id of a row of --facts.
        organization: String,
        #[command(flatten)]
        from: FromFacts,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Everything that one measure's decision about one organization rests on.
    Explain {
        /// Id or exact name; the id of a row of --facts.
        organization: String,
        measure: String,
        #[command(flatten)]
        from: FromFacts,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Decide every measure for everybody; prints counts and sums.
    Batch {
        #[command(flatten)]
        from: FromFacts,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Compare changed or new measures with those in force, over everybody, before they are signed.
    Simulate {
        /// A measure file with the change.
        #[arg(long, value_name = "FILE", required_unless_present = "measure", conflicts_with = "measure")]
        change: Option<PathBuf>,
        /// A measure in force, to change figures of; without --figure its figures are listed.
        #[arg(long, value_name = "ID")]
        measure: Option<String>,
        /// The figure with this number in the list and its new value, such as 1=4%; may be given several times.
        #[arg(long = "figure", value_name = "N=VALUE", requires = "measure")]
        figures: Vec<String>,
        #[command(flatten)]
        from: FromFacts,
        #[arg(long, value_enum, default_value_t)]
        format: ReportFormat,
        /// Where to write a workbook.
        #[arg(short, long, value_name = "FILE", required_if_eq("format", "xlsx"))]
        output: Option<PathBuf>,
    },
    /// Time compiling, deciding and explaining on this machine. `cargo xtask bench policy` compares with others.
    Bench {
        #[command(flatten)]
        from: FromFacts,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Write the measures of real laws that come with the language to a folder, to read and to begin from.
    Examples {
        /// The folder; files that are there already are left alone.
        #[arg(default_value = "policy-examples")]
        folder: PathBuf,
    },
    /// Print the JSON Schema of measure files or of facts.yaml, for editors.
    Schema {
        #[arg(value_enum, default_value = "measure")]
        of: SchemaOf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Address and port to listen on.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub(crate) listen: String,
    /// Under which address people reach the portal, such as https://duijie.example.cn.
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// A proxy, or a network of them, whose X-Forwarded-For is believed, such as 127.0.0.1/32.
    #[arg(long = "trust-proxy", value_name = "NETWORK")]
    pub(crate) trusted_proxies: Vec<duijie_web::IpNet>,
    /// A list of OpenID Connect providers by which people may log in.
    #[arg(long, value_name = "FILE")]
    pub(crate) login_providers: Option<PathBuf>,
    /// Let webhooks go to private networks and without TLS.
    #[arg(long)]
    pub(crate) private_receivers: bool,
    /// A layer of map tiles in Web Mercator, with {z}, {x}, {y} and perhaps {s} in its address,
    /// such as the _w layers of 天地图; several lie on one another.
    #[arg(long = "tiles", value_name = "URL")]
    pub(crate) tiles: Vec<String>,
    /// Whom the tiles are from, as their service wants it said.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) tiles_credit: String,
    /// The mail server for letters: smtps://user:password@host:465, or smtp://user:password@host:587?tls=required.
    /// Without it letters are laid down in the data directory's outbox.
    #[arg(long, value_name = "URL", env = "DUIJIE_SMTP", hide_env_values = true, requires = "mail_from")]
    pub(crate) smtp: Option<String>,
    /// In whose name letters go, such as "对接平台 <duijie@example.cn>".
    #[arg(long, value_name = "SENDER", env = "DUIJIE_MAIL_FROM")]
    pub(crate) mail_from: Option<String>,
    /// A host (with its port) of chat robots besides those of WeCom, DingTalk and Feishu, such as 10.0.0.7:8080.
    #[arg(long = "robot-host", value_name = "HOST")]
    pub(crate) robot_hosts: Vec<String>,
    /// LOGIN:PASSWORD:ROLE to show on the login page; for demonstrations only.
    #[arg(long = "show-login", value_name = "LOGIN:PASSWORD:ROLE")]
    pub(crate) show_logins: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Webhook {
    #[command(subcommand)]
    pub(crate) command: WebhookCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Tell an address what happens, with the rights of an account; the secret is printed this once.
    Add {
        login: String,
        /// An https address on the public Internet.
        url: String,
        /// record.changed, case.moved or payout.moved.
        #[arg(long = "event", required = true)]
        events: Vec<String>,
        #[arg(long)]
        region: Option<String>,
        /// Let it lie in a private network, and do without TLS.
        #[arg(long)]
        private: bool,
    },
    /// List webhooks, and why messages do not arrive.
    List {
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// End a webhook.
    Remove { id: String },
    /// Send what was not sent yet. `serve` does so by itself.
    Run {
        /// Under which address people reach the portal.
        #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
        public_url: String,
        #[arg(long)]
        private: bool,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Account {
    #[command(subcommand)]
    pub(crate) command: AccountCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Make an account, or change it. The password is read from standard input.
    Add {
        login: String,
        /// member, adviser, officer, leader or admin.
        #[arg(long)]
        role: String,
        #[arg(long, default_value = "")]
        name: String,
        #[arg(long)]
        region: Option<String>,
        /// Id or exact name of the organization that a member acts for.
        #[arg(long)]
        organization: Option<String>,
    },
    /// Make an API key that acts as an account; it is printed this once.
    Key {
        login: String,
        /// What the key is for.
        #[arg(long)]
        name: String,
        /// read or write; given twice, both.
        #[arg(long = "scope", value_name = "SCOPE", default_value = "read")]
        scopes: Vec<String>,
        #[arg(long)]
        region: Option<String>,
        #[arg(long, default_value_t = 90)]
        days: i64,
    },
    /// List the API keys of an account.
    Keys {
        login: String,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Make an API key useless.
    Revoke { id: String },
    /// List the accounts.
    List {
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Case {
    #[command(subcommand)]
    pub(crate) command: CaseCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CaseCommand {
    /// List cases, those moved last first.
    List {
        /// Only cases in this state, such as `matching`.
        #[arg(long)]
        state: Option<String>,
        /// Only cases of this region: a code or a name.
        #[arg(long)]
        region: Option<String>,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Show one case with its timeline.
    Show {
        id: String,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Do what the lines of a file say: JSON lines of who opens, introduces or acts.
    Play { file: PathBuf },
    /// Print the rules of casework (clocks, holds, limits, by region), or set them from a YAML file.
    Rules { file: Option<PathBuf> },
    /// Print the table of moves: what leads from where to where, who may, and what is needed.
    Table,
}

#[derive(Debug, Args)]
pub(crate) struct Clock {
    #[command(subcommand)]
    pub(crate) command: ClockCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ClockCommand {
    /// Ring every clock that is due. `serve` does so by itself.
    Run {
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Show the clocks that ring next.
    Next {
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Duplicates {
    /// The kind of records.
    #[arg(long, default_value = "organization")]
    pub(crate) kind: String,
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Derived {
    /// The search index.
    Search,
    /// The current records, keys and links.
    State,
    /// What measures say of every enterprise.
    Decisions,
    /// What records mean, by the model that is set; it takes long and is made anew only when named.
    Vectors,
    /// All but the vectors.
    All,
}

#[derive(Debug, Args)]
pub(crate) struct Rebuild {
    #[arg(value_enum, default_value = "all")]
    pub(crate) what: Derived,
}

#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The file to make; it must not be there yet.
    pub(crate) to: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    pub(crate) from: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Eval {
    /// Documents as JSON lines {id, title, text}.
    #[arg(long)]
    pub(crate) corpus: PathBuf,
    /// Queries as JSON lines {id, text}.
    #[arg(long)]
    pub(crate) queries: PathBuf,
    /// Judgements: query, document and grade, separated by tabs.
    #[arg(long)]
    pub(crate) qrels: PathBuf,
    /// A packed embedding model, for the dense stage.
    #[arg(long, conflicts_with = "server")]
    pub(crate) model: Option<PathBuf>,
    /// The address of an embedding server with the OpenAI form, for the dense stage.
    #[arg(long)]
    pub(crate) server: Option<String>,
    /// Cut texts with the built-in dictionary only, without the words learnt from the corpus.
    #[arg(long)]
    pub(crate) built_in_words: bool,
    /// Try other constants of scoring and fusion instead, chosen on one part of the queries and judged on the rest.
    #[arg(long, conflicts_with_all = ["model", "server"])]
    pub(crate) refit: bool,
    #[arg(long)]
    pub(crate) json: bool,
}
