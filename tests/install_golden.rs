//! Golden trees: folders of network configuration as other projects leave them, what install makes
//! of them, and what uninstall leaves. `NFTDIVERT_BLESS=1` writes the wanted ones again.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

#[path = "support/node.rs"]
mod node;

use std::fs;
use std::path::{Path, PathBuf};

use nftdivert::install::{
    BinaryFate, Broken, Decision, Entry, InstallError, Installer, Meshes, Node, OurBinary, Wanted,
    Way, Work,
};
use nftdivert::policy::CapturePolicy;
use node::{Tree, copy, read, stand_for, starts_pods, write_conf};

const BINARY: &[u8] = b"the plugin";
const UNINSTALL: Work = Work::Uninstall(BinaryFate::Remove);

/// A folder below tests/install.
struct Case {
    path: PathBuf,
    name: String,
    plugins: String,
    work: Work,
}

/// A copy of its tree, which is worked on.
struct Bed {
    folder: tempfile::TempDir,
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/install");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() > 35, "only {}", paths.len());
    paths.into_iter().map(Case::read).collect()
}

impl Case {
    fn read(path: PathBuf) -> Case {
        let text = |name: &str| fs::read_to_string(path.join(name)).unwrap();
        let mut wanted =
            Wanted { way: Way::Chained, entry: Entry::new(None), meshes: Meshes::Refuse };
        let mut broken = Broken::Tell;
        for flag in text("flags").lines() {
            match flag.split_once(' ').unwrap_or((flag, "")) {
                ("standalone", "") => wanted.way = Way::Standalone,
                ("take-over", "") => wanted.meshes = Meshes::TakeOver,
                ("repair", "") => broken = Broken::Mend,
                ("policy", yaml) => {
                    let policy =
                        CapturePolicy::from_yaml(&format!("apiVersion: nftdivert/v1\n{yaml}"));
                    wanted.entry = Entry::new(Some(&policy.unwrap()));
                }
                other => panic!("{other:?}"),
            }
        }
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        Case { plugins: text("plugins"), work: Work::Install(wanted, broken), path, name }
    }

    fn bed(&self) -> Bed {
        let bed = Bed { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(bed.bin()).unwrap();
        copy(&self.path.join("before"), &bed.conf());
        if self.path.join("mounted").exists() {
            copy(&self.path.join("mounted"), &bed.mounted());
        }
        self.plugins.lines().for_each(|line| stand_for(&bed.bin(), line));
        bed
    }

    fn before(&self) -> Tree {
        read(&self.path.join("before"))
    }

    /// Compares with the tree of this name, or writes it.
    fn is_as_wanted(&self, name: &str, found: &Path) {
        let wanted = self.path.join(name);
        if std::env::var_os("NFTDIVERT_BLESS").is_some() {
            let _ = fs::remove_dir_all(&wanted);
            copy(found, &wanted);
        }
        assert_eq!(read(&wanted), read(found), "{}: {name}", self.name);
    }

    fn said_as_wanted(&self, said: &str) {
        let path = self.path.join("said");
        if std::env::var_os("NFTDIVERT_BLESS").is_some() {
            fs::write(&path, said).unwrap();
        }
        assert_eq!(fs::read_to_string(path).unwrap(), said, "{}", self.name);
    }
}

impl Bed {
    fn conf(&self) -> PathBuf {
        self.folder.path().join("etc/cni/net.d")
    }

    fn bin(&self) -> PathBuf {
        self.folder.path().join("opt/cni/bin")
    }

    /// What links in the folder lead to.
    fn mounted(&self) -> PathBuf {
        self.folder.path().join("etc/cni/mounted")
    }

    fn installer(&self) -> Installer<'static> {
        let [conf, bin] = ["/etc/cni/net.d", "/opt/cni/bin"].map(Path::new);
        let places = nftdivert::install::Places::below(self.folder.path(), conf, bin);
        Installer { places, binary: BINARY.to_vec(), tell: &|_| {} }
    }

