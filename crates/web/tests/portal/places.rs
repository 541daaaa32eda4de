//! Records that say where they are: read in the ways people write it, shown on the map of their city, and
//! refused with a reason where it could be another place.

use crate::browser::Portal;
use axum::http::StatusCode;
use duijie_app::{ImportOptions, ImportReport, Viewer};
use serde_json::Value;

const TWO_COLUMNS: &str = "仪器名称,规格型号,所属单位,行政区划,经度,纬度\n\
    扫描电镜甲,S-1,江南先进制造研究院,常州市武进区,119.96,31.69\n\
    扫描电镜乙,S-2,江南先进制造研究院,常州市武进区,东经119°57′36″,北纬31°41′24″\n\
    扫描电镜丙,S-3,江南先进制造研究院,常州市武进区,,\n";

fn import(portal: &Portal, kind: &str, csv: &str) -> ImportReport {
    let options = ImportOptions { kind: Some(kind.into()), ..ImportOptions::default() };
    let report = portal.app.import(&Viewer::operator(), "仪器.csv", csv.as_bytes().to_vec(), &options).expect("it is read");
    portal.app.follow(&mut |_| {}).expect("the index follows");
    report
}

#[tokio::test]
async fn the_map_of_a_city_shows_records_where_they_are_and_says_what_it_does_not_know() {
    let portal = Portal::open();
    let report = import(&portal, "instrument", TWO_COLUMNS);
    assert_eq!((report.refused, report.diagnostics.len()), (0, 0), "{:?}", report.diagnostics);
    let mut browser = portal.browser();
    let city = browser.get("/map?region=320400&kind=instrument").await.unescaped();
    assert_eq!(city.matches("class=\"mark\"").count(), 2, "{city}");
    assert!(city.contains("data-at=\"119.96 31.69\"") && city.contains("东经 119.96°，北纬 31.69°"), "{city}");
    assert!(city.contains("方点是 2 条") && city.contains("另外 1 条没有填"), "{city}");
    let county = browser.get("/map?region=320412&kind=instrument").await.unescaped();
    assert_eq!((county.matches("class=\"mark\"").count(), county.matches("data-total=\"3\"").count()), (2, 1), "{county}");
    let nation = browser.get("/map?kind=instrument").await.text;
    assert!(!nation.contains("class=\"mark\"") && nation.contains("圆圈位于各地政府驻地"), "{nation}");
    browser.language = "en";
    let city = browser.get("/map?region=320400&kind=instrument").await.unescaped();
    assert!(city.contains("119.96° E, 31.69° N") && city.contains("1 others give none"), "{city}");
}

#[tokio::test]
async fn a_place_is_typed_in_a_form_shown_on_the_page_and_read_over_the_api() {
    let portal = Portal::open();
    import(&portal, "instrument", TWO_COLUMNS);
    let path = portal.first("instrument").await;
    let (edit, api) = (format!("{path}/edit"), format!("/api{path}"));
    let mut officer = portal.logged_in("officer").await;
    let form = officer.get(&edit).await.text;
    assert!(form.contains("name=\"coordinates\"") && form.contains("119.97,31.81"), "{form}");
    let version = |page: &str| -> String { page.split("name=\"_version\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a version").into() };
    let base = version(&form);
    let wrong = officer
        .submit(&edit, &edit, &[("_version", &base), ("name", "扫描电镜"), ("organization", "江南先进制造研究院"), ("coordinates", "31.81,119.97")])
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("像是纬度在前") && wrong.text.contains("value=\"31.81,119.97\""), "{}", wrong.text);
    let right = [("_version", base.as_str()), ("name", "扫描电镜"), ("organization", "江南先进制造研究院"), ("coordinates", "119°58′12″E 31°48′36″N")];
    let saved = officer.submit(&edit, &edit, &right).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let page = officer.get(&path).await.text;
    assert!(page.contains("东经 119.97°，北纬 31.81°"), "{page}");
    let record: Value = serde_json::from_str(&portal.browser().get(&api).await.text).expect("JSON");
    assert!(record.to_string().contains("119.97"), "{record}");
    let schema: Value = serde_json::from_str(&portal.browser().get("/api/schemas/instrument").await.text).expect("JSON");
    assert!(schema["properties"]["body"]["properties"]["coordinates"]["pattern"].is_string(), "{schema}");
}

#[test]
fn a_place_that_could_be_another_one_is_refused_with_its_cell() {
    let portal = Portal::open();
    for (columns, row, code) in [
        ("经度,纬度", "31.69,119.96", "point.swapped"),
        ("经度,纬度", "119.96,", "point.half"),
        ("经度,纬度", "119,31", "point.coarse"),
        ("经度(GCJ-02),纬度(GCJ-02)", "119.96,31.69", "point.system"),
        ("经纬度（百度）,备注", "\"119.96,31.69\",x", "point.system"),
        ("坐标,备注", "科教城,x", "point.form"),
        ("坐标,备注", "\"190.5,31.5\",x", "point.range"),
    ] {
        let csv = format!("仪器名称,规格型号,所属单位,{columns}\n扫描电镜,S-1,江南先进制造研究院,{row}\n");
        let report = import(&portal, "instrument", &csv);
        let told: Vec<(&str, Option<&str>)> = report.diagnostics.iter().map(|fault| (fault.code.as_str(), fault.place.cell.as_deref())).collect();
        assert_eq!(report.refused, 1, "{columns} {row}: {told:?}");
        assert!(told.contains(&(code, Some("D2"))), "{columns} {row}: {told:?}");
    }
}
