//! Variables and their files.

use super::{clean, found, of, with};

#[test]
fn the_name_of_the_project_is_a_variable() {
    let (out, findings) =
        of("name: My_App\nservices:\n  web: {image: a, labels: {x: $COMPOSE_PROJECT_NAME}}\n");
    assert!(out.contains("labels: { x: My_App }"), "{out}");
    let finding = "3 W1002 `COMPOSE_PROJECT_NAME` is the id of the appliance";
    assert!(findings.contains(&finding.to_owned()), "{findings:?}");
}

#[test]
fn env_files_are_read_as_compose_reads_them() {
    let file = "# comment\nG=$A-${NONE}\nH='$A'\nI=\"${G}\\$A\"\nexport A=1\nB = two words # comment\nC='a # b'\nD=\"x\\ny\"\nE=\"line\nnext\"\nF=\nnothing\n";
    let text = "services:\n  web:\n    image: a\n    env_file: [./web.env, {path: no.env, required: false}]\n    environment: {A: '2'}\n";
    let (out, findings) = with(text, &[("web.env", file), (".env", "A=shell")], &[]);
    let unset = "4 W1002 `NONE` is not set: it becomes empty";
    assert!(findings.contains(&unset.to_owned()), "{findings:?}");
    let expected = "    env:\n      G: shell-\n      H: \"$A\"\n      I: \"shell-$A\"\n      A: \"2\"\n      B: \"two words\"\n      C: \"a # b\"\n      D: |-\n        x\n        y\n      E: |-\n        line\n        next\n      F: \"\"\n";
    assert!(out.contains(expected), "{out}");
    assert!(findings.iter().all(|finding| !finding.contains("read")), "{findings:?}");
}

#[test]
fn variables_that_are_not_set_and_named_as_secrets_are_in_the_store() {
    let secret = |name: &str| format!("secret_env: {{ A: {{ secret: shop, key: {name} }} }}\n");
    let told = |name: &str| format!("7 H1001 `A` is the key `{name}` of the secret `shop`");
    for value in ["${DB_PASSWORD}", "$DB_PASSWORD", "${DB_PASSWORD?}", "${DB_PASSWORD:?set it}"] {
        found(
            &format!("environment:\n  - A={value}"),
            &secret("DB_PASSWORD"),
            &told("DB_PASSWORD").replace("7 ", "8 "),
        );
        found(
            &format!("environment: {{A: '{value}'}}"),
            &secret("DB_PASSWORD"),
            &told("DB_PASSWORD"),
        );
    }
    found(
        "environment: [API_TOKEN]",
        "secret_env: { API_TOKEN: { secret: shop, key: API_TOKEN } }\n",
        "7 H1001 `API_TOKEN` is the key `API_TOKEN` of the secret `shop`",
    );
    // What Compose files of applc contain.
    clean(
        "environment: ['A=${SECRET_DB_1_P_W:?the key p.w of the secret db-1}']",
        "secret_env: { A: { secret: db-1, key: p.w } }\n",
    );
    // Part of a value, one with a default, and names of something else.
    found(
        "environment: {A: 'x${DB_PASSWORD}'}",
        "env: { A: x }\n",
        "7 W1002 `DB_PASSWORD` is not set: it becomes empty",
    );
    clean("environment: {A: '${DB_PASSWORD:-x}'}", "env: { A: x }\n");
    found(
        "environment: {A: '${LEVEL}'}",
        "env: { A: \"\" }\n",
        "7 W1002 `LEVEL` is not set: it becomes empty",
    );
    let set = "services: {web: {image: a, environment: {A: '${DB_PASSWORD:?}'}}}";
    let (out, _) = with(set, &[(".env", "DB_PASSWORD=x")], &[]);
    assert!(out.contains("env: { A: x }"), "{out}");
}
