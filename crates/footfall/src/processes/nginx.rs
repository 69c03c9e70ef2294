//! nginx: serves the site and proxies the collection endpoint to ingest.

use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use nix::sys::signal::Signal;
use nix::unistd::geteuid;

use super::error::Result;
use super::folders;
use super::launch::Launch;
use super::managed::ManagedProcess;
use super::programs::{Program, Programs};
use super::reachable::reachable;
use super::ready::Ready;
use super::second_name::SecondName;
use crate::{files, users};

/// How long open connections may keep nginx from stopping. The live page's streams end by themselves when view stops.
const WORKER_STOP_S_MAX: u64 = 2;

/// What nginx serves, and where.
#[derive(Debug, Clone)]
pub struct NginxOptions {
    /// The absolute path of the folder with `web/` and `nixos/nginx/`: a checkout, or the package's share/footfall.
    pub share: PathBuf,
    /// Where the site is served.
    pub listen: SocketAddr,
    /// Where ingest is.
    pub ingest: SocketAddr,
    /// Second paths for files that it serves.
    pub second_names: Vec<SecondName>,
    /// Proxies in front of it whose X-Forwarded-For is trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// Where the live page is.
    pub view: SocketAddr,
}

/// An nginx. It is a [`ManagedProcess`]: stopping it completes the requests in progress.
#[derive(Debug)]
pub struct Nginx {
    process: ManagedProcess,
}

impl Deref for Nginx {
    type Target = ManagedProcess;
    fn deref(&self) -> &ManagedProcess {
        &self.process
    }
}

impl DerefMut for Nginx {
    fn deref_mut(&mut self) -> &mut ManagedProcess {
        &mut self.process
    }
}

impl Nginx {
    /// Starts it as [`Nginx::spawn`] does, and waits until it serves the site's home page.
    ///
    /// # Errors
    /// Fails, with the last lines of `dir`/logs/nginx.log, if it does not start.
    pub async fn start(programs: &Programs, dir: &Path, options: &NginxOptions) -> Result<Self> {
        let nginx = Self::spawn(programs, dir, options)?;
        nginx.wait_until_ready().await?;
        Ok(nginx)
    }

    /// Starts it with its files in `dir`/nginx.
    ///
    /// # Errors
    /// Fails if the files cannot be written or nginx cannot be run.
    pub fn spawn(programs: &Programs, dir: &Path, options: &NginxOptions) -> Result<Self> {
        let folder = folders::make(dir, "nginx")?;
        let log = folders::log(dir, "nginx")?;
        let conf = folder.join("nginx.conf");
        files::update(&conf, configuration(&folder, &log, programs.nginx()?, options).as_bytes(), 0o644)?;
        let launch = Launch {
            name: "nginx".into(),
            program: programs.nginx()?.clone(),
            arguments: vec![
                "-e".into(),
                log.clone().into(),
                "-p".into(),
                folder.clone().into(),
                "-c".into(),
                conf.into(),
            ],
            environment: Vec::new(),
            user: None,
            binds: vec![folder, dir.join("logs"), options.share.join("web"), options.share.join("nixos/nginx")],
            stop_signal: Signal::SIGQUIT,
            lock_files: Vec::new(),
            log,
        };
        let process = ManagedProcess::spawn(launch, Ready::Http(reachable(options.listen), "/", 200))?;
        Ok(Self { process })
    }
}

/// Only the outer part: what is served, and how, is in nixos/nginx/footfall-locations.conf.
fn configuration(folder: &Path, log: &Path, nginx: &Program, options: &NginxOptions) -> String {
    let (folder, log) = (folder.display(), log.display());
    let NginxOptions { share, listen, ingest, second_names, trusted_proxies, view } = options;
    let real_ip = real_ip(trusted_proxies);
    let share = share.display();
    let user = workers_user(nginx.root.as_deref().unwrap_or(Path::new("/")));
    let second_names: String = second_names.iter().map(|name| format!("\n        {name}")).collect();
    let (load_brotli, brotli) = if has_brotli(nginx) { (LOAD_BROTLI, "\n        brotli_static on;") } else { ("", "") };
    format!(
        r#"{user}{load_brotli}daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
worker_shutdown_timeout {WORKER_STOP_S_MAX}s;
pid "{folder}/nginx.pid";
error_log "{log}" warn;
events {{ worker_connections 8192; }}
http {{
    include "{share}/nixos/nginx/footfall-types.conf";
    include "{share}/nixos/nginx/footfall-clients.conf";
    sendfile on;
    client_body_temp_path "{folder}/body";
    proxy_temp_path "{folder}/proxy";
    fastcgi_temp_path "{folder}/fastcgi";
    uwsgi_temp_path "{folder}/uwsgi";
    scgi_temp_path "{folder}/scgi";
    upstream footfall_ingest {{
        server {ingest};
        keepalive 32;
        keepalive_timeout 10s;
    }}
    upstream footfall_view {{
        server {view};
        keepalive 32;
        keepalive_timeout 10s;
    }}
    server {{
        listen {listen};
        root "{share}/web";{real_ip}
        include "{share}/nixos/nginx/footfall-locations.conf";{brotli}{second_names}
    }}
}}
"#
    )
}

/// Takes the client's address from the trusted proxies' header. It is the last address there that is not a proxy's,
/// because the client may have written anything before it.
fn real_ip(trusted_proxies: &[IpNet]) -> String {
    if trusted_proxies.is_empty() {
        return String::new();
    }
    let from: String = trusted_proxies.iter().map(|net| format!("\n        set_real_ip_from {net};")).collect();
    format!("{from}\n        real_ip_header X-Forwarded-For;\n        real_ip_recursive on;")
}

/// Where Debian installs nginx's module that serves files precompressed with brotli.
const BROTLI: &str = "usr/lib/nginx/modules/ngx_http_brotli_static_module.so";
const LOAD_BROTLI: &str = "load_module /usr/lib/nginx/modules/ngx_http_brotli_static_module.so;\n";

/// Whether the module is installed; only Debian's nginx can load it.
fn has_brotli(nginx: &Program) -> bool {
    let root = nginx.root.as_deref().unwrap_or(Path::new("/"));
    nginx.path == Path::new("/usr/sbin/nginx") && root.join(BROTLI).is_file()
}

/// The `user` directive, which only root may set; the name differs between systems.
fn workers_user(root: &Path) -> String {
    if !geteuid().is_root() {
        return String::new();
    }
    let user = if users::look_up(root, "www-data").is_ok() { "www-data" } else { "nobody nogroup" };
    format!("user {user};\n")
}
