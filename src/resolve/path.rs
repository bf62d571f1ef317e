//! Paths as container engines read them.

use std::borrow::Cow;

/// An absolute path without `.`, `..`, repeated and final slashes, which engines remove before they
/// use it (as Go's `path.Clean`). `..` at the root is the root.
pub fn cleaned(path: &str) -> Cow<'_, str> {
    let is_clean = |name: &str| !matches!(name, "" | "." | "..");
    if path == "/" || path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_clean)) {
        return Cow::Borrowed(path);
    }
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    Cow::Owned(format!("/{}", names.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_path_become_the_same() {
        for path in ["/data", "/data/", "//data", "/data/.", "/./data", "/data/../data", "/../data"]
        {
            assert_eq!(cleaned(path), "/data", "{path}");
        }
        for path in ["/", "//", "/.", "/..", "/data/..", "/./../"] {
            assert_eq!(cleaned(path), "/", "{path}");
        }
        for path in ["/data/...", "/data/.x", "/a/b c"] {
            assert_eq!(cleaned(path), path);
        }
    }
}
