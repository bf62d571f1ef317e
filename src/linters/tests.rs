use super::*;
use crate::targets::Artifact;

const TEXT: &str = "apiVersion: v1
kind: Service
metadata:
  name: web
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  template:
    spec:
      containers:
        - name: web
          image: registry.example/web:latest
          env:
            - name: DB_PASSWORD
              value: secret
";

fn files() -> Vec<Artifact> {
    let file = |path: &str, text: &str| Artifact {
        path: path.to_owned(),
        text: text.to_owned(),
        record: Default::default(),
    };
    vec![file("other.yaml", "kind: Service\n"), file("kubernetes.yaml", TEXT)]
}

/// The texts of the places of all findings in a document.
fn places(document: &str) -> Vec<(ForeignFinding, Option<String>)> {
    let files = files();
    let found = read(document).unwrap().into_iter();
    let text = |found: &ForeignFinding| {
        let (index, range) = locate(found, &files)?;
        files[index].text.get(range).map(str::to_owned)
    };
    found.map(|found| (found.clone(), text(&found))).collect()
}

fn texts(document: &str) -> Vec<Option<String>> {
    places(document).into_iter().map(|(_, text)| text).collect()
}

#[test]
fn sarif_speaks_of_lines_and_kube_linter_in_it_of_objects() {
    let document = r#"{"version": "2.1.0", "runs": [{
        "tool": {"driver": {"name": "scanner", "rules": [
            {"id": "R1", "defaultConfiguration": {"level": "note"}, "help": {"text": "do it\nso"}}]}},
        "results": [
            {"ruleId": "R1", "message": {"text": "m"}, "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": "out/kubernetes.yaml"}, "region": {"startLine": 11}}}]},
            {"ruleId": "R2", "level": "error", "message": {"text": "m"}, "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": "kubernetes.yaml"}, "region": {"startLine": 11, "startColumn": 13}}}]},
            {"ruleId": "R3", "level": "none", "message": {"text": "m"}},
            {"ruleId": "R4", "message": {"text": "is \"registry.example/web:latest\""}, "locations": [{
                "physicalLocation": {"artifactLocation": {"uri": "kubernetes.yaml"}, "region": {"startLine": 1}},
                "logicalLocations": [{"name": "web", "kind": "Object Name"}, {"name": "Deployment", "kind": "GVK/Kind"}]}]},
            {"ruleId": "R5", "message": {"text": "m"}, "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": "not-kubernetes.yaml"}, "region": {"startLine": 11}}}]}
        ]}]}"#;
    let found = places(document);
    let texts: Vec<Option<&str>> = found.iter().map(|(_, text)| text.as_deref()).collect();
    assert_eq!(texts, [Some("replicas: 2"), Some("2"), Some("registry.example/web:latest"), None]);
    let levels: Vec<Level> = found.iter().map(|(found, _)| found.level).collect();
    assert_eq!(levels, [Level::Hint, Level::Error, Level::Warning, Level::Warning]);
    assert_eq!((found[0].0.tool.as_str(), found[0].0.help.as_str()), ("scanner", "do it"));
}

#[test]
fn names_of_standard_input_mean_the_only_file() {
    let located = |path: &str, files: &[Artifact]| {
        let document = format!(
            r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "x"}}}}, "results": [
                {{"ruleId": "R", "message": {{"text": "m"}}, "locations": [{{"physicalLocation": {{
                    "artifactLocation": {{"uri": "{path}"}}, "region": {{"startLine": 11}}}}}}]}}]}}]}}"#
        );
        locate(&read(&document).unwrap()[0], files).map(|(_, range)| TEXT[range].to_owned())
    };
    let files = files();
    for path in ["-", "stdin", "/dev/stdin", "kubernetes.yaml"] {
        assert_eq!(located(path, &files[1..]).as_deref(), Some("replicas: 2"), "{path}");
    }
    assert_eq!(located("another.yaml", &files[1..]), None);
    assert_eq!(located("-", &files), None);
}

