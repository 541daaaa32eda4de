//! The proposed assignment goes by what the records of experts say: how many at once, absent until
//! when, whom they stay away from, where they belong, and what they declined before. So does a choice by hand.

use crate::clockwork::Town;
use duijie_app::{ActForm, AppError, CandidateView, ImportOptions, Role, Viewer};
use duijie_vocab::RecordId;

const EXPERTS: &str = "姓名,编号,所在单位,行政区划,技术领域,能解决的问题,同时承接上限,暂停服务至,回避单位\n\
    自家人,ZJ1,常州星宇航空材料有限公司,常州市,表面工程,热障涂层成分设计与等离子喷涂参数优化,,,\n\
    一件人,ZJ2,江南先进制造研究院,常州市,表面工程,热障涂层成分设计与等离子喷涂参数优化,1,,\n\
    出国人,ZJ3,江南先进制造研究院,常州市,表面工程,热障涂层成分设计与等离子喷涂参数优化,,2026-12-31,\n\
    回避人,ZJ4,江南先进制造研究院,常州市,表面工程,热障涂层成分设计与等离子喷涂参数优化,,,常州星宇航空材料有限公司\n\
    推辞人,ZJ5,江南先进制造研究院,常州市,表面工程,热障涂层成分设计与等离子喷涂参数优化,,,\n\
    空闲人,ZJ6,江南先进制造研究院,常州市,表面工程,热障涂层成分设计与等离子喷涂参数优化,,,\n";

fn town() -> Town {
    let town = Town::found();
    let options = ImportOptions { kind: Some("expert".into()), ..ImportOptions::default() };
    let report = town.app.import(&Viewer::operator(), "experts.csv", EXPERTS.as_bytes().to_vec(), &options).unwrap();
    assert_eq!(report.refused, 0, "{:?}", report.diagnostics);
    town.app.follow(&mut |_| {}).unwrap();
    let rules = town.app.case_rules().unwrap();
    let rules = rules.replace("several_within_hours: 4", "several_within_hours: 0").replace("same_subject_within_days: 90", "same_subject_within_days: 0");
    town.app.put_case_rules(&Viewer::operator(), &rules).unwrap();
    town
}

fn matching(town: &Town) -> RecordId {
    let id = town.submitted();
    town.act(&town.officer, &id, "claim");
    town.act(&town.officer, &id, "admit");
    id
}

fn candidate(town: &Town, id: &RecordId, name: &str) -> CandidateView {
    let candidates = town.app.case_candidates(&town.officer, id).unwrap();
    let names: Vec<String> = candidates.iter().map(|candidate| candidate.responder.name.clone()).collect();
    candidates.into_iter().find(|candidate| candidate.responder.name == name).unwrap_or_else(|| panic!("{name} is not among {names:?}"))
}

const INSTITUTE: &str = "江南先进制造研究院";

/// The case is introduced to `name`, who declines it, and is looked at again.
fn decline(town: &Town, id: &RecordId, name: &str) {
    let chosen = candidate(town, id, name).responder.id;
    town.app.introduce_case(&town.officer, id, None, std::slice::from_ref(&chosen)).unwrap();
    let organization = town.app.organization_named(INSTITUTE).unwrap().map(|id| id.to_string());
    let institute = Viewer { login: Some("institute".into()), role: Role::Member, organization, ..town.firm.clone() };
    let form = |verb: &str, fields: &[(&str, &str)]| ActForm {
        verb: verb.into(),
        fields: fields.iter().chain(&[("why", "没有时间")]).map(|(name, value)| ((*name).to_string(), (*value).to_string())).collect(),
    };
    town.app.act_on_case(&institute, id, None, &form("decline", &[("responder", &chosen)])).unwrap();
    town.app.act_on_case(&town.officer, id, None, &form("rematch", &[])).unwrap();
}

/// Who is proposed for which case.
fn proposed(town: &Town) -> Vec<(String, String)> {
    let plan = town.app.propose_assignment(&town.officer).unwrap();
    plan.proposals.into_iter().map(|proposal| (proposal.case, proposal.responder.name)).collect()
}

#[test]
fn an_assignment_goes_by_the_records_of_experts() {
    let town = town();
    let (declined, others) = (matching(&town), [matching(&town), matching(&town), matching(&town)]);
    decline(&town, &declined, "推辞人");
    // The institute as such would rather not, so that its experts are asked.
    for id in others.iter().chain([&declined]) {
        decline(&town, id, INSTITUTE);
    }

    let plan = proposed(&town);
    assert_eq!(plan.len(), 4, "every case gets somebody: {plan:?}");
    let named = |name: &str| plan.iter().filter(|(_, responder)| responder == name).count();
    assert_eq!((named("自家人"), named("出国人"), named("回避人")), (0, 0, 0), "{plan:?}");
    assert!(named("一件人") <= 1, "{plan:?}");
    assert!(!plan.contains(&(declined.to_string(), "推辞人".into())), "{plan:?}");
    let busiest = plan.iter().map(|(_, responder)| named(responder)).max();
    assert!(busiest <= Some(2), "the work is spread: {plan:?}");

    for (name, words) in [("自家人", "同一机构"), ("出国人", "暂停服务至 2026-12-31"), ("回避人", "利益关系")] {
        let candidate = candidate(&town, &others[0], name);
        assert!(candidate.against.as_ref().is_some_and(|why| why.zh.contains(words)), "{name}: {:?}", candidate.against);
        let fault = town.app.introduce_case(&town.officer, &others[0], None, &[candidate.responder.id]).unwrap_err();
        let AppError::Invalid(faults) = fault else { panic!("{fault}") };
        assert!(faults[0].message.zh.contains(name) && faults[0].message.zh.contains(words), "{:?}", faults[0]);
    }
    let busy = candidate(&town, &others[0], "一件人").responder.id;
    town.app.introduce_case(&town.officer, &others[0], None, std::slice::from_ref(&busy)).unwrap();
    let full = candidate(&town, &others[1], "一件人");
    assert!(full.against.is_some_and(|why| why.zh.contains("已达上限 1 件")));
    assert!(proposed(&town).iter().all(|(_, responder)| responder != "一件人"));
}

#[test]
fn of_a_round_only_what_still_holds_is_introduced() {
    let town = town();
    let (one, other) = (matching(&town), matching(&town));
    let busy = candidate(&town, &one, "一件人").responder.id;
    let version = |id: &RecordId| town.app.case(&town.officer, id).unwrap().version;
    let round = [(one.clone(), version(&one), busy.clone()), (other.clone(), version(&other), busy)];
    let report = town.app.introduce_round(&town.officer, &round).unwrap();
    assert_eq!((report.introduced, report.kept_back.len()), (1, 1));
    assert!(report.kept_back[0].0 == other.to_string() && report.kept_back[0].1.zh.contains("已达上限"), "{:?}", report.kept_back);
    assert_eq!(town.app.case(&town.officer, &other).unwrap().state.as_str(), "matching");
    let again = town.app.introduce_round(&town.officer, &round).unwrap();
    assert_eq!((again.introduced, again.kept_back.len()), (0, 2), "a round that is sent twice is done once");
}
