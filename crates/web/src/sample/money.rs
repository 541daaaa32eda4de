//! Sample values of what `app` answers about money.

use super::fault;
use crate::pages::books::{AccountShown, BooksPage, KindShown, LineShown, ListShown, Reconciled, StatementShown, TrialShown};
use crate::pages::payout_terms::PayoutTermsPage;
use duijie_app::*;
use duijie_vocab::{Fen, RecordId, RegionCode, Text, text};

fn money(written: &str) -> Text {
    Fen::parse(written, None).expect("a sample amount").text()
}

fn region() -> RegionCode {
    RegionCode::parse("320412").unwrap_or(RegionCode::NATION)
}

pub(crate) fn entitlement(acts: &[&'static str]) -> EntitlementView {
    EntitlementView {
        id: RecordId::derive("ent", "1"),
        version: 3,
        firm: RecordId::derive("org", "1"),
        firm_name: "新能源示例企业04 <b>".into(),
        measure: "320400.2021.tax-growth".into(),
        measure_name: text!("税收增量奖励", "Tax-growth reward"),
        period: "2021".into(),
        region: region(),
        amount_fen: Fen(136_000_000),
        amount: Fen(136_000_000).text(),
        state: "published".into(),
        state_name: text!("公示中", "published"),
        risk: Grade::Medium,
        check: true,
        risk_reasons: vec![text!("金额较大", "a large amount")],
        reason: Some("账号不符".into()),
        list: Some("320400.2021.tax-growth/2021/2026-11-22".into()),
        open_until: Some("2026-11-29 10:00".into()),
        file: None,
        payee: Some("示例企业 示例银行 …1234".into()),
        acts: acts.to_vec(),
        updated: "2026-11-22 10:00".into(),
    }
}

pub(crate) fn run_preview() -> RunPreview {
    RunPreview {
        measure: "320400.2021.tax-growth".into(),
        name: text!("税收增量奖励", "Tax-growth reward"),
        period: "2021".into(),
        region: region(),
        pool: AccountId::new(AccountKind::Pool, region(), "innovation").expect("a sample pool"),
        left: money("500万元"),
        asked: money("600万元"),
        pays: money("136万元"),
        order_rule: text!("按受理先后", "first come"),
        outcomes: vec![OutcomeSum {
            verdict: PayVerdict::Pays,
            name: text!("支付", "paid"),
            firms: 1,
            asked_fen: Fen(136_000_000),
            pays_fen: Fen(136_000_000),
            asked: money("136万元"),
            pays: money("136万元"),
        }],
        excluded: vec![("320400.growth".into(), 2)],
        missing: vec![(text!("2019年纳税总额", "tax of 2019"), 1)],
        not_listed: 0,
        rows: vec![PayRow {
            firm: RecordId::derive("org", "1"),
            name: "新能源示例企业04".into(),
            asked: Fen(1),
            pays: Fen(1),
            verdict: PayVerdict::Pays,
            reason: text!("支付 136万元", "pays CNY 1,360,000.00"),
        }],
    }
}

pub(crate) fn voucher(acts: &[&'static str]) -> VoucherView {
    VoucherView {
        id: RecordId::derive("vou", "1"),
        version: 2,
        number: "WJ2021001".into(),
        scheme: "320412-2021".into(),
        holder: RecordId::derive("org", "1"),
        holder_name: "精密制造示例企业02".into(),
        region_name: region().path(),
        service: text!("研究开发", "Research"),
        value: money("6.69万元"),
        value_fen: Fen(6_690_000),
        use_by: "2036-06-30".into(),
        redeem_by: "2036-12-31".into(),
        state: "redeemed".into(),
        state_name: text!("已兑付", "redeemed"),
        paid: Some(money("6.69万元")),
        acts: acts.to_vec(),
        updated: "2026-11-22 10:00".into(),
    }
}

pub(crate) fn order(acts: &[&'static str]) -> OrderView {
    OrderView {
        id: RecordId::derive("ord", "1"),
        version: 2,
        voucher: RecordId::derive("vou", "1"),
        scheme: "320412-2021".into(),
        holder_name: "精密制造示例企业02".into(),
        agency: RecordId::derive("org", "2"),
        agency_name: "双创服务示例机构01".into(),
        home_name: region().path(),
        agency_region_name: "上海市杨浦区".into(),
        service: text!("研究开发", "Research"),
        contract: "HT001".into(),
        amount: money("32.83万元"),
        amount_fen: Fen(32_830_000),
        share: money("6.69万元"),
        share_fen: Fen(6_690_000),
        because: text!("券面额", "the voucher's value"),
        state: "claimed".into(),
        state_name: text!("申请兑付", "claimed"),
        batch: Some("2021-1".into()),
        findings: vec![Finding { code: "abuse.split".into(), words: text!("疑似拆单", "perhaps split"), forbids: false }],
        documents: vec![
            OrderDocument { part: "contract", part_name: text!("合同", "Contract"), digest: "ab".repeat(32), name: Some("合同 <1>.pdf".into()) },
            OrderDocument { part: "invoice", part_name: text!("发票", "Invoice"), digest: "cd".repeat(32), name: None },
        ],
        acts: acts.to_vec(),
        updated: "2026-11-22 10:00".into(),
    }
}

pub(crate) fn pair() -> PairView {
    PairView {
        run: "2021".into(),
        a: "上海市杨浦区".into(),
        b: region().path(),
        a_owes: money("0元"),
        b_owes: money("5万元"),
        payer: region().path(),
        payee: "上海市杨浦区".into(),
        net: money("5万元"),
        a_owes_fen: Fen::ZERO,
        b_owes_fen: Fen(5_000_000),
        net_fen: Fen(5_000_000),
        orders: 2,
        statement: text!("清算单\n", "Settlement\n"),
    }
}

pub(crate) fn balance() -> AccountBalance {
    AccountBalance {
        account: "pool:320412:vouchers".into(),
        kind: text!("资金池", "budget pool"),
        region_name: region().path(),
        name: "vouchers".into(),
        balance: Fen(500_000_000),
        available: Some(Fen(400_000_000)),
        reserved: Fen(100_000_000),
    }
}

pub(crate) fn account_group() -> AccountGroup {
    AccountGroup {
        kind: AccountKind::Pool,
        kind_name: AccountKind::Pool.name(),
        region: region(),
        region_name: region().path(),
        accounts: 2,
        balance: Fen(500_000_000),
        reserved: Fen(6_690_000),
    }
}

/// The books with everything on them, or before there is anything.
pub(crate) fn books(full: bool) -> BooksPage {
    let line = || LineShown {
        at: "2026-11-22 10:00".into(),
        transfer: "fund/1".into(),
        what: text!("拨付", "funding"),
        counter: "bank:320412:treasury".into(),
        counter_name: text!("银行存款 武进区 treasury", "bank 武进区 treasury"),
        debit: None,
        credit: Some(money("5万元")),
        balance: money("5万元"),
    };
    let statement = || StatementShown {
        name: text!("资金池 武进区", "budget pool 武进区"),
        opening: money("0元"),
        closing: money("5万元"),
        lines: vec![line()],
        next: Some("/books?after=1".into()),
    };
    let list = || ListShown {
        kind: Some(AccountKind::Pool.name()),
        region_name: region().path(),
        accounts: vec![AccountShown::of(balance())],
        next: Some("/books?after=x".into()),
    };
    let trial = || TrialShown { debits: money("500万元"), credits: money("500万元"), even: false };
    let reconciled = || Reconciled { matched: 2, differences: vec![text!("银行流水没有", "the bank does not show it")], diagnostics: vec![fault()] };
    BooksPage {
        kinds: if full { vec![KindShown::of(AccountKind::Pool, vec![account_group()])] } else { Vec::new() },
        list: full.then(list),
        q: if full { "星宇 <b>".into() } else { String::new() },
        account: if full { "pool:320412:vouchers".into() } else { String::new() },
        from: String::new(),
        until: "2026-11-22".into(),
        statement: full.then(statement),
        trial: full.then(trial),
        reconciled: full.then(reconciled),
    }
}

pub(crate) fn scheme(open: bool) -> SchemeView {
    SchemeView {
        id: "320412-2021".into(),
        version: "ab".repeat(32),
        name: text!("长三角双创券 <b>", "Innovation voucher"),
        region: region(),
        region_name: region().path(),
        open,
        from: "2021-01-01".into(),
        until: "2035-12-31".into(),
        use_by: "2036-06-30".into(),
        redeem_by: "2036-12-31".into(),
        holders: vec![(text!("中小企业", "Small firm"), money("60万元"))],
        services: vec![SchemeService { class: text!("研究开发", "Research"), share: "50%".into(), cap: money("30万元") }],
        joint: open,
        two_level: true,
        settle: text!("通兑", "direct"),
        recognises: vec!["上海市杨浦区".into()],
        steps: vec![text!("登录后申领", "log in and apply")],
    }
}

pub(crate) fn scheme_change() -> SchemeChange {
    SchemeChange { what: text!("截止申领", "applications until"), before: Some(text!("2035-12-31", "2035-12-31")), after: None }
}

pub(crate) fn scheme_version(changes: Vec<SchemeChange>) -> SchemeVersion {
    SchemeVersion { seq: 7, at: "2026-11-22 10:00".into(), by: "officer".into(), changes }
}

pub(crate) fn scheme_preview(fresh: bool) -> SchemePreview {
    let changes = if fresh { Vec::new() } else { vec![scheme_change(), SchemeChange { before: None, after: Some(text!("x", "x")), ..scheme_change() }] };
    SchemePreview { scheme: scheme(true), fresh, changes }
}

fn terms() -> TermsShown {
    TermsShown { two_above: money("10万元"), objection_days: 7, low: "5%".into(), medium: "20%".into(), large_from: money("50万元") }
}

pub(crate) fn terms_version() -> TermsVersion {
    TermsVersion { seq: 7, at: "2026-11-22 10:00".into(), by: "admin".into(), terms: terms() }
}

/// The limits of a region, set by the viewer or never.
pub(crate) fn payout_terms(sets: bool) -> PayoutTermsPage {
    PayoutTermsPage {
        region: region().to_string(),
        region_name: region().path(),
        now: terms(),
        history: if sets { vec![terms_version()] } else { Vec::new() },
        sets,
        done: sets,
    }
}

pub(crate) fn statement_page() -> StatementPage {
    let account = AccountId::new(AccountKind::Pool, region(), "vouchers").expect("a sample pool");
    let names = [(account.to_string(), text!("资金池 武进区", "budget pool 武进区"))].into();
    let codes = [("pool.fund".to_string(), text!("拨付", "funding"))].into();
    StatementPage {
        statement: Statement { account, opening: Fen(0), lines: Vec::new(), closing: Fen(0) },
        words: StatementWords { names, codes },
        next: Some("7".into()),
    }
}

pub(crate) fn settlement_check() -> SettlementCheck {
    SettlementCheck { agreed: 2, differences: vec![text!("我方没有订单 x", "we do not have order x")], diagnostics: vec![fault()] }
}

pub(crate) fn scheme_figures() -> SchemeFigures {
    SchemeFigures {
        scheme: "320412-2021".into(),
        agencies: 55,
        orders: 110,
        contracts: Fen(2_373_500_000),
        contracts_shown: money("2,373.5万元"),
        batches: vec![("2021-1".into(), 24, money("112.3万元"))],
        redeemed: Fen(500_000_000),
        redeemed_shown: money("500万元"),
    }
}

pub(crate) fn published_list() -> PublishedList {
    let row = PublishedRow {
        id: RecordId::derive("ent", "1"),
        version: 5,
        firm_name: "新能源示例企业04".into(),
        amount: money("136万元"),
        amount_fen: Fen(136_000_000),
        state_name: text!("公示中", "published"),
    };
    let line = PublishedLine {
        list: "320400.2021.tax-growth/2021/2026-11-22".into(),
        measure: "320400.2021.tax-growth".into(),
        measure_name: text!("税收增量奖励", "Tax-growth reward"),
        period: "2021".into(),
        region_name: region().path(),
        open_until: Some("2026-11-29 10:00".into()),
        rows: 1,
        total: money("136万元"),
        total_fen: Fen(136_000_000),
    };
    PublishedList { line, rows: vec![row], next: None }
}

pub(crate) fn many_steps() -> ManySteps {
    ManySteps {
        done: 1, amount: Fen(136_000_000), refused: vec![(RecordId::derive("ent", "2"), text!("须由另一人审批", "another person has to approve"))]
    }
}

pub(crate) fn payout_overview() -> PayoutOverview {
    let measure = MeasureOverview {
        measure: "320400.2021.tax-growth".into(),
        name: text!("税收增量奖励", "Tax-growth reward"),
        period: "2021".into(),
        pool: AccountId::new(AccountKind::Pool, region(), "innovation").expect("a sample pool"),
        left_fen: Fen(500_000_000),
        yes: 2,
        no: 3,
        unknown: 1,
        error: 0,
        asked_fen: 150_000_000,
        covered: true,
    };
    PayoutOverview { year: 2021, firms: 6, measures: vec![measure] }
}

pub(crate) fn payout_summary() -> PayoutSummary {
    let line = SummaryLine { standing: Standing::Paid, name: text!("已兑付", "paid"), payouts: 1, amount_fen: Fen(136_000_000), amount: money("136万元") };
    PayoutSummary { organization: RecordId::derive("org", "1"), lines: vec![line] }
}

pub(crate) fn missed_year() -> MissedYear {
    let missed = Missed {
        measure: "320400.2021.tax-growth".into(),
        name: text!("税收增量奖励", "Tax-growth reward"),
        outcome: "eligible".into(),
        amount: Some(money("136万元")),
        reason: text!("符合条件", "entitled"),
    };
    MissedYear { name: "新能源示例企业04 <b>".into(), year: "2021".into(), missed: vec![missed] }
}

pub(crate) fn payment_file() -> PaymentFile {
    PaymentFile { file: "2026-11-22-1".into(), payments: 1, total: money("136万元"), refused: many_steps().refused }
}

pub(crate) fn redeem_report() -> RedeemReport {
    let held = vec![(RecordId::derive("ord", "2"), text!("疑似拆单", "perhaps split"))];
    RedeemReport { batch: "2021-1".into(), redeemed: 24, amount: money("112.3万元"), contracts: money("500万元"), held }
}

pub(crate) fn agency() -> AgencyView {
    AgencyView {
        id: RecordId::derive("agf", "1"),
        agency: RecordId::derive("org", "2"),
        name: "双创服务示例机构01".into(),
        region: region(),
        region_name: region().path(),
        classes: vec![text!("研究开发", "Research"), text!("创业孵化", "Incubation")],
        state: "listed".into(),
        state_name: text!("已备案", "listed"),
        reason: Some("材料不全".into()),
        best_in: vec![text!("研究开发", "Research")],
        acts: vec!["strike"],
    }
}

pub(crate) fn rating() -> RatingView {
    RatingView {
        region: region(),
        region_name: region().path(),
        class: text!("研究开发", "Research"),
        years: "2020–2021".into(),
        indicators: vec![("income".to_string(), Text::new("服务收入", "income"), 6_000)],
        rated: vec![Rated {
            agency: RecordId::derive("org", "2"),
            name: "双创服务示例机构01".into(),
            class: ServiceClass::Research,
            total: 8_650,
            rank: 1,
            best: true,
            scores: [("income".to_string(), 8_650)].into(),
        }],
    }
}
