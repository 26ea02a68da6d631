//! The modules of a tree of source files: what each defines, what it brings into scope, and what
//! its code names.

use std::collections::{BTreeMap, BTreeSet};

use super::tokens;

/// All modules that are compiled outside of tests, from `lib.rs` down.
pub(crate) struct Tree {
    pub(crate) files: Vec<String>,
    modules: BTreeMap<Vec<String>, Module>,
}

/// A module, in a file of its own or inline.
#[derive(Default)]
struct Module {
    file: usize,
    items: BTreeSet<String>,
    uses: Vec<Use>,
    /// All but declarations of modules and uses.
    code: Vec<String>,
}

/// One name that a `use` brings into scope; `None` for all names.
struct Use {
    name: Option<String>,
    path: Vec<String>,
    is_public: bool,
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Module(Vec<String>),
    /// An item, by the file that defines it.
    Item(usize, String),
}

/// Names that are being looked up, so that re-exports in a circle end.
type Open = Vec<(Vec<String>, String)>;

impl Tree {
    /// Reads files, by their path below `src/`.
    pub(crate) fn read(texts: &BTreeMap<String, String>) -> Self {
        let mut tree = Self { files: Vec::new(), modules: BTreeMap::new() };
        tree.add_file(texts, Vec::new());
        tree
    }

    fn add_file(&mut self, texts: &BTreeMap<String, String>, path: Vec<String>) {
        let joined = path.join("/");
        let names = if path.is_empty() {
            vec!["lib.rs".to_owned()]
        } else {
            vec![format!("{joined}.rs"), format!("{joined}/mod.rs")]
        };
        let name = names.into_iter().find(|name| texts.contains_key(name));
        let name = name.unwrap_or_else(|| panic!("no file for the module {joined}"));
        let tokens = tokens::read(&texts[&name]);
        self.files.push(name);
        let file = self.files.len() - 1;
        for child in self.add_module(file, path, &tokens) {
            self.add_file(texts, child);
        }
    }

    /// Returns the modules that have files of their own.
    fn add_module(&mut self, file: usize, path: Vec<String>, code: &[String]) -> Vec<Vec<String>> {
        let mut module = Module { file, ..Module::default() };
        let mut children = Vec::new();
        let (mut at, mut depth) = (0, 0_usize);
        while at < code.len() {
            let next = |ahead: usize| code.get(at + ahead).map_or("", String::as_str);
            let child = || path.iter().cloned().chain([next(1).to_owned()]).collect::<Vec<_>>();
            match (code[at].as_str(), next(2)) {
                ("pub", _) if next(1) == "(" => at += 1 + tokens::group(&code[at + 1..]),
                ("mod", ";") => {
                    children.push(child());
                    at += 3;
                }
                ("mod", "{") => {
                    let end = at + 2 + tokens::group(&code[at + 2..]);
                    children.extend(self.add_module(file, child(), &code[at + 3..end - 1]));
                    at = end;
                }
                ("use", _) if next(1) != "<" => {
                    let length = code[at..].iter().take_while(|token| *token != ";").count();
                    let is_public = is_public(&code[..at]);
                    let tree = &code[at + 1..at + length];
                    expand(&[], tree, &mut |name, path| {
                        module.uses.push(Use { name, path, is_public });
                    });
                    at += length + 1;
                }
                (token, _) => {
                    match token {
                        "{" | "(" | "[" => depth += 1,
                        "}" | ")" | "]" => depth = depth.saturating_sub(1),
                        _ if depth == 0 => module.items.extend(defined(&code[at..])),
                        _ => {}
                    }
                    module.code.push(token.to_owned());
                    at += 1;
                }
            }
        }
        self.modules.insert(path, module);
        children
    }

    /// For each pair of files, the names of the second that the first names.
    pub(crate) fn imports(&self) -> BTreeMap<(usize, usize), BTreeSet<String>> {
        let mut found = BTreeMap::<_, BTreeSet<String>>::new();
        for (path, module) in &self.modules {
            for target in self.named(path, module) {
                if let Target::Item(file, name) = target
                    && file != module.file
                {
                    found.entry((module.file, file)).or_default().insert(name);
                }
            }
        }
        found
    }

