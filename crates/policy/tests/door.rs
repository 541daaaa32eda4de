//! The policy language at its door: files in, decisions out.

use duijie_policy::{Book, Outcome, Truth, Vocabulary, test_examples};
use duijie_vocab::{Diagnostic, Lang};

const FACTS: &str = "
facts:
  titles: {name: {zh: 称号, en: titles}, kind: set, values: [独角兽企业, 潜在独角兽企业, 瞪羚企业]}
  tax_total: {name: {zh: 纳税总额, en: total tax}, kind: money, unit: 万元, period: year, min: 0}
  local_contribution: {name: {zh: 地方贡献, en: local contribution}, kind: money, unit: 万元, period: year, min: 0}
  revenue: {name: {zh: 营业收入, en: revenue}, kind: money, unit: 万元, period: year, min: 0}
  rd_expense: {name: {zh: 研发费用, en: R&D expense}, kind: money, unit: 万元, period: year, min: 0}
  rd_intensity: {name: {zh: 研发投入强度, en: R&D intensity}, kind: ratio, period: year, rule: 研发费用 ÷ 营业收入}
  staff: {name: {zh: 职工总数, en: staff}, kind: count, unit: 人, period: year, min: 0}
  founded: {name: {zh: 成立日期, en: founded}, kind: date}
  industry: {name: {zh: 行业门类, en: industry}, kind: code, values: [制造业, 批发和零售业, 房地产业]}
  score: {name: {zh: 创新能力评分, en: innovation score}, kind: number, min: 0, max: 100}
  accident: {name: {zh: 重大事故, en: serious accident}, kind: bool, period: year}
  assets_quarter: {name: {zh: 资产总额, en: assets}, kind: money, unit: 万元, period: quarter}
  valuation: {name: {zh: 估值, en: valuation}, kind: money, unit: 亿美元}
";

/// The measure of the language's design, word for word.
const TAX_GROWTH: &str = r#"
id: "320400.2021.tax-growth"
name: {zh: 独角兽、潜在独角兽、瞪羚企业税收增量奖励, en: Tax-growth reward for unicorns and gazelles}
basis: [{document: 关于促进创新发展的若干政策, issuer: 常州市, year: 2021}]
region: "320400"
subject: enterprise
in_force: 2021-01-01..2023-12-31
period: year                    # decided once per calendar year; 本年 is that year
window: 03-01..04-30            # when it may be claimed, in the year after
delivery: automatic             # automatic 免申即享 | confirm 快申快享 | apply 申报评审
when:
  - label: 列入独角兽、潜在独角兽或瞪羚名单
    rule: 称号 含任一 {独角兽企业, 潜在独角兽企业, 瞪羚企业}
  - label: 税收增幅不低于上年
    rule: 增幅(纳税总额) >= 增幅(纳税总额, 上年)
  - label: 税收增幅超过全市平均增幅的两倍
    rule: 增幅(纳税总额) > 2 × 全市.增幅(纳税总额)
  - label: 无严重失信
    attest: 经办人核验              # a criterion that no machine can test
benefit:
  kind: reward
  amount: 地方贡献(上年) × (增幅(纳税总额) - 2 × 全市.增幅(纳税总额))
  cap: 500万元
exclusive: [320400.growth-rewards]   # 就高不重复: at most one measure of a group pays one subject in one period
budget: {pool: 320400.innovation.2021, order: first_come}
examples:
  - name: 增幅不足两倍
    facts: {称号: [瞪羚企业], 纳税总额: {2019: 800万元, 2020: 900万元, 2021: 1000万元}, 地方贡献: {2020: 400万元}}
    region_facts: {增幅(纳税总额): {2021: 8%}}
    expect: not_eligible
"#;

fn book(rules: &[(&str, &str)]) -> (Book, Vec<Diagnostic>) {
    let (vocabulary, faults) = Vocabulary::parse("facts.yaml", FACTS);
    assert!(faults.is_empty(), "{faults:#?}");
    Book::compile(vocabulary, rules.iter().map(|(file, text)| (file.to_string(), text.to_string())).collect())
}

fn sound(rules: &[(&str, &str)]) -> Book {
    let (book, faults) = book(rules);
    assert!(faults.iter().all(|fault| !fault.is_error()), "{faults:#?}");
    book
}

/// A measure with one rule, and examples as lines `facts => expect`.
fn measure(rule: &str, examples: &[(&str, &str)]) -> String {
    let mut text =
        format!("id: t\nname: 试验\nperiod: year\nwhen:\n  - rule: {}\nbenefit: {{amount: 10万元}}\nexamples:\n", serde_json::to_string(rule).unwrap());
    for (facts, expect) in examples {
        text.push_str(&format!("  - {{period: 2021, facts: {{{facts}}}, expect: {expect}}}\n"));
    }
    text
}

