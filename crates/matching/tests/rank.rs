//! Ranking at its door: the order, the parts and the reasons.

use duijie_matching::{
    Analyzer, Candidate, DocumentFrequencies, FieldText, Match, Maturity, PartName, PriceRange, Profile, QueryTerms, Ranking, Reason, Standing, TermLimits,
    TextScore, Weights, rank,
};
use duijie_vocab::{Date, Fen, Lang, RecordId, RegionCode, Timestamp};
use proptest::prelude::*;

struct AllEqual;

impl DocumentFrequencies for AllEqual {
    fn documents(&self) -> u64 {
        100
    }
    fn frequency(&self, _: &str) -> u64 {
        2
    }
}

fn need() -> Profile {
    let text = "高温合金叶片需要热障涂层";
    Profile {
        texts: vec![FieldText { field: "main_problem".into(), weight: 4, text: text.into() }],
        fields: vec!["新材料".into()],
        industries: vec!["C3240".into()],
        region: RegionCode::parse("320402").unwrap(),
        maturity: Some(Maturity::PassedPilot),
        budget: Some(Fen(200_000_000)),
        ..Profile::of_text(text)
    }
}

fn resource(key: &str) -> Profile {
    Profile {
        id: Some(RecordId::derive("offer", key)),
        kind: "offer".into(),
        title: format!("热障涂层 {key}"),
        texts: vec![FieldText { field: "description".into(), weight: 3, text: "面向叶片的热障涂层制备".into() }],
        region: RegionCode::parse("320402").unwrap(),
        updated: Some(Timestamp::parse("2021-03-05T00:00:00Z").unwrap()),
        completeness: 0.5,
        ..Profile::of_text("")
    }
}

fn candidate(profile: Profile, words: f32) -> Candidate {
    Candidate { profile, text: TextScore { words, bigrams: words }, dense: None }
}

fn ranked(candidates: Vec<Candidate>) -> Vec<Match> {
    let analyzer = Analyzer::shared();
    let terms = QueryTerms::of(&analyzer, &need().texts, &AllEqual, TermLimits::default());
    let weights = Weights::default();
    let today = Date::parse("2021-03-05").unwrap();
    rank(&need(), candidates, &Ranking { analyzer: &analyzer, weights: &weights, topics: None, terms: &terms, today, limit: 20, per_holder: 2 })
}

fn part(found: &Match, name: PartName) -> (f32, bool, String) {
    let part = found.parts.iter().find(|part| part.name == name).unwrap();
    (part.value, part.known, part.reason.zh.clone())
}

#[test]
fn each_part_tells_how_well_it_fits_and_why() {
    let good = Profile {
        fields: vec!["新材料".into(), "机器人".into()],
        industries: vec!["C3250".into()],
        maturity: Some(Maturity::ReadyForProduction),
        price: PriceRange { from: Some(Fen(150_500_000)), to: None },
        ..resource("a")
    };
    let found = &ranked(vec![candidate(good, 3.0)])[0];
    assert_eq!(part(found, PartName::Field), (1.0, true, "技术领域相同：新材料".into()));
    let (industry, known, reason) = part(found, PartName::Industry);
    assert!((industry - 0.6).abs() < 1e-6 && known && reason.contains("C32"), "{reason}");
    assert_eq!(part(found, PartName::Region), (1.0, true, "同在天宁区".into()));
    assert_eq!(part(found, PartName::Maturity), (1.0, true, "成熟度符合要求：可以量产".into()));
    assert_eq!(part(found, PartName::Budget), (1.0, true, "价格 150.5万元 在预算 200万元 之内".into()));
    assert_eq!(part(found, PartName::Freshness).0, 1.0);
    assert!(part(found, PartName::Text).2.contains("涂层"));
    assert!(found.reasons_against.is_empty(), "{:?}", found.reasons_against);
}

#[test]
fn what_is_not_known_is_said_and_counts_neutrally() {
    let found = &ranked(vec![candidate(resource("a"), 3.0)])[0];
    for name in [PartName::Field, PartName::Industry, PartName::Maturity, PartName::Budget] {
        let (value, known, _) = part(found, name);
        assert_eq!((value, known), (Weights::default().unknown, false), "{name:?}");
    }
    let told: Vec<&str> = found.reasons_against.iter().map(|reason| reason.text.zh.as_str()).collect();
    assert!(told.contains(&"成熟度未知") && told.contains(&"价格未知"), "{told:?}");
}

