//! A browser without a screen, spoken to over two pipes: every command is one JSON object that ends
//! with a NUL.
//!
//! The protocol is the Chrome DevTools Protocol with `--remote-debugging-pipe`: the browser reads
//! from descriptor 3 and writes to descriptor 4. No port is opened, and it ends with the test,
//! whatever becomes of that.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::variable;

/// For every answer, however busy the machine is.
const DEADLINE: Duration = Duration::from_secs(120);

/// What would make a page differ from run to run, or contact somebody.
const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--password-store=basic",
    "--remote-debugging-pipe",
];

pub(crate) struct Browser {
    child: Child,
    /// `None` once the browser was told to end.
    stdin: Option<ChildStdin>,
    answers: Receiver<Value>,
    last: u64,
    session: String,
    /// What happened without having been asked for.
    events: Vec<Value>,
    _profile: TempDir,
}

impl Browser {
    /// Starts one with an empty page.
    ///
    /// # Panics
    /// If there is no browser: a page that was not opened has not passed.
    pub(crate) fn new() -> Self {
        let profile = TempDir::new().unwrap();
        // The shell turns our pipes into the descriptors that the browser wants, and becomes the
        // browser.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null"])
            .arg(variable("ENVPARITY_TEST_CHROMIUM"))
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .env("HOME", profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            let mut message = Vec::new();
            while stdout.read_until(0, &mut message).is_ok_and(|n| n > 0) {
                message.pop();
                let Ok(value) = serde_json::from_slice(&message) else { break };
                if sender.send(value).is_err() {
                    break;
                }
                message.clear();
            }
        });
        let mut browser = Self {
            child,
            stdin,
            answers,
            last: 0,
            session: String::new(),
            events: Vec::new(),
            _profile: profile,
        };
        let target = browser.call("Target.createTarget", &json!({"url": "about:blank"}));
        let attached = browser.call(
            "Target.attachToTarget",
            &json!({"targetId": target["targetId"], "flatten": true}),
        );
        attached["sessionId"].as_str().unwrap().clone_into(&mut browser.session);
        for domain in ["Page", "Runtime", "Log", "Network", "Audits", "Accessibility"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        browser
    }

