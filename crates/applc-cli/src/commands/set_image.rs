//! `applc set-image`: sets the versions of images in project files, and keeps all else in them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use applc::diag::{Findings, Format, nearest};
use applc::overlay::Images;
use applc::project::{FILE_NAME, File, Project};
use applc::source::{Source, Span, Spanned};
use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value};

use crate::Status;
use crate::args::{FindingsArguments, SetImage};
use crate::diff;
use crate::emit::{self, OutputFile};
use crate::levels::LevelArguments;
use crate::projects::unknown_environment;
use crate::reporter::{Reporter, Stream};
use crate::select;
use crate::terminal::{fail, note, print};
use crate::whole::apply::Turn;
use crate::whole::cache::Cache;
use crate::whole::compile::{self, Depth};
use crate::whole::discover::Asked;
use crate::whole::{Files, Rooted, discover};

/// Sets the versions of the arguments.
pub fn run(arguments: &SetImage) -> Status {
    set(arguments).unwrap_or_else(|status| status)
}

/// A version to set.
struct Wanted<'a> {
    /// As the argument writes it.
    repository: &'a str,
    /// Its normal form.
    normal: String,
    /// A tag or a digest.
    version: &'a str,
}

fn set(arguments: &SetImage) -> Result<Status, Status> {
    let mut reporter = Reporter::new(&FindingsArguments::default(), Stream::Stderr, false)?;
    let images = wanted(&arguments.images, &reporter)?;
    let root = discover::root_of(Path::new("."))?;
    let root = root
        .ok_or_else(|| fail(&format!("no `{FILE_NAME}` in this folder or above"), Status::Usage))?;
    let world = Rooted::new(root.clone());
    // Another run that sets an image must not write what was read before.
    let _turn = (!arguments.dry_run).then(|| Turn::take(&world));
    let projects = discover::project_files(&world, &mut reporter)?;
    let environment = arguments.environment.as_str();
    let is_known = projects.iter().any(|project| images_of(&project.file, environment).is_some());
    if !is_known {
        let mut known: Vec<&str> = projects.iter().flat_map(|one| one.environments()).collect();
        known.sort_unstable();
        known.dedup();
        return Err(unknown_environment(environment, &known));
    }
    if !arguments.add {
        let is_new = |one: &&Wanted<'_>| {
            !projects.iter().any(|project| sets(project, environment, one) == Some(true))
        };
        check_used(root, environment, &images.iter().filter(is_new).collect::<Vec<_>>())?;
    }
    let mut status = Status::Clean;
    let mut changed = Vec::new();
    for (index, project) in projects.iter().enumerate() {
        let chosen = images.iter().filter(|one| is_for(index, &projects, environment, one));
        let chosen: Vec<&Wanted<'_>> = chosen.collect();
        let source = &project.file.report.source;
        if let Some(text) = edited(source.text(), environment, &chosen)? {
            changed.push((source, text));
        }
    }
    if changed.is_empty() {
        note("nothing to change");
        return Ok(Status::Clean);
    }
    if arguments.dry_run {
        for (source, text) in changed {
            let changed = diff::masked(source.name(), Some(source.text()), Some(&text)).0;
            status = status.max(print(&changed));
        }
        return Ok(status.max(Status::Changes));
    }
    let file = |(source, text): &(&Source, String)| OutputFile {
        path: world.on_disk(source.name()),
        text: text.clone(),
    };
    emit::edit(&changed.iter().map(file).collect::<Vec<_>>())
        .map_err(|error| reporter.unwritable(&error))?;
    changed.iter().for_each(|(source, _)| note(&format!("{} changed", world.shown(source.name()))));
    Ok(Status::Clean)
}

