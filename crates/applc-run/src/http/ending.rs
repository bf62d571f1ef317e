//! The end of the service, which answers that go on do not wait for.

use futures_util::future::{Either, select};
use tokio::sync::watch;

/// Tells when the service ends.
#[derive(Debug, Clone)]
pub struct Ending(watch::Receiver<bool>);

impl Ending {
    /// What tells, and what is told. Without the first, it has ended.
    pub fn new() -> (watch::Sender<bool>, Ending) {
        let (end, ending) = watch::channel(false);
        (end, Ending(ending))
    }

    /// Waits until the service ends.
    pub async fn wait(mut self) {
        // An error means that nothing will tell any more.
        let _ = self.0.wait_for(|ending| *ending).await;
    }

    /// Waits for something; `None` if the service ends before.
    pub async fn unless<T>(&self, what: impl Future<Output = T>) -> Option<T> {
        let ended = self.clone().wait();
        futures_util::pin_mut!(what, ended);
        match select(what, ended).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(_) => None,
        }
    }
}
