//! A network between the container and this machine, over a veth pair.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::command;
use crate::image::buildah::said;

/// Documentation addresses (RFC 5737), which are not routed.
const HOST: &str = "198.51.100.1";
const CONTAINER: &str = "198.51.100.2";
const ANSWER_S_MAX: u64 = 10;

pub(crate) struct Network {
    pub(crate) name: String,
}

/// An HTTP response.
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
}

impl Answer {
    /// The cookie that it sets, ready to send back.
    pub(crate) fn cookie(&self) -> Option<&str> {
        let line = self.head.lines().find(|line| line.to_ascii_lowercase().starts_with("set-cookie: "))?;
        line.get("set-cookie: ".len()..)?.split(';').next()
    }
}

impl Network {
    pub(crate) fn make() -> Result<Self> {
        let network = Self { name: format!("footfall-{}", std::process::id()) };
        let (name, cable) = (network.name.as_str(), network.cable());
        said(command::new("ip").args(["netns", "add", name]))?;
        let far = format!("{cable}c");
        said(command::new("ip").args(["link", "add", &cable, "type", "veth", "peer", "name", &far, "netns", name]))?;
        said(command::new("ip").args(["address", "add", &format!("{HOST}/30"), "dev", &cable]))?;
        said(command::new("ip").args(["link", "set", &cable, "up"]))?;
        said(network.inside("ip").args(["address", "add", &format!("{CONTAINER}/30"), "dev", &far]))?;
        for link in [far.as_str(), "lo"] {
            said(network.inside("ip").args(["link", "set", link, "up"]))?;
        }
        Ok(network)
    }

    /// The host's end of the veth pair. A network device's name has at most 15 characters.
    fn cable(&self) -> String {
        format!("ff{}", std::process::id() % 1_000_000_000)
    }

    /// A command that runs in it.
    pub(crate) fn inside(&self, program: &str) -> Command {
        let mut nsenter = command::new("nsenter");
        nsenter.arg(format!("--net=/run/netns/{}", self.name)).arg(program);
        nsenter
    }

    /// The URL of the container's site for another machine.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{CONTAINER}:8080{path}")
    }

    pub(crate) fn get(&self, path: &str) -> Result<Answer> {
        self.get_with(path, "")
    }

    pub(crate) fn get_with(&self, path: &str, headers: &str) -> Result<Answer> {
        self.ask(&format!("GET {path} HTTP/1.1\r\n{headers}"), "")
    }

    /// Submits the live page's login form.
    pub(crate) fn log_in(&self, password: &str) -> Result<Answer> {
        let head = format!(
            "POST /live/login HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nOrigin: {}\r\n",
            self.url("")
        );
        self.ask(&head, &format!("password={}", password.replace(' ', "+")))
    }

    fn ask(&self, head: &str, body: &str) -> Result<Answer> {
        let mut stream = TcpStream::connect((CONTAINER, 8080)).context("the site accepts no connection")?;
        stream.set_read_timeout(Some(Duration::from_secs(ANSWER_S_MAX)))?;
        let length = body.len();
        write!(stream, "{head}Host: {CONTAINER}:8080\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let head = String::from_utf8_lossy(&answer).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok(Answer { status: status.with_context(|| format!("not an HTTP answer: {head:?}"))?, head })
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // Usually the veth pair is removed with the network, but not if a process still holds that.
        let _ = said(command::new("ip").args(["link", "delete", &self.cable()]));
        let _ = said(command::new("ip").args(["netns", "delete", &self.name]));
    }
}
