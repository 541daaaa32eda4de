//! Time passes over cases: clocks ring once, letters go out once, and a closed post office loses nothing.

use duijie_app::{App, AppOptions, CaseForm, ImportOptions, Mail, NewAccount, Post, Role, Viewer};
use duijie_vocab::{Clock, Entropy, RecordId, RegionCode, Timestamp};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

const DAY_MICROS: i64 = 86_400_000_000;

pub(crate) struct Hands(pub(crate) AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed)).expect("an instant")
    }
}

pub(crate) struct Counting(pub(crate) AtomicU64);

impl From<u64> for Counting {
    fn from(first: u64) -> Counting {
        Counting(AtomicU64::new(first))
    }
}

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for piece in bytes.chunks_mut(8) {
            let number = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
            piece.copy_from_slice(&number[..piece.len()]);
        }
    }
}

/// Letters that arrived, unless the post office is closed.
#[derive(Default)]
pub(crate) struct PostOffice {
    pub(crate) closed: AtomicBool,
    pub(crate) letters: Mutex<BTreeMap<String, Mail>>,
}

impl Post for PostOffice {
    fn send(&self, id: &str, mail: &Mail) -> std::io::Result<()> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(std::io::Error::other("the post office is closed"));
        }
        self.letters.lock().unwrap().insert(id.to_string(), mail.clone());
        Ok(())
    }
}

pub(crate) struct Town {
    pub(crate) app: App,
    pub(crate) hands: Arc<Hands>,
    pub(crate) post: Arc<PostOffice>,
    pub(crate) firm: Viewer,
    pub(crate) officer: Viewer,
    data: tempfile::TempDir,
}

pub(crate) const PORTAL: &str = "https://duijie.example.cn";

fn opened(data: &std::path::Path, hands: &Arc<Hands>, entropy: Arc<Counting>) -> App {
    App::open(AppOptions { data: data.into(), database: None, clock: hands.clone(), entropy, group: Default::default() }).unwrap()
}

impl Town {
    pub(crate) fn found() -> Town {
        let data = tempfile::tempdir().unwrap();
        let hands = Arc::new(Hands(AtomicI64::new(Timestamp::parse("2026-03-02T01:00:00Z").unwrap().micros())));
        let entropy = Arc::new(Counting(AtomicU64::new(1)));
        let post = Arc::new(PostOffice::default());
        let app = opened(data.path(), &hands, entropy).with_post(post.clone());
        let operator = Viewer::operator();
        let csv = "机构名称,机构类型,行政区划\n常州星宇航空材料有限公司,企业,常州市\n江南先进制造研究院,科研院所,常州市\n";
        let offers =
            "成果名称,持有单位,成果简介,关键词,行政区划\n梯度陶瓷热障涂层等离子喷涂技术,江南先进制造研究院,双层梯度热障涂层,热障涂层；等离子喷涂,常州市\n";
        for (kind, text) in [("organization", csv), ("offer", offers)] {
            let options = ImportOptions { kind: Some(kind.into()), ..ImportOptions::default() };
            app.import(&operator, &format!("{kind}.csv"), text.as_bytes().to_vec(), &options).unwrap();
        }
        app.follow(&mut |_| {}).unwrap();
        let region = RegionCode::parse("320400").unwrap();
        let organization = app.organization_named("常州星宇航空材料有限公司").unwrap();
        let person = |login: &str, role, organization: Option<RecordId>| {
            let account =
                NewAccount { login: login.into(), name: login.into(), password: "correct horse".into(), role, region, organization: organization.clone() };
            app.put_account(&operator, &account).unwrap();
            let organization = organization.map(|id| id.to_string());
            let viewer = Viewer { login: Some(login.into()), name: login.into(), role, region, organization };
            app.set_email(&viewer, &format!("{login}@example.cn")).unwrap();
            viewer
        };
        let (firm, officer) = (person("firm", Role::Member, organization), person("officer", Role::Officer, None));
        Town { hands, post, firm, officer, app, data }
    }

    /// The same town with another product over its data.
    pub(crate) fn with(self, change: impl FnOnce(App) -> App) -> Town {
        Town { app: change(self.app), ..self }
    }

    /// The town after the product was stopped and started again.
    pub(crate) fn restarted(self) -> Town {
        let Town { app, hands, post, firm, officer, data } = self;
        drop(app);
        let entropy = Arc::new(Counting(AtomicU64::new(1_000_000)));
        let app = opened(data.path(), &hands, entropy).with_post(post.clone());
        Town { app, hands, post, firm, officer, data }
    }

    pub(crate) fn days(&self, days: i64) {
        self.hands.0.fetch_add(days * DAY_MICROS, Ordering::Relaxed);
    }

