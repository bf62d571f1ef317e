//! Overlays: the examples of their page.

use applc::Memory;
use applc::diag::human;
use applc::plan::Plan;
use applc::plan::published;
use serde_json::Value;

use crate::common::{blocks, overlaid};

/// A plan as a document, which has no places.
fn document(plan: Option<Plan>) -> Value {
    let plan = plan.expect("a plan");
    serde_json::to_value(published::neutral(&plan)).unwrap()
}

#[test]
fn examples_of_the_page_have_the_results_that_it_shows() {
    let page = applc_testing::read("docs/overlays.md");
    let all = blocks(&page);
    let mut compared = 0;
    for (at, block) in all.iter().enumerate().filter(|(_, block)| block.has("overlay")) {
        let found = overlaid("shop.prod.yaml", block.text.as_str());
        let findings: Vec<&str> = found
            .report
            .diagnostics
            .iter()
            .map(|found| found.code.id)
            .filter(|id| !id.starts_with('H'))
            .collect();
        let shown = human::render(&found.report, false);
        if block.has("faulty") {
            assert_eq!(findings, ["W1102"], "{shown}");
            continue;
        }
        assert!(findings.is_empty(), "{shown}");
        let result = all.get(at + 1).filter(|block| block.has("result")).expect("a result");
        let world = Memory::new().with("shop.yaml", result.text.as_str());
        let expected = applc::compile(&world, "shop.yaml", &[]).unwrap();
        assert_eq!(document(found.plan), document(expected.plan));
        compared += 1;
    }
    assert_eq!(compared, 2);
}
