//! Where everything listens: on the standard ports of one address. Only the site may have another address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

use super::profile::Profile;
use crate::port_holder::Wanted;
use crate::processes;

const SITE_PORT: u16 = 8080;

/// The address that everything listens on, and the site's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addresses {
    ip: IpAddr,
    site: IpAddr,
}

impl Addresses {
    /// Everything on `ip`, and the site on `published` if given.
    pub(crate) fn on(ip: IpAddr, published: Option<IpAddr>) -> Self {
        Self { ip, site: published.unwrap_or(ip) }
    }

    pub(crate) fn ip(self) -> IpAddr {
        self.ip
    }

    pub(crate) fn site(self) -> SocketAddr {
        SocketAddr::new(self.site, SITE_PORT)
    }

    /// The site as this machine reaches it: an unspecified address cannot be connected to.
    pub(crate) fn site_from_here(self) -> SocketAddr {
        processes::reachable(self.site())
    }

    /// An address that is not one of this machine, if there is one.
    pub(crate) fn foreign(self) -> Option<IpAddr> {
        let is_foreign = |ip: &IpAddr| {
            let bound = TcpListener::bind((*ip, 0));
            bound.is_err_and(|error| error.kind() == std::io::ErrorKind::AddrNotAvailable)
        };
        [self.ip, self.site].into_iter().find(is_foreign)
    }

    /// Where connections from this machine to `ip` come from: not always from `ip` itself (127.0.0.7 is reached from
    /// 127.0.0.1, and a second address of an interface from its first).
    pub(crate) fn callers(self) -> Vec<IpAddr> {
        let chosen = source(self.ip).filter(|chosen| *chosen != self.ip);
        [Some(self.ip), chosen].into_iter().flatten().collect()
    }

    /// Whether only this machine can reach anything.
    pub(crate) fn are_private(self) -> bool {
        self.ip.is_loopback() && self.site.is_loopback()
    }

    pub(crate) fn ingest(self) -> SocketAddr {
        self.port(3001)
    }

    pub(crate) fn ingest_admin(self) -> SocketAddr {
        self.port(3002)
    }

    pub(crate) fn view(self) -> SocketAddr {
        self.port(3003)
    }

    pub(crate) fn view_admin(self) -> SocketAddr {
        self.port(3004)
    }

    pub(crate) fn sink_admin(self) -> SocketAddr {
        self.port(4195)
    }

    pub(crate) fn kafka(self) -> SocketAddr {
        self.port(9092)
    }

    pub(crate) fn postgres(self) -> SocketAddr {
        self.port(5432)
    }

    pub(crate) fn grafana(self) -> SocketAddr {
        self.port(3000)
    }

    fn port(self, port: u16) -> SocketAddr {
        SocketAddr::new(self.ip, port)
    }

    /// Every port that `up` needs; Grafana's only if it is installed.
    pub(crate) fn wanted(self, profile: Profile, with_grafana: bool) -> Vec<Wanted> {
        let all = [
            ("site", self.site()),
            ("ingest", self.ingest()),
            ("ingest's metrics", self.ingest_admin()),
            ("live page's metrics", self.view_admin()),
        ];
        let common = wanted(all);
        match profile {
            // The live page is served at the site's address.
            Profile::Light => common.chain([self.wanted_by_postgres()]).collect(),
            Profile::Appliance => {
                let grafana = with_grafana.then_some(("Grafana", self.grafana()));
                let further = wanted([("live page", self.view())].into_iter().chain(grafana));
                common.chain(further).chain(self.wanted_by_sink()).collect()
            }
        }
    }

    /// What a sink, its Kafka and its database need.
    pub(crate) fn wanted_by_sink(self) -> Vec<Wanted> {
        let controller = self.port(self.kafka().port() + 1);
        let all = [("sink's metrics", self.sink_admin()), ("Kafka", self.kafka()), ("Kafka's controller", controller)];
        wanted(all).chain([self.wanted_by_postgres()]).collect()
    }

    fn wanted_by_postgres(self) -> Wanted {
        Wanted { what: "PostgreSQL", address: self.postgres() }
    }
}

/// The address that the kernel chooses for connections to `ip`. A UDP socket sends nothing when it is connected.
fn source(ip: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = if ip.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((ip, SITE_PORT)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

fn wanted(all: impl IntoIterator<Item = (&'static str, SocketAddr)>) -> impl Iterator<Item = Wanted> {
    all.into_iter().map(|(what, address)| Wanted { what, address })
}

#[cfg(test)]
mod tests {
    use super::{Addresses, Profile};

    #[test]
    fn only_the_site_is_published() {
        let at = Addresses::on("127.0.0.1".parse().unwrap(), Some("0.0.0.0".parse().unwrap()));
        for wanted in at.wanted(Profile::Appliance, true) {
            assert_eq!(wanted.what == "site", !wanted.address.ip().is_loopback(), "{wanted:?}");
        }
        assert_eq!(at.site_from_here().to_string(), "127.0.0.1:8080");
        assert!(!at.are_private());
    }

    #[test]
    fn the_caller_is_the_address_that_a_connection_really_comes_from() {
        for ip in ["127.0.0.1", "127.0.0.7", "::1"] {
            // A kernel without IPv6 has no ::1.
            let Ok(listener) = std::net::TcpListener::bind((ip, 0)) else { continue };
            let caller = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let at = Addresses::on(ip.parse().unwrap(), None);
            assert!(at.callers().contains(&caller.local_addr().unwrap().ip()), "{ip}: {:?}", at.callers());
        }
        assert_eq!(Addresses::on("127.0.0.1".parse().unwrap(), None).callers().len(), 1);
    }

    #[test]
    fn an_address_of_another_machine_is_recognized() {
        let (own, other) = ("127.0.0.7".parse().unwrap(), "192.0.2.1".parse().unwrap());
        assert_eq!(Addresses::on(own, None).foreign(), None);
        assert_eq!(Addresses::on(own, Some("0.0.0.0".parse().unwrap())).foreign(), None);
        assert_eq!(Addresses::on(other, None).foreign(), Some(other));
        assert_eq!(Addresses::on(own, Some(other)).foreign(), Some(other));
    }

    #[test]
    fn nothing_is_published_unless_asked_for() {
        let at = Addresses::on("127.0.0.1".parse().unwrap(), None);
        assert!(at.are_private());
        assert_eq!(at.site(), at.site_from_here());
    }
}
