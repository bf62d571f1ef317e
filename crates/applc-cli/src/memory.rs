//! The memory limit of the process.

/// Maximum address space of the process while it runs custom templates, in bytes. mimalloc reserves 1 GiB
/// of it when the process starts, and moves a large text to a new place whenever it grows.
#[cfg(unix)]
const LIMIT: u64 = 4 << 30;

/// Limits the memory of the process, so that custom templates cannot use all memory of the machine:
/// the template engine limits steps, but not the size of every value. Exceeding the limit aborts the
/// process. Has no effect on systems without such a limit.
pub fn limit() {
    #[cfg(unix)]
    if let Ok((soft, hard)) = rlimit::Resource::AS.get() {
        // A lower limit is kept.
        let _ = rlimit::Resource::AS.set(soft.min(LIMIT), hard);
    }
}
