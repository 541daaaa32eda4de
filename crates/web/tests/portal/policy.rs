//! Measures as firms and officials meet them: does it fit, what could we get, what would a change do.

use crate::browser::Portal;
use axum::http::StatusCode;
use duijie_app::{ImportOptions, Viewer};

const FACTS: &str = "facts:
  titles: {zh: 称号, kind: set, values: [瞪羚企业, 独角兽企业]}
  revenue: {name: {zh: 营业收入, en: revenue}, kind: money, unit: 万元, period: year, min: 0, question: {zh: 营业收入是多少？, en: What was the revenue?}}
  rd_expense: {name: {zh: 研发费用, en: R&D expense}, kind: money, unit: 万元, period: year, min: 0, question: {zh: 研发费用是多少？, en: What was the R&D expense?}}
";
const RD: &str = "id: cz.rd
name: {zh: 研发补助, en: R&D subsidy}
region: \"320400\"
period: year
certainty: C
interpretation: {zh: 按当年研发费用, en: by the R&D expense of the year}
when:
  - {label: {zh: 研发强度, en: R&D share}, clause: 第一条, rule: 研发费用 ÷ 营业收入 ≥ 5%}
benefit: {amount: 研发费用 × 10%, cap: 50万元}
exclusive: [cz.one]
budget: {pool: cz.pool, amount: 100万元}
";
const SMALL: &str = "id: cz.small
name: {zh: 小企业奖励, en: Award for small firms}
region: \"320400\"
period: year
delivery: automatic
when:
  - {label: {zh: 收入, en: revenue}, rule: 营业收入 ≤ 1亿元}
benefit: {amount: 2万元}
exclusive: [cz.one]
";
const REPORTS: &str = "企业名称,时期,行政区划,营业收入(万元),研发费用(万元)\n常州星宇航空材料有限公司,2021,常州市,5000,\n常州二号有限公司,2021,常州市,1000,45\n常州三号有限公司,2021,常州市,1000,60\n";
const MORE: &str = "机构名称,机构类型,行政区划\n常州二号有限公司,企业,常州市\n常州三号有限公司,企业,常州市\n";

fn portal() -> Portal {
    let portal = Portal::open();
    for (file, text) in [("more.csv", MORE), ("facts.csv", REPORTS), ("facts.yaml", FACTS), ("rd.yaml", RD), ("small.yaml", SMALL)] {
        take(&portal, file, text);
    }
    portal.app.follow(&mut |_| {}).expect("the index follows");
    portal
}

fn take(portal: &Portal, file: &str, text: &str) {
    let kind = if file.ends_with("facts.csv") { Some("facts".to_string()) } else { None };
    let report = portal.app.import(&Viewer::operator(), file, text.as_bytes().to_vec(), &ImportOptions { kind, ..ImportOptions::default() });
    let report = report.unwrap_or_else(|error| panic!("{file}: {error:?}"));
    assert_eq!(report.refused, 0, "{file}: {:?}", report.diagnostics);
}

fn firm(portal: &Portal, name: &str) -> String {
    portal.app.organization_named(name).expect("the store answers").expect("the firm is there").to_string()
}

