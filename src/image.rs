//! Image references, by the grammar of the library that Docker, containerd and Podman parse them with
//! (`github.com/distribution/reference`): `[domain/]path[:tag][@digest]`.

use std::ops::Range;

use crate::diag::{Diagnostic, Findings, codes};
use crate::source::{Source, Spanned};
use crate::syntax::decoded_span;

/// Maximum length of a path (`RepositoryNameTotalLengthMax`).
const MAX_PATH: usize = 255;
/// Maximum length of a tag.
const MAX_TAG: usize = 128;

/// The supported algorithms of digests, and the number of their hexadecimal digits.
const DIGESTS: [(&str, usize); 3] = [("sha256", 64), ("sha384", 96), ("sha512", 128)];

/// The parts of a valid reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference<'a> {
    /// What comes before the tag and the digest: the registry and the path, as they are written.
    pub name: &'a str,
    /// The tag.
    pub tag: Option<&'a str>,
    /// The digest, such as `sha256:...`.
    pub digest: Option<&'a str>,
}

impl<'a> Reference<'a> {
    /// Reads a reference. `None` if it is not valid.
    pub fn read(text: &'a str) -> Option<Reference<'a>> {
        let is_text = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        reference(text).ok().filter(|()| is_text)?;
        let (named, digest) = match text.split_once('@') {
            Some((named, digest)) => (named, Some(digest)),
            None => (text, None),
        };
        // A colon before the last slash separates the port of a registry.
        let (name, tag) = match named.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (named, None),
        };
        Some(Reference { name, tag, digest })
    }

    /// Whether it has a tag or a digest.
    pub fn has_version(&self) -> bool {
        self.tag.is_some() || self.digest.is_some()
    }

    /// The normal name with the tag, `latest` by default. `None` if it has a digest, which says more.
    pub fn normal_tagged(&self) -> Option<String> {
        let tag = self.tag.unwrap_or("latest");
        self.digest.is_none().then(|| format!("{}:{tag}", self.normal_name()))
    }

    /// The name with the registry and the folder that it has by default, as `ParseNormalizedNamed` of
    /// the library writes it: `docker.io/library/nginx` for `nginx`.
    pub fn normal_name(&self) -> String {
        let (domain, path) = match self.name.split_once('/') {
            Some((first, path)) if is_domain(first) && domain(first).is_ok() => (first, path),
            _ => ("docker.io", self.name),
        };
        match domain {
            "docker.io" | "index.docker.io" if !path.contains('/') => {
                format!("docker.io/library/{path}")
            }
            "index.docker.io" => format!("docker.io/{path}"),
            domain => format!("{domain}/{path}"),
        }
    }
}

/// What images are told apart by: the same for names that engines read in the same way, such as `app`, `app:latest` and
/// `docker.io/library/app`.
pub fn identity(image: &str) -> String {
    let normal = Reference::read(image).and_then(|read| read.normal_tagged());
    normal.unwrap_or_else(|| image.to_owned())
}

/// What is wrong with a version, and how to fix it: a tag, or a digest such as `sha256:...`.
pub fn version_fault(version: &str) -> Option<(String, String)> {
    let checked = match version.contains(':') {
        true => digest(version, 0),
        false => tag(version, 0),
    };
    checked.err().map(|fault| (fault.what, fault.help))
}

/// What is wrong with a reference.
struct Fault {
    /// The bytes that it is about.
    range: Range<usize>,
    what: String,
    help: String,
    /// What the bytes are likely meant to be.
    meant: Option<String>,
}

impl Fault {
    fn new(range: Range<usize>, what: impl Into<String>, help: impl Into<String>) -> Fault {
        Fault { range, what: what.into(), help: help.into(), meant: None }
    }

    fn meant(self, meant: impl Into<String>) -> Fault {
        Fault { meant: Some(meant.into()), ..self }
    }
}

/// Reports an image reference that no engine accepts, at the part that is invalid.
pub fn check(image: Spanned<&str>, source: &Source, findings: &mut Findings) {
    // The schema reports these.
    if image.value.is_empty() || !image.value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return;
    }
    let Err(fault) = reference(image.value) else { return };
    findings.add(&codes::BAD_FORMAT, |code| {
        let span = decoded_span(source, image.span, fault.range.clone());
        let message = format!("invalid image `{}`: {}", image.value, fault.what);
        let diagnostic = Diagnostic::new(code, span, message).help(fault.help);
        // No edit where only the span of the whole string is known.
        let is_exact = image.value.get(fault.range) == Some(source.slice(span));
        match fault.meant.filter(|_| is_exact) {
            Some(meant) => diagnostic.likely_edit(span, meant),
            None => diagnostic,
        }
    });
}

