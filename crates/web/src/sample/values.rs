//! Sample values of what `app` answers.

use duijie_app::*;
use duijie_vocab::{Diagnostic, Place, RecordId, RegionCode, Text, Timestamp, text};

pub(crate) fn reference(kind: &str, title: &str) -> RecordRef {
    let prefix = duijie_record::schema(kind).map_or("x", |schema| schema.prefix.as_str());
    RecordRef { id: RecordId::derive(prefix, title), kind: kind.into(), title: title.into() }
}

pub(crate) fn fault() -> Diagnostic {
    let place =
        Place { sheet: Some("需求汇总".into()), cell: Some("H14".into()), row: Some(14), field: Some("budget".into()), ..Place::file("需求.xlsx") };
    Diagnostic::error("money.negative", text!("金额 `-50` 小于零", "the amount `-50` is below zero"))
        .at(place)
        .help(text!("请填正数", "write a positive number"))
}

fn segments(parts: &[(&str, bool)]) -> Vec<Segment> {
    parts.iter().map(|(text, hit)| Segment { text: (*text).into(), hit: *hit }).collect()
}

const MICROS: i64 = 1_763_700_000_000_000;

fn when() -> Timestamp {
    Timestamp::from_micros(MICROS).expect("the sample instant is one")
}

fn count(outcome: &str, zh: &str, en: &str, count: usize) -> (String, Text, usize) {
    (outcome.into(), Text::new(zh, en), count)
}

pub(crate) fn figures() -> Figures {
    let counts = [62, 76, 31, 318, 44, 27, 58, 12, 9, 105, 600, 211, 17, 108, 23, 467];
    let kinds = duijie_record::schemas().iter().zip(counts).map(|(schema, count)| KindFigure { kind: schema.kind.clone(), name: schema.name.clone(), count });
    Figures {
        kinds: kinds.collect(),
        decisions: vec![
            count("eligible", "可以享受", "Eligible", 412),
            count("needs_review", "需要认定", "Needs review", 96),
            count("unknown", "还缺信息", "Facts missing", 1_893),
            count("not_eligible", "不符合", "Not eligible", 2_574),
            count("not_in_force", "未生效", "Not in force", 0),
        ],
        entries: 12_841,
        as_of: "2026-11-21 14:20".into(),
    }
}

