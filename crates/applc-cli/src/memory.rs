//! A bound on the memory of the process.

/// So much address space the process has once custom templates are at work, in bytes.
const MOST: u64 = 2 << 30;

/// Sees to it that templates that others wrote cannot take all memory there is: the template
/// engine counts steps, and not what each of them makes. Beyond the bound the process ends.
/// Where the system has no such bound, nothing happens.
pub fn limit() {
    #[cfg(unix)]
    if let Ok((soft, hard)) = rlimit::Resource::AS.get() {
        // A lower bound stays.
        let _ = rlimit::Resource::AS.set(soft.min(MOST), hard);
    }
}