fn check(rule: &str, examples: &[(&str, &str)]) {
    let text = measure(rule, examples);
    let book = sound(&[("t.yaml", &text)]);
    let outcomes = test_examples(&book);
    assert_eq!(outcomes.len(), examples.len());
    for outcome in outcomes {
        assert!(outcome.passed, "{rule}: {}: {:?}", outcome.name, outcome.message);
    }
}

#[test]
fn the_designed_measure_is_decided_with_its_amount_and_reasons() {
    let more = r#"
  - name: 达标，待核验
    facts: {称号: [瞪羚企业], 纳税总额: {2019: 900万元, 2020: 1000万元, 2021: 1500万元}, 地方贡献: {2020: 400万元}}
    region_facts: {增幅(纳税总额): {2021: 8%}}
    expect: needs_review
    amount: 136万元
  - name: 已核验
    facts: {称号: [瞪羚企业], 纳税总额: {2019: 900万元, 2020: 1000万元, 2021: 1500万元}, 地方贡献: {2020: 400万元}}
    region_facts: {增幅(纳税总额): {2021: 8%}}
    attested: {无严重失信: yes}
    expect: eligible
    amount: 136万元
  - name: 窗口已过
    on: 2022-05-01
    facts: {称号: [瞪羚企业], 纳税总额: {2019: 900万元, 2020: 1000万元, 2021: 1500万元}, 地方贡献: {2020: 400万元}}
    region_facts: {全市.增幅(纳税总额): {2021: 8%}}
    attested: {无严重失信: yes}
    expect: window_closed
  - name: 2024年已失效
    on: 2025-03-02
    facts: {称号: [瞪羚企业]}
    expect: not_in_force
  - name: 全市增幅由总额算出
    facts: {称号: [瞪羚企业], 纳税总额: {2019: 900万元, 2020: 1000万元, 2021: 1500万元}, 地方贡献: {2020: 400万元}}
    region_facts: {纳税总额: {2020: 100亿元, 2021: 108亿元}}
    attested: {无严重失信: yes}
    expect: eligible
    amount: 136万元
  - name: 缺全市增幅
    facts: {称号: [瞪羚企业], 纳税总额: {2019: 900万元, 2020: 1000万元, 2021: 1500万元}, 地方贡献: {2020: 400万元}}
    expect: unknown
  - name: 不在名单
    facts: {称号: []}
    expect: not_eligible
"#;
    let book = sound(&[("tax.yaml", &format!("{TAX_GROWTH}{more}"))]);
    let outcomes = test_examples(&book);
    assert_eq!(outcomes.len(), 8);
    for outcome in &outcomes {
        assert!(outcome.passed, "{}: {:?}", outcome.name, outcome.message);
    }
    let refused = outcomes[0].decision.as_ref().unwrap();
    assert_eq!(refused.outcome, Outcome::NotEligible);
    let sentence = refused.conditions[2].sentence(Lang::Zh);
    assert!(sentence.contains("11.11%") && sentence.contains("16%"), "{sentence}");
    assert!(refused.reason(Lang::Zh).starts_with("独角兽、潜在独角兽、瞪羚企业税收增量奖励：不符合。"), "{}", refused.reason(Lang::Zh));
    let json = serde_json::to_string(refused).unwrap();
    assert_eq!(&serde_json::from_str::<duijie_policy::Decision>(&json).unwrap(), refused);
}

#[test]
fn a_failing_condition_says_how_far_it_is_from_holding() {
    let text = measure("研发投入强度 ≥ 3%", &[("研发费用: 280万元, 营业收入: 1亿元", "not_eligible")]);
    let book = sound(&[("t.yaml", &text)]);
    let outcome = test_examples(&book).remove(0);
    let decision = outcome.decision.unwrap();
    assert_eq!(decision.conditions[0].sentence(Lang::Zh), "研发投入强度 2.8%，需 ≥ 3%，相差 0.2 个百分点");
    assert_eq!(decision.conditions[0].sentence(Lang::En), "R&D intensity 2.8%, needs >= 3%, 0.2 percentage points short");
    assert_eq!(decision.conditions[0].facts.len(), 2);
}