/// Reads the arguments.
///
/// # Errors
/// The exit status if one is invalid, which was reported.
fn wanted<'a>(arguments: &'a [String], reporter: &Reporter) -> Result<Vec<Wanted<'a>>, Status> {
    let mut found: Vec<Wanted<'a>> = Vec::new();
    for argument in arguments {
        let Some((repository, version)) = argument.split_once('=') else {
            let message = format!("expected `IMAGE=TAG`, found `{argument}`");
            return Err(fail(&message, Status::Usage));
        };
        if version.is_empty() {
            let message = format!("expected `IMAGE=TAG`, found `{argument}` without a tag");
            return Err(fail(&message, Status::Usage));
        }
        let source = Source::new("IMAGE=TAG", argument.as_str());
        let (mut images, mut findings) = (Images::default(), Findings::new());
        images.add(
            Spanned::new(repository, source.span(0..repository.len())),
            Spanned::new(version, source.span(repository.len() + 1..argument.len())),
            &mut findings,
        );
        let Some((normal, _)) = images.iter().next() else {
            return Err(reporter.usage(&applc::diag::Report::new(source, findings)));
        };
        let normal = normal.value.clone();
        if found.iter().any(|other| other.normal == normal) {
            return Err(fail(&format!("`{repository}` is given twice"), Status::Usage));
        }
        found.push(Wanted { repository, normal, version });
    }
    Ok(found)
}

/// The versions of images of an environment in a file; `None` if it does not have the environment.
fn images_of<'f>(file: &'f File, environment: &str) -> Option<&'f Images> {
    let found = file.environments.iter().find(|(name, _)| name.value == environment);
    found.map(|(_, values)| &values.images)
}

/// Whether the file of a project sets the version of an image in an environment; `None` if it does not have the
/// environment.
fn sets(project: &Project, environment: &str, image: &Wanted<'_>) -> Option<bool> {
    let images = images_of(&project.file, environment)?;
    Some(images.iter().any(|(repository, _)| repository.value == image.normal))
}

