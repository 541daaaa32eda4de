//! The leader's figures and the rows behind them: every figure counts exactly the cases it leads to,
//! in the whole, by region, by field and by adviser.

use crate::clockwork::Town;
use duijie_app::{ActForm, CaseForm, DeskQuery, ImportOptions, ProcessTally, Role, Viewer, process_figure};
use duijie_vocab::{RecordId, RegionCode};

const FIRMS: &str = "机构名称,机构类型,行政区划\n武进甲公司,企业,江苏省常州市武进区\n新北乙公司,企业,江苏省常州市新北区\n";
const FIELDS: [&str; 4] = ["新材料", "智能制造", "", "生物医药、新材料"];

struct Region {
    town: Town,
    institute: Viewer,
}

impl Region {
    fn found() -> Region {
        let town = Town::found();
        let options = ImportOptions { kind: Some("organization".into()), ..ImportOptions::default() };
        town.app.import(&Viewer::operator(), "firms.csv", FIRMS.as_bytes().to_vec(), &options).unwrap();
        // What is looked at here are figures; no case waits for a hold to be lifted.
        let rules = town.app.case_rules().unwrap();
        let rules = rules.replace("several_within_hours: 4", "several_within_hours: 0").replace("same_subject_within_days: 90", "same_subject_within_days: 0");
        town.app.put_case_rules(&Viewer::operator(), &rules).unwrap();
        let organization = town.app.organization_named("江南先进制造研究院").unwrap().map(|id| id.to_string());
        let institute = Viewer { login: Some("institute".into()), role: Role::Member, organization, ..town.firm.clone() };
        Region { town, institute }
    }

    fn opened(&self, number: usize, submit: bool) -> RecordId {
        let login = ["zhou", "qian"][number % 2];
        let adviser = Viewer { login: Some(login.into()), role: Role::Adviser, organization: None, ..self.town.officer.clone() };
        let form = CaseForm {
            organization: ["武进甲公司", "新北乙公司", "常州星宇航空材料有限公司"][number % 3].into(),
            title: format!("叶片热障涂层等离子喷涂工艺{number}"),
            problem: "现有热障涂层在循环氧化后开裂剥落，已试过调整等离子喷涂功率，没有明显改善，需要新的涂层结构".into(),
            fields: FIELDS[number % 4].into(),
            contact_name: "李工".into(),
            phone: "0519-12345678".into(),
            ..CaseForm::default()
        };
        self.town.app.open_case(&adviser, &form, submit).unwrap()
    }

    fn act(&self, viewer: &Viewer, id: &RecordId, verb: &str, fields: &[(&str, &str)]) {
        let fields = fields.iter().map(|(name, value)| ((*name).to_string(), (*value).to_string())).collect();
        self.town.app.act_on_case(viewer, id, None, &ActForm { verb: verb.into(), fields }).unwrap();
    }

    fn introduced(&self, number: usize) -> (RecordId, String) {
        let (id, officer) = (self.opened(number, true), &self.town.officer);
        self.act(officer, &id, "claim", &[]);
        self.act(officer, &id, "admit", &[]);
        let candidates = self.town.app.case_candidates(officer, &id).unwrap();
        let own = self.institute.organization.as_ref();
        let responder = candidates.iter().find(|candidate| Some(&candidate.responder.id) == own).expect("the institute can help").responder.id.clone();
        self.town.app.introduce_case(officer, &id, None, std::slice::from_ref(&responder)).unwrap();
        (id, responder)
    }

    fn ended(&self, number: usize, outcome: &str) {
        let (id, responder) = self.introduced(number);
        self.act(&self.institute, &id, "accept", &[("responder", &responder)]);
        self.act(&self.institute, &id, "help", &[("responder", &responder)]);
        self.act(&self.town.officer, &id, "close", &[("outcome", outcome), ("why", "按约定")]);
    }

