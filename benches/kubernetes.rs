//! What reading a large cluster costs, beside `curl` fetching the same bytes and `kubectl` listing
//! the pods.
//!
//! `cargo bench --bench kubernetes`. A server of the tests answers on loopback, with 20,000 pods on
//! 200 nodes in 4,500 workloads, in protobuf where a client asks for it as envparity does; it is
//! measured with JSON alone, too. The runs of all take turns, so that a noisy machine is noisy for
//! all of them. The server answers as fast as it can, and then as slowly as a real API server did
//! (v1.36: 37 ms for each page of JSON, half of that for protobuf: `BENCH_PACE_MS`). Then audits of
//! two clusters that differ only in their pods, for the memory. These variables make it another
//! size: `BENCH_PODS`, `BENCH_FEW_PODS`, `BENCH_MANY_PODS`, `BENCH_ROUNDS`. A pod has 4.5 KB of
//! JSON, as a real server sends it to every client but `curl`; with `BENCH_INDENTED=1` it has 8.4,
//! as it was recorded by `curl`. `BENCH_WITHOUT_ENVPARITY=1` measures the others only.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use support::kubernetes::{ApiServer, Cluster, Protobuf, Request};
use tempfile::TempDir;

fn main() {
    // only `cargo bench` says so: `cargo test --benches` has nothing to measure
    if !std::env::args().any(|argument| argument == "--bench") {
        return println!("nothing measured: cargo bench --bench kubernetes");
    }
    let rounds = number("BENCH_ROUNDS", 5);
    let bench = Bench::new(number("BENCH_PODS", 20_000));
    println!("{}", bench.described());
    for gzip in [true, false] {
        bench.server.set_gzip(gzip);
        println!("\ngzip {}", if gzip { "offered by the server" } else { "switched off" });
        bench.compare(rounds);
    }
    let pace = Duration::from_millis(number("BENCH_PACE_MS", 37) as u64);
    println!(
        "\ngzip offered, and {pace:?} for each answer, half of it in protobuf: as long as a real API \
         server took"
    );
    bench.server.set_gzip(true);
    bench.server.set_pace(pace, pace / 2);
    bench.compare(rounds);
    drop(bench);
    if without_envparity() {
        return;
    }
    println!("\nmemory by number of pods, the workloads being the same");
    for pods in [number("BENCH_FEW_PODS", 20_000), number("BENCH_MANY_PODS", 50_000)] {
        let bench = Bench::new(pods);
        for protobuf in [Protobuf::Spoken, Protobuf::Ignored] {
            bench.server.set_protobuf(protobuf);
            let form = if protobuf == Protobuf::Spoken { "protobuf" } else { "JSON" };
            let (used, _) = bench.envparity();
            println!("{}", row(&format!("collect, {pods} pods"), &used, form));
            println!("{}", row(&format!("audit, {pods} pods"), &bench.audit(), form));
        }
    }
}

fn number(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable)
        .ok()
        .map_or(otherwise, |text| text.parse().expect("a number in the variable"))
}

fn is_set(variable: &str) -> bool {
    std::env::var(variable).is_ok_and(|text| text == "1")
}

fn without_envparity() -> bool {
    is_set("BENCH_WITHOUT_ENVPARITY")
}

/// A cluster, and a folder with all that the clients need to read it.
struct Bench {
    server: ApiServer,
    folder: TempDir,
    kubeconfig: PathBuf,
}

const LISTS: [&str; 6] = ["nodes", "pods", "deployments", "statefulsets", "daemonsets", "cronjobs"];

impl Bench {
    fn new(pods: usize) -> Self {
        let cluster = Cluster::large(pods);
        let server =
            ApiServer::start(if is_set("BENCH_INDENTED") { cluster } else { cluster.compact() });
        let folder = tempfile::tempdir().expect("a temporary directory");
        let kubeconfig = server.kubeconfig().write(folder.path());
        let audit = json!({
            "apiVersion": "envparity/v1", "kind": "Audit", "baseline": "prod",
            "environments": ["prod", "recorded"],
        });
        let environment = |name: &str, targets: serde_json::Value| json!({"apiVersion": "envparity/v1", "kind": "Environment", "name": name, "targets": targets});
        let live = json!({"kubernetes": [{"name": "mks", "kubeconfig": kubeconfig}]});
        let prod = environment("prod", live);
        // What `collect` wrote of the same cluster.
        let evidence = json!({"recorded": [{"name": "mks", "path": "evidence.json"}]});
        let recorded = environment("recorded", evidence);
        let profiles = [("audit.yaml", audit), ("prod.yaml", prod), ("recorded.yaml", recorded)];
        for (name, profile) in profiles {
            fs::write(folder.path().join(name), profile.to_string())
                .expect("write into a folder of ours");
        }
        Self { server, folder, kubeconfig }
    }