pub(crate) fn search_page() -> SearchPage {
    let hit = |kind: &str, title: &[(&str, bool)], snippet: &[(&str, bool)], listed: Vec<(Text, Text)>| {
        let schema = duijie_record::schema(kind);
        let whole: String = title.iter().map(|(text, _)| *text).collect();
        Hit {
            id: reference(kind, &whole).id,
            kind: kind.into(),
            kind_name: schema.map(|schema| schema.name.clone()).unwrap_or_default(),
            title: segments(title),
            snippet: segments(snippet),
            region: RegionCode::parse("320411").unwrap_or(RegionCode::NATION),
            region_name: "常州市新北区".into(),
            listed,
            updated: when(),
            updated_on: "2026-11-20".into(),
            by_meaning: kind == "offer",
        }
    };
    let pair = |name: Text, value: Text| (name, value);
    SearchPage {
        total: 1_284,
        page: 2,
        pages: 65,
        as_of: 12_841,
        without_meaning: None,
        hits: vec![
            hit(
                "need",
                &[("高温合金叶片表面", false), ("防护涂层", true), ("工艺", false)],
                &[
                    ("现有热障", false),
                    ("涂层", true),
                    ("在 1100 ℃ 循环 200 次后剥落，需要结合强度大于 40 MPa 的", false),
                    ("涂层", true),
                    ("方案与工艺窗口。", false),
                ],
                vec![
                    pair(text!("需求单位", "Organization"), text!("常州星宇航空材料有限公司", "常州星宇航空材料有限公司")),
                    pair(text!("拟投入资金", "Planned investment"), text!("80 万元", "CNY 800,000")),
                    pair(text!("截止日期", "Until"), text!("2027年6月", "2027-06")),
                ],
            ),
            hit(
                "offer",
                &[("梯度陶瓷热障", false), ("涂层", true), ("等离子喷涂技术", false)],
                &[("采用双层梯度结构，", false), ("涂层", true), ("热循环寿命提高三倍，已通过中试。", false)],
                vec![
                    pair(text!("持有单位", "Holder"), text!("江南先进制造研究院", "江南先进制造研究院")),
                    pair(text!("成熟度", "Maturity"), text!("通过中试", "Passed pilot")),
                ],
            ),
            hit(
                "expert",
                &[("陈立", false)],
                &[("热喷涂、表面工程、", false), ("涂层", true), ("失效分析", false)],
                vec![pair(text!("单位", "Organization"), text!("常州大学", "常州大学"))],
            ),
            hit("instrument", &[("X 射线衍射仪（", false), ("涂层", true), ("应力分析）", false)], &[], vec![]),
        ],
        facets: vec![
            facet("kind", text!("种类", "Kind"), &[("need", "技术需求", "Need", 62), ("offer", "科技成果", "Offer", 76), ("expert", "专家", "Expert", 31)]),
            facet(
                "region",
                text!("行政区划", "Region"),
                &[
                    ("320400", "常州市", "常州市", 812),
                    ("320200", "无锡市", "无锡市", 301),
                    ("330200", "宁波市", "宁波市", 120),
                    ("330300", "温州市", "温州市", 51),
                ],
            ),
            facet(
                "maturity",
                text!("期望成熟度", "Maturity wanted"),
                &[
                    ("通过小试", "通过小试", "Passed lab trial", 12),
                    ("通过中试", "通过中试", "Passed pilot", 33),
                    ("可以量产", "可以量产", "Ready for production", 17),
                ],
            ),
            facet(
                "fields",
                text!("技术领域", "Technology fields"),
                &[
                    ("a", "先进制造", "先进制造", 120),
                    ("b", "新材料", "新材料", 98),
                    ("c", "电子信息", "电子信息", 77),
                    ("d", "生物医药", "生物医药", 41),
                    ("e", "新能源", "新能源", 38),
                    ("f", "节能环保", "节能环保", 22),
                    ("g", "现代农业", "现代农业", 9),
                    ("h", "航空航天", "航空航天", 8),
                    ("i", "其他", "其他", 3),
                ],
            ),
        ],
    }
}

fn facet(field: &str, name: Text, values: &[(&str, &str, &str, usize)]) -> Facet {
    let values = values.iter().map(|(value, zh, en, count)| FacetValue {
        value: (*value).into(),
        name: Text::new(*zh, *en),
        count: *count,
        chosen: *value == "通过中试",
    });
    Facet { field: field.into(), name, values: values.collect() }
}

pub(crate) fn record(kind: &str) -> RecordView {
    let field = |key: &str, name: Text, ty: &str, shown: &str| FieldView {
        key: key.into(),
        name,
        ty: ty.into(),
        shown: Text::new(shown, shown),
        items: vec![],
        link: None,
        curated_by: None,
    };
    let schema = duijie_record::schema(kind);
    let title = if kind == "organization" { "常州星宇航空材料有限公司" } else { "高温合金叶片表面防护涂层工艺" };
    RecordView {
        id: reference(kind, title).id,
        kind: kind.into(),
        kind_name: schema.map(|schema| schema.name.clone()).unwrap_or_default(),
        title: title.into(),
        region: RegionCode::parse("320411").unwrap_or(RegionCode::NATION),
        region_path: "江苏省常州市新北区".into(),
        state: "active".into(),
        version: 4,
        updated: when(),
        updated_on: "2026-11-20".into(),
        source: "技术需求汇总表.xlsx 第 14 行".into(),
        groups: vec![
            GroupView {
                name: text!("需求", "Need"),
                fields: vec![
                    FieldView {
                        link: Some(reference("organization", "常州星宇航空材料有限公司")),
                        ..field("organization", text!("需求单位", "Organization"), "reference", "常州星宇航空材料有限公司")
                    },
                    field(
                        "main_problem",
                        text!("主要问题", "Main problem"),
                        "long_text",
                        "现有热障涂层在 1100 ℃ 循环 200 次后出现剥落，界面氧化层增厚不均匀，叶片返修率达到 12%。\n需要一种结合强度大于 40 MPa、在 1150 ℃ 下循环寿命不低于 1000 次的涂层方案，并给出可在现有等离子喷涂线上实现的工艺窗口。",
                    ),
                    field("expected_result", text!("预期目标", "Expected result"), "long_text", "完成 3 个批次的叶片验证，返修率降到 3% 以下。"),
                    FieldView {
                        items: ["热障涂层", "等离子喷涂", "高温合金"].map(|item| Text::new(item, item)).to_vec(),
                        ..field("keywords", text!("关键词", "Keywords"), "list", "热障涂层、等离子喷涂、高温合金")
                    },
                ],
            },
            GroupView {
                name: text!("合作", "Cooperation"),
                fields: vec![
                    FieldView { curated_by: Some("李华".into()), ..field("budget", text!("拟投入资金", "Planned investment"), "money", "80 万元") },
                    field("until", text!("截止时间", "Until"), "date", "2027年6月"),
                    field("website", text!("网址", "Website"), "url", "https://example.cn/need"),
                ],
            },
        ],
        relations: vec![Relation {
            kind: "need".into(),
            name: text!("提出的需求", "Needs"),
            records: vec![reference("need", "叶片返修激光熔覆工艺"), reference("need", "涂层厚度在线检测")],
            total: 5,
        }],
        history: vec![
            HistoryLine {
                seq: 12_840, at: "2026-11-20 09:12".into(), actor: "李华".into(), what: text!("改了 拟投入资金", "changed planned investment")
            },
            HistoryLine { seq: 233, at: "2026-10-02 16:40".into(), actor: "operator".into(), what: text!("导入", "imported") },
        ],
        may_edit: true,
        withheld: true,
    }
}