    fn does(&self, work: &Work) -> Result<Decision, InstallError> {
        self.installer().run(work)
    }

    fn has_binary(&self) -> bool {
        self.bin().join("nftdivert").exists()
    }

    #[track_caller]
    fn uninstalls(&self) -> Decision {
        self.does(&UNINSTALL).unwrap()
    }

    /// The node with some of the steps taken.
    fn set(&self, node: &Node, steps: &[nftdivert::install::Step]) {
        let after = node.after(steps);
        write_conf(&self.conf(), &node.conf, &after.conf);
        match after.bin.ours {
            OurBinary::Current => stand_for(&self.bin(), "nftdivert 1.0.0"),
            OurBinary::Absent => drop(fs::remove_file(self.bin().join("nftdivert"))),
            OurBinary::Other => {}
        }
    }
}

fn said(result: &Result<Decision, InstallError>, bed: &Bed) -> String {
    let text = match result {
        Ok(decision) => {
            let notes = decision.plan.notes.iter().map(|note| format!("note: {note}"));
            decision.plan.told.iter().cloned().chain(notes).collect::<Vec<_>>().join("\n")
        }
        Err(error) => error.to_string(),
    };
    format!("{}\n", text.replace(bed.folder.path().to_str().unwrap(), ""))
}

#[test]
fn install_and_uninstall() {
    for case in cases() {
        let bed = case.bed();
        let result = bed.does(&case.work);
        case.said_as_wanted(&said(&result, &bed));
        case.is_as_wanted("after-install", &bed.conf());
        let installed = read(&bed.conf());
        match &result {
            Ok(_) => {
                let again = bed.does(&case.work).unwrap();
                assert_eq!(again.plan.steps, [], "{}: a second install", case.name);
                assert!(bed.has_binary(), "{}", case.name);
            }
            Err(InstallError::Refused { .. }) => {
                assert_eq!(installed, case.before(), "{}: refused", case.name);
                assert!(!bed.has_binary(), "{}", case.name);
            }
            Err(error) => assert!(matches!(error, InstallError::MendedOnly { .. }), "{error}"),
        }
        if case.path.join("owner").exists() {
            copy(&case.path.join("owner"), &bed.conf());
        }
        bed.uninstalls();
        if case.path.join("after-uninstall").exists() {
            case.is_as_wanted("after-uninstall", &bed.conf());
        } else {
            assert_eq!(read(&bed.conf()), case.before(), "{}: uninstalled", case.name);
        }
        assert!(!bed.has_binary(), "{}", case.name);
        assert_eq!(bed.uninstalls().plan.steps, [], "{}: a second uninstall", case.name);
        if case.path.join("mounted").exists() {
            assert_eq!(read(&bed.mounted()), read(&case.path.join("mounted")), "{}", case.name);
        }
    }
}

#[test]
fn only_some_trees_end_otherwise_than_they_began() {
    let others: Vec<String> = cases()
        .into_iter()
        .filter(|case| case.path.join("after-uninstall").exists())
        .map(|case| case.name)
        .collect();
    let (owners, mended): (Vec<&str>, Vec<&str>) =
        others.iter().map(String::as_str).partition(|name| name.starts_with("owner_"));
    assert_eq!(owners.len(), 5);
    assert_eq!(mended, ["forced_version_repair", "forced_version_repair_standalone"]);
}

/// Install after its owner has changed something comes to what a fresh install comes to.
#[test]
fn install_follows_the_owner() {
    for case in cases().into_iter().filter(|case| case.path.join("owner").exists()) {
        let bed = case.bed();
        bed.does(&case.work).unwrap();
        copy(&case.path.join("owner"), &bed.conf());
        bed.does(&case.work).unwrap();
        case.is_as_wanted("after-owner", &bed.conf());
        assert_eq!(bed.does(&case.work).unwrap().plan.steps, [], "{}", case.name);
    }
}

