//! A container of the image, run by crun.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::network::Network;
use crate::command;
use crate::image::buildah::said;
use crate::image::statement::Statement;

const LOG_LINES_SHOWN: usize = 30;
/// crun refuses to start if both versions of control groups are in use, even if told to use none.
const WITHOUT_CGROUPS: &str = r#"mount -t tmpfs tmpfs /sys/fs/cgroup && exec "$@""#;

/// The options of one container.
#[derive(Default)]
pub(crate) struct Chosen<'a> {
    /// The volume for its data.
    pub(crate) volume: &'a str,
    pub(crate) environment: &'a [(&'a str, &'a str)],
    /// Files that are mounted, and the variables that hold their paths.
    pub(crate) secrets: &'a [(&'a str, &'a Path)],
}

/// What all containers of the image have in common.
pub(crate) struct Bundle {
    folder: PathBuf,
    root: PathBuf,
    /// The image's configuration in Docker's format.
    stated: Value,
}

/// A container that was started. Dropping it kills it.
pub(crate) struct Container {
    id: String,
    state: PathBuf,
    network: String,
    user: String,
    child: Child,
    log: PathBuf,
}

impl Bundle {
    pub(crate) fn new(folder: &Path, root: &Path, inspected: &Value) -> Result<Self> {
        let stated = inspected["Docker"]["config"].clone();
        ensure!(stated.is_object(), "buildah printed no configuration");
        Ok(Self { folder: folder.to_owned(), root: root.to_owned(), stated })
    }

    /// Creates a volume as a container engine does: a new one gets the image's files at that path, with their owner.
    fn volume(&self, name: &str) -> Result<PathBuf> {
        let (volume, of_image) = (self.folder.join(name), self.root.join("var/lib/footfall"));
        fs::create_dir_all(&volume)?;
        let owner = fs::metadata(&of_image).with_context(|| of_image.display().to_string())?;
        fs::set_permissions(&volume, owner.permissions())?;
        chown(&volume, Some(owner.uid()), Some(owner.gid()))?;
        Ok(volume)
    }

    /// Checks that the image has the settings in nixos/image.json.
    pub(crate) fn check_statement(&self, statement: &Statement) -> Result<()> {
        let Statement {
            entry_point,
            user,
            environment,
            working_directory,
            volumes,
            ports,
            health,
            stop_signal,
            labels,
            ..
        } = statement;
        let stated = &self.stated;
        let seconds = |of: &Value| of.as_u64().map(|nanoseconds| nanoseconds / 1_000_000_000);
        let test: Vec<_> = std::iter::once("CMD").chain(health.command.iter().map(String::as_str)).collect();
        for (what, wanted, found) in [
            ("entry point", json!(entry_point), stated["Entrypoint"].clone()),
            ("user", json!(format!("{}:{}", user.uid, user.gid)), stated["User"].clone()),
            ("working directory", json!(working_directory), stated["WorkingDir"].clone()),
            ("stop signal", json!(stop_signal), stated["StopSignal"].clone()),
            ("volumes", json!(volumes), keys(&stated["Volumes"])),
            ("ports", json!(ports), keys(&stated["ExposedPorts"])),
            ("health check", json!(test), stated["Healthcheck"]["Test"].clone()),
            ("interval", json!(health.interval_s), json!(seconds(&stated["Healthcheck"]["Interval"]))),
            ("time-out", json!(health.time_out_s), json!(seconds(&stated["Healthcheck"]["Timeout"]))),
            ("start period", json!(health.start_period_s), json!(seconds(&stated["Healthcheck"]["StartPeriod"]))),
            ("retries", json!(health.retries), stated["Healthcheck"]["Retries"].clone()),
        ] {
            ensure!(wanted == found, "{what}: {found} instead of {wanted}");
        }
        for (key, value) in environment {
            ensure!(strings(&stated["Env"]).contains(&format!("{key}={value}")), "{key} is not in the environment");
        }
        for (key, value) in labels {
            ensure!(stated["Labels"][key] == json!(value), "label {key}");
        }
        Ok(())
    }

