//! The four socket options that read and replace a table.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use super::layout::{
    COUNTERS, GET_ENTRIES, INFO, REPLACE_COUNTERS, REPLACE_NUM_COUNTERS, read_info, table_name,
};
use super::{Info, IpVersion, Replacement, XtablesError};

/// `IPT_SO_GET_INFO` and `IP6T_SO_GET_INFO`.
const GET_INFO: libc::c_int = 64;
/// `IPT_SO_GET_ENTRIES` and `IP6T_SO_GET_ENTRIES`.
const GET_ENTRIES_OPTION: libc::c_int = 65;
/// `IPT_SO_SET_REPLACE` and `IP6T_SO_SET_REPLACE`.
const SET_REPLACE: libc::c_int = 64;
/// `IPT_SO_SET_ADD_COUNTERS` and `IP6T_SO_SET_ADD_COUNTERS`.
const SET_ADD_COUNTERS: libc::c_int = 65;

/// A socket that asks for one table. Any socket of the family does; the kernel looks at
/// `CAP_NET_ADMIN` alone.
pub(super) struct Socket {
    file: OwnedFd,
    version: IpVersion,
    table: String,
}

impl Socket {
    /// Opens a socket in the namespace of the calling thread.
    pub(super) fn open(version: IpVersion, table: &str) -> Result<Self, XtablesError> {
        let family = match version {
            IpVersion::V4 => AddressFamily::Inet,
            IpVersion::V6 => AddressFamily::Inet6,
        };
        let opened = socket(family, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None);
        let refused = |source: Errno| XtablesError::Refused {
            version,
            table: table.to_owned(),
            operation: "open a socket",
            source: source.into(),
        };
        Ok(Self { file: opened.map_err(refused)?, version, table: table.to_owned() })
    }

    /// What the table is made of.
    pub(super) fn info(&self) -> Result<Info, XtablesError> {
        let mut bytes = table_name(&self.table).to_vec();
        bytes.resize(INFO, 0);
        self.get(GET_INFO, &mut bytes).map_err(|source| self.refused("look at it", source))?;
        let cut_off = || self.refused("look at it", io::ErrorKind::UnexpectedEof.into());
        read_info(&bytes).ok_or_else(cut_off)
    }

    /// The entries; `None` if they are not of that size any more.
    pub(super) fn entries(&self, size: u32) -> Result<Option<Vec<u8>>, XtablesError> {
        let length = usize::try_from(size).unwrap_or(usize::MAX);
        let mut bytes = table_name(&self.table).to_vec();
        bytes.extend(size.to_ne_bytes());
        bytes.resize(GET_ENTRIES.saturating_add(length), 0);
        match self.get(GET_ENTRIES_OPTION, &mut bytes) {
            Ok(()) => Ok(Some(bytes.split_off(GET_ENTRIES))),
            Err(error) if is_changed(&error) => Ok(None),
            Err(source) => Err(self.refused("read its rules", source)),
        }
    }

    /// Replaces the table and gives what each of its `old` entries had counted; `None` if the
    /// table does not have that many any more.
    pub(super) fn replace(
        &self,
        replacement: &Replacement,
        old: u32,
    ) -> Result<Option<Vec<u8>>, XtablesError> {
        let room = usize::try_from(old).unwrap_or(usize::MAX).saturating_mul(COUNTERS);
        let mut counted = vec![0; room];
        let mut request = replacement.request.clone();
        put(&mut request, REPLACE_NUM_COUNTERS, &old.to_ne_bytes());
        put(
            &mut request,
            REPLACE_COUNTERS,
            &counted.as_mut_ptr().expose_provenance().to_ne_bytes(),
        );
        match self.set(SET_REPLACE, &request) {
            Ok(()) => Ok(Some(counted)),
            Err(error) if is_changed(&error) => Ok(None),
            Err(source) => Err(self.refused("replace its rules", source)),
        }
    }

    /// Adds to what the entries have counted.
    pub(super) fn add_counters(&self, request: &[u8]) -> Result<(), XtablesError> {
        self.set(SET_ADD_COUNTERS, request).map_err(|source| XtablesError::Counters {
            version: self.version,
            table: self.table.clone(),
            source,
        })
    }

    fn level(&self) -> libc::c_int {
        match self.version {
            IpVersion::V4 => libc::SOL_IP,
            IpVersion::V6 => libc::SOL_IPV6,
        }
    }

    fn get(&self, option: libc::c_int, bytes: &mut [u8]) -> io::Result<()> {
        let mut length = length_of(bytes)?;
        #[expect(unsafe_code, reason = "nix has no socket option of variable length")]
        // SAFETY: the kernel writes at most `length` bytes, which is how long `bytes` is, and both
        // outlive the call.
        let result = unsafe {
            let (file, place) = (self.file.as_raw_fd(), bytes.as_mut_ptr().cast());
            libc::getsockopt(file, self.level(), option, place, &raw mut length)
        };
        Errno::result(result).map(drop).map_err(io::Error::from)
    }

    /// An address in the request is that of memory which is as long as the request says and
    /// outlives the call.
    fn set(&self, option: libc::c_int, request: &[u8]) -> io::Result<()> {
        let length = length_of(request)?;
        #[expect(unsafe_code, reason = "nix has no socket option of variable length")]
        // SAFETY: the kernel reads `length` bytes of `request`, which is how long it is. The only
        // request with an address is that of `replace`: the kernel writes as many counters there as
        // the number beside it says, or none if the table has another number of them.
        let result = unsafe {
            let (file, place) = (self.file.as_raw_fd(), request.as_ptr().cast());
            libc::setsockopt(file, self.level(), option, place, length)
        };
        Errno::result(result).map(drop).map_err(io::Error::from)
    }

    fn refused(&self, operation: &'static str, source: io::Error) -> XtablesError {
        let (version, table) = (self.version, self.table.clone());
        XtablesError::Refused { version, table, operation, source }
    }
}

/// `EAGAIN`: the table is not of the size, or not of the number of entries, that was named.
fn is_changed(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EAGAIN)
}

fn length_of(bytes: &[u8]) -> io::Result<libc::socklen_t> {
    libc::socklen_t::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidInput.into())
}

fn put(request: &mut [u8], at: usize, number: &[u8]) {
    if let Some(place) = request.get_mut(at..at + number.len()) {
        place.copy_from_slice(number);
    }
}