    pub(crate) fn submitted(&self) -> RecordId {
        let form = CaseForm {
            title: "叶片热障涂层等离子喷涂工艺".into(),
            problem: "现有热障涂层在循环氧化后开裂剥落，已试过调整等离子喷涂功率，没有明显改善，需要新的涂层结构".into(),
            contact_name: "李工".into(),
            phone: "0519-12345678".into(),
            ..CaseForm::default()
        };
        self.app.open_case(&self.firm, &form, true).unwrap()
    }

    pub(crate) fn act(&self, viewer: &Viewer, id: &RecordId, verb: &str) {
        self.app.act_on_case(viewer, id, None, &duijie_app::ActForm { verb: verb.into(), fields: Vec::new() }).unwrap();
    }

    pub(crate) fn introduced(&self) -> RecordId {
        let id = self.submitted();
        self.act(&self.officer, &id, "claim");
        self.act(&self.officer, &id, "admit");
        let responder = self.app.case_candidates(&self.officer, &id).unwrap()[0].responder.id.clone();
        self.app.introduce_case(&self.officer, &id, None, &[responder]).unwrap();
        id
    }

    pub(crate) fn letters(&self) -> usize {
        self.app.send_letters(PORTAL).unwrap().letters
    }
}

#[test]
fn a_case_that_nobody_answers_is_reminded_and_abandoned_once() {
    let town = Town::found();
    let id = town.introduced();
    let mut rang = 0;
    for _ in 0..60 {
        town.days(1);
        rang += town.app.run_clocks().unwrap().rang;
        assert_eq!(town.app.run_clocks().unwrap().rang, 0, "a clock rang twice");
    }
    let case = town.app.case(&town.firm, &id).unwrap();
    assert_eq!((rang, case.state), (4, duijie_app::CaseState::Unsolved));
    town.days(-40);
    assert_eq!(town.app.run_clocks().unwrap().rang, 0, "a clock set back rings nothing");
    assert!(town.app.inbox(&town.firm).unwrap().iter().any(|notice| notice.text.zh.contains("到期无人响应")));
    assert_eq!(town.app.next_clocks().unwrap(), []);
    assert!(town.app.check().unwrap().sound, "the journal leads to the state");
}

#[test]
fn a_clock_rings_once_however_often_the_product_is_started_again() {
    let mut town = Town::found();
    let id = town.introduced();
    let mut rang = 0;
    for day in 0..60 {
        town.days(1);
        // Stopped for a week at a time, at times before the clocks were looked at, at times after.
        if day % 7 == 0 {
            town = town.restarted();
        }
        if day % 3 == 0 {
            rang += town.app.run_clocks().unwrap().rang;
            town = town.restarted();
            assert_eq!(town.app.run_clocks().unwrap().rang, 0, "a clock rang again after a restart");
        }
    }
    assert_eq!((rang, town.app.case(&town.firm, &id).unwrap().state), (4, duijie_app::CaseState::Unsolved));
    let told = |words: &str| town.app.inbox(&town.firm).unwrap().iter().filter(|notice| notice.text.zh.contains(words)).count();
    assert_eq!(told("到期无人响应"), 1);
    assert!(town.app.check().unwrap().sound);
}

#[test]
fn clocks_that_were_due_while_the_product_was_off_ring_when_it_is_back() {
    let mut town = Town::found();
    town.introduced();
    town = town.restarted();
    town.days(30);
    let health = || town.app.health(&Viewer::operator()).unwrap().problems.iter().any(|problem| problem.code == "health.clocks");
    assert!(health(), "the health page says that clocks stand still");
    assert!(town.app.run_clocks().unwrap().rang >= 1);
    assert!(!health());
    assert_eq!(town.app.next_clocks().unwrap().len(), 1, "the next one is known");
}

#[test]
fn what_a_case_was_is_shown_as_of_any_entry() {
    let town = Town::found();
    let id = town.introduced();
    let now = town.app.case(&town.officer, &id).unwrap();
    let states: Vec<_> = now.timeline.iter().map(|line| town.app.case_as_of(&town.officer, &id, line.seq).unwrap().state.as_str()).collect();
    assert_eq!(states, ["draft", "submitted", "triage", "matching", "introduced"]);
    assert!(town.app.case_as_of(&town.officer, &id, now.timeline[0].seq).unwrap().actions.is_empty());
}

#[test]
fn letters_wait_for_quiet_go_out_once_and_survive_a_closed_post_office() {
    let town = Town::found();
    town.submitted();
    assert_eq!(town.letters(), 0, "what has just happened waits for more");
    town.post.closed.store(true, Ordering::Relaxed);
    town.hands.0.fetch_add(60_000_000, Ordering::Relaxed);
    assert_eq!(town.letters(), 0);
    let failures = town.app.letter_failures().unwrap();
    assert!(failures.len() == 1 && failures[0].times == 1 && failures[0].why.contains("closed"), "{failures:?}");
    assert!(town.app.health(&Viewer::operator()).unwrap().problems.iter().any(|problem| problem.code == "health.letters"));
    town.post.closed.store(false, Ordering::Relaxed);
    assert_eq!(town.letters(), 0, "it is not tried again at once");
    town.days(1);
    assert_eq!(town.letters(), 1, "the desk hears of it; who handed it in knows");
    assert_eq!(town.letters(), 0);
    assert_eq!(town.app.letter_failures().unwrap(), []);
    let letters = town.post.letters.lock().unwrap();
    let letter = letters.values().next().unwrap();
    assert!(
        letter.to == "officer@example.cn" && letter.body.contains("请认领审核") && letter.body.contains("https://duijie.example.cn/case/case-"),
        "{letter:?}"
    );
}