#[test]
fn what_does_not_fit_speaks_against() {
    let bad = Profile {
        fields: vec!["水稻".into()],
        region: RegionCode::parse("330203").unwrap(),
        maturity: Some(Maturity::InDevelopment),
        price: PriceRange { from: Some(Fen(2_000_000_000)), to: None },
        valid_until: Date::parse("2020").ok(),
        ..resource("a")
    };
    let found = &ranked(vec![candidate(bad, 1.0)])[0];
    let against: Vec<PartName> = found.reasons_against.iter().map(|reason| reason.part).collect();
    for name in [PartName::Field, PartName::Region, PartName::Maturity, PartName::Budget, PartName::Availability] {
        assert!(against.contains(&name), "{name:?} in {against:?}");
    }
    let sentence = found.sentence(Lang::Zh);
    assert!(sentence.contains("不足：") && sentence.ends_with('。'), "{sentence}");
    assert!(found.sentence(Lang::En).contains("Against it: "));
}

#[test]
fn shared_terms_stand_where_they_say() {
    let resource = resource("a");
    let found = &ranked(vec![candidate(resource.clone(), 3.0)])[0];
    assert!(!found.shared_terms.is_empty());
    for shared in &found.shared_terms {
        for (places, texts) in [(&shared.in_need, &need().texts), (&shared.in_resource, &resource.texts)] {
            assert!(!places.is_empty(), "{shared:?}");
            for place in places {
                let text = &texts.iter().find(|field| field.field == place.field).unwrap().text;
                let there: String = text.chars().skip(place.from as usize).take((place.to - place.from) as usize).collect();
                assert_eq!(there, shared.term);
            }
        }
    }
}

#[test]
fn one_holder_does_not_fill_the_first_places() {
    let mut candidates: Vec<Candidate> = (0..12).map(|n| candidate(Profile { holder: Some("某大学".into()), ..resource(&format!("u{n}")) }, 9.0)).collect();
    candidates.extend((0..12).map(|n| candidate(Profile { holder: Some(format!("公司{n}")), ..resource(&format!("c{n}")) }, 1.0)));
    let matches = ranked(candidates);
    let of_university = |found: &&Match| found.holder.as_deref() == Some("某大学");
    assert_eq!(matches.iter().take(10).filter(of_university).count(), 2);
    assert!(matches[..2].iter().all(|found| of_university(&found)), "the best stay first");
    assert_eq!(matches.len(), 20);
}

fn standing(closed: u32, worth: f32, open: u32) -> Standing {
    Standing { closed, solved: closed, worth, open, limit: 8, ..Standing::default() }
}

#[test]
fn a_track_record_counts_more_the_more_cases_it_has() {
    let ranked_with = |standing| {
        let found = ranked(vec![candidate(Profile { standing, ..resource("a") }, 3.0)]).remove(0);
        (part(&found, PartName::Track), part(&found, PartName::Load), found)
    };
    let unknown = Weights::default().unknown;
    let (none, ..) = ranked_with(None);
    assert_eq!((none.0, none.1), (unknown, false));
    let (one, ..) = ranked_with(Some(standing(1, 1.0, 0)));
    let (many, load, found) = ranked_with(Some(standing(20, 20.0, 7)));
    assert!(unknown < one.0 && one.0 < many.0 && one.2.contains("件数少"), "{one:?} {many:?}");
    assert!(found.reasons_for.iter().any(|reason| reason.part == PartName::Track));
    assert!(load.0 < 0.2 && found.reasons_against.iter().any(|reason| reason.part == PartName::Load && reason.text.zh == "在办 7 件，上限 8 件"));
    let (bad, full, _) = ranked_with(Some(standing(4, 0.0, 9)));
    assert!(bad.0 < unknown && full.0 == 0.0 && full.2.contains("已满"), "{bad:?} {full:?}");
}

