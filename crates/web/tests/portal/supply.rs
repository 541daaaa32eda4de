//! What comes in meets the needs that were there, and whose needs they are hears of it.

use crate::browser::Portal;
use crate::clockwork::Town;
use duijie_app::{App, ImportOptions, NoticeChoice, Often, Viewer};

fn offer(app: &App, title: &str) {
    let csv =
        format!("成果名称,持有单位,成果简介,关键词,行政区划\n{title},江南先进制造研究院,高温合金叶片的热障涂层以等离子喷涂制备,热障涂层；等离子喷涂,常州市\n");
    let options = ImportOptions { kind: Some("offer".into()), ..ImportOptions::default() };
    let report = app.import(&Viewer::operator(), "offer.csv", csv.into_bytes(), &options).unwrap();
    assert_eq!(report.refused, 0, "{:?}", report.diagnostics);
    app.follow(&mut |_| {}).unwrap();
}

#[tokio::test]
async fn an_owner_finds_what_came_in_and_is_told_of_nothing_twice() {
    let portal = Portal::open();
    let mut member = portal.logged_in("member").await;
    assert_eq!(portal.app.tell_new_supply().unwrap(), 0, "what is there already is not new");
    offer(&portal.app, "叶片热障涂层一");
    assert_eq!(portal.app.tell_new_supply().unwrap(), 1);
    let inbox = member.get("/inbox").await.unescaped();
    assert!(inbox.contains("叶片热障涂层一") && inbox.contains("/matches"), "{inbox}");
    assert_eq!(portal.app.tell_new_supply().unwrap(), 0, "nothing is told twice");

    offer(&portal.app, "叶片热障涂层二");
    offer(&portal.app, "叶片热障涂层三");
    assert_eq!(portal.app.tell_new_supply().unwrap(), 1, "what came in together is told together");
    let inbox = member.get("/inbox").await.unescaped();
    assert!(inbox.contains("2 项资源") && inbox.contains("叶片热障涂层二") && inbox.contains("叶片热障涂层三"), "{inbox}");
    let mut other = portal.logged_in("officer").await;
    assert!(!other.get("/inbox").await.unescaped().contains("叶片热障涂层"), "the notice is the owner's");
}

#[test]
fn a_case_that_looks_for_somebody_meets_what_comes_in_as_often_as_its_people_chose() {
    let town = Town::found();
    let id = town.submitted();
    town.act(&town.officer, &id, "claim");
    town.act(&town.officer, &id, "admit");
    let weekly = NoticeChoice { supply: Often::Weekly, often: Often::Never, ..NoticeChoice::default() };
    town.app.set_notice_choice(&town.firm, &weekly).unwrap();
    town.app.set_notice_choice(&town.officer, &NoticeChoice { supply: Often::Never, ..weekly }).unwrap();
    assert_eq!(town.app.tell_new_supply().unwrap(), 0, "what is there already is not new");
    offer(&town.app, "叶片热障涂层一");
    assert_eq!(town.app.tell_new_supply().unwrap(), 1);
    let told = |viewer: &Viewer, name: &str| town.app.inbox(viewer).unwrap().into_iter().filter(|notice| notice.text.zh.contains(name)).count();
    assert_eq!((told(&town.firm, "涂层一"), told(&town.officer, "涂层一")), (1, 1), "the owner and who has the case");
    assert!(town.app.inbox(&town.firm).unwrap().iter().any(|notice| notice.href == format!("/case/{id}") && notice.text.zh.contains("涂层一")));
    town.days(2);
    offer(&town.app, "叶片热障涂层二");
    assert_eq!(town.app.tell_new_supply().unwrap(), 1);
    assert_eq!(town.app.tell_new_supply().unwrap(), 0, "nothing is told twice");
    assert_eq!(town.letters(), 0, "not before Monday");
    town.days(6);
    assert_eq!(town.letters(), 1, "one letter for the week, to the firm alone");
    let letters = town.post.letters.lock().unwrap();
    let letter = letters.values().next().unwrap();
    assert!(letter.to == "firm@example.cn" && letter.body.contains("涂层一") && letter.body.contains("涂层二"), "{letter:?}");
    drop(letters);
    town.days(7);
    assert_eq!(town.letters(), 0);
    let away = duijie_app::ActForm { verb: "withdraw".into(), fields: vec![("why".into(), "不需要了".into())] };
    town.app.act_on_case(&town.firm, &id, None, &away).unwrap();
    offer(&town.app, "叶片热障涂层三");
    assert_eq!(town.app.tell_new_supply().unwrap(), 0, "nobody looks any more");
}
