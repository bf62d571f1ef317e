//! The time of whole projects, by the clock: a run takes all processors.

use std::fs;
use std::path::Path;
use std::time::Instant;

use super::applc;
use super::table::Table;

/// Numbers of appliances, and the seconds that a run may take that makes all their files.
const COLD: [(usize, f64); 2] = [(1_000, 2.0), (10_000, 15.0)];

/// The seconds that a check may take after one edit, with the cache of an earlier run.
const CHECK: f64 = 0.5;

const PROJECT: &str = r#"default-targets = ["compose", "kubernetes"]
output = "manifests/{environment}/{folder}/{target}"

[environments.dev]

[environments.test]
overlay = "{name}.test.yaml"

[environments.prod]
overlay = "{name}.prod.yaml"
targets.kubernetes.namespace = "{id}-prod"
"#;

/// Measures projects in three environments for two targets.
pub fn measure(folder: &Path, table: &mut Table) {
    table.heading("Projects in 3 environments for 2 targets: seconds by the clock");
    for (count, bar) in COLD {
        let root = folder.join(format!("project-{count}"));
        write(&root, count);
        let path = root.display().to_string();
        let seconds = |arguments: &[&str]| {
            let program = applc(&[arguments, &[&path]].concat());
            let start = Instant::now();
            let cpu = program.run().ms / 1e3;
            (start.elapsed().as_secs_f64(), format!("{cpu:.2} s of CPU time"))
        };
        let (cold, cpu) = seconds(&["compile"]);
        table.bar(&format!("{count} appliances"), cold, bar, &cpu);
        let (again, cpu) = seconds(&["compile"]);
        table.figure("again, nothing changes", &format!("{again:.2} s, {cpu}"));
        let edited = root.join(file(1));
        fs::write(edited, appliance(1, 192)).expect("a file is written");
        let (check, cpu) = seconds(&["compile", "--check"]);
        table.bar("--check after one edit", check, CHECK, &cpu);
        let (check, cpu) = seconds(&["compile", "--check", "--no-cache"]);
        table.figure("the same without a cache", &format!("{check:.2} s, {cpu}"));
    }
}

fn file(at: usize) -> String {
    format!("apps/team{}/app{at}/app{at}.appliance.json", at / 100)
}

fn write(root: &Path, count: usize) {
    for at in 0..count {
        let path = root.join(file(at));
        let folder = path.parent().expect("it is in a folder");
        fs::create_dir_all(folder).expect("a folder is created");
        fs::write(&path, appliance(at, 128)).expect("a file is written");
        let overlay = folder.join(format!("app{at}.prod.yaml"));
        let text = "containers:\n  web: { instances: 3, env: { LOG_LEVEL: warn } }\n";
        fs::write(overlay, text).expect("a file is written");
    }
    fs::write(root.join("applc.toml"), PROJECT).expect("a file is written");
}

fn appliance(at: usize, memory: u32) -> String {
    format!(
        r#"{{
 "id": "app{at}",
 "containers": [
  {{
   "id": "web", "type": "service", "image": "registry.example.org/shop/web:1.{at}",
   "network_mode": "container", "ports": [{{"container_port": 8080}}],
   "env": {{"API": "http://@api:8080", "N": "{at}"}},
   "resources": {{"cpus": 0.5, "mem": {memory}}}, "dependencies": ["api"]
  }},
  {{
   "id": "api", "type": "service", "image": "registry.example.org/shop/api:1.{at}",
   "network_mode": "container", "ports": [{{"container_port": 8080}}],
   "env": {{"LOG_LEVEL": "info"}}, "resources": {{"cpus": 1, "mem": 256}}
  }}
 ]
}}
"#
    )
}
