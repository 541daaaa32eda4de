//! Who is paid how much where measures exclude one another, share a limit or share a pool that does
//! not cover everybody: exact to the Fen, through the product's use cases.

mod world;

use duijie_app::{AccountId, App, AppOptions, EntitlementRequest, ImportOptions, PayVerdict, PayoutAct, RunPreview, Viewer};
use duijie_vocab::{Fen, RegionCode};
use std::sync::Arc;
use world::{Counting, Noon};

const FACTS: &str = "facts:
  revenue: {name: {zh: 营业收入, en: revenue}, kind: money, unit: 万元, period: year, min: 0}
  rd_expense: {name: {zh: 研发费用, en: R&D expense}, kind: money, unit: 万元, period: year, min: 0}
";

struct Town {
    app: App,
    operator: Viewer,
    _folder: tempfile::TempDir,
}

impl Town {
    /// A city with firms and what they spent on research in 2021, in 万元, and measures that pay
    /// `amount` of it out of `pool`.
    fn with(firms: &[(&str, &str)], measures: &[(&str, &str, &str)]) -> Town {
        let folder = tempfile::tempdir().unwrap();
        let options =
            AppOptions { data: folder.path().into(), database: None, clock: Arc::new(Noon), entropy: Arc::new(Counting::default()), group: Default::default() };
        let town = Town { app: App::open(options).unwrap(), operator: Viewer::operator(), _folder: folder };
        let organizations: String = firms.iter().map(|(name, _)| format!("{name},企业,常州市\n")).collect();
        town.import("organizations.csv", "organization", &format!("机构名称,机构类型,行政区划\n{organizations}"));
        let facts: String = firms.iter().map(|(name, research)| format!("{name},2021,常州市,1000,{research}\n")).collect();
        town.import("facts.csv", "facts", &format!("企业名称,时期,行政区划,营业收入(万元),研发费用(万元)\n{facts}"));
        town.import("facts.yaml", "", FACTS);
        for (id, amount, rest) in measures {
            let text = format!(
                "id: {id}\nname: {{zh: 条款{id}, en: measure {id}}}\nregion: \"320400\"\nperiod: year\ndelivery: automatic\nwhen:\n  - {{label: {{zh: 收入, en: revenue}}, rule: 营业收入 ≥ 1万元}}\nbenefit: {{amount: {amount}}}\n{rest}"
            );
            town.import(&format!("{id}.yaml"), "", &text);
        }
        town
    }

    fn import(&self, file: &str, kind: &str, text: &str) {
        let options = ImportOptions { kind: Some(kind.to_string()).filter(|kind| !kind.is_empty()), ..ImportOptions::default() };
        let report = self.app.import(&self.operator, file, text.as_bytes().to_vec(), &options).unwrap();
        assert_eq!(report.refused, 0, "{file}: {:?}", report.diagnostics);
    }

    fn fund(&self, pool: &str, amount: Fen) {
        let bank = AccountId::bank(RegionCode::parse("320400").unwrap(), "treasury").unwrap();
        self.app.fund_pool(&self.operator, &AccountId::parse(&format!("pool:320400:{pool}")).unwrap(), &bank, amount, pool).unwrap();
    }

    fn preview(&self, measure: &str) -> RunPreview {
        self.app.payout_preview(&self.operator, measure, "2021", &mut |_| {}).unwrap()
    }

    /// Name, verdict and Fen of every firm, by name.
    fn told(&self, measure: &str) -> Vec<(String, PayVerdict, i64)> {
        let mut rows: Vec<_> = self.preview(measure).rows.into_iter().map(|row| (row.name, row.verdict, row.pays.0)).collect();
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        rows
    }

    fn run(&self, measure: &str) -> usize {
        self.app.payout_run(&self.operator, measure, "2021", &mut |_| {}).unwrap().made
    }

    /// Gives up what `firm` was promised under `measure`.
    fn withdraw(&self, measure: &str) {
        let request = EntitlementRequest { measure: Some(measure.into()), period: Some("2021".into()), ..EntitlementRequest::default() };
        for id in self.app.entitlement_ids(&self.operator, &request).unwrap() {
            self.app.payout_step(&self.operator, &id, PayoutAct::Withdraw { reason: "不需要".into() }, None).unwrap();
        }
    }
}

fn rows(rows: &[(&str, PayVerdict, i64)]) -> Vec<(String, PayVerdict, i64)> {
    rows.iter().map(|(name, verdict, fen)| (name.to_string(), *verdict, *fen)).collect()
}

