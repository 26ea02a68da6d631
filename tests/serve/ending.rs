//! How it ends: by signals, and beside another one.

use std::time::Duration;

use crate::endpoints::profiles;
use crate::support::cli::slowness::{scaled, wait_until};
use crate::support::serving::{ServeProcess, get};

#[test]
fn a_signal_ends_it_in_time_and_readers_are_told_first() {
    for name in ["TERM", "INT"] {
        let profiles = profiles("");
        let mut served = ServeProcess::start(&profiles, &[]);
        assert_eq!(get(served.address, "/readyz").status, 200);
        let address = served.address;
        served.signal(name);
        let mut told = None;
        wait_until("it says that it ends", || {
            let asked = std::panic::catch_unwind(|| get(address, "/readyz").status);
            told = told.or(asked.ok().filter(|status| *status == 503));
            told.is_some() || served.child.try_wait().unwrap().is_some()
        });
        assert_eq!(told, Some(503), "{name}");
        let (code, took) = served.wait();
        assert_eq!(code, Some(0), "{name}: {}", served.told());
        assert!(took < scaled(Duration::from_secs(5)), "{took:?}");
    }
}

#[test]
fn a_second_signal_does_not_wait() {
    let profiles = profiles("");
    let mut served = ServeProcess::start(&profiles, &[]);
    served.signal("TERM");
    std::thread::sleep(Duration::from_millis(50));
    served.signal("TERM");
    let (code, _) = served.wait();
    // On a slow machine it may have ended by the first.
    assert!(matches!(code, Some(130 | 0)), "{code:?}: {}", served.told());
}

#[test]
fn a_file_is_for_one() {
    let profiles = profiles("");
    let mut first = ServeProcess::start(&profiles, &[]);
    let second = profiles.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(second.expect(2).says("another envparity serve runs over this history"), "{second}");
    // Audits share it, and the place is free when the first is killed.
    assert_ne!(profiles.run(&["audit"]).code, Some(2));
    first.signal("KILL");
    first.wait();
    let third = ServeProcess::start(&profiles, &[]);
    wait_until("the third leads", || third.told().contains("this process leads"));
}
