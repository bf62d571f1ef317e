//! `applc set-image`.

use crate::project::Repository;

/// Sets images in `prod` of a project file, and returns the file.
fn set(text: &str, images: &[&str]) -> String {
    let repository = Repository::new();
    repository.write("applc.toml", text);
    let arguments = [&["set-image", "--env", "prod"][..], images].concat();
    let (status, out, err) = repository.run(&arguments);
    assert_eq!((status, out.as_str()), (0, ""), "{err}");
    repository.read("applc.toml")
}

#[test]
fn a_version_is_changed_and_all_else_stays() {
    let text = "# top\n[environments.prod.images] # images\nredis = '7'   # cache\n\n# the front\n\
                \"docker.io/library/nginx\"   =  \"1.27\" # pinned\n# end\n";
    let expected = text.replace("'7'", "'8'").replace("\"1.27\"", "\"1.28\"");
    assert_eq!(set(text, &["nginx=1.28", "redis=8"]), expected);
    assert_eq!(set(&expected, &["nginx=1.28", "redis=8"]), expected);
    let windows = text.replace('\n', "\r\n");
    let mark = format!("\u{feff}{windows}");
    assert_eq!(set(&mark, &["nginx=1.28"]), mark.replace("\"1.27\"", "\"1.28\""));
}

#[test]
fn a_version_is_added() {
    for (text, expected) in [
        (
            "[environments.prod.images]\nredis = \"7\" # cache\n\n# next\n[environments.test]\n",
            "[environments.prod.images]\nredis = \"7\" # cache\n\"x.org/api\" = \"2\"\n\n# next\n[environments.test]\n",
        ),
        (
            "[environments.prod]\noverlay = \"p.yaml\"\n\n[environments.test]\n",
            "[environments.prod]\noverlay = \"p.yaml\"\n\n[environments.prod.images]\n\"x.org/api\" = \"2\"\n\n[environments.test]\n",
        ),
        (
            "[environments.prod]\nimages = { redis = \"7\" }\n",
            "[environments.prod]\nimages = { redis = \"7\", \"x.org/api\" = \"2\" }\n",
        ),
        (
            "environments = { prod = { overlay = \"p.yaml\" } }\n",
            "environments = { prod = { overlay = \"p.yaml\", images = { \"x.org/api\" = \"2\" } } }\n",
        ),
    ] {
        assert_eq!(set(text, &["x.org/api=2", "--add"]), expected);
    }
}

#[test]
fn an_image_that_no_appliance_uses_is_refused() {
    let repository = Repository::new();
    repository.write("apps/b/b.prod.yaml", "containers: { web: { image: \"x.org/api:1\" } }\n");
    let set = |images: &[&str]| {
        let arguments = [&["set-image", "--env", "prod"][..], images].concat();
        let (status, out, err) = repository.run(&arguments);
        assert_eq!(out, "");
        (status, err)
    };
    let before = repository.files();
    // `redis` is used in other environments only.
    for (image, hint) in [("x.org/apo", "did you mean `x.org/api`? `--add`"), ("redis", "`--add`")]
    {
        let (status, err) = set(&[&format!("{image}=2"), "nginx=2"]);
        let expected = format!(
            "applc: error: no container in `prod` has an image of `{image}`; {hint} adds it all the same\n"
        );
        assert_eq!((status, err), (2, expected));
    }
    assert!(repository.files() == before);
    assert_eq!(set(&["x.org/api=2", "docker.io/nginx=2"]).0, 0);
    assert_eq!(set(&["x.org/apo=2", "--add"]).0, 0);
    // What is in the table is changed, and what appliances with errors use is not known.
    assert_eq!(set(&["x.org/apo=3"]).0, 0);
    repository.write("apps/b/b.appliance.yaml", "id: 3\n");
    assert_eq!(set(&["x.org/other=1"]), (0, "applc: applc.toml changed\n".to_owned()));
}

#[test]
fn the_file_that_sets_an_image_is_changed() {
    let repository = Repository::new();
    repository.write("applc.toml", "[environments.prod]\n");
    repository.write("apps/applc.toml", "[environments.prod.images]\nnginx = \"1\"\n");
    repository.write("apps/a/applc.toml", "[environments.prod]\n");
    for folder in ["", "apps/b"] {
        let arguments = ["set-image", "--env", "prod", "docker.io/nginx=2", "redis=8"];
        let (status, _, err) = repository.run_in(folder, &arguments);
        assert_eq!(status, 0, "{err}");
    }
    assert_eq!(repository.read("apps/applc.toml"), "[environments.prod.images]\nnginx = \"2\"\n");
    assert_eq!(repository.read("apps/a/applc.toml"), "[environments.prod]\n");
    assert!(repository.read("applc.toml").contains("redis = \"8\""));
    assert!(!repository.read("applc.toml").contains("nginx"));
}

#[test]
fn a_dry_run_prints_a_diff_and_writes_nothing() {
    let repository = Repository::new();
    let before = repository.files();
    let (status, out, _) =
        repository.run(&["set-image", "--env", "prod", "nginx=1.29", "--dry-run"]);
    assert_eq!(status, 4);
    assert!(out.starts_with("--- a/applc.toml\n+++ b/applc.toml\n"), "{out}");
    assert!(out.contains("+images = { \"nginx\" = \"1.29\" }\n"), "{out}");
    assert!(repository.files() == before);
    let (status, out, _) =
        repository.run(&["set-image", "--env", "prod", "nginx=1.28", "--dry-run"]);
    assert_eq!((status, out.as_str()), (0, ""));
}

#[test]
fn invalid_arguments_are_refused() {
    let repository = Repository::new();
    let before = repository.files();
    for (arguments, expected) in [
        (&["--env", "prod", "nginx"][..], "expected `IMAGE=TAG`, found `nginx`"),
        (&["--env", "prod", "nginx="], "expected `IMAGE=TAG`, found `nginx=` without a tag"),
        (&["--env", "prod", "Nginx=1"], "invalid repository `Nginx`"),
        (&["--env", "prod", "nginx:1=2"], "invalid repository `nginx:1`"),
        (&["--env", "prod", "nginx=.1"], "`.1` is not a valid tag"),
        (&["--env", "prod", "nginx=sha256:00"], "digest has 2 instead of 64 digits"),
        (&["--env", "prod", "nginx=1", "docker.io/nginx=2"], "`docker.io/nginx` is given twice"),
        (&["--env", "prd", "nginx=1"], "unknown environment `prd`; did you mean `prod`?"),
    ] {
        let (status, out, err) = repository.run(&[&["set-image"][..], arguments].concat());
        assert_eq!((status, out.as_str()), (2, ""), "{arguments:?}: {err}");
        assert!(err.contains(expected), "{arguments:?}: {err}");
    }
    assert!(repository.files() == before);
}

#[test]
fn runs_at_the_same_time_keep_what_the_others_set() {
    let repository = Repository::new();
    repository.write("applc.toml", "[environments.prod.images]\n");
    let images: Vec<String> = (0..6).map(|at| format!("x.org/image-{at}=1")).collect();
    std::thread::scope(|scope| {
        for image in &images {
            scope.spawn(|| {
                let (status, _, err) =
                    repository.run(&["set-image", "--env", "prod", "--add", image]);
                assert_eq!(status, 0, "{err}");
            });
        }
    });
    let text = repository.read("applc.toml");
    assert_eq!(text.matches("x.org/image-").count(), images.len(), "{text}");
}