    pub(crate) fn start(&self, name: &str, network: &Network, chosen: &Chosen) -> Result<Container> {
        let id = format!("footfall-{}-{}", std::process::id(), name.replace(' ', "-"));
        let folder = self.folder.join(&id);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("config.json"), serde_json::to_vec_pretty(&self.configuration(chosen)?)?)?;
        let log = folder.join("log");
        let file = File::create(&log)?;
        let state = self.folder.join("crun");
        let mut crun = crun(&network.name, &state);
        crun.args(["run", "--bundle"]).arg(&folder).arg(&id);
        let child = crun.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).spawn()?;
        let user = self.stated["User"].as_str().unwrap_or_default().to_owned();
        Ok(Container { id, state, network: network.name.clone(), user, child, log })
    }

    /// crun's configuration: the image's settings, and otherwise the defaults of container engines.
    fn configuration(&self, chosen: &Chosen) -> Result<Value> {
        let stated = &self.stated;
        let user: Vec<u32> = stated["User"].as_str().unwrap_or_default().split(':').flat_map(str::parse).collect();
        let [uid, gid] = user.as_slice() else { bail!("the image has no numeric user") };
        let mount = |kind: &str, source: &Path, destination: &str, options: &[&str]| json!({ "type": kind, "source": source, "destination": destination, "options": options });
        let own = |kind: &str, destination: &str, options: &[&str]| mount(kind, Path::new(kind), destination, options);
        let mut mounts = vec![
            own("proc", "/proc", &["nosuid", "noexec", "nodev"]),
            own("tmpfs", "/dev", &["nosuid", "strictatime", "mode=755", "size=65536k"]),
            own("devpts", "/dev/pts", &["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]),
            // Docker's default size.
            own("tmpfs", "/dev/shm", &["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
            mount("bind", Path::new("/sys"), "/sys", &["bind", "nosuid", "noexec", "nodev", "ro"]),
        ];
        for volume in strings(&keys(&stated["Volumes"])) {
            mounts.push(match volume.as_str() {
                // Need not survive a restart.
                "/tmp" => own("tmpfs", "/tmp", &["nosuid", "noexec", "nodev", "mode=1777"]),
                "/var/lib/footfall" => {
                    mount("bind", &self.volume(chosen.volume)?, &volume, &["rbind", "nosuid", "nodev"])
                }
                other => bail!("the trial does not know the volume {other}"),
            });
        }
        let mut environment = strings(&stated["Env"]);
        environment.extend(chosen.environment.iter().map(|(variable, value)| format!("{variable}={value}")));
        for (variable, file) in chosen.secrets {
            let inside = format!("/run/secrets/{variable}");
            // A mount point cannot be created on a read-only root, so it is in a tmpfs, as with Docker.
            mounts.push(own("tmpfs", "/run", &["nosuid", "noexec", "nodev", "mode=755"]));
            chown(file, Some(*uid), Some(*gid))?;
            mounts.push(mount("bind", file, &inside, &["bind", "ro", "nosuid", "noexec", "nodev"]));
            environment.push(format!("{variable}={inside}"));
        }
        let nothing: [&str; 0] = [];
        let namespaces = ["pid", "ipc", "uts", "mount"].map(|kind| json!({ "type": kind }));
        Ok(json!({
            "ociVersion": "1.0.2",
            "hostname": "footfall",
            "root": { "path": self.root, "readonly": true },
            "process": {
                "user": { "uid": uid, "gid": gid },
                "args": stated["Entrypoint"],
                "env": environment,
                "cwd": stated["WorkingDir"],
                "noNewPrivileges": true,
                "capabilities": {
                    "bounding": nothing, "effective": nothing, "inheritable": nothing, "permitted": nothing, "ambient": nothing
                },
            },
            "mounts": mounts,
            "linux": {
                "namespaces": namespaces,
                "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/timer_list"],
                "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
            },
        }))
    }
}

/// The keys of an object, in order, as a list.
fn keys(object: &Value) -> Value {
    json!(object.as_object().map(|object| object.keys().collect::<Vec<_>>()))
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|each| each.as_str().map(str::to_owned)).collect()
}

/// crun in the trial's network and without control groups.
fn crun(network: &str, state: &Path) -> Command {
    let mut crun = command::new("nsenter");
    crun.arg(format!("--net=/run/netns/{network}")).args(["unshare", "--mount", "sh", "-c", WITHOUT_CGROUPS, "sh"]);
    crun.args(["crun", "--cgroup-manager=disabled", "--root"]).arg(state);
    crun
}

/// A process in a container, seen from this machine.
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) name: String,
    /// Whether it is a worker, not the first process of its program.
    pub(crate) is_worker: bool,
    status: String,
}

impl Process {
    fn field(&self, name: &str) -> Option<&str> {
        self.status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    }

    /// Checks that all its ids are this user's and group's, and that it has no capability.
    pub(crate) fn is_harmless(&self, uid: u32, gid: u32) -> Result<()> {
        let all = |id: u32| [id; 4].map(|id| id.to_string()).join("\t");
        for (field, wanted) in [("Uid", all(uid)), ("Gid", all(gid)), ("NoNewPrivs", "1".to_owned())] {
            let found = self.field(field).unwrap_or_default();
            ensure!(found == wanted, "{}: {field} is {found}", self.name);
        }
        for field in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            let found = self.field(field).unwrap_or_default();
            ensure!(!found.is_empty() && found.bytes().all(|digit| digit == b'0'), "{}: {field} is {found}", self.name);
        }
        Ok(())
    }
}