#[test]
fn what_falls_short_of_a_wish_speaks_against_a_match_however_little_it_costs() {
    let price = |yuan: i64| PriceRange { from: Some(Fen(yuan * 100)), to: None };
    let says = |maturity, yuan| {
        let found = ranked(vec![candidate(Profile { maturity: Some(maturity), price: price(yuan), ..resource("a") }, 3.0)]).remove(0);
        let told = |reasons: &[Reason]| reasons.iter().map(|reason| reason.part).filter(|part| matches!(part, PartName::Maturity | PartName::Budget)).count();
        (told(&found.reasons_for), told(&found.reasons_against))
    };
    assert_eq!(says(Maturity::PassedPilot, 2_000_000), (2, 0));
    assert_eq!(says(Maturity::PassedLabTrial, 2_000_001), (0, 2));
    assert_eq!(says(Maturity::PassedLabTrial, 4_000_000), (0, 2));
}

#[test]
fn backwards_the_wishes_stand_on_the_side_of_the_found_need() {
    let offer = Profile { maturity: Some(Maturity::InDevelopment), price: PriceRange { from: Some(Fen(500_000_000)), to: None }, ..resource("a") };
    let analyzer = Analyzer::shared();
    let terms = QueryTerms::of(&analyzer, &offer.texts, &AllEqual, TermLimits::default());
    let weights = Weights::default();
    let today = Date::parse("2021-03-05").unwrap();
    let ranking = Ranking { analyzer: &analyzer, weights: &weights, topics: None, terms: &terms, today, limit: 20, per_holder: 2 };
    let found = &rank(&offer, vec![candidate(need(), 3.0)], &ranking)[0];
    assert!(part(found, PartName::Maturity).2.contains("低于期望的通过中试"), "{:?}", part(found, PartName::Maturity));
    assert_eq!(part(found, PartName::Budget).2, "价格 500万元 超出预算 200万元");
}

#[test]
fn fields_and_places_are_near_by_level() {
    let value = |profile: Profile, name| part(&ranked(vec![candidate(profile, 3.0)])[0], name);
    let field = |name: &str| value(Profile { fields: vec![name.into()], ..resource("a") }, PartName::Field);
    assert!(field("新材料").0 > field("高分子材料").0 && field("高分子材料").0 > field("工程塑料").0 && field("工程塑料").0 > field("水稻").0);
    let place = |code: &str| value(Profile { region: RegionCode::parse(code).unwrap(), ..resource("a") }, PartName::Region);
    let steps: Vec<(f32, bool, String)> = ["320402", "320411", "320281", "320700", "370102", "510107"].iter().map(|code| place(code)).collect();
    assert!(steps.windows(2).all(|pair| pair[0].0 > pair[1].0), "{steps:?}");
    assert!(steps[2].2.contains("邻市") && steps[4].2.contains("邻省"), "{steps:?}");
}

#[test]
fn a_match_survives_json() {
    let found = ranked(vec![candidate(resource("a"), 3.0)]).remove(0);
    let json = serde_json::to_value(&found).unwrap();
    assert!(json["for"].is_array() && json["against"].is_array());
    assert_eq!(serde_json::from_value::<Match>(json).unwrap(), found);
}

#[test]
fn nothing_gives_nothing() {
    assert!(ranked(Vec::new()).is_empty());
    let silent = ranked(vec![candidate(resource("a"), 0.0)]);
    assert!(silent[0].reasons_against.iter().any(|reason| reason.part == PartName::Text));
}

proptest! {
    #[test]
    fn parts_add_up_and_order_follows_the_score(scores in prop::collection::vec(0.0f32..50.0, 1..30), budget in any::<i64>(), price in any::<i64>(), closed in 0u32..50, open in 0u32..50, share in 0.0f32..=1.0) {
        let candidates = scores.iter().enumerate().map(|(n, &score)| {
            let price = PriceRange { from: Some(Fen(price)), to: Some(Fen(budget)) };
            candidate(Profile { price, completeness: score / 50.0, standing: Some(standing(closed, closed as f32 * share, open)), ..resource(&n.to_string()) }, score)
        });
        let matches = ranked(candidates.collect());
        for found in &matches {
            let sum: f32 = found.parts.iter().map(|part| part.contribution()).sum();
            prop_assert!((sum - found.score).abs() < 1e-5);
            prop_assert!((0.0..=1.0 + 1e-5).contains(&found.score));
            prop_assert!((found.parts.iter().map(|part| part.weight).sum::<f32>() - 1.0).abs() < 1e-5);
            prop_assert!(found.parts.iter().all(|part| (0.0..=1.0).contains(&part.value)));
        }
        prop_assert!(matches.windows(2).all(|pair| pair[0].score >= pair[1].score));
    }
}
