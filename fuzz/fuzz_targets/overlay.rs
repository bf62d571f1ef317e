//! Compiles appliances with overlays, both mostly valid, for every target.

#![no_main]

use applc::Memory;
use applc::overlay::Changes;
use applc_fuzz::held;
use applc_fuzz::made::{self, Bytes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (first, rest) = bytes.split_at(bytes.len() / 2);
    let (second, third) = rest.split_at(rest.len() / 2);
    let world = Memory::new()
        .with("a.json", made::appliance(&mut Bytes::new(first)).to_string())
        .with("b.json", made::overlay(&mut Bytes::new(second)).to_string())
        .with("c.yaml", made::overlay(&mut Bytes::new(third)).to_string());
    let overlays = vec!["b.json".to_owned(), "c.yaml".to_owned()];
    held::compiles(&world, "a.json", &Changes { overlays, ..Changes::none() });
});
