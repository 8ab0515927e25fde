//! Settings of interfaces, name queries, and what else there is.

use crate::policy::draft::{NameServer, all_or_many, many, one};
use crate::policy::modes;
use crate::policy::settings::{Setting, Shape};
use crate::policy::show::{self, listed, single};

pub(super) const REST: &[Setting] = &[
    Setting {
        path: "interfaces.exclude",
        flag: "exclude-interfaces",
        value_name: "NAMES",
        default: "",
        shape: Shape::List,
        help: "Interfaces whose traffic is left alone",
        apply: |draft, raw| many(raw, &mut draft.exclude_interfaces),
        show: |p| listed(&p.interfaces.exclude),
    },
    Setting {
        path: "interfaces.virtual",
        flag: "virtual-interfaces",
        value_name: "NAMES",
        default: "",
        shape: Shape::List,
        help: "Interfaces to machines inside the pod: what comes in by them is captured as outbound",
        apply: |draft, raw| many(raw, &mut draft.virtual_interfaces),
        show: |p| listed(&p.interfaces.virtual_),
    },
    Setting {
        path: "dns.capture",
        flag: "dns-capture",
        value_name: "MODE",
        default: "off",
        shape: Shape::Scalar,
        help: "Which name queries go to the DNS port: off, all or listed",
        apply: |draft, raw| one(raw, &mut draft.dns, modes::dns),
        show: |p| show::dns_capture(p),
    },
    Setting {
        path: "dns.servers",
        flag: "dns-servers",
        value_name: "ADDRESSES",
        default: "resolvConf",
        shape: Shape::ListOr("resolvConf"),
        help: "Name servers for dns.capture listed: resolvConf (those of the pod) or a list",
        apply: |draft, raw| all_or_many::<NameServer, _>(raw, &mut draft.dns_servers),
        show: |p| show::dns_servers(p),
    },
    Setting {
        path: "ipv6",
        flag: "ipv6",
        value_name: "MODE",
        default: "capture",
        shape: Shape::Scalar,
        help: "What happens to IPv6: capture, bypass or reject",
        apply: |draft, raw| one(raw, &mut draft.ipv6, modes::ipv6),
        show: |p| single(p.ipv6.as_str()),
    },
    Setting {
        path: "counters",
        flag: "counters",
        value_name: "off|on",
        default: "off",
        shape: Shape::Scalar,
        help: "Whether the rules count packets and bytes: off or on",
        apply: |draft, raw| one(raw, &mut draft.counters, modes::counters),
        show: |p| single(p.counters.as_str()),
    },
    Setting {
        path: "loNotrack",
        flag: "lo-notrack",
        value_name: "true|false",
        default: "false",
        shape: Shape::Scalar,
        help: "Whether what the proxy dials on lo is kept out of connection tracking: true or false",
        apply: |draft, raw| one(raw, &mut draft.lo_notrack, modes::yes_or_no),
        show: |p| single(p.lo_notrack),
    },
    Setting {
        path: "existing",
        flag: "existing",
        value_name: "keep|reset",
        default: "keep",
        shape: Shape::Scalar,
        help: "What becomes of TCP connections that lived before: keep or reset",
        apply: |draft, raw| one(raw, &mut draft.existing, modes::existing),
        show: |p| single(p.existing.as_str()),
    },
];