#[test]
fn missing_is_never_zero_and_bounds_decide() {
    check(
        "研发投入强度 >= 3%",
        &[
            ("研发费用: 300万元", "unknown"),
            ("营业收入: 1亿元", "unknown"),
            ("研发费用: '>=300万元', 营业收入: 1亿元", "eligible"),
            ("研发费用: 0..200万元, 营业收入: '>=1亿元'", "not_eligible"),
        ],
    );
    check(
        "职工总数 >= 50 人",
        &[("职工总数: 50..99", "eligible"), ("职工总数: 49", "not_eligible"), ("职工总数: 40..99", "unknown"), ("职工总数: '<=49'", "not_eligible")],
    );
    check("营业收入 >= 0", &[("", "eligible")]);
    check(
        "行业门类 ≠ 房地产业",
        &[("行业门类: 制造业", "eligible"), ("行业门类: [制造业, 批发和零售业]", "eligible"), ("", "unknown"), ("行业门类: 房地产业", "not_eligible")],
    );
}

#[test]
fn what_holds_in_every_case_is_decided_without_the_fact() {
    check("创新能力评分 >= 5 or 创新能力评分 < 5", &[("", "eligible")]);
    check("创新能力评分 > 5 且 创新能力评分 < 5", &[("", "not_eligible")]);
    check("创新能力评分 > 5 或 创新能力评分 < 5", &[("", "unknown")]);
    check("行业门类 = 制造业 或 非 (行业门类 = 制造业)", &[("", "eligible")]);
    check("重大事故 或 非 重大事故", &[("", "eligible")]);
    check("分档(创新能力评分, {..<60: 0, 60..: 10}) >= 0", &[("", "eligible")]);
    check("研发投入强度 >= 5% 或 研发投入强度 < 5%", &[("营业收入: 100万元", "eligible"), ("", "unknown")]);
}

#[test]
fn division_by_zero_is_unknown_and_overflow_an_error() {
    check("研发投入强度 >= 3%", &[("研发费用: 1万元, 营业收入: 0", "unknown")]);
    check("研发费用 × 研发投入强度 × 研发投入强度 > 0", &[("研发费用: 9223372036854万元, 营业收入: 0.07元", "error")]);
}

#[test]
fn series_years_and_growth() {
    check(
        "合计(研发费用(近3年)) ÷ 合计(营业收入(近3年)) >= 5%",
        &[("研发费用: {2019: 150万元, 2020: 200万元, 2021: 260万元}, 营业收入: {2019: 3000万元, 2020: 4000万元, 2021: 5000万元}", "eligible")],
    );
    check(
        "均无(重大事故(近2年))",
        &[("重大事故: {2020: 否, 2021: 否}", "eligible"), ("重大事故: {2020: 是}", "not_eligible"), ("重大事故: {2021: 否}", "unknown")],
    );
    check(
        "复合增长率(营业收入, 3) >= 20%",
        &[
            ("营业收入: {2018: 1000万元, 2021: 1728万元}", "eligible"),
            ("营业收入: {2018: 1000万元, 2021: 1727.99万元}", "not_eligible"),
            ("营业收入: {2021: 1728万元}", "unknown"),
        ],
    );
    check(
        "计数(增幅(营业收入, 近2年) > 0) >= 2",
        &[("营业收入: {2019: 1万元, 2020: 2万元, 2021: 3万元}", "eligible"), ("营业收入: {2019: 1万元, 2020: 2万元, 2021: 2万元}", "not_eligible")],
    );
    check(
        "平均(资产总额(本年各季)) <= 5000万元",
        &[("资产总额: {2021Q1: 4000万元, 2021Q2: 5000万元, 2021Q3: 6000万元, 2021Q4: 5000万元}", "eligible"), ("资产总额: {2021Q1: 4000万元}", "unknown")],
    );
    check("营业收入(2019) > 营业收入(本年-1)", &[("营业收入: {2019: 2万元, 2020: 1万元}", "eligible")]);
}

#[test]
fn dates_ages_and_currencies() {
    check(
        "满(成立日期) <= 10 年",
        &[("成立日期: 2011-12-31", "eligible"), ("成立日期: 2011-12-30", "not_eligible"), ("成立日期: 2012", "eligible"), ("成立日期: 2011", "unknown")],
    );
    check("成立日期 >= 2010-01-01 且 成立日期 + 1 年 < 当日", &[("成立日期: 2010-01-01", "eligible"), ("成立日期: 2009-12-31", "not_eligible")]);
    check("估值 > 10亿美元", &[("估值: 10.01", "eligible"), ("估值: 10亿美元", "not_eligible")]);
}

