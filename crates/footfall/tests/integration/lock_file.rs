use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use footfall::processes::{Ending, Postgres, Programs};

use super::processes::wait_until;

fn programs() -> Programs {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.parts/parts.json");
    Programs::load(&file).expect("cargo xtask setup must have run")
}

/// Another process of the user that PostgreSQL runs as.
fn process_of_the_same_user(programs: &Programs) -> Child {
    let mut enter = Command::new(env!("CARGO_BIN_EXE_footfall"));
    enter.arg("enter");
    if let Some(root) = &programs.postgres_bin.root {
        enter.arg("--root").arg(root);
    }
    if nix::unistd::geteuid().is_root() {
        enter.args(["--user", "postgres"]);
    }
    let child = enter.args(["--", "sleep", "600"]).spawn().unwrap();
    let name = format!("/proc/{}/comm", child.id());
    wait_until("the other process runs", || std::fs::read_to_string(&name).is_ok_and(|name| name.trim() == "sleep"));
    child
}

#[tokio::test]
async fn a_stale_pid_file_does_not_prevent_a_start() {
    let programs = programs();
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    // This test's own address, so that the standard port is free.
    let [.., high, low] = std::process::id().to_be_bytes();
    let address = Ipv4Addr::new(127, 40, high, low.max(1)).into();
    let mut postgres = Postgres::start(&programs, dir.path(), address, 5432).await.unwrap();
    postgres.kill().await;

    // As if the killed server's pid had been reused.
    let locks = [dir.path().join("postgres/data/postmaster.pid"), postgres.socket_dir().join(".s.PGSQL.5432.lock")];
    let mut other = process_of_the_same_user(&programs);
    for lock in &locks {
        let left = std::fs::read_to_string(lock).unwrap();
        let (_, rest) = left.split_once('\n').unwrap();
        std::fs::write(lock, format!("{}\n{rest}", other.id())).unwrap();
    }

    let started = postgres.start_again().await;
    other.kill().unwrap();
    other.wait().unwrap();
    started.unwrap();
    assert_eq!(postgres.stop(Duration::from_secs(30)).await, Ending::Stopped);
    assert!(locks.iter().all(|lock| !lock.exists()));
}
