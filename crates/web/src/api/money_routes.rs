//! The routes about money: entitlements, published lists, vouchers, orders, agencies, settlement between
//! regions, the books, and all of them as files.

use super::{ACCOUNT, AFTER, ApiRoute, BASE, ORDER, PAYOUT, Parameter, REGION, STRING, VOUCHER, in_path, in_query, ledger, payouts, vouchers};
use crate::portal::Portal;
use axum::routing::{MethodRouter, get, post};
use std::sync::Arc;

const MEASURE: Parameter = in_query("measure", STRING, "The id of a measure.");
const PERIOD: Parameter = in_query("period", STRING, "A year, such as `2021`.");
const FILE_NAME: Parameter = in_query("name", STRING, "What the file is called, such as `发票.pdf`.");
const FILING: Parameter = in_path("id", "The id of an agency's filing, such as `agf-3v9k2m7p0xq4tz8a`.");
const PAYMENTS: Parameter = in_path("file", "The number of a payment file.");
const NAMED: &[u16] = &[403, 404];

/// A route that reads.
fn reads(
    path: &'static str,
    name: &'static str,
    about: &'static str,
    parameters: &'static [Parameter],
    shape: &'static str,
    refusals: &'static [u16],
    answers: MethodRouter<Arc<Portal>>,
) -> ApiRoute {
    ApiRoute { path, method: "GET", name, about, parameters, body: None, status: 200, shape, refusals, answers }
}

/// A route that takes `body` and writes.
fn writes(
    path: &'static str,
    name: &'static str,
    about: &'static str,
    parameters: &'static [Parameter],
    (body, shape): (&'static str, &'static str),
    answers: MethodRouter<Arc<Portal>>,
) -> ApiRoute {
    const REFUSALS: &[u16] = &[400, 403, 404, 408, 409, 413, 415, 422];
    const WITH_BASE: &[u16] = &[400, 403, 404, 408, 409, 413, 415, 422, 428];
    let based = parameters.iter().any(|parameter| parameter.name == BASE.name);
    let refusals = if based { WITH_BASE } else { REFUSALS };
    ApiRoute { path, method: "POST", name, about, parameters, body: Some(body), status: 200, shape, refusals, answers }
}

pub(super) fn table() -> Vec<ApiRoute> {
    [of_payouts(), of_runs(), of_vouchers(), of_agencies(), of_settlement(), of_the_books()].into_iter().flatten().collect()
}

fn of_payouts() -> Vec<ApiRoute> {
    let wanted: &[Parameter] = const {
        &[
            in_query("state", STRING, "Such as `pushed`, `approved`, `published` or `paid`."),
            in_query("measure", STRING, "The id of a measure, together with `period`."),
            PERIOD,
            in_query("organization", STRING, "The id of an organization."),
            in_query("list", STRING, "The name of a published list."),
            in_query("file", STRING, "The number of a payment file."),
            AFTER,
        ]
    };
    let about = "Entitlements that the caller may see, last moved first; `next` goes into `after`.";
    let step = "Takes one step, such as `{\"act\":\"approve\"}`. Sent again with the same version it is refused and nothing moves twice.";
    let missed = "What an organization was not paid for a year, and why: rights that nobody took up first.";
    vec![
        reads("/api/payouts", "payouts", about, wanted, "PayoutPage", &[403, 422], get(payouts::list)),
        reads(
            "/api/payouts/{id}",
            "payout",
            "One entitlement with the acts that the caller may take; its version is the ETag.",
            const { &[PAYOUT] },
            "EntitlementView",
            &[404],
            get(payouts::show),
        ),
        writes("/api/payouts/{id}", "payout_step", step, const { &[PAYOUT, BASE] }, ("PayoutAct", "EntitlementView"), post(payouts::step)),
        reads(
            "/api/payouts/{id}/replay",
            "payout_replay",
            "Decides an entitlement again under the rule and the facts of its day, and says whether it comes to the same.",
            const { &[PAYOUT] },
            "Replayed",
            &[404],
            get(payouts::replay),
        ),
        reads(
            "/api/payouts/missed",
            "payouts_missed",
            missed,
            const { &[in_query("organization", STRING, "The id of an organization; the caller's own without it."), PERIOD] },
            "MissedYear",
            &[400, 403, 404],
            get(payouts::missed),
        ),
        reads(
            "/api/payouts/summary",
            "payouts_summary",
            "What an organization was paid, what is under way and what waits for it.",
            const { &[in_query("organization", STRING, "The id of an organization; the caller's own without it.")] },
            "PayoutSummary",
            NAMED,
            get(payouts::summary),
        ),
        reads(
            "/api/published",
            "published",
            "The published lists, newest first, as they were on the day of their publication.",
            const { &[AFTER] },
            "PublishedPage",
            &[422],
            get(payouts::published),
        ),
        reads(
            "/api/published/rows",
            "published_rows",
            "A published list with who is on it now.",
            const { &[in_query("list", STRING, "The name of a published list."), AFTER] },
            "PublishedList",
            &[404, 422],
            get(payouts::published_rows),
        ),
    ]
}

