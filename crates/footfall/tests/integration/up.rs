use std::net::TcpListener;
use std::process::Command;

#[test]
fn up_names_every_taken_port_and_its_holder_before_anything_starts() {
    let [.., high, low] = std::process::id().to_be_bytes();
    let address = format!("127.41.{high}.{}", low.max(1));
    let _site = TcpListener::bind((address.as_str(), 8080)).unwrap();
    let _kafka = TcpListener::bind((address.as_str(), 9092)).unwrap();
    let keep = tempfile::tempdir().unwrap();

    let output = Command::new(env!("CARGO_BIN_EXE_footfall"))
        .args(["up", "--listen", &address, "--keep"])
        .arg(keep.path().join("instance"))
        .args(["--share", "/nonexistent", "--parts", "/nonexistent"])
        .output()
        .unwrap();

    assert_eq!(output.status.code(), Some(1));
    let words = String::from_utf8_lossy(&output.stderr);
    let holder = format!("process {}", std::process::id());
    for port in ["8080", "9092"] {
        let line = words.lines().find(|line| line.contains(&format!("port {port} ")));
        assert!(line.is_some_and(|line| line.contains(&holder)), "{words}");
    }
    assert!(!words.contains("5432"), "{words}");
    assert!(!keep.path().join("instance").exists(), "something was started");
}
