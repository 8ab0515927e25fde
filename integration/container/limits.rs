//! The containers are as narrow as they are said to be, and say so where that is too narrow.

use crate::image::{NOBODY, Rights};
use crate::pod::{Pod, istio};

const NET_ADMIN: &str = "0000000000001000";
const NONE: &str = "0000000000000000";

/// What the kernel says of the container's first process, whose program is the container's loader.
fn own_status(pod: &Pod, user: &str, rights: Rights) -> impl Fn(&str) -> String + use<> {
    let status = pod.start_program(user, rights, &["/bin/cat", "/proc/self/status"]);
    assert_eq!(status.code, 0, "{status:?}");
    move |name| {
        let line = status.out.lines().find_map(|line| line.strip_prefix(&format!("{name}:")));
        line.unwrap_or_else(|| panic!("{name}: {status:?}"))
            .split_whitespace()
            .next()
            .unwrap()
            .into()
    }
}

#[test]
fn a_container_may_what_it_is_said_to() {
    let pod = Pod::new();
    let init = own_status(&pod, NOBODY, Rights::NetAdmin);
    assert_eq!((init("Uid"), init("Gid")), ("65534".into(), "65534".into()));
    assert_eq!((init("NoNewPrivs"), init("Seccomp")), ("1".into(), "2".into()));
    // Another user than root has nothing in force; a program with the file capability is permitted.
    assert_eq!((init("CapBnd"), init("CapEff")), (NET_ADMIN.into(), NONE.into()));
    let validation = own_status(&pod, crate::image::PROXY, Rights::None);
    assert_eq!((validation("CapBnd"), validation("CapPrm")), (NONE.into(), NONE.into()));
    assert_eq!((validation("NoNewPrivs"), validation("Seccomp")), ("1".into(), "2".into()));
}

#[test]
fn its_file_system_is_read_only() {
    let pod = Pod::new();
    let written = pod.start_program(NOBODY, Rights::NetAdmin, &["/bin/touch", "/run/x", "/tmp/x"]);
    assert_eq!(written.code, 1, "{written:?}");
    assert_eq!(written.err.matches("Read-only file system").count(), 2, "{written:?}");
}

#[test]
fn without_net_admin_nothing_is_done_and_the_message_says_what_to_add() {
    let pod = Pod::new();
    for words in [istio(&[]), vec!["apply"]] {
        let refused = pod.run(NOBODY, Rights::None, &words);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.err.contains("capabilities.add: [NET_ADMIN]"), "{refused:?}");
    }
    assert_eq!(pod.rules(), "");
}