    fn described(&self) -> String {
        let counts: Vec<String> =
            LISTS.iter().map(|list| format!("{} {list}", self.server.count(list))).collect();
        counts.join(", ")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs all of them in turn and prints every run, the medians, and these beside curl's.
    fn compare(&self, rounds: usize) {
        println!("{}", heading());
        let mut runs: [(&str, Vec<Used>); 4] =
            ["envparity", "envparity, JSON", "curl, JSON", "kubectl"]
                .map(|name| (name, Vec::new()));
        // The server compresses each answer once: anyone who came first would wait for it, so nobody's
        // first is measured.
        let mut asked = self.usual();
        if !without_envparity() {
            asked = self.in_json().1;
            self.envparity();
        }
        self.curl(&asked);
        for round in 1..=rounds {
            let mut took = |kind: usize, used: Used, told: &str| {
                println!("{}", row(&format!("{} {round}", runs[kind].0), &used, told));
                runs[kind].1.push(used);
            };
            if !without_envparity() {
                let (used, requests) = self.envparity();
                took(0, used, &format!("{} requests", requests.len()));
                let (used, requests) = self.in_json();
                took(1, used, &format!("{} requests", requests.len()));
                asked = requests;
            }
            let (used, bytes) = self.curl(&asked);
            took(2, used, &format!("{} requests, {bytes} bytes", asked.len()));
            if let Some(used) = self.kubectl() {
                took(3, used, "pods only");
            }
        }
        if runs[3].1.is_empty() {
            println!("kubectl was not there");
        }
        let curl = [Used::best(&runs[2].1), Used::median(&runs[2].1)];
        for (name, used) in runs.iter().filter(|(_, used)| !used.is_empty()) {
            for (what, of, curl) in
                [("best", Used::best(used), &curl[0]), ("median", Used::median(used), &curl[1])]
            {
                println!("{}", row(&format!("{name}, {what}"), &of, &of.beside(curl)));
            }
        }
    }

    /// The same from a server that speaks no protobuf.
    fn in_json(&self) -> (Used, Vec<Request>) {
        self.server.set_protobuf(Protobuf::Ignored);
        let ran = self.envparity();
        self.server.set_protobuf(Protobuf::Spoken);
        ran
    }

    /// Audits the cluster beside what was collected of it.
    fn audit(&self) -> Used {
        let mut command = Command::new(env!("CARGO_BIN_EXE_envparity"));
        command.args(["audit", "--no-color", "--profiles"]).arg(self.folder.path());
        let ran = self.run(&mut command);
        assert_eq!(ran.code, Some(0), "envparity: {ran}");
        ran.used
    }

    /// What a client would ask.
    fn usual(&self) -> Vec<Request> {
        let lists = LISTS.iter().flat_map(|list| self.server.pages(list, 500));
        let paths = ["/version", "/api/v1/namespaces/kube-system"]
            .map(str::to_owned)
            .into_iter()
            .chain(lists);
        let request = |path: String| Request {
            method: "GET".to_owned(),
            path,
            version: "HTTP/1.1".to_owned(),
            accept: Some("application/json".to_owned()),
            accept_encoding: Some("gzip".to_owned()),
            user_agent: None,
        };
        paths.map(request).collect()
    }

    /// Collects evidence; also says what was asked for it.
    fn envparity(&self) -> (Used, Vec<Request>) {
        self.server.forget_requests();
        let evidence = self.path("evidence.json");
        drop(fs::remove_file(&evidence));
        let mut command = Command::new(env!("CARGO_BIN_EXE_envparity"));
        command
            .args(["collect", "prod", "--to"])
            .arg(&evidence)
            .arg("--profiles")
            .arg(self.folder.path());
        let ran = self.run(&mut command);
        let asked = self.server.requests();
        let pods = asked.iter().filter(|request| request.path.starts_with("/api/v1/pods")).count();
        assert!(pods > 0, "envparity asked for no pods, but {} other requests: {ran}", asked.len());
        assert_eq!(ran.code, Some(0), "envparity: {ran}");
        // it ends well with half of a cluster too, and says so
        assert!(!ran.stderr.contains("not read"), "envparity did not read everything: {ran}");
        let written = fs::metadata(&evidence).map_or(0, |evidence| evidence.len());
        assert!(written > 0, "envparity wrote no evidence: {ran}");
        (ran.used, asked)
    }

    /// One curl that asks the same, one after another on one connection. Also says how much it was
    /// sent.
    fn curl(&self, asked: &[Request]) -> (Used, u64) {
        let any = |wanted: fn(&Request) -> bool| asked.iter().any(wanted);
        let mut config = String::from("silent\nshow-error\nfail\n");
        let (token, ca) = (self.server.token(), self.server.certs().ca.display());
        write!(config, "cacert = \"{ca}\"\nheader = \"Authorization: Bearer {token}\"\n")
            .expect("write to memory");
        config +=
            if any(|request| request.version == "HTTP/2.0") { "http2\n" } else { "http1.1\n" };
        if any(|request| {
            request.accept_encoding.as_deref().is_some_and(|offered| offered.contains("gzip"))
        }) {
            config += "header = \"Accept: application/json\"\ncompressed\n";
        }
        config += "write-out = \"%{size_download} %{num_connects}\\n\"\n";
        for Request { path, .. } in asked {
            let url = self.server.url();
            write!(config, "url = \"{url}{path}\"\noutput = \"/dev/null\"\n")
                .expect("write to memory");
        }
        let path = self.path("curl.conf");
        fs::write(&path, config).expect("write into a folder of ours");
        let ran = self.run(Command::new("curl").arg("--config").arg(&path));
        assert_eq!(ran.code, Some(0), "curl: {ran}");
        let sums = ran.stdout.lines().filter_map(|line| {
            let (bytes, connections) = line.split_once(' ')?;
            Some((bytes.parse::<u64>().ok()?, connections.parse::<u64>().ok()?))
        });
        let (bytes, connections) = sums.fold((0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1));
        assert_eq!((ran.stdout.lines().count(), connections), (asked.len(), 1), "curl: {ran}");
        (ran.used, bytes)
    }

    /// `None` if there is none.
    fn kubectl(&self) -> Option<Used> {
        Command::new("kubectl").args(["version", "--client"]).output().ok()?;
        let mut command = Command::new("kubectl");
        command
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .arg("--cache-dir")
            .arg(self.path("kubectl-cache"));
        let ran =
            self.run_to(command.args(["get", "pods", "-A", "-o", "json"]), Path::new("/dev/null"));
        assert_eq!(ran.code, Some(0), "kubectl: {ran}");
        Some(ran.used)
    }

    fn run(&self, command: &mut Command) -> Ran {
        self.run_to(command, &self.path("stdout"))
    }

    /// Runs it to its end with its output in files, so that no pipe fills.
    fn run_to(&self, command: &mut Command, stdout: &Path) -> Ran {
        let stderr = self.path("stderr");
        let file = |path: &Path| Stdio::from(File::create(path).expect("a file of ours"));
        command.stdin(Stdio::null()).stdout(file(stdout)).stderr(file(&stderr));
        let start = Instant::now();
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", command.get_program().display()));
        let mut used = Used::default();
        // what has ended stays readable until it is waited for
        while used.look(child.id()) {
            thread::sleep(Duration::from_millis(2));
        }
        used.wall = start.elapsed().as_secs_f64();
        let code = child.wait().expect("a child of ours").code();
        let text = |path: &Path| fs::read_to_string(path).unwrap_or_default();
        Ran { used, code, stdout: text(stdout), stderr: text(&stderr) }
    }
}

/// How a program ended.
struct Ran {
    used: Used,
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit {:?}\n{}\n{}", self.code, self.stdout, self.stderr)
    }
}

