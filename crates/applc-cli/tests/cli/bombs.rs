//! Templates of others that would take all time, all memory, or the stack.

use std::fs;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use applc::analysis::Analysis;
use applc::diag::Report;
use applc::source::Sources;
use applc::targets::custom::{self, Renderer};
use applc::targets::{Options, Rendering, TargetRef};
use applc::{Memory, Selected};
use applc_templates::{Limits, Pool};
use assert_cmd::cargo::cargo_bin;

use crate::project::Repository;

pub const APPLIANCE: &str = r#"{"id":"app","containers":[{"id":"web","type":"service",
  "image":"nginx:1.27","resources":{"cpus":1,"mem":64},"network_mode":"host"}]}"#;

/// The manifest of a target whose templates for paths and addresses are these.
pub fn manifest(format: &str, path: &str, address: &str) -> String {
    let fields = [
        "id",
        "containers[].id",
        "containers[].type: service",
        "containers[].image",
        "containers[].resources.cpus",
        "containers[].resources.mem",
        "containers[].network_mode: host",
        "containers[].force_pull_image",
    ];
    let fields: String = fields.iter().map(|field| format!("{field:?} = \"carried\"\n")).collect();
    format!(
        "applc = 1\nname = \"bomb\"\ndescription = \"a bomb\"\n\
         references = {{ address = '{address}' }}\n\
         [[artifacts]]\ntemplate = \"t.j2\"\npath = '{path}'\nformat = \"{format}\"\n\
         [escapes.big]\nx = \"{}\"\n[fields]\n{fields}",
        "y".repeat(1000)
    )
}

/// What ends a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// The stack of the process.
    Stack,
    /// Its memory.
    Memory,
    /// Time.
    Time,
    /// The size of all files.
    Output,
    /// What the engine itself limits: steps, depth, the size of a file, formats.
    Engine(&'static str),
}

impl By {
    fn words(self) -> &'static str {
        match self {
            By::Stack => "is nested too deeply for the limit of 2 MiB of stack",
            By::Memory => "needs more memory than the limit of 192 MiB",
            By::Time => "takes longer than the limit of 0.400 s",
            By::Output => "are larger than the limit of 1 MiB in total",
            By::Engine(words) => words,
        }
    }
}

/// Text `count` times between two others.
pub fn many(before: &str, text: &str, count: usize, after: &str) -> String {
    format!("{before}{}{after}", text.repeat(count))
}

/// A template that builds a value in a loop, and does something with it.
pub fn grown(start: &str, step: &str, count: usize, then: &str) -> String {
    format!(
        "{{% set ns = namespace(a={start}, b={start}) %}}{{% for i in range({count}) %}}\
         {{% set ns.a = {step} %}}{{% endfor %}}{then}"
    )
}

