//! Pictures of `docs/`: pages as the guides show them.
//!
//! Pixels vary with fonts and browsers, so that a picture is held to the page that it was taken of:
//! `docs/NAME.sha256` has the digests of both. `ENVPARITY_REGEN=1` takes it anew.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::browser::Browser;
use crate::common::{quickstart, repository};
use crate::reports::rich;
use crate::serve_world::{status, timeline};

/// Width and height, in pixels.
type Size = (u32, u32);

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a picture can show: not how the run was made, which stands in the footer and changes with
/// machine and commit.
fn shown(page: &str) -> &str {
    page.split_once("<footer ").map_or(page, |(above, _)| above)
}

fn digests(name: &str, page: &str, picture: &[u8]) -> String {
    let (page, picture) = (digest(shown(page).as_bytes()), digest(picture));
    format!("{page}  the page above its footer\n{picture}  {name}.png\n")
}

/// The top of the page in a window of that size, once an expression holds.
fn taken(page: &str, size: Size, ready: &str) -> Vec<u8> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("page.html");
    fs::write(&path, page).unwrap();
    let mut browser = Browser::new();
    browser.resize(size.0, size.1);
    browser.call("Emulation.setScrollbarsHidden", &json!({"hidden": true}));
    browser.open(&path, "");
    browser.wait_for(ready);
    let picture = browser.call("Page.captureScreenshot", &json!({"format": "png"}));
    STANDARD.decode(picture["data"].as_str().unwrap()).unwrap()
}

fn is_of_the_page(name: &str, page: &str, size: Size, ready: &str) {
    let docs = repository("docs");
    let (picture, told) = (docs.join(format!("{name}.png")), docs.join(format!("{name}.sha256")));
    if std::env::var_os("ENVPARITY_REGEN").is_some() {
        let taken = taken(page, size, ready);
        fs::write(&told, digests(name, page, &taken)).unwrap();
        fs::write(&picture, taken).unwrap();
    }
    let picture = fs::read(picture).unwrap();
    let wanted = [size.0, size.1].map(u32::to_be_bytes).concat();
    assert_eq!(picture[16..24], wanted, "width and height of a PNG");
    let told = fs::read_to_string(told).unwrap();
    assert_eq!(told, digests(name, page, &picture), "ENVPARITY_REGEN=1 takes it anew");
}

/// `tests/run.sh -E 'test(picture::)'`
#[test]
fn the_picture_is_of_the_page_as_it_is() {
    let ready = "document.getElementById('count').textContent.includes('findings')";
    is_of_the_page("report", &quickstart("html"), (1400, 1350), ready);
}

#[test]
fn the_picture_of_the_first_page_is_of_the_page_as_it_is() {
    let page = envparity::daemon::pages::render_index(&status(Some(rich()), false));
    is_of_the_page("serve", &page, (1400, 1350), "document.readyState === 'complete'");
}

#[test]
fn the_picture_of_the_timeline_is_of_the_page_as_it_is() {
    let page = envparity::daemon::pages::render_timeline(&timeline(12, false));
    let ready = "document.getElementById('count').textContent.includes('components')";
    is_of_the_page("timeline", &page, (1400, 1350), ready);
}
