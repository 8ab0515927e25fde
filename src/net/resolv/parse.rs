//! The `nameserver` lines of a resolv.conf, as glibc's `res_vinit_1` reads them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const KEYWORD: &[u8] = b"nameserver";

/// The addresses in their order, each once; lines that glibc ignores are ignored.
pub(super) fn name_servers(text: &[u8]) -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = Vec::new();
    for address in text.split(|byte| *byte == b'\n').filter_map(name_server) {
        if !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

/// The keyword stands at the very start of the line, so that comments need no care; what follows
/// the address is ignored.
fn name_server(line: &[u8]) -> Option<IpAddr> {
    // To C a line ends with its first NUL.
    let line = line.split(|byte| *byte == 0).next()?;
    let rest = line.strip_prefix(KEYWORD)?;
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    rest.first().filter(|byte| is_blank(byte))?;
    let word = rest.split(is_blank).find(|word| !word.is_empty())?;
    let word = std::str::from_utf8(word).ok()?;
    if let Some(address) = ipv4(word) {
        return Some(address.into());
    }
    let (address, _zone) = word.split_once('%').unwrap_or((word, ""));
    address.parse().ok().map(|address: Ipv6Addr| IpAddr::V6(address).to_canonical())
}

/// `inet_aton`: one to four numbers, decimal, octal (`0`) or hexadecimal (`0x`); the last fills the
/// bytes that are left.
fn ipv4(word: &str) -> Option<Ipv4Addr> {
    let numbers: Vec<u32> = word.split('.').map(number).collect::<Option<_>>()?;
    let (last, bytes) = numbers.split_last()?;
    let left = 4_usize.checked_sub(bytes.len()).filter(|left| *left > 0)?;
    let fits = u64::from(*last) < 1 << (8 * left);
    let high =
        bytes.iter().try_fold(0_u32, |all, byte| (*byte <= 0xff).then_some(all << 8 | byte))?;
    let high = u64::from(high) << (8 * left);
    fits.then(|| u32::try_from(high | u64::from(*last)).ok())?.map(Ipv4Addr::from_bits)
}

fn number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (text.get(2..)?, 16),
        [b'0', _, ..] => (text, 8),
        _ => (text, 10),
    };
    // from_str_radix would take a sign.
    digits.starts_with(|first: char| first.is_digit(radix)).then_some(())?;
    u32::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        name_servers(text.as_bytes()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_kubelets_and_others_write() {
        let text = "# Generated\nsearch default.svc.cluster.local svc.cluster.local\n\
                    nameserver 10.96.0.10\nnameserver\t2001:db8::1\nnameserver  \t fe80::1%eth0\n\
                    nameserver 127.0.0.53 # trailing\noptions ndots:5\nnameserver ::ffff:192.0.2.1";
        let wanted = ["10.96.0.10", "2001:db8::1", "fe80::1", "127.0.0.53", "192.0.2.1"];
        assert_eq!(read(text), wanted);
    }

    #[test]
    fn order_stays_and_doubles_go() {
        let text: String = ["9.9.9.9", "1.1.1.1", "9.9.9.9", "8.8.8.8", "::1", "4.4.4.4", "::0:1"]
            .map(|address| format!("nameserver {address}\n"))
            .concat();
        assert_eq!(read(&text), ["9.9.9.9", "1.1.1.1", "8.8.8.8", "::1", "4.4.4.4"]);
    }

    #[test]
    fn what_glibc_ignores_is_ignored() {
        for line in [
            "",
            "nameserver",
            "nameserver ",
            "nameservers 1.1.1.1",
            " nameserver 1.1.1.1",
            "Nameserver 1.1.1.1",
            "#nameserver 1.1.1.1",
            ";nameserver 1.1.1.1",
            "nameserver:1.1.1.1",
            "nameserver #1.1.1.1",
            "nameserver 1.1.1.1#",
            "nameserver 1.1.1.1,8.8.8.8",
            "nameserver 1.1.1.1\r",
            "nameserver 1.1.1.1%eth0",
            "nameserver 1.1.1.1:53",
            "nameserver [::1]:53",
            "nameserver [::1]",
            "nameserver 1.1.1.256",
            "nameserver 1.1.1.1.1",
            "nameserver 1..1",
            "nameserver 1.1.1.1.",
            "nameserver 1.1.1.1\u{b}",
            "nameserver +1.1.1.1",
            "nameserver 0x",
            "nameserver 09.1.1.1",
            "nameserver dns.example",
            "nameserver ::1::",
            "nameserver %eth0",
            "name\0server 1.1.1.1",
            "nameserver \u{661}.1.1.1",
        ] {
            assert!(read(line).is_empty(), "{line:?}");
        }
        assert!(name_servers(b"nameserver 1.1.1.\xff1").is_empty());
    }

    #[test]
    fn old_spellings_of_ipv4() {
        for (text, wanted) in [
            ("127.1", "127.0.0.1"),
            ("0x7f000001", "127.0.0.1"),
            ("2130706433", "127.0.0.1"),
            ("010.0.0.012", "8.0.0.10"),
            ("10.0.258", "10.0.1.2"),
            ("0", "0.0.0.0"),
            ("0.0.0.0x1", "0.0.0.1"),
            ("00000000000000000000001.1.1.1", "1.1.1.1"),
            ("1.1.1.1\0junk", "1.1.1.1"),
            ("255.255.255.255", "255.255.255.255"),
        ] {
            assert_eq!(read(&format!("nameserver {text}")), [wanted], "{text:?}");
        }
        assert!(read("nameserver 4294967296\nnameserver 1.16777216").is_empty());
    }
}
