//! `GET /api`: the description of the API in OpenAPI 3.1, made from the table of operations.

use serde_json::{Map, Value, json};

use super::answer::FINDINGS;
use super::table::{Content, OPERATIONS, Operation, Parameter, Reply};

/// The description.
pub fn description() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in OPERATIONS {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(operation.method.to_owned(), described(operation));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "applc",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Brings appliances up, and tells their states: the HTTP API of PIVOT.",
        },
        "paths": paths,
        "components": { "schemas": schemas(), "securitySchemes": {
            "token": { "type": "http", "scheme": "bearer" },
            "session": { "type": "apiKey", "in": "cookie", "name": "applc_session" },
        } },
        "security": [{}, { "token": [] }, { "session": [] }],
    })
}

fn described(operation: &Operation) -> Value {
    let mut described = json!({
        "summary": operation.summary,
        "operationId": name(operation),
        "parameters": parameters(operation),
        "responses": answers(operation),
    });
    if operation.takes_appliance
        && let Some(described) = described.as_object_mut()
    {
        let appliance = json!({ "schema": { "$ref": "#/components/schemas/Submission" } });
        let kinds = ["application/json", "application/yaml", "application/x-www-form-urlencoded"];
        let content: Map<String, Value> =
            kinds.into_iter().map(|kind| (kind.to_owned(), appliance.clone())).collect();
        described.insert("requestBody".into(), json!({ "required": true, "content": content }));
    }
    described
}

/// `getApplianceIdContainer` and so on.
fn name(operation: &Operation) -> String {
    let mut name = operation.method.to_owned();
    for part in operation.path.split(['/', '{', '}']).filter(|part| !part.is_empty()) {
        let mut letters = part.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    if name.len() == operation.method.len() { name + "Root" } else { name }
}

fn parameters(operation: &Operation) -> Value {
    let names = operation.path.split('{').filter_map(|part| part.split_once('}'));
    let of_path = names.map(|(name, _)| {
        let schema = if name == "name" {
            json!({ "type": "string" })
        } else {
            json!({ "type": "string", "pattern": "^[A-Za-z0-9-]+$", "maxLength": 255 })
        };
        json!({ "name": name, "in": "path", "required": true, "schema": schema })
    });
    let of_query = operation.query.iter().map(|parameter| {
        let Parameter { name, about, is_number } = parameter;
        let schema = if *is_number {
            json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX })
        } else {
            json!({ "enum": ["true", "false"] })
        };
        json!({ "name": name, "in": "query", "description": about, "schema": schema })
    });
    of_path.chain(of_query).collect()
}

fn answers(operation: &Operation) -> Value {
    let mut answers = Map::new();
    for answer in operation.answers {
        answers.insert(answer.status.to_string(), reply(answer));
    }
    answers.insert(
        "default".to_owned(),
        reply(&Reply {
            status: 0,
            about: "400 the request is not understood, 401 no token, 403 a page of another origin, \
                    408 the body takes too long, 413 the body is too large, 415 it has another type, \
                    501 the engine cannot do it, 502 it refuses, 503 it does not answer or there are too \
                    many requests.",
            content: Content::Json("Error"),
        }),
    );
    Value::Object(answers)
}

fn reply(answer: &Reply) -> Value {
    let schema = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let of = |kind: &str, schema: Value| json!({ kind: { "schema": schema } });
    let text = || json!({ "type": "string" });
    let content = match answer.content {
        Content::Json(name) => of("application/json", schema(name)),
        Content::List(name) => {
            of("application/json", json!({ "type": "array", "items": schema(name) }))
        }
        Content::Text => of("text/plain", text()),
        Content::Html => of("text/html", text()),
        Content::Svg => of("image/svg+xml", text()),
        Content::File => json!({
            "text/css": { "schema": text() }, "text/javascript": { "schema": text() },
        }),
        Content::Events => of("text/event-stream", text()),
        Content::Nothing => return json!({ "description": answer.about }),
    };
    json!({ "description": answer.about, "content": content })
}