#[test]
fn kubeconform_speaks_of_values() {
    let document = r#"{"resources": [
        {"filename": "kubernetes.yaml", "kind": "Service", "name": "web", "version": "v1", "status": "statusValid", "msg": ""},
        {"filename": "kubernetes.yaml", "kind": "Deployment", "name": "web", "version": "apps/v1", "status": "statusInvalid",
         "msg": "problem", "validationErrors": [
            {"path": "/spec/replicas", "msg": "expected string"},
            {"path": "/spec/template/spec/containers/0/nothing", "msg": "missing"},
            {"path": "", "msg": "additional properties"}]},
        {"filename": "stdin", "kind": "Job", "name": "x", "version": "", "status": "statusError", "msg": "no schema"}]}"#;
    let texts = texts(document);
    assert_eq!(texts[0].as_deref(), Some("2"));
    assert!(texts[1].as_deref().is_some_and(|text| text.starts_with("name: web")), "{texts:?}");
    assert_eq!(texts[2].as_deref(), Some("web"));
    assert_eq!(texts[3..], [None]);
}

#[test]
fn kube_linter_speaks_of_objects() {
    let report = |message: &str, kind: &str| {
        format!(
            r#"{{"Diagnostic": {{"Message": "{message}"}}, "Check": "c", "Remediation": "r", "Object": {{
                "Metadata": {{"FilePath": "./kubernetes.yaml"}},
                "K8sObject": {{"Namespace": "", "Name": "web", "GroupVersionKind": {{"Kind": "{kind}"}}}}}}}}"#
        )
    };
    let reports = [
        report(r#"container \"web\" uses \"registry.example/web:latest\""#, "Deployment"),
        report(r#"container \"web\" is bad"#, "Deployment"),
        report("gone", "Job"),
    ];
    let document = format!(r#"{{"Checks": [], "Reports": [{}]}}"#, reports.join(","));
    let found = places(&document);
    assert_eq!(found[0].1.as_deref(), Some("registry.example/web:latest"));
    // The Deployment, not the Service of the same name.
    let (index, range) = locate(&found[1].0, &files()).unwrap();
    let container = TEXT.find("- name: web").unwrap() + "- name: ".len();
    assert_eq!((index, range.start), (1, container));
    assert_eq!(found[2].1, None);
    assert!(read(r#"{"Checks": [], "Reports": null}"#).unwrap().is_empty());
}

/// What kubeconform 0.8 writes of an object with several errors: the list has only the outermost one.
#[test]
fn kubeconform_lists_inner_errors_in_its_message() {
    let document = r#"{"resources": [{"filename": "kubernetes.yaml", "kind": "Deployment", "name": "web",
        "version": "apps/v1", "status": "statusInvalid",
        "msg": "problem validating schema. Check JSON formatting: jsonschema validation failed with 'file:///d.json#' - at '/spec': validation failed   - at '/spec/replicas': maximum: got 2, want 1   - at '/spec/template/spec/containers/0': missing property 'readinessProbe'   - at '/spec/template/spec/containers/0': additional properties 'image' not allowed",
        "validationErrors": [{"path": "/spec", "msg": "validation failed"}]}]}"#;
    let found = places(document);
    let texts: Vec<_> =
        found.iter().map(|(found, text)| (&*found.message, text.as_deref())).collect();
    let image = Some("registry.example/web:latest");
    assert_eq!(texts[0], ("maximum: got 2, want 1", Some("2")));
    assert_eq!(texts[1].0, "missing property 'readinessProbe'");
    assert!(texts[1].1.unwrap().starts_with("name: web"));
    assert_eq!(texts[2], ("additional properties 'image' not allowed", image));
    assert_eq!(texts.len(), 3);
}

/// Parts of what kube-score 1.20 writes as JSON.
#[test]
fn kube_score_speaks_of_objects_and_containers() {
    let check = |id: &str, grade: u8, skipped: bool, comments: &str| {
        format!(
            r#"{{"check": {{"name": "n", "id": "{id}", "target_type": "Pod", "comment": "c", "optional": false}},
                "grade": {grade}, "skipped": {skipped}, "comments": {comments}}}"#
        )
    };
    let comment = |path: &str, summary: &str| {
        format!(r#"[{{"path": "{path}", "summary": "{summary}", "description": "Do it."}}]"#)
    };
    let checks = [
        check("stable-version", 10, false, "null"),
        check("container-image-tag", 1, false, &comment("web", "Image with latest tag")),
        check("pod-networkpolicy", 1, false, &comment("", "no matching NetworkPolicy")),
        check("deployment-replicas", 5, false, &comment("", "Deployment few replicas")),
        check("pod-probes", 7, false, &comment("", "Almost")),
        check("container-cpu", 1, true, &comment("", "Skipped")),
    ];
    let document = format!(
        r#"[{{"object_name": "Deployment/apps/v1/web", "type_meta": {{"kind": "Deployment", "apiVersion": "apps/v1"}},
            "object_meta": {{"name": "web", "creationTimestamp": null}}, "checks": [{}],
            "file_name": "kubernetes.yaml", "file_row": 6}}]"#,
        checks.join(",")
    );
    let found = places(&document);
    let texts: Vec<_> = found.iter().map(|(found, text)| (found.level, text.as_deref())).collect();
    let image = Some("registry.example/web:latest");
    let expected = [
        (Level::Error, image),
        (Level::Error, Some("web")),
        (Level::Warning, Some("2")),
        (Level::Hint, Some("web")),
    ];
    assert_eq!(texts, expected);
    assert_eq!(found[0].0.message, "Image with latest tag (`web`)");
    assert_eq!(found[0].0.help, "Do it.");
}

