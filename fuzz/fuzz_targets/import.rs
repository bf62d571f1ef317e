//! Imports arbitrary bytes in each format: what is made is a file that applc reads, and the same the next time.

#![no_main]

use applc::Memory;
use applc::diag::Phase;
use applc::import::{Format, Options, import};
use applc::source::Source;
use applc_fuzz::{held, parts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let [file, variables] = parts(bytes);
    let world = Memory::new().with(".env", variables).with("web.env", variables);
    for format in Format::ALL {
        let (source, _) = Source::from_bytes("compose.yaml", file.to_vec());
        let options = Options {
            id: "app".to_owned(),
            env_files: Vec::new(),
            profiles: vec!["*".to_owned()],
            folder: String::new(),
            repository: None,
            world: &world,
        };
        let imported = import(&source, format, &options);
        assert_eq!(import(&source, format, &options).text, imported.text, "{format:?}");
        held::shown(&imported.report);
        assert_eq!(imported.text.is_none(), imported.report.has_errors(), "{format:?}");
        let Some(text) = imported.text else { continue };
        let world = Memory::new().with("a.yaml", text.clone());
        let checked = applc::compile(&world, "a.yaml", &[]).expect("memory can be read");
        held::shown(&checked.report);
        let mut findings = checked.report.diagnostics.iter();
        let found = findings.find(|found| found.code.phase == Phase::Syntax);
        assert!(found.is_none(), "{found:?} in {text}");
    }
});