impl Container {
    /// Its exit status, if it has exited.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits until it exits.
    pub(crate) fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            ensure!(began.elapsed() < limit, "it still runs after {} s:\n{}", limit.as_secs(), self.log_end());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends a signal to its first process.
    pub(crate) fn signal(&self, name: &str) -> Result<()> {
        said(crun(&self.network, &self.state).args(["kill", &self.id, name])).map(drop)
    }

    fn exec(&self, arguments: &[&str]) -> Command {
        let mut crun = crun(&self.network, &self.state);
        // Container engines use the image's user here; crun would use root.
        crun.args(["exec", "--no-new-privs", "--user", &self.user, &self.id]).args(arguments);
        crun
    }

    /// Whether a command in it succeeds.
    pub(crate) fn succeeds(&self, arguments: &[&str]) -> Result<bool> {
        let mut exec = self.exec(arguments);
        Ok(exec.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?.success())
    }

    /// Returns what a command in it prints. Fails if the command does.
    pub(crate) fn says(&self, arguments: &[&str]) -> Result<String> {
        said(&mut self.exec(arguments))
    }

    pub(crate) fn log(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&fs::read(&self.log)?).into_owned())
    }

    /// The last lines of its output.
    pub(crate) fn log_end(&self) -> String {
        let log = self.log().unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines.get(lines.len().saturating_sub(LOG_LINES_SHOWN)..).unwrap_or_default().join("\n")
    }

    /// The pid of its first process, on this machine.
    fn first_process(&self) -> Result<u32> {
        let said = said(crun(&self.network, &self.state).args(["state", &self.id]))?;
        let state: Value = serde_json::from_str(&said)?;
        let pid = state["pid"].as_u64().context("crun printed no pid")?;
        Ok(u32::try_from(pid)?)
    }

    /// All of its processes.
    pub(crate) fn processes(&self) -> Result<Vec<Process>> {
        let space = |pid: u32| fs::read_link(format!("/proc/{pid}/ns/pid"));
        let own = space(self.first_process()?)?;
        let mut found: Vec<Process> = Vec::new();
        for entry in fs::read_dir("/proc")? {
            let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            // The process may have ended.
            let (Ok(space), Ok(status)) = (space(pid), fs::read_to_string(format!("/proc/{pid}/status"))) else {
                continue;
            };
            if space == own {
                let name = status.lines().next().and_then(|line| line.strip_prefix("Name:\t"));
                let name = name.unwrap_or_default().to_owned();
                let is_worker = found.iter().any(|other| other.name == name);
                found.push(Process { pid, name, is_worker, status });
            }
        }
        ensure!(found.len() > 5, "only {} processes", found.len());
        Ok(found)
    }

    /// Memory of all its processes in megabytes, with shared memory counted once.
    pub(crate) fn resident_mb(&self, processes: &[Process]) -> Result<u64> {
        let mut kilobytes = 0;
        for process in processes {
            let maps = fs::read_to_string(format!("/proc/{}/smaps_rollup", process.pid)).unwrap_or_default();
            let share = maps.lines().find_map(|line| line.strip_prefix("Pss:")?.split_whitespace().next());
            kilobytes += share.map_or(Ok(0), str::parse::<u64>)?;
        }
        Ok(kilobytes * 1_024 / 1_000_000)
    }

    /// Its writable mount points.
    pub(crate) fn writable_mounts(&self) -> Result<Vec<String>> {
        let mounts = fs::read_to_string(format!("/proc/{}/mountinfo", self.first_process()?))?;
        let mut found: Vec<_> = mounts
            .lines()
            .map(|line| line.split(' ').collect::<Vec<_>>())
            .filter(|fields| fields.get(5).is_some_and(|options| options.split(',').any(|option| option == "rw")))
            .filter_map(|fields| fields.get(4).map(|&target| target.to_owned()))
            .collect();
        found.sort();
        Ok(found)
    }

    /// Ports that are open to other machines.
    pub(crate) fn open_ports(&self) -> Result<Vec<u16>> {
        let pid = self.first_process()?;
        let mut found = Vec::new();
        for table in ["tcp", "tcp6"] {
            let text = fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
            for line in text.lines().skip(1) {
                let fields: Vec<_> = line.split_whitespace().collect();
                let [_, local, _, "0A", ..] = fields.as_slice() else { continue };
                let (address, port) = local.split_once(':').context("no address in /proc/net")?;
                // 127.0.0.1, also mapped into IPv6, and ::1, in the kernel's byte order.
                let is_private = address.ends_with("0100007F") || address == "00000000000000000000000001000000";
                if !is_private {
                    found.push(u16::from_str_radix(port, 16)?);
                }
            }
        }
        found.sort_unstable();
        Ok(found)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = said(crun(&self.network, &self.state).args(["delete", "--force", &self.id]));
        let _ = self.child.wait();
    }
}
