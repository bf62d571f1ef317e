//! The pages that are executed step by step.

use crate::steps::follow;

#[test]
fn the_steps_of_the_tutorial_work() {
    let done = follow("docs/tutorial.md");
    assert!(done.files >= 3 && done.commands >= 8, "{} files", done.files);
    for made in ["compose.yaml", "out/kubernetes.yaml", "next/kubernetes.yaml"] {
        assert!(done.folder.path().join(made).is_file(), "{made}");
    }
}

#[test]
fn the_steps_of_gitops_work() {
    let done = follow("docs/gitops.md");
    assert!(done.files >= 4 && done.commands >= 16, "{} commands", done.commands);
    let prod = done.folder.path().join("manifests/prod/kubernetes/apps/shop/kubernetes.yaml");
    let prod = std::fs::read_to_string(prod).unwrap();
    assert!(prod.contains("image: registry.example.org/shop/web:1.9.2\n"), "{prod}");
    assert!(!done.folder.path().join("manifests/staging").exists());
}