#[test]
fn bands_own_their_ends_as_written() {
    let rule = |table: &str, value: &str| format!("分档(营业收入, {table}) = {value}");
    let at = "营业收入: 5000万元";
    check(&rule("{..5000万元: 5%, 5000万元..2亿元: 4%, 2亿元..: 3%}", "5%"), &[(at, "eligible"), ("营业收入: 5000.01万元", "not_eligible")]);
    check(&rule("{..<5000万元: 5%, 5000万元..: 4%}", "4%"), &[(at, "eligible")]);
    check(&rule("{≥5000万元: 20, ≥1000万元: 10, 其他: 0}", "20"), &[(at, "eligible"), ("营业收入: 4999万元", "not_eligible")]);
    check("累进(营业收入, {..36000元: 3%, 36000元..144000元: 10%, 144000元..: 20%}) = 11880元", &[("营业收入: 144000元", "eligible")]);
    check("查表(行业门类, {制造业: 100%, 其他: 75%}) = 100%", &[("行业门类: 制造业", "eligible"), ("行业门类: 房地产业", "not_eligible"), ("", "unknown")]);
}

/// Each faulty rule gives one error with the code, the words underlined, and help that names the repair.
#[test]
fn faults_name_the_place_the_words_and_a_next_step() {
    for (rule, code, words, help) in [
        ("研发费 >= 5万元", "policy.rule.unknown_name", "研发费", "研发费用"),
        ("研发费用 >= 500", "policy.rule.dimension", "研发费用 >= 500", "500万元"),
        ("研发费用 + 研发投入强度 > 1万元", "policy.rule.dimension", "研发费用 + 研发投入强度", "同一种量"),
        ("估值 > 10亿元", "policy.rule.dimension", "估值 > 10亿元", "同一种量"),
        ("行业门类 = 制造", "policy.rule.word", "制造", "制造业"),
        ("称号 含任一 {瞪羚}", "policy.rule.word", "瞪羚", "瞪羚企业"),
        ("分档(营业收入, {..5000万元: 5%, 6000万元..: 4%}) > 1%", "policy.rule.band_gap", "..5000万元: 5%", "上限"),
        ("分档(营业收入, {..5000万元: 5%, 4000万元..: 4%}) > 1%", "policy.rule.band_overlap", "..5000万元: 5%", "上限"),
        ("研发费用 ÷ 0 > 1万元", "policy.rule.zero", "0", "除数"),
        ("研发费用", "policy.rule.not_condition", "研发费用", "≥"),
        ("资产总额 > 1万元", "policy.rule.period", "资产总额", "本年各季"),
        ("成立日期(上年) > 2020-01-01", "policy.rule.period", "上年", "成立日期"),
        ("复合增长率(营业收入, 3) × 2 > 1", "policy.rule.cagr", "复合增长率(营业收入, 3) × 2", "≥"),
        ("满(成立日期) > 365 天", "policy.rule.dimension", "满(成立日期) > 365 天", "年"),
        ("研发费用(近3年) > 1万元", "policy.rule.series", "研发费用(近3年) > 1万元", "每一"),
    ] {
        let text = measure(rule, &[]).replace("examples:\n", "");
        let (book, faults) =
            book(&[("bad.yaml", &text), ("good.yaml", &measure("营业收入 > 1万元", &[]).replace("examples:\n", "").replace("id: t", "id: good"))]);
        let errors: Vec<&Diagnostic> = faults.iter().filter(|fault| fault.is_error()).collect();
        assert_eq!(errors.len(), 1, "{rule}: {faults:#?}");
        assert_eq!(errors[0].code, code, "{rule}");
        assert_eq!(errors[0].place.excerpt.as_deref(), Some(words), "{rule}");
        assert_eq!((errors[0].place.file.as_deref(), errors[0].place.line), (Some("bad.yaml"), Some(5)), "{rule}");
        assert!(errors[0].help.as_ref().unwrap().zh.contains(help), "{rule}: {:?}", errors[0].help);
        assert_eq!(book.ids().collect::<Vec<_>>(), ["good"], "the sound measure goes on");
    }
}

#[test]
fn faults_of_files_are_named_and_the_other_measures_go_on() {
    let good = measure("营业收入 > 1万元", &[]).replace("examples:\n", "");
    let cases = [
        ("unknown key", good.replace("benefit:", "benifit:"), "policy.yaml.unknown_key"),
        ("no id", good.replace("id: t\n", ""), "policy.yaml.missing_key"),
        ("bad span", good.replace("period: year", "in_force: 2021-02-30..2021-03-01"), "policy.measure.date"),
        ("alias bomb", "a: &a [1]\nb: *a\n".to_string(), "policy.yaml.alias"),
        ("not yaml", "id: [\n".to_string(), "policy.yaml.syntax"),
        ("deep rule", measure(&"(".repeat(10_000), &[]).replace("examples:\n", ""), "policy.rule.too_deep"),
        ("long rule", measure(&"1+".repeat(100_000), &[]).replace("examples:\n", ""), "policy.rule.too_long"),
        ("huge file", " ".repeat(10 * 1024 * 1024), "policy.yaml.too_large"),
    ];
    for (name, text, code) in cases {
        let (book, faults) = book(&[("bad.yaml", &text), ("good.yaml", &good.replace("id: t", "id: good"))]);
        assert!(faults.iter().any(|fault| fault.is_error() && fault.code == code && fault.place.line.is_some() && fault.help.is_some()), "{name}: {faults:#?}");
        assert!(book.measure("good").is_some(), "{name}");
    }
}

