//! What stands behind a path may not be a file: it costs its own target, or nothing.

#[path = "support/cli.rs"]
mod cli;

use std::fs;
use std::time::Duration;

use cli::slowness::deadline;
use cli::{Ended, Profiles, envparity, make_fifo, recorded_info};

/// Production with a recorded Redis, a FIFO in the folder, and more targets.
fn production(targets: &str) -> Profiles {
    let profiles = Profiles::of(&["prod"]);
    make_fifo(&profiles.path("fifo"));
    let info = recorded_info("redis-7.0.15");
    let recorded = format!("  recorded:\n  - {{name: cache, path: {}}}\n", info.display());
    profiles.environment("prod", &format!("max-age: 36500d\ntargets:\n{recorded}{targets}"));
    profiles
}

/// In the folder, and within ten seconds: what waits for a FIFO is killed.
fn run(profiles: &Profiles, arguments: &[&str]) -> Ended {
    let folder = profiles.folder();
    envparity(arguments).current_dir(folder).within(Duration::from_secs(10)).run()
}

#[test]
fn pipes_and_devices_cost_their_own_target_only() {
    let redis = format!(
        "  redis:\n  - {{name: x, url: \"rediss://127.0.0.1:1\", deadline: {}, ",
        deadline(Duration::from_secs(3))
    );
    for (name, targets) in [
        ("recorded fifo", "  - {name: x, path: fifo}\n".to_owned()),
        ("recorded device", "  - {name: x, path: /dev/zero}\n".to_owned()),
        ("ca fifo", format!("{redis}tls: {{ca: fifo}}}}\n")),
        ("ca device", format!("{redis}tls: {{ca: /dev/zero}}}}\n")),
        ("key fifo", format!("{redis}tls: {{cert: fifo, key: fifo}}}}\n")),
        ("secret fifo", format!("{redis}password: \"${{file:fifo}}\"}}\n")),
        ("secret device", format!("{redis}password: \"${{file:/dev/zero}}\"}}\n")),
        ("file of the kernel", "  - {name: x, path: /proc/self/environ}\n".to_owned()),
    ] {
        let profiles = production(&targets);
        let ended = run(&profiles, &["audit", "--profiles", "."]);
        ended.expect(3);
        assert!(ended.says("not a regular file") && ended.says("1 of 2"), "{name}: {ended}");
    }
}

#[test]
fn diff_reads_no_pipes_and_devices() {
    let profiles = production("");
    for path in ["fifo", "/dev/zero"] {
        let ended = run(&profiles, &["diff", path, path]);
        assert!(ended.expect(2).says("not a regular file"), "{ended}");
    }
}

#[test]
fn devices_stay_devices_and_links_stay_links() {
    let profiles = production("");
    let device = profiles.path("null");
    std::os::unix::fs::symlink("/dev/null", &device).unwrap();
    fs::write(profiles.path("real.yaml.txt"), "old").unwrap();
    std::os::unix::fs::symlink("real.yaml.txt", profiles.path("link")).unwrap();
    let outputs = ["audit", "--profiles", ".", "-o", "yaml=null", "-o", "json=link"];
    run(&profiles, &outputs).expect(0);
    assert!(fs::symlink_metadata(&device).unwrap().is_symlink());
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    assert!(fs::symlink_metadata(profiles.path("link")).unwrap().is_symlink());
    assert!(fs::read_to_string(profiles.path("real.yaml.txt")).unwrap().contains("DriftReport"));
    run(&profiles, &["audit", "--profiles", ".", "-o", "yaml=out", "-o", "json=out"]).expect(2);
    assert!(!profiles.path("out").exists());
}
