//! Signals that end the program.

/// Makes SIGINT and SIGTERM end the programs that were started, and then this one as they would have: a terminal
/// sends them to all, but another program to this one only.
#[cfg(unix)]
pub fn end_together() {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    // Without, this program ends as it did before.
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        for signal in signals.forever() {
            applc_run::end_all(|| {
                let _ = emulate_default_handler(signal);
            });
        }
    });
}

/// Nothing: a console ends all programs that were started in it.
#[cfg(not(unix))]
pub fn end_together() {}