fn bombs() -> Vec<(&'static str, String, By)> {
    const DEEP: usize = 20_000;
    let list = |then: &str| grown("[]", "[ns.a]", DEEP, then);
    let shared = |then: &str| {
        let grow = "{% set ns.b = [ns.b, ns.b] %}";
        let twice = grown("[1]", "[ns.a, ns.a]", 60, "");
        twice.replace("{% endfor %}", &format!("{grow}{{% endfor %}}")) + then
    };
    let recursion = By::Engine("syntax error: template exceeds maximum recursion limits");
    let steps = By::Engine("exceeded the limit of 10000000 steps, perhaps in an endless loop");
    vec![
        // Expressions whose parser calls itself.
        ("minus", many("{{ ", "-", DEEP, "1 }}"), By::Stack),
        ("not", many("{{ ", "not ", DEEP, "1 }}"), By::Stack),
        // Expressions that the parser builds in a loop, and the compiler walks through.
        ("plus", many("{{ ", "1+", DEEP, "1 }}"), By::Stack),
        ("tilde", many("{{ ", "1~", DEEP, "1 }}"), By::Stack),
        ("power", many("{{ ", "1**", DEEP, "1 }}"), By::Stack),
        ("and", many("{{ ", "1 and ", DEEP, "1 }}"), By::Stack),
        ("or", many("{{ ", "1 or ", DEEP, "1 }}"), By::Stack),
        ("fields", many("{{ a", ".a", DEEP, " }}"), By::Stack),
        ("items", many("{{ a", "[0]", DEEP, " }}"), By::Stack),
        ("calls", many("{{ a", "()", DEEP, " }}"), By::Stack),
        ("filters", many("{{ 1", "|string", DEEP, " }}"), By::Stack),
        ("tests", many("{{ 1", " is defined", DEEP, " }}"), By::Stack),
        ("if in line", many("{{ ", "1 if 1 else ", DEEP, "1 }}"), By::Stack),
        ("elif", many("{% if 0 %}", "{% elif 0 %}", DEEP, "{% endif %}"), By::Stack),
        // What the engine itself limits.
        ("parentheses", many("{{ ", "(", DEEP, "1 }}"), recursion),
        ("lists", many("{{ ", "[", DEEP, "1 }}"), recursion),
        ("mappings", many("{{ ", "{\"a\":", DEEP, "1 }}"), recursion),
        ("if", many("", "{% if 1 %}", DEEP, ""), recursion),
        ("for", many("", "{% for a in [1] %}", DEEP, ""), recursion),
        ("set", many("", "{% set a %}", DEEP, ""), recursion),
        ("filter", many("", "{% filter upper %}", DEEP, ""), recursion),
        ("with", many("", "{% with a=1 %}", DEEP, ""), recursion),
        ("macro", many("", "{% macro a() %}", DEEP, ""), recursion),
        ("autoescape", many("", "{% autoescape true %}", DEEP, ""), recursion),
        ("itself", "{% include \"t.j2\" %}".to_owned(), By::Engine("recursion limit exceeded")),
        (
            "macro of itself",
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}".to_owned(),
            By::Engine("recursion limit exceeded"),
        ),
        ("times", "{{ \"x\" * 99999999999999 }}".to_owned(), steps),
        ("indent", "{{ \"x\" | indent(999999999999, true) }}".to_owned(), steps),
        ("batch", "{{ [1] | batch(9999999999999, 1) | list }}".to_owned(), steps),
        ("format", "{{ \"%9999999999d\" | format(1) }}".to_owned(), steps),
        // Values that are deep.
        ("deep list as JSON", list("{{ ns.a | json }}"), By::Stack),
        ("deep list in one line", list("{{ ns.a | flow }}"), By::Stack),
        ("deep list as text", list("{{ ns.a | string }}"), By::Stack),
        ("deep list without use", list("x"), By::Stack),
        ("deep mapping", grown("{}", "{\"a\": ns.a}", DEEP, "{{ ns.a | json }}"), By::Stack),
        (
            "deep lists compared",
            list("").replace("{% endfor %}", "{% set ns.b = [ns.b] %}{% endfor %}")
                + "{{ ns.a == ns.b }}",
            By::Stack,
        ),
        ("deep list in a set", list("{{ [ns.a] | unique | list | length }}"), By::Stack),
        // Filters that no step counts.
        ("shared lists compared", shared("{{ ns.a == ns.b }}"), By::Time),
        ("shared lists as JSON", shared("{{ ns.a | json }}"), By::Time),
        ("shared lists for people", shared("{{ ns.a | pprint | length }}"), By::Time),
        (
            "lists doubled and compared",
            grown(
                "[1]",
                "ns.a + ns.a",
                18,
                "{% for i in range(9999) %}{% set x = ns.a == ns.a[:] %}{% endfor %}",
            ),
            By::Time,
        ),
        (
            "unique",
            "{% for i in range(9999) %}{% set x = range(99999) | unique | list %}{% endfor %}"
                .to_owned(),
            By::Time,
        ),
        // Texts that grow.
        ("quotes of shells", grown("\"''''\"", "ns.a | shell", 40, "x"), By::Memory),
        (
            "own escapes",
            "{% set a = (\"x\" * 999) | escape(\"big\") %}\
             {% set b = a ~ a %}{% set ns = namespace(a=[]) %}{% for i in range(500) %}\
             {% set ns.a = ns.a + [(\"x\" * 999) | escape(\"big\")] %}{% endfor %}x"
                .to_owned(),
            By::Memory,
        ),
        // Output.
        (
            "large files",
            "{% set a = \"x\" * 99999 %}{% for i in range(60) %}{{ a }}{% endfor %}".to_owned(),
            By::Output,
        ),
    ]
}

