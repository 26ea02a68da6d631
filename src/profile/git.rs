//! The repository of git around a folder, and the commit that is checked out in it, read from git's
//! own files: no program is run.
//!
//! A repository may be a stranger's: only small regular files within its git folder are read, a git
//! folder that another user has put there is passed over, as git does it, and one that is broken
//! has no commit and is not an error.

use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use crate::wire::file;

/// `HEAD`, a ref, or where another folder is.
const MAX_LINE: u64 = 4096;
/// A repository of a million refs has 60 MB.
const MAX_PACKED: u64 = 128 * 1024 * 1024;
/// Git itself follows as many.
const MAX_HOPS: usize = 5;

/// The folder in which the repository around `folder` is checked out.
pub fn repository_root(folder: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let root =
        folder.ancestors().find(|ancestor| ancestor.join(".git").symlink_metadata().is_ok())?;
    is_ours(&root.join(".git"), &folder).then(|| root.to_owned())
}

/// Whether the git folder belongs to the user who runs this, or to the owner of the folder in
/// question: anybody may put one into `/tmp`, above everything that is there.
fn is_ours(git: &Path, folder: &Path) -> bool {
    let owner = |path: &Path| path.symlink_metadata().ok().map(|metadata| metadata.uid());
    let me = rustix::process::geteuid().as_raw();
    owner(git).is_some_and(|git| git == me || Some(git) == owner(folder))
}

/// The commit that is checked out around `folder`.
pub fn checked_out_commit(folder: &Path) -> Option<String> {
    Repository::open_at(&repository_root(folder)?)?.head_commit()
}

/// Where git keeps what it knows, with symbolic links resolved.
struct Repository {
    /// Of this checkout: its `HEAD`.
    own: PathBuf,
    /// Of all checkouts: branches and tags.
    common: PathBuf,
}

impl Repository {
    fn open_at(root: &Path) -> Option<Self> {
        let git = root.join(".git");
        let kind = git.symlink_metadata().ok()?.file_type();
        if kind.is_dir() {
            return Some(Self { own: git.clone(), common: git });
        }
        // In a worktree or a submodule a file says where the folder is.
        let own = folder_at(&root.join(path_named(&git, "gitdir: ").filter(|_| kind.is_file())?))?;
        let shared = own.join("commondir");
        if !shared.exists() {
            let is_submodule = |above: &Path| own.starts_with(above.join(".git/modules"));
            let common = own.clone();
            return root.ancestors().any(is_submodule).then_some(Self { own, common });
        }
        // Anyone who has written the file `.git` need not have had a worktree: the repository knows
        // its own.
        let common = folder_at(&own.join(path_named(&shared, "")?))?;
        let back = own.join(path_named(&own.join("gitdir"), "")?).canonicalize().ok()?;
        let is_known = back == git && own.parent() == Some(&common.join("worktrees"));
        is_known.then_some(Self { own, common })
    }

    fn head_commit(&self) -> Option<String> {
        let mut text = self.read_line(&self.own, Path::new("HEAD"))?;
        for _ in 0..MAX_HOPS {
            let Some(name) = text.strip_prefix("ref:") else { return hash(&text) };
            let name = ref_name(name.trim())?.to_owned();
            let place = if is_of_one_checkout(&name) { &self.own } else { &self.common };
            // A folder has the name of a ref that is packed and gone as a file.
            text = if place.join(&name).is_file() {
                self.read_line(place, Path::new(&name))?
            } else {
                self.packed_ref(&name)?
            };
        }
        None
    }

    /// What a file of the git folder says; none if it leads out of it.
    fn read_line(&self, place: &Path, name: &Path) -> Option<String> {
        let path = self.path_inside(&place.join(name))?;
        Some(file::read_text(&path, MAX_LINE).ok()?.trim().to_owned())
    }

    fn packed_ref(&self, name: &str) -> Option<String> {
        let path = self.path_inside(&self.common.join("packed-refs"))?;
        let refs = file::read_text(&path, MAX_PACKED).ok()?;
        refs.lines().find_map(|line| line.strip_suffix(name)?.strip_suffix(' ').map(str::to_owned))
    }

    fn path_inside(&self, path: &Path) -> Option<PathBuf> {
        let path = path.canonicalize().ok()?;
        (path.starts_with(&self.own) || path.starts_with(&self.common)).then_some(path)
    }
}

/// A path that a small file names behind `prefix`; relative ones count from that file.
fn path_named(path: &Path, prefix: &str) -> Option<PathBuf> {
    let text = file::read_text(path, MAX_LINE).ok()?;
    let named = text.trim_end_matches(['\r', '\n']).strip_prefix(prefix)?;
    (!named.is_empty() && !named.contains(['\r', '\n', '\0'])).then(|| PathBuf::from(named))
}

