//! What a process has used so far.

use footfall::processes::ManagedProcess;

/// User and system time, in seconds.
pub fn processor_s(process: &ManagedProcess) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.pid())).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: f64 = [11, 12].iter().map(|field| fields[*field].parse::<f64>().unwrap()).sum();
    ticks / 100.0
}

/// A value of `/proc/PID/status` in KiB: `VmRSS` is the resident memory, `VmHWM` the most that it has been.
pub fn memory_kib(process: &ManagedProcess, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.pid())).unwrap();
    let line = status.lines().find(|line| line.split(':').next() == Some(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
