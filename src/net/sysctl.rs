//! Settings under `/proc/sys/net`. They follow the namespace of the thread that opens them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// `/proc/sys`.
const ROOT: &str = "/proc/sys";

/// A setting by its name with dots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sysctl(&'static str);

/// Whether packets of connections that conntrack has not seen the start of are taken up as new
/// (1, the kernel's default) or are invalid (0); per namespace.
pub const TCP_LOOSE: Sysctl = Sysctl("net.netfilter.nf_conntrack_tcp_loose");

/// Whether `lo` refuses IPv6 addresses; per namespace.
pub const LO_DISABLE_IPV6: Sysctl = Sysctl("net.ipv6.conf.lo.disable_ipv6");

/// Whether a TCP connection takes over the mark of the SYN that opened it (1), so that all that its
/// socket sends carries it and is routed by it; without it (0, the kernel's default) the socket has
/// no mark. A listener that sets SO_MARK itself goes first. IPv6 too; per namespace.
pub const FWMARK_ACCEPT: Sysctl = Sysctl("net.ipv4.tcp_fwmark_accept");

/// Whether what the kernel answers over IPv4 without a socket (RST, ICMP errors, echo replies)
/// carries the mark of the packet that it answers, and is routed by it (1), or none (0, the
/// kernel's default); per namespace.
pub const FWMARK_REFLECT_V4: Sysctl = Sysctl("net.ipv4.fwmark_reflect");

/// The same over IPv6; per namespace.
pub const FWMARK_REFLECT_V6: Sysctl = Sysctl("net.ipv6.fwmark_reflect");

/// A setting that can't be read or written.
#[derive(Debug, thiserror::Error)]
#[error("can't {operation} {}: {source}{}", path.display(), advice(source))]
pub struct SysctlError {
    /// `read` or `write`.
    operation: &'static str,
    /// The file.
    path: PathBuf,
    /// Why not.
    source: io::Error,
}

fn advice(error: &io::Error) -> &'static str {
    if error.kind() == io::ErrorKind::ReadOnlyFilesystem {
        " (/proc/sys is read-only here, as in most containers)"
    } else if error.kind() == io::ErrorKind::NotFound {
        " (the kernel module that owns it is not loaded)"
    } else {
        ""
    }
}

impl Sysctl {
    fn path(self) -> PathBuf {
        Path::new(ROOT).join(self.0.replace('.', "/"))
    }

    /// The value in the namespace of the calling thread; `None` if the kernel has no such setting.
    ///
    /// # Errors
    /// It is there but can't be read, or is no number.
    pub fn read(self) -> Result<Option<u32>, SysctlError> {
        let fail = |source| SysctlError { operation: "read", path: self.path(), source };
        match fs::read_to_string(self.path()) {
            Ok(text) => {
                let number = text.trim().parse();
                number.map(Some).map_err(|e| fail(io::Error::new(io::ErrorKind::InvalidData, e)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(fail(source)),
        }
    }

    /// Sets the value in the namespace of the calling thread.
    ///
    /// # Errors
    /// It can't be written.
    pub fn write(self, value: u32) -> Result<(), SysctlError> {
        fs::write(self.path(), value.to_string()).map_err(|source| SysctlError {
            operation: "write",
            path: self.path(),
            source,
        })
    }
}

impl std::fmt::Display for Sysctl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}
