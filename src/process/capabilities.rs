//! The capabilities of the calling thread.

use nix::errno::Errno;
use nix::libc;

/// `_LINUX_CAPABILITY_VERSION_3` of linux/capability.h: 64 bits in two halves.
const VERSION: u32 = 0x2008_0522;

/// `struct __user_cap_header_struct`.
#[repr(C)]
struct Header {
    version: u32,
    /// The thread; 0 is the calling one.
    pid: libc::c_int,
}

/// `struct __user_cap_data_struct`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Half {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Gives up all capabilities of the calling thread: effective, permitted, inheritable, and with
/// them the ambient ones, which are never more than both of the last two. The bounding set stays.
pub(super) fn drop_all() -> Result<(), Errno> {
    let header = Header { version: VERSION, pid: 0 };
    let none = [Half { effective: 0, permitted: 0, inheritable: 0 }; 2];
    #[expect(unsafe_code, reason = "nix and libc have no wrapper for capset")]
    // SAFETY: capset(2) reads a header and, with this version, two halves; both outlive the call.
    let result = unsafe { libc::syscall(libc::SYS_capset, &raw const header, none.as_ptr()) };
    Errno::result(result).map(drop)
}
