//! A run with a cache finds and makes what a run without one does, whatever was changed before.

use std::fs;
use std::path::{Path, PathBuf};

use applc::diag::{Format, human};
use fastrand::Rng;
use rayon::prelude::*;

use super::*;
use crate::levels::LevelArguments;
use crate::reporter::Stream;

/// A project on disk that is edited at random.
struct Edited {
    folder: tempfile::TempDir,
    rng: Rng,
}

const APPLIANCES: [&str; 4] = ["apps/a/a", "apps/a/b", "apps/c/c", "apps/c/sub/d"];

impl Edited {
    fn new(seed: u64) -> Edited {
        let folder = tempfile::tempdir().unwrap();
        let mut edited = Edited { folder, rng: Rng::with_seed(seed) };
        for (name, text) in applc::targets::custom::starter("own").unwrap() {
            edited.write(&format!("own/{name}"), &text);
        }
        edited.root_file();
        APPLIANCES.iter().for_each(|one| edited.appliance(one));
        edited
    }

    fn root(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        if path.is_dir() {
            fs::remove_dir_all(&path).unwrap();
        }
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn remove(&self, path: &str) {
        let path = self.path(path);
        if path.is_dir() && !path.is_symlink() {
            fs::remove_dir_all(path).unwrap();
        } else {
            let _ = fs::remove_file(path);
        }
    }

    fn one_of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.rng.usize(..all.len())]
    }

    fn root_file(&mut self) {
        let output = self.one_of(&[
            "out/{environment}/{folder}/{name}/{target}",
            "out/{environment}/{id}/{target}",
            "{environment}/{target}/{name}",
        ]);
        let targets = self.one_of(&["\"compose\"", "\"compose\", \"kubernetes\"", "\"own\""]);
        let levels = self.one_of(&[
            "",
            "[diagnostics]\ndeny = [\"W0301\"]",
            "[diagnostics]\nallow = [\"warnings\"]",
        ]);
        let namespace = self.one_of(&[
            "",
            "targets.kubernetes.namespace = \"{id}-x\"",
            "targets.kubernetes.namespace = \"all\"",
        ]);
        let images = self.one_of(&[
            "",
            "images = { nginx = \"1.29\" }",
            "images = { nginx = \"1.30\", other = \"2\" }",
        ]);
        let overlay = self.one_of(&["{name}.prod.yaml", "prod.yaml"]);
        let more = self.one_of(&["", "[environments.test]"]);
        let text = format!(
            "default-targets = [{targets}]\noutput = \"{output}\"\ntarget-folders = [\"own\"]\n{levels}\n[environments.dev]\n{more}\n[environments.prod]\noverlay = \"{overlay}\"\n{namespace}\n{images}\n"
        );
        self.write("applc.toml", &text);
    }

    fn appliance(&mut self, name: &str) {
        // Twice the same id is in conflict.
        let id = self.one_of(&[name.rsplit('/').next().unwrap(), "same", "other"]);
        let id = if self.rng.u8(..4) > 0 { name.rsplit('/').next().unwrap() } else { id };
        let image = self.one_of(&["nginx:1.27", "nginx:1.28", "nginx", "other:1"]);
        // What is not asked for, warned of, or an error.
        let more = self.one_of(&[
            "",
            "",
            "\"cmd\": \"echo 1\",",
            "\"env\": { \"A\": \"@nothing\", \"B\": \"1\" },",
            "\"env\": { \"PASSWORD\": \"hunter2hunter2\" },",
            "\"files\": [{ \"dest\": \"/etc/x\", \"source\": \"included.txt\" }],",
            "\"unknown\": 1,",
            "\"dependencies\": [\"nobody\"],",
        ]);
        let memory = self.rng.u8(64..80);
        let text = format!(
            "{{ \"id\": \"{id}\", \"containers\": [{{ \"id\": \"web\", \"type\": \"service\", \"image\": \"{image}\", {more}\n \"network_mode\": \"container\", \"ports\": [{{ \"container_port\": 80 }}], \"resources\": {{ \"cpus\": 1, \"mem\": {memory} }} }}] }}\n"
        );
        self.write(&format!("{name}.appliance.json"), &text);
    }

    fn outputs(&self) -> Vec<String> {
        let mut found = Vec::new();
        below(self.folder.path(), self.folder.path(), &mut found);
        let is_output = |path: &String| {
            ["out/", "dev/", "test/", "prod/"].iter().any(|start| path.starts_with(start))
        };
        found.retain(is_output);
        found.sort();
        found
    }

    /// One random edit. Edits of what earlier edits have removed do nothing.
    fn edit(&mut self) {
        let name = self.one_of(&APPLIANCES);
        let folder = name.rsplit_once('/').unwrap().0;
        match self.rng.u8(..20) {
            0..=3 => self.appliance(name),
            4 => self.root_file(),
            5 => {
                let text = self.one_of(&[
                    "containers: { web: { instances: 3 } }\n",
                    "containers: { web: { instances: 2, env: { A: b } } }\n",
                    "containers: { nobody: { instances: 2 } }\n",
                    "{}\n",
                ]);
                let path = self
                    .one_of(&[&format!("{name}.prod.yaml"), &format!("{folder}/prod.yaml")])
                    .to_owned();
                self.write(&path, text);
            }
            6 => {
                let path = self
                    .one_of(&[&format!("{name}.prod.yaml"), &format!("{folder}/prod.yaml")])
                    .to_owned();
                self.remove(&path);
            }
            7 => {
                let text = self.one_of(&["1\n", "2\n", "3\n"]);
                self.write(&format!("{folder}/included.txt"), text);
            }
            8 => self.remove(&format!("{folder}/included.txt")),
            9 => {
                let text = self.one_of(&[
                    "",
                    "[environments.prod]\nimages = { nginx = \"9\" }\n",
                    "[targets.kubernetes]\nexpose = \"node-port\"\n",
                    "output = \"out/inner/{environment}/{name}/{target}\"\n",
                    "appliances = [\"**/*.appliance.json\", \"!**/d.*\"]\n",
                    "[environments.new]\n",
                ]);
                let folder = self.one_of(&["apps", "apps/a", "apps/c"]);
                self.write(&format!("{folder}/applc.toml"), text);
            }
            10 => {
                let folder = self.one_of(&["apps", "apps/a", "apps/c"]);
                self.remove(&format!("{folder}/applc.toml"));
            }
            11 => {
                let text = fs::read_to_string(self.path("own/run.sh.j2")).unwrap();
                let more = self.rng.u8(..);
                self.write("own/run.sh.j2", &format!("{text}# {more}\n"));
            }
            12 => self.remove(&format!("{name}.appliance.json")),
            13 => {
                let to = self.one_of(&APPLIANCES);
                let to = self.path(&format!("{to}.appliance.json"));
                let _ = fs::rename(self.path(&format!("{name}.appliance.json")), to);
            }
            14..=16 => self.touch_output(),
            17 => {
                for folder in ["out", "."] {
                    if self.rng.bool() {
                        self.remove(&format!("{folder}/.applc-outputs"));
                    }
                }
            }
            18 => self.harm_cache(),
            _ => {}
        }
        // There is always an appliance.
        if !self.path("apps/a/a.appliance.json").exists() {
            self.appliance("apps/a/a");
        }
    }

    fn touch_output(&mut self) {
        let all = self.outputs();
        let Some(path) = self.rng.choice(&all) else { return };
        let path = path.clone();
        match self.rng.u8(..5) {
            0 => self.remove(&path),
            1 => self.write(&path, "mine\n"),
            2 => {
                self.remove(&path);
                fs::create_dir(self.path(&path)).unwrap();
            }
            3 => {
                // The same size, and a time of before.
                let on_disk = self.path(&path);
                let (mut bytes, data) =
                    (fs::read(&on_disk).unwrap(), fs::metadata(&on_disk).unwrap());
                if let Some(byte) = bytes.last_mut() {
                    *byte = b'x';
                }
                fs::write(&on_disk, bytes).unwrap();
                let file = fs::File::options().write(true).open(&on_disk).unwrap();
                file.set_modified(data.modified().unwrap()).unwrap();
            }
            _ => self.write(&format!("{}/foreign", path.rsplit_once('/').unwrap().0), "mine\n"),
        }
    }

    fn harm_cache(&mut self) {
        let name = self.one_of(&[".applc-cache/results", ".applc-cache/seal"]);
        let path = self.path(name);
        match self.rng.u8(..7) {
            0 => self.remove(name),
            1 => self.remove(".applc-cache"),
            2 => {
                let Ok(mut bytes) = fs::read(&path) else { return };
                let at = self.rng.usize(..bytes.len().max(1));
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << self.rng.u8(..8);
                }
                fs::write(&path, bytes).unwrap();
            }
            3 => {
                let Ok(bytes) = fs::read(&path) else { return };
                fs::write(&path, &bytes[..self.rng.usize(..=bytes.len())]).unwrap();
            }
            4 => {
                // A copy.
                let Ok(bytes) = fs::read(&path) else { return };
                self.remove(name);
                fs::write(&path, bytes).unwrap();
            }
            #[cfg(unix)]
            5 => {
                self.remove(name);
                if path.parent().unwrap().exists() {
                    std::os::unix::fs::symlink(self.path("applc.toml"), &path).unwrap();
                }
            }
            _ if self.path(".applc-cache").exists() => {
                self.remove(name);
                fs::create_dir(&path).unwrap();
            }
            _ => {}
        }
    }
}