/// Checks a reference: printable ASCII, not empty.
fn reference(text: &str) -> Result<(), Fault> {
    if let Some((scheme, _)) = text.split_once("://") {
        let range = 0..scheme.len() + 3;
        return Err(Fault::new(range, "it has a scheme", "an image has no scheme").meant(""));
    }
    let (named, digest) = match text.split_once('@') {
        Some((named, digest)) => (named, Some(digest)),
        None => (text, None),
    };
    let path_start = match named.split_once('/') {
        Some((first, _)) if is_domain(first) => {
            // The library takes a name that cannot be a host, such as `a.b_c`, as part of the path.
            if !is_component(first) {
                domain(first)?;
            }
            first.len() + 1
        }
        _ => 0,
    };
    let (path, tag) = match named.get(path_start..).unwrap_or("").split_once(':') {
        Some((path, tag)) => (path, Some(tag)),
        None => (named.get(path_start..).unwrap_or(""), None),
    };
    self::path(path, path_start)?;
    if let Some(tag) = tag {
        self::tag(tag, path_start + path.len())?;
    }
    digest.map_or(Ok(()), |digest| self::digest(digest, named.len() + 1))
}

/// Whether the part before the first `/` is a registry. Otherwise it belongs to the path on Docker
/// Hub. (Later versions of the library also take a name with upper-case letters as a registry.)
fn is_domain(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':'])
}