#[test]
fn versions_follow_one_another_and_ids_are_unique() {
    let version =
        |dates: &str, amount: &str| format!("- {{id: v, name: v, period: year, in_force: {dates}, when: [营业收入 > 1万元], benefit: {{amount: {amount}}}}}\n");
    let two = version("2020-01-01..2020-12-31", "10万元") + &version("2021-01-01..", "20万元");
    let book_two = sound(&[("v.yaml", &two)]);
    assert_eq!(book_two.versions("v").len(), 2);
    let mut facts = duijie_policy::Facts::new(duijie_vocab::RegionCode::NATION);
    for year in [2019, 2020, 2021] {
        facts.set(
            "revenue",
            duijie_policy::Period::Year(year),
            duijie_policy::FactValue::Money(duijie_vocab::Fen(200_000_000)),
            duijie_policy::FactSource::default(),
        );
    }
    let decide = |year: i16| {
        book_two
            .decide("v", &facts, &duijie_policy::RegionFacts::new(), duijie_vocab::Date::parse("2022-01-01").unwrap(), Some(duijie_policy::Period::Year(year)))
            .unwrap()
    };
    assert_eq!((decide(2020).version, decide(2020).amount.unwrap().low.chinese()), (1, "10万元".to_string()));
    assert_eq!((decide(2021).version, decide(2021).amount.unwrap().low.chinese()), (2, "20万元".to_string()));
    assert_eq!((decide(2019).outcome, decide(2019).verdict), (Outcome::NotInForce, Truth::Yes));
    let codes = |files: &[(&str, &str)]| book(files).1.into_iter().map(|fault| fault.code).collect::<Vec<_>>();
    let overlap = version("2020-01-01..2021-06-30", "10万元") + &version("2021-01-01..", "20万元");
    assert_eq!(codes(&[("v.yaml", &overlap)]), ["policy.measure.overlap"]);
    let gap = version("2020-01-01..2020-06-30", "10万元") + &version("2021-01-01..", "20万元");
    assert_eq!(codes(&[("v.yaml", &gap)]), ["policy.measure.gap"]);
    assert_eq!(codes(&[("v.yaml", &two), ("w.yaml", &version("2025-01-01..", "1万元"))]), ["policy.measure.duplicate"]);
}

#[test]
fn measures_may_rest_on_one_another_but_not_in_a_circle() {
    let one = |id: &str, rule: &str| format!("id: {id}\nname: {id}\nperiod: year\nwhen: [{rule}]\nbenefit: {{amount: 10万元}}\n");
    let book_of = |a: &str, b: &str| book(&[("a.yaml", &one("a", a)), ("b.yaml", &one("b", b))]);
    let (chained, faults) = book_of("符合(\"b\") 且 金额(\"b\") = 10万元", "营业收入 > 1万元");
    assert!(faults.is_empty(), "{faults:#?}");
    assert_eq!(chained.ids().count(), 2);
    let (circle, faults) = book_of("符合(\"b\")", "符合(\"a\")");
    assert_eq!(circle.ids().count(), 0);
    assert_eq!(faults.iter().filter(|fault| fault.code == "policy.rule.measure").count(), 2);
}

#[test]
fn derived_facts_in_a_circle_are_refused_where_they_stand() {
    let facts = "facts:\n  a: {kind: number, rule: b + 1}\n  b: {kind: number, rule: a + 1}\n  c: {kind: money, rule: d ÷ 2}\n  d: {kind: number}\n";
    let (vocabulary, faults) = Vocabulary::parse("facts.yaml", facts);
    assert!(faults.is_empty());
    let (_, faults) = Book::compile(vocabulary, vec![]);
    let codes: Vec<(&str, Option<u32>)> = faults.iter().map(|fault| (fault.code.as_str(), fault.place.line)).collect();
    assert_eq!(codes, [("policy.fact.cycle", Some(2)), ("policy.fact.cycle", Some(3)), ("policy.fact.kind", Some(4))]);
}

