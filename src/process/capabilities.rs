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

/// `CAP_NET_ADMIN`, `CAP_SYS_PTRACE`, `CAP_SYS_ADMIN` of linux/capability.h: all that any command
/// needs.
const NEEDED: u32 = 1 << 12 | 1 << 19 | 1 << 21;

/// Puts into force what the calling thread is permitted of the capabilities that commands need.
///
/// A file capability with the effective bit (`cap_net_admin+ep`) keeps a program from starting at all
/// where the capability was dropped (capabilities(7), "Safety checking for capability-dumb
/// binaries"). With `cap_net_admin+p` the same image serves a container that has it and one that has
/// none, but a user other than root starts with nothing in force.
///
/// # Errors
/// The kernel's, from capget(2) or capset(2).
pub fn raise_needed() -> Result<(), Errno> {
    let mut halves = get()?;
    let [low, _] = &mut halves;
    let raised = low.effective | low.permitted & NEEDED;
    if raised == low.effective {
        return Ok(());
    }
    low.effective = raised;
    set(&halves)
}

/// Gives up all capabilities of the calling thread: effective, permitted, inheritable, and with
/// them the ambient ones, which are never more than both of the last two. The bounding set stays.
pub(super) fn drop_all() -> Result<(), Errno> {
    set(&[Half { effective: 0, permitted: 0, inheritable: 0 }; 2])
}

fn get() -> Result<[Half; 2], Errno> {
    let mut header = Header { version: VERSION, pid: 0 };
    let mut halves = [Half { effective: 0, permitted: 0, inheritable: 0 }; 2];
    #[expect(unsafe_code, reason = "nix and libc have no wrapper for capget")]
    // SAFETY: capget(2) writes the header's version and, with this version, two halves; both outlive
    // the call.
    let result = unsafe { libc::syscall(libc::SYS_capget, &raw mut header, halves.as_mut_ptr()) };
    Errno::result(result).map(|_| halves)
}

fn set(halves: &[Half; 2]) -> Result<(), Errno> {
    let header = Header { version: VERSION, pid: 0 };
    #[expect(unsafe_code, reason = "nix and libc have no wrapper for capset")]
    // SAFETY: capset(2) reads a header and, with this version, two halves; both outlive the call.
    let result = unsafe { libc::syscall(libc::SYS_capset, &raw const header, halves.as_ptr()) };
    Errno::result(result).map(drop)
}