pub(crate) fn needs_alike() -> NeedsAlike {
    let found = matches().groups.remove(0).matches.remove(0);
    let alike = |relation, advice, same_text| AlikeNeed { relation, advice, same_text, found: found.clone() };
    NeedsAlike {
        of: reference("need", "高温合金叶片表面防护涂层工艺"),
        needs: vec![
            alike(Relationship::Repeat, text!("可能是重复提出的需求，可合并办理", "probably the same need told again; it could be merged"), 61),
            alike(Relationship::Joint, text!("可与常州大学联合提出，共同攻关", "could be put forward together with 常州大学"), 12),
        ],
        as_of: 7,
    }
}

pub(crate) fn experts() -> Experts {
    let piece = |kind: &str, record: Option<RecordRef>, adds: f64, percent: u32| EvidenceView {
        kind: kind.into(),
        kind_name: text!("依据", "evidence"),
        record,
        adds,
        percent,
        reason: text!("署名作品，共同关键词：热障涂层", "bears the expert's name; terms in common: 热障涂层"),
    };
    let expert = ExpertView {
        record: reference("expert", "陈立"),
        organization: "常州大学".into(),
        region_name: "江苏省常州市".into(),
        percent: 60,
        score: 0.6,
        evidence: vec![
            piece("expert", Some(reference("expert", "陈立")), 0.35, 35),
            piece("patent", Some(reference("patent", "一种热障涂层")), 0.15, 15),
            piece("case", None, 0.1, 10),
        ],
    };
    Experts { of: reference("need", "高温合金叶片表面防护涂层工艺"), experts: vec![expert], as_of: 7 }
}

