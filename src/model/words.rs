//! Numbers, sizes and lengths of time, in words.

use std::time::Duration;

/// Units, longest first, with their seconds.
const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// `10s`, `15m`, `24h`, `7d`: the largest unit that says it whole. One day is said in hours.
pub fn duration_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if duration.subsec_millis() > 0 || seconds == 0 {
        return format!("{}ms", duration.as_millis());
    }
    let whole = |(unit, length): &&(&str, u64)| {
        seconds.is_multiple_of(*length) && (*unit != "d" || seconds > *length)
    };
    let (unit, length) = UNITS.iter().find(whole).unwrap_or(&("s", 1));
    format!("{}{unit}", seconds / length)
}

/// `1 problem`, `2 problems`.
pub fn count(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

/// The first three of many, and how many more, with what stands between them: `a, b, c, 4 more`.
pub fn first_three<S: AsRef<str>>(texts: impl IntoIterator<Item = S>, between: &str) -> String {
    const SHOWN: usize = 3;
    let mut texts = texts.into_iter();
    let first = texts.by_ref().take(SHOWN);
    let mut shown: Vec<String> = first.map(|text| text.as_ref().to_owned()).collect();
    let more = texts.count();
    shown.extend((more > 0).then(|| format!("{more} more")));
    shown.join(between)
}

/// A number without a unit, to three digits: `950`, `1.2 k`, `1.31 M`.
pub fn round_number(n: f64) -> String {
    match n {
        n if n >= 1e9 => format!("{:.2} G", n / 1e9),
        n if n >= 1e6 => format!("{:.2} M", n / 1e6),
        n if n >= 1e4 => format!("{:.0} k", n / 1e3),
        n if n >= 1e3 => format!("{:.1} k", n / 1e3),
        n if n.fract() == 0.0 || n >= 100.0 => format!("{n:.0}"),
        n => format!("{n:.1}"),
    }
}

/// A size in the largest binary unit: `1.2 GiB`, `50.0 MiB`, `12 KiB`.
pub fn byte_words(n: f64) -> String {
    match n {
        n if n >= 1_073_741_824.0 => format!("{:.1} GiB", n / 1_073_741_824.0),
        n if n >= 1_048_576.0 => format!("{:.1} MiB", n / 1_048_576.0),
        n => format!("{:.0} KiB", n / 1024.0),
    }
}

/// `redis 7.2.4`: a version with its product, unless its text says the product already, as
/// `Ubuntu 22.04.3 LTS` and `containerd://1.7.20` do.
pub fn with_product(product: Option<&str>, version: &str) -> String {
    let says = |product: &str| version.to_lowercase().starts_with(&product.to_lowercase());
    match product.filter(|product| !says(product)) {
        Some(product) => format!("{product} {version}"),
        None => version.to_owned(),
    }
}

/// `has` behind `1 of 5 components`, `1 of 1 component` and `0 of 1 component`; else `have`.
pub fn has_or_have(number: usize, of: usize) -> &'static str {
    if number == 1 || of == 1 { "has" } else { "have" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_says_its_product_says_it_once() {
        assert_eq!(with_product(Some("redis"), "7.2.4"), "redis 7.2.4");
        assert_eq!(with_product(Some("ubuntu"), "Ubuntu 22.04.3 LTS"), "Ubuntu 22.04.3 LTS");
        assert_eq!(with_product(Some("containerd"), "containerd://1.7.11"), "containerd://1.7.11");
        assert_eq!(with_product(None, "7"), "7");
    }

    #[test]
    fn one_component_has_and_several_have() {
        let words = [(0, 1), (1, 1), (1, 5), (0, 5), (3, 5)].map(|(n, of)| has_or_have(n, of));
        assert_eq!(words, ["has", "has", "has", "have", "have"]);
    }
}
