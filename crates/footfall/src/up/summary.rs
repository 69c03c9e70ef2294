//! What `up` prints when it has started what it can: the addresses, where data and logs are, and what is not ready.

use super::grafana_login::GrafanaLogin;
use super::instance_dir::InstanceDir;
use super::part::Part;
use super::password;
use super::plan::Plan;
use super::profile::Profile;
use super::state::State;
use crate::sites;

pub(crate) const READY: &str = "Everything is ready. Ctrl-C stops it.";

/// `failing` are the parts that are not ready, and why.
pub(crate) fn summary(plan: &Plan, state: &State, instance_dir: &InstanceDir, failing: &[(Part, String)]) -> String {
    let Plan { at, grafana, .. } = plan;
    let dir = state.dir.display();
    let data = if instance_dir.is_kept() {
        format!("{dir} (kept)")
    } else {
        format!("{dir} (removed at the end; --keep DIR keeps it)")
    };
    let grafana = match grafana {
        Ok(_) => format!("http://{}/   {}", at.grafana(), GrafanaLogin::of(&state.dir, *at)),
        Err(why) => format!("not started: {why}"),
    };
    let password = password::file(&state.dir);
    let login = if at.are_private() { "to share links" } else { "to log in" };
    let writers = if at.are_private() {
        ""
    } else if sites::is_open(&sites::file(&state.dir)) {
        "may write everybody who can reach it, for any site; `footfall site close` asks for keys\n"
    } else {
        "may write pages of this host; others with a key: `footfall key add SITE --origin https://...`\n"
    };
    let (site, ingest) = (at.site_from_here(), at.ingest());
    let metrics = |name: &str, at| format!("   {name} http://{at}/metrics");
    let (sink, further) = match plan.profile {
        Profile::Light => (String::new(), String::new()),
        Profile::Appliance => {
            (metrics("sink", at.sink_admin()), format!("kafka     {}\ngrafana   {grafana}\n", at.kafka()))
        }
    };
    format!(
        "\n\
         site      http://{site}/\n\
         live page http://{site}/live/   password {login}: `footfall password`, which reads {password}\n\
         ingest    http://{ingest}/analytics   health http://{ingest}/health\n\
         {writers}\
         database  cargo xtask psql   or: psql -h {socket} -p {port} -U footfall_reader {database}\n\
         metrics{ingest_metrics}{sink}{view}\n\
         {further}\
         data      {data}\n\
         logs      {dir}/logs\n\
         \n\
         {standing}",
        standing = standing(failing),
        password = password.display(),
        socket = state.socket_dir.display(),
        port = state.port,
        database = state.database,
        ingest_metrics = metrics("ingest", at.ingest_admin()),
        view = metrics("live page", at.view_admin()),
    )
}

fn standing(failing: &[(Part, String)]) -> String {
    if failing.is_empty() {
        return READY.to_owned();
    }
    let lines: String =
        failing.iter().map(|(part, why)| format!("\n  {part}: {}", why.replace('\n', "\n    "))).collect();
    format!("Not everything is ready. This is tried again until it is (Ctrl-C stops everything):{lines}")
}
