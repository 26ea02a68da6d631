//! What texts of real images, services, programs and packages say of each other: one case a line of
//! `corpus/kinds.txt`, whose head says how it is written.

use std::path::Path;

use envparity::normalize::product::{Product, Products, TextReader};
use envparity::version::{Direction, Levels, Reading, Scheme, difference_of, read, read_any};

struct Case {
    scheme: String,
    product: String,
    baseline: String,
    other: String,
    wanted: String,
}

impl Case {
    /// `scheme | product | baseline | other | wanted`; a text may hold a bar without blanks.
    fn read(line: &str) -> Self {
        let parts: Vec<&str> = line.split(" | ").map(str::trim).collect();
        let [scheme, product, baseline, other, wanted] = parts[..] else { panic!("{line}") };
        let [scheme, product, baseline, other, wanted] =
            [scheme, product, baseline, other, wanted].map(str::to_owned);
        Self { scheme, product, baseline, other, wanted }
    }

    fn reading(&self, product: Option<&Product>, text: &str) -> Reading {
        let scheme = Scheme::by_name(&self.scheme);
        match (product, scheme) {
            (Some(_), Some(Scheme::ImageTag)) => {
                TextReader { scheme: None, product }.read_tag(text)
            }
            (Some(_), scheme) => TextReader { scheme, product }.read_text(None, text),
            (None, Some(scheme)) => read(scheme, text),
            (None, None) => read_any(text),
        }
    }

    /// What is said, from the baseline and from the other side.
    fn said(&self, products: &Products) -> [String; 2] {
        let product = products.by_name(&self.product);
        assert!(product.is_some() || self.product == "-", "no product {}", self.product);
        let levels = product.map_or(Levels::DEFAULT, |product| product.levels.clone());
        let [baseline, other] =
            [&self.baseline, &self.other].map(|text| self.reading(product, text));
        [(&baseline, &other), (&other, &baseline)].map(|(from, to)| {
            let apart = difference_of(&levels, from, to);
            let sign = match apart.direction {
                Some(Direction::Ahead) => "+",
                Some(Direction::Behind) => "-",
                _ => "",
            };
            format!("{}{sign}", apart.level.as_str())
        })
    }
}

#[test]
fn texts_of_real_programs_are_as_far_apart_as_their_makers_mean() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/kinds.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<&str> =
        text.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")).collect();
    let products = Products::new(&[]);
    let mut wrong = Vec::new();
    for line in &lines {
        let case = Case::read(line);
        let flipped = match case.wanted.split_at(case.wanted.len() - 1) {
            (level, "+") => format!("{level}-"),
            (level, "-") => format!("{level}+"),
            _ => case.wanted.clone(),
        };
        let [said, back] = case.said(&products);
        if said != case.wanted || back != flipped {
            wrong.push(format!("{line}: got {said}, and {back} from the other side"));
        }
    }
    assert!(lines.len() > 350, "{} cases", lines.len());
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), lines.len(), wrong.join("\n"));
}

/// What is no version of anything is read by no scheme, and has no order with anything.
#[test]
fn commands_and_formulas_are_no_versions() {
    for text in [
        "=1+1|cmd",
        "=1+1",
        "1.2.3|cmd",
        "1.2.3;reboot",
        "1.2.3 && id",
        "$(id)",
        "`id`",
        "${VERSION}",
        "{{ .Version }}",
        "17.0.1+9|cmd",
        "6.1.0-18|cmd",
        "RELEASE.2024-01-16T16-07-38Z|cmd",
        "containerd://1.7.20|cmd",
        "PostgreSQL 16.4 |cmd",
        "Rocky Linux 9.4 |cmd",
        "8.0.36|cmd",
        "1:7.0|cmd-1",
        "2024.01.05|cmd",
        "v1beta1|cmd",
        "20612|cmd",
        "\\1.2.3",
    ] {
        for scheme in Scheme::ALL {
            let reading = read(*scheme, text);
            assert!(!reading.is_proven(), "{scheme:?} reads {text}");
            for other in ["1.2.3", "7", "20240101", "v1.29.1", text] {
                let ordering = envparity::version::order(&reading, &read(*scheme, other));
                assert_eq!(ordering, None, "{scheme:?}: {text} {other}");
            }
        }
    }
}
