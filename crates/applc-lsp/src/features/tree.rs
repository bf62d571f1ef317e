//! The tree of an open document as it is written, without what overlays change in it.

use applc::diag::Findings;
use applc::source::{Source, Span};
use applc::syntax::{self, Node};
use gen_lsp_types as lsp;

use crate::kinds::Kind;
use crate::server::Server;
use crate::uri;

/// A document and its tree.
pub struct Tree {
    /// The path of the document.
    pub path: String,
    /// The document.
    pub source: Source,
    /// Its value.
    pub root: Node,
    /// Whether it is an overlay.
    pub is_overlay: bool,
}

impl Tree {
    /// The tree of an appliance or an overlay. `None` for other documents, and without a value.
    pub fn of(server: &mut Server, document: &lsp::Uri) -> Option<Tree> {
        let path = uri::to_path(document);
        let is_overlay = match server.kind(&path) {
            Kind::Appliance => false,
            Kind::Overlay(_) => true,
            Kind::Project | Kind::Target(_) | Kind::Other => return None,
        };
        let source = server.open.documents().get(&path)?.source().clone();
        let mut findings = Findings::new();
        let root = match is_overlay {
            false => syntax::parse(&source, &mut findings),
            true => syntax::parse_overlay(&source, &mut findings),
        };
        Some(Tree { path, source, root: root?, is_overlay })
    }

    /// The positions of a span of the document.
    pub fn range(&self, server: &Server, span: Span) -> lsp::Range {
        let Some(document) = server.open.documents().get(&self.path) else {
            return lsp::Range::default();
        };
        let range = self.source.range(span);
        document.lines().range(self.source.text(), range, server.client.encoding)
    }
}

/// The parts of a value, each with its key if it has one.
pub fn parts(node: &Node) -> impl Iterator<Item = (Option<Span>, &Node)> {
    let items = node.as_array().unwrap_or_default().iter().map(|item| (None, item));
    let members = node.as_object().map_or(&[][..], |object| &object.members);
    items.chain(members.iter().map(|member| (Some(member.key.span), &member.value)))
}
