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
    assert!(index == 1 && range.start > TEXT.find("Deployment").unwrap());
    assert_eq!(found[2].1, None);
    assert!(read(r#"{"Checks": [], "Reports": null}"#).unwrap().is_empty());
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