pub(crate) fn matches() -> Matches {
    let part = |zh: &str, en: &str, adds: f64, percent: u32| PartView {
        part: "text".into(),
        name: Text::new(zh, en),
        adds,
        percent,
        known: true,
        reason: text!("都涉及热障涂层", "both are about thermal barrier coatings"),
    };
    let view = |kind: &str, title: &str, owner: &str, percent: u32, score: f64| MatchView {
        record: reference(kind, title),
        owner: owner.into(),
        region_name: "无锡市".into(),
        percent,
        score,
        parts: vec![
            part("共同术语", "Shared terms", score * 0.58, 58),
            part("技术领域", "Field", score * 0.22, 22),
            part("成熟度", "Maturity", score * 0.12, 12),
            part("地区", "Region", score * 0.08, 8),
        ],
        for_reasons: vec![
            text!("都涉及“热障涂层”“等离子喷涂”，这两个词在全部资料中少见", "both are about “热障涂层” and “等离子喷涂”, two rare terms"),
            text!("已通过中试，达到期望的成熟度", "passed its pilot, as mature as wanted"),
        ],
        against_reasons: vec![text!("未说明能否在现有喷涂线上实施", "it is not said whether it runs on the existing line")],
        shared_terms: vec!["热障涂层".into(), "等离子喷涂".into(), "高温合金".into()],
        in_asked: vec![Segment { text: "需要".into(), hit: false }, Segment { text: "热障涂层".into(), hit: true }],
        in_found: vec![Segment { text: "热障涂层".into(), hit: true }, Segment { text: "的等离子喷涂".into(), hit: false }],
    };
    let group = |kind: &str, matches| MatchGroup {
        kind: kind.into(),
        kind_name: duijie_record::schema(kind).map(|schema| schema.name.clone()).unwrap_or_default(),
        matches,
    };
    Matches {
        of: reference("need", "高温合金叶片表面防护涂层工艺"),
        groups: vec![
            group(
                "offer",
                vec![
                    view("offer", "梯度陶瓷热障涂层等离子喷涂技术", "江南先进制造研究院", 87, 4.21),
                    view("offer", "超音速火焰喷涂耐磨涂层", "常州大学", 61, 2.95),
                ],
            ),
            group("expert", vec![view("expert", "陈立", "常州大学", 74, 3.3)]),
            group("instrument", vec![view("instrument", "X 射线衍射仪", "常州市检验检测中心", 42, 1.7)]),
            group("finance", vec![]),
        ],
        as_of: 12_841,
        without_meaning: None,
    }
}

pub(crate) fn decisions() -> DecisionsView {
    let condition = |verdict: &str, zh: &str, en: &str, sentence: Text| ConditionView {
        label: Text::new(zh, en),
        verdict: verdict.into(),
        depth: usize::from(verdict == "attest"),
        sentence,
        expression: "rd_expense / revenue >= 3%".into(),
        clause: "第八条第二款".into(),
    };
    let decision = |id: &str, name: Text, outcome: &str, outcome_name: Text, amount: Text, reason: Text, missing: Vec<Text>| DecisionView {
        measure: id.into(),
        name,
        outcome: outcome.into(),
        outcome_name,
        amount,
        reason,
        delivery: text!("免申即享", "No application needed"),
        basis: vec![text!("《关于支持科技创新的若干政策》第八条", "Several policies to support innovation, article 8")],
        conditions: vec![
            condition("yes", "在本市注册", "Registered here", text!("注册地为常州市新北区", "registered in 常州市新北区")),
            condition("no", "研发费用占比不低于 3%", "R&D share at least 3%", text!("2021 年为 2.4%，还差 0.6 个百分点", "2.4% in 2021, 0.6 points short")),
            condition("unknown", "近两年无重大安全事故", "No serious accident in two years", text!("没有这项数据", "there is no such fact")),
            condition("attest", "产品属于重点领域", "The product is in a key field", text!("需要主管部门认定", "the bureau has to confirm it")),
        ],
        missing,
        amount_missing: Vec::new(),
        amount_fen: 0,
        effort: text!("无需申请", "nothing to apply for"),
        beside: Text::default(),
    };
    DecisionsView {
        organization: reference("organization", "常州星宇航空材料有限公司"),
        period: "2021".into(),
        on: "2026-11-21".into(),
        counts: vec![
            count("not_eligible", "不符合", "Not eligible", 1),
            count("eligible", "可以享受", "Eligible", 1),
            count("unknown", "还缺信息", "Facts missing", 1),
            count("needs_review", "需要认定", "Needs review", 1),
        ],
        decisions: vec![
            decision(
                "m-1",
                text!("研发费用奖励", "R&D reward"),
                "not_eligible",
                text!("不符合", "Not eligible"),
                Text::default(),
                text!("研发费用占比为 2.4%，离 3% 还差 0.6 个百分点。", "The R&D share is 2.4%, 0.6 points below 3%."),
                vec![],
            ),
            decision(
                "m-2",
                text!("高新技术企业认定奖励", "High-tech enterprise award"),
                "eligible",
                text!("可以享受", "Eligible"),
                text!("20 万元", "CNY 200,000"),
                text!("首次认定高新技术企业，一次性奖励。", "First recognition as a high-tech enterprise, paid once."),
                vec![],
            ),
            decision(
                "m-3",
                text!("瞪羚企业成长奖励", "Gazelle growth reward"),
                "unknown",
                text!("还缺信息", "Facts missing"),
                text!("最高 100 万元", "up to CNY 1,000,000"),
                text!("缺 2 项数据，其余条件都符合。", "Two facts are missing; all else holds."),
                vec![text!("2020 年营业收入", "Revenue 2020")],
            ),
            decision(
                "m-4",
                text!("首台（套）装备支持", "First-of-a-kind equipment"),
                "needs_review",
                text!("需要认定", "Needs review"),
                text!("最高 200 万元", "up to CNY 2,000,000"),
                text!("能核对的条件都符合，产品领域需要认定。", "What can be checked holds; the field needs confirmation."),
                vec![],
            ),
        ],
        ask_next: vec![ask("revenue", 4, field("facts", "revenue")), ask("offence", 0, None), ask("discredited", 1, field("facts", "discredited"))],
        combination: CombinationView {
            chosen: vec![ChosenView {
                measure: "m-2".into(),
                name: text!("高新技术企业认定奖励", "High-tech enterprise award"),
                amount: text!("20 万元", "CNY 200,000"),
                why: text!(
                    "由 25 万元减为 20 万元：创新奖励各项合计每年最高 20 万元",
                    "pays 200,000 instead of 250,000: innovation awards together pay at most 200,000 a year"
                ),
            }],
            left_out: vec![LeftOutView {
                measure: "m-4".into(),
                name: text!("瞪羚企业奖励", "Gazelle award"),
                amount: text!("10 万元", "CNY 100,000"),
                why: text!("与“高新技术企业认定奖励”同属一组，就高不重复", "both belong to one group"),
            }],
            total: text!("20 万元", "CNY 200,000"),
            total_fen: 20_000_000,
            proven: false,
        },
    }
}

