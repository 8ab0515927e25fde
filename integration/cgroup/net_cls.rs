//! `nftdivert exec --net-cls`, with net_cls mounted in a mount namespace of the test.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use nftdivert::demo::User;
use nftdivert_integration::datagram::udp;
use nftdivert_integration::shell::{nft, nft_list};

use crate::harness::{Ran, among_own_mounts, binary, exec, place};

/// A class of one test: all mounts of net_cls show the same groups.
struct Class(String);

impl Class {
    fn new() -> Self {
        static USED: AtomicU32 = AtomicU32::new(1);
        let nth = USED.fetch_add(1, Ordering::Relaxed);
        Self(format!("0x{:08x}", std::process::id() << 8 | nth))
    }

    /// Runs the script where net_cls is mounted at `$cls`; `$bin` is the command, `$class` the
    /// class, and `$group` its group, which is removed at the end.
    ///
    /// The hierarchy ends with its last mount only if no removed group lingers (it does for about
    /// 0.1 s on 6.18); so it is mounted and unmounted until it is gone, unless it was there before.
    fn run(&self, script: &str) -> Ran {
        let head = r#"
            bin=$1 class=$2 cls=$(mktemp -d) group=$cls/nftdivert-$2
            is_there() { grep -q :net_cls: /proc/self/cgroup; }
            is_there && was=there || was=
            attach() { mount -t cgroup -o net_cls none $cls; }
            clean() {
                for i in $(seq 20); do
                    [ ! -d $group ] || rmdir $group || { sleep .1; continue; }
                    sleep .2
                    umount $cls
                    sleep .1
                    if [ $was ] || ! is_there; then break; fi
                    attach
                done
                rmdir $cls
            }
            attach
            trap clean EXIT
        "#;
        static ONE: Mutex<()> = Mutex::new(());
        let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        among_own_mounts(&format!("{head}\n{script}"), &[&binary(), &self.0])
    }
}

#[test]
fn the_command_runs_in_the_group_each_time() {
    let class = Class::new();
    let ran = class.run(
        r#"for i in 1 2; do $bin exec --net-cls $class -- grep net_cls /proc/self/cgroup; done
           cat $group/net_cls.classid"#,
    );
    let number = u32::from_str_radix(&class.0[2..], 16).unwrap().to_string();
    let lines: Vec<&str> = ran.said().lines().collect();
    let name = format!(":net_cls:/nftdivert-{}", class.0);
    assert!(lines[0].ends_with(&name) && lines[1].ends_with(&name), "{lines:?}");
    assert_eq!(lines[2..], [number.as_str()]);
}

#[test]
fn its_sockets_match_also_those_from_before() {
    let (class, place) = (Class::new(), place());
    let rules = format!(
        "table inet t {{ chain o {{ type filter hook output priority 0; \
         udp dport 9 meta cgroup {} counter; }}; }}",
        class.0
    );
    nft(&place, &rules);
    let _listener = udp(&place, User::ROOT, SocketAddr::from((Ipv4Addr::LOCALHOST, 9)));
    let send = |script: &str| {
        place.run(|| class.run(script).said().to_owned()).unwrap();
        let listed = nft_list(&place, "table inet t");
        let (_, counted) = listed.split_once("packets ").unwrap();
        counted.split(' ').next().unwrap().parse::<u32>().unwrap()
    };
    let there = "$bin exec --net-cls $class --user 1337 -- bash -c 'echo x >/dev/udp/127.0.0.1/9'";
    assert_eq!(send(there), 1);
    assert_eq!(send("echo x >/dev/udp/127.0.0.1/9"), 1);
    // The socket is there before its process becomes another program in the group.
    let earlier = "( exec 3>/dev/udp/127.0.0.1/9; echo x >&3
                     exec $bin exec --net-cls $class -- bash -c 'echo x >&3' )";
    assert_eq!(send(earlier), 2);
}

#[test]
fn a_group_of_that_name_with_another_class_is_left_alone() {
    let class = Class::new();
    let ran = class.run(
        "mkdir $group; echo 77 >$group/net_cls.classid; code=0
         $bin exec --net-cls $class -- echo ran || code=$?
         [ $(cat $group/net_cls.classid) = 77 ] && [ -z \"$(cat $group/cgroup.procs)\" ]
         exit $code",
    );
    ran.refused(1, &["net_cls.classid: is 77", &class.0, "choose another class"]);
}

/// As a run leaves it that was killed before it set the class.
#[test]
fn a_group_without_a_class_is_finished() {
    let ran = Class::new().run("mkdir $group; $bin exec --net-cls $class -- echo ran");
    assert_eq!(ran.said(), "ran");
}

#[test]
fn where_it_is_not_mounted_it_says_how() {
    let script = r#"
        for point in $(awk '/ - cgroup .*net_cls/{print $5}' /proc/self/mountinfo); do
            umount -l $point
        done
        exec "$1" exec --net-cls 10:1 -- true"#;
    among_own_mounts(script, &[&binary()])
        .refused(1, &["net_cls is mounted nowhere", "mount -t cgroup -o net_cls"]);
}

#[test]
fn all_ways_to_write_a_class_are_read() {
    let help = exec(&["--help"]);
    assert!(help.said().contains("--net-cls 10:1 --user 1337 -- envoy"), "{help:?}");
    let class = Class::new();
    let ran = class.run(
        "number=$((class)); tc=$(printf %x:%x $((class >> 16)) $((class & 0xffff)))
         for way in $number $tc; do
             $bin exec --net-cls $way -- grep -o nftdivert-.* /proc/self/cgroup
         done",
    );
    assert_eq!(ran.said(), format!("nftdivert-{0}\nnftdivert-{0}", class.0));
}