    /// For each file, the paths that its code names, from the crate's root on.
    pub(crate) fn paths(&self) -> BTreeMap<&str, BTreeSet<Vec<String>>> {
        let mut found = BTreeMap::<_, BTreeSet<_>>::new();
        for (path, module) in &self.modules {
            let named = module.uses.iter().map(|used| used.path.clone());
            let absolute = named.chain(paths(&module.code)).filter_map(|named| {
                let (base, rest) = rooted(path, &named)?;
                Some(base.iter().chain(rest).cloned().collect())
            });
            found.entry(self.files[module.file].as_str()).or_default().extend(absolute);
        }
        found
    }

    fn named(&self, path: &[String], module: &Module) -> BTreeSet<Target> {
        let mut found = BTreeSet::new();
        // What is passed on is named only where the code names it.
        for used in module.uses.iter().filter(|used| !used.is_public) {
            found.extend(self.resolve(path, &used.path, &mut Open::new()));
        }
        for named in paths(&module.code) {
            let is_own = named.len() == 1 && module.items.contains(&named[0]);
            if !is_own {
                found.extend(self.resolve(path, &named, &mut Open::new()));
            }
        }
        found
    }

    /// Follows a path from a module, through what other modules pass on.
    fn resolve(&self, from: &[String], path: &[String], open: &mut Open) -> Vec<Target> {
        let (mut targets, rest) = match (rooted(from, path), path) {
            (Some((module, rest)), _) => (vec![Target::Module(module)], rest),
            (None, [name, rest @ ..]) => (self.look_up(from, name, open), rest),
            (None, []) => return Vec::new(),
        };
        for segment in rest {
            let inner: Vec<Target> = targets
                .iter()
                .filter_map(|target| match target {
                    Target::Module(module) => Some(self.look_up(module, segment, open)),
                    Target::Item(..) => None,
                })
                .flatten()
                .collect();
            // What is behind an item is associated with it.
            targets.retain(|target| matches!(target, Target::Item(..)));
            if !inner.is_empty() {
                targets = inner;
            }
        }
        targets
    }

    fn look_up(&self, path: &[String], name: &str, open: &mut Open) -> Vec<Target> {
        let key = (path.to_vec(), name.to_owned());
        let Some(module) = self.modules.get(path).filter(|_| !open.contains(&key)) else {
            return Vec::new();
        };
        open.push(key);
        let mut found = Vec::new();
        let child: Vec<String> = path.iter().cloned().chain([name.to_owned()]).collect();
        if self.modules.contains_key(&child) {
            found.push(Target::Module(child));
        }
        if module.items.contains(name) {
            found.push(Target::Item(module.file, name.to_owned()));
        }
        for used in module.uses.iter().filter(|used| used.name.as_deref() == Some(name)) {
            // `use redis::Client` in a module `redis` means the crate of that name.
            if used.path.len() > 1 || used.path.first().is_some_and(|first| first != name) {
                found.extend(self.resolve(path, &used.path, open));
            }
        }
        if found.is_empty() {
            for used in module.uses.iter().filter(|used| used.name.is_none()) {
                for target in self.resolve(path, &used.path, open) {
                    if let Target::Module(inner) = target {
                        found.extend(self.look_up(&inner, name, open));
                    }
                }
            }
        }
        open.pop();
        found
    }
}

/// The module that `crate`, `self` or `super` means at the start of a path, and what is behind.
fn rooted<'a>(from: &[String], path: &'a [String]) -> Option<(Vec<String>, &'a [String])> {
    let supers = path.iter().take_while(|segment| *segment == "super").count();
    match path.first()?.as_str() {
        "crate" => Some((Vec::new(), &path[1..])),
        "self" => Some((from.to_vec(), &path[1..])),
        "super" => Some((from[..from.len().saturating_sub(supers)].to_vec(), &path[supers..])),
        _ => None,
    }
}

/// Whether `pub`, perhaps with a scope, is what the tokens end with.
fn is_public(before: &[String]) -> bool {
    match before.last().map(String::as_str) {
        Some("pub") => true,
        Some(")") => {
            let open = before.iter().rposition(|token| token == "(");
            open.and_then(|open| before[..open].last()).is_some_and(|token| token == "pub")
        }
        _ => false,
    }
}