/// The findings in the files of a target, and in its output for an appliance.
fn found(renderer: &Arc<dyn Renderer>, manifest: &str, template: &str) -> Vec<Report> {
    let world = Memory::new()
        .with("t/target.toml", manifest)
        .with("t/t.j2", template)
        .with("app.json", APPLIANCE);
    let loaded = custom::load(&world, "t", Some(renderer)).unwrap();
    let Some(target) = loaded.target else { return loaded.reports };
    let target = TargetRef::Custom(Arc::new(target));
    let selected = Selected { options: Options::of(&*target), target };
    let compilation = applc::compile(&world, "app.json", &[selected]).unwrap();
    assert!(compilation.outputs.is_empty() || compilation.others.is_empty());
    compilation.others
}

/// The files of a folder of the repository, in a folder `t`.
fn folder(path: &str) -> Memory {
    let read = |world: Memory, entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        let name = format!("t/{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_file() { world.with(name, fs::read(&path).unwrap()) } else { world }
    };
    fs::read_dir(applc_testing::repository(path)).unwrap().fold(Memory::new(), read)
}

#[test]
fn files_and_their_origins_are_the_same_in_another_process() {
    let renderer = pool(Limits::COMMAND);
    let mut count = 0;
    let extended = "applc = 1\nname = \"mine\"\ndescription = \"d\"\nextends = \"compose\"\n";
    let template = "x-mine: {{ debug() | length > 9 }}\n{% include \"builtin/compose.yaml.j2\" %}";
    let extended =
        Memory::new().with("t/target.toml", extended).with("t/compose.yaml.j2", template);
    for world in [folder("examples/targets/quadlet"), folder("examples/targets/swarm"), extended] {
        let targets = [None, Some(&renderer)].map(|renderer| {
            let loaded = custom::load(&world, "t", renderer).unwrap();
            TargetRef::Custom(Arc::new(loaded.target.unwrap()))
        });
        for entry in fs::read_dir(applc_testing::repository("examples")).unwrap() {
            let path = entry.unwrap().path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if !path.is_file() || name.ends_with(".md") {
                continue;
            }
            let world = Memory::new().with(name, fs::read(&path).unwrap());
            let [here, elsewhere] = targets.each_ref().map(|target| {
                let analysis = Analysis::read(&world, name, Sources::new()).unwrap();
                let selected = Selected { options: Options::of(&**target), target: target.clone() };
                let rendering = Some(Rendering { recorded: true });
                let compiled = applc::compile_analysis(analysis, &[selected], rendering).unwrap();
                let artifacts: Vec<_> =
                    compiled.outputs.into_iter().flat_map(|output| output.artifacts).collect();
                (artifacts, compiled.report.diagnostics)
            });
            count += here.0.len();
            assert_eq!(here, elsewhere, "{}: {name}", targets[0].name());
        }
    }
    assert!(count > 20, "{count}");
}

/// Limits that are reached soon.
const SMALL: Limits =
    Limits { cpu: 20, wall: Duration::from_secs(60), memory: 192, stack: 2, output: 1 };

fn pool(limits: Limits) -> Arc<dyn Renderer> {
    Arc::new(Pool::of_program(cargo_bin("applc"), limits))
}

