//! The maps, for each way in which namespaces can own each other.

use std::process::id;

use nftdivert::net::ids::{IdsError, of_pid};
use nftdivert::net::netns::{Netns, UserNs};
use nftdivert::words::IdMaps;
use nftdivert_integration::shell::program;

use crate::pod::Pod;

pub(crate) const MAP: &str = "0 100000 65536";

#[test]
fn where_the_runtime_owns_the_network_the_outer_ids_count() {
    let space = Netns::anonymous().unwrap();
    let pod = Pod::start(&space, "unshare --user").with_ids(MAP);
    assert_eq!(pod.netns().owner().unwrap().unwrap().id(), UserNs::current().unwrap().id());
    let maps = of_pid(pod.pid(), &space).unwrap();
    for map in [&maps.uids, &maps.gids] {
        assert_eq!(map.outside(1337), Some(101_337));
        assert_eq!(map.outside(65_536), None);
    }
}

#[test]
fn uids_and_gids_are_not_mixed_up() {
    let space = Netns::anonymous().unwrap();
    let pod = Pod::start(&space, "unshare --user").with_ids(MAP);
    let other = Pod::start(&space, "unshare --user");
    std::fs::write(format!("/proc/{}/uid_map", other.pid()), "0 200000 10\n10 7 1\n").unwrap();
    std::fs::write(format!("/proc/{}/gid_map", other.pid()), "0 300000 10").unwrap();
    let maps = of_pid(other.pid(), &space).unwrap();
    assert_eq!((maps.uids.outside(3), maps.gids.outside(3)), (Some(200_003), Some(300_003)));
    assert_eq!((maps.uids.outside(10), maps.gids.outside(10)), (Some(7), None));
    assert_eq!(of_pid(pod.pid(), &space).unwrap().uids.outside(3), Some(100_003));
}

#[test]
fn where_the_pod_owns_its_network_its_own_ids_count() {
    let pod = Pod::start(&Netns::anonymous().unwrap(), "unshare --user --net").with_ids(MAP);
    assert_ne!(pod.netns().owner().unwrap().unwrap().id(), UserNs::current().unwrap().id());
    assert_eq!(of_pid(pod.pid(), &pod.netns()).unwrap(), IdMaps::default());
}

#[test]
fn without_a_user_namespace_ids_are_what_they_are() {
    let space = Netns::anonymous().unwrap();
    let pod = Pod::start(&space, "env");
    assert_eq!(of_pid(pod.pid(), &space).unwrap(), IdMaps::default());
    assert_eq!(of_pid(id(), &space).unwrap(), IdMaps::default());
}

#[test]
fn namespaces_inside_each_other_are_counted_from_outside() {
    let space = Netns::anonymous().unwrap();
    let outer = Pod::start(&space, "unshare --user").with_ids(MAP);
    let pid = outer.pid();
    let enter = format!("nsenter --target {pid} --user");
    let enter: Vec<&str> = enter.split(' ').collect();
    let inner = Pod::start(&space, &(enter.join(" ") + " unshare --user"));
    // Only who is in the namespace right above may write the maps, as counted there.
    for file in ["uid_map", "gid_map"] {
        let path = format!("/proc/{}/{file}", inner.pid());
        program(&space, &[enter.as_slice(), &["tee", &path]].concat(), "0 1000 10");
    }
    let maps = of_pid(inner.pid(), &space).unwrap();
    assert_eq!((maps.uids.outside(5), maps.gids.outside(5)), (Some(101_005), Some(101_005)));
    // The same file, as it looks from the namespace in between.
    let file = format!("/proc/{}/uid_map", inner.pid());
    let seen = program(&space, &[enter.as_slice(), &["cat", &file]].concat(), "");
    assert_eq!(seen.split_whitespace().collect::<Vec<_>>(), ["0", "1000", "10"]);
}

#[test]
fn a_third_owner_is_refused() {
    let outer = Pod::start(&Netns::anonymous().unwrap(), "unshare --user --net").with_ids(MAP);
    let enter = format!("nsenter --target {} --user --net", outer.pid());
    let inner = Pod::start(&outer.netns(), &format!("{enter} unshare --user"));
    let error = of_pid(inner.pid(), &outer.netns()).unwrap_err();
    assert!(matches!(error, IdsError::OwnerForeign { .. }), "{error}");
    assert!(error.to_string().contains("owned by a third user namespace"), "{error}");
}

#[test]
fn a_process_whose_map_is_not_written_is_refused() {
    let space = Netns::anonymous().unwrap();
    let pod = Pod::start(&space, "unshare --user");
    let error = of_pid(pod.pid(), &space).unwrap_err();
    assert!(error.to_string().contains("uid_map is empty"), "{error}");
}

#[test]
fn a_missing_process_is_named() {
    let error = of_pid(u32::MAX, &Netns::current().unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "there is no process 4294967295");
}

#[test]
fn from_inside_the_owner_is_hidden() {
    const INSIDE: &str = "NFTDIVERT_TEST_IN_USER_NAMESPACE";
    if std::env::var_os(INSIDE).is_some() {
        let here = Netns::current().unwrap();
        assert!(here.owner().unwrap().is_none());
        let error = of_pid(id(), &here).unwrap_err();
        assert!(matches!(error, IdsError::OwnerHidden { .. }), "{error}");
        assert!(error.to_string().contains("on a node: that of the container runtime"), "{error}");
        return;
    }
    let own = std::env::current_exe().unwrap();
    let inside = format!("{INSIDE}=1");
    let enter = ["unshare", "--user", "--map-root-user", "env", &inside, own.to_str().unwrap()];
    let test = ["--exact", "ids::from_inside_the_owner_is_hidden"];
    let words: Vec<&str> = enter.into_iter().chain(test).collect();
    let said = program(&Netns::anonymous().unwrap(), &words, "");
    assert!(said.contains("1 passed"), "{said}");
}
