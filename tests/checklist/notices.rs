//! Who is told of a checklist: once for each change, with the first items that block.

use crate::sink::{Reaction, SinkServer};
use crate::world::{World, qualif_info};

fn told(world: &World) {
    let audit = world.profiles.read("audit.yaml");
    let notify = "notify:\n- webhook: {url: \"${file:url}\", format: json}\n";
    world.profiles.write("audit.yaml", &format!("{audit}{notify}"));
}

#[test]
fn a_checklist_is_told_of_by_its_items_with_value_and_limit() {
    let server = SinkServer::start(&[Reaction::Status(200)]);
    let world = World::new();
    told(&world);
    world.profiles.write("url", &server.url());
    world.info("qualif", &qualif_info().with("keys", 4, 48_000));
    let judge = |at: &str, code: i32| {
        let ended = world.command(&["checklist", "--release", "v22", "--at", at, "-o", "json"]);
        ended.expect(code);
        ended
    };
    let report = judge("2026-04-13T18:40:00Z", 1).json();
    judge("2026-04-13T18:41:00Z", 1);
    let heard = server.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    let notice = heard[0].json();
    assert_eq!(notice["event"], "no-go");
    assert_eq!(notice["about"], "checklist v22: qualif -> production");
    assert_eq!((&notice["release"], &notice["verdict"]), (&"v22".into(), &"no-go".into()));
    let reasons: Vec<&str> =
        notice["reasons"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert!(reasons[0].starts_with("new-command: redis/cache KEYS 4 calls"), "{reasons:?}");
    assert!(reasons[0].ends_with("(must be 0)"), "{reasons:?}");
    assert!(reasons[1].starts_with("cost-per-call: "), "{reasons:?}");
    assert!(reasons.len() == 4 && reasons[3].starts_with("and "), "{reasons:?}");
    let digest = report["run"]["history"]["digest"].as_str().unwrap();
    assert_eq!(notice["run"], digest[..8]);
    // What blocked is gone, and the rest is still not proven: twice in a row.
    world.info("qualif", &qualif_info());
    judge("2026-04-13T18:42:00Z", 3);
    assert_eq!(server.heard().len(), 1);
    judge("2026-04-13T18:43:00Z", 3);
    let last = server.heard().last().unwrap().json();
    assert_eq!((server.heard().len(), &last["event"]), (2, &"incomplete".into()), "{last}");
}
