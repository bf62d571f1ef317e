//! Values of Marathon and Chronos: each one has an origin.

use applc::analysis::Analysis;
use applc::diag::Findings;
use applc::render::{Mark, Origin};
use applc::source::{Source, Span, Spanned};
use applc::syntax::{self, Kind, Node};
use applc::targets::{self, Artifact, Options, Rendering, TargetRef};

use super::{appliances, traced};

fn marathon() -> TargetRef {
    targets::named(&targets::built_in().collect::<Vec<_>>(), "marathon").unwrap()
}

/// The places of all scalars of a document.
fn scalars(node: &Node, found: &mut Vec<Span>) {
    match &node.kind {
        Kind::Array(items) => items.iter().for_each(|item| scalars(item, found)),
        Kind::Object(object) => object.members.iter().for_each(|m| scalars(&m.value, found)),
        _ => found.push(node.span),
    }
}

#[test]
fn every_scalar_is_the_range_of_a_value() {
    let mut count = 0;
    for source in appliances() {
        let Some(made) = traced(&source, &marathon()) else { continue };
        for (artifact, file) in made.artifacts.iter().zip(&made.map.files) {
            let text = Source::new(artifact.path.as_str(), artifact.text.as_str());
            let mut found = Vec::new();
            scalars(&syntax::parse(&text, &mut Findings::new()).unwrap(), &mut found);
            for scalar in found {
                assert!(
                    file.ranges.iter().any(|mark| mark.range == scalar.range()),
                    "{}: {} on line {} of {}",
                    source.name(),
                    text.slice(scalar),
                    text.position(scalar.start).line,
                    artifact.path
                );
                count += 1;
            }
        }
    }
    assert!(count > 2000, "{count}");
}

/// Uses most of what an appliance can contain.
const APPLIANCE: &str = r#"{
  "id": "shop",
  "data_persistence": {
    "volume_type": "ebs",
    "volumes": [
      { "id": "state" },
      { "id": "media", "scope": "global" }
    ]
  },
  "containers": [
    {
      "id": "web", "type": "service", "image": "nginx:1.27", "instances": 2,
      "network_mode": "bridge", "is_privileged": true, "force_pull_image": false,
      "resources": { "cpus": 0.5, "mem": 64, "disk": 10 },
      "ports": [
        { "container_port": 53, "host_port": 5353, "name": "DNS" },
        { "container_port": 53, "host_port": 5353, "protocol": "udp" },
        { "container_port": 80 }
      ],
      "args": ["--peer", "http://@web:80/"],
      "volumes": [{ "src": "media", "dest": "/media", "mode": "RO" }, { "src": "/etc/web", "type": "host", "dest": "/conf" }],
      "health_check": { "protocol": "HTTP", "path": "/up", "port_index": 2, "timeout_seconds": 7 },
      "minimum_capacity": 0.5,
      "schedule_hints": { "placement": { "zone": "b" }, "preemptible": false }
    },
    {
      "id": "store", "type": "service", "image": "redis:7", "network_mode": "container",
      "resources": { "cpus": 1, "mem": 128 },
      "cmd": "serve --front @web:53",
      "volumes": [{ "src": "state", "dest": "/state" }],
      "health_check": { "protocol": "COMMAND", "command": "ping @store" },
      "dependencies": ["web"]
    },
    {
      "id": "load", "type": "job", "image": "loader:1", "instances": 2, "network_mode": "bridge",
      "resources": { "cpus": 1, "mem": 32 },
      "is_privileged": true, "retries": 3,
      "ports": [{ "container_port": 9, "host_port": 1109, "protocol": "udp" }],
      "args": ["@store"],
      "volumes": [{ "src": "media", "dest": "/media" }]
    },
    {
      "id": "index", "type": "job", "image": "indexer:1", "network_mode": "container",
      "resources": { "cpus": 1, "mem": 32 },
      "cmd": "index @web:80", "env": { "TO": "@store:6379" },
      "schedule_hints": { "placement": { "host": "h1" } },
      "dependencies": ["load"]
    },
    {
      "id": "clean", "type": "job", "image": "cleaner:1", "network_mode": "host",
      "resources": { "cpus": 1, "mem": 32 },
      "cmd": "clean all", "repeats": 4, "start_time": "2027-01-31T04:30:00Z", "interval": "T1H"
    }
  ]
}"#;

/// The origins of each value that is printed for an appliance: the text that they point to, the path
/// of a default, or the index of an option and whether it is set.
fn values(options: &[(&str, &str)]) -> String {
    let target = marathon();
    let source = Source::new("app.json", APPLIANCE);
    let analysis = Analysis::of(&source);
    let plan = analysis.valid_plan().unwrap();
    let mut findings = Findings::new();
    let mut values = Options::of(&*target);
    // Behind the appliance.
    let place = Span::at(APPLIANCE.len() + 1);
    for (name, value) in options {
        let (name, value) = (Spanned::new(*name, place), Spanned::new(*value, place));
        values.set(&*target, name, value, &mut findings);
    }
    let rendering = Rendering { recorded: true };
    let made = targets::compile(&*target, plan, &values, Some(rendering), &mut findings).unwrap();
    assert!(!findings.has_errors(), "{findings:?}");
    let shown = |place: Span| match place.start as usize > APPLIANCE.len() {
        true => "an option".to_owned(),
        false => source.slice(place).to_owned(),
    };
    let origin = |mark: &Mark| match mark.from {
        Origin::Place(place) => shown(place),
        Origin::Places(place, other) => format!("{} and {}", shown(place), shown(other)),
        Origin::Default(path, object) => {
            let object: String = shown(object).chars().take(20).collect();
            format!("default of {path} at {object}")
        }
        Origin::Option(index, set) => {
            let name = target.options()[usize::from(index)].name;
            format!("option {name}, {}", if set.is_some() { "set" } else { "default" })
        }
    };
    let list = |artifact: &Artifact| {
        let mut out = format!("======== {}\n", artifact.path);
        let mut marks = artifact.record.marks.as_slice();
        while let Some(first) = marks.first() {
            let same = marks.iter().take_while(|mark| mark.range == first.range).count();
            let (these, rest) = marks.split_at(same);
            let origins: Vec<_> = these.iter().map(origin).collect();
            let text = &artifact.text[first.range.clone()];
            out.push_str(&format!("{text} <- {}\n", origins.join(" | ")));
            marks = rest;
        }
        out
    };
    made.artifacts.iter().map(list).collect()
}

#[test]
fn values_have_all_their_origins() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("../../snapshots/trace");
    settings.bind(|| {
        let options = [("dns-suffix", "example.org"), ("zone-attribute", "rack")];
        insta::assert_snapshot!("marathon-values", values(&options));
    });
}

#[test]
fn an_option_that_is_set_is_an_origin() {
    let all = values(&[("volume-driver", "nfs"), ("framework", "mom"), ("network", "backbone")]);
    let lines: Vec<&str> = all.lines().collect();
    for expected in [
        "\"nfs\" <- option volume-driver, set",
        "\"backbone\" <- option network, set | \"container\"",
    ] {
        assert!(lines.contains(&expected), "{expected} in {all}");
    }
    let address = lines.iter().find(|line| line.contains("--front")).unwrap();
    assert!(address.contains("mom.l4lb") && address.ends_with("| an option"), "{address}");
}
