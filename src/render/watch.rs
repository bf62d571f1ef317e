//! Whoever wants to know which template runs.

use std::fmt;
use std::sync::Arc;

/// Is told the name of each template before it is compiled or rendered. What runs templates of others in a process
/// of their own then knows which one ended it.
#[derive(Clone, Default)]
pub struct Watch(Option<Arc<Begun>>);

type Begun = dyn Fn(&str) + Send + Sync;

impl Watch {
    /// Calls this function with each name.
    pub fn new(begun: impl Fn(&str) + Send + Sync + 'static) -> Watch {
        Watch(Some(Arc::new(begun)))
    }

    pub(super) fn begun(&self, template: &str) {
        if let Some(begun) = &self.0 {
            begun(template);
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watch({})", self.0.is_some())
    }
}