fn ask(fact: &str, settles: usize, field: Option<FormField>) -> AskNext {
    AskNext {
        fact: fact.into(),
        name: text!("营业收入", "Revenue"),
        period: "2020".into(),
        period_name: text!("2020年", "2020"),
        question: text!("营业收入是多少？", "What was the revenue?"),
        settles,
        helps: 3,
        field,
    }
}

/// One field of a kind's form.
fn field(kind: &str, key: &str) -> Option<FormField> {
    let groups = form(duijie_record::schema(kind)?);
    groups.into_iter().flat_map(|group| group.fields).find(|field| field.key == key)
}

pub(crate) fn fit() -> FitView {
    let ask = |field: &str, widget: &'static str, options: &[&str], value: &str, fault: Option<Diagnostic>| FactAsk {
        field: field.into(),
        name: text!("研发费用", "R&D expense"),
        question: text!("研发费用是多少？", "What was the R&D expense?"),
        period: text!("2021年", "2021"),
        unit: "万元".into(),
        widget,
        options: options.iter().map(ToString::to_string).collect(),
        values: vec![value.into()],
        fault,
    };
    FitView {
        measure: "m-1".into(),
        name: text!("研发费用奖励", "R&D reward"),
        period: "2021".into(),
        on: "2022-03-01".into(),
        region: "320400".into(),
        region_name: "江苏省常州市".into(),
        asks: vec![
            ask("rd_expense@2021", "number", &[], "<许多>", Some(fault())),
            ask("founded", "date", &[], "2015-06-30", None),
            ask("industry", "select", &["制造业", "软件业"], "软件业", None),
            ask("titles", "checks", &["瞪羚企业"], "瞪羚企业", None),
            ask("attest:无严重失信", "flag", &[], "是", None),
        ],
        explanation: Some(Explanation {
            subject: String::new(),
            period: "2021".into(),
            on: "2022-03-01".into(),
            version: 1,
            decision: decisions().decisions.remove(2),
            facts: vec![FactLine {
                fact: "rd_expense".into(),
                name: text!("研发费用", "R&D expense"),
                period: "2021".into(),
                value: text!("20 万元", "CNY 200,000"),
                source: "当场填写".into(),
                source_kind: text!("自行申报", "declared"),
            }],
            certainty: "B".into(),
            interpretation: text!("按年度计算。", "Counted by the year."),
        }),
        faults: vec![fault()],
    }
}

