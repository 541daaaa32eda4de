//! Sample values of every page, for tests that render and describe them.

pub(crate) mod cases;
mod money;
mod values;

pub(crate) use money::*;
pub(crate) use values::*;

use crate::pages::Link;
use crate::pages::account::AccountPage;
use crate::pages::accounts::{AccountEditPage, AccountForm, AccountsPage};
use crate::pages::bulk::BulkPage;
use crate::pages::decisions::DecisionsPage;
use crate::pages::duplicates::DuplicatesPage;
use crate::pages::edit::EditPage;
use crate::pages::figures::FiguresPage;
use crate::pages::graph::{GraphPage, Tie};
use crate::pages::health::HealthPage;
use crate::pages::home::HomePage;
use crate::pages::import::{ReportPage, UploadPage};
use crate::pages::login::{CodePage, LoginPage};
use crate::pages::login_with::LeavePage;
use crate::pages::logins::LoginsPage;
use crate::pages::map::MapPage;
use crate::pages::matched::MatchedPage;
use crate::pages::matches::{AlikeCard, MatchesPage};
use crate::pages::measures::{CataloguePage, FitPage, MeasurePage};
use crate::pages::missed::MissedPage;
use crate::pages::network::NetworkPage;
use crate::pages::password::{ForgottenPage, NewPasswordPage};
use crate::pages::payouts::{PayoutRunPage, PayoutsPage, acting, state_links};
use crate::pages::published::{AgenciesPage, PublishedListLink, PublishedPage, filing};
use crate::pages::record::RecordPage;
use crate::pages::region::RegionPage;
use crate::pages::schemes::{SchemePage, SchemeWritePage, SchemesPage};
use crate::pages::search::ResultsPage;
use crate::pages::searches::SearchesPage;
use crate::pages::second::SecondPage;
use crate::pages::settings::SettingsPage;
use crate::pages::simulation::SimulationPage;
use crate::pages::vouchers::{self, ClearingPage, OrdersPage, VouchersPage};
use crate::pages::webhooks::WebhooksPage;
use crate::pages::workspace::{Firm, Office, Rounds, WorkspacePage};
use crate::query::Pairs;
use crate::render::Frame;
use crate::visit::Visit;
use duijie_app::*;
use duijie_vocab::{RecordId, RegionCode, text};
use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

/// The frame of somebody who may do everything, and of a passer-by.
pub(crate) fn frames() -> Vec<Frame> {
    let frame = |person, may| Frame {
        path: "/need".into(),
        here: "/need?q=%E6%B6%82".into(),
        zh_href: "/need?lang=zh-CN".into(),
        en_href: "/need?lang=en".into(),
        person,
        organization: may_then(may, "org-0123456789abcdef"),
        token: "ab".repeat(32),
        may_import: may,
        may_merge: may,
        may_administer: may,
        may_manage: may,
        q: "涂层 <b>".into(),
    };
    vec![frame(None, false), frame(Some(("李华".into(), Role::Officer.name())), true)]
}

fn may_then(may: bool, word: &str) -> Option<String> {
    may.then(|| word.to_string())
}

