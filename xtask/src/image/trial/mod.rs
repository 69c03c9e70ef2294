//! `cargo xtask image --test`: starts the image as a user would, and checks that it keeps its promises.
//!
//! crun runs it with the image's settings (user, environment, entry point, volumes) on a read-only root, without
//! capabilities, in its own network. Memory limits are not tested, because a build machine may lack control groups.

mod container;
mod contents;
mod network;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::{Image, build};
use crate::build::footfall;
use crate::command;
use crate::package_list::PackageList;
use crate::progress::Steps;

use container::{Bundle, Chosen, Container};
use network::Network;

/// The first start creates a database and formats the broker's folder.
const READY_S_MAX: u64 = 180;
const STOP_S_MAX: u64 = 90;
/// Events per second while the container is stopped or killed.
const LOAD_PER_S: u32 = 200;
/// How long the load runs before that, so that enough events are in flight.
const LOAD_MS: u64 = 4_000;

pub(crate) fn run(checkout: &Path, steps: &Steps) -> Result<()> {
    let list = PackageList::read(checkout)?;
    super::need(&["crun", "ip"], &list.packages("crun")?, "to run an image", steps)?;
    let image = build(checkout, steps, true)?;
    let name = "footfall-trial";
    let root = image.buildah.mount(&image.name, name)?;
    let trial = Trial::new(&image, &root, steps);
    let tried = trial.and_then(|trial| trial.run());
    image.buildah.forget(name);
    tried
}

struct Trial<'a> {
    image: &'a Image,
    root: &'a Path,
    steps: &'a Steps,
    bundle: Bundle,
    network: Network,
    folder: PathBuf,
}

/// The live page's password for the second start, from a mounted file.
const PASSWORD: &str = "a password of the trial's";

impl<'a> Trial<'a> {
    fn new(image: &'a Image, root: &'a Path, steps: &'a Steps) -> Result<Self> {
        let folder = image.folder.join("trial");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let stated = image.buildah.inspect(&image.name)?;
        let network = Network::make()?;
        let bundle = Bundle::new(&folder, root, &stated)?;
        Ok(Self { image, root, steps, bundle, network, folder })
    }

    fn run(self) -> Result<()> {
        self.shown("contents", || contents::check(self.image, self.root))?;
        self.shown("statement", || self.bundle.check_statement(&self.image.statement))?;

        let appliance = || Chosen { volume: "data", ..Chosen::default() };
        let first = self.start("first start", &appliance())?;
        self.shown("closed", || self.is_closed(&first))?;
        self.shown("a password is required", || self.wants_password(&first, None))?;
        self.shown("an event becomes a row", || self.counts_a_click(&first))?;
        self.shown("health", || self.reports_its_health(&first))?;
        let mut acknowledged = self.shown("SIGTERM under load", || self.stops_under_load(first))?;

        let secret = self.folder.join("password");
        fs::write(&secret, PASSWORD)?;
        let second =
            self.start("second start", &Chosen { secrets: &[("FOOTFALL_UP_PASSWORD_FILE", &secret)], ..appliance() })?;
        self.shown("acknowledged events are stored", || self.holds(&second, &acknowledged))?;
        self.shown("the given password", || self.wants_password(&second, Some(PASSWORD)))?;
        let more = self.shown("SIGKILL under load", || self.is_killed_under_load(second))?;
        acknowledged.extend(more);

        let third = self.start("third start", &appliance())?;
        self.shown("nothing acknowledged is lost", || self.holds(&third, &acknowledged))?;
        self.shown("the whole path", || self.checks_itself(&third))?;
        self.shown("SIGTERM", || self.stops(third))?;

        let profile = [("FOOTFALL_UP_PROFILE", "light")];
        let chosen = Chosen { volume: "light", environment: &profile, ..Chosen::default() };
        let light = self.start("the light profile", &chosen)?;
        self.shown("light: closed", || self.is_closed(&light))?;
        self.shown("light: a password is required", || self.wants_password(&light, None))?;
        self.shown("light: an event becomes a row", || self.counts_a_click(&light))?;
        self.shown("light: SIGTERM", || self.stops(light))
    }

