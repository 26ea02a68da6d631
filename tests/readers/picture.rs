//! `docs/report.png`: the page of the quickstart as README shows it.
//!
//! Pixels vary with fonts and browsers, so that the picture is held to the page that it was taken
//! of: `docs/report.sha256` has the digests of both. `ENVPARITY_REGEN=1` takes it anew.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::browser::Browser;
use crate::common::{quickstart, repository};

/// Width and height, in pixels.
const SIZE: (u32, u32) = (1400, 1350);

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the picture can show: not how the run was made, which stands in the footer and changes with
/// machine and commit.
fn shown(page: &str) -> &str {
    page.split_once("<footer ").unwrap().0
}

fn digests(page: &str, picture: &[u8]) -> String {
    let (page, picture) = (digest(shown(page).as_bytes()), digest(picture));
    format!("{page}  the page above its footer\n{picture}  report.png\n")
}

/// The top of the page in a window of that size.
fn taken(page: &str) -> Vec<u8> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("report.html");
    fs::write(&path, page).unwrap();
    let mut browser = Browser::new();
    browser.resize(SIZE.0, SIZE.1);
    browser.call("Emulation.setScrollbarsHidden", &json!({"hidden": true}));
    browser.open(&path, "");
    browser.wait_for("document.getElementById('count').textContent.includes('findings')");
    let picture = browser.call("Page.captureScreenshot", &json!({"format": "png"}));
    STANDARD.decode(picture["data"].as_str().unwrap()).unwrap()
}

/// `tests/run.sh -E 'test(picture::)'`
#[test]
fn the_picture_is_of_the_page_as_it_is() {
    let docs = repository("docs");
    let page = quickstart("html");
    if std::env::var_os("ENVPARITY_REGEN").is_some() {
        let picture = taken(&page);
        fs::write(docs.join("report.sha256"), digests(&page, &picture)).unwrap();
        fs::write(docs.join("report.png"), picture).unwrap();
    }
    let picture = fs::read(docs.join("report.png")).unwrap();
    let size = [SIZE.0, SIZE.1].map(u32::to_be_bytes).concat();
    assert_eq!(picture[16..24], size, "width and height of a PNG");
    let told = fs::read_to_string(docs.join("report.sha256")).unwrap();
    assert_eq!(told, digests(&page, &picture), "ENVPARITY_REGEN=1 takes it anew");
}
