//! What is known of a place in a document: where features begin.

use applc::source::Source;
use gen_lsp_types as lsp;

use crate::diagnostics::Places;
use crate::server::Server;
use crate::subject::Unit;
use crate::uri;

/// A document in an appliance in an environment.
pub struct In<'s> {
    /// The appliance.
    pub unit: &'s Unit,
    /// The document among its sources.
    pub source: &'s Source,
}

/// A place in an appliance in an environment.
pub struct At<'s> {
    /// The appliance.
    pub unit: &'s Unit,
    /// The offset, in the space that all sources of the appliance share.
    pub offset: u32,
}

impl Server {
    /// An open document in each appliance and environment that it is part of, and a way to say where something is.
    pub(crate) fn within(&mut self, document: &lsp::Uri) -> (Vec<In<'_>>, Places<'_>) {
        let path = uri::to_path(document);
        // Analysed first, so that the rest only reads.
        let paths: Vec<String> =
            self.appliances_of(&path).into_iter().map(|(path, _)| path.to_owned()).collect();
        let units = paths.iter().filter_map(|path| self.analysed().get(path));
        let within = units.flat_map(|appliance| &appliance.units).filter_map(|unit| {
            let source = unit.source(&path)?;
            Some(In { unit, source })
        });
        (within.collect(), Places::new(&self.open, &self.client))
    }

    /// A place of an open document in each appliance and environment that it is part of.
    pub(crate) fn at(
        &mut self,
        place: &lsp::TextDocumentPositionParams,
    ) -> (Vec<At<'_>>, Places<'_>) {
        let path = uri::to_path(&place.text_document.uri);
        let encoding = self.client.encoding;
        let index = self.open.documents().get(&path).map(|document| {
            document.lines().index(document.source().text(), place.position, encoding)
        });
        let (within, places) = self.within(&place.text_document.uri);
        let found = within.into_iter().filter_map(|In { unit, source }| {
            let index = index?;
            Some(At { unit, offset: source.span(index..index).start })
        });
        (found.collect(), places)
    }
}