#[test]
fn each_bomb_ends_in_one_finding_that_names_the_limit() {
    let patient = pool(SMALL);
    let hasty = pool(Limits { wall: Duration::from_millis(400), ..SMALL });
    let mut failures = Vec::new();
    let bombs = bombs();
    assert!(bombs.len() >= 40);
    for (name, template, by) in &bombs {
        let renderer = if *by == By::Time { &hasty } else { &patient };
        let reports = found(renderer, &manifest("plain", "o", "{{ name }}"), template);
        let all: Vec<_> = reports
            .iter()
            .flat_map(|report| report.diagnostics.iter().map(move |found| (report, found)))
            .collect();
        let is_right = matches!(all.as_slice(), [(report, found)]
            if report.source.name() == "t/t.j2" && found.code.id == "E0702"
                && found.message.contains(by.words()));
        if !is_right {
            let told: Vec<_> =
                all.iter().map(|(at, found)| (at.source.name(), &found.message)).collect();
            failures.push(format!("{name}: {by:?}, but {told:?}"));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn the_page_has_these_limits() {
    let page = applc_testing::read("docs/limits.md");
    let Limits { cpu, wall, memory, stack, output } = Limits::COMMAND;
    let (wall, editor) = (wall.as_secs_f32(), Limits::EDITOR);
    // Meanwhile, an editor gets no answer.
    assert!(editor.wall <= Duration::from_secs(2));
    for row in [
        format!("for one appliance | {cpu} s on Unix; {} s in `applc lsp` |", editor.cpu),
        format!(
            "| real time of the same | {wall} s; {} s in `applc lsp` |",
            editor.wall.as_secs_f32()
        ),
        format!("| memory (address space) of the same | {} GiB, on Unix", memory >> 10),
        format!("| stack of the same, also while they are parsed | {stack} MiB |"),
        format!("| all files of a custom target for one appliance | {output} MiB |"),
        "| steps of a template of a custom target, for one file | 10,000,000 |".to_owned(),
    ] {
        assert!(page.contains(&row), "{row}");
    }
}

#[test]
fn bombs_in_the_manifest_are_found_there() {
    let renderer = pool(SMALL);
    let deep = many("{{ ", "1+", 20_000, "1 }}");
    for (path, address) in [(deep.as_str(), "{{ name }}"), ("o", deep.as_str())] {
        let reports = found(&renderer, &manifest("plain", path, address), "x");
        let [report] = reports.as_slice() else { panic!("{reports:?}") };
        let [found] = report.diagnostics.as_slice() else { panic!("{reports:?}") };
        assert_eq!((report.source.name(), found.code.id), ("t/target.toml", "E0702"));
        assert!(found.message.contains(By::Stack.words()), "{}", found.message);
        assert!(report.source.slice(found.primary.span).contains("1+1+1"), "{found:?}");
    }
}

#[test]
fn output_in_output_is_parsed_where_it_may_fail() {
    let renderer = pool(SMALL);
    for format in ["yaml", "hcl"] {
        let deep =
            "a = {% for i in range(9999) %}[{% endfor %}1{% for i in range(9999) %}]{% endfor %}";
        let template = if format == "hcl" { deep } else { &deep[4..] };
        let reports = found(&renderer, &manifest(format, "o", "{{ name }}"), template);
        assert_eq!(reports.len(), 1, "{format}: {reports:?}");
        assert_eq!(reports[0].diagnostics[0].code.id, "E0703");
    }
}

#[test]
fn a_bomb_does_not_stop_others_that_run_at_once() {
    let renderer = pool(SMALL);
    thread::scope(|scope| {
        let good = || {
            for _ in 0..5 {
                let good = found(&renderer, &manifest("plain", "o", "{{ name }}"), "good");
                assert!(good.is_empty(), "{good:?}");
            }
        };
        let bomb = || {
            let bomb = many("{{ ", "-", 20_000, "1 }}");
            for _ in 0..5 {
                assert_eq!(found(&renderer, &manifest("plain", "o", "{{ name }}"), &bomb).len(), 1);
            }
        };
        scope.spawn(good);
        scope.spawn(bomb);
        scope.spawn(good);
    });
}

#[test]
fn a_slow_target_is_not_run_for_each_appliance() {
    let renderer = pool(Limits { wall: Duration::from_millis(400), ..SMALL });
    let shared = grown("[1]", "[ns.a, ns.a]", 60, "{{ ns.a | json }}");
    let begun = Instant::now();
    for _ in 0..200 {
        assert_eq!(found(&renderer, &manifest("plain", "o", "{{ name }}"), &shared).len(), 1);
    }
    // Else, they would take 80 s.
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
}

#[test]
fn a_process_that_cannot_be_started_is_a_finding_of_its_own() {
    for program in ["/does/not/exist", "/"] {
        let renderer: Arc<dyn Renderer> = Arc::new(Pool::of_program(program.into(), SMALL));
        let reports = found(&renderer, &manifest("plain", "o", "{{ name }}"), "good");
        let [report] = reports.as_slice() else { panic!("{reports:?}") };
        let found = &report.diagnostics[0];
        assert_eq!((report.source.name(), found.code.id), ("t/target.toml", "E0706"));
        let message = format!("cannot start the process that templates run in: `{program}`: ");
        assert!(found.message.starts_with(&message), "{}", found.message);
    }
}

#[cfg(unix)]
#[test]
fn another_program_is_not_taken_for_the_process() {
    for (program, words) in [("/bin/echo", "is another program"), ("/bin/false", "exit status: 1")]
    {
        let renderer: Arc<dyn Renderer> = Arc::new(Pool::of_program(program.into(), SMALL));
        let reports = found(&renderer, &manifest("plain", "o", "{{ name }}"), "good");
        let found = &reports[0].diagnostics[0];
        assert_eq!(found.code.id, "E0706");
        assert!(found.message.contains(words), "{}", found.message);
    }
}

/// A project with a target and an appliance.
fn project(template: &str) -> Repository {
    let repository = Repository::new();
    repository.write("t/target.toml", &manifest("plain", "o", "{{ name }}"));
    repository.write("t/t.j2", template);
    repository.write(
        "applc.toml",
        "appliances = [\"apps/*\"]\ntarget-folders = [\"t\"]\ndefault-targets = [\"bomb\"]\n\
         output = \"out/{target}/{name}\"\n",
    );
    for name in ["a", "b", "c"] {
        let appliance = APPLIANCE.replace("\"app\"", &format!("\"{name}\""));
        repository.write(&format!("apps/{name}.appliance.json"), &appliance);
    }
    repository
}

#[test]
fn every_command_ends_with_the_finding_and_writes_nothing() {
    let parsed = project(&many("{% if 0 %}", "{% elif 0 %}", 20_000, "{% endif %}"));
    let rendered = project(&grown("[]", "[ns.a]", 99_999, "{{ ns.a | json }}"));
    let file = "apps/a.appliance.json";
    let both: [&[&str]; 5] = [
        &["check"],
        &["check", file],
        &["compile"],
        &["compile", file, "-o", "written"],
        &["target", "check", "t"],
    ];
    let when_parsed: [&[&str]; 2] = [&["targets", "./t"], &["compile", file, "-t", "./t"]];
    for (repository, commands) in
        [(&parsed, &when_parsed[..]), (&parsed, &both), (&rendered, &both)]
    {
        for command in commands {
            let (status, out, errors) = repository.run(command);
            assert_eq!(status, 1, "{command:?}: {out}{errors}");
            let words = "nested too deeply for the limit of 8 MiB of stack";
            assert_eq!(errors.matches(words).count(), 1, "{command:?}: {errors}");
            assert!(errors.contains("t/t.j2:1:1"), "{command:?}: {errors}");
            assert!(!repository.path("written").exists() && !repository.path("out").exists());
        }
    }
}

/// Templates have no use for files and sockets.
#[cfg(target_os = "linux")]
#[test]
fn the_process_opens_no_files_and_ends_without_anyone_who_asks() {
    use std::io::Read;
    use std::process::{Command, Stdio};

    let mut command = Command::new(cargo_bin("applc"));
    command.args(["__templates", "1", "512", "2"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = [0; 1];
    child.stdout.as_mut().unwrap().read_exact(&mut said).unwrap();
    assert_eq!(&said, b"r");
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..].split_whitespace().next().unwrap().to_owned()
    };
    assert_eq!(limit("Max open files"), "3");
    assert_eq!(limit("Max core file size"), "0");
    assert_eq!(limit("Max address space"), (512 << 20).to_string());
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}