#[test]
fn a_region_may_have_clocks_of_its_own() {
    let town = Town::found();
    let rules = town.app.case_rules().unwrap();
    let own = format!("{rules}\nregions:\n  常州: {{clocks: {{pending: 1 days, reminder: 2 days, last_chance: 3 days, abandon: 5 days}}}}\n");
    assert!(town.app.put_case_rules(&town.officer, &own).is_err(), "only administrators set rules");
    assert!(town.app.put_case_rules(&Viewer::operator(), "clocks: {}").is_err());
    town.app.put_case_rules(&Viewer::operator(), &own).unwrap();
    let id = town.introduced();
    town.days(8);
    assert_eq!(town.app.run_clocks().unwrap().abandoned, 1);
    assert_eq!(town.app.case(&town.firm, &id).unwrap().state, duijie_app::CaseState::Unsolved);
}

#[test]
fn clocks_that_run_follow_new_rules() {
    let town = Town::found();
    let id = town.introduced();
    let due = || town.app.next_clocks().unwrap()[0].at.clone();
    let before = due();
    let shorter = town.app.case_rules().unwrap().replace("pending: 3 days", "pending: 2 days");
    town.app.put_case_rules(&Viewer::operator(), &shorter).unwrap();
    assert!(due() < before, "{} {before}", due());
    let case = town.app.case(&town.officer, &id).unwrap();
    assert!(case.timeline.last().unwrap().what.zh.contains("时限规则调整"));
    assert_eq!(town.app.retime_cases().unwrap(), 0, "what is right stays");
    assert!(town.app.check().unwrap().sound);
}

#[test]
fn who_saw_a_case_is_on_record_once_a_day_for_the_owner_and_the_desk() {
    let town = Town::found();
    let id = town.introduced();
    let leader = Viewer { login: Some("leader".into()), name: "leader".into(), role: Role::Leader, ..town.officer.clone() };
    for viewer in [&town.firm, &leader, &leader, &town.officer] {
        town.app.look_at_case(viewer, &id).unwrap();
    }
    let sights = town.app.case_sights(&town.firm, &id).unwrap();
    assert_eq!(sights.iter().map(|sight| sight.who.as_str()).collect::<std::collections::BTreeSet<_>>(), ["leader", "officer"].into());
    assert_eq!(sights.len(), 2);
    town.days(1);
    town.app.look_at_case(&leader, &id).unwrap();
    assert_eq!(town.app.case_sights(&town.officer, &id).unwrap().len(), 3);
}

#[test]
fn many_cases_are_triaged_at_once_after_a_preview_and_each_for_itself() {
    let town = Town::found();
    let ids = [town.submitted(), town.submitted(), town.submitted()];
    town.act(&town.officer, &ids[2], "claim");
    let version = |id: &RecordId| town.app.case(&town.officer, id).unwrap().version;
    let chosen: Vec<(RecordId, u32)> = ids.iter().map(|id| (id.clone(), version(id))).collect();
    let form = |verb: &str| duijie_app::ActForm { verb: verb.into(), fields: Vec::new() };
    let preview = town.app.preview_bulk(&town.officer, &form("claim"), &chosen).unwrap();
    assert_eq!(preview.iter().map(|line| line.refused.is_some()).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(town.app.case(&town.officer, &ids[0]).unwrap().state.as_str(), "submitted", "a preview does nothing");
    town.act(&town.officer, &ids[1], "claim");
    let done = town.app.act_in_bulk(&town.officer, &form("claim"), &chosen).unwrap();
    assert_eq!(done.iter().map(|line| line.refused.is_some()).collect::<Vec<_>>(), [false, true, true]);
    assert_eq!(town.app.case(&town.officer, &ids[0]).unwrap().state.as_str(), "triage");
    let back = town.app.preview_bulk(&town.officer, &form("return"), &[(ids[0].clone(), version(&ids[0]))]).unwrap();
    assert!(back[0].refused.as_ref().is_some_and(|why| !why.zh.is_empty()), "a return needs a reason");
    assert!(town.app.preview_bulk(&town.firm, &form("claim"), &chosen).is_err());
    assert!(town.app.preview_bulk(&town.officer, &form("close"), &chosen).is_err());
}
