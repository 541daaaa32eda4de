//! What comes in meets the needs that were there, and whose needs they are hears of it.

use crate::browser::Portal;
use duijie_app::{ImportOptions, Viewer};

fn offer(portal: &Portal, title: &str) {
    let csv =
        format!("成果名称,持有单位,成果简介,关键词,行政区划\n{title},江南先进制造研究院,高温合金叶片的热障涂层以等离子喷涂制备,热障涂层；等离子喷涂,常州市\n");
    let options = ImportOptions { kind: Some("offer".into()), ..ImportOptions::default() };
    let report = portal.app.import(&Viewer::operator(), "offer.csv", csv.into_bytes(), &options).unwrap();
    assert_eq!(report.refused, 0, "{:?}", report.diagnostics);
    portal.app.follow(&mut |_| {}).unwrap();
}

#[tokio::test]
async fn an_owner_finds_what_came_in_and_is_told_of_nothing_twice() {
    let portal = Portal::open();
    let mut member = portal.logged_in("member").await;
    assert_eq!(portal.app.tell_new_supply().unwrap(), 0, "what is there already is not new");
    offer(&portal, "叶片热障涂层一");
    assert_eq!(portal.app.tell_new_supply().unwrap(), 1);
    let inbox = member.get("/inbox").await.unescaped();
    assert!(inbox.contains("叶片热障涂层一") && inbox.contains("/matches"), "{inbox}");
    assert_eq!(portal.app.tell_new_supply().unwrap(), 0, "nothing is told twice");

    offer(&portal, "叶片热障涂层二");
    offer(&portal, "叶片热障涂层三");
    assert_eq!(portal.app.tell_new_supply().unwrap(), 1, "what came in together is told together");
    let inbox = member.get("/inbox").await.unescaped();
    assert!(inbox.contains("2 项资源") && inbox.contains("叶片热障涂层二") && inbox.contains("叶片热障涂层三"), "{inbox}");
    let mut other = portal.logged_in("officer").await;
    assert!(!other.get("/inbox").await.unescaped().contains("叶片热障涂层"), "the notice is the owner's");
}