fn of_runs() -> Vec<ApiRoute> {
    vec![
        reads(
            "/api/payouts/overview",
            "payouts_overview",
            "What every measure would pay for a year, beside what its pool holds. Writes nothing.",
            const { &[PERIOD] },
            "PayoutOverview",
            NAMED,
            get(payouts::overview),
        ),
        reads(
            "/api/payouts/preview",
            "payout_preview",
            "Who would be paid how much by a measure for a year, out of which pool, and why everybody else would not. Writes nothing.",
            const { &[MEASURE, PERIOD] },
            "RunPreview",
            NAMED,
            get(payouts::preview),
        ),
        writes(
            "/api/payouts/run",
            "payout_run",
            "Makes the entitlements of a measure for a year and tells the firms; again makes only what is missing.",
            &[],
            ("PayoutRun", "RunDone"),
            post(payouts::run),
        ),
        writes(
            "/api/payouts/approve",
            "payouts_approve",
            "Approves everything confirmed of a measure for a year; what needs another person is told.",
            &[],
            ("PayoutRun", "ManySteps"),
            post(payouts::approve),
        ),
        writes(
            "/api/payouts/publish",
            "payouts_publish",
            "Publishes everything approved of a measure for a year as one list.",
            &[],
            ("PayoutRun", "ListMade"),
            post(payouts::publish),
        ),
        writes(
            "/api/payouts/pay",
            "payouts_pay",
            "Puts everything whose time for objections is over into a new payment file. The body is `{}`.",
            &[],
            ("Nothing", "PaymentFile"),
            post(payouts::pay),
        ),
        reads(
            "/api/payouts/files/{file}",
            "payments",
            "The payments of a file that the bank has not answered yet.",
            const { &[PAYMENTS] },
            "Payments",
            NAMED,
            get(payouts::payments),
        ),
        writes(
            "/api/payouts/files/{file}",
            "payments_answer",
            "Reads the bank's answer to a payment file; the body is its csv or xlsx. Rows that fit are taken, the others told with their line.",
            const { &[PAYMENTS, FILE_NAME] },
            ("File", "ReturnReport"),
            post(payouts::answer),
        ),
        reads(
            "/api/payouts/terms",
            "payout_terms",
            "The limits under which a region approves and publishes.",
            const { &[REGION] },
            "Terms",
            &[400],
            get(payouts::terms),
        ),
        reads(
            "/api/payouts/terms/history",
            "payout_terms_history",
            "Who set which limits of a region, newest first.",
            const { &[REGION] },
            "TermsVersions",
            &[400, 403],
            get(payouts::terms_history),
        ),
        writes(
            "/api/payouts/terms",
            "put_payout_terms",
            "Changes limits of a region; what is not named stays.",
            const { &[REGION] },
            ("TermsChange", "Terms"),
            post(payouts::put_terms),
        ),
    ]
}

