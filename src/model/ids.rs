//! Names of the things compared, and the globs that select them.

use std::fmt;
use std::sync::{Arc, OnceLock};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Cheap to clone: a large estate names the same again and again.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl<T: Into<String>> From<T> for $name {
            fn from(text: T) -> Self {
                Self(Arc::from(text.into()))
            }
        }
    };
}

name! {
    /// `dev`, `qualif`, `ovh-production`.
    EnvironmentName
}
name! {
    /// `<collector>/<target name>`: `redis/cache`.
    TargetId
}
name! {
    /// What is compared: `redis/cache`, `image/timemachine`, `docker/engine`.
    ComponentName
}
name! {
    /// What of a target is read on its own: `info`, `containers`, `nodes`.
    PartName
}

impl TargetId {
    /// Joins a collector and a target's name.
    pub fn new(collector: &str, name: &str) -> Self {
        Self(format!("{collector}/{name}").into())
    }

    /// The part before the first `/`.
    pub fn collector(&self) -> &str {
        self.0.split_once('/').map_or(&*self.0, |(collector, _)| collector)
    }

    /// The part after the first `/`.
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, name)| name)
    }
}

/// First segments of components that are parts of a host, or what several instances make up.
const NOT_TARGETS: [&str; 5] = ["image", "chart", "docker", "kubernetes", "host"];

impl ComponentName {
    /// The part before the first `/`: `redis`, `image`.
    pub fn group(&self) -> &str {
        self.0.split_once('/').map_or(&*self.0, |(first, _)| first)
    }

    /// The part behind the last `/`: `timemachine` of `image/team/timemachine`.
    pub fn short_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Whether names that begin so are of parts of a host, or of what several instances make up.
    pub(super) fn is_part_of_host(first: &str) -> bool {
        NOT_TARGETS.contains(&first)
    }

    /// Whether it is one target of its own (`redis/cache`, `http/orders`, a declared
    /// `postgresql/orders`), and neither an image, a host fact nor a module of a server.
    pub fn is_target_level(&self) -> bool {
        !Self::is_part_of_host(self.group()) && self.0.matches('/').count() == 1
    }
}

/// A shell-style pattern over a whole name; `*` crosses `/`. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Glob(Arc<Parsed>);

#[derive(Debug)]
struct Parsed {
    glob: globset::Glob,
    /// Compiled when it is first tried: of many patterns most are put together with others, or
    /// are names.
    matcher: OnceLock<globset::GlobMatcher>,
}

/// What means something in a pattern.
pub(super) const SPECIAL: &[char] = &['*', '?', '[', ']', '{', '}', ',', '\\', '!'];

/// The longest name of an image has fewer bytes.
const MAX_PATTERN: usize = 1024;

/// Braces within braces; each level is one of the expression that it becomes.
const MAX_DEPTH: usize = 8;

/// How deep braces stand within braces.
fn depth(pattern: &str) -> usize {
    let (mut deepest, mut open) = (0_usize, 0_usize);
    for c in pattern.chars() {
        match c {
            '{' => open += 1,
            '}' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}

/// The text is not a pattern.
#[derive(Debug, thiserror::Error)]
#[error("not a pattern: {0}")]
pub struct GlobError(String);

impl Glob {
    /// Reads a pattern: `*`, `?`, `[a-z]`, `{a,b}`.
    ///
    /// # Errors
    /// Where the pattern is malformed.
    pub fn new(pattern: &str) -> Result<Self, GlobError> {
        if pattern.len() > MAX_PATTERN {
            return Err(GlobError(format!("it has more than {MAX_PATTERN} bytes")));
        }
        if depth(pattern) > MAX_DEPTH {
            return Err(GlobError(format!("it nests {{…}} more than {MAX_DEPTH} deep")));
        }
        let refused = |e: globset::Error| GlobError(e.kind().to_string());
        let glob = globset::Glob::new(pattern).map_err(refused)?;
        // A matcher of one pattern panics where its expression cannot be compiled. That of a
        // pattern without groups always can.
        if pattern.contains(['{', '[']) {
            let compiled = globset::GlobSetBuilder::new().add(glob.clone()).build();
            compiled.map_err(|_| GlobError("it is too large".to_owned()))?;
        }
        Ok(Self(Arc::new(Parsed { glob, matcher: OnceLock::new() })))
    }

    /// Whether the whole of `name` fits.
    pub fn is_match(&self, name: &str) -> bool {
        match self.literal() {
            Some(literal) => literal == name,
            None => self.0.matcher.get_or_init(|| self.0.glob.compile_matcher()).is_match(name),
        }
    }

    /// The one name that fits, if nothing in the pattern has a meaning.
    pub fn literal(&self) -> Option<&str> {
        Some(self.pattern()).filter(|pattern| !pattern.contains(SPECIAL))
    }

    /// The pattern, to be put together with others.
    pub(super) fn as_globset(&self) -> &globset::Glob {
        &self.0.glob
    }

    /// The pattern as written.
    pub fn pattern(&self) -> &str {
        self.0.glob.glob()
    }
}
