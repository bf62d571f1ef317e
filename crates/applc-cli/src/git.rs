//! The files of a commit, read from the objects of git: no file on disk is touched.
//!
//! git is a program here: it finds objects in packs, alternates and partial clones, and knows who may read them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use applc::World;
use applc::diag::Report;
use applc::path::parent;
use applc::source::MAX_SOURCE_BYTES;

use crate::whole::{Entry, Files, Kind};

/// Maximum number of links that lead to a file.
const MAX_LINKS: usize = 8;

/// Why the files of a commit cannot be read.
#[derive(Debug)]
pub enum Failure {
    /// There is no program `git`.
    NoGit(io::Error),
    /// The folder is not in a repository.
    NoRepository(String),
    /// There is no commit with this name. Whether the repository is a shallow clone.
    Unknown(String, bool),
    /// git fails: what it says.
    Git(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NoGit(cause) => {
                write!(f, "`--base` needs `git`, which cannot be started: {cause}")
            }
            Failure::NoRepository(said) => write!(f, "`--base` needs a git repository: {said}"),
            Failure::Unknown(revision, false) => {
                write!(f, "`{revision}` is not a commit of this repository")
            }
            Failure::Unknown(revision, true) => write!(
                f,
                "`{revision}` is not in this shallow clone; fetch it with `git fetch --depth=1 origin COMMIT`, or the \
                 whole history with `git fetch --unshallow`"
            ),
            Failure::Git(said) => write!(f, "git: {said}"),
        }
    }
}

/// The files of a commit in a folder of the repository.
pub struct Commit {
    /// The full hash of the commit.
    pub hash: String,
    /// The folder in the repository, with a slash at the end; empty for all of it.
    prefix: String,
    blobs: BTreeMap<String, Blob>,
    reader: Mutex<Reader>,
}

struct Blob {
    object: String,
    is_link: bool,
}

/// `git cat-file --batch`, which answers one request after another.
struct Reader {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Drop for Reader {
    fn drop(&mut self) {
        // It ends when there are no more requests.
        self.requests = None;
        let _ = self.child.wait();
    }
}

/// A command that runs git in a folder. Its messages do not depend on the locale.
fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0");
    command
}

/// Runs git and returns what it prints; an error is the first line of what it says.
fn run(folder: &Path, arguments: &[&str]) -> Result<Result<Vec<u8>, String>, Failure> {
    let output =
        git(folder).args(arguments).stdin(Stdio::null()).output().map_err(Failure::NoGit)?;
    Ok(if output.status.success() {
        Ok(output.stdout)
    } else {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let line = said.lines().next().unwrap_or("it failed without a message");
        Err(line.strip_prefix("fatal: ").unwrap_or(line).to_owned())
    })
}

/// A line that git prints, without its end. Other white space may belong to a name.
fn line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.strip_suffix('\n').unwrap_or(&text).to_owned()
}