fn folder_at(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok().filter(|path| path.is_dir())
}

/// The name of a ref, which is a path below the git folder and nothing else.
fn ref_name(name: &str) -> Option<&str> {
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    let fits = name.starts_with("refs/")
        && !name.contains("..")
        && !name.contains(|c: char| c.is_control() || c == '\\')
        && Path::new(name).components().all(plain);
    fits.then_some(name)
}

/// Refs that each worktree has for itself.
fn is_of_one_checkout(name: &str) -> bool {
    ["refs/bisect/", "refs/worktree/", "refs/rewritten/"].iter().any(|own| name.starts_with(own))
}

/// A whole SHA-1 or SHA-256.
fn hash(text: &str) -> Option<String> {
    let is_hash = matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit());
    is_hash.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::process::Command;
    use tempfile::TempDir;

    /// What git prints; nobody's settings count.
    fn git(folder: &Path, arguments: &[&str]) -> String {
        let ran = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "gc.auto=0"])
            .args(arguments)
            .current_dir(folder)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env_remove("GIT_DIR")
            .output()
            .unwrap();
        assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    }

    fn add_commit(folder: &Path) -> String {
        git(folder, &["commit", "-q", "--allow-empty", "-m", "x"]);
        git(folder, &["rev-parse", "HEAD"])
    }

    /// A folder with the repository `main` of one commit.
    fn repository() -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("main");
        fs::create_dir(&main).unwrap();
        git(&main, &["init", "-q", "-b", "team/release"]);
        add_commit(&main);
        (folder, main)
    }

    fn head(folder: &Path) -> String {
        git(folder, &["rev-parse", "HEAD"])
    }

    #[test]
    fn a_commit_is_read_as_git_reads_it() {
        let (_folder, main) = repository();
        let below = main.join("profiles/releases");
        fs::create_dir_all(&below).unwrap();
        assert_eq!(checked_out_commit(&below), Some(head(&main)));
        assert_eq!(repository_root(&below), main.canonicalize().ok());
        // Packed, then packed and newer as a file.
        git(&main, &["pack-refs", "--all"]);
        assert!(!main.join(".git/refs/heads/team/release").exists());
        assert_eq!(checked_out_commit(&main), Some(head(&main)));
        add_commit(&main);
        assert_eq!(checked_out_commit(&main), Some(head(&main)));
        // A branch whose name is that of a folder now.
        git(&main, &["pack-refs", "--all"]);
        fs::create_dir_all(main.join(".git/refs/heads/team/release")).unwrap();
        assert_eq!(checked_out_commit(&main), Some(head(&main)));
        git(&main, &["checkout", "-q", "--detach", "HEAD~1"]);
        assert_eq!(checked_out_commit(&main), Some(head(&main)));
        // A branch that is a name of another.
        git(&main, &["symbolic-ref", "refs/heads/alias", "refs/heads/team/release"]);
        git(&main, &["symbolic-ref", "HEAD", "refs/heads/alias"]);
        assert_eq!(checked_out_commit(&main), Some(head(&main)));
    }

    #[test]
    fn a_worktree_has_a_commit_of_its_own() {
        let (folder, main) = repository();
        let tree = folder.path().join("tree");
        git(&main, &["worktree", "add", "-q", "-b", "other", "../tree"]);
        let newer = add_commit(&tree);
        assert_ne!(newer, head(&main));
        assert_eq!(
            (checked_out_commit(&tree), checked_out_commit(&main)),
            (Some(newer.clone()), Some(head(&main)))
        );
        assert_eq!(repository_root(&tree), tree.canonicalize().ok());
        git(&tree, &["pack-refs", "--all"]);
        assert_eq!(checked_out_commit(&tree), Some(newer));
        git(&tree, &["checkout", "-q", "--detach", "HEAD~1"]);
        assert_eq!(checked_out_commit(&tree), Some(head(&tree)));
        git(&tree, &["update-ref", "refs/worktree/mine", "HEAD"]);
        git(&tree, &["symbolic-ref", "HEAD", "refs/worktree/mine"]);
        assert_eq!(checked_out_commit(&tree), Some(head(&tree)));
        // By a relative path, as a submodule has it.
        let git_folder = fs::read_dir(main.join(".git/worktrees")).unwrap().next().unwrap();
        let name = git_folder.unwrap().file_name().into_string().unwrap();
        fs::write(tree.join(".git"), format!("gitdir: ../main/.git/worktrees/{name}\n")).unwrap();
        assert_eq!(checked_out_commit(&tree), Some(head(&tree)));
        fs::remove_dir_all(&main).unwrap();
        assert_eq!(checked_out_commit(&tree), None);
    }

    #[test]
    fn a_repository_that_is_planted_tells_nothing() {
        use std::os::unix::fs::symlink;
        let (folder, main) = repository();
        let whole = head(&main);
        let stranger = folder.path().join("stranger");
        fs::create_dir_all(stranger.join("refs/heads")).unwrap();
        for file in ["HEAD", "token", "refs/heads/x", "packed-refs"] {
            fs::write(stranger.join(file), &whole).unwrap();
        }
        let planted = || {
            let tree = folder.path().join("tree");
            let _ = fs::remove_dir_all(&tree);
            fs::create_dir_all(tree.join("profiles")).unwrap();
            tree
        };
        // A file that leads to what no repository knows as its worktree or submodule.
        for leads in ["../stranger", "../main/.git", "../main/.git/.", "/proc/self/cwd"] {
            let tree = planted();
            fs::write(tree.join(".git"), format!("gitdir: {leads}\n")).unwrap();
            assert_eq!(checked_out_commit(&tree.join("profiles")), None, "{leads}");
        }
        let tree = planted();
        symlink("../stranger", tree.join(".git")).unwrap();
        assert_eq!(checked_out_commit(&tree), None);
        // A folder whose parts lead out of it, or are not regular files.
        for (part, leads) in [
            ("HEAD", "../../stranger/token"),
            ("HEAD", "/dev/zero"),
            ("refs", "../../stranger/refs"),
        ] {
            let tree = planted();
            fs::create_dir(tree.join(".git")).unwrap();
            fs::write(tree.join(".git/HEAD"), "ref: refs/heads/x").unwrap();
            let _ = fs::remove_file(tree.join(".git").join(part));
            symlink(leads, tree.join(".git").join(part)).unwrap();
            assert_eq!(checked_out_commit(&tree.join("profiles")), None, "{part} {leads}");
        }
        let tree = planted();
        fs::create_dir(tree.join(".git")).unwrap();
        fs::write(tree.join(".git/HEAD"), "ref: refs/heads/x").unwrap();
        fs::write(tree.join(".git/commondir"), "../../stranger").unwrap();
        assert_eq!(checked_out_commit(&tree), None);
    }

    #[test]
    fn a_repository_of_another_user_is_passed_over() {
        let (_folder, main) = repository();
        let below = main.join("profiles");
        fs::create_dir(&below).unwrap();
        assert!(checked_out_commit(&below).is_some());
        // Only root may give a folder to somebody else.
        if std::os::unix::fs::chown(main.join(".git"), Some(65_534), None).is_ok() {
            assert_eq!((checked_out_commit(&below), repository_root(&below)), (None, None));
            std::os::unix::fs::chown(&below, Some(65_534), None).unwrap();
            assert!(checked_out_commit(&below).is_some());
        }
    }

    #[test]
    fn a_broken_repository_has_no_commit() {
        let (folder, main) = repository();
        let whole = head(&main);
        fs::write(folder.path().join("secret"), &whole).unwrap();
        fs::write(main.join(".git/refs/heads/bad"), "").unwrap();
        fs::write(main.join(".git/refs/heads/loop"), "ref: refs/heads/loop").unwrap();
        let out = main.join(".git/refs/heads/out");
        std::os::unix::fs::symlink(folder.path().join("secret"), out).unwrap();
        let long = "a".repeat(10_000);
        let secret = format!("ref: {}/secret", folder.path().display());
        for text in [
            "",
            "ref: ",
            "ref: refs/heads/none",
            "ref: refs/heads/bad",
            "ref: refs/heads/loop",
            "ref: refs/heads/out",
            "ref: refs/heads",
            "ref: refs/../../../secret",
            "ref: ../../secret",
            "ref: refs/heads/a\0b",
            &secret,
            &whole[1..],
            &long,
        ] {
            fs::write(main.join(".git/HEAD"), text).unwrap();
            assert_eq!(checked_out_commit(&main), None, "{text:?}");
        }
        fs::remove_file(main.join(".git/HEAD")).unwrap();
        assert_eq!(checked_out_commit(&main), None);
        let fifo = Command::new("mkfifo").arg(main.join(".git/HEAD")).status().unwrap();
        assert!(fifo.success());
        assert_eq!(checked_out_commit(&main), None);
        fs::remove_dir_all(main.join(".git")).unwrap();
        for text in ["", "gitdir: ", "gitdir: ../none", "gitdir: /etc\n/x", "other: ../main", &long]
        {
            fs::write(main.join(".git"), text).unwrap();
            assert_eq!(checked_out_commit(&main), None, "{text:?}");
        }
    }
}
