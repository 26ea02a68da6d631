//! Worlds that take days, and world 3 itself, from a real Prometheus.

use super::scraped::Scraped;

/// World 3: nobody else calls KEYS; a rehearsal and series beside each other.
#[test]
fn world_3_is_a_no_go_of_all_four_items_beside_series() {
    let mut world = Scraped::new();
    world.phase(30.0);
    world.play.rehearse("v21", "v21", 2).expect(0);
    world.play.release();
    world.play.rehearse("v22", "v22", 2).expect(0);
    world.phase(0.5);
    world.keep(60, str::to_owned);
    let told = world.checklist(None);
    told.expect("new-command", "no-go", &["KEYS 20 calls in qualif"])
        .expect("cost-per-call", "no-go", &["ms at 20 k keys, at least", "at 300 k keys"])
        .expect("cost-per-unit", "no-go", &["10 rehearsed; per stock-location KEYS 2.0 (v21 0)"])
        .expect("projected-load", "no-go", &["of five minutes"]);
}

/// World 10: what a Prometheus holds for fifteen days leaves the month open, and nothing else.
#[test]
fn world_10_fifteen_days_leave_only_the_month_open() {
    let mut world = Scraped::new();
    world.phase(15.0 * 24.0);
    world.play.release();
    world.windows("[24h, -7d, -30d]");
    world.keep(300, str::to_owned);
    let told = world.checklist(None);
    told.expect("performance", "incomplete", &["-30d", "held since", "-7d 0 %", "24h 0 %"]);
    world.windows("[24h, -7d]");
    world.checklist(None).expect("performance", "go", &[]);
}
