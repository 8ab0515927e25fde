//! What is compared with what.

use nftdivert::policy::CapturePolicy;

use crate::leg::{Family, Way};
use crate::policies::{excluded, groups, read, services, sources};
use crate::work::Work;

const CONNECTIONS: Work = Work::Connections(40);
const ROUND_TRIPS: Work = Work::RoundTrips(150);
const BULK: Work = Work::Bulk(4);

/// What a case is measured for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aim {
    /// To be shown.
    Shown,
    /// The same as its base, elsewhere: how far they differ is noise.
    Again,
    /// Must cost hardly more than its base.
    Promised,
}

/// One case.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) way: Way,
    pub(crate) family: Family,
    pub(crate) work: Work,
    pub(crate) policy: Option<CapturePolicy>,
    /// Chains of the policy's plan that are left out, to see what the others cost.
    pub(crate) without: &'static [&'static str],
    pub(crate) aim: Aim,
    /// The case that it is compared with.
    pub(crate) base: usize,
}

pub(crate) fn cases() -> Vec<Case> {
    let mut list = List { cases: Vec::new(), family: Family::V4, work: CONNECTIONS, base: 0 };
    for family in [Family::V4, Family::V6] {
        list.family = family;
        list.work = CONNECTIONS;
        list.out_captured();
        list.out_direct();
        list.inbound();
        list.passthrough();
    }
    list.family = Family::V4;
    for work in [ROUND_TRIPS, BULK] {
        list.work = work;
        list.begin("proxy's port, by lo, no capture", Way::ToProxy, None);
        list.add("captured, default", Way::OutCaptured, Some(read("")), Aim::Shown);
        list.inbound_modes();
        list.passthrough();
    }
    list.cases
}

struct List {
    cases: Vec<Case>,
    family: Family,
    work: Work,
    base: usize,
}

impl List {
    /// The base of those that follow.
    fn begin(&mut self, name: &str, way: Way, policy: Option<CapturePolicy>) {
        self.base = self.cases.len();
        self.add(name, way, policy, Aim::Shown);
    }

    fn add(&mut self, name: &str, way: Way, policy: Option<CapturePolicy>, aim: Aim) {
        let family = match self.family {
            Family::V4 => "v4",
            Family::V6 => "v6",
        };
        let (work, base) = (self.work, self.base);
        let name = format!("{family} {name}");
        let (family, without): (_, &[&str]) = (self.family, &[]);
        self.cases.push(Case { name, way, family, work, policy, without, aim, base });
    }

    fn out_captured(&mut self) {
        let (way, family) = (Way::OutCaptured, self.family);
        self.begin("proxy's port, by lo, no capture", Way::ToProxy, None);
        self.add("captured, default", way, Some(read("")), Aim::Shown);
        self.begin("captured, default", way, Some(read("")));
        self.add("captured, default, again", way, Some(read("")), Aim::Again);
        for (count, aim) in [(10, Aim::Shown), (10_000, Aim::Promised)] {
            let name = format!("captured, one of {count} services");
            self.add(&name, way, Some(services(count, family)), aim);
        }
        for (count, aim) in [(10, Aim::Shown), (10_000, Aim::Promised)] {
            let name = format!("captured, in none of {count} excluded ranges");
            self.add(&name, way, Some(excluded(count, family)), aim);
        }
        self.add("captured, one of 64 owner groups", way, Some(groups()), Aim::Shown);
        self.add("captured, counters", way, Some(read("counters: on")), Aim::Shown);
        self.add("captured, DNS too", way, Some(read("dns: {capture: all}")), Aim::Shown);
    }

    fn out_direct(&mut self) {
        let (way, family) = (Way::OutExcluded, self.family);
        self.begin("out, no capture", Way::OutDirect, None);
        self.add("out, no capture, again", Way::OutDirect, None, Aim::Again);
        self.add("direct, 1 excluded range", way, Some(excluded(1, family)), Aim::Shown);
        self.begin("direct, 1 excluded range", way, Some(excluded(1, family)));
        self.add("direct, 1 excluded range, again", way, Some(excluded(1, family)), Aim::Again);
        for (count, aim) in [(10, Aim::Shown), (10_000, Aim::Promised)] {
            let name = format!("direct, one of {count} excluded ranges");
            self.add(&name, way, Some(excluded(count, family)), aim);
        }
        self.begin("direct, none of 10 services", way, Some(services(10, family)));
        let many = Some(services(10_000, family));
        self.add("direct, none of 10000 services", way, many, Aim::Promised);
    }

    fn inbound(&mut self) {
        self.inbound_modes();
        let way = Way::InCaptured;
        self.begin("in, redirect", way, Some(read("")));
        self.add("in, redirect, again", way, Some(read("")), Aim::Again);
        let many = Some(sources(10_000, self.family));
        self.add("in, redirect, none of 10000 excluded sources", way, many, Aim::Promised);
    }

    fn inbound_modes(&mut self) {
        let way = Way::InCaptured;
        self.begin("in, no capture", Way::InDirect, None);
        for mode in ["redirect", "tproxy", "tproxyFast"] {
            let policy = read(&format!("inbound: {{mode: {mode}}}"));
            self.add(&format!("in, {mode}"), way, Some(policy), Aim::Shown);
        }
        self.add("in, outbound NAT alone", Way::InDirect, Some(read("")), Aim::Shown);
        self.without(&["prerouting"]);
        for mode in ["redirect", "tproxy", "tproxyFast"] {
            let policy = read(&format!("inbound: {{mode: {mode}}}"));
            self.add(&format!("in, {mode}, no outbound NAT"), way, Some(policy), Aim::Shown);
            self.without(&["output"]);
        }
    }

    /// Of the case that was added last.
    fn without(&mut self, chains: &'static [&'static str]) {
        if let Some(last) = self.cases.last_mut() {
            last.without = chains;
        }
    }

    fn passthrough(&mut self) {
        let way = Way::ToApp;
        if self.family == Family::V6 {
            // Without capture there is no ::6 to dial from.
            self.begin("proxy to app, default", way, Some(read("")));
        } else {
            self.begin("proxy to app, no capture", way, None);
            self.add("proxy to app, default", way, Some(read("")), Aim::Shown);
        }
        self.add("proxy to app, loNotrack", way, Some(read("loNotrack: true")), Aim::Shown);
    }
}
