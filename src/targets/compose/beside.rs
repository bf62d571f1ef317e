//! Paths beside the appliance, which Compose reads relative to the folder of the Compose file.

use ecow::EcoString;

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, Content, File, Mount, Plan};
use crate::render::Composed;
use crate::source::Spanned;
use crate::targets::Options;

use super::options::PROJECT_DIRECTORY;
use super::{NAME, escaped};

/// A path relative to the folder of the appliance, as Compose finds it.
pub fn path(path: &Spanned<EcoString>, options: &Options) -> Composed {
    // Compose takes some other paths for addresses.
    let relative = match path.value.split('/').next() {
        Some("." | "..") => path.value.to_string(),
        _ => format!("./{}", path.value),
    };
    let found = match options.some(PROJECT_DIRECTORY) {
        None => relative,
        Some(folder) => {
            let rest = relative.strip_prefix('.').filter(|rest| !rest.starts_with('.'));
            let rest = rest.map_or(relative.as_str(), |rest| rest.trim_start_matches('/'));
            match (folder.trim_end_matches(['/', '\\']), rest) {
                (folder, "") if !folder.is_empty() => folder.to_owned(),
                (folder, rest) => format!("{folder}/{rest}"),
            }
        }
    };
    let also = options.place(PROJECT_DIRECTORY).into_iter().collect();
    Composed::new(escaped(&found), path.span, also)
}

/// Reports the paths beside the appliance in one finding, unless an option says where that is.
pub fn check(plan: &Plan, options: &Options, findings: &mut Findings) {
    if options.some(PROJECT_DIRECTORY).is_some() {
        return;
    }
    let mut paths: Vec<&Spanned<EcoString>> = Vec::new();
    for path in plan.containers.iter().flat_map(read) {
        if paths.iter().all(|known| known.value != path.value) {
            paths.push(path);
        }
    }
    let Some(first) = paths.first() else { return };
    let names: Vec<String> = paths.iter().map(|path| format!("`{}`", path.value)).collect();
    let (names, verb) = match names.as_slice() {
        [more @ .., last] if !more.is_empty() => (format!("{} and {last}", more.join(", ")), "are"),
        names => (names.concat(), "is"),
    };
    let message = format!("{names} {verb} looked for in the folder of the Compose file");
    findings.push(Diagnostic::new(&codes::CLUSTER_NEEDS, first.span, message).help(format!(
        "write the Compose file beside the appliance, or name the folder of the appliance with `--option {NAME}.{PROJECT_DIRECTORY}=...`"
    )));
}

/// The paths of a container that Compose reads.
fn read(container: &Container) -> impl Iterator<Item = &Spanned<EcoString>> {
    let extras = container.extras();
    let build = extras.build.iter().map(|build| &build.context);
    let is_read = |file: &&File| matches!(file.content, Content::Bytes(_));
    let files = extras.files.iter().filter(is_read).filter_map(|file| file.source.as_ref());
    build.chain(files).chain(container.mounts.iter().filter_map(Mount::beside))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;
    use crate::targets::compose::Compose;

    #[test]
    fn paths_are_in_the_folder_of_the_appliance() {
        let at = |folder: &str, written: &str| {
            let mut options = Options::of(&Compose);
            options.set_default(PROJECT_DIRECTORY, folder);
            path(&Spanned::new(written.into(), Span::at(0)), &options).value
        };
        for (folder, written, found) in [
            ("", "web", "./web"),
            ("", "./web/$x", "./web/$$x"),
            ("", "..", ".."),
            ("", ".", "."),
            ("", ".hidden", "./.hidden"),
            ("/srv/app", "web", "/srv/app/web"),
            ("/srv/app/", "./web", "/srv/app/web"),
            ("/srv/app", ".", "/srv/app"),
            ("/srv/app", ".hidden", "/srv/app/.hidden"),
            ("/srv/app", "../web", "/srv/app/../web"),
            ("/", "./web", "/web"),
            ("..", "web", "../web"),
        ] {
            assert_eq!(at(folder, written), found, "{folder} {written}");
        }
    }
}
