use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use super::processes::{runs, wait_until};

/// With these mounted, an empty root can run the host's programs.
const HOST: [&str; 5] = ["/usr", "/bin", "/lib", "/lib64", "/nix"];

fn mounts_below(path: &Path) -> usize {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    let path = path.to_str().unwrap();
    mounts.lines().filter(|line| line.contains(path)).count()
}

/// A command to run as root, in a user namespace if necessary.
fn as_root(program: &str) -> Command {
    if nix::unistd::geteuid().is_root() {
        return Command::new(program);
    }
    let mut unshare = Command::new("unshare");
    unshare.args(["--map-root-user", program]);
    unshare
}

#[test]
fn a_killed_parent_leaves_no_mount_and_no_process() {
    let root = tempfile::tempdir().unwrap();
    let binds: Vec<_> = HOST.iter().filter(|path| Path::new(path).is_dir()).collect();
    let binds: String = binds.iter().map(|path| format!("--bind {path} ")).collect();
    let script = format!(
        "{} enter --root {} {binds} --parent $$ --parent-death SIGKILL -- sleep 600 & echo $!; wait",
        env!("CARGO_BIN_EXE_footfall"),
        root.path().display(),
    );
    let mut parent = as_root("sh").args(["-c", &script]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(parent.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let child: i32 = line.trim().parse().expect("this needs root, or user namespaces");
    let name = format!("/proc/{child}/comm");
    wait_until("the program runs", || std::fs::read_to_string(&name).is_ok_and(|name| name.trim() == "sleep"));
    assert_eq!(mounts_below(root.path()), 0, "a mount is seen outside");

    parent.kill().unwrap();
    parent.wait().unwrap();
    wait_until("the program is gone", || !runs(child));
    assert_eq!(mounts_below(root.path()), 0);
    // Only empty mount points are left, so the folder can be removed.
    root.close().unwrap();
}

#[test]
fn a_program_does_not_start_after_its_parent_has_ended() {
    let output = Command::new(env!("CARGO_BIN_EXE_footfall"))
        .args(["enter", "--parent", "1", "--parent-death", "SIGKILL"])
        .args(["--", "echo", "started"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    assert!(String::from_utf8_lossy(&output.stderr).contains("is gone"));
}
