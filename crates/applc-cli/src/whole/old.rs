//! Records of outputs that the project no longer has, as `output` was changed: their files are still where they were.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use applc::path::{folded, parent};
use applc::project;
use applc::scope::{has_header, header};

use super::changes::leads_astray;
use super::discover::Found;
use super::outcome::{Made, Outcome};
use super::{Rooted, record};

/// The old records, by folder, with the files that they name. `current` are the folders that have records now.
///
/// None, unless all appliances were compiled without errors. A record of which it is not clear that it is one of this
/// project is left alone: the output of another project may have been copied here.
pub fn records(
    found: &Found,
    outcomes: &[Outcome],
    made: &[Made],
    current: &BTreeSet<String>,
) -> BTreeMap<String, BTreeSet<String>> {
    // Some file systems do not tell names apart by case: then it is the same record.
    let current: HashSet<String> = current.iter().map(|folder| folded(folder)).collect();
    let is_old = |folder: &&String| !current.contains(&folded(folder));
    let old: Vec<&String> = found.records.iter().filter(is_old).collect();
    if old.is_empty() || !found.is_whole || outcomes.iter().any(|one| one.files.is_none()) {
        return BTreeMap::new();
    }
    let evidence = Evidence::of(found, made, &current);
    let read = |folder: &String| {
        let owned = record::read(&found.world, folder).ok()?;
        evidence.is_of_project(&found.world, folder, &owned).then(|| (folder.clone(), owned))
    };
    old.into_iter().filter_map(read).collect()
}

/// What files of the project look like.
struct Evidence<'m> {
    /// The comments at the start of what is made of its appliances.
    headers: BTreeSet<String>,
    /// The paths of what is made, below the folders of the records.
    paths: HashSet<&'m str>,
}

impl Evidence<'_> {
    fn of<'m>(found: &Found, made: &'m [Made], current: &HashSet<String>) -> Evidence<'m> {
        let below = |one: &'m Made| {
            let is_record = |folder: &str| current.contains(&folded(folder));
            let ends = one.path.rmatch_indices('/').map(|(end, _)| end);
            let end = ends.into_iter().find(|end| one.path.get(..*end).is_some_and(is_record));
            end.map_or(Some(one.path.as_str()), |end| one.path.get(end + 1..))
        };
        Evidence {
            headers: found.units.iter().filter_map(|unit| header("a.yaml", &unit.file)).collect(),
            paths: made.iter().filter_map(below).collect(),
        }
    }

    /// Whether the files of a record are those of this project: one names an appliance of it as its source, or, where
    /// none names a source, one has the same path below the record as one that is made. Also if none is there any
    /// more, as after a run that was killed.
    fn is_of_project(&self, world: &Rooted, folder: &str, owned: &BTreeSet<String>) -> bool {
        let (mut is_any_there, mut is_marked, mut has_path) = (false, false, false);
        for path in owned {
            if leads_astray(world.root(), &world.on_disk(parent(path))) {
                continue;
            }
            let Ok(Some(content)) = world.read_start(path) else { continue };
            is_any_there = true;
            let first = content.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
            let first = String::from_utf8_lossy(first).replace("\r\n", "\n");
            if self.headers.contains(&first) {
                return true;
            }
            is_marked |= has_header(&content);
            has_path |= project::relative(path, folder).is_some_and(|it| self.paths.contains(it));
        }
        !is_any_there || (has_path && !is_marked)
    }
}
