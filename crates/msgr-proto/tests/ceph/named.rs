//! `docs/messenger-tests.md` names tests that there are.

use std::fs;
use std::path::Path;

#[test]
fn every_test_that_is_named_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let table = fs::read_to_string(root.join("docs/messenger-tests.md")).unwrap();
    let mut named = 0;
    for name in table.split('`').filter(|text| text.starts_with("crates/") && text.contains("::")) {
        let (file, test) = name.split_once("::").unwrap();
        let text = fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let is_there = [
            format!("fn {test}()"),
            format!("    {test}: "),
            format!("    {test},\n"),
            format!("    {test});\n"),
        ]
        .iter()
        .any(|found| text.contains(found));
        assert!(is_there, "{name}");
        named += 1;
    }
    assert!(named > 24 + 39, "{named}");
}
