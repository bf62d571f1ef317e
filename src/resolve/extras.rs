//! The settings that most containers do not have.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::io;

use ecow::EcoString;

use crate::diag::{Diagnostic, Findings, codes};
use crate::image;
use crate::model::{self, Build, Container, File, SecretFile};
use crate::plan::{
    self, BuildArgument, Content, Extras, Label, Plan, SecretVariable, Text, user_numbers,
};
use crate::source::{MAX_SOURCE_BYTES, Span, Spanned};
use crate::syntax::{Kind, Member, Node};
use crate::world::World;

use super::lookup::Lookup;
use super::path::cleaned;
use super::text::{self, owned};

/// Maximum number of a user or a group that container engines accept (`maxID` of runc).
const MAX_USER: u64 = (1 << 31) - 1;

/// Resolves the settings of a container. `None` if it has none of them.
pub fn resolve(
    container: &Container<'_>,
    lookup: &Lookup<'_>,
    findings: &mut Findings,
) -> Option<Extras> {
    if let Some(path) = container.working_dir {
        text::check_nul(path.value, path.span, findings);
    }
    let mut paths = Paths::of(container);
    let extras = Extras {
        user: container.user.and_then(|user| self::user(user, findings)),
        working_dir: container.working_dir.map(owned),
        stop_timeout: container.stop_timeout,
        build: container.build.as_ref().map(|build| self::build(build, findings)),
        files: files(container, &mut paths, lookup, findings),
        secret_env: secret_env(container, findings),
        secret_files: secret_files(container, &mut paths, findings),
        labels: container.labels.iter().filter_map(|label| self::label(label, findings)).collect(),
    };
    paths.check(findings);
    (!extras.is_none()).then_some(extras)
}

/// The cleaned paths that a container mounts, and where they are first written.
struct Paths<'t>(HashMap<Cow<'t, str>, Place>);

/// Where a path is written, and whether it is that of a file.
struct Place {
    span: Span,
    is_file: bool,
}

impl<'t> Paths<'t> {
    /// Those of its volumes, if there are files.
    fn of(container: &Container<'t>) -> Paths<'t> {
        let has_files = !container.files.is_empty() || !container.secret_files.is_empty();
        let volumes = container.volumes.iter().filter(|_| has_files).map(|volume| volume.dest);
        Paths(
            volumes
                .map(|dest| (cleaned(dest.value), Place { span: dest.span, is_file: false }))
                .collect(),
        )
    }

    /// Adds the path of a file. Reports one that is there already.
    fn add(&mut self, dest: Spanned<&'t str>, findings: &mut Findings) {
        text::check_nul(dest.value, dest.span, findings);
        if dest.value.starts_with('/')
            && dest.value.split('/').any(|part| part == "." || part == "..")
        {
            findings.add(&codes::BAD_FORMAT, |code| {
                let message = "the path of a file cannot have the parts `.` and `..`";
                Diagnostic::new(code, dest.span, message)
            });
            return;
        }
        match self.0.entry(cleaned(dest.value)) {
            Entry::Occupied(before) => findings.add(&codes::DUPLICATE_MOUNT, |code| {
                let message = format!("duplicate mount path `{}`", before.key());
                Diagnostic::new(code, dest.span, message)
                    .label("mounted again here")
                    .also(before.get().span, "first mounted here")
            }),
            Entry::Vacant(entry) => {
                entry.insert(Place { span: dest.span, is_file: true });
            }
        }
    }

    /// Reports the paths that are below a file, which is no folder.
    fn check(&self, findings: &mut Findings) {
        // Only parents of these lengths are looked up, so that a path of many parts costs no more than it should.
        let files = self.0.iter().filter(|(_, place)| place.is_file);
        let lengths: HashSet<usize> = files.map(|(path, _)| path.len()).collect();
        for (path, place) in &self.0 {
            let parents =
                path.match_indices('/').map(|(at, _)| at).filter(|at| lengths.contains(at));
            let files = parents.filter_map(|at| self.0.get_key_value(path.get(..at)?));
            let Some((file, around)) = files.into_iter().find(|(_, place)| place.is_file) else {
                continue;
            };
            findings.add(&codes::DUPLICATE_MOUNT, |code| {
                let message = format!("mount path `{path}` is below the file `{file}`");
                Diagnostic::new(code, place.span, message)
                    .label("cannot be below a file")
                    .also(around.span, "the file is mounted here")
            });
        }
    }
}

/// The files of a container.
fn files<'t>(
    container: &Container<'t>,
    paths: &mut Paths<'t>,
    lookup: &Lookup<'_>,
    findings: &mut Findings,
) -> Vec<plan::File> {
    let mut files = Vec::with_capacity(container.files.len());
    for File { dest, content, source, mode } in &container.files {
        paths.add(*dest, findings);
        let content = match (content, source) {
            (Some(content), _) => Content::Text(text::scalar(content, lookup, findings)),
            (None, Some(_)) => Content::Unread,
            // The schema reports it.
            (None, None) => continue,
        };
        let permissions = u32::from_str_radix(mode.value, 8).unwrap_or(0o644);
        files.push(plan::File {
            dest: owned(*dest),
            source: source.map(owned),
            content,
            mode: Spanned::new(permissions, mode.span),
        });
    }
    files
}

