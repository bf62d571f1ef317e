//! Loads a custom target with two templates, and renders an appliance. The parts of an input are `target.toml` and the
//! templates; without the first one, the templates are those of a target that supports every field.
//!
//! Templates run in this process, where nesting and filters on large lists have no limit: short ones only.

#![no_main]

use std::sync::{Arc, LazyLock};

use applc::plan::Field;
use applc::targets::{Options, TargetRef, custom};
use applc::{Memory, Selected};
use applc_fuzz::{held, parts};
use libfuzzer_sys::fuzz_target;

/// Maximum size of a template, in bytes.
const LONGEST: usize = 512;

const APPLIANCE: &str = r#"{"id": "App", "containers": [
  {"id": "web", "type": "service", "image": "nginx:1.27", "resources": {"cpus": 1, "mem": 64}, "network_mode": "bridge",
   "ports": [{"container_port": 80, "host_port": 8080, "protocol": "tcp"}], "env": {"DB": "db://@db:5432/x", "A": "1\n2"},
   "volumes": [{"src": "data", "dest": "/data"}], "dependencies": ["db"], "args": ["a b", "$HOME"]},
  {"id": "db", "type": "service", "image": "db:1", "resources": {"cpus": 0.5, "mem": 64}, "network_mode": "bridge"},
  {"id": "job", "type": "job", "image": "job:1", "resources": {"cpus": 1, "mem": 64}, "schedule": "0 3 * * *", "repeats": -1}],
  "data_persistence": {"volumes": [{"id": "data", "scope": "local"}]}}"#;

static CARRYING_ALL: LazyLock<String> = LazyLock::new(|| {
    let fields = Field::ALL.iter().map(|field| format!("{:?} = \"carried\"\n", field.path()));
    format!(
        "applc = 1\nname = \"mine\"\ndescription = \"d\"\n[references]\naddress = \"{{{{ name }}}}\"\n\
         [escapes.e]\n\"$\" = \"$$\"\n[[artifacts]]\ntemplate = \"one.j2\"\npath = \"one.yaml\"\n\
         [[artifacts]]\nfor = \"container\"\ntemplate = \"two.j2\"\npath = \"{{{{ container.name }}}}.json\"\n\
         [fields]\n{}",
        fields.collect::<String>()
    )
});

fuzz_target!(|bytes: &[u8]| {
    let [manifest, one, two] = parts(bytes);
    if one.len() > LONGEST || two.len() > LONGEST || manifest.len() > 4 * LONGEST {
        return;
    }
    let manifest = if manifest.is_empty() { CARRYING_ALL.as_bytes() } else { manifest };
    let world = Memory::new()
        .with("app.json", APPLIANCE)
        .with("mine/target.toml", manifest)
        .with("mine/one.j2", one)
        .with("mine/two.j2", two);
    let loaded = custom::load(&world, "mine", None).expect("memory can be read");
    loaded.reports.iter().for_each(held::shown);
    let Some(target) = loaded.target else {
        assert!(loaded.reports.iter().any(|report| report.has_errors()));
        return;
    };
    let options = Options::of(&target);
    let target = TargetRef::Custom(Arc::new(target));
    let result = applc::compile(&world, "app.json", &[Selected { target, options }])
        .expect("memory can be read");
    result.others.iter().for_each(held::shown);
    held::shown(&result.report);
    let has_errors =
        result.report.has_errors() || result.others.iter().any(|report| report.has_errors());
    assert_eq!(has_errors, result.outputs.is_empty());
});
