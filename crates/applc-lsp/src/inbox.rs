//! Messages that were not handled yet.

use std::collections::VecDeque;

use gen_lsp_types::{CancelNotification, Notification};
use lsp_server::{ErrorCode, Message, RequestId, Response};

/// Messages in the order in which they came, without requests that were cancelled meanwhile.
#[derive(Debug, Default)]
pub struct Inbox {
    waiting: VecDeque<Message>,
}

impl Inbox {
    /// Adds a message. If it cancels a request that waits, returns the answer to that request.
    pub fn push(&mut self, message: Message) -> Option<Message> {
        let Message::Notification(notification) = &message else {
            self.waiting.push_back(message);
            return None;
        };
        if notification.method != CancelNotification::METHOD.as_str() {
            self.waiting.push_back(message);
            return None;
        }
        let id = notification.params.get("id").cloned()?;
        let id: RequestId = serde_json::from_value(id).ok()?;
        let is_meant =
            |waiting: &Message| matches!(waiting, Message::Request(request) if request.id == id);
        let at = self.waiting.iter().position(is_meant)?;
        self.waiting.remove(at);
        let message = "the request was cancelled".to_owned();
        Some(Response::new_err(id, ErrorCode::RequestCanceled as i32, message).into())
    }

    /// Takes the next message.
    pub fn pop(&mut self) -> Option<Message> {
        self.waiting.pop_front()
    }
}
