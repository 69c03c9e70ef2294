//! Who sends a request, and whether it may: room on the disk, keys and sites, imports, how much comes.

use std::net::IpAddr;
use std::sync::Arc;

use footfall_daemon::client_address;
use footfall_event::{Deferral, Parsed, Rejection};
use footfall_sites::Permit;
use hyper::{HeaderMap, Uri};
use ipnet::IpNet;
use jiff::Timestamp;

use crate::body::BodyRefusal;
use crate::disk::Disk;
use crate::import::Importers;
use crate::rates::{Limited, Rates};
use crate::sites::{QuotaReached, Sites};

/// Who sends events.
pub(crate) struct Client {
    pub(crate) address: IpAddr,
    /// How old its events may be, in milliseconds, if it imports history.
    pub(crate) import_past_ms_max: Option<u64>,
    permit: Permit,
}

impl Client {
    /// The only site that it may write for.
    pub(crate) fn site(&self) -> Option<&str> {
        match &self.permit {
            Permit::Site { site, .. } => Some(site),
            Permit::AnySite | Permit::UnlistedSites => None,
        }
    }

    /// A server of the owner's sends for many people.
    fn is_server(&self) -> bool {
        matches!(self.permit, Permit::Site { is_secret: true, .. })
    }
}

/// Why a request's events are not taken.
pub(crate) enum Refusal {
    Rejected(Rejection),
    Deferred(Deferral),
    Limited(Limited),
    QuotaReached(QuotaReached),
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<Limited> for Refusal {
    fn from(limited: Limited) -> Self {
        Self::Limited(limited)
    }
}

impl From<BodyRefusal> for Refusal {
    fn from(refusal: BodyRefusal) -> Self {
        match refusal {
            BodyRefusal::Rejected(rejection) => Self::Rejected(rejection),
            BodyRefusal::Deferred(deferral) => Self::Deferred(deferral),
        }
    }
}

/// What is asked about each request.
pub(crate) struct Admission {
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) importers: Importers,
    pub(crate) sites: Sites,
    pub(crate) rates: Arc<Rates>,
    pub(crate) disk: Arc<Disk>,
}

impl Admission {
    /// Who sends this request, if its first event may come. Called before its body is read.
    pub(crate) fn admit(&self, uri: &Uri, headers: &HeaderMap, peer: IpAddr) -> Result<Client, Refusal> {
        self.check_disk()?;
        let address = client_address(peer, headers, &self.trusted_proxies);
        let import = self.importers.past_ms_max(uri.query(), headers, peer);
        if let Ok(import_past_ms_max @ Some(_)) = import {
            // Imports are the owner's.
            return Ok(Client { address, import_past_ms_max, permit: Permit::AnySite });
        }
        let permit = self.sites.permit(uri.query(), headers, address);
        let client = permit.map(|permit| Client { address, import_past_ms_max: None, permit });
        if !client.as_ref().is_ok_and(Client::is_server) {
            // What is refused counts too, so that keys are not tried without end; but not as one of all, which others share.
            self.rates.take_of_address(address, 1)?;
        }
        import?;
        let client = client?;
        if let Some(site) = client.site() {
            self.sites.check_quota(site, Timestamp::now()).map_err(Refusal::QuotaReached)?;
        }
        self.rates.take_of_all(address, client.site(), 1)?;
        Ok(client)
    }

    /// Whether further events of a client may come.
    pub(crate) fn admit_more(&self, client: &Client, events: usize) -> Result<(), Refusal> {
        self.check_disk()?;
        if client.import_past_ms_max.is_some() {
            return Ok(());
        }
        if !client.is_server() {
            self.rates.take_of_address(client.address, events)?;
        }
        Ok(self.rates.take_of_all(client.address, client.site(), events)?)
    }

    /// Refuses events that the client may not write.
    pub(crate) fn refuse_foreign(&self, client: &Client, parsed: &mut Parsed) {
        if client.permit == Permit::UnlistedSites {
            self.sites.refuse_listed(parsed);
        }
    }

    /// Counts events that were taken.
    pub(crate) fn count(&self, client: &Client, events: u64) {
        if let Some(site) = client.site() {
            self.sites.count(site, events, Timestamp::now());
        }
    }

    /// Whether the page that sent a request may read the answer.
    pub(crate) fn may_read_answer(&self, uri: &Uri, headers: &HeaderMap, peer: IpAddr) -> bool {
        self.sites.may_read_answer(uri.query(), headers, client_address(peer, headers, &self.trusted_proxies))
    }

    fn check_disk(&self) -> Result<(), Refusal> {
        if self.disk.is_full() { Err(Refusal::Deferred(Deferral::DiskFull)) } else { Ok(()) }
    }
}