fn of_vouchers() -> Vec<ApiRoute> {
    let state = const { &[in_query("state", STRING, "Such as `issued` or `redeemed`."), AFTER] };
    let of_order = const { &[in_query("state", STRING, "Such as `placed` or `claimed`."), AFTER] };
    let upload = "Takes a file for an order – contract, invoice or report – and answers with its SHA-256, which an order sent within a day may name.";
    let attach = "Takes the file of a document that the order names by its SHA-256; another file is refused.";
    let batch = "Redeems claimed orders as one batch: those that are named, or all of the caller's region. Orders with signs of abuse are held unless `despite` says why not.";
    let digest = const { &[ORDER, in_path("digest", "The SHA-256 of a document.")] };
    vec![
        reads("/api/vouchers", "vouchers", "Vouchers that the caller may see, last moved first.", state, "VoucherPage", &[403, 422], get(vouchers::list)),
        writes(
            "/api/vouchers",
            "apply_voucher",
            "Applies for a voucher. Amounts are whole Fen.",
            &[],
            ("VoucherApplication", "VoucherView"),
            post(vouchers::apply),
        ),
        reads("/api/vouchers/{id}", "voucher", "One voucher.", const { &[VOUCHER] }, "VoucherView", &[404], get(vouchers::show)),
        writes(
            "/api/vouchers/{id}",
            "voucher_step",
            "Reviews, refuses or voids a voucher; sent again it is refused.",
            const { &[VOUCHER] },
            ("VoucherAct", "VoucherView"),
            post(vouchers::step),
        ),
        reads("/api/orders", "orders", "Service orders that the caller may see, last moved first.", of_order, "OrderPage", &[403, 422], get(vouchers::orders)),
        writes(
            "/api/orders",
            "place_order",
            "Orders a service with an issued voucher. Documents are named by their SHA-256.",
            &[],
            ("OrderAsked", "OrderView"),
            post(vouchers::place),
        ),
        reads("/api/orders/{id}", "order", "One order with its documents.", const { &[ORDER] }, "OrderView", &[404], get(vouchers::order)),
        writes(
            "/api/orders/{id}",
            "order_step",
            "Delivers with evidence, claims, cancels or declines; sent again it is refused.",
            const { &[ORDER] },
            ("OrderAct", "OrderView"),
            post(vouchers::order_step),
        ),
        writes("/api/documents", "send_document", upload, const { &[FILE_NAME] }, ("File", "OrderFile"), post(vouchers::document)),
        writes("/api/orders/{id}/documents", "attach_document", attach, const { &[ORDER, FILE_NAME] }, ("File", "OrderView"), post(vouchers::attach)),
        reads(
            "/api/orders/{id}/documents/{digest}",
            "document",
            "A document of an order, for both sides and their officers.",
            digest,
            "File",
            &[404],
            get(vouchers::file),
        ),
        writes("/api/orders/redeem", "redeem_orders", batch, &[], ("Redemption", "RedeemReport"), post(vouchers::redeem)),
        writes("/api/orders/pay", "pay_batch", "Records that the bank paid the orders of a batch.", &[], ("BatchPayment", "BatchPaid"), post(vouchers::pay)),
    ]
}

fn of_agencies() -> Vec<ApiRoute> {
    let catalogue = "The agencies that are listed, with the classes in which they are among the ten best.";
    let waiting = "Filings that wait for the caller's office, or those of the caller's organization.";
    let rating = "Rates the listed agencies of a region by rules with weights and scores, and publishes the ten best of each class.";
    vec![
        reads("/api/agencies", "agencies", catalogue, &[], "AgencyViews", &[], get(vouchers::agencies)),
        reads("/api/filings", "filings", waiting, &[], "AgencyViews", &[], get(vouchers::filings)),
        writes(
            "/api/filings",
            "file_agency",
            "Files with a region for some of the eight classes.",
            &[],
            ("FilingAsked", "AgencyView"),
            post(vouchers::file_agency),
        ),
        reads("/api/filings/{id}", "filing", "One filing, for its agency and the office.", const { &[FILING] }, "AgencyView", &[404], get(vouchers::filing)),
        writes(
            "/api/filings/{id}",
            "filing_step",
            "Accepts, refuses or strikes off a filing; sent again it is refused.",
            const { &[FILING] },
            ("FilingAct", "AgencyView"),
            post(vouchers::filing_step),
        ),
        reads("/api/ratings", "ratings", "The latest published rating of each region and class.", &[], "RatingViews", &[], get(vouchers::ratings)),
        writes("/api/ratings", "rate_agencies", rating, &[], ("RatingFile", "RatingViews"), post(vouchers::rate)),
    ]
}