/// What a program used: seconds, seconds of processors, MiB.
#[derive(Clone, Copy, Default)]
struct Used {
    wall: f64,
    cpu: f64,
    memory: f64,
}

impl Used {
    /// Reads what the process has used so far; `false` if it has ended.
    fn look(&mut self, process: u32) -> bool {
        let of =
            |file: &str| fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default();
        // the name, in parentheses, may hold blanks
        let stat = of("stat");
        let fields: Vec<&str> =
            stat.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ').collect();
        // its own and its children's, user and system; Linux counts hundredths for everybody
        let ticks: f64 =
            fields.iter().skip(11).take(4).filter_map(|field| field.parse::<f64>().ok()).sum();
        self.cpu = ticks / 100.0;
        let status = of("status");
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        self.memory = peak.map_or(self.memory, |kib: f64| self.memory.max(kib / 1024.0));
        fields.first().is_some_and(|state| !["Z", "X", ""].contains(state))
    }

    /// The least of each.
    fn best(runs: &[Self]) -> Self {
        Self::at(runs, 0)
    }

    fn median(runs: &[Self]) -> Self {
        Self::at(runs, runs.len() / 2)
    }

    /// Of each figure the one at that place, from the least.
    fn at(runs: &[Self], place: usize) -> Self {
        let figure = |of: fn(&Self) -> f64| {
            let mut values: Vec<f64> = runs.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values[place]
        };
        Self {
            wall: figure(|used| used.wall),
            cpu: figure(|used| used.cpu),
            memory: figure(|used| used.memory),
        }
    }

    /// How many times the other's.
    fn beside(&self, other: &Self) -> String {
        let Self { wall, cpu, memory } = other;
        format!(
            "×{:.2} wall, ×{:.2} CPU, ×{:.2} memory of curl",
            self.wall / wall,
            self.cpu / cpu,
            self.memory / memory
        )
    }
}

fn heading() -> String {
    format!("{:<22}{:>9}{:>9}{:>14}", "", "wall s", "CPU s", "peak RSS MiB")
}

fn row(name: &str, Used { wall, cpu, memory }: &Used, told: &str) -> String {
    format!("{name:<22}{wall:>9.3}{cpu:>9.2}{memory:>14.1}   {told}")
}