pub(crate) fn measure_figures() -> Vec<FigureView> {
    let figure = |at, written: &str, asked: &str| FigureView {
        at,
        label: text!("研发费用占比", "R&D share"),
        rule: "研发费用 ÷ 营业收入 ≥ 5%".into(),
        written: written.into(),
        asked: asked.into(),
    };
    vec![figure(0, "2000万元", ""), figure(1, "5%", "4%")]
}

pub(crate) fn simulation() -> SimulationView {
    let money = |least_fen: i64, most_fen: Option<i64>| MoneyBounds { least_fen, most_fen, shown: text!("至少 3 万元", "at least CNY 30,000") };
    let totals = TotalsView {
        subjects: 40,
        eligible_before: 12,
        eligible_after: 19,
        gain: 8,
        lose: 1,
        open: 6,
        cost_before: money(3_000_000, Some(9_000_000)),
        cost_after: money(5_000_000, None),
        difference: money(-1, Some(2)),
    };
    let row = |name: Text| ClassRow { name, totals: totals.clone() };
    let step = |value: &str, mark: &'static str| StepView { value: value.into(), eligible: 9, open: 2, cost: money(1, None), mark };
    SimulationView {
        together: Some(TogetherView {
            beside: vec![text!("税收增量奖励", "Tax-growth reward")],
            cost_before: money(3_000_000, Some(3_000_000)),
            cost_after: money(4_000_000, Some(4_000_000)),
            difference: money(1_000_000, Some(1_000_000)),
        }),
        measure: "m-1".into(),
        name: text!("研发费用奖励", "R&D reward"),
        period: "2021".into(),
        on: "2022-03-01".into(),
        pool: Some(PoolView {
            pool: "320400.innovation".into(), amount_fen: 1, amount: text!("12 万元", "CNY 120,000"), before: "covered", after: "perhaps"
        }),
        classes: vec![
            ClassView {
                key: "region", name: text!("按地区", "By region"), rows: vec![row(text!("天宁区", "天宁区")), row(text!("武进区", "武进区"))]
            },
            ClassView { key: "size", name: text!("按规模", "By size"), rows: vec![] },
        ],
        changes: vec![ChangeView {
            id: "org-0123456789abcdef".into(),
            name: "常州星宇航空材料有限公司".into(),
            region: text!("天宁区", "天宁区"),
            before: "no",
            after: "yes",
            paid_before: money(0, Some(0)),
            paid_after: money(3_000_000, Some(3_000_000)),
            difference_fen: 3_000_000,
        }],
        steps: vec![step("5%", "now"), step("4.5%", ""), step("4%", "asked")],
        totals,
    }
}

pub(crate) fn measures() -> Vec<MeasureLine> {
    let line = |id: &str, name: Text| MeasureLine {
        id: id.into(),
        name,
        region_name: "常州市".into(),
        delivery: text!("免申即享", "No application needed"),
        in_force: "2021-01-01 至 2026-12-31".into(),
        conditions: 4,
        counts: vec![
            count("eligible", "可以享受", "Eligible", 18),
            count("unknown", "还缺信息", "Facts missing", 61),
            count("not_eligible", "不符合", "Not eligible", 121),
        ],
    };
    vec![
        line("cz-hightech-award", text!("高新技术企业认定奖励", "High-tech enterprise award")),
        line("cz-gazelle-growth", text!("瞪羚企业成长奖励", "Gazelle growth reward")),
    ]
}

/// A measure as `app` prints it, down to lines within lines.
fn printed(heading: &str) -> serde_json::Value {
    let inner = serde_json::json!({ "number": "1.", "text": "产品属于重点领域", "clause": "第八条第二款" });
    let line = serde_json::json!({ "number": "（一）", "text": "在本市注册", "rule": "region in 320400", "lines": [inner] });
    serde_json::json!({ "id": "cz-hightech-award", "version": 1, "title": "高新技术企业认定奖励", "sections": [{ "heading": heading, "lines": [line] }] })
}

pub(crate) fn measure() -> MeasureView {
    MeasureView {
        line: measures().remove(0),
        basis: vec![text!("《若干政策》第八条", "Several policies, article 8")],
        conditions: vec![
            (text!("在本市注册", "Registered here"), "region in 320400".into()),
            (text!("首次认定", "First recognition"), "title.count = 1".into()),
        ],
        benefit: text!("一次性奖励 20 万元", "CNY 200,000, once"),
        window: "每年 3 月至 6 月".into(),
        exclusive: vec!["cz-gazelle-growth".into()],
        certainty: "B".into(),
        interpretation: text!("按认定年度计算。", "Counted by the year of recognition."),
        source: "id: cz-hightech-award\nrule: …\n".into(),
        printed: Printed { zh: printed("申报条件"), en: printed("Conditions") },
    }
}

