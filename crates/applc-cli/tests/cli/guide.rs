//! The steps of `docs/target-guide.md`, executed in order in an empty folder.
//! `UPDATE_DOCS=1 cargo test guide` writes the current output of the commands; review it.

use std::fs;
use std::path::Path;

const GUIDE: &str = "docs/target-guide.md";

/// Number of lines to show of long output.
const LINES: usize = 6;

/// The output of a command: standard output, then standard error.
fn run(folder: &Path, command: &str) -> String {
    let arguments = command.strip_prefix("applc ").unwrap().split(' ');
    let output = assert_cmd::Command::cargo_bin("applc")
        .unwrap()
        .current_dir(folder)
        .env_clear()
        .args(arguments)
        .output()
        .unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

#[test]
fn the_steps_of_the_guide_work() {
    let folder = tempfile::tempdir().unwrap();
    let guide = fs::read_to_string(applc_testing::repository(GUIDE)).unwrap();
    let mut lines = guide.lines();
    let mut expected = String::new();
    let mut steps = 0;
    while let Some(line) = lines.next() {
        expected.push_str(&format!("{line}\n"));
        let marker = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->"));
        let Some((kind, what)) = marker.and_then(|marker| marker.split_once(": ")) else {
            continue;
        };
        let fence = lines.next().unwrap();
        assert!(fence.starts_with("```"), "no block below {line}");
        let block: String =
            lines.by_ref().take_while(|line| *line != "```").map(|l| format!("{l}\n")).collect();
        let block = match kind {
            "write" => {
                let path = folder.path().join(what);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, &block).unwrap();
                block
            }
            "run" => run(folder.path(), what),
            "run, start" => {
                let printed = run(folder.path(), what);
                let start = printed.lines().take(LINES).map(|line| format!("{line}\n"));
                start.chain(["...\n".to_owned()]).collect()
            }
            _ => panic!("{line}"),
        };
        expected.push_str(&format!("{fence}\n{block}```\n"));
        steps += 1;
    }
    assert!(steps > 5);
    assert!(folder.path().join("out/shop.json").is_file(), "the last step writes a file");
    applc_testing::hold(GUIDE, &expected);
}