/// A result of kube-score 1.20, which leaves the region empty.
#[test]
fn the_first_line_of_an_object_stands_for_it() {
    let document = r#"{"runs": [{"tool": {"driver": {"name": "kube-score", "rules": [{"id": "container-image-tag", "name": "Container Image Tag"}]}},
        "results": [{"message": {"text": "Image with latest tag"}, "level": "error", "ruleId": "container-image-tag",
            "locations": [{"physicalLocation": {"region": {"snippet": {}},
                "artifactLocation": {"uri": "file:///srv/kubernetes.yaml"},
                "contextRegion": {"snippet": {}, "startLine": 6}}}]}]}]}"#;
    assert_eq!(texts(document), [Some("registry.example/web:latest".to_owned())]);
}

/// A result of kube-linter, with the message and the help that it makes.
#[test]
fn kube_linter_names_the_object_in_sarif() {
    let result = |message: &str| {
        format!(
            r#"{{"ruleId": "env-var-secret", "message": {{"text": "{message}\nobject: shop/web apps/v1, Kind=Deployment"}},
            "locations": [{{"physicalLocation": {{"artifactLocation": {{"uri": "../kubernetes.yaml"}}, "region": {{"startLine": 1}}}},
                "logicalLocations": [{{"name": "web", "kind": "Object Name"}}, {{"name": "shop", "kind": "Object Namespace"}},
                    {{"name": "Deployment", "kind": "GVK/Kind", "fullyQualifiedName": "apps/v1, Kind=Deployment"}}]}}]}}"#
        )
    };
    let results = [
        result(r#"environment variable DB_PASSWORD in container \"web\" found"#),
        result(r#"container \"web\" does not have a read-only root file system"#),
    ];
    let document = format!(
        r#"{{"runs": [{{"tool": {{"driver": {{"name": "kube-linter", "rules": [{{"id": "env-var-secret",
            "help": {{"text": "Check: env-var-secret\nDescription: d\nRemediation: Use a Secret.\nTemplate: t"}}}}]}}}},
            "results": [{}]}}]}}"#,
        results.join(",")
    );
    let found = places(&document);
    assert_eq!(found[0].0.message, r#"environment variable DB_PASSWORD in container "web" found"#);
    assert_eq!(found[0].0.help, "Use a Secret.");
    let texts: Vec<_> = found.iter().map(|(_, text)| text.as_deref()).collect();
    assert_eq!(texts, [Some("DB_PASSWORD"), Some("web")]);
}

#[test]
fn trivy_speaks_of_lines() {
    let document = r#"{"ArtifactName": ".", "Results": [{"Target": "kubernetes.yaml", "Misconfigurations": [
        {"ID": "KSV001", "Message": "m", "Severity": "LOW", "Status": "FAIL", "CauseMetadata": {"StartLine": 15}},
        {"ID": "KSV002", "Message": "m", "Severity": "HIGH", "Status": "PASS", "CauseMetadata": {}}]},
        {"Target": "x"}]}"#;
    assert_eq!(texts(document), [Some("- name: web".to_owned())]);
}

#[test]
fn other_documents_are_in_no_known_format() {
    for document in ["", "{}", "[]", "{\"runs\": 1}", "{\"a\": 1}"] {
        assert_eq!(read(document), None, "{document}");
    }
}
