//! Files that cannot be read: what of them is known all the same, and the rest of their mistakes.

use crate::wire::problem::Problem;

/// More mistakes in one file are not told at once.
const MOST: usize = 20;

/// A mistyped kind may be any.
const KINDS: [&str; 7] =
    ["Environment", "Audit", "Catalogue", "Policy", "Waivers", "Release", "Checklist"];

/// What a file that cannot be read would be. Of what else refers to it, that much must be known.
#[derive(Default)]
pub(super) struct Broken {
    /// The word behind `kind:`; `None` if the file does not say it.
    kind: Option<String>,
    /// The word behind `name:`.
    name: Option<String>,
}

impl Broken {
    pub(super) fn from_text(text: &str) -> Self {
        let kind = top_level(text, "kind").filter(|kind| KINDS.contains(&kind.as_str()));
        Self { kind, name: top_level(text, "name") }
    }

    /// The name of the environment that it describes.
    pub(super) fn environment_name(&self) -> Option<&str> {
        self.name.as_deref().filter(|_| self.is_kind("Environment"))
    }

    /// Whether it may describe an environment of any name.
    pub(super) fn may_be_any_environment(&self) -> bool {
        self.kind.is_none() || (self.is_kind("Environment") && self.name.is_none())
    }

    /// Whether it may say what the audit is about.
    pub(super) fn may_be_audit(&self) -> bool {
        self.kind.is_none() || self.is_kind("Audit")
    }

    fn is_kind(&self, kind: &str) -> bool {
        self.kind.as_deref() == Some(kind)
    }
}

/// The value of a key that begins a line, if it is one word.
fn top_level(text: &str, key: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    let value = value.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']);
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (!value.is_empty() && value.chars().all(fits)).then(|| value.to_owned())
}

/// A file's first mistake and those behind it, as far as the file can be read without the keys
/// that are wrong. `read` tells the first mistake of a text.
pub(super) fn find_mistakes(
    first: Problem,
    text: &str,
    read: impl Fn(&str) -> Option<Problem>,
) -> Vec<Problem> {
    let mut rest = text.to_owned();
    let mut found = vec![first];
    while found.len() < MOST {
        let Some(without) = found.last().and_then(|last| without_key(&rest, last)) else { break };
        rest = without;
        match read(&rest) {
            // Of what else is wrong, taking out the key may be the cause.
            Some(next) if is_of_key(&next) => found.push(next),
            _ => break,
        }
    }
    found
}

fn is_of_key(problem: &Problem) -> bool {
    ["unknown field", "duplicate key"].iter().any(|of| problem.message.starts_with(of))
}

/// The text without an unknown or repeated key and its value, each line in its place.
fn without_key(text: &str, problem: &Problem) -> Option<String> {
    let start = problem.line.checked_sub(1).filter(|_| is_of_key(problem))?;
    let indent = problem.column.checked_sub(1)?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let before: String = lines.get(start)?.chars().take(indent).collect();
    if !before.chars().all(|c| c == ' ' || c == '-') {
        return None;
    }
    before.trim_end().clone_into(&mut lines[start]);
    for line in lines.iter_mut().skip(start + 1) {
        let own = line.chars().take_while(|c| *c == ' ').count();
        let is_item = own == indent && line[own..].starts_with("- ");
        if !line.trim().is_empty() && own <= indent && !is_item {
            break;
        }
        line.clear();
    }
    Some(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::config::EnvironmentConfig;
    use crate::wire::yaml::{self, Origin};

    fn first(text: &str) -> Option<Problem> {
        yaml::read::<EnvironmentConfig>(text, Origin::Person).err().map(Problem::from)
    }

    #[test]
    fn all_unknown_keys_of_a_file_are_told() {
        let text = "apiVersion: envparity/v1\nkind: Environment\nname: dev\ndeadlin: 3s\n\
                    targets:\n  redis:\n  - nam: x\n    name: a\n    ur: b\n    url: redis://h\n\
                    \x20 reddis:\n  - name: b\nname: dev\n";
        let found = find_mistakes(first(text).unwrap(), text, first);
        let told: Vec<(usize, &str)> =
            found.iter().map(|p| (p.line, p.message.split(',').next().unwrap())).collect();
        let wanted = [
            (4, "unknown field `deadlin`"),
            (7, "unknown field `nam`"),
            (9, "unknown field `ur`"),
            (11, "unknown field `reddis`"),
            (13, "duplicate key `name`"),
        ];
        assert_eq!(told, wanted);
    }

    #[test]
    fn a_broken_file_tells_what_it_would_be() {
        let broken = Broken::from_text("kind: Environment # mine\nname: \"dev\"\ntargets: [\n");
        assert_eq!(broken.environment_name(), Some("dev"));
        assert!(!broken.may_be_any_environment() && !broken.may_be_audit());
        assert!(
            Broken::from_text("x").may_be_any_environment()
                && Broken::from_text("x").may_be_audit()
        );
    }
}