/// Every page with at least one sample, by template.
pub(crate) fn pages() -> Vec<(&'static str, Value)> {
    let mut pages = Vec::new();
    let mut add = |name: &'static str, page: &dyn erased::Page| pages.push((name, page.value()));
    add("home.html", &HomePage::of(figures(), search_page().hits, search_page().hits));
    add("home.html", &HomePage::of(Figures { kinds: vec![], decisions: vec![], entries: 0, as_of: String::new() }, vec![], vec![]));
    let need = duijie_record::schema("need");
    let request = |text: &str| SearchRequest {
        text: text.into(),
        region: RegionCode::parse("320400").ok(),
        filters: vec![("maturity".into(), "通过中试".into())],
        page: 2,
        per_page: 20,
        ..SearchRequest::default()
    };
    add("search.html", &ResultsPage::of(&visit(Role::Officer), need, &request("涂层"), search_page()));
    add("search.html", &ResultsPage::of(&visit(Role::Public), None, &request("涂层"), search_page()));
    let nothing = SearchPage {
        total: 0,
        page: 1,
        pages: 0,
        hits: vec![],
        facets: vec![],
        as_of: 7,
        without_meaning: Some(text!("语义模型正在载入", "the model is being loaded")),
    };
    add("search.html", &ResultsPage::of(&visit(Role::Public), None, &request("<script>"), nothing.clone()));
    add("search.html", &ResultsPage::of(&visit(Role::Public), need, &SearchRequest { page: 1, ..SearchRequest::default() }, nothing));
    let page = |kind: &str, matches: Option<Matches>, decisions: Option<DecisionsView>, behind| RecordPage {
        record: record(kind),
        matches: matches.map(MatchesPage::of),
        decisions: decisions.map(DecisionsPage::of),
        decisions_behind_login: behind,
        login_helps: behind,
    };
    add("record.html", &page("need", Some(matches()), None, false));
    add("record.html", &page("organization", None, Some(decisions()), false));
    add("record.html", &page("organization", None, None, true));
    money_pages(&mut add);
    let alike = needs_alike().needs.into_iter().map(AlikeCard::of).collect();
    add("matches.html", &MatchesPage { experts: experts().experts, alike, ..MatchesPage::of(matches()) });
    add("matches.html", &MatchesPage::of(Matches { of: reference("offer", "一种涂层"), groups: vec![], as_of: 3, without_meaning: None }));
    let kept =
        |best: Option<MatchView>| KeptMatches {
            need: reference("need", "高温合金叶片表面防护涂层工艺"), region_name: "江苏省常州市".into(), best, others: 4
        };
    let best = matches().groups.remove(0).matches.remove(0);
    add("matched.html", &MatchedPage { needs: vec![kept(Some(best)), kept(None)], as_of: 7, page: 2, more: true });
    add("matched.html", &MatchedPage { needs: vec![], as_of: 0, page: 1, more: false });
    add("decisions.html", &DecisionsPage::of(decisions()));
    let refused = crate::pages::decisions::RefusedAnswer { fact: "rd_expense".into(), value: "许多".into(), faults: vec![fault()] };
    add("decisions.html", &DecisionsPage { refused: Some(refused), ..DecisionsPage::of(decisions()) });
    add("decisions.html", &DecisionsPage::of(DecisionsView { decisions: vec![], counts: vec![], ask_next: vec![], ..decisions() }));
    add("measures.html", &CataloguePage { measures: measures() });
    add("measures.html", &CataloguePage { measures: vec![] });
    add("measure.html", &MeasurePage { measure: measure(), may_simulate: true });
    add("fit.html", &FitPage { fit: fit() });
    add("fit.html", &FitPage { fit: FitView { explanation: None, asks: vec![], ..fit() } });
    let changed = Pairs(vec![("n1".into(), "4%".into())]);
    let line = || measure().line;
    add("simulation.html", &SimulationPage::of(line(), measure_figures(), &changed, Some(simulation()), vec![]));
    add("simulation.html", &SimulationPage::of(line(), measure_figures(), &changed, None, vec![fault()]));
    add("simulation.html", &SimulationPage::of(line(), vec![], &Pairs::default(), None, vec![]));
    add("import.html", &UploadPage { kind: "need".into(), region: "常州市".into(), limit_mb: 50, faults: vec![fault()] });
    add("import_report.html", &ReportPage::of("ab".repeat(32), import_report(), 1));
    add("import_report.html", &ReportPage::of("ab".repeat(32), ImportReport { written: true, ..import_report() }, 1));
    let nothing = ImportReport {
        sheets: vec![],
        added: 0,
        changed: 0,
        unchanged: 0,
        refused: 0,
        diagnostics: vec![],
        diagnostics_total: 0,
        duplicates: vec![],
        kept_curated: 0,
        ..import_report()
    };
    add("import_report.html", &ReportPage::of("ab".repeat(32), nothing, 1));
    for schema in duijie_record::schemas().iter() {
        add("edit.html", &EditPage::of(schema, None, form(schema)).with_faults(vec![fault()]));
    }
    if let Some(need) = need {
        let id = RecordId::derive("need", "a");
        add("edit.html", &EditPage::of(need, Some(id), form(need)).conflicting().with_typed(&[("title".into(), "typed".into())]));
    }
    add("duplicates.html", &DuplicatesPage::of("organization", vec![duplicate()], true));
    add("duplicates.html", &DuplicatesPage::of("need", vec![], false));
    add("health.html", &HealthPage { health: health(), clocks: cases::clocks() });
    add("health.html", &HealthPage { health: Health { problems: vec![], followers: vec![], meaning: None, ..health() }, clocks: vec![] });
    let logins = vec![("officer".to_string(), "demo".to_string(), Role::Officer.name())];
    add(
        "login.html",
        &LoginPage {
            next: "/".into(),
            login: "li".into(),
            refused: Some(text!("登录名或密码不对", "wrong login or password")),
            demo_logins: logins,
            providers: providers(),
        },
    );
    add("login.html", &LoginPage { next: "/".into(), login: String::new(), refused: None, demo_logins: vec![], providers: vec![] });
    accounts(&mut add);
    overviews(&mut add);
    add("api.html", &crate::api::ApiPage::of("https://duijie.example.cn"));
    for fault in faults() {
        add("fault.html", &fault);
    }
    pages.extend(cases::pages());
    pages
}

