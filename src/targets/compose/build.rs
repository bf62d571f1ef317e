//! How images are built.

use std::collections::HashMap;

use crate::image;
use crate::plan::{Build, BuildArgument, Container, ContainerId, Plan};
use crate::render::{Composed, Origin, Traced};
use crate::targets::{Options, origins};

use super::{beside, escaped, model};

/// The images that the appliance builds, by name, each at the first container that does.
///
/// Compose builds an image for each service that says how, also at the same time. Without BuildKit, each makes another image: those
/// that run are not the one that has the name in the end, and the next `up` replaces them.
pub struct Builders<'a>(HashMap<String, Builder<'a>>);

struct Builder<'a> {
    at: ContainerId,
    build: &'a Build,
    /// The first container that wants it built at every start.
    always: Option<&'a Container>,
}

impl<'a> Builders<'a> {
    /// Finds them.
    pub fn of(plan: &'a Plan) -> Self {
        let mut found = HashMap::new();
        for (at, container) in plan.containers.iter().enumerate() {
            let Some(build) = &container.extras().build else { continue };
            let new = Builder { at, build, always: None };
            let builder: &mut Builder<'_> =
                found.entry(image::identity(&container.image.value)).or_insert(new);
            builder.always = builder.always.or(container.force_pull.value.then_some(container));
        }
        Self(found)
    }

    fn of_container(&self, container: &Container) -> Option<&Builder<'a>> {
        match self.0.is_empty() {
            true => None,
            false => self.0.get(&image::identity(&container.image.value)),
        }
    }

    /// How the image of a container is built, if that is written at this container.
    pub fn build(&self, id: ContainerId, container: &Container) -> Option<&'a Build> {
        let builder = self.of_container(container)?;
        (builder.at == id).then_some(builder.build)
    }

    /// When the image of a container is pulled; `None` is Compose's default: if it is missing.
    pub fn pull_policy(
        &self,
        id: ContainerId,
        container: &Container,
    ) -> Option<Traced<&'static str>> {
        let forced = origins::force_pull;
        match self.of_container(container) {
            None => container.force_pull.value.then(|| Traced::new("always", forced(container))),
            // Compose would pull an image of this name, and build only if there is none.
            Some(Builder { at, build, always }) if *at == id => {
                always.map(|one| Traced::new("build", forced(one).and(build.context.span)))
            }
            Some(builder) => Some(not_pulled(container, builder.build)),
        }
    }
}

/// The policy for an image that is built for another service.
pub fn not_pulled(container: &Container, build: &Build) -> Traced<&'static str> {
    Traced::new("never", Origin::from(container.image.span).and(build.context.span))
}

/// Lowers what an image is built from.
pub fn lower(build: &Build, options: &Options) -> model::Build {
    let Build { context, dockerfile, args, target } = build;
    // An item of a list, as the environment.
    let argument = |BuildArgument { name, value }: &BuildArgument| {
        let written = format!("{}={}", name.value, escaped(&value.value));
        Composed::new(written, value.span, vec![name.span])
    };
    model::Build {
        context: beside::path(context, options),
        dockerfile: dockerfile.as_ref().map(|path| Traced::new(escaped(&path.value), path.span)),
        args: args.iter().map(argument).collect(),
        target: target.as_ref().map(Traced::from),
    }
}
