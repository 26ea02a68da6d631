//! Load that breaches a criterion of the policy.

use super::{Hook, LoadSeries, Reads, Rule, RuleContext, RuleMeta, finding};
use crate::model::{BucketFlags, ComponentName, Defaults, EnvironmentName, Finding, Severity};
use crate::trend::{CriterionJudged, CriterionOutcome, CriterionTest, LoadIndicator};

pub(super) struct LoadRegression;

/// The earlier side of a gate: what is released from there.
const RELEASED: Defaults = Defaults::everywhere(Severity::High);
/// The baseline: a sales day may move it.
const BASELINE: Defaults = Defaults::everywhere(Severity::Medium);
/// Anywhere else.
const ELSEWHERE: Defaults = Defaults::everywhere(Severity::Info);

static META: RuleMeta = RuleMeta {
    id: "load-regression",
    summary: "The load of a Redis target breaches a criterion: the worst five minutes of a window are above the limit, or \
              those of the last 24 hours are above the windows before.",
    why: "A release that walks the keyspace, or makes the server work more, shows in its load before it shows in an \
          incident: one burst of a few minutes is lost in the mean of a day.",
    fix: "See which commands take the time (report, load:), and what was released before. A test that is meant to be \
          heavy is left out by a mark of its span; another limit is load: in the policy.",
    hooks: &[Hook::Series],
    reads: Reads::Load,
    defaults: &[
        ("earlier side of a gate", RELEASED),
        ("baseline", BASELINE),
        ("elsewhere", ELSEWHERE),
    ],
    ..RuleMeta::PLAIN
};

impl Rule for LoadRegression {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_series(&self, context: &RuleContext<'_>, series: &LoadSeries<'_>) -> Vec<Finding> {
        let component = ComponentName::from(series.target.as_str());
        let mut found = Vec::new();
        for indicator in LoadIndicator::ALL {
            let breached: Vec<&CriterionJudged> = series
                .judged
                .iter()
                .filter(|judged| judged.indicator == indicator)
                .filter(|judged| judged.outcome == CriterionOutcome::Breached)
                .collect();
            let [first, more @ ..] = breached.as_slice() else { continue };
            let mut summary = format!("{} {}", series.environment, words(first));
            for other in more {
                summary.push_str(&format!("; {}", words(other)));
            }
            let defaults = defaults(context, series.environment);
            let environments = vec![series.environment.clone()];
            let one = finding(&META, &component, environments, defaults, summary);
            found.push(Finding { subject: indicator.as_str().to_owned(), ..one });
        }
        found
    }
}

fn defaults(context: &RuleContext<'_>, environment: &EnvironmentName) -> Defaults {
    if context.gates.iter().any(|gate| gate.from == *environment) {
        RELEASED
    } else if context.baseline == environment
        || context.gates.iter().any(|gate| gate.to == *environment)
    {
        BASELINE
    } else {
        ELSEWHERE
    }
}

