//! Templates into answers. There is one template environment per language, so that words, texts
//! and numbers come out in that language wherever a template mentions them.

use crate::asset::Assets;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::query::encode;
use crate::visit::Visit;
use crate::{kind, words};
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use duijie_app::{Action, Role};
use duijie_record::schemas;
use duijie_vocab::{Diagnostic, Fen, Lang, MoneyUnit, Place, Text};
use minijinja::value::{Kwargs, Serde};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value, context};
use serde::Serialize;

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        /// Name and source of every template.
        pub(crate) const SOURCES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../templates/", $name)))),*];
    };
}

templates![
    "layout.html",
    "pieces.html",
    "home.html",
    "search.html",
    "searches.html",
    "webhooks.html",
    "record.html",
    "matched.html",
    "matches.html",
    "decisions.html",
    "measures.html",
    "measure.html",
    "fit.html",
    "simulation.html",
    "import.html",
    "import_report.html",
    "edit.html",
    "duplicates.html",
    "health.html",
    "login.html",
    "login_code.html",
    "leave.html",
    "password.html",
    "password_new.html",
    "account.html",
    "api.html",
    "bulk.html",
    "figures.html",
    "graph.html",
    "map.html",
    "network.html",
    "region.html",
    "settings.html",
    "workspace.html",
    "account_edit.html",
    "accounts.html",
    "logins.html",
    "second.html",
    "fault.html",
    "cases.html",
    "board.html",
    "case.html",
    "case_print.html",
    "case_pieces.html",
    "case_write.html",
    "case_judgement.html",
    "introduce.html",
    "answer.html",
    "direct.html",
    "follow.html",
    "case_bulk.html",
    "responders.html",
    "document.html",
    "visits.html",
    "visit.html",
    "assignment.html",
    "process.html",
    "inbox.html",
    "payouts.html",
    "missed.html",
    "payout_run.html",
    "payout_terms.html",
    "schemes.html",
    "scheme.html",
    "scheme_pieces.html",
    "scheme_write.html",
    "vouchers.html",
    "orders.html",
    "books.html",
    "clearing.html",
    "published.html",
    "agencies.html",
];

pub(crate) struct Pages {
    zh: Environment<'static>,
    en: Environment<'static>,
}

/// What the frame of every page shows.
#[derive(Serialize)]
pub(crate) struct Frame {
    pub(crate) path: String,
    /// Path and query, for coming back after logging in.
    pub(crate) here: String,
    pub(crate) zh_href: String,
    pub(crate) en_href: String,
    /// What the person is called, and their role, if somebody is logged in.
    pub(crate) person: Option<(String, Text)>,
    /// The id of the organization that a member acts for.
    pub(crate) organization: Option<String>,
    pub(crate) token: String,
    pub(crate) may_import: bool,
    pub(crate) may_merge: bool,
    pub(crate) may_administer: bool,
    /// Whether the viewer looks after other people's accounts.
    pub(crate) may_manage: bool,
    /// What the search box holds.
    pub(crate) q: String,
}

impl Frame {
    pub(crate) fn of(portal: &Portal, visit: &Visit) -> Frame {
        let towards = |lang: Lang| visit.query.clone().with("lang", lang.tag()).behind(&visit.path);
        let viewer = &visit.viewer;
        Frame {
            path: visit.path.clone(),
            here: visit.here(),
            zh_href: towards(Lang::Zh),
            en_href: towards(Lang::En),
            person: viewer.login.as_ref().map(|login| (if viewer.name.is_empty() { login.clone() } else { viewer.name.clone() }, viewer.role.name())),
            organization: viewer.organization.clone(),
            token: portal.seal.form_token(&visit.holder),
            may_import: visit.may(Action::Import),
            may_merge: visit.may(Action::Merge),
            may_administer: visit.may(Action::Administer),
            may_manage: matches!(viewer.role, Role::Officer | Role::Admin),
            q: visit.query.get("q").unwrap_or_default().to_string(),
        }
    }
}

impl Pages {
    /// The pages over what they may load.
    pub(crate) fn over(assets: &'static Assets) -> Pages {
        Pages { zh: environment(Lang::Zh, assets), en: environment(Lang::En, assets) }
    }

