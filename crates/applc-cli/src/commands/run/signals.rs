//! Signals that end the program.

/// Makes SIGINT and SIGTERM end the programs that were started, and then this one as they would have: a terminal
/// sends them to all, but another program to this one only.
#[cfg(unix)]
pub fn end_together() {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::low_level::emulate_default_handler;

    crate::interrupt::on_each([SIGINT, SIGTERM], |signal| {
        applc_run::end_all(|| {
            let _ = emulate_default_handler(signal);
        });
    });
}

/// Nothing: a console ends all programs that were started in it.
#[cfg(not(unix))]
pub fn end_together() {}
