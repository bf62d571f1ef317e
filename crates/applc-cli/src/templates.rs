//! Where the templates of custom targets run, as they come from others: in processes of this program.

use std::sync::{Arc, LazyLock};

use applc::targets::custom::Renderer;
use applc_templates::{Limits, Pool};

/// The processes of a command. None in unit tests, whose program cannot be started for that.
pub fn renderer() -> Option<&'static Arc<dyn Renderer>> {
    static POOL: LazyLock<Arc<dyn Renderer>> =
        LazyLock::new(|| Arc::new(Pool::new(Limits::COMMAND)));
    (!cfg!(test)).then(|| &*POOL)
}

/// Those of a language server, which has less time.
pub fn for_editor() -> Arc<dyn Renderer> {
    Arc::new(Pool::new(Limits::EDITOR))
}
