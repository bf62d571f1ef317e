//! Volumes, and files in them.

use super::{container, found, of, with};

#[test]
fn a_single_file_that_is_only_read_is_copied() {
    let import = |mounts: &str| {
        let text = format!(
            "services:\n  web:\n    image: a:1\n    restart: always\n    mem_limit: 64m\n    cpu_shares: 512\n    volumes: [{mounts}]\n"
        );
        let files = [
            ("conf/a.conf", "x"),
            ("run.sh", "#!/bin/sh\n"),
            (".env", "A=b"),
            ("db_password.txt", "x"),
            ("tls.pem", "-----BEGIN PRIVATE KEY-----\n"),
        ];
        with(&text, &files, &[])
    };
    let copied = |dest: &str, path: &str| {
        format!("7 W1002 `{dest}` is a copy: a change of `{path}` reaches it with the next `up`")
    };
    let (out, findings) =
        import("'./conf/a.conf:/etc/a.conf:ro', './run.sh:/run.sh:ro', './conf:/b:ro'");
    assert!(
        out.contains(
            "
    files:
      - { dest: /etc/a.conf, source: conf/a.conf }
      - { dest: /run.sh, source: run.sh, mode: \"0755\" }
    volumes:
      - { src: \"./conf\", dest: /b, type: host, mode: RO }
"
        ),
        "{out}"
    );
    assert_eq!(findings, [copied("/etc/a.conf", "conf/a.conf"), copied("/run.sh", "run.sh")]);
    let long = "{type: bind, source: ./conf/a.conf, target: /a.conf, read_only: true}";
    assert_eq!(import(long).1, [copied("/a.conf", "conf/a.conf")]);
    for kept in [
        "'./conf/a.conf:/etc/a.conf'",
        "'./missing:/etc/a.conf:ro'",
        "'./conf/../run.sh:/run.sh:ro'",
        "'/conf/a.conf:/etc/a.conf:ro'",
        "'./conf/a.conf:/etc/a.conf/:ro'",
        "'./conf:/etc/b', './conf/a.conf:/etc/b/a.conf:ro'",
        "'./.env:/app/.env:ro'",
        "'./db_password.txt:/run/password:ro'",
        "'./tls.pem:/tls.pem:ro'",
    ] {
        let (out, findings) = import(kept);
        assert!(!out.contains("files:") && findings.is_empty(), "{kept}: {out} {findings:?}");
    }
}

#[test]
fn volumes_of_other_services_are_mounted_too() {
    let import = |of: &str, fields: &str| {
        let service = "image: a:1, restart: always, mem_limit: 64m, cpu_shares: 512";
        self::of(&format!(
            "services:\n  app: {{{service}, {of}}}\n  web: {{{service}, {fields}}}\nvolumes: {{data: }}\n"
        ))
    };
    let listed = "volumes: ['data:/d', '/srv:/s', './x:/own']";
    let (out, findings) = import(listed, "volumes_from: ['app:ro'], volumes: ['/mine:/own']");
    let expected = "
    volumes:
      - { src: /mine, dest: /own, type: host }
      - { src: data, dest: /d, mode: RO }
      - { src: /srv, dest: /s, type: host, mode: RO }
    network_mode: bridge
    dependencies: [app]
";
    assert!(out.contains(expected), "{out}");
    let told =
        "3 W1002 the volumes that `app` lists are mounted, not those that only its image declares";
    assert_eq!(findings, [told]);
    for (of, fields) in [
        ("user: me", "volumes_from: [app]"),
        ("volumes: [{type: tmpfs, target: /t}]", "volumes_from: [app]"),
        (listed, "volumes_from: ['container:app']"),
        (listed, "volumes_from: ['app:z']"),
    ] {
        let (_, findings) = import(of, fields);
        let lost =
            "3 W1001 `volumes_from` is left out: the volumes of another container are not mounted";
        assert!(findings.iter().any(|one| one == lost), "{of} {fields}: {findings:?}");
    }
}

#[test]
fn volumes_are_read_in_every_form() {
    let (out, findings) = of(
        "services:\n  web:\n    image: a:1\n    restart: always\n    mem_limit: 64m\n    cpu_shares: 512\n    volumes:\n      - my_data:/a:ro\n      - ./html:/b\n      - /etc/x:/c:rw,cached\n      - {type: bind, source: /d, target: /d, bind: {create_host_path: true}, read_only: true}\n      - /e\nvolumes:\n  my_data: {external: true, name: theirs}\n",
    );
    let expected = "\
    volumes:
      - { src: theirs, dest: /a, mode: RO }
      - { src: \"./html\", dest: /b, type: host }
      - { src: /etc/x, dest: /c, type: host }
      - { src: /d, dest: /d, type: host, mode: RO }
      - { src: web-e, dest: /e }
";
    assert!(out.contains(expected), "{out}");
    assert!(out.ends_with("    - { id: theirs, scope: global }\n    - { id: web-e }\n"), "{out}");
    let expected = ["12 W1002 the volume at `/e` is kept when the container is replaced"];
    assert_eq!(findings, expected);
}

#[test]
fn volumes_with_names_that_become_one_id_stay_different() {
    let (out, _) = of(
        "services: {web: {image: a, volumes: ['a_b:/1', 'a.b:/2', 'a-b:/3']}}\nvolumes: {a_b: , a.b: , a-b: }\n",
    );
    for id in ["a-b", "a-b-2", "a-b-3"] {
        assert!(out.contains(&format!("- {{ id: {id} }}\n")), "{out}");
    }
}

#[test]
fn mounts_that_the_language_has_no_like_for_are_told() {
    found(
        "volumes: ['/etc/x:/c:ro,z']",
        "volumes:\n  - { src: /etc/x, dest: /c, type: host, mode: RO }\n",
        "7 W1001 the options `z` of the mount are left out",
    );
    for mount in ["C:\\data:/c", "C:\\data:D:\\data:rw", "D:/data:/c"] {
        let (out, findings) = container(&format!("volumes: ['{mount}']"));
        assert_eq!(out, "", "{mount}");
        assert!(
            findings.concat().starts_with("7 W1001 a folder of Windows is not mounted at"),
            "{mount}: {findings:?}"
        );
    }
    let (out, findings) = of(
        "services: {web: {image: a, volumes: ['data:/x']}}\nvolumes: {data: {external: true, name: my_data}}\n",
    );
    assert!(out.contains("{ id: my-data, scope: global }"), "{out}");
    let finding = "1 W1002 the volume is not `my_data`, but one with the name `my-data`";
    assert!(findings.contains(&finding.to_owned()), "{findings:?}");
}

#[test]
fn files_and_secrets_are_read() {
    let text = "services:\n  web:\n    image: a:1\n    configs: [{source: site, target: /etc/site.conf, mode: 0440}]\n    secrets: [password]\nconfigs: {site: {file: ./site.conf}}\nsecrets: {password: {file: ./password.txt}}\n";
    let (out, findings) = of(text);
    assert!(
        out.contains("      - { dest: /etc/site.conf, source: \"./site.conf\", mode: \"0440\" }\n"),
        "{out}"
    );
    let file =
        "    secret_files:\n      - { dest: /run/secrets/password, secret: shop, key: password }\n";
    assert!(out.contains(file), "{out}");
    let told =
        "5 H1001 the secret `password` is the key `password` of the secret `shop`".to_owned();
    assert!(findings.contains(&told), "{findings:?}");
}
