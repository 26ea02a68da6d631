//! What a policy asks of load, over the built-in criteria.

pub mod config;

use super::config::PolicyConfig;
use crate::trend::{LoadCriteria, LoadIndicator};
use config::{CriterionConfig, LimitText};

/// The criteria of a checked policy; what it does not say is as by default.
pub fn load_criteria(config: Option<&PolicyConfig>) -> LoadCriteria {
    let mut criteria = LoadCriteria::default();
    let Some(load) = config.and_then(|config| config.load.as_ref()) else { return criteria };
    let written = [(LoadIndicator::WalkShare, &load.walk_share), (LoadIndicator::Cpu, &load.cpu)];
    for (indicator, own) in written {
        let Some(CriterionConfig { max, change }) = own else { continue };
        let Some(criterion) = criteria.criteria.get_mut(&indicator) else { continue };
        if let Some(limit) = max {
            criterion.max = limit_of(limit.value);
        }
        if let Some(limit) = change {
            criterion.change = limit_of(limit.value);
        }
    }
    if let Some(share) = &load.min_coverage {
        criteria.min_coverage = share.0;
    }
    criteria
}

fn limit_of(text: LimitText) -> Option<f64> {
    match text {
        LimitText::Off => None,
        LimitText::Share(share) => Some(share),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::yaml::{self, Origin};

    fn of(load: &str) -> Result<LoadCriteria, String> {
        let text = format!("apiVersion: envparity/v1\nkind: Policy\nload: {load}");
        let config: PolicyConfig =
            yaml::read(&text, Origin::Person).map_err(|error| format!("{error:?}"))?;
        match config.find_problems(&[]).first() {
            Some(problem) => Err(problem.message.clone()),
            None => Ok(load_criteria(Some(&config))),
        }
    }

    #[test]
    fn a_policy_says_of_load_what_differs_from_the_default() {
        assert_eq!(load_criteria(None), LoadCriteria::default());
        assert_eq!(of("{}"), Ok(LoadCriteria::default()));
        let own = of("{walk-share: {max: 2.5%}, cpu: {change: off}, min-coverage: 90 %}").unwrap();
        let walk = own.criteria[&LoadIndicator::WalkShare];
        let cpu = own.criteria[&LoadIndicator::Cpu];
        assert_eq!((walk.max, walk.change), (Some(0.025), Some(0.2)));
        assert_eq!((cpu.max, cpu.change), (Some(0.7), None));
        assert!((own.min_coverage - 0.9).abs() < 1e-12);
        let all = of("{cpu: {max: 400%, change: +50%}}").unwrap();
        let cpu = all.criteria[&LoadIndicator::Cpu];
        assert_eq!((cpu.max, cpu.change), (Some(4.0), Some(0.5)));
    }

    #[test]
    fn a_policy_that_is_wrong_of_load_is_refused() {
        for (load, said) in [
            ("{walk-share: {max: 5}}", "not a limit"),
            ("{walk-share: {max: -5%}}", "not a limit"),
            ("{walk-share: {max: 0%}}", "no load can ever"),
            ("{walk-share: {change: NaN%}}", "not a limit"),
            ("{walkshare: {max: 5%}}", "walk-share"),
            ("{cpu: {maximum: 5%}}", "max"),
            ("{min-coverage: 101%}", "not a share"),
            ("{min-coverage: off}", "not a share"),
        ] {
            let error = of(load).expect_err(load);
            assert!(error.contains(said), "{load}: {error}");
        }
    }
}
