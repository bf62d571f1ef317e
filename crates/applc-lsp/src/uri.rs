//! Between the names of documents in the protocol and paths.

use gen_lsp_types::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What stays as it is in the path of a URI.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The start of the URI of a file.
const FILE: &str = "file://";

/// The path of a file, with `/` between parts. A document that is no file has its URI as its path: it is in no folder
/// that exists. Neither is a file whose name is not UTF-8: a replaced byte could make it the name of another file.
pub fn to_path(uri: &Uri) -> String {
    let Some(rest) = uri.0.strip_prefix(FILE) else { return uri.0.clone() };
    // A host is followed by the path.
    let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or(rest);
    let Ok(path) = percent_decode_str(path).decode_utf8() else { return uri.0.clone() };
    let path = path.into_owned();
    // `/c:/folder`
    match path.as_bytes() {
        [b'/', letter, b':', ..] if letter.is_ascii_alphabetic() => {
            path.get(1..).unwrap_or_default().to_owned()
        }
        _ => path,
    }
}

/// The URI of a path: the inverse of [`to_path`], if the client writes URIs in the same way.
pub fn of_path(path: &str) -> Uri {
    if path.contains("://") || is_other_scheme(path) {
        return Uri(path.to_owned());
    }
    let slash = if path.starts_with('/') { "" } else { "/" };
    Uri(format!("{FILE}{slash}{}", utf8_percent_encode(path, ENCODED)))
}

/// A path below a folder, without `.` and `..`.
pub fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let start = if folder.starts_with('/') { "/" } else { "" };
    start.to_owned() + &parts.join("/")
}

/// Whether a path is a URI such as `untitled:Untitled-1`, not one of a drive.
fn is_other_scheme(path: &str) -> bool {
    path.split_once(':').is_some_and(|(scheme, _)| {
        scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_uris() {
        for (uri, path) in [
            ("file:///a/b.json", "/a/b.json"),
            ("file:///a%20b/%C3%A9.yaml", "/a b/é.yaml"),
            ("file:///c%3A/a.json", "c:/a.json"),
            ("untitled:Untitled-1", "untitled:Untitled-1"),
            ("vscode-vfs://github/a/b.json", "vscode-vfs://github/a/b.json"),
            ("file:///a/%FF.json", "file:///a/%FF.json"),
        ] {
            assert_eq!(to_path(&uri.into()), path);
            assert_eq!(of_path(path).0, uri);
        }
        assert_eq!(to_path(&"file://host/a".into()), "/a");
    }
}
