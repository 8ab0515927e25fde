//! `outbound.ownerGroups`: whose connections are captured.

use nftdivert::demo::User;
use nftdivert_integration::fixture::Fixture;

use crate::scenery::{pod, world};

fn of_group(gid: u32) -> User {
    User::new(1000, gid)
}

#[track_caller]
fn captured(fixture: &Fixture, gids: &[u32]) {
    for to in world() {
        gids.iter().for_each(|gid| fixture.captured_outbound(of_group(*gid), to));
    }
}

#[track_caller]
fn direct(fixture: &Fixture, gids: &[u32]) {
    for to in world() {
        gids.iter().for_each(|gid| fixture.direct(of_group(*gid), to, "world"));
    }
}

#[test]
fn only_the_included_are_captured() {
    let fixture = Fixture::new("outbound: {ownerGroups: {include: [500]}}");
    captured(&fixture, &[500]);
    direct(&fixture, &[0, 499, 501, 1000, 1337]);
    // It is the group that counts, and inbound is not asked.
    fixture.direct(User::new(500, 1), world()[0], "world");
    for to in pod() {
        fixture.captured_inbound(to);
        fixture.self_call(User::PROXY, to);
    }
}

#[test]
fn several_and_many_are_included() {
    for (list, inside) in
        [("[500, 600]", &[500, 600][..]), ("[5, 6, 7, 8, 9, 70000]", &[5, 9, 70_000])]
    {
        let fixture = Fixture::new(&format!("outbound: {{ownerGroups: {{include: {list}}}}}"));
        captured(&fixture, inside);
        direct(&fixture, &[0, 550, 1000]);
    }
}

#[test]
fn the_excluded_are_direct() {
    for (list, outside) in [("[500]", &[500][..]), ("[5, 6, 7, 8, 9, 70000]", &[5, 9, 70_000])] {
        let fixture = Fixture::new(&format!("outbound: {{ownerGroups: {{exclude: {list}}}}}"));
        direct(&fixture, outside);
        captured(&fixture, &[0, 501, 1000]);
    }
}

#[test]
fn both_lists_together() {
    let fixture = Fixture::new("outbound: {ownerGroups: {include: [500, 600], exclude: [700]}}");
    captured(&fixture, &[500, 600]);
    direct(&fixture, &[700, 1000]);
}

#[test]
fn an_empty_list_includes_nobody() {
    let fixture = Fixture::new("outbound: {ownerGroups: {include: []}}");
    direct(&fixture, &[0, 1000]);
}

#[test]
fn groups_hold_for_ports_and_services_too() {
    let policy = "outbound: {ranges: [], includePorts: [80], \
                  services: [{address: 192.0.2.10, port: 80}], ownerGroups: {exclude: [500]}}";
    let fixture = Fixture::new(policy);
    direct(&fixture, &[500]);
    captured(&fixture, &[1000]);
}

#[test]
fn sixty_four_groups_are_taken() {
    let groups: Vec<String> = (2000..2064).map(|gid: u32| gid.to_string()).collect();
    let list = groups.join(", ");
    let fixture = Fixture::new(&format!("outbound: {{ownerGroups: {{include: [{list}]}}}}"));
    captured(&fixture, &[2000, 2063]);
    direct(&fixture, &[1999, 2064]);
}