/// What a `use` names, one by one.
fn expand(before: &[String], tree: &[String], add: &mut impl FnMut(Option<String>, Vec<String>)) {
    let mut path = before.to_vec();
    let mut at = 0;
    while at < tree.len() {
        match tree[at].as_str() {
            "::" => {}
            "*" => return add(None, path),
            "as" => return add(tree.get(at + 1).cloned(), path),
            "self" if !path.is_empty() => {}
            "{" => {
                let inner = &tree[at + 1..at + tokens::group(&tree[at..]) - 1];
                return branches(inner).for_each(|branch| expand(&path, branch, add));
            }
            name => path.push(name.to_owned()),
        }
        at += 1;
    }
    if !tree.is_empty() {
        add(path.last().cloned(), path);
    }
}

/// The parts between the commas of a group.
fn branches(tokens: &[String]) -> impl Iterator<Item = &[String]> {
    let mut depth = 0_usize;
    tokens.split(move |token| {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        token == "," && depth == 0
    })
}

/// The name of the item that begins here; the names that a macro of the file defines.
fn defined(code: &[String]) -> Vec<String> {
    let token = |at: usize| code.get(at).map_or("", String::as_str);
    let group = |at: usize| &code[at.min(code.len())..at + tokens::group(&code[at..])];
    if token(0) == "macro_rules" {
        let body = group(3);
        let inner = (0..body.len()).filter_map(|at| named_item(&body[at..]));
        return inner.chain([token(2).to_owned()]).collect();
    }
    if token(1) == "!" && matches!(token(2), "{" | "(") {
        let is_type = |word: &&String| word.starts_with(char::is_uppercase);
        return group(2).iter().filter(is_type).cloned().collect();
    }
    named_item(code).into_iter().collect()
}

fn named_item(code: &[String]) -> Option<String> {
    const KINDS: &[&str] = &["fn", "struct", "enum", "union", "trait", "type", "const", "static"];
    const NAMELESS: &[&str] = &["fn", "unsafe", "async", "extern", "_"];
    KINDS.contains(&code[0].as_str()).then_some(())?;
    let name = code[1..].iter().find(|token| *token != "mut")?;
    let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    (is_name && !NAMELESS.contains(&name.as_str())).then(|| name.clone())
}

/// The paths in code; those of one name only where that can be an item.
fn paths(code: &[String]) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    let is_word = |token: &str| token.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let mut at = 0;
    while at < code.len() {
        found.extend(path_in_text(&code[at]));
        let start = at;
        at += 1;
        if !is_word(&code[start]) || code[start].contains('"') {
            continue;
        }
        let mut path = vec![code[start].clone()];
        while at + 1 < code.len() && code[at] == "::" && is_word(&code[at + 1]) {
            path.push(code[at + 1].clone());
            at += 2;
        }
        let before = |back: usize| start.checked_sub(back).map_or("", |i| code[i].as_str());
        let after = code.get(at).map_or("", String::as_str);
        let is_item = path.len() > 1 || is_item(&path[0], [before(2), before(1)], after, code);
        if before(1) != "::" && is_item {
            found.insert(path);
        }
    }
    found
}

/// `#[serde(with = "crate::wire::secret")]` names code in a text.
fn path_in_text(token: &str) -> Option<Vec<String>> {
    let text = token.strip_prefix('"')?.strip_suffix('"')?;
    let path: Vec<String> = text.split("::").map(str::to_owned).collect();
    let is_path = matches!(path[0].as_str(), "crate" | "super" | "self")
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_:".contains(&b));
    (is_path && path.len() > 1).then_some(path)
}

/// Whether a single name is that of an item: no field, no method, no variable, no definition.
fn is_item(name: &str, before: [&str; 2], after: &str, code: &[String]) -> bool {
    if matches!(before[1], "." | "fn") || after == ":" {
        return false;
    }
    if name.starts_with(char::is_uppercase) {
        return true;
    }
    let is_call = matches!(after, "(" | "!");
    // `.map(name)`
    let is_passed = matches!(before[1], "(" | ",")
        && after == ")"
        && before[0].starts_with(|c: char| c.is_lowercase());
    // Variables and parameters hide functions of their name; fields hide no calls.
    let is_hidden = || {
        code.windows(3).any(|w| {
            let is_bound = matches!(w[0].as_str(), "let" | "mut" | "ref" | "for") && w[1] == name;
            is_bound || (w[0] == name && w[1] == ":" && (!is_call || w[2] == "impl"))
        })
    };
    (is_call || is_passed) && !is_hidden()
}
