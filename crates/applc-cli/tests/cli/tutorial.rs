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
    let prod = done.folder.path().join("manifests/prod/kubernetes/apps/shop/shop/kubernetes.yaml");
    let prod = std::fs::read_to_string(prod).unwrap();
    assert!(prod.contains("image: registry.example.org/shop/web:1.9.2\n"), "{prod}");
    assert!(!done.folder.path().join("manifests/staging").exists());
    // The pattern of Argo CD, which the page shows, finds the folder.
    let argo = applc_testing::read("examples/project/argocd/applications.yaml");
    let pattern = argo.lines().find_map(|line| line.trim().strip_prefix("- path: ")).unwrap();
    assert!(
        done.folder.path().join(pattern.replace('*', "shop")).join("kubernetes.yaml").is_file()
    );
}
