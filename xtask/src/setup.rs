//! Sets up what is missing, with independent jobs in parallel.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};

use crate::package_list::PackageList;
use crate::parts_file::{self, Place, Places};
use crate::progress::{Step, Steps};
use crate::{apt, debian_root, host, kafka_libs, lab, size, stamped, web_tests};

/// What the programs are needed for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    Up,
    Tests,
    /// The root must contain every program, even those that the host has, because machines boot from it.
    Lab,
    /// Everything comes from Debian, with its licences: this machine's own programs are not redistributed.
    Image,
}

/// Sets up what is missing, and returns the path of parts.json, which says where everything is.
pub(crate) fn set_up(checkout: &Path, steps: &Steps, purpose: For, without_host: bool) -> Result<PathBuf> {
    let parts = checkout.join(".parts");
    std::fs::create_dir_all(&parts)?;
    let file = parts.join("parts.json");
    let _lock = lock(&file)?;

    let list = PackageList::read(checkout)?;
    let on_host = |found: Option<PathBuf>| found.filter(|_| !without_host);
    let (postgres, nginx, java) = (on_host(host::postgres()), on_host(host::nginx()), on_host(host::java()));
    let mut packages = Vec::new();
    for (found, name) in [(&postgres, "postgres"), (&nginx, "nginx"), (&java, "java")] {
        if found.is_none() || purpose == For::Lab {
            packages.extend(list.packages(name)?);
        }
    }
    let mut host_packages = Vec::new();
    if purpose == For::Lab {
        packages.extend(list.packages("lab")?);
        if !lab::host_is_ready() {
            host_packages.extend(list.packages("lab-host")?);
        }
    }
    let (root, kafka) = (parts.join("root"), parts.join("kafka"));
    let release = list.release()?;
    let mmdebstrap = list.packages("mmdebstrap")?;
    for (name, found) in [("chromium", web_tests::has_chromium()), ("curl", host::program("curl").is_some())] {
        if purpose == For::Tests && !found {
            host_packages.extend(list.packages(name)?);
        }
    }
    let pom = kafka_libs::pom(checkout);

    let mut wanted = packages.clone();
    wanted.extend((purpose == For::Image).then_some(debian_root::COPYRIGHT));
    let root_missing = !packages.is_empty() && !debian_root::is_current(&root, release, &wanted);
    let kafka_missing = !stamped::is_current(&kafka, &std::fs::read_to_string(&pom)?);

    let jobs: [(String, bool, Job); 5] = [
        (
            format!("debian {} root", release.name),
            root_missing,
            Box::new(|step| {
                debian_root::build(&root, release, &packages, &mmdebstrap, step)?;
                Ok(format!("{} MB", size::megabytes(&root)))
            }),
        ),
        (
            "apache kafka".to_owned(),
            kafka_missing,
            Box::new(|step| {
                kafka_libs::build(&kafka, &pom, step)?;
                Ok(format!("{} MB", size::megabytes(&kafka)))
            }),
        ),
        (
            format!("debian packages ({})", host_packages.join(", ")),
            !host_packages.is_empty(),
            Box::new(|step| apt::install(&host_packages, "for the tests or the lab", step).map(|()| String::new())),
        ),
        npm_job(checkout, "web/tests", purpose),
        npm_job(checkout, "grafana/tests", purpose),
    ];
    in_parallel(jobs, steps)?;

    let place = |found: Option<PathBuf>, path| match found {
        Some(program) => Place::Host(program),
        None => Place::Root { root: root.clone(), path },
    };
    let places = Places {
        postgres_bin: place(postgres, "/usr/lib/postgresql/17/bin"),
        nginx: place(nginx, "/usr/sbin/nginx"),
        java: place(java, "/usr/bin/java"),
        kafka_libs: kafka.join("libs"),
    };
    parts_file::write(&file, &places)?;
    Ok(file)
}

/// No other `cargo xtask` changes what is beside this file until the lock is dropped.
pub(crate) fn lock(parts: &Path) -> Result<File> {
    let lock = File::create(parts.with_file_name("lock"))?;
    lock.lock().context("the lock of .parts cannot be taken (another cargo xtask holds it)")?;
    Ok(lock)
}

type Job<'a> = Box<dyn FnOnce(&Step) -> Result<String> + Send + 'a>;

fn npm_job<'a>(checkout: &Path, folder: &str, purpose: For) -> (String, bool, Job<'a>) {
    let path = checkout.join(folder);
    let wanted = purpose == For::Tests && web_tests::npm_is_stale(&path);
    (format!("npm packages of {folder}"), wanted, Box::new(move |step| web_tests::install_npm(&path, step)))
}

/// Runs the wanted jobs in parallel. Waits for all of them, so that one failure does not interrupt the others.
fn in_parallel<const N: usize>(jobs: [(String, bool, Job); N], steps: &Steps) -> Result<()> {
    let wanted = jobs.into_iter().filter(|(_, wanted, _)| *wanted);
    std::thread::scope(|scope| {
        let running: Vec<_> = wanted
            .map(|(name, _, job)| {
                let step = steps.begin(name);
                scope.spawn(move || finish(job(&step), step))
            })
            .collect();
        let ended: Vec<_> = running.into_iter().map(|job| job.join()).collect();
        ended.into_iter().try_for_each(|end| end.unwrap_or_else(|_| Err(anyhow!("a step of the set-up panicked"))))
    })
}

fn finish(result: Result<String>, step: Step) -> Result<()> {
    match result {
        Ok(detail) => {
            step.done(&detail);
            Ok(())
        }
        Err(error) => {
            step.failed("see below");
            Err(error)
        }
    }
}
