//! The files of a commit, read from the objects of git: no file on disk is touched.
//!
//! git is a program here: it finds objects in packs and alternates, and knows who may read them. What a repository
//! configures starts no program, for it may come from someone else with its configuration.

mod process;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, BufRead, ErrorKind, Read};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use applc::World;
use applc::diag::Report;
use applc::path::parent;
use applc::source::MAX_SOURCE_BYTES;

use self::process::{Server, run};
use crate::whole::{Entry, Files, Kind};

/// Maximum number of links that lead to a file.
const MAX_LINKS: usize = 8;

/// How long an answer of git may take. It reads files of the repository only, of which one can be a pipe.
const PATIENCE: Duration = Duration::from_secs(60);

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
    /// A partial clone has no list of the files of the commit with this name.
    Partial(String),
    /// git does not answer within this time.
    Late(Duration),
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
            Failure::Partial(revision) => write!(
                f,
                "the files of `{revision}` are not in this partial clone, and applc fetches none; \
                 `git archive --output=/dev/null {revision}` does"
            ),
            Failure::Late(limit) => write!(
                f,
                "git does not answer within {} seconds: is a file in `.git` a pipe or a device?",
                limit.as_secs_f32()
            ),
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
    /// `git cat-file --batch`, which answers one request after another.
    reader: Mutex<Server>,
}

struct Blob {
    object: String,
    is_link: bool,
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
        Commit::find_within(folder, revision, PATIENCE)
    }

    /// Finds a commit as [`find`](Commit::find) does, with another limit for each answer of git.
    fn find_within(folder: &Path, revision: &str, limit: Duration) -> Result<Commit, Failure> {
        let run = |arguments: &[&str]| run(folder, arguments, limit);
        let prefix = run(&["rev-parse", "--show-prefix"])?;
        let prefix = line(&prefix.map_err(Failure::NoRepository)?);
        let unknown = |is_shallow| Failure::Unknown(revision.to_owned(), is_shallow);
        // It would be read as an option.
        if revision.starts_with('-') || revision.is_empty() {
            return Err(unknown(false));
        }
        let wanted = format!("{revision}^{{commit}}");
        let Ok(hash) = run(&["rev-parse", "--verify", "--quiet", &wanted])? else {
            let shallow = run(&["rev-parse", "--is-shallow-repository"])?;
            return Err(unknown(shallow.is_ok_and(|answer| line(&answer) == "true")));
        };
        let hash = line(&hash);
        let tree = match run(&["ls-tree", "-r", "-z", "--full-tree", &hash])? {
            Ok(tree) => tree,
            Err(said) => {
                let is_partial = run(&["config", "--get", "extensions.partialClone"])?.is_ok();
                return Err(match is_partial {
                    true => Failure::Partial(revision.to_owned()),
                    false => Failure::Git(said),
                });
            }
        };
        let reader = Server::start(folder, &["cat-file", "--batch"], limit)?;
        Ok(Commit { hash, prefix, blobs: blobs(&tree), reader: Mutex::new(reader) })
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
        let answers = reader.ask(&blob.object);
        let mut header = String::new();
        answers.read_line(&mut header)?;
        // `HASH blob SIZE`, or `HASH missing`. It ends instead if it may not fetch the object.
        let size = match header.split_whitespace().collect::<Vec<_>>().as_slice() {
            [_, "blob", size] => size.parse::<u64>().ok(),
            _ => None,
        };
        let Some(size) = size else {
            let message = format!(
                "git has no object {} in this clone, and applc fetches none; \
                 `git archive --output=/dev/null {}` fetches those of a partial clone",
                blob.object, self.hash
            );
            return Err(io::Error::other(message));
        };
        // One byte more than the limit shows that a file exceeds it.
        let wanted = size.min(MAX_SOURCE_BYTES as u64 + 1);
        let mut bytes = Vec::new();
        answers.by_ref().take(wanted).read_to_end(&mut bytes)?;
        // The rest, and a line end.
        let rest = size.saturating_sub(wanted) + 1;
        io::copy(&mut answers.by_ref().take(rest), &mut io::sink())?;
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

    /// A repository with a commit of one file.
    #[cfg(unix)]
    fn repository() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), "one").unwrap();
        for arguments in [&["init", "-q"][..], &["add", "a"], &["commit", "-q", "-m", "one"]] {
            let mut git = std::process::Command::new("git");
            git.arg("-C").arg(folder.path()).args(["-c", "user.name=a", "-c", "user.email=a@b"]);
            git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
            assert!(git.args(arguments).status().unwrap().success());
        }
        folder
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_in_the_repository_does_not_stop_the_program() {
        let pipe = |path: &Path| {
            std::fs::remove_file(path).unwrap();
            assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
        };
        let limit = Duration::from_secs(2);
        let folder = repository();
        // Of an object.
        let commit = Commit::find(folder.path(), "HEAD").unwrap();
        let object = commit.blobs["a"].object.clone();
        assert_eq!(commit.read("a").unwrap(), b"one");
        let (start, rest) = object.split_at(2);
        pipe(&folder.path().join(".git/objects").join(start).join(rest));
        let commit = Commit::find_within(folder.path(), "HEAD", limit).unwrap();
        assert_eq!(commit.read("a").unwrap_err().kind(), ErrorKind::TimedOut);
        assert!(commit.read("a").is_err());
        // Of the commit itself.
        pipe(&folder.path().join(".git/HEAD"));
        let found = Commit::find_within(folder.path(), "HEAD", limit);
        assert!(matches!(found, Err(Failure::Late(_))));
    }
}