#[tokio::test]
async fn anybody_sees_whether_a_measure_fits_and_nothing_is_kept() {
    let portal = portal();
    let mut browser = portal.browser();
    let page = browser.get("/measures/cz.rd").await;
    assert!(page.text.contains("未经核实") && page.text.contains("按当年研发费用") && page.text.contains("/measures/cz.rd/fit"), "{}", page.text);
    assert!(!page.text.contains("/measures/cz.rd/simulation"), "the public is not offered what it may not do");
    let before = portal.app.figures().expect("figures").entries;
    let form = "/measures/cz.rd/fit";
    let asked = browser.get(form).await;
    assert!(asked.text.contains("f.revenue@") && asked.text.contains("f.rd_expense@"), "{}", asked.text);
    let year = |share: &'static str| [("period", "2021"), ("f.revenue@2021", "1000"), ("f.rd_expense@2021", share)];
    let yes = browser.submit(form, form, &year("60")).await;
    assert_eq!(yes.status, StatusCode::OK);
    assert!(yes.text.contains("o-eligible") && yes.text.contains("6万元"), "{}", yes.text);
    let no = browser.submit(form, form, &year("49.99")).await;
    assert!(no.text.contains("o-not_eligible") && no.text.contains("相差"), "{}", no.text);
    let unknown = browser.submit(form, form, &year("")).await;
    assert!(unknown.text.contains("o-unknown") && unknown.text.contains("研发费用 2021年"), "{}", unknown.text);
    let wrong = browser.submit(form, form, &year("<b>许多")).await;
    assert!(wrong.text.contains("&lt;b&gt;许多") && wrong.text.contains("aria-invalid"), "{}", wrong.text);
    browser.language = "en";
    assert!(browser.submit(form, form, &year("60")).await.text.contains("CNY 60,000"));
    assert_eq!(portal.app.figures().expect("figures").entries, before, "nothing was written");
    assert_eq!(browser.get("/measures/none/fit").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_question_is_answered_once_kept_as_declared_and_settles_the_measure() {
    let portal = portal();
    let path = format!("/organization/{}/decisions", firm(&portal, "常州星宇航空材料有限公司"));
    let mut officer = portal.logged_in("officer").await;
    let page = officer.get(&path).await;
    assert!(page.text.contains("name=\"fact\" value=\"rd_expense\"") && page.text.contains("研发费用是多少"), "{}", page.text);
    let entries = portal.app.figures().expect("figures").entries;
    let refused = officer.submit(&path, &path, &[("fact", "rd_expense"), ("fact_period", "2021"), ("value", "很多")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("value=\"很多\""), "what was typed stays: {}", refused.text);
    let taken = officer.submit(&path, &path, &[("fact", "rd_expense"), ("fact_period", "2021"), ("period", "2021"), ("value", "400")]).await;
    assert_eq!((taken.status, taken.header("location")), (StatusCode::SEE_OTHER, format!("{path}?period=2021").as_str()));
    assert_eq!(portal.app.figures().expect("figures").entries, entries + 1, "the answer is one entry of the journal");
    let page = officer.get(&path).await.text;
    assert!(page.contains("40万元") && !page.contains("name=\"fact\" value=\"rd_expense\""), "{page}");
    // The better of the two is chosen, and the page says why the other is not.
    assert!(page.contains("小企业奖励不另享受") && page.contains("就高不重复"), "{page}");
    let id = duijie_vocab::RecordId::parse(path.split('/').nth(2).expect("an id")).expect("an id");
    let explained = portal.app.explain(&Viewer::operator(), &id, "cz.rd", Some("2021")).expect("the decision");
    let fact = explained.facts.iter().find(|fact| fact.fact == "rd_expense").expect("the fact was read");
    assert_eq!((fact.source_kind.en.as_str(), fact.source.as_str()), ("declared", "officer"));
    let stranger = portal.browser().submit("/login", &path, &[("fact", "rd_expense"), ("fact_period", "2021"), ("value", "1")]).await;
    assert!(stranger.status.is_client_error());
}

#[tokio::test]
async fn a_figure_is_tried_on_everybody_by_those_who_may() {
    let portal = portal();
    assert_eq!(portal.browser().get("/measures/cz.rd/simulation").await.status, StatusCode::FORBIDDEN);
    let mut officer = portal.logged_in("officer").await;
    let form = officer.get("/measures/cz.rd/simulation").await;
    assert!(form.text.contains("name=\"n0\" value=\"5%\"") && form.text.contains("name=\"n2\" value=\"50万元\""), "{}", form.text);
    let tried = officer.get("/measures/cz.rd/simulation?period=2021&n0=4%25&n1=10%25&n2=50%E4%B8%87%E5%85%83").await;
    assert_eq!(tried.status, StatusCode::OK);
    for part in ["常州二号有限公司", "<svg", "4.5%", "10.5万元至60.5万元", "simulation.xlsx?period=2021", "cz.pool"] {
        assert!(tried.text.contains(part), "{part}: {}", tried.text);
    }
    let book = officer.get("/measures/cz.rd/simulation.xlsx?period=2021&n0=4%25").await;
    assert_eq!(book.status, StatusCode::OK);
    assert!(book.header("content-type").contains("spreadsheetml"));
    let wrong = officer.get("/measures/cz.rd/simulation?n0=4%E4%B8%87%E5%85%83").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("不能比较"), "{}", wrong.text);
    let answer = officer.get("/api/measures/cz.rd/simulation?period=2021&n0=4%25").await;
    assert!(answer.text.contains("\"gain\":1") && answer.text.contains("\"lose\":0"), "{}", answer.text);
    assert!(officer.get("/api/measures/cz.rd/fit?f.revenue@2021=1000&f.rd_expense@2021=60&period=2021").await.text.contains("\"eligible\""));
}

#[tokio::test]
async fn decisions_follow_the_journal_and_only_what_reads_a_change_is_decided_again() {
    let portal = portal();
    let follow = || portal.app.follow_decisions(&mut |_| {}).expect("the decisions follow");
    let first = follow();
    assert_eq!((first.looked_at, first.decided), (3, 6), "three firms, two measures");
    assert_eq!(follow().decided, 0, "nothing happened since");
    let counts = |id: &str| portal.app.measures().expect("measures").into_iter().find(|line| line.id == id).expect("it is there").counts;
    let of = |id: &str, outcome: &str| counts(id).into_iter().find(|(name, ..)| name == outcome).map_or(0, |(_, _, count)| count);
    assert_eq!((of("cz.rd", "eligible"), of("cz.rd", "unknown"), of("cz.rd", "not_eligible"), of("cz.small", "eligible")), (1, 1, 1, 3));
    // A fact that one measure reads, of one firm.
    let id = duijie_vocab::RecordId::parse(&firm(&portal, "常州星宇航空材料有限公司")).expect("an id");
    portal.app.answer(&Viewer::operator(), &id, "rd_expense", "2021", "400").expect("the answer is taken");
    let after = follow();
    assert_eq!((after.looked_at, after.decided), (1, 1));
    assert_eq!((of("cz.rd", "eligible"), of("cz.rd", "unknown")), (2, 0));
    // A fact that no measure reads.
    take(&portal, "more-facts.csv", "企业名称,时期,行政区划,利润总额(万元)\n常州二号有限公司,2021,常州市,7\n");
    assert_eq!(follow().decided, 0);
    // A measure that changes is decided again for everybody, the other for nobody.
    take(&portal, "rd.yaml", &RD.replace("5%", "4%"));
    let after = follow();
    assert_eq!((after.looked_at, after.decided), (3, 3));
    assert_eq!(of("cz.rd", "eligible"), 3);
    // A record that needs nothing does not disturb; a rebuild comes to the same.
    take(&portal, "needs.csv", "需求名称,需求单位,主要问题,行政区划\n新的需求,常州二号有限公司,问题,常州市\n");
    assert_eq!((follow().looked_at, follow().decided), (0, 0));
    let (before, cursor) = (counts("cz.rd"), follow().cursor);
    let rebuilt = portal.app.rebuild_decisions(&mut |_| {}).expect("a rebuild");
    assert_eq!((rebuilt.decided, rebuilt.cursor, counts("cz.rd")), (6, cursor, before));
}

#[tokio::test]
async fn a_workbook_with_years_as_columns_gives_the_facts_of_each_year() {
    let portal = portal();
    let header = "企业名称,2019年营业收入（万元）,2020年营业收入（万元）,研发费用2020（元）\n";
    take(&portal, "wide-facts.csv", &format!("{header}常州二号有限公司,800,900,450000\n常州三号有限公司,,700,\n"));
    let id = duijie_vocab::RecordId::parse(&firm(&portal, "常州二号有限公司")).expect("an id");
    let explained = portal.app.explain(&Viewer::operator(), &id, "cz.rd", Some("2020")).expect("the decision");
    assert_eq!((explained.decision.outcome.as_str(), explained.decision.amount.zh.as_str()), ("eligible", "4.5万元"));
    let report = portal.app.import(
        &Viewer::operator(),
        "wide-facts.csv",
        format!("{header}常州二号有限公司,800,900,许多\n").into_bytes(),
        &ImportOptions { kind: Some("facts".into()), ..ImportOptions::default() },
    );
    let report = report.expect("the file is read");
    assert_eq!((report.refused, report.unchanged), (1, 1), "the year with the fault is refused, the other goes on: {:?}", report.diagnostics);
}

#[tokio::test]
async fn a_fact_that_the_region_declares_is_a_field_of_the_form_and_decides() {
    let portal = portal();
    take(
        &portal,
        "facts.yaml",
        &format!("{FACTS}  guarantee_fee: {{name: {{zh: 担保费支出, en: guarantee fee}}, kind: money, unit: 万元, period: year, min: 0}}\n"),
    );
    let fee = "id: cz.fee\nname: 担保费补助\nregion: \"320400\"\nperiod: year\nwhen:\n  - {label: 有收入, rule: 营业收入 > 0元}\nbenefit: {amount: 担保费支出 × 50%}\n";
    take(&portal, "fee.yaml", fee);
    let mut officer = portal.logged_in("officer").await;
    let new = officer.get("/facts/new").await;
    assert!(new.text.contains("担保费支出") && new.text.contains("guarantee_fee"), "{}", new.text);
    let page = officer.get(&format!("/organization/{}/decisions?period=2021", firm(&portal, "常州二号有限公司"))).await;
    assert!(page.text.contains("算出金额还缺") && page.text.contains("担保费支出 2021年"), "{}", page.text);
}
