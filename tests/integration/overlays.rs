//! Overlays: the examples of their page, and where their values are in outputs.

use applc::analysis::Analysis;
use applc::diag::human;
use applc::overlay::Changes;
use applc::plan::{Plan, published};
use applc::source::Sources;
use applc::targets::{Options, Rendering};
use applc::trace::SourceMap;
use applc::{Memory, Selected};
use serde_json::Value;

use crate::common::{blocks, overlaid, shop};

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

/// Each value of the output has the place of that value in the file that wrote it, and each line has one.
#[test]
fn every_line_of_the_output_comes_from_one_of_the_files() {
    let page = applc_testing::read("docs/overlays.md");
    let overlay = |block: &&crate::common::Block| block.has("overlay") && !block.has("faulty");
    let mut exact = 0;
    for block in blocks(&page).iter().filter(overlay) {
        let world = Memory::new().with("shop.yaml", shop()).with("o.yaml", block.text.as_str());
        let changes = Changes { overlays: vec!["o.yaml".to_owned()], ..Changes::none() };
        let analysis = Analysis::read_changed(&world, "shop.yaml", &changes, Sources::new());
        let mut analysis = analysis.unwrap();
        let tree = analysis.tree.take().unwrap();
        for target in applc::targets::built_in() {
            let name = target.name().to_owned();
            let options = Options::of(&*target);
            let selected = [Selected { target, options }];
            let rendering = Rendering { recorded: true };
            let analysis = analysis.clone();
            let sources = analysis.sources.clone();
            let compiled = applc::compile_analysis(analysis, &selected, Some(rendering)).unwrap();
            // A target may not support all of it.
            let Some(output) = compiled.outputs.first() else { continue };
            let map = SourceMap::new(&tree, &output.artifacts);
            for (file, artifact) in map.files.iter().zip(&output.artifacts) {
                for line in &file.lines {
                    assert!(sources.of(line.place).is_some(), "{name}: {line:?}");
                }
                for range in &file.ranges {
                    let Some(place) = range.from.place() else { continue };
                    let source = sources.of(place).expect("a source");
                    let printed = artifact.text[range.range.clone()].trim_matches('"');
                    let written = source.slice(place).trim_matches('"');
                    if source.name() == "o.yaml" && printed == written {
                        exact += 1;
                    }
                }
            }
        }
    }
    assert!(exact >= 20, "{exact}");
}