/// `walk share 5.4 % in the worst 5 minutes of 24h (limit 5 %)`.
fn words(judged: &CriterionJudged) -> String {
    let indicator = judged.indicator;
    let figure = judged.peak.map_or_else(String::new, |peak| {
        let sign = if peak.flags.contains(BucketFlags::AT_LEAST) { ">= " } else { "" };
        format!("{sign}{}", indicator.format_value(peak.value))
    });
    let window = judged.window.as_str();
    let noun = indicator.noun();
    let limit = judged.limit.map_or_else(String::new, |limit| indicator.format_value(limit));
    let mut text = match (judged.test, judged.base) {
        (CriterionTest::Max, _) => {
            format!("{noun} {figure} in the worst 5 minutes of {window} (limit {limit})")
        }
        (CriterionTest::Change, Some(base)) if base.value <= 0.0 => {
            format!("{noun} 0 -> {figure}, new since {}", base.window.as_str())
        }
        (CriterionTest::Change, Some(base)) => format!(
            "{noun} {figure} in {window}, {} in {} (limit {limit})",
            indicator.format_value(base.value),
            base.window.as_str()
        ),
        (CriterionTest::Change, None) => format!("{noun} {figure} in {window} (limit {limit})"),
    };
    match judged.others {
        _ if judged.place.is_empty() || judged.servers < 2 => {}
        0 => text.push_str(&format!(", on {}", judged.place)),
        others => text.push_str(&format!(", on {} and {others} more", judged.place)),
    }
    if let Some(by) = &judged.by {
        text.push_str(&format!(", by {by}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::testing::with_context;
    use super::*;
    use crate::trend::{ComparedBase, LoadPeak, Unknown, WindowKind};

    fn judged(test: CriterionTest, value: f64, outcome: CriterionOutcome) -> CriterionJudged {
        let base = (test == CriterionTest::Change)
            .then_some(ComparedBase { value: 0.0, window: WindowKind::Week });
        CriterionJudged {
            indicator: LoadIndicator::WalkShare,
            test,
            window: WindowKind::Day,
            place: String::new(),
            others: 0,
            servers: 1,
            by: None,
            peak: Some(LoadPeak { value, at: 300, flags: BucketFlags::NONE }),
            limit: Some(0.05),
            base,
            outcome,
        }
    }

    fn found(environment: &str, judged: &[CriterionJudged]) -> Vec<(Severity, String)> {
        let (environment, target) = (environment.into(), "redis/cache".into());
        let series = LoadSeries { environment: &environment, target: &target, judged };
        let found = with_context(|context| LoadRegression.check_series(context, &series));
        found.into_iter().map(|f| (f.defaults.in_gate, f.summary)).collect()
    }

    #[test]
    fn fires_on_a_breach_and_says_how_bad() {
        let max = judged(CriterionTest::Max, 0.0537, CriterionOutcome::Breached);
        let change = judged(CriterionTest::Change, 0.0537, CriterionOutcome::Breached);
        let said = found("qualif", &[max, change]);
        let text = "qualif walk share 5.37 % in the worst 5 minutes of 24h (limit 5 %); \
                    walk share 0 -> 5.37 %, new since -7d";
        assert_eq!(said, [(Severity::High, text.to_owned())]);
    }

    #[test]
    fn fires_by_where_it_is() {
        let max = [judged(CriterionTest::Max, 0.5, CriterionOutcome::Breached)];
        let severity = |name: &str| found(name, &max)[0].0;
        assert_eq!(severity("qualif"), Severity::High);
        assert_eq!(severity("prod"), Severity::Medium);
        assert_eq!(severity("dev"), Severity::Info);
    }

    #[test]
    fn fires_with_the_server_and_the_source_where_there_are_several() {
        let one = judged(CriterionTest::Max, 0.5, CriterionOutcome::Breached);
        let place = "10.0.0.1:6379".to_owned();
        let said = |servers, others, by: Option<&str>| {
            let (place, by) = (place.clone(), by.map(str::to_owned));
            let one = CriterionJudged { place, others, servers, by, ..one.clone() };
            found("qualif", &[one])[0].1.clone()
        };
        assert!(said(1, 0, None).ends_with("(limit 5 %)"));
        assert!(said(2, 0, None).ends_with("(limit 5 %), on 10.0.0.1:6379"));
        let more = "(limit 5 %), on 10.0.0.1:6379 and 1 more, by prometheus http://p";
        assert!(said(3, 1, Some("prometheus http://p")).ends_with(more));
    }

    #[test]
    fn fires_once_for_each_indicator() {
        let max = judged(CriterionTest::Max, 0.9, CriterionOutcome::Breached);
        let cpu = CriterionJudged { indicator: LoadIndicator::Cpu, ..max.clone() };
        assert_eq!(found("qualif", &[max, cpu]).len(), 2);
    }

    #[test]
    fn stays_silent_on_what_holds_and_on_what_nobody_knows() {
        let unknown = CriterionOutcome::Unknown(vec![Unknown::NoSamples]);
        let all = [
            judged(CriterionTest::Max, 0.9, CriterionOutcome::Met),
            judged(CriterionTest::Max, 0.9, unknown),
        ];
        assert_eq!(found("qualif", &all), []);
        assert_eq!(found("qualif", &[]), []);
    }
}