/// Runs that end after any number of steps: the node starts pods as well as it did, and the next
/// install and the next uninstall come to the end.
#[test]
fn an_end_at_any_step() {
    // Flushing waits for the disk, each case by itself.
    let ends: usize = std::thread::scope(|scope| {
        let run = |case| scope.spawn(move || ends_of(&case));
        let threads: Vec<_> = cases().into_iter().map(run).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!(ends > 200, "only {ends}");
}

/// How many ends of this case were tried.
fn ends_of(case: &Case) -> usize {
    let finished = case.bed();
    if finished.does(&case.work).is_err() {
        return 0;
    }
    let mut ends = 0;
    for work in [&case.work, &UNINSTALL] {
        let prepared = || {
            let bed = case.bed();
            if *work == UNINSTALL {
                bed.does(&case.work).unwrap();
            }
            bed
        };
        let (node, decision) = prepared().installer().plan(work).unwrap();
        for count in 0..=decision.plan.steps.len() {
            for next in [&case.work, &UNINSTALL] {
                let at =
                    format!("{}: {count} of {:?}, then {next:?}", case.name, decision.plan.told);
                let bed = prepared();
                bed.set(&node, &decision.plan.steps[..count]);
                end_at(case, &bed, next, &finished, &at);
                ends += 1;
            }
        }
    }
    ends
}

/// A node on which a run ended: it starts pods, and the next run comes to its end.
fn end_at(case: &Case, bed: &Bed, next: &Work, finished: &Bed, at: &str) {
    // What a kill in the middle of a step leaves.
    let temporary = [bed.conf(), bed.bin()].map(|folder| folder.join(".nftdivert-tmp.1.0"));
    temporary.iter().for_each(|path| fs::write(path, "{").unwrap());
    let begun = case.bed();
    let started = starts_pods(&begun.conf(), &begun.bin());
    let starts = starts_pods(&bed.conf(), &bed.bin());
    assert_eq!(starts.is_ok(), started.is_ok(), "{at}: {starts:?}");
    bed.does(next).unwrap();
    assert_eq!(bed.has_binary(), *next != UNINSTALL, "{at}");
    assert!(temporary.iter().all(|path| !path.exists()), "{at}");
    if *next == UNINSTALL && case.path.join("after-uninstall").exists() {
        return;
    }
    let wanted = if *next == UNINSTALL { case.before() } else { read(&finished.conf()) };
    let mut found = read(&bed.conf());
    // A broken file that was mended is kept for the admin until an uninstall.
    let is_broken = |name: &String| name.ends_with(".broken");
    found.extend(wanted.clone().into_iter().filter(|(name, _)| is_broken(name)));
    assert_eq!(found, wanted, "{at}");
}

/// A file that is empty while its owner writes it lends its place to the next one, and no longer.
#[test]
fn our_entry_leaves_files_that_are_not_used_any_more() {
    let case = cases().into_iter().find(|case| case.name == "several_files").unwrap();
    let names = ["10-calico.conflist", "20-flannel.conflist"];
    let told = [
        ("our entry comes to the end of 20-flannel.conflist", "is as it was before"),
        ("30-bridge.conf becomes 30-bridge.conflist, a list of its plugin and ours", "again, as"),
    ];
    for (count, (lent, back)) in told.into_iter().enumerate() {
        let bed = case.bed();
        bed.does(&case.work).unwrap();
        let installed = read(&bed.conf());
        let away = &names[..=count];
        away.iter().for_each(|name| fs::write(bed.conf().join(name), "").unwrap());
        assert_eq!(bed.does(&case.work).unwrap().plan.told, [lent]);
        for name in away {
            fs::copy(case.path.join("before").join(name), bed.conf().join(name)).unwrap();
        }
        let decision = bed.does(&case.work).unwrap();
        assert!(decision.plan.told.iter().any(|told| told.contains(back)), "{decision:?}");
        assert_eq!(read(&bed.conf()), installed);
        bed.uninstalls();
        assert_eq!(read(&bed.conf()), case.before());
    }
}