pub(crate) fn import_report() -> ImportReport {
    let column = |letter: &str, header: &str, field: Option<(&str, Text)>, unit: &str| ColumnView {
        column: letter.into(),
        header: header.into(),
        field: field.as_ref().map(|(key, _)| (*key).into()),
        field_name: field.map(|(_, name)| name).unwrap_or_default(),
        unit: unit.into(),
    };
    let row = |number: u32, outcome: &str, faults: Vec<Diagnostic>| SampleRow {
        row: number,
        title: "高温合金叶片表面防护涂层工艺".into(),
        outcome: outcome.into(),
        cells: vec!["高温合金叶片表面防护涂层工艺".into(), "常州星宇航空材料有限公司".into(), "80 万元".into(), String::new()],
        faults,
    };
    ImportReport {
        file: "技术需求汇总表.xlsx".into(),
        written: false,
        sheets: vec![
            SheetReport {
                sheet: "需求汇总".into(),
                kind: Some("need".into()),
                kind_name: text!("技术需求", "Need"),
                header_row: 3,
                columns: vec![
                    column("B", "技术需求名称", Some(("title", text!("需求名称", "Title"))), ""),
                    column("C", "企业名称", Some(("organization", text!("需求单位", "Organization"))), ""),
                    column("H", "拟投入（万元）", Some(("budget", text!("拟投入资金", "Planned investment"))), "万元"),
                    column("K", "备注2", None, ""),
                ],
                rows: 371,
                sample: vec![row(4, "added", vec![]), row(5, "changed", vec![]), row(14, "refused", vec![fault()])],
            },
            SheetReport { sheet: "说明".into(), kind: None, kind_name: Text::default(), header_row: 0, columns: vec![], rows: 0, sample: vec![] },
        ],
        added: 360,
        changed: 4,
        unchanged: 6,
        refused: 1,
        diagnostics: vec![
            Diagnostic::warning("column.unknown", text!("看不懂列 `备注2`，已略过", "the column `备注2` is not known and was left out")),
            fault(),
        ],
        diagnostics_total: 2,
        duplicates: vec![duplicate()],
        kept_curated: 2,
        head: 12_841,
    }
}

pub(crate) fn duplicate() -> DuplicateView {
    DuplicateView {
        kind: "organization".into(),
        first: reference("organization", "常州星宇航空材料有限公司"),
        second: reference("organization", "常州星宇航空材料公司"),
        why: text!("同一地区，名称只差“有限”二字", "in one region, and the names differ by two characters"),
        percent: 93,
    }
}

pub(crate) fn health() -> Health {
    Health {
        version: "0.1.0".into(),
        database: "SQLite 3.54.1".into(),
        entries: 12_841,
        followers: vec![("search".into(), 12_841, 0), ("matches".into(), 12_800, 41)],
        meaning: Some(MeaningState { model: "local-e5-384".into(), embedded: 11_204, records: 12_007 }),
        problems: vec![fault()],
    }
}

pub(crate) fn form(schema: &duijie_record::Schema) -> Vec<FormGroup> {
    let word = |ty: duijie_record::FieldType| serde_json::to_value(ty).ok().and_then(|ty| ty.as_str().map(str::to_string)).unwrap_or_default();
    let field = |field: &duijie_record::Field| FormField {
        key: field.key.clone(),
        name: field.name.clone(),
        ty: word(field.ty),
        help: field.help.clone().unwrap_or_default(),
        example: field.example.clone().unwrap_or_default(),
        required: field.required,
        options: field.options.iter().map(|choice| (choice.zh.clone(), Text::new(&choice.zh, &choice.en))).collect(),
        unit: field.unit.clone().unwrap_or_default(),
        value: field.options.first().map(|choice| choice.zh.clone()).unwrap_or_default(),
        fault: field.required.then(fault),
    };
    schema.groups.iter().map(|group| FormGroup { name: group.name.clone(), fields: group.fields.iter().map(field).collect() }).collect()
}