#[test]
fn a_measure_is_printed_as_an_official_would() {
    let book = sound(&[("tax.yaml", TAX_GROWTH)]);
    let measure = book.measure("320400.2021.tax-growth").unwrap();
    let document = duijie_policy::render(&book, measure, Lang::Zh);
    let headings: Vec<&str> = document.sections.iter().map(|section| section.heading.as_str()).collect();
    assert_eq!(headings, ["基本信息", "申报条件", "支持标准", "限制"]);
    let condition = &document.sections[1].lines[2];
    assert_eq!((condition.number.as_str(), condition.text.as_str()), ("（三）", "税收增幅超过全市平均增幅的两倍"));
    assert_eq!(condition.rule.as_deref(), Some("增幅(纳税总额) > 2 × 全市.增幅(纳税总额)"));
    assert!(document.sections[0].lines.iter().any(|line| line.text == "申报时间：次年3月1日至4月30日"));
    let english = duijie_policy::render(&book, measure, Lang::En);
    assert_eq!(english.sections[1].lines[2].rule.as_deref(), Some("growth(tax_total) > 2 * city.growth(tax_total)"));
}

fn missing_of(rule: &str, facts: &str) -> Vec<(String, Option<String>)> {
    let text = measure(rule, &[(facts, "unknown")]);
    let outcome = test_examples(&sound(&[("t.yaml", &text)])).remove(0);
    assert!(outcome.passed, "{rule}: {:?}", outcome.message);
    outcome.decision.unwrap().missing.into_iter().map(|missing| (missing.key, missing.needed.map(|needed| needed.zh))).collect()
}

#[test]
fn a_smallest_set_of_missing_facts_is_named_with_the_values_that_would_do() {
    let one = |key: &str, needed: &str| vec![(key.to_string(), Some(needed.to_string()))];
    assert_eq!(missing_of("创新能力评分 > 70", ""), one("score", "> 70"));
    assert_eq!(missing_of("研发投入强度 ≥ 3%", "营业收入: 1亿元"), one("rd_expense", "≥ 300万元"));
    assert_eq!(missing_of("研发投入强度 ≥ 3%", "研发费用: 300万元"), vec![("revenue".to_string(), None)]);
    assert_eq!(missing_of("创新能力评分 > 70 或 (创新能力评分 > 50 且 职工总数 ≥ 10 人)", "职工总数: 9"), one("score", "> 70"));
    assert_eq!(missing_of("职工总数 ≥ 50 人", "职工总数: 40..99"), one("staff", "≥ 50 人"));
    assert_eq!(missing_of("行业门类 属于 {制造业}", ""), one("industry", "制造业"));
    assert_eq!(missing_of("非 重大事故", ""), one("accident", "为否"));
    // Staff alone settles: with it the score no longer matters.
    assert_eq!(missing_of("职工总数 ≥ 10 人 且 (创新能力评分 > 50 或 职工总数 ≥ 5 人)", ""), one("staff", "≥ 10 人"));
    let both: Vec<String> = missing_of("创新能力评分 > 70 且 职工总数 ≥ 10 人", "").into_iter().map(|(key, _)| key).collect();
    assert_eq!(both, ["score", "staff"]);
}

#[test]
fn an_open_amount_names_the_facts_that_would_fix_it() {
    let decided = |facts: &str| {
        let text = measure("职工总数 ≥ 10 人", &[(facts, "eligible")]).replace("10万元", "'较小值(研发费用 × 10%, 20万元) + 营业收入 × 10%'");
        test_examples(&sound(&[("t.yaml", &text)])).remove(0).decision.unwrap()
    };
    let open = decided("职工总数: 10, 营业收入: 0");
    let keys: Vec<&str> = open.amount_missing.iter().map(|missing| missing.key.as_str()).collect();
    assert_eq!((open.outcome, keys), (Outcome::Eligible, vec!["rd_expense"]));
    assert!(open.reason(Lang::Zh).contains("还需知道：2021年研发费用"), "{}", open.reason(Lang::Zh));
    assert!(open.reason(Lang::En).contains("it needs R&D expense 2021"), "{}", open.reason(Lang::En));
    let questions = duijie_policy::next_questions(&[open]);
    assert_eq!(questions.iter().map(|question| (question.key.as_str(), question.settles.len())).collect::<Vec<_>>(), [("rd_expense", 1)]);
    let fixed = decided("职工总数: 10, 营业收入: 0, 研发费用: 100万元");
    assert!(fixed.amount_missing.is_empty() && fixed.amount.is_some_and(|amount| amount.exact), "{:?}", fixed.amount);
    let text = measure("职工总数 ≥ 10 人", &[("职工总数: 10, 营业收入: 0", "eligible")]).replace("10万元", "1元 ÷ (营业收入 ÷ 1元)");
    let without = test_examples(&sound(&[("t.yaml", &text)])).remove(0).decision.unwrap();
    assert!(without.reason(Lang::Zh).contains("除数为零"), "{}", without.reason(Lang::Zh));
}