    /// The rows behind a figure, on as many pages as there are.
    fn rows(&self, leader: &Viewer, query: &DeskQuery) -> u64 {
        let (mut query, mut count) = (query.clone(), 0);
        loop {
            let desk = self.town.app.case_desk(leader, &query).unwrap();
            count += desk.rows.len() as u64;
            match desk.next {
                Some(next) => query.after = Some(next),
                None => return count,
            }
        }
    }

    fn holds(&self, leader: &Viewer, what: &str, tally: &ProcessTally, query: DeskQuery) {
        let figures = [
            ("submitted", tally.submitted),
            ("open", tally.open),
            ("introduced", tally.introduced),
            ("answered", tally.answered),
            ("answered_in_9_days", tally.answered_in_9_days),
            ("abandoned", tally.abandoned),
            ("contracted", tally.contracted),
            ("solved", tally.solved + tally.partly),
            ("not_solved", tally.not_solved),
        ];
        for (word, counted) in figures {
            let figure = process_figure(word);
            assert!(figure.is_some(), "{word}");
            assert_eq!(self.rows(leader, &DeskQuery { figure, ..query.clone() }), counted, "{word} of {what}");
        }
    }
}

#[test]
fn every_figure_counts_the_rows_it_leads_to() {
    let region = Region::found();
    for number in 0..46 {
        region.opened(number, true);
    }
    region.opened(46, false);
    let abandoned = [region.introduced(47).0, region.introduced(48).0];
    region.town.days(60);
    region.town.app.run_clocks().unwrap();
    for id in &abandoned {
        assert_eq!(region.town.app.case(&region.town.officer, id).unwrap().state.as_str(), "unsolved");
    }
    for (number, outcome) in [(49, "solved"), (50, "partly"), (51, "not_solved"), (52, "solved")] {
        region.ended(number, outcome);
    }
    let (late, responder) = region.introduced(53);
    region.town.days(12);
    region.act(&region.institute, &late, "accept", &[("responder", &responder)]);
    let (changzhou, leader) = (region.town.officer.region, Viewer { role: Role::Leader, ..region.town.officer.clone() });
    let process = region.town.app.process_figures(&leader, changzhou).unwrap();
    let whole = &process.whole;
    assert_eq!((whole.submitted, whole.introduced, whole.answered, whole.answered_in_9_days, whole.abandoned), (53, 7, 5, 4, 2));
    assert_eq!((whole.solved, whole.partly, whole.not_solved), (2, 1, 1));
    region.holds(&leader, "the whole", whole, DeskQuery { region: Some(changzhou), ..DeskQuery::default() });
    assert_eq!(process.below.iter().map(|(_, _, tally)| tally.submitted).sum::<u64>(), 35, "the third firm is of the city, of no district");
    for (code, name, tally) in &process.below {
        region.holds(&leader, name, tally, DeskQuery { region: Some(*code), ..DeskQuery::default() });
    }
    assert_eq!(process.fields.iter().map(|(_, tally)| tally.submitted).sum::<u64>(), whole.submitted);
    for (field, tally) in &process.fields {
        region.holds(&leader, field, tally, DeskQuery { region: Some(changzhou), field: Some(field.clone()), ..DeskQuery::default() });
    }
    assert_eq!(process.advisers.iter().map(|(login, _, _)| login.as_str()).collect::<Vec<_>>(), ["qian", "zhou"]);
    for (login, _, tally) in &process.advisers {
        region.holds(&leader, login, tally, DeskQuery { region: Some(changzhou), adviser: Some(login.clone()), ..DeskQuery::default() });
    }
    let elsewhere = Viewer { region: RegionCode::parse("320200").unwrap(), ..leader };
    assert!(region.town.app.process_figures(&elsewhere, changzhou).is_err());
    assert_eq!(region.rows(&elsewhere, &DeskQuery { region: Some(changzhou), ..DeskQuery::default() }), 0);
}
