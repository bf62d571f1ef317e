use super::*;
use crate::diag::MAX_FINDINGS;
use crate::overlay::Images;
use crate::source::Spanned;
use crate::{Memory, targets};

/// Findings are not even made beyond the maximum, so that their memory is bounded.
#[test]
fn findings_are_capped_where_they_are_made() {
    let many = |item: &str| vec![item; MAX_FINDINGS * 2].join(",");
    let variables: Vec<String> =
        (0..MAX_FINDINGS * 2).map(|at| format!(r#""K{at}_TOKEN": "abc""#)).collect();
    for (field, container, appliance) in [
        ("ports", format!(r#""ports": [{}]"#, many(r#"{"container_port": 80}"#)), String::new()),
        (
            "mounts",
            format!(
                r#""volumes": [{}]"#,
                many(r#"{"type": "persistent", "src": "v", "dest": "/d"}"#)
            ),
            String::new(),
        ),
        ("dependencies", format!(r#""dependencies": [{}]"#, many(r#""a""#)), String::new()),
        ("env", format!(r#""env": {{{}}}"#, variables.join(",")), String::new()),
        ("references", format!(r#""cmd": "{}""#, many("x://u:p@b")), String::new()),
        ("at signs", format!(r#""cmd": "{}""#, many("x://u:p@a ")), String::new()),
        (
            "volumes",
            r#""cmd": "x""#.to_owned(),
            format!(r#", "data_persistence": {{"volumes": [{}]}}"#, many(r#"{"id": "v"}"#)),
        ),
        ("containers", r#""cmd": "x""#.to_owned(), String::new()),
    ] {
        let one = format!(
            r#"{{"id": "a", "type": "service", "image": "i:1", "network_mode": "bridge",
                "resources": {{"cpus": 1, "mem": 64}}, {container}}}"#
        );
        let all = if field == "containers" { many(&one) } else { one };
        let source =
            Source::new("a.json", format!(r#"{{"id": "x", "containers": [{all}]{appliance}}}"#));
        let findings = Analysis::of(&source).findings;
        // An error is added after warnings, whatever their number.
        let expected = MAX_FINDINGS + 1..=MAX_FINDINGS + 2;
        assert!(expected.contains(&findings.len()), "{field}: {}", findings.len());
    }
}

/// Two containers with a mount, references and a dependency, and a faulty field.
const TEXT: &str = r#"{
  "id": "app",
  "containers": [
    {"id": "web", "type": "service", "image": "i:1", "network_mode": "bridge",
     "resources": {"cpus": 1, "mem": 64}, "privileged": true, "is_privileged": true,
     "args": ["--db", "x@db:80", "\u0040db"], "dependencies": ["db"],
     "volumes": [{"type": "persistent", "src": "data", "dest": "/d"}]},
    {"id": "db", "type": "service", "image": "i:1", "network_mode": "host",
     "resources": {"cpus": 1, "mem": 64}, "ports": [{"container_port": 80}]}
  ],
  "data_persistence": {"volumes": [{"id": "data"}]}
}"#;

/// The analysis of [`TEXT`] in a run with another source before it, and the offset of a text.
fn analysis() -> (Analysis, impl Fn(&str) -> u32) {
    let mut sources = Sources::new();
    sources.add(&Source::new("applc.toml", "[targets]\n"));
    let world = Memory::new().with("a.json", TEXT);
    let analysis = Analysis::read(&world, "a.json", sources).unwrap();
    let base = analysis.source.span(0..0).start;
    (analysis, move |text: &str| base + u32::try_from(TEXT.find(text).unwrap()).unwrap())
}

#[test]
fn the_place_at_an_offset_has_its_path() {
    let (analysis, at) = analysis();
    assert!(analysis.findings.has_errors());
    let place = |text: &str| {
        let place = analysis.at(at(text)).unwrap();
        (place.to_string(), place.field(), place.on_key)
    };
    let expected = |path: &str, field: &str, on_key| (path.to_owned(), field.to_owned(), on_key);
    assert_eq!(place("i:1"), expected("containers[0].image", "containers[].image", false));
    assert_eq!(
        place("container_port"),
        expected(
            "containers[1].ports[0].container_port",
            "containers[].ports[].container_port",
            true
        )
    );
    assert_eq!(place("--db"), expected("containers[0].args[0]", "containers[].args[]", false));
    assert_eq!(analysis.at(0).map(|place| place.to_string()), None);
}

#[test]
fn symbols_are_defined_and_mentioned() {
    let (analysis, at) = analysis();
    let mentions = |text: &str| -> Vec<(Mention, &str)> {
        let (symbol, _) = analysis.symbol_at(at(text)).unwrap();
        let spans = analysis.mentions(symbol).into_iter();
        spans.map(|(mention, span)| (mention, analysis.source.slice(span))).collect()
    };
    let of_db = [
        (Mention::Reference, "@db:80"),
        (Mention::Reference, r"\u0040db"),
        (Mention::Dependency, "\"db\""),
        (Mention::Definition, "\"db\""),
    ];
    assert_eq!(mentions("@db:80"), of_db);
    assert_eq!(mentions("\"db\"]"), of_db);
    assert_eq!(mentions("\"db\", \"type"), of_db);
    assert_eq!(
        mentions("\"data\","),
        [(Mention::Mount, "\"data\""), (Mention::Definition, "\"data\"")]
    );
    let (symbol, _) = analysis.symbol_at(at("@db:80")).unwrap();
    let definition = analysis.definition(symbol).unwrap();
    assert_eq!(definition.start, at("\"db\", \"type"));
    assert_eq!(analysis.symbol_at(at("--db")), None);
}

#[test]
fn the_support_of_a_field_is_known_despite_errors() {
    let (analysis, at) = analysis();
    let marathon = targets::find("marathon").unwrap();
    let support = |text: &str| -> Vec<(&str, &str)> {
        let found = analysis.support_at(at(text), marathon).into_iter();
        found.map(|(used, row)| (used.field.path(), row.fate.name())).collect()
    };
    assert_eq!(support("i:1"), [("containers[].image", "carried")]);
    assert_eq!(support("is_privileged"), [("containers[].is_privileged", "depends")]);
    assert_eq!(support("--db"), [("containers[].args", "depends")]);
    assert_eq!(support("\"type\": \"persistent\""), []);
}

#[test]
fn findings_are_in_the_file_of_the_appliance() {
    let (analysis, at) = analysis();
    let place = at("\"privileged\"");
    let report = analysis.into_report();
    let found = report.diagnostics.iter().find(|found| found.code.id == "E0201").unwrap();
    assert_eq!(found.primary.span.start, place);
    assert_eq!(report.source_of(found.primary.span).name(), "a.json");
}

/// [`TEXT`] with an overlay, and the offset of a text in the overlay.
const OVERLAY: &str = "
containers:
  web: { image: i:2, ports: { 8080: { add: true, name: http } }, env: { B: '@new' } }
  db: { instances: 2 }
  new: { add: true, type: service, image: n:1, resources: { cpus: 1, mem: 64 }, dependencies: [db] }
";

fn overlaid() -> (Analysis, impl Fn(&str) -> u32) {
    let world = Memory::new().with("a.json", TEXT.replace(", \"is_privileged\"", ", \"x\""));
    let world = world.with("o.yaml", OVERLAY);
    let changes = Changes { overlays: vec!["o.yaml".to_owned()], ..Changes::none() };
    let analysis = Analysis::read_changed(&world, "a.json", &changes, Sources::new()).unwrap();
    let base = analysis.overlays[0].span(0..0).start;
    (analysis, move |text: &str| base + u32::try_from(OVERLAY.find(text).unwrap()).unwrap())
}

#[test]
fn a_place_in_an_overlay_has_the_path_of_its_field() {
    let (analysis, at) = overlaid();
    let place = |text: &str| {
        let place = analysis.at(at(text)).unwrap();
        (place.to_string(), place.field())
    };
    let expected = |path: &str, field: &str| (path.to_owned(), field.to_owned());
    assert_eq!(place("i:2"), expected("containers.web.image", "containers[].image"));
    assert_eq!(
        place("http"),
        expected("containers.web.ports.8080.name", "containers[].ports[].name")
    );
    assert_eq!(place("'@new'"), expected("containers.web.env.B", "containers[].env.B"));
    assert_eq!(analysis.layer(Span::at(at("i:2") as usize)), Layer::Overlay(0));
    // The appliance is as it is written, also where the overlay says something else.
    let image = u32::try_from(TEXT.find("i:1").unwrap()).unwrap();
    assert_eq!(
        analysis.at(image).map(|place| place.to_string()),
        Some("containers[0].image".into())
    );
    assert_eq!(analysis.layer(Span::at(image as usize)), Layer::Appliance);
    // In the merged tree, values have their places in their own files.
    let tree = analysis.tree.as_ref().unwrap();
    let merged = Place::at(tree, at("i:2")).unwrap();
    assert_eq!(merged.to_string(), "containers[0].image");
}

#[test]
fn symbols_are_mentioned_in_overlays() {
    let (analysis, at) = overlaid();
    let mentions = |offset: u32| -> Vec<(Mention, &str)> {
        let (symbol, _) = analysis.symbol_at(offset).unwrap();
        let of = |span: Span| analysis.sources.of(span).unwrap().slice(span);
        let all = analysis.mentions(symbol).into_iter();
        all.map(|(mention, span)| (mention, of(span))).collect()
    };
    let of_db = [
        (Mention::Reference, "@db:80"),
        (Mention::Reference, r"\u0040db"),
        (Mention::Dependency, "\"db\""),
        (Mention::Definition, "\"db\""),
        (Mention::Overlay, "db"),
        (Mention::Dependency, "db"),
    ];
    assert_eq!(mentions(at("db:")), of_db);
    let of_new = [(Mention::Reference, "@new"), (Mention::Definition, "new")];
    assert_eq!(mentions(at("new: {")), of_new);
}

#[test]
fn a_version_of_an_image_has_its_place_in_the_table() {
    let table = Source::new("applc.toml", "\"i\" = \"3\"\n\"j\" = \"4\"\n");
    let mut sources = Sources::new();
    let table = sources.add(&table);
    let mut images = Images::default();
    for (repository, version) in [(0..3, 6..9), (10..13, 16..19)] {
        let part = |range: std::ops::Range<usize>| {
            let span = table.span(range);
            Spanned::new(table.slice(span).trim_matches('"'), span)
        };
        images.add(part(repository), part(version), &mut Findings::new());
    }
    let world = Memory::new().with("a.json", TEXT);
    let changes = Changes { images, ..Changes::none() };
    let analysis = Analysis::read_changed(&world, "a.json", &changes, sources).unwrap();
    let image = &analysis.plan.as_ref().unwrap().containers[0].image;
    assert_eq!((&*image.value, table.slice(image.span)), ("i:3", "\"3\""));
    assert_eq!(analysis.layer(image.span), Layer::Settings);
    assert_eq!(analysis.used_images, [0]);
}

#[test]
fn files_beside_the_appliance_are_read_byte_for_byte() {
    let appliance = r#"{"id":"app","containers":[{"id":"a","type":"service","image":"b:1",
        "resources":{"cpus":1,"mem":64},"files":[{"dest":"/t","source":"c/t"},{"dest":"/b","source":"b"},
        {"dest":"/n","source":"n"},{"dest":"/up","source":"c/../b"}]}]}"#;
    let world = crate::Memory::new()
        .with("f/a.json", appliance)
        .with("f/c/t", "@nobody\r\n")
        .with("f/b", [0, 255]);
    let analysis = Analysis::read(&world, "f/a.json", Sources::new()).unwrap();
    let found: Vec<_> = analysis
        .findings
        .iter()
        .filter(|found| found.code.id == "E0318")
        .map(|found| analysis.source.slice(found.primary.span))
        .collect();
    assert_eq!(found, ["\"n\"", "\"c/../b\""]);
    let files = &analysis.plan.as_ref().unwrap().containers[0].extras().files;
    let text = files[0].text().map(|text| text.spell(str::to_owned, |_| String::new()));
    assert_eq!(text.as_deref(), Some("@nobody\r\n"));
    assert!(matches!(&files[1].content, crate::plan::Content::Bytes(bytes) if **bytes == [0, 255]));
}

#[test]
fn a_file_beside_the_appliance_that_is_too_large_is_not_cut() {
    let appliance = r#"{"id":"app","containers":[{"id":"a","type":"service","image":"b:1",
        "resources":{"cpus":1,"mem":64},"files":[{"dest":"/t","source":"t"}]}]}"#;
    let found = |size: usize| {
        // Reading stops after the limit.
        let world = crate::Memory::new().with("a.json", appliance).with("t", vec![b'x'; size]);
        let analysis = Analysis::read(&world, "a.json", Sources::new()).unwrap();
        let found = analysis.findings.iter().filter(|found| found.code.id == "E0002");
        found.map(|found| found.message.clone()).collect::<Vec<_>>()
    };
    let limit = crate::source::MAX_SOURCE_BYTES;
    assert_eq!(found(limit + 1), ["`t` is larger than 64 MiB"]);
    assert_eq!(found(10), [""; 0]);
}
