//! What stands behind a path may be no file: it costs its own target, or nothing.
#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A folder with a FIFO, a recorded INFO, and one environment with `targets`.
fn folder(targets: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let fifo = Command::new("mkfifo").arg(folder.path().join("fifo")).status().unwrap();
    assert!(fifo.success());
    let info = format!("{}/tests/fixtures/redis/redis-7.0.15.txt", env!("CARGO_MANIFEST_DIR"));
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "audit.yaml",
        "apiVersion: envparity/v1\nkind: Audit\nbaseline: prod\nenvironments: [prod]\n",
    );
    let head =
        "apiVersion: envparity/v1\nkind: Environment\nname: prod\nmax-age: 36500d\ntargets:\n";
    write("prod.yaml", &format!("{head}  recorded:\n  - {{name: cache, path: {info}}}\n{targets}"));
    folder
}

/// Runs within ten seconds, or fails.
fn envparity(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let start = Instant::now();
    let output = Command::new("timeout")
        .args(["10", env!("CARGO_BIN_EXE_envparity")])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(start.elapsed() < Duration::from_secs(9), "{arguments:?} hung");
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (output.status.code(), text)
}

#[test]
fn pipes_and_devices_cost_their_own_target_only() {
    let redis = "  redis:\n  - {name: x, url: \"rediss://127.0.0.1:1\", deadline: 1s, ";
    for (name, targets) in [
        ("recorded fifo", "  - {name: x, path: fifo}\n".to_owned()),
        ("recorded device", "  - {name: x, path: /dev/zero}\n".to_owned()),
        ("ca fifo", format!("{redis}tls: {{ca: fifo}}}}\n")),
        ("ca device", format!("{redis}tls: {{ca: /dev/zero}}}}\n")),
        ("key fifo", format!("{redis}tls: {{cert: fifo, key: fifo}}}}\n")),
        ("secret fifo", format!("{redis}password: \"${{file:fifo}}\"}}\n")),
        ("secret device", format!("{redis}password: \"${{file:/dev/zero}}\"}}\n")),
    ] {
        let folder = folder(&targets);
        let (code, text) = envparity(folder.path(), &["audit", "--profiles", "."]);
        assert_eq!(code, Some(3), "{name}: {text}");
        assert!(text.contains("no regular file") && text.contains("1 of 2"), "{name}: {text}");
    }
}

#[test]
fn diff_reads_no_pipes_and_devices() {
    let folder = folder("");
    for path in ["fifo", "/dev/zero"] {
        let (code, text) = envparity(folder.path(), &["diff", path, path]);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains("no regular file"), "{text}");
    }
}

#[test]
fn devices_stay_devices_and_links_stay_links() {
    let folder = folder("");
    let device = folder.path().join("null");
    std::os::unix::fs::symlink("/dev/null", &device).unwrap();
    fs::write(folder.path().join("real.yaml.txt"), "old").unwrap();
    std::os::unix::fs::symlink("real.yaml.txt", folder.path().join("link")).unwrap();
    let (code, text) = envparity(
        folder.path(),
        &["audit", "--profiles", ".", "-o", "yaml=null", "-o", "json=link"],
    );
    assert_eq!(code, Some(0), "{text}");
    assert!(fs::symlink_metadata(&device).unwrap().is_symlink());
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    assert!(fs::symlink_metadata(folder.path().join("link")).unwrap().is_symlink());
    assert!(
        fs::read_to_string(folder.path().join("real.yaml.txt")).unwrap().contains("DriftReport")
    );
    let (code, text) =
        envparity(folder.path(), &["audit", "--profiles", ".", "-o", "yaml=out", "-o", "json=out"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(!folder.path().join("out").exists());
}
