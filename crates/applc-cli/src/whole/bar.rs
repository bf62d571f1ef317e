//! A bar that shows how far a long run has come. It goes away before anything else is printed.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::terminal::is_live;

/// What the bar looks like.
const STYLE: &str = "applc: [{bar:40}] {pos} of {len}";

/// A run that ends before has no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// How far a run has come.
pub struct Bar {
    total: usize,
    done: AtomicUsize,
    started: Instant,
    is_live: bool,
    drawn: OnceLock<ProgressBar>,
}

impl Bar {
    /// A bar for a number of steps, on standard error if that is a terminal.
    pub fn new(total: usize) -> Bar {
        Bar::since(Instant::now(), total, is_live())
    }

    fn since(started: Instant, total: usize, is_live: bool) -> Bar {
        Bar { total, done: AtomicUsize::new(0), started, is_live, drawn: OnceLock::new() }
    }

    /// Says that one more step is done.
    pub fn advance(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if self.is_live && is_due(self.started.elapsed(), done, self.total) {
            self.drawn.get_or_init(|| bar(self.total)).set_position(done as u64);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = self.drawn.get() {
            bar.finish_and_clear();
        }
    }
}

/// Whether a bar is drawn: the run takes long, and has not ended.
fn is_due(elapsed: Duration, done: usize, total: usize) -> bool {
    elapsed >= PATIENCE && done < total
}

fn bar(total: usize) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
    match ProgressStyle::with_template(STYLE) {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_runs_have_a_bar() {
        let long = PATIENCE + Duration::from_millis(1);
        assert!(is_due(long, 1, 9) && is_due(PATIENCE, 8, 9));
        assert!(!is_due(Duration::from_millis(999), 1, 9));
        assert!(!is_due(long, 9, 9), "nothing is left to wait for");
    }

    #[test]
    fn nothing_is_drawn_without_a_terminal() {
        let started = Instant::now().checked_sub(2 * PATIENCE).unwrap();
        let plain = Bar::since(started, 3, false);
        plain.advance();
        assert!(plain.drawn.get().is_none());
        let live = Bar::since(started, 3, true);
        live.advance();
        live.advance();
        assert_eq!(live.drawn.get().map(ProgressBar::position), Some(2));
        assert_eq!(live.drawn.get().and_then(ProgressBar::length), Some(3));
    }

    #[test]
    fn the_style_is_valid() {
        assert!(ProgressStyle::with_template(STYLE).is_ok());
    }
}
