//! Settings of what is captured on the way in.

use crate::policy::draft::{all_or_many, many, one};
use crate::policy::settings::{Setting, Shape};
use crate::policy::show::{inbound_exclude_ports, inbound_ports, listed, single};
use crate::policy::{modes, tproxy};
use crate::words::{Cidr, PortRange};

pub(super) const INBOUND: &[Setting] = &[
    Setting {
        path: "inbound.mode",
        flag: "inbound-mode",
        value_name: "MODE",
        default: "redirect",
        shape: Shape::Scalar,
        help: "How connections come to the proxy: redirect, tproxy or tproxyFast",
        apply: |draft, raw| one(raw, &mut draft.inbound_mode, modes::inbound),
        show: |p| single(p.inbound.mode.as_str()),
    },
    Setting {
        path: "inbound.tproxy.mark",
        flag: "tproxy-mark",
        value_name: "MARK",
        default: "1337",
        shape: Shape::Scalar,
        help: "Mark of packets that TPROXY hands over, and of those sent with a client's address",
        apply: |draft, raw| one(raw, &mut draft.tproxy_mark, tproxy::mark),
        show: |p| single(p.inbound.tproxy.mark),
    },
    Setting {
        path: "inbound.tproxy.table",
        flag: "tproxy-table",
        value_name: "NUMBER",
        default: "133",
        shape: Shape::Scalar,
        help: "Routing table that keeps marked packets here",
        apply: |draft, raw| one(raw, &mut draft.tproxy_table, tproxy::table),
        show: |p| single(p.inbound.tproxy.table),
    },
    Setting {
        path: "inbound.tproxy.outboundMark",
        flag: "tproxy-outbound-mark",
        value_name: "MARK",
        default: "1338",
        shape: Shape::Scalar,
        help: "Mark of what the proxy sends to its own pod",
        apply: |draft, raw| one(raw, &mut draft.tproxy_outbound_mark, tproxy::mark),
        show: |p| single(p.inbound.tproxy.outbound_mark),
    },
    Setting {
        path: "inbound.ports",
        flag: "inbound-ports",
        value_name: "PORTS",
        default: "all",
        shape: Shape::ListOr("all"),
        help: "Ports captured on the way in: all, or exactly those listed",
        apply: |draft, raw| all_or_many::<PortRange, _>(raw, &mut draft.inbound_ports),
        show: |p| inbound_ports(p),
    },
    Setting {
        path: "inbound.excludePorts",
        flag: "inbound-exclude-ports",
        value_name: "PORTS",
        default: "15020,15021,15090",
        shape: Shape::List,
        help: "Ports not captured on the way in, where all others are",
        apply: |draft, raw| many::<PortRange, _>(raw, &mut draft.inbound_exclude_ports),
        show: |p| inbound_exclude_ports(p),
    },
    Setting {
        path: "inbound.excludeSources",
        flag: "inbound-exclude-sources",
        value_name: "RANGES",
        default: "",
        shape: Shape::List,
        help: "Clients that are not captured on the way in",
        apply: |draft, raw| many::<Cidr, _>(raw, &mut draft.exclude_sources),
        show: |p| listed(p.inbound.exclude_sources.cidrs()),
    },
    Setting {
        path: "inbound.dropInvalid",
        flag: "drop-invalid",
        value_name: "true|false",
        default: "false",
        shape: Shape::Scalar,
        help: "Whether packets that conntrack calls invalid are dropped, of every protocol: true or false",
        apply: |draft, raw| one(raw, &mut draft.drop_invalid, modes::yes_or_no),
        show: |p| single(p.inbound.drop_invalid),
    },
];
