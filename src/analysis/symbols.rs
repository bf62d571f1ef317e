//! Where containers and volumes are defined and mentioned.

use super::Analysis;
use crate::plan::{ContainerId, MountSource, Plan, VolumeId};
use crate::source::Span;

/// Something that has an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symbol {
    /// A container.
    Container(ContainerId),
    /// A persistent volume.
    Volume(VolumeId),
}

/// How a symbol is mentioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mention {
    /// Its own `id`.
    Definition,
    /// In a string, as `@id`.
    Reference,
    /// In `dependencies`.
    Dependency,
    /// As the `src` of a mount.
    Mount,
    /// As the key of an entry in an overlay.
    Overlay,
}

impl Analysis {
    /// The container or volume that is mentioned at an offset, with the span of the mention.
    pub fn symbol_at(&self, offset: u32) -> Option<(Symbol, Span)> {
        let contains = |span: Span| span.start <= offset && offset <= span.end;
        self.all()
            .filter(|(_, _, span)| contains(*span))
            .map(|(symbol, _, span)| (symbol, span))
            .next()
    }

    /// Every mention of a container or a volume, in the order of the document.
    pub fn mentions(&self, symbol: Symbol) -> Vec<(Mention, Span)> {
        let mut found: Vec<(Mention, Span)> = self
            .all()
            .filter(|(mentioned, ..)| *mentioned == symbol)
            .map(|(_, mention, span)| (mention, span))
            .collect();
        found.sort_by_key(|(mention, span)| (*span, *mention));
        found.dedup();
        found
    }

    /// Every mention in the plan and in overlays.
    fn all(&self) -> impl Iterator<Item = (Symbol, Mention, Span)> {
        self.plan.iter().flat_map(|plan| all(plan).chain(self.in_overlays(plan)))
    }

    /// The keys of overlays that name a container or a volume. The key of one that is added is its
    /// definition.
    fn in_overlays(&self, plan: &Plan) -> impl Iterator<Item = (Symbol, Mention, Span)> {
        self.named.iter().filter_map(|named| {
            let container = || plan.containers.iter().position(|c| c.id.value == named.id);
            let volume = || plan.volumes.iter().position(|volume| volume.id.value == named.id);
            let symbol = match named.is_container {
                true => Symbol::Container(container()?),
                false => Symbol::Volume(volume()?),
            };
            let is_definition = self.definition(symbol) == Some(named.span);
            (!is_definition).then_some((symbol, Mention::Overlay, named.span))
        })
    }

    /// The span of the `id` of a container or a volume.
    pub fn definition(&self, symbol: Symbol) -> Option<Span> {
        let plan = self.plan.as_ref()?;
        match symbol {
            Symbol::Container(id) => plan.containers.get(id).map(|container| container.id.span),
            Symbol::Volume(id) => plan.volumes.get(id).map(|volume| volume.id.span),
        }
    }
}

/// Every mention in a plan.
fn all(plan: &Plan) -> impl Iterator<Item = (Symbol, Mention, Span)> {
    let containers = plan.containers.iter().enumerate().flat_map(|(id, container)| {
        let definition = (Symbol::Container(id), Mention::Definition, container.id.span);
        let references = container.references().map(|reference| {
            (Symbol::Container(reference.to()), Mention::Reference, reference.span)
        });
        let dependencies = container.dependencies.iter().map(|dependency| {
            (Symbol::Container(dependency.on), Mention::Dependency, dependency.span)
        });
        let mounts = container.mounts.iter().filter_map(|mount| match &mount.source {
            MountSource::Persistent(volume) => {
                Some((Symbol::Volume(volume.value), Mention::Mount, volume.span))
            }
            MountSource::Host(_) => None,
        });
        std::iter::once(definition).chain(references).chain(dependencies).chain(mounts)
    });
    let volumes = plan.volumes.iter().enumerate();
    let volumes =
        volumes.map(|(id, volume)| (Symbol::Volume(id), Mention::Definition, volume.id.span));
    containers.chain(volumes)
}