/// Maps, figures, regions, ties and desks.
fn overviews(add: &mut dyn FnMut(&'static str, &dyn erased::Page)) {
    let jiangsu = RegionCode::parse("320000").unwrap_or(RegionCode::NATION);
    let part = |code: &str, total| {
        let region = RegionCode::parse(code).unwrap_or(RegionCode::NATION);
        SpreadPart { region, name: region.name().into(), counts: vec![total], total }
    };
    let spread = |region, parts| Spread { region, kinds: vec![("instrument".into(), text!("仪器设备", "Instruments"))], parts, totals: vec![9], as_of: 7 };
    let filled = || spread(jiangsu, vec![part("320400", 6), part("320100", 3)]);
    let changzhou = RegionCode::parse("320400").unwrap_or(RegionCode::NATION);
    let own = |title: &str| PlacedRecord {
        record: reference("instrument", title),
        kind_name: text!("仪器设备", "Instrument"),
        longitude: 119.96,
        latitude: 31.79,
        shown: text!("东经 119.96°，北纬 31.79°", "119.96° E, 31.79° N"),
    };
    let placed = || Placed { records: vec![own("热场发射扫描电子显微镜 <b>")], total: 1 };
    let layers = [crate::tiles::TileLayer::parse("https://tiles.example.cn/{z}/{x}/{y}").expect("BUG: a good address")];
    add("map.html", &MapPage::of(&visit(Role::Public), &["instrument"], (filled(), Placed::default()), (&layers, "天地图")));
    add("map.html", &MapPage::of(&visit(Role::Public), &["instrument"], (spread(changzhou, vec![part("320402", 2)]), placed()), (&[], "")));
    add("map.html", &MapPage::of(&visit(Role::Public), &["instrument"], (spread(RegionCode::NATION, vec![]), Placed::default()), (&[], "")));
    let (hub, tied) = (reference("organization", "某研究院 <b>"), reference("offer", "涂层"));
    let tie = HubTie { record: tied.clone(), what: text!("持有单位", "Owner") };
    let hubs = vec![Hub { record: hub.clone(), degree: 6, ties: vec![tie.clone(); 6] }, Hub { record: hub, degree: 1, ties: vec![tie] }];
    let network = Network { hubs, bridges: vec![Bridge { hub: 0, tie: 0, other: 1 }], as_of: 7 };
    add("network.html", &NetworkPage::of(&network, RegionCode::NATION, "涂".into()));
    add("network.html", &NetworkPage::of(&Network::default(), jiangsu, String::new()));
    add("region.html", &RegionPage::of(filled(), search_page().hits, search_page().hits));
    add("region.html", &RegionPage::of(Spread { totals: vec![0], ..spread(jiangsu, vec![]) }, vec![], vec![]));
    add("figures.html", &FiguresPage::of(duijie_vocab::Lang::Zh, "need", figures(), search_page(), filled()));
    let (firm, need) = (reference("organization", "某企业 <b>"), reference("need", "高温涂层"));
    let tie = Tie { from: need.clone(), what: text!("需求单位", "Organization"), to: firm.clone() };
    add("graph.html", &GraphPage::of(firm.clone(), vec![tie], true));
    add("graph.html", &GraphPage::of(firm.clone(), vec![], false));
    let desk = Firm {
        organization: firm.clone(),
        region: "江苏省常州市".into(),
        filled: 3,
        fields: 30,
        counts: decisions().counts,
        eligible: vec![("320400.2021.x".into(), text!("奖励", "Reward"), text!("20万元", "CNY 200,000"))],
        needs: vec![(need, vec![(firm.clone(), 61)])],
        years: vec![(firm.clone(), "2021".into())],
        people: vec![firm],
        next_year: "/facts/new".into(),
    };
    let link = Link { name: text!("机构", "Organizations"), href: "/duplicates".into(), count: None, chosen: false };
    let office = Office { region: "常州市".into(), needs: search_page().hits, changed: vec![], duplicates: vec![link] };
    add("workspace.html", &WorkspacePage { turns: cases::desk().rows, adviser: None, firm: Some(desk), office: Some(office) });
    let line = SettingLine { seq: 3, at: "2026-11-21 12:00".into(), actor: "li".into(), name: "notice".into(), value: String::new() };
    let configuration = Configuration { notice: "停机维护 <b>".into(), contact: "0519".into() };
    let settings = SettingsPage { region: "320400".into(), name: "常州市".into(), configuration, history: vec![line], faults: vec![fault()], saved: true };
    let many = |outcome: &str| ManyLine { record: reference("need", "高温涂层"), outcome: outcome.into(), why: text!("不能", "cannot") };
    let bulk = |lines: Vec<ManyLine>, hits: Vec<Hit>| BulkPage {
        kind: "need".into(),
        kind_name: text!("需求", "Needs"),
        fields: vec![("region".into(), text!("地区", "Region"))],
        total: hits.len(),
        hits,
        here: "/need/bulk".into(),
        list: "/need".into(),
        field: "region".into(),
        value: "<b>".into(),
        lines,
        faults: vec![fault()],
    };
    add("bulk.html", &bulk(["changed", "same", "refused"].map(many).into(), search_page().hits));
    add("bulk.html", &bulk(vec![], vec![]));
    add("settings.html", &settings);
    let rounds = |visits| Rounds { firms: vec![("常州某某公司".into(), 2)], visits };
    add("workspace.html", &WorkspacePage { turns: cases::desk().rows, adviser: Some(rounds(cases::visits())), firm: None, office: None });
    add("workspace.html", &WorkspacePage { turns: vec![], adviser: Some(Rounds { firms: vec![], visits: VisitDesk::default() }), firm: None, office: None });
    add("workspace.html", &WorkspacePage { turns: cases::desk().rows, adviser: None, firm: None, office: None });
}

pub(crate) fn hook() -> HookLine {
    let again = duijie_vocab::Timestamp::from_micros(1_800_000_000_000_000).expect("BUG: an instant");
    HookLine {
        id: "0123456789abcdef".into(),
        login: "li".into(),
        url: "https://hooks.example.cn/a?b=c".into(),
        events: HookEvent::ALL.to_vec(),
        region: RegionCode::NATION,
        region_name: "全国".into(),
        made: "2026-11-21 12:00".into(),
        told: 42,
        failure: Some(HookFailure { why: "it answered 500".into(), times: 2, again }),
    }
}

fn providers() -> Vec<ProviderName> {
    vec![ProviderName { id: "city".into(), name: text!("政务网", "City") }]
}

/// The pages of accounts and logins.
fn accounts(add: &mut dyn FnMut(&'static str, &dyn erased::Page)) {
    let login = |outcome: &str| LoginLine { at: "2026-11-21 12:00".into(), login: "li".into(), address: "203.0.113.7".into(), outcome: outcome.into() };
    let logins: Vec<LoginLine> = ["in", "password", "code", "locked", "disabled"].map(login).into();
    let line = |second| AccountLine {
        login: "li".into(),
        name: "李华 <b>".into(),
        role: "officer".into(),
        region_name: "江苏省常州市".into(),
        organization: None,
        disabled: false,
        region: RegionCode::NATION,
        second,
        email: "li@example.cn".into(),
    };
    let key = |revoked| KeyLine {
        id: "0123456789ab".into(),
        name: "大屏".into(),
        login: "li".into(),
        scopes: vec![Scope::Read, Scope::Write],
        region_name: "江苏省常州市".into(),
        made: "2026-11-21".into(),
        expires: "2027-02-19".into(),
        revoked,
    };
    let robot =
        duijie_app::Robot { kind: duijie_app::RobotKind::Feishu, address: "https://open.feishu.cn/open-apis/bot/v2/hook/k".into(), secret: String::new() };
    let account = |second: bool, new_key: Option<&str>| AccountPage {
        account: line(second),
        choice: duijie_app::NoticeChoice { robot: second.then(|| robot.clone()), ..duijie_app::NoticeChoice::default() },
        oftens: vec![("daily".into(), duijie_app::Often::Daily.name())],
        robots: vec![("feishu".into(), duijie_app::RobotKind::Feishu.name())],
        keys: vec![key(false), key(true)],
        logins: logins.clone(),
        identities: vec![IdentityLine { id: "ab".into(), provider: text!("政务网", "City"), since: "2026-11-21".into() }],
        providers: providers(),
        new_key: new_key.map(str::to_string),
        faults: vec![fault()],
        done: "email".into(),
    };
    add("account.html", &account(true, None));
    add("account.html", &AccountPage { keys: vec![], ..account(false, Some("dj_0123456789ab_ab")) });
    add("logins.html", &LoginsPage { logins: logins.clone() });
    let officer = visit(Role::Officer).viewer;
    let form = || AccountForm { faults: vec![fault()], ..AccountForm::of(&officer, &Pairs::default()) };
    add("accounts.html", &AccountsPage { accounts: vec![(line(true), Role::Officer.name()), (line(false), Role::Member.name())], form: form() });
    add("account_edit.html", &AccountEditPage::of(&officer, line(true)));
    let offered = duijie_app::enrolment("li", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP".into());
    add("second.html", &SecondPage { refused: Some(text!("不对", "wrong")), ..SecondPage::of(&offered).unwrap_or_else(|_| SecondPage::empty()) });
    add("second.html", &SecondPage { recovery: vec!["abcde23456".into()], ..SecondPage::empty() });
    add("webhooks.html", &WebhooksPage::of(vec![hook(), HookLine { failure: None, ..hook() }]));
    add("webhooks.html", &WebhooksPage { secret: Some("whsec_x".into()), faults: vec![fault()], ..WebhooksPage::of(vec![]) });
    let saved = |tells| SavedSearch { id: "a".into(), name: "涂层 <b>".into(), query: "q=%E6%B6%82".into(), tells, made: "2026-11-21".into() };
    add("searches.html", &SearchesPage { searches: vec![saved(true), saved(false)], faults: vec![], saved: true });
    add("searches.html", &SearchesPage { searches: vec![], faults: vec![fault()], saved: false });
    add("leave.html", &LeavePage { name: text!("政务网", "City"), href: "https://id.example.cn/?a=b".into() });
    add("login_code.html", &CodePage { next: "/".into(), ticket: "t".into(), refused: Some(text!("不对", "wrong")) });
    add("password.html", &ForgottenPage { sent: false });
    add("password.html", &ForgottenPage { sent: true });
    add("password_new.html", &NewPasswordPage { token: "t".into(), refused: Some(text!("太短", "too short")) });
}

/// One fault of each kind that the portal tells people about.
pub(crate) fn faults() -> Vec<crate::fault::Fault> {
    use crate::fault::{Fault, Resubmit};
    let refused = |login_helps| AppError::Refused(Refused { reason: text!("请先登录", "log in first"), login_helps });
    let typed = Pairs(vec![("title".into(), "高温涂层".into()), ("_token".into(), "x".into())]);
    vec![
        Fault::not_found(),
        Fault::method_not_allowed(),
        Fault::bad_encoding(),
        Fault::too_large(50 * 1024 * 1024),
        Fault::unsupported_media(),
        Fault::too_slow(),
        Fault::too_many_attempts(125),
        Fault::busy(),
        Fault::foreign(),
        Fault::stale_form(Resubmit::of("/need/new", &typed)),
        Fault::stale_form(None),
        refused(true).into(),
        refused(false).into(),
        AppError::Conflict(text!("已有更新的版本", "there is a newer version")).into(),
        AppError::Invalid(vec![fault()]).into(),
        AppError::Unavailable(text!("磁盘已满", "the disk is full")).into(),
    ]
}

/// The pages about money, each with something on it and with nothing.
fn money_pages(add: &mut dyn FnMut(&'static str, &dyn erased::Page)) {
    let payouts = |rows: Vec<EntitlementView>, office: bool| PayoutsPage {
        rows: rows.into_iter().map(acting).collect(),
        states: state_links(Some("pushed")),
        next: office.then(|| "/payouts?after=x".to_string()),
        own: (!office).then(payout_summary),
        sheet: "/export/payouts.xlsx".into(),
        office,
        done: office,
    };
    add("missed.html", &MissedPage { organization: "org-0123456789abcdef".into(), missed: missed_year() });
    add("missed.html", &MissedPage { organization: "org-0123456789abcdef".into(), missed: MissedYear { missed: vec![], ..missed_year() } });
    add("payouts.html", &payouts(vec![entitlement(&["confirm", "withdraw"]), entitlement(&["approve", "recall"])], true));
    add("payouts.html", &payouts(vec![], false));
    let measures = || vec![("320400.2021.tax-growth".to_string(), text!("税收增量奖励", "Tax-growth reward"))];
    let run = PayoutRunPage::of(measures(), "320400.2021.tax-growth".into(), "2021".into(), Some(run_preview()), Some(text!("1 笔", "1")));
    let returned = ReturnReport { paid: 1, returned: 1, diagnostics: vec![fault()], ..ReturnReport::default() };
    add("payout_run.html", &PayoutRunPage { file: Some("2026-11-22-1".into()), returned: Some(returned), more: 3, ..run });
    add("payout_run.html", &PayoutRunPage::of(measures(), String::new(), String::new(), None, None));
    let vouchers = |rows: Vec<VoucherView>, own: Option<&str>| VouchersPage {
        rows: rows.into_iter().map(vouchers::voucher).collect(),
        next: own.map(|_| "/vouchers?after=x".to_string()),
        agencies: vec![agency()],
        schemes: vec![("320412-2021".into(), text!("双创券", "Voucher"), vec![("sme".into(), text!("中小企业", "Small firm"))])],
        classes: vec![("research".into(), text!("研究开发", "Research"))],
        organization: own.map(str::to_string),
        done: own.is_some(),
    };
    add("vouchers.html", &vouchers(vec![voucher(&["order", "void"]), voucher(&["review", "refuse"])], Some("org-0123456789abcdef")));
    add("vouchers.html", &vouchers(vec![], None));
    let orders = |rows: Vec<OrderView>, office: bool| OrdersPage {
        rows: rows.into_iter().map(vouchers::order).collect(),
        next: office.then(|| "/orders?after=x".to_string()),
        office,
        report: office.then(redeem_report),
        done: office,
    };
    add("orders.html", &orders(vec![order(&["deliver", "cancel"]), order(&["redeem", "decline"]), order(&["claim"])], true));
    add("orders.html", &orders(vec![], false));
    add(
        "clearing.html",
        &ClearingPage {
            may_settle: true,
            done: true,
            open: vec![pair()],
            settled: vec![pair()],
            figures: vec![scheme_figures()],
            checked: Some(settlement_check()),
        },
    );
    add("clearing.html", &ClearingPage { may_settle: false, done: false, open: vec![], settled: vec![], figures: vec![], checked: None });
    add("schemes.html", &SchemesPage { schemes: vec![scheme(true), scheme(false)], office: true });
    add("schemes.html", &SchemesPage { schemes: vec![], office: false });
    let history = vec![scheme_version(vec![scheme_change()]), scheme_version(vec![]), scheme_version(vec![])];
    add("scheme.html", &SchemePage { scheme: scheme(true), figures: Some(scheme_figures()), history: Some(history), done: true });
    add("scheme.html", &SchemePage { scheme: scheme(false), figures: None, history: None, done: false });
    let write = |faults, preview| SchemeWritePage { id: "320412-2021".into(), yaml: "id: <b>".into(), base: "x".into(), faults, preview };
    add("scheme_write.html", &write(vec![fault()], None));
    add("scheme_write.html", &write(vec![], Some(scheme_preview(false))));
    add("scheme_write.html", &SchemeWritePage { base: String::new(), ..write(vec![], Some(scheme_preview(true))) });
    add("payout_terms.html", &payout_terms(true));
    add("payout_terms.html", &payout_terms(false));
    add("books.html", &books(true));
    add("books.html", &books(false));
    let published = |lists: Vec<PublishedListLink>, list: Option<PublishedList>| {
        let next = (!lists.is_empty()).then(|| "/published?after=x".to_string());
        let shown = list.is_some();
        PublishedPage { lists, list, sheet: "/export/published.xlsx?list=x".into(), objects: shown, done: shown, next }
    };
    add("published.html", &published(vec![PublishedListLink::of(published_list().line)], None));
    add("published.html", &published(vec![], Some(published_list())));
    add("published.html", &published(vec![], None));
    let agencies = |full: bool, office: bool| AgenciesPage {
        agencies: full.then(agency).into_iter().map(filing).collect(),
        ratings: full.then(rating).into_iter().collect(),
        filings: full.then(agency).into_iter().map(filing).collect(),
        office,
        files: !office,
        classes: vec![("research".into(), text!("研究开发", "Research"))],
        done: full,
    };
    add("agencies.html", &agencies(true, true));
    add("agencies.html", &agencies(true, false));
    add("agencies.html", &agencies(false, false));
}

mod erased {
    use super::{Serde, Serialize, Value};

    /// A page's own part, whatever its type.
    pub(super) trait Page {
        fn value(&self) -> Value;
    }

    impl<T: Serialize> Page for T {
        fn value(&self) -> Value {
            Value::from(Serde(self))
        }
    }
}

pub(crate) fn visit(role: Role) -> Visit {
    let login = (role != Role::Public).then(|| "li".to_string());
    Visit {
        lang: duijie_vocab::Lang::Zh,
        viewer: Viewer { login, name: "李华".into(), role, region: RegionCode::NATION, organization: None },
        path: "/need".into(),
        query: Pairs::parse("q=涂层&f.maturity=通过中试&region=320400".as_bytes()).unwrap_or_default(),
        address: None,
        session: None,
        holder: "h".into(),
        set_cookies: vec![],
    }
}
