//! Files with secrets in containers: Compose copies them when it creates a container, and does not notice that a
//! value has changed.

use std::ffi::OsStr;

use applc::plan::{Plan, SecretFile};
use applc::targets::compose_secrets;

use crate::error::Error;
use crate::secrets::Secrets;

use super::docker::Docker;
use super::model::Found;

/// Notes in containers which of their files with secrets have another value than the store. What is compared is in
/// the containers themselves: no value and no digest of one is kept anywhere else.
///
/// # Errors
/// The engine does not answer, or a value is missing.
pub fn mark(
    docker: &Docker,
    plan: &Plan,
    secrets: &Secrets,
    found: &mut [Found],
) -> Result<(), Error> {
    let has_files = plan.containers.iter().any(|one| !one.extras().secret_files.is_empty());
    if !has_files || found.is_empty() {
        return Ok(());
    }
    let values = secrets.values(plan)?;
    for one in found {
        let container =
            plan.containers.iter().find(|container| *container.id.value == *one.container);
        let files = container.map(|container| container.extras().secret_files.as_slice());
        for SecretFile { dest, value, mode: _ } in files.unwrap_or_default() {
            let is_same = |other: &applc::plan::SecretValue| {
                other.secret.value == value.secret.value && other.key.value == value.key.value
            };
            let variable = compose_secrets(plan).into_iter().find(|(other, _)| is_same(other));
            let Some(value) = variable.and_then(|(_, variable)| values.get(&variable)) else {
                continue;
            };
            let copied = docker.run(&["cp", &format!("{}:{}", one.id, dest.value), "-"])?;
            // Without a copy, the file is new, and Compose sees that.
            if copied.success && !holds(&copied.stdout, value) {
                one.stale.push(dest.value.to_string());
            }
        }
    }
    Ok(())
}

/// Size of a header, and of the blocks that contents are padded to (POSIX, `pax`, "ustar Interchange Format").
const BLOCK: usize = 512;

/// Whether the first file of a tar archive has this content. The archive was read as text: what is not UTF-8 is
/// replaced in both.
fn holds(archive: &str, content: &OsStr) -> bool {
    let mut rest = archive;
    while let Some((size, kind, behind)) = header(rest) {
        if matches!(kind, b'0' | 0) {
            return size == content.len() && behind.starts_with(&*content.to_string_lossy());
        }
        // A header with more about the next file.
        let Some(next) = behind.get(size.div_ceil(BLOCK).saturating_mul(BLOCK)..) else { break };
        rest = next;
    }
    false
}

/// The size of the content, the type of the entry, and what follows its header.
fn header(archive: &str) -> Option<(usize, u8, &str)> {
    let (header, behind) = archive.split_at_checked(BLOCK)?;
    let size = header.get(124..136)?.trim_matches(|c: char| c == '\0' || c == ' ');
    let kind = header.as_bytes().get(156)?;
    Some((usize::from_str_radix(size, 8).ok()?, *kind, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An entry of an archive, as far as it is read.
    fn entry(kind: char, content: &str) -> String {
        let size = format!("{:011o}\0", content.len());
        let header = format!("{:\0<124}{size}{:\0<20}{kind}{:\0<355}", "name", "", "");
        let padding = content.len().next_multiple_of(BLOCK) - content.len();
        format!("{header}{content}{}", "\0".repeat(padding))
    }

    #[test]
    fn a_file_of_an_archive_is_compared() {
        let archive = entry('0', "one\n");
        assert_eq!(archive.len(), 2 * BLOCK);
        let is = |archive: &str, content: &str| holds(archive, OsStr::new(content));
        assert!(is(&archive, "one\n"));
        for other in ["one", "one\n\0", "two\n", ""] {
            assert!(!is(&archive, other), "{other:?}");
        }
        let more = entry('x', "30 mtime=1.5\n") + &archive;
        assert!(is(&more, "one\n") && !is(&more, "two\n"));
        assert!(!is("", "one\n") && !is("short", "one\n"));
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_are_compared() {
        use std::os::unix::ffi::OsStrExt;
        let archive = entry('0', "a??b").replace("??", "\u{fffd}\u{fffd}");
        assert!(holds(&archive, OsStr::from_bytes(b"a\xff\xfeb")));
        assert!(!holds(&archive, OsStr::from_bytes(b"a\xff\xfec")));
    }
}
