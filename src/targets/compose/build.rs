//! How images are built.

use crate::plan::{Build, BuildArgument};
use crate::render::{Composed, Traced};
use crate::targets::Options;

use super::{beside, escaped, model};

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
