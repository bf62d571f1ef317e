//! What is printed as JSON against the schemas that are published.

use serde_json::Value;

/// The document, which matches a schema of the folder `schema` and has no property that is not in it.
pub fn document(schema: &str, text: &str) -> Value {
    let document: Value =
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let schema = applc_testing::read(&format!("schema/{schema}.schema.json"));
    let mut schema: Value = serde_json::from_str(&schema).unwrap();
    close(&mut schema);
    let schema = jsonschema::draft7::new(&schema).unwrap();
    let errors: Vec<String> = schema.iter_errors(&document).map(|one| one.to_string()).collect();
    assert_eq!(errors, [""; 0], "{text}");
    document
}

/// Allows only the properties that the schema describes.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(close);
            if members.contains_key("properties") && members.contains_key("type") {
                members.insert("additionalProperties".to_owned(), false.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}
