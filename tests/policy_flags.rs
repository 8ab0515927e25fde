//! Lists of mappings as flags: `A:B` for each, commas between them.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use nftdivert::policy::{CapturePolicy, Override};

fn load(flags: &[(&'static str, &[&str])]) -> Result<CapturePolicy, String> {
    let flag = |(flag, values): &(&'static str, &[&str])| {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        Override { flag, values }
    };
    let flags: Vec<Override> = flags.iter().map(flag).collect();
    CapturePolicy::load(None, "flags", &flags).map_err(|error| error.to_string())
}

/// The policy that says the same in YAML.
#[track_caller]
fn assert_says(flags: &[(&'static str, &[&str])], yaml: &str) {
    let wanted = CapturePolicy::from_yaml(&format!("apiVersion: nftdivert/v1\n{yaml}")).unwrap();
    assert_eq!(load(flags), Ok(wanted), "{flags:?}");
}

#[track_caller]
fn assert_refused(flags: &[(&'static str, &[&str])], faults: &[&str]) {
    let said = load(flags).unwrap_err();
    let lines: Vec<&str> = said.lines().skip(1).map(str::trim).collect();
    assert_eq!(lines, faults);
}

const SERVICES: &str = "outbound-services";
const BY_UID: &str = "outbound-exclude-ports-by-uid";

#[test]
fn services_are_addresses_and_ports() {
    let yaml = "outbound: {services: [{address: 10.0.0.1, port: 80}, \
                {address: 'fd00::1', port: 443}]}";
    assert_says(&[(SERVICES, &["10.0.0.1:80,[fd00::1]:443"])], yaml);
    assert_says(&[(SERVICES, &["[fd00::1]:0x1bb", "", "10.0.0.1:80"])], yaml);
    assert_says(&[(SERVICES, &[""])], "");
    let beside = format!("{}, ranges: [10.0.0.0/8]}}", yaml.trim_end_matches('}'));
    let flags: &[(&str, &[&str])] =
        &[(SERVICES, &["10.0.0.1:80,[fd00::1]:443"]), ("outbound-ranges", &["10.0.0.0/8"])];
    assert_says(flags, &beside);
}

#[test]
fn services_of_a_wrong_form_are_refused() {
    let address = "must be an address, such as 10.96.0.10 or 2001:db8::1";
    let port = "must be a port, 1-65535";
    assert_refused(
        &[(SERVICES, &["10.0.0.1,:80,10.0.0.1:,x:1,10.0.0.1:99999,*:80"])],
        &[
            "--outbound-services: 10.0.0.1: port is missing",
            &format!("--outbound-services: \"\": {address}"),
            &format!("--outbound-services: \"\": {port}, not empty"),
            &format!("--outbound-services: x: {address}"),
            &format!("--outbound-services: 99999: {port}"),
            "--outbound-services: *: is not allowed here",
        ],
    );
    // Without brackets nobody knows where the address ends.
    assert_refused(
        &[(SERVICES, &["fd00::1:443"])],
        &["--outbound-services: fd00::1:443: has more parts than ADDRESS:PORT; an IPv6 address \
           stands in brackets: fd00::1:443"],
    );
}

#[test]
fn ports_of_users_have_a_protocol_or_both() {
    let row = |rest: &str| {
        format!("outbound: {{excludePortsByUid: [{{uids: [999], ports: [53]{rest}}}]}}")
    };
    assert_says(&[(BY_UID, &["999:53:udp"])], &row(", protocols: [udp]"));
    assert_says(&[(BY_UID, &["999:53:tcp"])], &row(", protocols: [tcp]"));
    assert_says(&[(BY_UID, &["999:53"])], &row(""));
    assert_says(&[(BY_UID, &["0x3e7:53:tcp,999:53:udp"])], &row(""));
    let many = "outbound: {excludePortsByUid: [{uids: [5], ports: [80-90]}, \
                {uids: [6], ports: [1], protocols: [tcp]}]}";
    assert_says(&[(BY_UID, &["5:80-90", "6:1:tcp"])], many);
    assert_says(&[(BY_UID, &[""])], "");
}

#[test]
fn ports_of_users_of_a_wrong_form_are_refused() {
    assert_refused(
        &[(BY_UID, &["999,:53,root:53,999:0,999:53:sctp,999:53:"])],
        &[
            "--outbound-exclude-ports-by-uid: 999: ports is missing",
            "--outbound-exclude-ports-by-uid: \"\": must be a user id, 0-4294967294, not empty",
            "--outbound-exclude-ports-by-uid: root: must be a user id, 0-4294967294, decimal or 0x",
            "--outbound-exclude-ports-by-uid: 0: must be a port, 1-65535",
            "--outbound-exclude-ports-by-uid: sctp: must be tcp or udp",
            "--outbound-exclude-ports-by-uid: \"\": must be tcp or udp",
        ],
    );
    assert_refused(
        &[(BY_UID, &["999:53:udp:tcp"])],
        &["--outbound-exclude-ports-by-uid: 999:53:udp:tcp: has more parts than \
           UID:PORTS[:PROTOCOL]: 999:53:udp:tcp"],
    );
}

#[test]
fn contradictions_of_flags_name_both() {
    assert_refused(
        &[("outbound-ranges", &["all"]), (SERVICES, &["10.0.0.1:80"])],
        &[
            "--outbound-ranges: all: captures every destination, so that --outbound-services has no \
           meaning; leave one of the two out",
        ],
    );
    assert_refused(
        &[("inbound-mode", &["tproxyFast"]), ("drop-invalid", &["true"])],
        &["--drop-invalid: true: needs connection tracking, which --inbound-mode tproxyFast does \
           without; write tproxy there, or leave this out"],
    );
}
