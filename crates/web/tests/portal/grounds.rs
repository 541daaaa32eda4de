//! What spoke for a match is on the page before somebody acts on it, and in the journal, in the API and
//! on the case's page afterwards: the same tree to the millionth, whatever matching would say by then.

use crate::browser::Portal;
use crate::clockwork::Town;
use axum::http::StatusCode;
use duijie_app::MatchView;
use serde_json::{Value, json};

/// The tree of a match as the journal keeps it.
fn tree(shown: &MatchView) -> Value {
    let millionths = |share: f64| (share * 1e6).round() as u64;
    let part =
        |part: &duijie_app::PartView| json!({"part": part.part, "name": part.name, "adds": millionths(part.adds), "known": part.known, "reason": part.reason});
    json!({
        "score": millionths(shown.score),
        "parts": shown.parts.iter().map(part).collect::<Vec<Value>>(),
        "against": shown.against_reasons,
        "shared_terms": shown.shared_terms,
    })
}

/// A share of 1 as pages show it.
fn points(share: f64) -> String {
    format!("<b>{:.1}</b>", (share * 1e3).round() / 10.0)
}

#[tokio::test]
async fn the_grounds_of_an_introduction_stay_what_was_shown() {
    let town = Town::found();
    let id = town.submitted();
    town.act(&town.officer, &id, "claim");
    town.act(&town.officer, &id, "admit");
    let chosen = town.app.case_candidates(&town.officer, &id).unwrap().remove(0);
    let (shown, officer) = (chosen.found, town.officer.clone());
    let sum: f64 = shown.parts.iter().map(|part| part.adds).sum();
    assert!(shown.parts.len() >= 11 && (sum - shown.score).abs() < 1e-9 && !shown.shared_terms.is_empty());

    let Town { app, .. } = town;
    let portal = Portal::open().over(app);
    let mut browser = portal.visiting("officer");
    let (form, case) = (format!("/case/{id}/introduce"), format!("/case/{id}"));
    let before = browser.get(&form).await.text;
    for part in &shown.parts {
        assert!(before.contains(&part.name.zh) && before.contains(&points(part.adds)), "{part:?} is not on {before}");
    }
    let sent = browser.submit(&form, &form, &[("responder", &chosen.responder.id)]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);

    let history = portal.app.store().read(|view| view.matter_history(&id, i64::MAX, 1)).unwrap();
    let kept = &history[0].1.body["introductions"][0]["grounds"];
    assert_eq!(kept, &tree(&shown));
    // By now everything but the place may count for nothing.
    std::fs::write(portal.app.dir().join("matching.yaml"), "text: 0\nregion: 1\n").unwrap();
    let now = portal.app.case_candidates(&officer, &id).unwrap().remove(0).found;
    assert_ne!(tree(&now), tree(&shown));
    let told: Value = serde_json::from_str(&browser.get(&format!("/api/cases/{id}")).await.text).unwrap();
    assert_eq!(told["introductions"][0]["grounds"], tree(&shown));
    let page = browser.get(&case).await.text;
    assert!(page.contains(&points(shown.score)), "{page}");
    for part in &shown.parts {
        assert!(page.contains(&part.name.zh) && page.contains(&points(part.adds)), "{part:?} is not on {page}");
    }
}
