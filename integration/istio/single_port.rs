//! The older form from which the project grew: one port for both directions, told apart by user,
//! mark or class. Our policy that says the same gives every connection the same verdict, or says
//! why not.

use nftdivert::demo::{Dial, Member, ProxyOptions, User};
use nftdivert_integration::asserts::{PASSTHROUGH, at};
use nftdivert_integration::fate::{Case, From, Stage};
use nftdivert_integration::net_cls::NetCls;
use nftdivert_integration::shell::nft;

use crate::mesh::{
    SINGLE_PORT_CLASS, SINGLE_PORT_MARK, SINGLE_PORT_UID, apply, install, pod, world,
};

/// A proxy with one port can't tell its own calls of the pod from those of clients, and dials the
/// app from its own address: nothing that it sends by `lo` may come back to it.
fn policy(identity: &str) -> String {
    format!(
        "proxy: {{{identity}, ports: {{outbound: 15001, inbound: 15001}}}}\n\
         inbound: {{excludePorts: []}}\ninterfaces: {{exclude: [lo]}}\nipv6: bypass\n"
    )
}

/// A port that the demo's proxy has and nobody is led to.
const UNUSED: u16 = 15999;

fn staged(proxy: &Member) -> Stage {
    let member = proxy.clone();
    let options = ProxyOptions { member, inbound_port: UNUSED, ..ProxyOptions::default() };
    Stage::new(options, &[8080, 15008, 15020], &[80])
}

/// What both do alike.
fn alike(app: &Member, proxy: &Member) -> Vec<Case> {
    let [own, own6] = pod(8080);
    let [far, far6] = world();
    let [localhost, other] = at(["127.0.0.1", "127.0.0.2"], 8080);
    let passthrough = Dial::new(proxy.clone(), own).source(PASSTHROUGH[0]);
    let out = |what, member: &Member, to, wanted| Case::out(what, member.clone(), to, wanted);
    vec![
        out("app out", app, far, "outbound to world"),
        out("app to loopback", app, localhost, "direct to app"),
        out("app to 127.0.0.2", app, other, "direct to app"),
        out("proxy out", proxy, far, "direct to world"),
        out("proxy to its pod", proxy, own, "direct to app"),
        out("proxy to loopback", proxy, localhost, "direct to app"),
        Case::dial("passthrough", From::Pod, (passthrough, own), "direct to app"),
        Case::into_pod("client", own, "outbound to app"),
        Case::into_pod("client, port 15020", pod(15020)[0], "outbound to app"),
        // The rules are of IPv4 alone.
        out("app out", app, far6, "direct to world"),
        out("app to itself", app, own6, "direct to app"),
        out("proxy out", proxy, far6, "direct to world"),
        Case::into_pod("client", own6, "direct to app"),
    ]
}

#[track_caller]
fn judged(rules: &str, identity: &str, app: impl Into<Member>, proxy: impl Into<Member>) {
    let (app, proxy) = (app.into(), proxy.into());
    let (theirs, ours) = (staged(&proxy), staged(&proxy));
    install(&theirs.bed.pod, rules);
    apply(&ours, &policy(identity));
    for stage in [&theirs, &ours] {
        stage.all_right(&alike(&app, &proxy));
    }

    // What leaves by `lo` and is not the proxy's stays in the pod: there is no second hop between
    // an app and itself. The seed knows loopback by the source address alone.
    let itself = Case::out("app to itself", app, pod(8080)[0], "outbound to app");
    theirs.all_right(std::slice::from_ref(&itself));
    ours.all_right(&[itself.instead("direct to app")]);

    // The seed is older than tunnels, and has no exception for their port.
    let tunnel = Case::into_pod("client to the tunnel port", pod(15008)[0], "outbound to app");
    theirs.all_right(std::slice::from_ref(&tunnel));
    ours.all_right(&[tunnel.instead("direct to app")]);
}

#[test]
fn by_user() {
    judged(SINGLE_PORT_UID, "uids: [1337], gids: []", User::APP, User::PROXY);
    // Its group does not matter.
    let identity = "uids: [1337], gids: []";
    judged(SINGLE_PORT_UID, identity, User::new(5, 1337), User::new(1337, 5));
}

#[test]
fn by_mark() {
    let identity = "uids: [], gids: [], mark: 0x10000/0xffffffff";
    judged(SINGLE_PORT_MARK, identity, User::ROOT, User::ROOT.marked(0x10000));
    judged(SINGLE_PORT_MARK, identity, User::PROXY.marked(0x10001), User::ROOT.marked(0x10000));
}

#[test]
fn by_class() {
    let class = NetCls::new("0x00100001");
    let identity = "uids: [], gids: [], netClsClassid: 0x100001";
    let proxy = User::ROOT.in_cgroup(class.group());
    judged(SINGLE_PORT_CLASS, identity, User::ROOT, proxy);
}

/// With calls by `lo` captured, such a proxy would be led to itself: so the policy above excludes
/// `lo`, and a proxy that dials from the passthrough source needs no such exclusion.
#[test]
fn a_passthrough_source_makes_the_exclusion_of_lo_needless() {
    let identity = "uids: [1337], gids: []";
    let ours = staged(&User::PROXY.into());
    apply(&ours, &policy(identity).replace("interfaces: {exclude: [lo]}\n", ""));
    let own = pod(8080)[0];
    let passthrough = Dial::new(User::PROXY, own).source(PASSTHROUGH[0]);
    ours.all_right(&[Case::dial("passthrough", From::Pod, (passthrough, own), "direct to app")]);
    // The proxy's call of its pod is captured; that the port answers is a circle, so it is counted
    // and not made.
    nft(
        &ours.bed.pod,
        "table inet stop { chain input { type filter hook input priority 0; iifname lo tcp dport 15001 \
         counter reject with tcp reset; }; }",
    );
    let refused = Case::out("proxy to its pod", User::PROXY, own, "direct no answer");
    ours.all_right(&[refused]);
    let listed = nftdivert_integration::shell::nft_list(&ours.bed.pod, "chain inet stop input");
    assert!(listed.contains("packets 1 "), "{listed}");
}
