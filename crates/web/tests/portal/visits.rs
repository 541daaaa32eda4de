//! A visit becomes drafts of needs, and what was promised stands on the adviser's desk until kept.

use crate::clockwork::Town;
use duijie_app::{AppError, CaseState, Role, Viewer, VisitForm};

fn adviser(town: &Town) -> Viewer {
    Viewer { login: Some("zhou".into()), name: "周联络".into(), role: Role::Adviser, organization: None, ..town.officer.clone() }
}

fn form() -> VisitForm {
    VisitForm {
        organization: "常州星宇航空材料有限公司".into(),
        on: "2026-03-01".into(),
        contact_name: "李工".into(),
        phone: "0519-12345678".into(),
        problems: "1. 热障涂层在循环氧化后开裂剥落，调整功率没有改善，需要新的涂层结构\n2. 叶片激光打孔毛刺多，返工率高，交期常常延误，需要新的打孔工艺".into(),
        promises: "联系江南先进制造研究院 2026-03-05\n".into(),
        ..VisitForm::default()
    }
}

#[test]
fn each_problem_of_a_visit_is_a_draft_that_the_adviser_completes() {
    let town = Town::found();
    let adviser = adviser(&town);
    let id = town.app.record_visit(&adviser, &form()).unwrap();
    let visit = town.app.visit(&adviser, &id).unwrap();
    assert_eq!(visit.cases.len(), 2);
    let case = duijie_vocab::RecordId::parse(&visit.cases[1].0).unwrap();
    let seen = town.app.case(&town.firm, &case).unwrap();
    assert!(seen.state == CaseState::Draft && seen.need.title.contains("激光打孔"), "{}", seen.need.title);
    assert!(seen.related.iter().any(|(_, from)| *from == id.to_string()));
    town.app.submit_case(&adviser, &case, None).unwrap();
    assert!(matches!(town.app.visit(&town.firm, &id), Err(AppError::Refused(_))));
    let elsewhere = Viewer { region: duijie_vocab::RegionCode::parse("320200").unwrap(), ..adviser.clone() };
    assert!(matches!(town.app.visit(&elsewhere, &id), Err(AppError::NotFound)));
}

#[test]
fn a_promise_is_told_of_on_its_day_once_and_marked_as_kept() {
    let town = Town::found();
    let adviser = adviser(&town);
    let id = town.app.record_visit(&adviser, &form()).unwrap();
    let told = || town.app.inbox(&adviser).unwrap().into_iter().filter(|notice| notice.text.zh.contains("承诺到期")).count();
    assert_eq!(town.app.visit_desk(&adviser, None).unwrap().open.len(), 1);
    town.app.ring_visits().unwrap();
    assert_eq!(told(), 0);
    town.days(4);
    town.app.ring_visits().unwrap();
    town.app.ring_visits().unwrap();
    assert_eq!(told(), 1);
    let version = town.app.visit(&adviser, &id).unwrap().version;
    assert!(matches!(town.app.keep_promise(&adviser, &id, version - 1, 0, "2026-03-05"), Err(AppError::Conflict(_))));
    town.app.keep_promise(&adviser, &id, version, 0, "2026-03-05").unwrap();
    assert_eq!(town.app.visit(&adviser, &id).unwrap().promises[0].kept.as_deref(), Some("2026-03-05"));
    assert!(town.app.visit_desk(&adviser, None).unwrap().open.is_empty());
}

#[test]
fn a_visit_that_says_nothing_or_lies_ahead_is_refused() {
    let town = Town::found();
    let adviser = adviser(&town);
    let refused = |form: VisitForm| town.app.record_visit(&adviser, &form).unwrap_err().to_string();
    for form in [
        VisitForm { on: "2027-01-01".into(), ..form() },
        VisitForm { on: "昨天".into(), ..form() },
        VisitForm { organization: "没有这家".into(), ..form() },
        VisitForm { problems: String::new(), promises: String::new(), ..form() },
        VisitForm { promises: "联系教授".into(), ..form() },
    ] {
        assert!(!refused(form).is_empty());
    }
    assert!(matches!(town.app.record_visit(&town.firm, &form()), Err(AppError::Refused(_))));
}