/// Checks that appliances of an environment use these images. Appliances with errors may use any.
///
/// # Errors
/// The exit status if none uses one of them, which was reported.
fn check_used(root: PathBuf, environment: &str, images: &[&Wanted<'_>]) -> Result<(), Status> {
    if images.is_empty() {
        return Ok(());
    }
    let cache = Cache::open(&root);
    // What is wrong with appliances is for `applc check` to say.
    let mut unheard =
        Reporter::with(Format::Json, &LevelArguments::default(), Stream::Stderr, false)?;
    let environments = [environment.to_owned()];
    let asked =
        Asked { selection: &[], environments: &environments, wanted: &select::Wanted::none() };
    let found = discover::find_all(cache.world(root), &asked, &mut unheard)?;
    let outcomes = compile::compile(&found, Depth::Findings, &cache);
    if outcomes.iter().any(|one| one.files.is_none()) {
        return Ok(());
    }
    let used = outcomes.iter().flat_map(|one| &one.images);
    let used = used.map(|image| repository_of(image));
    let used = used.filter_map(|repository| Some((normal_form(repository)?, repository)));
    let used: BTreeMap<String, &str> = used.collect();
    let mut status = Ok(());
    for Wanted { repository, normal, .. } in images {
        if used.contains_key(normal) {
            continue;
        }
        let similar = nearest(normal, used.keys().map(String::as_str));
        let similar = similar.and_then(|similar| used.get(similar));
        let hint = match similar {
            Some(similar) => format!("did you mean `{similar}`? `--add` adds it all the same"),
            None => "`--add` adds it all the same".to_owned(),
        };
        let message =
            format!("no container in `{environment}` has an image of `{repository}`; {hint}");
        status = Err(fail(&message, Status::Usage));
    }
    status
}

/// Whether a version belongs in the file of a project: in all that set it, otherwise in the outermost one that has
/// the environment.
fn is_for(index: usize, all: &[Arc<Project>], environment: &str, image: &Wanted<'_>) -> bool {
    let states: Vec<Option<bool>> =
        all.iter().map(|project| sets(project, environment, image)).collect();
    if states.contains(&Some(true)) {
        return states.get(index) == Some(&Some(true));
    }
    let depth = |at: usize| all.get(at).map(|project| project.file.folder.split('/').count());
    let with = (0..all.len()).filter(|at| states.get(*at) == Some(&Some(false)));
    with.min_by_key(|at| (all.get(*at).is_some_and(|p| !p.file.folder.is_empty()), depth(*at)))
        == Some(index)
}

/// The text of a file with the versions; `None` if they are those that it has.
fn edited(text: &str, environment: &str, images: &[&Wanted<'_>]) -> Result<Option<String>, Status> {
    let content = text.strip_prefix('\u{feff}').unwrap_or(text);
    let cannot = || {
        let message =
            format!("cannot edit `{FILE_NAME}`: `environments.{environment}.images` is no table");
        fail(&message, Status::Errors)
    };
    if images.is_empty() {
        return Ok(None);
    }
    let mut document: DocumentMut = content.parse().map_err(|_| cannot())?;
    let mut is_changed = false;
    for image in images {
        let environments = document.get_mut("environments").and_then(Item::as_table_like_mut);
        let table = environments.and_then(|all| all.get_mut(environment));
        is_changed |= table.and_then(|table| set_in(table, image)).ok_or_else(cannot)?;
    }
    if !is_changed {
        return Ok(None);
    }
    let mut result = document.to_string();
    if content.contains("\r\n") {
        result = result.replace("\r\n", "\n").replace('\n', "\r\n");
    }
    let mark = text.strip_suffix(content).unwrap_or_default();
    Ok(Some(format!("{mark}{result}")))
}

/// Sets a version in the table of an environment. Returns whether it was another one; `None` if `images` is no table.
fn set_in(environment: &mut Item, image: &Wanted<'_>) -> Option<bool> {
    let is_inline = environment.is_inline_table();
    let table = environment.as_table_like_mut()?;
    if !table.contains_key("images") {
        match is_inline {
            true => insert(table, true, "images", Value::InlineTable(InlineTable::new()).into()),
            false => insert(table, false, "images", Item::Table(Table::new())),
        }
    }
    let item = table.get_mut("images")?;
    let is_inline = item.is_inline_table();
    let images = item.as_table_like_mut()?;
    for (key, item) in images.iter_mut() {
        if normal_form(key.get()).as_ref() != Some(&image.normal) {
            continue;
        }
        let value = item.as_value_mut()?;
        let old = value.as_str()?;
        if old == image.version {
            return Some(false);
        }
        // The quotes stay as they are.
        let is_literal = value.to_string().trim_start().starts_with('\'');
        let mut new = match is_literal {
            true => format!("'{}'", image.version).parse().ok()?,
            false => Value::from(image.version),
        };
        *new.decor_mut() = value.decor().clone();
        *value = new;
        return Some(true);
    }
    insert(images, is_inline, image.repository, toml_edit::value(image.version));
    Some(true)
}

/// Adds an entry. In a table in braces, what is before the closing one stays there.
fn insert(table: &mut dyn TableLike, is_inline: bool, key: &str, mut item: Item) {
    if is_inline {
        let last = table.iter_mut().last().and_then(|(_, last)| last.as_value_mut());
        let end = last.map(|last| {
            let end = last.decor().suffix().and_then(|end| end.as_str()).unwrap_or("").to_owned();
            last.decor_mut().set_suffix("");
            end
        });
        if let Some(value) = item.as_value_mut() {
            *value.decor_mut() = toml_edit::Decor::new(" ", end.unwrap_or_else(|| " ".to_owned()));
        }
    }
    table.insert(key, item);
    if is_inline && let Some(mut key) = table.key_mut(key) {
        *key.leaf_decor_mut() = toml_edit::Decor::new(" ", " ");
    }
}

/// A reference to an image without its tag and digest.
fn repository_of(image: &str) -> &str {
    let named = image.split_once('@').map_or(image, |(named, _)| named);
    match named.rsplit_once(':') {
        // That of a port is before a `/`.
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => named,
    }
}

/// The normal form of a repository.
fn normal_form(repository: &str) -> Option<String> {
    let (mut images, at) = (Images::default(), Span::at(0));
    images.add(Spanned::new(repository, at), Spanned::new("1", at), &mut Findings::new());
    images.iter().next().map(|(normal, _)| normal.value.clone())
}