#[test]
fn of_a_group_that_excludes_itself_each_firm_is_paid_the_higher() {
    const GROUP: &str = "exclusive: [cz.one]\nbudget: {pool: cz, order: first_come}\n";
    let town = Town::with(&[("乙企业", "10"), ("甲企业", "45")], &[("cz.share", "研发费用 × 10%", GROUP), ("cz.flat", "2万元", GROUP)]);
    town.fund("cz", Fen(100_000_000));
    // 10 % of 45 万元 is above 2 万元, 10 % of 10 万元 is below.
    assert_eq!(town.told("cz.share"), rows(&[("乙企业", PayVerdict::Excluded, 0), ("甲企业", PayVerdict::Pays, 4_500_000)]));
    assert_eq!(town.told("cz.flat"), rows(&[("乙企业", PayVerdict::Pays, 2_000_000), ("甲企业", PayVerdict::Excluded, 0)]));
    let preview = town.preview("cz.flat");
    assert_eq!(preview.excluded, [("cz.one".to_string(), 1)]);
    let sums: Vec<_> = preview.outcomes.iter().map(|sum| (sum.verdict, sum.firms, sum.asked_fen.0, sum.pays_fen.0)).collect();
    assert_eq!(sums, [(PayVerdict::Pays, 1, 2_000_000, 2_000_000), (PayVerdict::Excluded, 1, 0, 0)]);
    let reason = preview.rows.iter().find(|row| row.name == "甲企业").unwrap().reason.zh.clone();
    assert!(reason.contains("条款cz.share") && reason.contains("4.5万元") && reason.contains("cz.one"), "{reason}");
    assert_eq!((town.run("cz.flat"), town.run("cz.share")), (1, 1));
    // What was paid stands: a higher right that comes later is not paid beside it.
    town.import("facts.csv", "facts", "企业名称,时期,行政区划,营业收入(万元),研发费用(万元)\n乙企业,2021,常州市,1000,60\n");
    let again = town.preview("cz.share");
    let reason = again.rows.iter().find(|row| row.name == "乙企业").map(|row| (row.verdict, row.reason.zh.clone())).unwrap();
    assert!(reason.0 == PayVerdict::Excluded && reason.1.contains("条款cz.flat") && reason.1.contains("2万元"), "{reason:?}");
    assert_eq!(town.run("cz.share"), 0);
}

#[test]
fn a_limit_that_measures_share_pays_what_it_leaves_and_frees_what_is_given_up() {
    const LIMIT: &str = "shared_cap: {group: cz.awards, cap: 3万元}\nbudget: {pool: cz, order: first_come}\n";
    let measures = [("cz.a", "研发费用 × 10%", LIMIT), ("cz.b", "研发费用 × 20%", LIMIT), ("cz.c", "研发费用 × 1%", LIMIT)];
    let town = Town::with(&[("甲企业", "20"), ("乙企业", "100")], &measures);
    town.fund("cz", Fen(100_000_000));
    // 甲: 2, 4 and 0.2 万元; 乙: 10, 20 and 1 万元; of all three together 3 万元 a year.
    assert_eq!(town.told("cz.a"), rows(&[("乙企业", PayVerdict::Pays, 3_000_000), ("甲企业", PayVerdict::Pays, 2_000_000)]));
    assert_eq!(town.run("cz.a"), 2);
    let second = town.preview("cz.b");
    let told: Vec<_> = second.rows.iter().map(|row| (row.name.as_str(), row.verdict, row.asked.0, row.pays.0)).collect();
    assert_eq!(told, [("甲企业", PayVerdict::Pays, 1_000_000, 1_000_000), ("乙企业", PayVerdict::NotEligible, 0, 0)]);
    assert!(second.rows[1].reason.zh.contains("cz.awards") && second.rows[1].reason.zh.contains("3万元"), "{}", second.rows[1].reason.zh);
    assert_eq!(town.run("cz.b"), 1);
    assert!(town.told("cz.c").iter().all(|(_, verdict, _)| *verdict == PayVerdict::NotEligible));
    town.withdraw("cz.b");
    assert_eq!(town.told("cz.c"), rows(&[("乙企业", PayVerdict::NotEligible, 0), ("甲企业", PayVerdict::Pays, 200_000)]));
    assert_eq!(town.preview("cz.c").left.zh, "95万元", "5 万元 are promised and not given up");
}

