//! `footfall key`

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use footfall::sites;
use footfall_sites::{NewKey, Site, Sites};
use jiff::{SignedDuration, Timestamp};

use super::shared::SitesFile;
use super::site::{add_origins, known, origin};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: SitesFile,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make a key of a site and print it: this is the only time that it can be read
    Add {
        /// The site's name
        site: String,
        /// Where its pages are, such as https://blog.example; adds the site if it is new
        #[arg(long = "origin", value_name = "ORIGIN", value_parser = origin)]
        origins: Vec<String>,
        /// For a server, in its header `Authorization: Bearer KEY`; otherwise it is for the site's pages, where everybody can read it
        #[arg(long)]
        secret: bool,
    },
    /// Make another key like this one and print it; the old one is taken for some time yet
    Rotate {
        /// The first 11 characters of the old key
        id: String,
        /// Hours that the old one is taken
        #[arg(long, value_name = "HOURS", default_value_t = 7 * 24)]
        overlap_hours: u32,
    },
    /// Refuse a key from now on
    Disable {
        /// Its first 11 characters
        id: String,
    },
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let path = arguments.file.path()?;
    let now = Timestamp::now();
    match arguments.action {
        Action::Add { site: name, origins, secret } => {
            let new = if secret { NewKey::secret(now) } else { NewKey::public(now) };
            let site = sites::change(&path, |sites| {
                let site = if origins.is_empty() { known(sites, &name)? } else { sites.sites.entry(name).or_default() };
                add_origins(site, origins);
                site.keys.push(new.key.clone());
                Ok(site.clone())
            })?;
            show(&new, &site)?;
        }
        Action::Rotate { id, overlap_hours } => {
            let (new, site) = sites::change(&path, |sites| {
                let (site, place) = with_key(sites, &id)?;
                let new = NewKey::like(&site.keys[place], now);
                let until = now.saturating_add(SignedDuration::from_hours(overlap_hours.into()))?;
                let old = &mut site.keys[place].until;
                *old = Some(old.map_or(until, |old| old.min(until)));
                site.keys.push(new.key.clone());
                Ok((new, site.clone()))
            })?;
            show(&new, &site)?;
        }
        Action::Disable { id } => sites::change(&path, |sites| {
            let (site, place) = with_key(sites, &id)?;
            site.keys[place].until = Some(now);
            Ok(())
        })?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The site with this key, and the key's place.
fn with_key<'a>(sites: &'a mut Sites, id: &str) -> anyhow::Result<(&'a mut Site, usize)> {
    sites
        .sites
        .values_mut()
        .find_map(|site| {
            let place = site.keys.iter().position(|key| key.id == id)?;
            Some((site, place))
        })
        .with_context(|| format!("there is no key `{id}`: `footfall site list` shows all"))
}

/// The key alone goes to standard output, so that a script can take it.
fn show(new: &NewKey, site: &Site) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{}", new.text)?;
    let mut told = std::io::stderr();
    if !new.key.is_public() {
        writeln!(told, "Send it in the header `Authorization: Bearer KEY`. It cannot be shown again.")?;
        return Ok(());
    }
    let text = new.text.as_str();
    writeln!(
        told,
        "In its pages, with the name of your host:\n  <script src=\"https://HOST/analytics.js\" \
         data-endpoint=\"https://HOST/analytics?key={text}\" defer></script>"
    )?;
    if site.origins.is_empty() {
        writeln!(
            told,
            "It is refused until the site has an origin: `footfall site add SITE --origin https://blog.example`"
        )?;
    }
    Ok(())
}