    /// The page `name` with `page` for its own part.
    pub(crate) fn show(&self, portal: &Portal, visit: &Visit, name: &str, page: impl Serialize) -> Result<Response, Fault> {
        let html = self.html(visit.lang, name, &Frame::of(portal, visit), page).map_err(|error| Fault::internal(format!("{error:#}")))?;
        let mut response = Html(html).into_response();
        response.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(visit.lang.tag()));
        Ok(response)
    }

    /// The page that tells a person about `fault`; bare words if even that cannot be rendered.
    pub(crate) fn fault(&self, portal: &Portal, visit: &Visit, fault: &Fault) -> Response {
        self.show(portal, visit, "fault.html", fault).unwrap_or_else(|_| fault.title.get(visit.lang).to_string().into_response())
    }

    pub(crate) fn html(&self, lang: Lang, name: &str, frame: &Frame, page: impl Serialize) -> Result<String, Error> {
        let environment = match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        };
        let context = context! { visit => Value::from(Serde(frame)), page => Value::from(Serde(page)) };
        environment.get_template(name)?.render(context)
    }
}

/// What a program is told about `fault` (RFC 9457).
pub(crate) fn problem(visit: &Visit, fault: &Fault) -> Response {
    #[derive(Serialize)]
    struct Problem<'a> {
        r#type: String,
        title: &'a str,
        status: u16,
        detail: &'a str,
        instance: &'a str,
        code: &'a str,
        advice: &'a str,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        diagnostics: &'a [duijie_vocab::Diagnostic],
    }
    let problem = Problem {
        r#type: format!("urn:duijie:problem:{}", fault.code),
        title: fault.title.get(visit.lang),
        status: fault.status.as_u16(),
        detail: fault.message.get(visit.lang),
        instance: &visit.path,
        code: fault.code,
        advice: fault.advice.get(visit.lang),
        diagnostics: &fault.diagnostics,
    };
    json(&problem, "application/problem+json").unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// `value` as JSON under the media type `mime`.
pub(crate) fn json(value: &impl Serialize, mime: &'static str) -> Result<Response, Fault> {
    let bytes = serde_json::to_vec(value).map_err(Fault::internal)?;
    Ok(([(header::CONTENT_TYPE, mime)], Body::from(bytes)).into_response())
}

/// A file to keep.
pub(crate) fn download(name: &str, mime: &'static str, body: Body) -> Response {
    // The quoted name is for old browsers, the encoded one for all others (RFC 6266).
    let ascii: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect();
    let disposition = format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{}", encode(name));
    ([(header::CONTENT_TYPE, mime.to_string()), (header::CONTENT_DISPOSITION, disposition)], body).into_response()
}

fn environment(lang: Lang, assets: &'static Assets) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, source) in SOURCES {
        environment.add_template(name, source).unwrap_or_else(|fault| panic!("BUG: template `{name}`: {fault:#}"));
    }
    environment.add_global("lang", lang.tag());
    environment.add_global("navigation", Value::from(Serde(kinds(lang, true))));
    environment.add_global("kinds", Value::from(Serde(kinds(lang, false))));
    environment.add_function("t", move |key: &str, arguments: Kwargs| translate(lang, key, &arguments));
    environment.add_function("asset", |name: &str| assets.path(name).map(Value::from_safe_string).ok_or_else(|| missing(name)));
    // False where the build had no bundle.
    environment.add_function("bundled", |name: &str| assets.path(name).map_or_else(|| Value::from(false), Value::from_safe_string));
    environment.add_filter("tr", move |text: Value| text.get_attr(attribute(lang)));
    environment.add_filter("num", grouped);
    environment.add_filter("wan", |fen: i64| Fen(fen).in_unit(MoneyUnit::Wan).to_string());
    environment.add_filter("urlencode", |text: &str| encode(text));
    environment.add_filter("mark", move |kind: &str| kind::mark(kind).get(lang).to_string());
    environment.add_filter("place", |Serde(fault): Serde<Diagnostic>| Place { file: None, ..fault.place }.show());
    environment.add_filter("help", move |Serde(fault): Serde<Diagnostic>| fault.help.map(|help| help.get(lang).to_string()).unwrap_or_default());
    environment
}

#[derive(Serialize)]
struct KindName {
    kind: &'static str,
    name: &'static str,
}

fn kinds(lang: Lang, main: bool) -> Vec<KindName> {
    let chosen = schemas().iter().filter(|schema| !main || kind::MAIN.contains(&schema.kind.as_str()));
    chosen.map(|schema| KindName { kind: &schema.kind, name: kind::plural(schema, lang) }).collect()
}

fn translate(lang: Lang, key: &str, arguments: &Kwargs) -> Result<String, Error> {
    let words = words::word(lang, key).ok_or_else(|| missing(key))?;
    let mut given = Vec::new();
    for name in arguments.args() {
        let value: Value = arguments.get(name)?;
        given.push((name.to_string(), value.to_string()));
    }
    Ok(words::fill(words, &given))
}

fn missing(key: &str) -> Error {
    Error::new(ErrorKind::UndefinedError, format!("there is no `{key}`"))
}

