//! Flags into settings: one by one, and those that only make sense together.

use super::flag::Becomes;
use super::reader::{Reader, Said};
use super::table::FLAGS;
use crate::dialect::istio::lists;
use crate::dialect::istio::truth::truth;

/// Says every setting that the command's flags and variables become. Those that were not given have
/// Istio's defaults, not ours.
pub(super) fn say(reader: &mut Reader<'_>) {
    for flag in FLAGS {
        if let Becomes::Setting { flag: ours, read } = flag.becomes {
            let Said { name, text } = reader.value(flag);
            reader.told.say_read(ours, &name, read(&text));
        }
    }
    inbound_excluded(reader);
    name_queries(reader);
    families(reader);
    unheard(reader);
}

/// Istio's excluded ports count where all ports are captured; the injector names them always.
fn inbound_excluded(reader: &mut Reader<'_>) {
    let excluded = reader.named("istio-local-exclude-ports");
    let included = reader.named("istio-inbound-ports");
    let read = lists::ports(&excluded.text);
    if included.text == "*" || read.is_err() {
        reader.told.say_read("inbound-exclude-ports", &excluded.name, read);
        return;
    }
    reader.told.say("inbound-exclude-ports", &excluded.name, "");
    let listed: Vec<&str> = included.text.split(',').filter(|port| !port.is_empty()).collect();
    let shared: Vec<&str> = excluded.text.split(',').filter(|port| listed.contains(port)).collect();
    if !shared.is_empty() {
        let (name, ports) = (excluded.name, shared.join(","));
        let of = included.name;
        reader.notes.push(format!("{name} {ports} has no effect: {of} lists it, and is not '*'"));
    }
}

fn name_queries(reader: &mut Reader<'_>) {
    let redirect = reader.named("redirect-dns");
    let all = reader.named("capture-all-dns");
    let (is_on, is_all) = (reader.is("redirect-dns"), reader.is("capture-all-dns"));
    let mode = match (is_on, is_all) {
        (true, true) => "all",
        (true, false) => "listed",
        (false, _) => "off",
    };
    reader.told.say("dns-capture", &redirect.name, mode);
    if is_all && !is_on {
        reader.notes.push(format!("{} has no effect without --redirect-dns", all.name));
    }
    let place = reader.named("network-namespace");
    if mode == "listed" && !place.text.is_empty() {
        let reason = format!(
            "takes the name servers of the pod's /etc/resolv.conf, which is not known with {}; add \
             --capture-all-dns",
            place.name
        );
        reader.told.fault(&redirect.name, None, reason);
    }
}

/// Istio looks at the pod's first address. Here a family that is not captured has to be said.
fn families(reader: &mut Reader<'_>) {
    let both = reader.named("dual-stack");
    let ipv6 = reader.named("ENABLE_INBOUND_IPV6");
    let (is_both, is_ipv6) = (reader.is("dual-stack"), reader.is("ENABLE_INBOUND_IPV6"));
    let name = if reader.has("dual-stack") { &both.name } else { &ipv6.name };
    reader.told.say("ipv6", name, if is_ipv6 { "capture" } else { "bypass" });
    if is_both && !is_ipv6 {
        let reason = format!("contradicts {}: say which of them is meant", both.name);
        reader.told.fault(&ipv6.name, Some(&ipv6.text), reason);
    } else if !is_ipv6 {
        let name = ipv6.name;
        reader
            .notes
            .push(format!("{name} is false: IPv6 is not captured, and passes the proxy by"));
    }
}

/// What was asked for knowingly, and is not done, is told.
fn unheard(reader: &mut Reader<'_>) {
    for name in ["iptables-trace-logging", "output-paths"] {
        let Said { name, text } = reader.named(name);
        if !text.is_empty() && truth(&text) != Ok(false) {
            reader.notes.push(format!("{name} has no effect; see nftdivert istio-iptables --help"));
        }
    }
}
