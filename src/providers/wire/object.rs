//! Fields put into JSON objects. What is no object stays as it is.

use serde_json::Value;

/// Puts a field.
pub(in crate::providers::wire) fn put(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value.into());
    }
}
