//! Signals that end the program.

/// Makes SIGINT and SIGTERM end the programs that were started, and then this one as they would have: a terminal
/// sends them to all, but another program to this one only.
#[cfg(unix)]
pub fn end_together() {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    // The thread comes first: a signal that is watched for and waits for nobody would be lost. Without a thread or the
    // signals, this program ends as it did before.
    let (to, from) = std::sync::mpsc::channel::<Signals>();
    let watcher = std::thread::Builder::new().spawn(move || {
        let Ok(mut signals) = from.recv() else { return };
        for signal in signals.forever() {
            applc_run::end_all(|| {
                let _ = emulate_default_handler(signal);
            });
        }
    });
    if watcher.is_ok()
        && let Ok(signals) = Signals::new([SIGINT, SIGTERM])
    {
        let _ = to.send(signals);
    }
}

/// Nothing: a console ends all programs that were started in it.
#[cfg(not(unix))]
pub fn end_together() {}
