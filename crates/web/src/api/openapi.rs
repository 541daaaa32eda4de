//! The description of the API (OpenAPI 3.1), written from the table of routes.

use super::{ApiRoute, Parameter, shapes};
use serde_json::{Map, Value, json};

pub(crate) fn document(table: &[ApiRoute], public_url: &str) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in table {
        let operations = paths.entry(route.path).or_insert_with(|| json!({}));
        operations[route.method.to_ascii_lowercase()] = operation(route);
    }
    let server = if public_url.is_empty() { "/" } else { public_url };
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Duijie 对接",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": "Records, search, matches and policy decisions. Texts come in both languages; `lang` or Accept-Language chooses the language of problems.",
        },
        "servers": [{ "url": server }],
        "paths": paths,
        "components": {
            "schemas": shapes::all(),
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer", "description": "An API key, made under “My account”." } },
        },
        "security": [{}, { "key": [] }],
    })
}

fn operation(route: &ApiRoute) -> Value {
    let mut responses = Map::new();
    let shape = json!({ "$ref": format!("#/components/schemas/{}", route.shape) });
    let media = |shape: &str| match shape {
        "JsonSchema" => "application/schema+json",
        "File" => "application/octet-stream",
        _ => "application/json",
    };
    let mut good = json!({ "description": route.about, "content": { media(route.shape): { "schema": shape } } });
    if route.shape == "RecordView" || route.shape == "Saved" {
        good["headers"] = json!({ "ETag": { "description": "The version, for `If-Match`.", "schema": { "type": "string" } } });
    }
    responses.insert(route.status.to_string(), good);
    // Broken text in the query, a wrong key, too many requests and an installation that cannot
    // answer now happen everywhere.
    for status in [400, 401, 403, 429, 500, 503].iter().chain(route.refusals) {
        responses.insert(status.to_string(), problem(*status));
    }
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.about,
        "parameters": route.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "responses": responses,
    });
    if let Some(body) = route.body {
        let shape = json!({ "$ref": format!("#/components/schemas/{body}") });
        operation["requestBody"] = json!({ "required": true, "content": { media(body): { "schema": shape } } });
        operation["security"] = json!([{ "key": [] }]);
    }
    operation
}

fn problem(status: u16) -> Value {
    let what = match status {
        400 => "A parameter cannot be used.",
        401 => "The API key is missing, unknown, expired or revoked.",
        403 => "The caller may not do this.",
        408 => "The body did not arrive in time.",
        409 => "It is there already, or the Idempotency-Key was used for another request.",
        412 => "Somebody else changed it since.",
        413 => "The body is too large.",
        415 => "The body is not of the media type that is wanted.",
        422 => "What was sent cannot be used; `diagnostics` says why.",
        428 => "If-Match is missing.",
        429 => "Too many requests; `Retry-After` says when to come back.",
        404 => "There is nothing here, or nothing that the caller may see.",
        500 => "Something went wrong inside.",
        _ => "Not available at the moment; try again later.",
    };
    json!({ "description": what, "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } })
}

fn parameter(parameter: &Parameter) -> Value {
    let one: Value = serde_json::from_str(parameter.shape).expect("BUG: the shape of a parameter is JSON");
    json!({
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "description": parameter.about,
        "schema": if parameter.many { json!({ "type": "array", "items": one }) } else { one },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list that goes on says so in its answer, takes the place back, and refuses one that it did not give.
    #[test]
    fn a_list_with_a_next_part_can_be_asked_for_it() {
        let shapes = shapes::all();
        let mut lists = 0;
        for route in super::super::table().iter().filter(|route| route.method == "GET") {
            let goes_on = !shapes[route.shape]["properties"]["next"].is_null();
            let resumes = route.parameters.iter().any(|parameter| parameter.name == super::super::AFTER.name);
            assert_eq!(goes_on, resumes, "{}", route.path);
            assert!(!resumes || route.refusals.contains(&422), "{}", route.path);
            lists += usize::from(resumes);
        }
        assert!(lists >= 7, "{lists}");
    }

    #[test]
    fn every_route_is_described_with_its_parameters_and_a_known_shape() {
        let table = super::super::table();
        let document = document(&table, "");
        for route in &table {
            let operation = &document["paths"][route.path][route.method.to_ascii_lowercase()];
            assert_eq!(operation["operationId"], route.name);
            assert!(document["components"]["schemas"][route.shape].is_object(), "{}", route.shape);
            let holes: Vec<&str> = route.path.split('{').skip(1).filter_map(|piece| piece.split('}').next()).collect();
            let in_path: Vec<&str> = route.parameters.iter().filter(|parameter| parameter.place == "path").map(|parameter| parameter.name).collect();
            assert_eq!(holes, in_path, "{}", route.path);
        }
    }
}