/// The files of a container with content in the secret store.
fn secret_files<'t>(
    container: &Container<'t>,
    paths: &mut Paths<'t>,
    findings: &mut Findings,
) -> Vec<plan::SecretFile> {
    let file = |SecretFile { dest, value, mode }: &SecretFile<'t>| {
        paths.add(*dest, findings);
        let permissions = u32::from_str_radix(mode.value, 8).unwrap_or(0o444);
        plan::SecretFile {
            dest: owned(*dest),
            value: secret_value(value),
            mode: Spanned::new(permissions, mode.span),
        }
    };
    container.secret_files.iter().map(file).collect()
}

/// The variables of a container with a value in the secret store. Reports those that `env` has, too.
fn secret_env(container: &Container<'_>, findings: &mut Findings) -> Vec<SecretVariable> {
    let mut names = HashMap::new();
    if !container.secret_env.is_empty() {
        names.extend(container.env.iter().map(|member| (&member.key.value, member.key.span)));
    }
    let variable = |variable: &model::SecretVariable<'_>| {
        let name = variable.name;
        if let Some(before) = names.get(&name.value) {
            findings.add(&codes::DUPLICATE_VARIABLE, |code| {
                let message = format!("`{}` is in `env` and in `secret_env`", name.value);
                Diagnostic::new(code, name.span, message)
                    .label("defined again here")
                    .also(*before, "first defined here")
                    .help("remove one of them")
            });
        }
        SecretVariable { name: name.clone(), value: secret_value(&variable.value) }
    };
    container.secret_env.iter().map(variable).collect()
}

fn secret_value(value: &model::SecretValue<'_>) -> plan::SecretValue {
    plan::SecretValue { secret: owned(value.secret), key: owned(value.key) }
}

/// Reads the files beside the appliance, which is in `folder`. Reports those that cannot be read.
pub fn read_files(plan: &mut Plan, world: &dyn World, folder: &str, findings: &mut Findings) {
    let extras = plan.containers.iter_mut().filter_map(|container| container.extras.as_mut());
    for file in extras.flat_map(|extras| &mut extras.files) {
        let (Some(source), Content::Unread) = (&file.source, &file.content) else { continue };
        // The schema reports an absolute path.
        if source.value.starts_with('/') {
            continue;
        }
        if source.value.split(['/', '\\']).any(|part| part == "..") {
            findings.add(&codes::UNREADABLE_FILE, |code| {
                let message = format!("`{}` is outside the folder of the appliance", source.value);
                Diagnostic::new(code, source.span, message)
                    .help("move the file beside the appliance")
            });
            continue;
        }
        match world.read_below(folder, &source.value) {
            Ok(bytes) if bytes.len() > MAX_SOURCE_BYTES => {
                findings.add(&codes::TOO_LARGE, |code| {
                    let limit = MAX_SOURCE_BYTES >> 20;
                    let message = format!("`{}` is larger than {limit} MiB", source.value);
                    Diagnostic::new(code, source.span, message)
                        .help("put it into the image or a volume")
                });
            }
            Ok(bytes) => file.content = content(bytes, source.span),
            Err(cause) => findings.add(&codes::UNREADABLE_FILE, |code| {
                let message = match cause.kind() {
                    io::ErrorKind::NotFound => format!("file `{}` not found", source.value),
                    _ => format!("cannot read `{}`: {cause}", source.value),
                };
                Diagnostic::new(code, source.span, message)
                    .help("the path is relative to the folder of the appliance")
            }),
        }
    }
}

