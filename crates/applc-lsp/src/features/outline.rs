//! The containers and volumes of a document, and of all appliances that are known.

use std::collections::HashSet;

use applc::source::Span;
use applc::syntax::Node;
use gen_lsp_types as lsp;

use super::tree::Tree;
use crate::client::Client;
use crate::server::{Failure, Server};
use crate::symbols::information;

/// Says that there are symbols.
pub fn announce(_: &Client, capabilities: &mut lsp::ServerCapabilities) {
    capabilities.document_symbol_provider = Some(true.into());
    capabilities.workspace_symbol_provider = Some(true.into());
}

/// A symbol of a document, before its places are positions.
struct Found {
    name: String,
    detail: String,
    kind: lsp::SymbolKind,
    whole: Span,
    name_at: Span,
}

/// The appliance of a document, with its containers and volumes.
///
/// # Errors
/// Never.
pub fn of_document(
    server: &mut Server,
    params: lsp::DocumentSymbolParams,
) -> Result<Option<lsp::DocumentSymbolResponse>, Failure> {
    let Some(tree) = Tree::of(server, &params.text_document.uri) else { return Ok(None) };
    let volumes = tree.root.as_object().and_then(|root| root.get("data_persistence"));
    let mut found = entries(&tree.root, "containers", &tree, container);
    found.extend(volumes.into_iter().flat_map(|all| entries(all, "volumes", &tree, volume)));
    found.sort_by_key(|one| one.whole.start);
    if !server.client.nests_symbols {
        let uri = params.text_document.uri;
        let flat = |one: Found| {
            let location = lsp::Location { uri: uri.clone(), range: tree.range(server, one.whole) };
            information(one.name, one.kind, location, None)
        };
        return Ok(Some(found.into_iter().map(flat).collect::<Vec<_>>().into()));
    }
    let inner: Vec<lsp::DocumentSymbol> =
        found.into_iter().map(|one| nested(server, &tree, one, None)).collect();
    let id = tree.root.as_object().and_then(|root| root.get("id"));
    let symbols = match id.and_then(|id| Some((id.as_str()?, id.span))) {
        Some((name, name_at)) if !name.is_empty() => {
            let kind = lsp::SymbolKind::Module;
            let (name, detail) = (name.to_owned(), "appliance".to_owned());
            let whole = tree.root.span;
            let root = Found { name, detail, kind, whole, name_at };
            vec![nested(server, &tree, root, Some(inner))]
        }
        _ => inner,
    };
    Ok(Some(symbols.into()))
}

fn nested(
    server: &Server,
    tree: &Tree,
    found: Found,
    children: Option<Vec<lsp::DocumentSymbol>>,
) -> lsp::DocumentSymbol {
    let (range, name_at) = (tree.range(server, found.whole), tree.range(server, found.name_at));
    let detail = (!found.detail.is_empty()).then_some(found.detail);
    lsp::DocumentSymbol::new(found.name, detail, found.kind, None, None, range, name_at, children)
}

/// The entries of a list, which is an object in an overlay, that have an id.
fn entries(
    node: &Node,
    list: &str,
    tree: &Tree,
    describe: fn(&Node) -> (lsp::SymbolKind, String),
) -> Vec<Found> {
    let Some(list) = node.as_object().and_then(|object| object.get(list)) else {
        return Vec::new();
    };
    let found = |name: &str, name_at: Span, whole: Span, entry: &Node| {
        let (kind, detail) = describe(entry);
        let name = name.to_owned();
        (!name.is_empty()).then_some(Found { name, detail, kind, whole, name_at })
    };
    if tree.is_overlay {
        let members = list.as_object().map_or(&[][..], |object| &object.members);
        let one = members.iter().filter_map(|member| {
            let key = &member.key;
            found(&key.value, key.span, key.span.to(member.value.span), &member.value)
        });
        return one.collect();
    }
    let items = list.as_array().unwrap_or_default().iter();
    let one = items.filter_map(|item| {
        let id = item.as_object()?.get("id")?;
        found(id.as_str()?, id.span, item.span, item)
    });
    one.collect()
}

fn container(node: &Node) -> (lsp::SymbolKind, String) {
    let field = |name: &str| node.as_object().and_then(|object| object.get(name)?.as_str());
    let words: Vec<&str> = ["type", "image"].into_iter().filter_map(field).collect();
    let kind = match field("type") {
        Some("job") => lsp::SymbolKind::Function,
        _ => lsp::SymbolKind::Class,
    };
    (kind, words.join(" "))
}

fn volume(_: &Node) -> (lsp::SymbolKind, String) {
    (lsp::SymbolKind::Struct, "persistent volume".to_owned())
}

/// The containers and volumes, whose id has the letters of a query in their order.
///
/// # Errors
/// Never.
pub fn of_workspace(
    server: &mut Server,
    params: lsp::WorkspaceSymbolParams,
) -> Result<Option<lsp::WorkspaceSymbolResponse>, Failure> {
    let mut symbols = server.symbols();
    let mut seen = HashSet::new();
    symbols.retain(|symbol| {
        let lsp::Location { uri, range } = &symbol.location;
        matches(&symbol.base_symbol_information.name, &params.query)
            && seen.insert((uri.0.clone(), range.start.line, range.start.character))
    });
    Ok(Some(symbols.into()))
}

/// Whether a name has the letters of a query in their order, whatever their case.
fn matches(name: &str, query: &str) -> bool {
    let mut name = name.chars().map(|c| c.to_ascii_lowercase());
    query.chars().all(|wanted| name.any(|c| c == wanted.to_ascii_lowercase()))
}