/// Checks a registry: a host and an optional port.
fn domain(domain: &str) -> Result<(), Fault> {
    let (host, port) = match domain.rsplit_once(':') {
        // Also in an IPv6 address.
        Some((host, port)) if !domain.ends_with(']') => (host, Some(port)),
        _ => (domain, None),
    };
    let is_name = || {
        host.split('.').all(|label| {
            let inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            !label.is_empty()
                && label.bytes().all(inside)
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
    };
    let is_address = || {
        let inside = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let is_part = |byte: u8| byte.is_ascii_hexdigit() || byte == b':';
        inside.is_some_and(|inside| !inside.is_empty() && inside.bytes().all(is_part))
    };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    if (is_name() || is_address()) && port.is_none_or(is_port) {
        return Ok(());
    }
    Err(Fault::new(
        0..domain.len(),
        format!("`{domain}` is not a registry"),
        "a registry is a host and an optional port, for example `registry.example.org:5000`",
    ))
}

/// Checks a path that starts at `start`.
fn path(path: &str, start: usize) -> Result<(), Fault> {
    let mut at = start;
    for component in path.split('/') {
        let range = at..at + component.len();
        if component.is_empty() {
            // The slashes around it; without a path, the character before or after it.
            let end = if path.is_empty() { start.max(1) } else { start + path.len() };
            let range = at.saturating_sub(1)..end.min(at + 1);
            let help = "the path is one or more names, separated by `/`";
            return Err(Fault::new(range, "a name in its path is empty", help));
        }
        if !is_component(&component.to_ascii_lowercase()) {
            return Err(Fault::new(
                range,
                format!("`{component}` is not a valid name in its path"),
                "a name consists of lower-case letters and digits, separated by `.`, `_`, `__`, or hyphens",
            ));
        }
        at = range.end + 1;
    }
    let range = start..start + path.len();
    let lower = path.to_ascii_lowercase();
    if lower != path {
        let first = path.split('/').next().unwrap_or("");
        let help = match first.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true if start == 0 && path.contains('/') => format!(
                "only a registry may have upper-case letters; if `{first}` is one, add its port: `{first}:443`"
            ),
            _ => "only a registry and a tag may have upper-case letters".to_owned(),
        };
        let what = "upper-case letters in its path";
        return Err(Fault::new(range, what, help).meant(lower));
    }
    if path.len() > MAX_PATH {
        let what = format!("its path has {} characters", path.len());
        return Err(Fault::new(range, what, format!("at most {MAX_PATH} are allowed")));
    }
    Ok(())
}

/// Whether a name of a path, in lower case, is valid: letters and digits, with `.`, `_`, `__`, or
/// hyphens between them.
fn is_component(component: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_separator =
        |text: &str| matches!(text, "" | "." | "_" | "__") || text.bytes().all(|byte| byte == b'-');
    component.starts_with(is_plain)
        && component.ends_with(is_plain)
        && component.split(is_plain).all(is_separator)
}

/// Checks a tag, whose colon is at `colon`.
fn tag(tag: &str, colon: usize) -> Result<(), Fault> {
    let start = colon + 1;
    let range = start..start + tag.len();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if tag.is_empty() {
        let help = "add a tag after the `:`, or remove the `:`";
        return Err(Fault::new(colon..start, "its tag is empty", help));
    }
    let is_valid = |tag: &str| {
        tag.starts_with(is_word) && tag.chars().all(|c| is_word(c) || c == '.' || c == '-')
    };
    if !is_valid(tag) {
        let fault = Fault::new(
            range,
            format!("`{tag}` is not a valid tag"),
            "a tag consists of letters, digits, `_`, `.`, and `-`, and does not start with `.` or `-`",
        );
        // In YAML, the comma of an entry of JSON is a part of its text.
        let meant = tag.strip_suffix(',').filter(|tag| is_valid(tag));
        return Err(match meant {
            Some(meant) => fault.meant(meant),
            None => fault,
        });
    }
    if tag.len() > MAX_TAG {
        let what = format!("its tag has {} characters", tag.len());
        return Err(Fault::new(range, what, format!("at most {MAX_TAG} are allowed")));
    }
    Ok(())
}

/// Checks a digest that starts at `start`.
fn digest(digest: &str, start: usize) -> Result<(), Fault> {
    let range = start..start + digest.len();
    let (name, digits) = digest.split_once(':').unwrap_or((digest, ""));
    let Some((_, length)) = DIGESTS.iter().find(|(known, _)| *known == name) else {
        return Err(Fault::new(
            range,
            format!("unknown algorithm `{name}` of its digest"),
            "a digest is `sha256:` and 64 hexadecimal digits; `sha384` and `sha512` are supported too",
        ));
    };
    let is_digits = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if digits.len() == *length && is_digits(digits) {
        return Ok(());
    }
    let what = match digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true if digits.len() == *length => "upper-case letters in its digest".to_owned(),
        true => format!("its digest has {} instead of {length} digits", digits.len()),
        false => "its digest is not hexadecimal".to_owned(),
    };
    let help = format!("a `{name}` digest has {length} hexadecimal digits in lower case");
    let fault = Fault::new(range, what, help);
    let lower = digits.to_ascii_lowercase();
    match digits.len() == *length && is_digits(&lower) {
        true => Err(fault.meant(format!("{name}:{lower}"))),
        false => Err(fault),
    }
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    /// The part of an image that is reported.
    fn part(image: &str) -> Option<&str> {
        reference(image).err().map(|fault| &image[fault.range])
    }

    /// The expressions of `regexp.go` of the library, with what `ParseNormalizedNamed` checks before.
    fn is_valid(image: &str) -> bool {
        let label = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
        let domain = format!(r"(?:{label}(?:\.{label})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?");
        let name = "[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*";
        let tag = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
        let digest = "(?:sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})";
        let whole = format!("^(?:{domain}/)?{name}(?:/{name})*(?::{tag})?(?:@{digest})?$");
        let first = image.split_once('/').map_or("", |(first, _)| first);
        let is_upper = first.to_lowercase() != first && !first.contains(['.', ':']);
        Regex::new(&whole).unwrap().is_match(image) && !is_upper
    }

    #[test]
    fn valid_references_are_accepted() {
        let digest = "0123456789abcdef".repeat(4);
        let images = [
            "x".to_owned(),
            "localhost/x".to_owned(),
            "localhost:5000/x/y:1.0".to_owned(),
            "REGISTRY.example/x".to_owned(),
            "REGISTRY:5000/x".to_owned(),
            "[2001:db8::1]:5000/x".to_owned(),
            "[::1]/x:a".to_owned(),
            "x:1/y:2".to_owned(),
            "x__y".to_owned(),
            "x---y/1".to_owned(),
            "a.b_c/x:_T.-9".to_owned(),
            format!("x:{}", "T".repeat(128)),
            "x".repeat(255),
            format!("x@sha256:{digest}"),
            format!("x.example/y:1@sha512:{digest}{digest}"),
        ];
        for image in images {
            assert_eq!(part(&image), None, "{image}");
            assert!(is_valid(&image), "{image}");
        }
    }

    #[test]
    fn invalid_references_are_reported_at_their_part() {
        let digest = "0123456789ABCDEF".repeat(4);
        let (long, digested) = (format!("x:{}", "t".repeat(129)), format!("x@sha256:{digest}"));
        let (path, named) = ("x".repeat(256), format!("r.example/{}", "x".repeat(256)));
        let cases = [
            ("Hunt/BB:1", "Hunt/BB"),
            ("BB:1", "BB"),
            ("Hunt/bb", "Hunt/bb"),
            ("r.example/A/b", "A/b"),
            ("a/b:1:2", "1:2"),
            ("x.-y", "x.-y"),
            ("x___y", "x___y"),
            ("a/-b", "-b"),
            ("a/b-:1", "b-"),
            ("a//b", "//"),
            ("/b", "/"),
            ("a/", "/"),
            (":1", ":"),
            ("a:", ":"),
            ("x:.1", ".1"),
            ("x:a+b", "a+b"),
            ("r.example:port/x", "r.example:port"),
            ("r..example/x", "r..example"),
            ("-r.example/x", "-r.example"),
            ("https://r.example/x", "https://"),
            ("x@sha256:00", "sha256:00"),
            ("x@md5:00", "md5:00"),
            ("x@", ""),
            ("@sha256:00", "@"),
            (&digested, &digested[2..]),
            (&long, &long[2..]),
            (&path, &path),
            (&named, &named[10..]),
        ];
        for (image, expected) in cases {
            assert_eq!(part(image), Some(expected), "{image}");
            assert!(image.len() > 255 || !is_valid(image), "{image}");
        }
    }
}