/// The content of a file beside the appliance.
fn content(bytes: Vec<u8>, span: Span) -> Content {
    match String::from_utf8(bytes) {
        // Formats of text have no NUL.
        Ok(text) if !text.contains('\0') => Content::Text(Text::literal(text, span)),
        Ok(text) => Content::Bytes(text.into_bytes().into()),
        Err(error) => Content::Bytes(error.into_bytes().into()),
    }
}

/// Reports files beside the appliance that were not read, because it comes without a folder.
pub fn check_files(plan: &Plan, findings: &mut Findings) {
    let files = plan.containers.iter().flat_map(|container| &container.extras().files);
    for file in files.filter(|file| matches!(file.content, Content::Unread)) {
        let span = file.source.as_ref().map_or(file.dest.span, |source| source.span);
        findings.add(&codes::UNREADABLE_FILE, |code| {
            Diagnostic::new(code, span, "files beside the appliance cannot be read here")
                .help("write the content of the file into `content`")
        });
    }
}

/// How the image is built.
fn build(build: &Build<'_>, findings: &mut Findings) -> plan::Build {
    let Build { context, dockerfile, args, target } = build;
    for path in [Some(context), dockerfile.as_ref()].into_iter().flatten() {
        text::check_nul(path.value, path.span, findings);
    }
    let argument = |member: &Member| {
        let (name, value) = (member.key.clone(), scalar(&member.value, findings)?);
        Some(BuildArgument { name, value })
    };
    plan::Build {
        context: owned(*context),
        dockerfile: dockerfile.map(owned),
        args: args.iter().filter_map(argument).collect(),
        target: target.map(owned),
    }
}

/// Reports images that are built in different ways: under one name there is only what was built last.
pub fn check_builds(containers: &[plan::Container], findings: &mut Findings) {
    let mut first: HashMap<String, (&plan::Container, &plan::Build)> = HashMap::new();
    for container in containers {
        let Some(build) = &container.extras().build else { continue };
        let (other, before) =
            *first.entry(image::identity(&container.image.value)).or_insert((container, build));
        if build.is_same(before) {
            continue;
        }
        findings.add(&codes::BUILD_CLASH, |code| {
            let (one, two) = (&other.id.value, &container.id.value);
            let image = &container.image.value;
            let message = format!("`{one}` and `{two}` build `{image}` in different ways");
            Diagnostic::new(code, container.image.span, message)
                .label("the same name here")
                .also(other.image.span, "built here")
                .help("give each its own `image`, or the same `build`")
        });
    }
}

/// A label.
fn label(member: &Member, findings: &mut Findings) -> Option<Label> {
    Some(Label { name: member.key.clone(), value: scalar(&member.value, findings)? })
}

/// A value without references. The schema reports one that is not a scalar.
fn scalar(node: &Node, findings: &mut Findings) -> Option<Spanned<EcoString>> {
    let value = match &node.kind {
        Kind::String(text) | Kind::Number(text) => text.clone(),
        Kind::Bool(value) => value.to_string().into(),
        _ => return None,
    };
    text::check_nul(&value, node.span, findings);
    Some(Spanned::new(value, node.span))
}

/// A user as written. The schema reports one that is neither a string nor a number.
fn user(node: &Node, findings: &mut Findings) -> Option<Spanned<EcoString>> {
    let text = match &node.kind {
        Kind::String(text) => text.clone(),
        // In the form of an integer, whichever way it is written.
        Kind::Number(_) => node.as_i64()?.to_string().into(),
        _ => return None,
    };
    let largest = user_numbers(&text).map(|(user, group)| user.max(group.unwrap_or(0)));
    // The schema reports a number that is not in a string.
    if largest.is_some_and(|largest| largest > MAX_USER) && node.as_str().is_some() {
        findings.add(&codes::OUT_OF_RANGE, |code| {
            let message = format!("user or group number is greater than {MAX_USER}");
            Diagnostic::new(code, node.span, message)
        });
    }
    Some(Spanned::new(text, node.span))
}