    /// Runs a check, and shows its duration and result.
    fn shown<T: Said>(&self, name: &str, question: impl FnOnce() -> Result<T>) -> Result<T> {
        let step = self.steps.begin(name);
        match question() {
            Ok(answer) => {
                step.done(&answer.words());
                Ok(answer)
            }
            Err(error) => {
                step.failed("see below");
                Err(error.context(name.to_owned()))
            }
        }
    }

    /// Starts a container, and waits until it is healthy.
    fn start(&self, name: &str, chosen: &Chosen) -> Result<Container> {
        let step = self.steps.begin(name);
        let started = Instant::now();
        let mut container = self.bundle.start(name, &self.network, chosen)?;
        loop {
            if let Some(status) = container.ended()? {
                anyhow::bail!("{name}: the container ended with {status}:\n{}", container.log_end());
            }
            let Err(unhealthy) = container.says(&["footfall", "health"]) else {
                step.done("");
                return Ok(container);
            };
            ensure!(
                started.elapsed() < Duration::from_secs(READY_S_MAX),
                "{name}: not healthy after {READY_S_MAX} s:\n{}\n{unhealthy:#}",
                container.log_end()
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Checks that no process is root or has a capability, the root is read-only, and one port is open to other
    /// machines.
    fn is_closed(&self, container: &Container) -> Result<String> {
        let processes = container.processes()?;
        let user = &self.image.statement.user;
        for process in &processes {
            process.is_harmless(user.uid, user.gid)?;
        }
        let mut writable = container.writable_mounts()?;
        writable.retain(|path| !path.starts_with("/dev") && path != "/proc");
        let volumes: Vec<_> = self.image.statement.volumes.clone();
        ensure!(writable == volumes, "it can write to {writable:?}, not only to {volumes:?}");
        let open = container.open_ports()?;
        ensure!(open == [8080], "ports {open:?} are open to others");
        Ok(format!("{} processes, {} MB resident", processes.len(), container.resident_mb(&processes)?))
    }

    fn wants_password(&self, container: &Container, given: Option<&str>) -> Result<()> {
        let stranger = self.network.get("/live/")?;
        ensure!(stranger.status == 303, "without a password: {}", stranger.status);
        let password = container.says(&["footfall", "password"])?;
        let password = password.trim();
        match given {
            Some(given) => ensure!(password == given, "it is not the one that was given"),
            None => ensure!(password.len() == 64, "none was made"),
        }
        for (word, status) in [("wrong password", 403), (password, 303)] {
            let answer = self.network.log_in(word)?;
            ensure!(answer.status == status, "a login with {word:?} gets {}", answer.status);
        }
        let login = self.network.log_in(password)?;
        let cookie = login.cookie().context("no cookie")?;
        let page = self.network.get_with("/live/", &format!("Cookie: {cookie}\r\n"))?;
        ensure!(page.status == 200, "with the password: {}", page.status);
        Ok(())
    }

    /// Requests the site and the tracker, and sends one event, from another machine.
    fn counts_a_click(&self, container: &Container) -> Result<()> {
        for path in ["/", "/analytics.js", "/analytics.core.js", "/health"] {
            let answer = self.network.get(path)?;
            ensure!(answer.status == 200, "{path} answers {}", answer.status);
        }
        let file = self.folder.join("one");
        // The file may hold ids from another container.
        if file.exists() {
            fs::remove_file(&file)?;
        }
        let loaded = self.load(&file, 1)?.wait()?;
        ensure!(loaded.success(), "the event was not acknowledged");
        self.holds(container, &ids(&file)?)?;
        Ok(())
    }

    /// Checks that the container is unhealthy while a process hangs, and healthy again afterwards.
    fn reports_its_health(&self, container: &Container) -> Result<()> {
        let processes = container.processes()?;
        let nginx = processes.iter().find(|process| process.name == "nginx" && process.is_worker);
        let nginx = nginx.context("no worker of nginx")?.pid.to_string();
        let signal = |name: &str| command::new("kill").arg(format!("-{name}")).arg(&nginx).status();
        signal("STOP")?;
        let healthy_while_stopped = container.succeeds(&["footfall", "health"]);
        signal("CONT")?;
        ensure!(!healthy_while_stopped?, "it is healthy without its web server");
        ensure!(container.succeeds(&["footfall", "health"])?, "it stays unhealthy");
        Ok(())
    }

    /// Posts events without retries; the ids of acknowledged ones go into `file`.
    fn load(&self, file: &Path, events: u32) -> Result<Child> {
        let mut load = Command::new(footfall()?);
        load.args(["load", "--url", &self.network.url("/analytics"), "--rate", &LOAD_PER_S.to_string()]);
        load.args(["--events", &events.to_string(), "--page-url-prefix", PAGES, "--acknowledged"]).arg(file);
        Ok(load.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?)
    }

    /// Runs load for a while, calls `end`, and returns the ids that were acknowledged.
    fn under_load<T>(&self, name: &str, end: impl FnOnce() -> Result<T>) -> Result<(T, Acknowledged)> {
        let file = self.folder.join(name);
        let mut load = self.load(&file, LOAD_PER_S * 6)?;
        std::thread::sleep(Duration::from_millis(LOAD_MS));
        let ended = end();
        load.wait()?;
        let ids = ids(&file)?;
        let least = u64::from(LOAD_PER_S) * LOAD_MS / 1_000 / 2;
        ensure!(u64::try_from(ids.0.len())? > least, "only {} events were acknowledged before it", ids.0.len());
        Ok((ended?, ids))
    }

    fn stops_under_load(&self, container: Container) -> Result<Acknowledged> {
        let ((), ids) = self.under_load("terminated", || self.stops(container))?;
        Ok(ids)
    }

    /// Checks that it exits with code 0 on the stop signal, without having to kill a process.
    fn stops(&self, mut container: Container) -> Result<()> {
        let stopped = Instant::now();
        container.signal(&self.image.statement.stop_signal)?;
        let status = container.wait(Duration::from_secs(STOP_S_MAX))?;
        let log = container.log()?;
        ensure!(status.success(), "it ended with {status} after {:?}:\n{}", stopped.elapsed(), container.log_end());
        ensure!(!log.contains("killed"), "a process had to be killed:\n{}", container.log_end());
        Ok(())
    }

    fn is_killed_under_load(&self, mut container: Container) -> Result<Acknowledged> {
        let killed = || {
            container.signal("SIGKILL")?;
            container.wait(Duration::from_secs(STOP_S_MAX))
        };
        let (status, ids) = self.under_load("killed", killed)?;
        ensure!(status.code() == Some(137), "it ended with {status}");
        Ok(ids)
    }

    /// Checks that each of these events is stored exactly once.
    fn holds(&self, container: &Container, wanted: &Acknowledged) -> Result<String> {
        let asked = Instant::now();
        let sql = format!("SELECT event_id FROM analytics_events WHERE page_url LIKE '{PAGES}%'");
        loop {
            let rows = container.says(&["footfall", "psql", "--", "-XAtc", &sql])?;
            let all: Vec<_> = rows.lines().collect();
            let stored: BTreeSet<_> = all.iter().copied().collect();
            ensure!(stored.len() == all.len(), "{} rows are duplicates", all.len() - stored.len());
            let missing = wanted.0.iter().filter(|id| !stored.contains(id.as_str())).count();
            if missing == 0 {
                return Ok(format!("{} acknowledged, {} rows", wanted.0.len(), all.len()));
            }
            ensure!(
                asked.elapsed() < Duration::from_secs(60),
                "{missing} of {} acknowledged events are not stored:\n{}",
                wanted.0.len(),
                container.log_end()
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn checks_itself(&self, container: &Container) -> Result<()> {
        container.says(&["footfall", "check"]).map(drop)
    }
}

/// The prefix of the trial's page URLs.
const PAGES: &str = "http://footfall.invalid/trial/";

/// Ids of acknowledged events.
struct Acknowledged(BTreeSet<String>);

impl Acknowledged {
    fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }
}

fn ids(file: &Path) -> Result<Acknowledged> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    Ok(Acknowledged(text.lines().map(str::to_owned).collect()))
}

/// How a result is shown, next to its duration.
trait Said {
    fn words(&self) -> String;
}

impl Said for () {
    fn words(&self) -> String {
        String::new()
    }
}

impl Said for String {
    fn words(&self) -> String {
        self.clone()
    }
}

impl Said for Acknowledged {
    fn words(&self) -> String {
        format!("{} acknowledged before it", self.0.len())
    }
}