    /// Asks for something, and waits for the answer.
    #[track_caller]
    pub(crate) fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": parameters});
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(format!("{message}\0").as_bytes()).unwrap();
        stdin.flush().unwrap();
        let id = self.last;
        let mut answer = self.next(&format!("answer to {method}"), |message| message["id"] == id);
        assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
        answer["result"].take()
    }

    /// The next message of that kind; others are kept as events.
    #[track_caller]
    fn next(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + DEADLINE;
        loop {
            match self.answers.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(message) if wanted(&message) => return message,
                Ok(message) => self.events.push(message),
                Err(RecvTimeoutError::Timeout) => panic!("no {what} within {DEADLINE:?}"),
                Err(RecvTimeoutError::Disconnected) => panic!("the browser ended before {what}"),
            }
        }
    }

    /// Opens a file, and forgets what happened before.
    #[track_caller]
    pub(crate) fn open(&mut self, page: &Path, fragment: &str) {
        self.go("about:blank");
        self.events.clear();
        let url = url::Url::from_file_path(page).unwrap();
        self.go(&format!("{url}{fragment}"));
    }

    /// Opens an address of this machine, and forgets what happened before.
    #[track_caller]
    pub(crate) fn visit(&mut self, url: &str) {
        self.go("about:blank");
        self.events.clear();
        self.go(url);
    }

    #[track_caller]
    fn go(&mut self, url: &str) {
        let is_loaded = |message: &Value| message["method"] == "Page.loadEventFired";
        self.events.retain(|event| !is_loaded(event));
        let opened = self.call("Page.navigate", &json!({"url": url}));
        assert!(opened["errorText"].is_null(), "{opened}");
        if !self.events.iter().any(is_loaded) {
            let event = self.next("page", is_loaded);
            self.events.push(event);
        }
    }

    /// The value of an expression in the page; a promise is waited for.
    #[track_caller]
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let parameters =
            json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut answer = self.call("Runtime.evaluate", &parameters);
        assert!(
            answer["exceptionDetails"].is_null(),
            "{expression}: {}",
            answer["exceptionDetails"]
        );
        answer["result"]["value"].take()
    }

    /// Waits until an expression holds.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, expression: &str) {
        let end = Instant::now() + DEADLINE;
        while self.evaluate(expression) != json!(true) {
            if Instant::now() > end {
                let state = "`${location.hash} ${document.getElementById('count')?.textContent}`";
                panic!("{expression} does not hold after {DEADLINE:?}: {}", self.evaluate(state));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Presses a key that writes `text`.
    pub(crate) fn press(&mut self, text: &str) {
        self.call("Input.dispatchKeyEvent", &json!({"type": "keyDown", "key": text, "text": text}));
        self.call("Input.dispatchKeyEvent", &json!({"type": "keyUp", "key": text}));
    }

    /// Clicks into the middle of an element, as a mouse does, once it has come to rest there: a
    /// busy machine may lay out the page after it was scrolled.
    #[track_caller]
    pub(crate) fn click(&mut self, selector: &str) {
        let place = self.evaluate(&format!(
            "(async () => {{
                const one = document.querySelector({selector:?});
                const frame = () => new Promise(requestAnimationFrame);
                let before = [NaN, NaN];
                for (;;) {{
                    one.scrollIntoView({{ block: 'center', behavior: 'instant' }});
                    await frame();
                    await frame();
                    const box = one.getBoundingClientRect();
                    const now = [box.x + box.width / 2, box.y + box.height / 2];
                    if (now[0] === before[0] && now[1] === before[1]) return now;
                    before = now;
                }}
            }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({"type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1});
            self.call("Input.dispatchMouseEvent", &event);
        }
    }

    /// CPU time that the page has taken, in milliseconds: others who use the machine do not count.
    pub(crate) fn cpu(&mut self) -> u64 {
        self.call("Performance.enable", &json!({"timeDomain": "threadTicks"}));
        let metrics = self.call("Performance.getMetrics", &json!({}));
        let task = metrics["metrics"]
            .as_array()
            .unwrap()
            .iter()
            .find(|metric| metric["name"] == "TaskDuration");
        Duration::from_secs_f64(task.unwrap()["value"].as_f64().unwrap())
            .as_millis()
            .try_into()
            .unwrap()
    }

    /// Width and height of the window, in CSS pixels.
    pub(crate) fn resize(&mut self, width: u32, height: u32) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Whatever a page says or asks for that ours must not: messages, exceptions, violations,
    /// dialogs, requests.
    pub(crate) fn complaints(&mut self) -> Vec<Value> {
        // Answers come in the order of what happened: after this one, everything before it has been
        // told.
        self.evaluate("document.body.offsetHeight");
        let is_complaint = |event: &&Value| match event["method"].as_str().unwrap_or_default() {
            "Log.entryAdded"
            | "Runtime.consoleAPICalled"
            | "Runtime.exceptionThrown"
            | "Audits.issueAdded"
            | "Page.javascriptDialogOpening"
            | "Page.windowOpen"
            | "Network.webSocketCreated" => true,
            "Network.requestWillBeSent" => {
                let url = event["params"]["request"]["url"].as_str().unwrap_or_default();
                let is_page = event["params"]["type"] == "Document"
                    && (url.starts_with("file:") || url.starts_with("http://127.0.0.1:"));
                !is_page && url != "data:," && url != "about:blank"
            }
            _ => false,
        };
        self.events.iter().filter(is_complaint).cloned().collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends when nobody speaks to it any more; if it does not, it is ended.
        if let Some(mut stdin) = self.stdin.take() {
            let _ = stdin
                .write_all(format!("{}\0", json!({"id": 0, "method": "Browser.close"})).as_bytes());
        }
        let end = Instant::now() + Duration::from_secs(10);
        while Instant::now() < end {
            if self.child.try_wait().is_ok_and(|status| status.is_some()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