impl Commit {
    /// Finds a commit, as seen from a folder of its repository.
    ///
    /// # Errors
    /// There is no git, no repository, or no such commit.
    pub fn find(folder: &Path, revision: &str) -> Result<Commit, Failure> {
        let prefix = run(folder, &["rev-parse", "--show-prefix"])?;
        let prefix = line(&prefix.map_err(Failure::NoRepository)?);
        let unknown = |is_shallow| Failure::Unknown(revision.to_owned(), is_shallow);
        // It would be read as an option.
        if revision.starts_with('-') || revision.is_empty() {
            return Err(unknown(false));
        }
        let wanted = format!("{revision}^{{commit}}");
        let Ok(hash) = run(folder, &["rev-parse", "--verify", "--quiet", &wanted])? else {
            let shallow = run(folder, &["rev-parse", "--is-shallow-repository"])?;
            return Err(unknown(shallow.is_ok_and(|answer| line(&answer) == "true")));
        };
        let hash = line(&hash);
        let tree = run(folder, &["ls-tree", "-r", "-z", "--full-tree", &hash])?;
        let blobs = blobs(&tree.map_err(Failure::Git)?);
        let mut child = git(folder)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(Failure::NoGit)?;
        let (Some(requests), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::Git("it has no input or output".to_owned()));
        };
        let reader = Reader { child, requests: Some(requests), answers: BufReader::new(answers) };
        Ok(Commit { hash, prefix, blobs, reader: Mutex::new(reader) })
    }

    /// The path of a file in the repository, without `.` and `..`. `None` if it is not in the repository.
    fn in_repository(&self, path: &str) -> Option<String> {
        normal(&self.prefix, path)
    }

    /// The file that a path names, also through links.
    fn blob(&self, path: &str) -> io::Result<&Blob> {
        let mut path = self.in_repository(path).ok_or(ErrorKind::NotFound)?;
        for _ in 0..MAX_LINKS {
            let blob = self.blobs.get(&path).ok_or(ErrorKind::NotFound)?;
            if !blob.is_link {
                return Ok(blob);
            }
            let target = self.content(blob)?;
            let target = String::from_utf8(target).map_err(|_| ErrorKind::NotFound)?;
            let folder = parent(&path);
            // A link out of the repository leads to nothing that belongs to the commit.
            let next = (!target.starts_with('/')).then(|| normal(folder, &target)).flatten();
            path = next.ok_or(ErrorKind::NotFound)?;
        }
        Err(io::Error::other("too many links"))
    }

    fn content(&self, blob: &Blob) -> io::Result<Vec<u8>> {
        let mut reader = self.reader.lock().map_err(|_| io::Error::other("git has failed"))?;
        let reader = &mut *reader;
        let requests = reader.requests.as_mut().ok_or(ErrorKind::BrokenPipe)?;
        requests.write_all(format!("{}\n", blob.object).as_bytes())?;
        requests.flush()?;
        let mut header = String::new();
        reader.answers.read_line(&mut header)?;
        // `HASH blob SIZE`, or `HASH missing`.
        let size = match header.split_whitespace().collect::<Vec<_>>().as_slice() {
            [_, "blob", size] => size.parse::<u64>().ok(),
            _ => None,
        };
        let Some(size) = size else {
            return Err(io::Error::other(format!("git has no object {}", blob.object)));
        };
        // One byte more than the limit shows that a file exceeds it.
        let wanted = size.min(MAX_SOURCE_BYTES as u64 + 1);
        let mut bytes = Vec::new();
        reader.answers.by_ref().take(wanted).read_to_end(&mut bytes)?;
        // The rest, and a line end.
        let rest = size.saturating_sub(wanted) + 1;
        io::copy(&mut reader.answers.by_ref().take(rest), &mut io::sink())?;
        if bytes.len() as u64 != wanted {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(bytes)
    }

    /// The files and links below a folder, relative to it.
    fn below<'c>(&'c self, folder: &str) -> Vec<(&'c str, &'c Blob)> {
        let Some(folder) = self.in_repository(folder) else { return Vec::new() };
        let start = if folder.is_empty() { folder } else { folder + "/" };
        let after = self.blobs.range(start.clone()..);
        after.map_while(|(path, blob)| Some((path.strip_prefix(&start)?, blob))).collect()
    }
}

/// The files and links of the output of `git ls-tree -r -z`. Names that are not Unicode, and submodules, are left out.
fn blobs(tree: &[u8]) -> BTreeMap<String, Blob> {
    let entries = tree.split(|byte| *byte == 0);
    let entries = entries.filter_map(|entry| {
        let (what, path) = std::str::from_utf8(entry).ok()?.split_once('\t')?;
        let [mode, "blob", object] = what.split(' ').collect::<Vec<_>>()[..] else { return None };
        let blob = Blob { object: object.to_owned(), is_link: mode == "120000" };
        Some((path.to_owned(), blob))
    });
    entries.collect()
}

/// A path in a folder, without `.`, `..` and empty parts. `None` if it leads out of the root.
fn normal(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

impl World for Commit {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.content(self.blob(path)?)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let files = self.below(folder).into_iter().filter(|(_, blob)| !blob.is_link);
        let mut found: Vec<String> = files.map(|(path, _)| path.to_owned()).collect();
        found.sort();
        if found.is_empty() { Err(ErrorKind::NotFound.into()) } else { Ok(found) }
    }
}

impl Files for Commit {
    fn entries(&self, folder: &str) -> io::Result<Vec<Entry>> {
        let names: BTreeSet<(&str, Kind)> = self
            .below(folder)
            .into_iter()
            .map(|(path, blob)| match path.split_once('/') {
                Some((name, _)) => (name, Kind::Folder),
                None if blob.is_link => (path, Kind::Other),
                None => (path, Kind::File),
            })
            .collect();
        let entry = |(name, kind): (&str, Kind)| Entry { name: name.to_owned(), kind };
        Ok(names.into_iter().map(entry).collect())
    }

    fn exists(&self, path: &str) -> bool {
        self.blob(path).is_ok()
    }

    fn shown(&self, path: &str) -> String {
        format!("{}:{}{path}", self.hash, self.prefix)
    }

    fn named(&self, report: Report) -> Report {
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_kind_are_read() {
        let tree = b"100644 blob aa\ta b\n\"c\".json\x00120000 blob bb\tlink\x00160000 commit cc\tsub\x00100755 blob dd\t\xff\x00";
        let found = blobs(tree);
        let found: Vec<_> = found
            .iter()
            .map(|(path, blob)| (path.as_str(), blob.object.as_str(), blob.is_link))
            .collect();
        assert_eq!(found, [("a b\n\"c\".json", "aa", false), ("link", "bb", true)]);
    }

    #[test]
    fn paths_do_not_lead_out() {
        assert_eq!(normal("a/b/", "../c").as_deref(), Some("a/c"));
        assert_eq!(normal("", "./x//y").as_deref(), Some("x/y"));
        assert_eq!(normal("a", "../../x"), None);
    }
}
