//! The memory of this process and of the machine.

const MIB: f64 = 1_048_576.0;

/// The most that this process has had in use, in MiB; what it uses now where the system does not remember; none where
/// it does not tell.
pub fn peak_mb() -> Option<f64> {
    peak_bytes().or_else(now_bytes).map(|bytes| bytes as f64 / MIB)
}

/// What this process has in use now, in MiB; none where the system does not tell.
pub fn now_mb() -> Option<f64> {
    now_bytes().map(|bytes| bytes as f64 / MIB)
}

/// The memory of this machine, in bytes; none where the system does not tell.
pub fn machine_bytes() -> Option<u64> {
    let ram = sysinfo::MemoryRefreshKind::nothing().with_ram();
    let system = sysinfo::System::new_with_specifics(sysinfo::RefreshKind::nothing().with_memory(ram));
    Some(system.total_memory()).filter(|bytes| *bytes > 0)
}

fn now_bytes() -> Option<usize> {
    Some(memory_stats::memory_stats()?.physical_mem)
}

/// Linux remembers it.
fn peak_bytes() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: usize = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_told_and_its_peak_is_no_less_than_what_is_in_use() {
        let block = vec![1_u8; 64 << 20];
        let now = now_bytes().unwrap();
        assert!(block.iter().all(|byte| *byte == 1) && now > 64 << 20);
        assert!(peak_mb().unwrap() >= 64.0);
        assert!(machine_bytes().unwrap() > now as u64);
    }
}
