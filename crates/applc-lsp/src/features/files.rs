//! Links to the files that an appliance, an overlay, or a project file names.

use applc::source::Span;
use applc::syntax::Node;
use applc::targets::custom;
use gen_lsp_types as lsp;

use super::tree::{Tree, parts};
use crate::client::Client;
use crate::diagnostics::Places;
use crate::kinds::Kind;
use crate::server::{Failure, Server};
use crate::uri;

/// Says that there are links.
pub fn announce(_: &Client, capabilities: &mut lsp::ServerCapabilities) {
    capabilities.document_link_provider = Some(lsp::DocumentLinkOptions::default());
}

/// The links of a document: its schema, the files that containers get, and what images are built from; in a project file,
/// overlays and custom targets.
///
/// # Errors
/// Never.
pub fn links(
    server: &mut Server,
    params: lsp::DocumentLinkParams,
) -> Result<Option<Vec<lsp::DocumentLink>>, Failure> {
    let path = uri::to_path(&params.text_document.uri);
    if server.kind(&path) == Kind::Project {
        return Ok(Some(of_project(server, &path)));
    }
    let Some(tree) = Tree::of(server, &params.text_document.uri) else { return Ok(None) };
    let folder = tree.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut links = Vec::new();
    for (span, name) in named(&tree.root) {
        let target = match name.contains("://") {
            true => lsp::Uri(name),
            // A document that is not saved has no folder.
            false if folder.is_empty() => continue,
            false => {
                let path = uri::joined(folder, &name);
                if !server.open.exists(&path) {
                    continue;
                }
                uri::of_path(&path)
            }
        };
        let range = tree.range(server, span);
        links.push(lsp::DocumentLink {
            range,
            target: Some(target),
            ..lsp::DocumentLink::default()
        });
    }
    links.sort_by_key(|link| (link.range.start.line, link.range.start.character));
    Ok(Some(links))
}

/// The links of a project file: its custom targets, and the overlays of its appliances.
fn of_project(server: &mut Server, path: &str) -> Vec<lsp::DocumentLink> {
    let Some((project, overlays)) = server.overlays_by_entry(path) else { return Vec::new() };
    let file = &project.file;
    let source = &file.report.source;
    let mut links: Vec<(Span, String, Option<String>)> = Vec::new();
    for folder in &file.target_folders {
        let target = uri::joined(&file.folder, &format!("{}/{}", folder.value, custom::FILE_NAME));
        if server.open.exists(&target) {
            links.push((folder.span, target, None));
        }
    }
    for (span, files) in overlays {
        // An entry such as `{name}.prod.yaml` is of several appliances.
        let count = files.len();
        let tooltip = (count > 1).then(|| format!("the first of {count} overlays"));
        links.extend(files.into_iter().next().map(|first| (span, first, tooltip)));
    }
    links.sort_by_key(|(span, ..)| span.start);
    let mut places = Places::new(&server.open, &server.client);
    let link = |(span, target, tooltip): (Span, String, Option<String>)| lsp::DocumentLink {
        range: places.range(source, span),
        target: Some(uri::of_path(&target)),
        tooltip,
        ..lsp::DocumentLink::default()
    };
    links.into_iter().map(link).collect()
}

/// The names of files in a tree, with their places.
fn named(root: &Node) -> Vec<(Span, String)> {
    let mut names: Vec<(Span, String)> = text(root, "$schema").into_iter().collect();
    for container in entries(root, "containers") {
        names.extend(entries(container, "files").filter_map(|file| text(file, "source")));
        let Some(build) = get(container, "build") else { continue };
        let context = text(build, "context");
        if let (Some((_, context)), Some((span, file))) = (&context, text(build, "dockerfile")) {
            names.push((span, format!("{context}/{file}")));
        }
        // Editors open files, not folders.
        names.extend(context.map(|(span, context)| (span, format!("{context}/Dockerfile"))));
    }
    names
}

fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    node.as_object()?.get(key)
}

/// The entries of a list, or of an object in an overlay.
fn entries<'n>(node: &'n Node, key: &str) -> impl Iterator<Item = &'n Node> {
    get(node, key).into_iter().flat_map(parts).map(|(_, entry)| entry)
}

/// A text that is not empty, with its place.
fn text(node: &Node, key: &str) -> Option<(Span, String)> {
    let value = get(node, key)?;
    Some((value.span, value.as_str().filter(|text| !text.is_empty())?.to_owned()))
}