fn of_settlement() -> Vec<ApiRoute> {
    let settle = "Nets and pays what all regions owe one another, and keeps the statements under the name of the run.";
    let figures = "The figures of a scheme: agencies, orders, contracts, batches, what was redeemed.";
    let scheme = const { &[in_path("id", "The id of a voucher scheme, such as `320412-2021`.")] };
    let text = "Reads a voucher scheme from YAML, as people write it, and keeps it; with `base` only if that is still its version.";
    vec![
        reads("/api/schemes", "schemes", "Every region's voucher scheme.", &[], "Schemes", &[], get(vouchers::schemes)),
        reads("/api/schemes/{id}", "scheme", "The terms of a scheme in words.", scheme, "SchemeView", &[404], get(vouchers::scheme)),
        reads(
            "/api/schemes/{id}/history",
            "scheme_history",
            "The versions of a scheme, newest first: who made each, and what it changed.",
            scheme,
            "SchemeVersions",
            NAMED,
            get(vouchers::scheme_history),
        ),
        writes(
            "/api/schemes/preview",
            "preview_scheme",
            "What a text would make of its scheme, and what differs from now. Writes nothing.",
            &[],
            ("SchemeText", "SchemePreview"),
            post(vouchers::preview_scheme),
        ),
        writes("/api/schemes", "put_scheme", text, &[], ("SchemeText", "Scheme"), post(vouchers::put_scheme)),
        reads("/api/schemes/{id}/figures", "scheme_figures", figures, scheme, "SchemeFigures", &[403, 404], get(vouchers::figures)),
        reads("/api/clearing", "clearing", "What regions owe one another now, and what was settled.", &[], "Clearing", &[403], get(vouchers::clearing)),
        writes(
            "/api/clearing/check",
            "check_settlement",
            "Compares the statement of a settlement, or of what is owed now, with the table that the other side sent, which is the body. Nothing is kept.",
            const { &[in_query("run", STRING, "The name of a settlement; without it what is owed now."), FILE_NAME] },
            ("File", "SettlementCheck"),
            post(vouchers::check_settlement),
        ),
        writes("/api/clearing", "settle", settle, &[], ("SettlementRun", "PairViews"), post(vouchers::settle)),
    ]
}

fn of_the_books() -> Vec<ApiRoute> {
    let days = const { &[ACCOUNT, in_query("from", STRING, "The first day."), in_query("until", STRING, "The last day."), AFTER] };
    let compare = "Compares a bank account with the bank's own file, which is the body. Nothing is kept.";
    let files = "A table about money as a file: `payouts`, `preview`, `published`, `vouchers`, `orders`, `agencies`, `clearing`, `settlement`, `balances`, `statement` or `payments`, ending in `.xlsx` or `.csv`.";
    let fund = "Puts money from a region's bank account into one of its pools. The id makes asking twice harmless.";
    vec![
        reads(
            "/api/ledger/accounts",
            "ledger_accounts",
            "The accounts of the caller's region with their balances.",
            &[],
            "AccountBalances",
            &[403],
            get(ledger::accounts),
        ),
        reads(
            "/api/ledger/sums",
            "ledger_sums",
            "The accounts of the caller's region as sums by kind and region.",
            &[],
            "AccountGroups",
            &[403],
            get(ledger::sums),
        ),
        reads("/api/ledger/trial", "ledger_trial", "All balances by side; debits and credits are equal.", &[], "TrialBalance", &[403], get(ledger::trial)),
        reads(
            "/api/ledger/audit",
            "ledger_audit",
            "Works every balance out again from the transfers and says what differs.",
            &[],
            "Disagreements",
            &[403],
            get(ledger::audit),
        ),
        reads(
            "/api/ledger/statement",
            "ledger_statement",
            "What was posted to an account from one day to another, both included: a thousand lines; `next` goes into `after`.",
            days,
            "StatementPage",
            &[403, 404, 422],
            get(ledger::statement),
        ),
        reads(
            "/api/ledger/balance",
            "ledger_balance",
            "The balance of an account at a moment, or now.",
            const { &[ACCOUNT, in_query("at", STRING, "A moment such as `2026-03-01T00:00:00Z`.")] },
            "BalanceAt",
            &[403, 404, 422],
            get(ledger::balance),
        ),
        writes("/api/ledger/fund", "fund_pool", fund, &[], ("Funding", "LedgerEntry"), post(ledger::fund)),
        writes("/api/ledger/reconciliation", "reconcile", compare, const { &[ACCOUNT, FILE_NAME] }, ("File", "Reconciliation"), post(ledger::reconcile)),
        reads(
            "/api/transfers",
            "transfer",
            "What became of a transfer of the ledger, for whoever lost the answer.",
            const { &[in_query("id", STRING, "The id that the transfer was asked for under.")] },
            "LedgerEntry",
            NAMED,
            get(ledger::transfer),
        ),
        reads(
            "/api/exports/{file}",
            "export_money",
            files,
            const {
                &[
                    in_path("file", "Such as `payouts.xlsx`."),
                    MEASURE,
                    PERIOD,
                    in_query("list", STRING, "The name of a published list."),
                    ACCOUNT,
                    in_query("run", STRING, "The name of a settlement."),
                    in_query("payments", STRING, "The number of a payment file."),
                ]
            },
            "File",
            &[400, 403, 404],
            get(ledger::export),
        ),
    ]
}