fn below(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => below(root, &path, found),
            false => {
                found.push(path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/"));
            }
        }
    }
}

/// What the arguments of a run ask for.
struct Asked {
    paths: Vec<String>,
    environments: Vec<String>,
    targets: Vec<String>,
    depth: Depth,
}

impl Asked {
    fn random(edited: &mut Edited) -> Asked {
        let mut asked =
            Asked { paths: vec![], environments: vec![], targets: vec![], depth: Depth::Files };
        match edited.rng.u8(..8) {
            0 => asked.paths.push(edited.path("apps/a").display().to_string()),
            1 => asked.environments.push("prod".to_owned()),
            2 => asked.targets.push(edited.one_of(&["nomad", "compose"]).to_owned()),
            3 => asked.depth = Depth::Findings,
            _ => {}
        }
        asked
    }
}

/// What a run finds.
struct Run {
    /// All of it, and the changes that it makes.
    text: String,
    /// How many results come from the cache.
    known: usize,
}

/// Finds what a run finds, and writes the changes if `writes`.
fn run(root: PathBuf, asked: &Asked, cache: Cache, writes: bool) -> Run {
    let mut reporter =
        Reporter::with(Format::Json, &LevelArguments::default(), Stream::Stderr, false).unwrap();
    let wanted = Wanted::named(&asked.targets);
    let Asked { paths, environments, depth, .. } = asked;
    let found = match discover::find(cache.world(root), paths, environments, &wanted, &mut reporter)
    {
        Ok(found) => found,
        Err(status) => {
            let text = format!("{status:?} {:?}", reporter.document());
            return Run { text, known: 0 };
        }
    };
    let outcomes = compile::compile(&found, *depth, &cache);
    let known = outcomes.iter().filter(|one| one.is_known).count();
    let mut text = String::new();
    for outcome in &outcomes {
        match &outcome.findings {
            Ok((report, others)) => {
                for report in others.iter().chain([report]) {
                    text += &human::render(report, false);
                    text += &format!("{:?}\n", report.diagnostics);
                }
            }
            Err(error) => text += &format!("{error}\n"),
        }
        let claims = outcome.claims.iter().map(|(target, all)| {
            let claim =
                |one: &applc::targets::Claim| format!("{} {:?} {}", one.kind, one.within, one.name);
            (target, all.iter().map(claim).collect::<Vec<_>>())
        });
        text += &format!("{:?}\n", claims.collect::<Vec<_>>());
        text += &format!("{:?} {:?}\n", outcome.images, outcome.used_images);
        let files = outcome.files.as_ref();
        text += &format!("{:?}\n", files.map(|files| &files.folders));
    }
    let status = report_all(&found, &outcomes, &mut reporter);
    let made = outcomes.iter().filter_map(|one| one.files.as_ref()).flat_map(|files| &files.made);
    let made: Vec<Made> = made.cloned().collect();
    let of_files = report_conflicts(&found, &made, &mut reporter);
    text += &format!("{status:?} {of_files:?} {:?}\n", reporter.document());
    let changes = match of_files {
        Status::Clean => Some(changes::find(&found, &outcomes, &made, &Known::default())),
        _ => None,
    };
    text += &format!("{changes:?}");
    let mut written = Vec::new();
    // Errors are what `--keep-going` leaves out; files of others are what `--adopt` takes.
    if let Some(Ok(changes)) = changes
        && writes
        && !made.is_empty()
        && changes.obstacles.iter().all(|one| matches!(one.what, What::Foreign))
    {
        written = Turn::take(&found.world).apply(&found.world, &changes).unwrap();
    }
    cache.write(&found, &written);
    Run { text, known }
}

#[test]
fn a_cache_changes_nothing_but_the_time() {
    let sequences = if std::env::var_os(applc_testing::DEEP).is_some() { 2_000 } else { 4 };
    let known = (0..sequences).into_par_iter().map(|seed| {
        let mut known = 0;
        let mut edited = Edited::new(seed);
        for step in 0..50 {
            for _ in 0..edited.rng.u8(1..3) {
                edited.edit();
            }
            let asked = Asked::random(&mut edited);
            let writes = asked.depth == Depth::Files && edited.rng.bool();
            let cold = run(edited.root(), &asked, Cache::none(), false);
            let warm = run(edited.root(), &asked, Cache::open(&edited.root()), writes);
            let difference = || diff::unified("run", Some(&cold.text), Some(&warm.text));
            assert!(warm.text == cold.text, "sequence {seed}, step {step}:\n{}", difference());
            known += warm.known;
        }
        known
    });
    let known: usize = known.sum();
    assert!(known > 50 * usize::try_from(sequences).unwrap(), "{known} results were used again");
}
