//! `footfall kafka`

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use footfall::broker;
use footfall::processes::java;
use footfall::processes::kafka::{HEAP_MIB, Listen};

use super::shared::installed_share;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The broker's directory
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    listen: IpAddr,
    /// The port; the controller uses the next one
    #[arg(long, default_value_t = 9092)]
    port: u16,
    /// The host name that clients on other machines use (default: the address)
    #[arg(long, value_name = "NAME")]
    advertise: Option<String>,
    /// Java's heap, in MiB
    #[arg(long, default_value_t = HEAP_MIB)]
    heap_mib: u32,
    /// The directory with Kafka's jars (default: share/footfall/kafka next to this program's directory)
    #[arg(long, value_name = "DIR", env = "FOOTFALL_KAFKA_LIBS")]
    libs: Option<PathBuf>,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<Infallible> {
    let libs = arguments.libs.map_or_else(|| Ok(installed_share()?.join("kafka")), anyhow::Ok)?;
    let address = SocketAddr::new(arguments.listen, arguments.port);
    let listen = Listen { address, advertise: arguments.advertise };
    Ok(broker::exec(&java()?, &libs, &arguments.dir, &listen, arguments.heap_mib)?)
}
