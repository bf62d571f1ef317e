//! What is printed: figures, and whether they meet their bars.

/// Prints figures, and remembers which bars are missed.
#[derive(Default)]
pub struct Table {
    missed: usize,
}

impl Table {
    /// Starts a part.
    pub fn heading(&self, text: &str) {
        println!("\n{text}");
    }

    /// Prints a figure without a bar.
    pub fn figure(&self, name: &str, text: &str) {
        println!("  {name:<34} {text}");
    }

    /// Prints a figure that must be at most `bar`.
    pub fn bar(&mut self, name: &str, figure: f64, bar: f64, more: &str) {
        // A figure that is not a number meets no bar.
        let is_met = figure <= bar;
        self.missed += usize::from(!is_met);
        let verdict = if is_met { "pass" } else { "FAIL" };
        println!("  {name:<34} {figure:>8.2}  at most {bar:>7.2}  {verdict}  {more}");
    }

    /// Whether all bars are met. Prints how many are not.
    pub fn all_met(&self) -> bool {
        match self.missed {
            0 => println!("\nall bars are met"),
            missed => println!("\n{missed} bars are missed"),
        }
        self.missed == 0
    }
}
