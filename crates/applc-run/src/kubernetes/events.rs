//! What happened to objects: the events of the API.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::model::Object;

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// One word.
    pub reason: String,
    /// A sentence.
    pub message: String,
    /// The container of a pod that it is about; empty if it is about none of the appliance.
    pub container: String,
    /// When it happened first.
    pub first: Option<Timestamp>,
    /// When it happened last.
    pub last: Option<Timestamp>,
}

/// Events by the UID of their object.
#[derive(Debug, Clone, Default)]
pub struct Events(BTreeMap<String, Vec<Event>>);

impl Events {
    /// Sorts events by their objects and times.
    pub fn new(objects: &[Object]) -> Events {
        let mut by: BTreeMap<String, Vec<Event>> = BTreeMap::new();
        for object in objects {
            let time = |pointers: [&str; 3]| {
                pointers.iter().find_map(|pointer| object.text(pointer).parse().ok())
            };
            let container = object
                .text("/involvedObject/fieldPath")
                .strip_prefix("spec.containers{")
                .and_then(|path| path.strip_suffix('}'));
            let event = Event {
                container: container.unwrap_or_default().to_owned(),
                reason: object.text("/reason").to_owned(),
                message: object.text("/message").trim().to_owned(),
                first: time(["/firstTimestamp", "/eventTime", "/metadata/creationTimestamp"]),
                last: time(["/series/lastObservedTime", "/lastTimestamp", "/eventTime"]),
            };
            by.entry(object.text("/involvedObject/uid").to_owned()).or_default().push(event);
        }
        by.values_mut().for_each(|events| events.sort_by_key(|event| event.last));
        Events(by)
    }

    /// The events of an object, the oldest first.
    pub fn of(&self, uid: &str) -> &[Event] {
        self.0.get(uid).map_or(&[], Vec::as_slice)
    }

    /// The last event of an object with a reason.
    pub fn last(&self, uid: &str, reason: &str) -> Option<&Event> {
        self.of(uid).iter().rfind(|event| event.reason == reason)
    }
}