fn schemas() -> Value {
    let submission: Value = serde_json::from_str(applc::schema::TEXT).unwrap_or_default();
    let (submission, parts) = embedded(submission);
    let state = json!({ "enum": [
        "submitted", "pending", "staging", "running", "success", "failed", "killed",
    ] });
    let text = json!({ "type": "string" });
    let maybe_text = json!({ "type": ["string", "null"] });
    let list = |name: &str| json!({ "type": "array", "items": { "$ref": format!("#/components/schemas/{name}") } });
    let mut all = Map::new();
    let mut add = |name: &str, schema: Value| all.insert(name.to_owned(), schema);
    add("Submission", submission);
    for (name, part) in parts {
        add(&format!("submission.{name}"), part);
    }
    add(
        "Error",
        json!({
            "type": "object", "required": ["error"],
            "properties": { "error": text, "findings": { "type": "array", "items": { "type": "object" } } },
        }),
    );
    add(
        "Findings",
        json!({
            "type": "object", "required": ["findings"],
            "properties": {
                "findings": { "type": "array", "items": { "type": "object" }, "maxItems": FINDINGS },
                "more": { "type": "integer" },
            },
        }),
    );
    add(
        "Message",
        json!({
            "type": "object", "required": ["message"], "properties": { "message": text },
        }),
    );
    add(
        "Appliance",
        json!({
            "type": "object", "required": ["id", "containers"],
            "properties": { "id": text, "containers": list("Container") },
        }),
    );
    add(
        "Container",
        json!({
            "type": "object", "required": ["id", "appliance", "state", "endpoints"],
            "properties": {
                "id": text, "appliance": text, "state": state, "endpoints": list("Endpoint"),
                "why": maybe_text, "times": { "type": "object" }, "tasks": list("Task"),
            },
        }),
    );
    add(
        "Endpoint",
        json!({
            "type": "object", "required": ["host", "host_port", "container_port", "protocol"],
            "properties": {
                "host": text, "host_port": { "type": "integer" }, "container_port": { "type": "integer" },
                "protocol": { "enum": ["tcp", "udp"] }, "name": text,
            },
        }),
    );
    add(
        "Task",
        json!({
            "type": "object", "required": ["name", "state", "restarts", "times"],
            "properties": {
                "name": text, "state": state, "why": maybe_text, "restarts": { "type": "integer" },
                "times": { "type": "object" },
            },
        }),
    );
    add(
        "Volume",
        json!({
            "type": "object", "required": ["id", "appliance", "name", "used_by"],
            "properties": {
                "id": text, "appliance": maybe_text, "name": text,
                "used_by": { "type": "array", "items": text },
            },
        }),
    );
    add(
        "Host",
        json!({
            "type": "object", "required": ["hostname", "resources", "is_ready", "attributes"],
            "properties": {
                "hostname": text, "address": maybe_text, "is_ready": { "type": "boolean" },
                "resources": {
                    "type": "object", "required": ["cpus", "mem"],
                    "properties": { "cpus": { "type": "number" }, "mem": { "type": "integer" } },
                },
                "attributes": { "type": "object", "additionalProperties": text },
            },
        }),
    );
    add("Description", json!({ "type": "object", "required": ["openapi", "paths"] }));
    Value::Object(all)
}

/// The published schema as a part of the description: its definitions become schemas beside it.
fn embedded(mut schema: Value) -> (Value, Map<String, Value>) {
    refer(&mut schema);
    let Some(top) = schema.as_object_mut() else { return (schema, Map::new()) };
    top.remove("$schema");
    let parts = top.remove("definitions");
    (schema, parts.and_then(|parts| parts.as_object().cloned()).unwrap_or_default())
}

fn refer(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (key, value) in object.iter_mut() {
                match value {
                    Value::String(path) if key == "$ref" => {
                        *path = path.replace("#/definitions/", "#/components/schemas/submission.");
                    }
                    value => refer(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(refer),
        _ => {}
    }
}