#[test]
fn boundary_cases_stand_around_every_threshold() {
    let text = measure("营业收入 ≥ 2000万元 且 职工总数 < 500 人 且 研发投入强度 > 3%", &[("营业收入: 1亿元, 职工总数: 100, 研发费用: 500万元", "eligible")]);
    let book = sound(&[("t.yaml", &text)]);
    let cases = duijie_policy::boundary_cases(&book, book.measure("t").unwrap());
    let shown: Vec<String> = cases.iter().map(|case| case.sentence(Lang::Zh)).collect();
    for expected in [
        "2021年营业收入 19,999,999.99元（略低于界限）：不符合",
        "2021年营业收入 2,000万元（正在界限）：符合",
        "2021年营业收入 20,000,000.01元（略高于界限）：符合",
        "2021年营业收入 —（缺此项）：尚缺信息",
        "2021年职工总数 499 人（略低于界限）：符合",
        "2021年职工总数 500 人（正在界限）：不符合",
        "2021年研发费用 300万元（正在界限）：不符合",
        "2021年研发费用 3,000,000.01元（略高于界限）：符合",
    ] {
        assert!(shown.contains(&expected.to_string()), "{expected} is not among {shown:#?}");
    }
}

#[test]
fn boundary_cases_stand_around_bands_caps_and_ages_too() {
    let rule = "满(成立日期) ≤ 10 年 且 营业收入 ≥ 1万元";
    let amount = "'较小值(累进(研发费用, {..=100万元: 10%, 100万元..: 5%}) + 职工总数 × 1000元, 30万元)'";
    let text = measure(rule, &[("营业收入: 1亿元, 职工总数: 100, 研发费用: 100万元, 成立日期: 2015-01-01", "eligible")])
        .replace("amount: 10万元", &format!("amount: {amount}"));
    let book = sound(&[("t.yaml", &text)]);
    let cases = duijie_policy::boundary_cases(&book, book.measure("t").unwrap());
    let shown: Vec<String> = cases.iter().map(|case| case.sentence(Lang::Zh)).collect();
    for expected in [
        "2021年研发费用 100万元（正在界限）：符合",
        "2021年研发费用 —（缺此项）：符合",
        "2021年职工总数 200 人（正在界限）：符合",
        "成立日期 2011-12-31（正在界限）：符合",
        "成立日期 2011-12-30（略低于界限）：不符合",
    ] {
        assert!(shown.contains(&expected.to_string()), "{expected} is not among {shown:#?}");
    }
    let mut rows = shown.clone();
    rows.sort();
    rows.dedup();
    assert_eq!(rows.len(), shown.len(), "no row stands twice");
}

#[test]
fn days_of_the_period_are_plain_dates_in_rules() {
    let facts = |date: &str| format!("成立日期: {date}");
    let one = |rule: &str, date: &str, expect: &str| check(rule, &[(facts(date).as_str(), expect)]);
    one("成立日期 ≤ 年末 - 3 年", "2018-12-31", "eligible");
    one("成立日期 ≤ 年末() - 3 年", "2019-01-01", "not_eligible");
    one("满(成立日期, 期末) ≥ 3 年", "2018-12-31", "eligible");
    one("满(成立日期, 年末(上年)) ≥ 3 年", "2018-12-31", "not_eligible");
    one("成立日期 = 期初", "2021-01-01", "eligible");
    one("年份(成立日期) ≤ 年份(年末)", "2021-05-05", "eligible");
    one("age(founded, year_start(last_year)) >= 1 年", "2019-01-01", "eligible");
    check("行业门类 开头为 批发", &[("行业门类: 批发和零售业", "eligible"), ("行业门类: 制造业", "not_eligible"), ("", "unknown")]);
    check("行业门类 begins_with {制造, 批发, 房}", &[("", "eligible")]);
    check(
        "查表(行业门类, {制造业: 3, 批发和零售业: 2, 房地产业: 1}) ≥ 2",
        &[("行业门类: 批发和零售业", "eligible"), ("行业门类: 房地产业", "not_eligible"), ("", "unknown")],
    );
    check("职工总数 至少 20 人 且 职工总数 至多 30人", &[("职工总数: 20", "eligible"), ("职工总数: 31", "not_eligible")]);
    check("营业收入 ≥ 5,000,000元", &[("营业收入: 500万元", "eligible"), ("营业收入: 499万元", "not_eligible")]);
}

