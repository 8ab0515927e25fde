//! A thousand namespaces in one process leave nothing behind.

use std::process::Command;

/// In a user namespace of its own, which counts the network namespaces that are left.
#[test]
fn a_thousand_namespaces_leave_no_descriptor_no_thread_and_no_namespace() {
    let program = env!("CARGO_BIN_EXE_load_namespaces");
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", program, "1000"])
        .output()
        .expect("unshare");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    println!("{}", text(&output.stdout));
    assert!(output.status.success(), "{}", text(&output.stderr));
}
