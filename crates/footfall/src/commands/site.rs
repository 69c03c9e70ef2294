//! `footfall site`

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use footfall::sites;
use footfall_sites::{Key, Site, Sites, normal_origin};
use jiff::Timestamp;

use super::shared::SitesFile;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: SitesFile,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Print all sites with their origins, limits and keys
    List,
    /// Add a site, or change its origins or its limit
    Add {
        /// The name that its events have as their `site`
        site: String,
        /// Where its pages are, such as https://blog.example; may be given several times
        #[arg(long = "origin", value_name = "ORIGIN", value_parser = origin)]
        origins: Vec<String>,
        /// Events that each ingest takes for it in a day (UTC); 0: any number
        #[arg(long, value_name = "NUMBER")]
        events_per_day: Option<u64>,
    },
    /// Refuse all keys of a site
    Disable {
        /// Its name
        site: String,
    },
    /// Take the keys of a site again
    Enable {
        /// Its name
        site: String,
    },
    /// Take events without a key from everybody, for any site
    Open,
    /// Take events without a key from pages and programs of this host only
    Close,
}

pub(crate) fn origin(text: &str) -> Result<String, String> {
    normal_origin(text).ok_or_else(|| "write it as https://blog.example".to_owned())
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let path = arguments.file.path()?;
    match arguments.action {
        Action::List => {
            write!(std::io::stdout(), "{}", listed(&sites::read(&path)?, Timestamp::now()))?;
        }
        Action::Add { site: name, origins, events_per_day } => sites::change(&path, |sites| {
            let site = sites.sites.entry(name).or_default();
            add_origins(site, origins);
            if let Some(max) = events_per_day {
                site.events_per_day_max = (max > 0).then_some(max);
            }
            Ok(())
        })?,
        Action::Disable { site } => sites::change(&path, |sites| {
            known(sites, &site)?.disabled = true;
            Ok(())
        })?,
        Action::Enable { site } => sites::change(&path, |sites| {
            known(sites, &site)?.disabled = false;
            Ok(())
        })?,
        Action::Open => sites::change(&path, |sites| {
            sites.anyone_may_write = true;
            Ok(())
        })?,
        Action::Close => sites::change(&path, |sites| {
            sites.anyone_may_write = false;
            Ok(())
        })?,
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn add_origins(site: &mut Site, origins: Vec<String>) {
    site.origins.extend(origins);
    site.origins.sort();
    site.origins.dedup();
}

/// The site with this name.
pub(crate) fn known<'a>(sites: &'a mut Sites, name: &str) -> anyhow::Result<&'a mut Site> {
    sites.sites.get_mut(name).with_context(|| format!("there is no site `{name}`: `footfall site add {name}` adds it"))
}

fn listed(sites: &Sites, now: Timestamp) -> String {
    let who = if sites.anyone_may_write {
        "everybody, for any site"
    } else {
        "pages and programs of this host, and who has a key"
    };
    let mut text = format!("May write: {who}\n");
    for (name, Site { origins, events_per_day_max, disabled, keys }) in &sites.sites {
        let limit = events_per_day_max.map(|max| format!(", {max} events a day at most")).unwrap_or_default();
        let state = if *disabled { ", disabled" } else { "" };
        let origins = if origins.is_empty() { "no origins".to_owned() } else { origins.join(" ") };
        text += &format!("\n{name}: {origins}{limit}{state}\n");
        for Key { id, created, until, .. } in keys {
            let end = match until {
                Some(until) if *until <= now => format!(", refused since {until:.0}"),
                Some(until) => format!(", until {until:.0}"),
                None => String::new(),
            };
            text += &format!("  {id}…  made {created:.0}{end}\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_what_each_key_is_worth() {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        let key = |id: &str, until: Option<&str>| Key {
            id: id.into(),
            hash: String::new(),
            created: "2026-11-01T00:00:00Z".parse().unwrap(),
            until: until.map(|until| until.parse().unwrap()),
        };
        let keys = vec![
            key("pk_00000001", None),
            key("pk_00000002", Some("2026-12-01T00:00:00Z")),
            key("sk_00000003", Some("2026-11-29T00:00:00Z")),
        ];
        let site =
            Site { origins: vec!["https://a.example".into()], events_per_day_max: Some(5), disabled: true, keys };
        let sites = Sites { anyone_may_write: false, sites: [("a".to_owned(), site)].into() };
        assert_eq!(
            listed(&sites, now),
            "May write: pages and programs of this host, and who has a key\n\na: https://a.example, 5 events a day at most, disabled\n  \
             pk_00000001…  made 2026-11-01T00:00:00Z\n  \
             pk_00000002…  made 2026-11-01T00:00:00Z, until 2026-12-01T00:00:00Z\n  \
             sk_00000003…  made 2026-11-01T00:00:00Z, refused since 2026-11-29T00:00:00Z\n"
        );
    }
}