#[test]
fn words_that_are_no_facts_are_told_what_to_write() {
    let help = |rule: &str| {
        let text = measure(rule, &[]).replace("examples:\n", "");
        let (_, faults) = book(&[("t.yaml", &text)]);
        let fault = faults.into_iter().find(|fault| fault.is_error()).unwrap_or_else(|| panic!("{rule} has no fault"));
        format!("{} {}", fault.message.zh, fault.help.map(|help| help.zh).unwrap_or_default())
    };
    for (rule, wanted) in [
        ("重大事故 = 否", "非 x"),
        ("年份(成立日期) ≤ 本年", "年末"),
        ("职工总数不少于20人", "职工总数 不少于"),
        ("职工总数 ≥ 二十人", "20人"),
        ("职工总数 ≥ 60 岁", "年"),
        ("营业收入 接近 5万元", "接近"),
        ("行业门类 以制开头 甲", "开头为"),
        ("称号 含 瞪羚", "瞪羚企业"),
    ] {
        assert!(help(rule).contains(wanted), "{rule}: {}", help(rule));
    }
}

#[test]
fn examples_are_checked_as_they_are_written() {
    let text = measure(
        "职工总数 ≥ 50 人",
        &[
            ("职工总人: 100", "eligible"),
            ("职工总数: 20万元", "eligible"),
            ("成立日期: 2023-02-29", "eligible"),
            ("职工总数: 1", "ineligible"),
            ("研发投入强度: 3%", "eligible"),
        ],
    );
    let faults = duijie_policy::example_faults(&sound(&[("t.yaml", &text)]));
    let told: Vec<(Option<u32>, &str)> = faults.iter().map(|fault| (fault.place.line, fault.message.en.as_str())).collect();
    assert_eq!(told.iter().map(|(line, _)| line.unwrap()).collect::<Vec<_>>(), [8, 9, 10, 11, 12], "{told:?}");
    assert!(told[0].1.contains("did you mean `职工总数`") && told[3].1.contains("ineligible"), "{told:?}");
    assert!(faults.iter().all(|fault| fault.is_error() && fault.help.is_some()));
}

#[test]
fn an_example_says_what_measures_pay_together() {
    let one = |id: &str, amount: &str, together: &str| {
        format!(
            "id: {id}\nname: {id}\nperiod: year\nexclusive: [g]\nwhen:\n  - {{label: 人, rule: 职工总数 > 1 人}}\nbenefit: {{amount: {amount}}}\nexamples:\n  - {{period: 2021, facts: {{职工总数: 10}}, expect: eligible{together}}}\n"
        )
    };
    let alone = duijie_policy::lint(&sound(&[("a.yaml", &one("a", "10万元", ""))]));
    assert!(alone.iter().any(|found| found.code == "policy.lint.alone"), "a group of one excludes nothing");
    let outcome = |together: &str| test_examples(&sound(&[("a.yaml", &one("a", "10万元", together)), ("b.yaml", &one("b", "职工总数 × 2万元", ""))])).remove(0);
    assert!(outcome(", together: {a: 0元, b: 20万元}").passed);
    let wrong = outcome(", together: {a: 10万元, b: 20万元}");
    assert!(!wrong.passed && wrong.message.unwrap().en.contains("`a`"));
    assert!(!outcome(", together: {c: 0元}").passed);
}

#[test]
fn changes_that_no_example_notices_are_listed() {
    let of = |examples: &[(&str, &str)]| {
        let text = measure("职工总数 ≥ 50 人", examples);
        let book = sound(&[("t.yaml", &text)]);
        duijie_policy::unnoticed_changes(&book, book.measure("t").unwrap()).into_iter().map(|warning| warning.code).collect::<Vec<_>>()
    };
    assert_eq!(of(&[("职工总数: 100", "eligible")]), ["policy.examples.unnoticed"]);
    assert_eq!(of(&[("职工总数: 100", "eligible"), ("职工总数: 10", "not_eligible")]), ["policy.examples.boundary"]);
    assert!(of(&[("职工总数: 50", "eligible"), ("职工总数: 49", "not_eligible")]).is_empty());
}

#[test]
fn measures_that_can_never_hold_and_idle_conditions_are_found() {
    let codes = |rule: &str| {
        let text = measure(rule, &[]).replace("examples:\n", "");
        duijie_policy::lint(&sound(&[("t.yaml", &text)]))
            .into_iter()
            .map(|found| found.code)
            .filter(|code| code.starts_with("policy.lint.never") || code == "policy.lint.always")
            .collect::<Vec<_>>()
    };
    assert_eq!(codes("职工总数 > 100 人 且 职工总数 < 50 人"), ["policy.lint.never"]);
    assert_eq!(codes("创新能力评分 > 100"), ["policy.lint.never"]);
    assert_eq!(codes("创新能力评分 >= 0"), ["policy.lint.always"]);
    assert!(codes("创新能力评分 > 60").is_empty());
}
