//! Features of custom targets.

use serde_json::json;

use super::folder::{carrying_all, compile, only, world};

fn appliance() -> String {
    json!({"id": "App", "containers": [
        {
            "id": "web", "type": "service", "image": "i:1", "resources": {"cpus": 1, "mem": 64},
            "network_mode": "bridge", "args": ["$HOME @store:6379 \\@x", "--"],
            "dependencies": ["store"]
        },
        {
            "id": "store", "type": "service", "image": "i:2", "resources": {"cpus": 1, "mem": 64},
            "network_mode": "bridge", "ports": [{"container_port": 6379}]
        },
        {
            "id": "tidy", "type": "job", "image": "i:3", "resources": {"cpus": 1, "mem": 64},
            "repeats": -1, "interval": "T2H"
        }
    ]})
    .to_string()
}

fn output(lines: &str, template: &str) -> String {
    let manifest = carrying_all(lines);
    let files = [("target.toml", manifest.as_str()), ("t.j2", template)];
    only(&compile(&world(&files, &appliance())).map_err(|r| format!("{r:?}")).unwrap()).to_owned()
}

const ONE: &str = "[[artifacts]]\ntemplate = \"t.j2\"\npath = \"out.txt\"\n";

#[test]
fn a_string_prints_as_text_and_is_a_list_of_pieces() {
    let of = "appliance.containers[0].args[0]";
    let template = format!(
        "{{{{ {of} }}}}|{{{{ {of} | length }}}}|{{{{ {of}[1].id }}}}:{{{{ {of}[1].port }}}}|{{{{ {of} | upper }}}}"
    );
    assert_eq!(output(ONE, &template), "$HOME store:6379 @x|3|store:6379|$HOME STORE:6379 @X");
}

#[test]
fn escapes_change_only_text_of_the_user() {
    let lines = format!("{ONE}[escapes.e]\n\"$\" = \"$$\"\n\":\" = \"_\"");
    let template = "{{ appliance.containers[0].args[0] | escape('e') }}";
    assert_eq!(output(&lines, template), "$$HOME store:6379 @x");
}

#[test]
fn names_are_cleaned_everywhere() {
    let lines = format!("{ONE}[names]\nclean = \"dns-label\"");
    let template = "{{ appliance.name }} {{ appliance.id }} {{ appliance.levels | json }}";
    assert_eq!(output(&lines, template), "app App [[\"store\",\"tidy\"],[\"web\"]]");
}

#[test]
fn options_have_their_types() {
    let lines = format!(
        "{ONE}[options.n]\ntype = \"integer\"\ndefault = 3\nmeaning = \"m\"\n\
         [options.f]\ntype = \"flag\"\ndefault = false\nmeaning = \"m\""
    );
    assert_eq!(output(&lines, "{{ options.n + 1 }} {{ 'y' if options.f else 'n' }}"), "4 n");
}

#[test]
fn an_interval_becomes_a_cron_expression() {
    let template = "{{ appliance.containers[2].job.interval | cron }} {{ 'y' if appliance.containers[2].job.interval is cron }}";
    assert_eq!(output(ONE, template), "0 */2 * * * y");
}

#[test]
fn a_file_is_written_for_each_part() {
    let artifacts: String = ["container", "service", "job"]
        .map(|per| {
            format!("[[artifacts]]\nfor = \"{per}\"\ntemplate = \"t.j2\"\npath = \"{per}/{{{{ container.id }}}}\"\n")
        })
        .concat();
    let manifest = carrying_all(&artifacts);
    let files = [("target.toml", manifest.as_str()), ("t.j2", "{{ container.image }}")];
    let compilation = compile(&world(&files, &appliance())).map_err(drop).unwrap();
    let paths: Vec<&str> =
        compilation.outputs[0].artifacts.iter().map(|artifact| artifact.path.as_str()).collect();
    let expected = [
        "container/web",
        "container/store",
        "container/tidy",
        "service/web",
        "service/store",
        "job/tidy",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn an_empty_path_means_no_file() {
    let path = "{% if container.dependencies %}{{ container.id }}{% endif %}";
    let manifest = carrying_all(&format!(
        "[[artifacts]]\nfor = \"container\"\ntemplate = \"t.j2\"\npath = \"{path}\"\n"
    ));
    let template = "{{ container.dependencies[0].id }}";
    let files = [("target.toml", manifest.as_str()), ("t.j2", template)];
    let compilation = compile(&world(&files, &appliance())).map_err(drop).unwrap();
    assert_eq!(only(&compilation), "store");
}

const EXTENDS: &str = "applc = 1\nname = \"mine\"\ndescription = \"d\"\nextends = \"compose\"\n";

#[test]
fn a_built_in_template_can_be_replaced_and_included() {
    let template = "# Ours.\n{% include \"builtin/compose.yaml.j2\" %}\nx-ours: {{ name }}\n";
    let files = [("target.toml", EXTENDS), ("compose.yaml.j2", template)];
    let appliance = appliance().replace(r#""repeats":-1"#, r#""repeats":1"#);
    let compilation = compile(&world(&files, &appliance)).map_err(|r| format!("{r:?}")).unwrap();
    let text = only(&compilation);
    assert!(text.starts_with("# Ours.\nname: app\n\nservices:\n  web:\n"), "{text}");
    assert!(text.ends_with("\nx-ours: app\n"), "{text}");
}

#[test]
fn errors_in_a_replaced_template_are_located_in_it() {
    for (template, code) in
        [("{{ nme }}\n", "E0702"), ("{% include 'nothing' %}", "E0702"), ("a: [\n", "E0703")]
    {
        let files = [("target.toml", EXTENDS), ("compose.yaml.j2", template)];
        let compilation = compile(&world(&files, &appliance())).map_err(drop).unwrap();
        assert!(compilation.outputs.is_empty());
        assert_eq!(compilation.others[0].diagnostics[0].code.id, code, "{template}");
    }
}

#[test]
fn large_output_is_an_error() {
    let template = "{% for a in range(100000) %}{{ 'x' * 1000 }}{% endfor %}";
    let manifest = carrying_all(ONE);
    let files = [("target.toml", manifest.as_str()), ("t.j2", template)];
    let compilation = compile(&world(&files, &appliance())).map_err(drop).unwrap();
    let found = &compilation.others[0].diagnostics[0];
    assert_eq!(found.message, "the output is larger than 64 MiB");
}
