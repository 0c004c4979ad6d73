//! No verdict is only claimed: each is produced by a real situation, in `doctor.rs` or in the network namespaces of
//! `.ci/doctor`.

use std::path::Path;

use chat_client::doctor::verdict::Code;

#[test]
fn every_code_is_produced_in_some_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).expect(path);
    let tests = read("tests/doctor.rs");
    let namespaces = read("../.ci/doctor");
    for code in Code::ALL.map(Code::as_str) {
        let in_a_test = tests.contains(&format!("\"{code}\""));
        let in_namespaces = namespaces.contains(&format!("verdict {code} "));
        assert!(in_a_test || in_namespaces, "nothing produces {code}");
    }
}