#[test]
fn a_pool_that_runs_dry_is_shared_to_the_fen_in_the_order_that_the_measure_names() {
    // 100.00, 200.00 and 300.01 元.
    let firms = [("甲企业", "0.01"), ("乙企业", "0.02"), ("丙企业", "0.030001")];
    let measures = [
        ("cz.rata", "研发费用 × 100%", "budget: {pool: rata, order: pro_rata}\n"),
        ("cz.later", "研发费用 × 100%", "budget: {pool: rata, order: first_come}\n"),
        ("cz.high", "研发费用 × 100%", "budget: {pool: high, order: highest_first}\n"),
    ];
    let town = Town::with(&firms, &measures);
    town.fund("rata", Fen(10_000));
    town.fund("high", Fen(35_000));
    // 1,666.64, 3,333.28 and 5,000.08 Fen: the one Fen left goes to the largest remainder.
    let part = PayVerdict::PaysPart;
    assert_eq!(town.told("cz.rata"), rows(&[("丙企业", part, 5_000), ("乙企业", part, 3_333), ("甲企业", part, 1_667)]));
    // 300.01 leaves 49.99, which covers neither 200 nor, as nobody after the first uncovered is paid, 100.
    let high = rows(&[("丙企业", PayVerdict::Pays, 30_001), ("乙企业", PayVerdict::PoolDry, 0), ("甲企业", PayVerdict::PoolDry, 0)]);
    assert_eq!(town.told("cz.high"), high);
    assert_eq!((town.run("cz.rata"), town.run("cz.high")), (3, 1));
    assert!(town.told("cz.later").iter().all(|(_, verdict, fen)| *verdict == PayVerdict::PoolDry && *fen == 0), "all of the pool is promised");
    let promised: i64 = town.app.entitlements(&town.operator, &EntitlementRequest::default()).unwrap().0.iter().map(|row| row.amount_fen.0).sum();
    assert_eq!(promised, 10_000 + 30_001);
    assert!(town.app.trial_balance(&town.operator).unwrap().is_even());
}

#[test]
fn of_those_who_are_refused_the_first_thousand_are_told_why_and_the_others_counted() {
    // 1,060 firms: ten spend enough, of five it is not known.
    let firms: Vec<(String, String)> =
        (0..1_060).map(|at| (format!("企业{at:04}"), if at % 212 == 7 { String::new() } else { (at / 1_050 * 60).to_string() })).collect();
    let firms: Vec<(&str, &str)> = firms.iter().map(|(name, research)| (name.as_str(), research.as_str())).collect();
    let town = Town::with(&firms, &[]);
    let measure = |id: &str, window: &str| {
        format!(
            "id: {id}\nname: n\nregion: \"320400\"\nperiod: year\n{window}when:\n  - {{label: 研发, rule: 研发费用 ≥ 50万元}}\n  - {{label: 收入, rule: 营业收入 ≥ 1万元}}\nbenefit: {{amount: 1万元}}\nbudget: {{pool: cz}}\n"
        )
    };
    town.import("hard.yaml", "", &measure("hard", ""));
    // The days of this window lie in another year than the period that is decided about.
    town.import("later.yaml", "", &measure("later", "window: 2022-03-01..2022-04-30\n"));
    town.fund("cz", Fen(1_000_000_000));
    for id in ["hard", "later"] {
        let found = town.preview(id);
        let sums: Vec<_> = found.outcomes.iter().map(|sum| (sum.verdict, sum.firms, sum.pays_fen.0)).collect();
        assert_eq!(sums, [(PayVerdict::Pays, 10, 10_000_000), (PayVerdict::Unknown, 5, 0), (PayVerdict::NotEligible, 1_045, 0)], "{id}");
        assert_eq!((found.rows.len(), found.not_listed), (1_015, 45));
        assert!(found.rows.iter().all(|row| row.verdict != PayVerdict::NotEligible || row.reason.zh.contains("研发")));
        assert_eq!(found.missing.iter().map(|(fact, firms)| (fact.zh.as_str(), *firms)).collect::<Vec<_>>(), [("2021年研发费用", 5)]);
    }
    let overview = town.app.payout_overview(&town.operator, "2021", &mut |_| {}).unwrap();
    let counted: Vec<_> = overview.measures.iter().map(|line| (line.measure.as_str(), line.period.as_str(), line.yes, line.no, line.unknown)).collect();
    assert_eq!(counted, [("hard", "2021", 10, 1_045, 5), ("later", "2021", 10, 1_045, 5)]);
    // Whoever has one already is told so, whatever is known of them now.
    assert_eq!(town.run("hard"), 10);
    town.import("facts.csv", "facts", "企业名称,时期,行政区划,营业收入(万元),研发费用(万元)\n企业1059,2021,常州市,1000,1\n");
    let again = town.preview("hard");
    assert_eq!(
        again.outcomes.iter().map(|sum| (sum.verdict, sum.firms)).collect::<Vec<_>>(),
        [(PayVerdict::Unknown, 5), (PayVerdict::NotEligible, 1_045), (PayVerdict::Already, 10)]
    );
}
