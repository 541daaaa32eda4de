//! Matching from outside: all needs, what changed since, needs alike, experts, learning.

use crate::product::{Product, demo, demo_files};
use serde_json::Value;
use std::path::Path;

fn with_demo() -> Product {
    let product = Product::new();
    let mut import = vec!["import".into()];
    import.extend(demo_files().into_iter().filter(|path| !path.starts_with(demo().join("policy"))).map(std::path::PathBuf::into_os_string));
    let ran = product.run(&import);
    assert_eq!(ran.code, 0, "{}", ran.err);
    product
}

fn import(product: &Product, kind: &str, path: &Path) {
    let ran = product.run(&["import".as_ref(), "--kind".as_ref(), kind.as_ref(), path.as_os_str()]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}

#[test]
fn matching_only_what_changed_finds_what_matching_everything_finds() {
    let product = with_demo();
    let all = |more: &[&str]| {
        let arguments: Vec<&str> = ["match", "--all", "--limit", "200", "--format", "json"].iter().chain(more).copied().collect();
        product.json(&arguments)
    };
    let first = all(&[]);
    assert_eq!(first["ranked"], first["needs"]);
    assert!(first["needs"].as_u64() > Some(60), "{}", first["needs"]);
    let again = all(&[]);
    assert_eq!((&again["ranked"], &again["digest"]), (&Value::from(0), &first["digest"]), "nothing changed");

    let one = "机构名称,行政区划,技术领域,主要产品与服务\n光伏清洗示例企业,江苏省常州市武进区,光伏,钙钛矿光伏组件的干式清洗机器人与清洗机理研究\n";
    import(&product, "organization", &product.file("one.csv", one));
    let need = "需求编号,需求名称,主要问题,行政区划\nXQ9901,钙钛矿光伏组件清洗机器人,光伏组件积灰，需要不伤膜层的干式清洗机器人。,江苏省常州市新北区\n";
    import(&product, "need", &product.file("need.csv", need));
    let little = all(&[]);
    let (ranked, needs) = (little["ranked"].as_u64().expect("a number"), little["needs"].as_u64().expect("a number"));
    assert!(0 < ranked && ranked < needs, "{ranked} of {needs}");
    assert_ne!(little["digest"], first["digest"]);
    let whole = all(&["--anew"]);
    assert_eq!(whole["ranked"], whole["needs"]);
    assert_eq!((&whole["digest"], &whole["matches"], &whole["examples"]), (&little["digest"], &little["matches"], &little["examples"]));
}

#[test]
fn experts_rank_by_what_bears_their_name_and_needs_told_again_are_found() {
    let product = Product::new();
    for (kind, content) in [
        (
            "expert",
            "姓名,所在单位,技术领域,能解决的问题\n张示例,示例大学,表面工程,热障涂层的成分设计与等离子喷涂\n李示例,示例大学,表面工程,热障涂层的成分设计与等离子喷涂\n王示例,别处大学,水稻,水稻育种\n",
        ),
        (
            "patent",
            "专利号,专利名称,专利权人,发明人,摘要\nZL202019900037.2,一种热障涂层的等离子喷涂方法,示例大学,张示例,高温合金叶片表面的热障涂层以等离子喷涂制备\n",
        ),
        ("paper", "论文题目,作者,作者单位,摘要\n热障涂层的剥落机理,张示例、王示例,示例大学,等离子喷涂热障涂层在热循环中的剥落\n"),
        (
            "need",
            "需求编号,需求名称,需求单位,主要问题,技术领域\nXQ1,高温合金叶片热障涂层,示例企业甲,高温合金叶片的热障涂层剥落，希望改进等离子喷涂工艺。,表面工程\nXQ2,高温合金叶片的热障涂层,示例企业甲,高温合金叶片的热障涂层剥落，希望改进等离子喷涂的工艺。,表面工程\nXQ3,燃气轮机热障涂层,示例企业乙,燃气轮机部件要做热障涂层，等离子喷涂后寿命不够。,表面工程\n",
        ),
    ] {
        import(&product, kind, &product.file(&format!("{kind}.csv"), content));
    }
    let need = product.json(&["search", "高温合金叶片热障涂层", "--kind", "need", "--format", "json"])["hits"][0]["id"].as_str().expect("a need").to_string();
    let found = product.json(&["match", &need, "--experts", "--format", "json"]);
    let experts = found["experts"].as_array().expect("experts");
    let names: Vec<&str> = experts.iter().filter_map(|expert| expert["record"]["title"].as_str()).collect();
    assert_eq!(names, ["张示例", "李示例"], "evidence decides between equals, and a name at another place is none");
    let kinds: Vec<&str> = experts[0]["evidence"].as_array().into_iter().flatten().filter_map(|piece| piece["kind"].as_str()).collect();
    assert!(["expert", "patent", "paper"].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    let adds: f64 = experts[0]["evidence"].as_array().into_iter().flatten().filter_map(|piece| piece["adds"].as_f64()).sum();
    assert!((adds - experts[0]["score"].as_f64().expect("a score")).abs() < 1e-9);

    let alike = product.json(&["match", &need, "--needs", "--format", "json"]);
    let relations: Vec<&str> = alike["needs"].as_array().into_iter().flatten().filter_map(|need| need["relation"].as_str()).collect();
    assert_eq!(relations.first(), Some(&"repeat"), "{alike}");
    assert!(relations.contains(&"joint"), "{alike}");
    let refused = product.run(&["match", "tune"]);
    assert!(refused.code != 0 && refused.err.contains("10"), "{}", refused.err);
}