fn attribute(lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => "zh",
        Lang::En => "en",
    }
}

/// A whole number with its thousands set apart: `4,654`.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut grouped = String::from(if number < 0 { "-" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0, 999, 4654, -1_234_567].map(grouped), ["0", "999", "4,654", "-1,234,567"]);
    }

    #[test]
    fn a_file_name_survives_in_both_spellings() {
        let response = download("需求 1.xlsx", "text/csv", Body::empty());
        assert_eq!(response.headers()[header::CONTENT_DISPOSITION], "attachment; filename=\"___1.xlsx\"; filename*=UTF-8''%E9%9C%80%E6%B1%82%201.xlsx");
    }

    #[test]
    fn pages_ask_for_bundled_scripts_only_where_there_are_any() {
        static WITH: LazyLock<Assets> =
            LazyLock::new(|| Assets::of(&["charts.js", "licences.txt", "map-worker.js", "map.css", "map.js"].map(|name| (name, &[][..]))));
        static WITHOUT: LazyLock<Assets> = LazyLock::new(|| Assets::of(&[]));
        let frame = &crate::sample::frames()[0];
        let shown = |assets, wanted: &str| {
            let pages = Pages::over(assets);
            let samples = crate::sample::pages();
            let (name, page) = samples.iter().find(|(name, _)| *name == wanted).expect("a sample");
            pages.html(Lang::Zh, name, frame, page).expect("a page")
        };
        for (page, scripts) in [
            ("map.html", &["map.js", "map.css", "map-worker.js"][..]),
            ("figures.html", &["charts.js"]),
            ("region.html", &["charts.js"]),
            ("network.html", &["charts.js"]),
        ] {
            let (with, without) = (shown(&WITH, page), shown(&WITHOUT, page));
            for script in scripts {
                assert!(with.contains(&format!("/{script}\"")), "{page} does not ask for {script}");
                assert!(!without.contains(&format!("/{script}\"")), "{page} asks for {script}");
            }
            assert!(without.contains("<svg"), "{page} has no picture of the server's");
        }
        assert!(!shown(&WITH, "home.html").contains("charts.js") && !shown(&WITH, "home.html").contains("map.js"), "the first page stays light");
    }

    /// Strict undefined behaviour turns a variable that a page does not give into a failure here.
    #[test]
    fn pages_about_money_name_amounts_in_the_language_of_the_reader() {
        let money = ["payouts", "payout_run", "payout_terms", "published", "missed", "vouchers", "orders", "books", "clearing", "schemes", "scheme"];
        let about_money = |name: &str| name.strip_suffix(".html").is_some_and(|name| money.contains(&name));
        let pages = Pages::over(Assets::here());
        let frames = crate::sample::frames();
        let mut amounts = 0;
        for (name, page) in crate::sample::pages().iter().filter(|(name, _)| about_money(name)) {
            let html = |lang| pages.html(lang, name, &frames[0], page).unwrap_or_else(|fault| panic!("{name}: {fault:#}"));
            let (chinese, english) = (html(Lang::Zh), html(Lang::En));
            assert!(!english.contains("万元") && !chinese.contains("CNY"), "{name}");
            amounts += english.matches("CNY ").count();
        }
        assert!(amounts > 20, "{amounts} amounts");
    }

    #[test]
    fn every_page_renders_with_every_sample_in_both_languages() {
        let pages = Pages::over(Assets::here());
        let samples = crate::sample::pages();
        for (name, _) in SOURCES {
            let partial = matches!(*name, "layout.html" | "pieces.html" | "case_pieces.html" | "scheme_pieces.html");
            assert!(partial || samples.iter().any(|(sampled, _)| sampled == name), "`{name}` has no sample");
        }
        for lang in Lang::ALL {
            for frame in crate::sample::frames() {
                for (name, page) in &samples {
                    let html = pages.html(lang, name, &frame, page).unwrap_or_else(|fault| panic!("{name} {lang:?}: {fault:#}"));
                    assert!(html.contains(&format!("<html lang=\"{}\"", lang.tag())));
                    assert!(!html.contains(" style=\"") && !html.contains("<style"), "{name} holds an inline style");
                    assert!(!html.contains("<script>") && !html.contains(" onclick="), "{name} holds an inline script");
                    let open = html.split("<form").skip(1).filter_map(|form| form.split("</form>").next()).filter(|form| !form.contains("method=\"post\""));
                    for form in open {
                        assert!(
                            !form.contains("type=\"password\"") && !form.contains("\"_token\"") && !form.contains("secret"),
                            "{name} would put a secret into an address"
                        );
                    }
                    assert!(html.len() < 200_000, "{name} has {} bytes", html.len());
                }
            }
        }
    }
}
