//! The default configuration.

use std::net::SocketAddr;

use footfall_daemon::{AdminConfig, LogConfig, Secret};

use super::{AccessConfig, Config, DatabaseConfig, HttpConfig, LiveConfig, PageConfig, SiteConfig};

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3003)),
            base_path: "/live/".into(),
            state_dir: String::new(),
            admin: AdminConfig::on_port(3004),
            log: LogConfig::default(),
            drain_ms_max: 20_000,
            http: HttpConfig {
                connections_max: 10_000,
                header_ms_max: 10_000,
                idle_ms_max: 60_000,
                cors_origins: Vec::new(),
                trusted_proxies: vec!["127.0.0.1".into(), "::1".into()],
            },
            database: DatabaseConfig {
                url: "host=/run/postgresql user=footfall_reader dbname=analytics".into(),
                password: Secret::default(),
                connections: 4,
                query_ms_max: 10_000,
                retry_ms_max: footfall_store::RETRY_MS_MAX,
            },
            access: AccessConfig {
                public: false,
                hosts: Vec::new(),
                password: Secret::default(),
                tokens: Secret::default(),
                readers_see_events: false,
                session_s_max: 7 * 24 * 3_600,
                https_only: false,
                attempts_per_minute_max: 5,
                shares_max: 100,
            },
            live: LiveConfig {
                round_ms_min: 250,
                rest_factor: 19,
                quick_rest_factor: 3,
                tick_ms: 5_000,
                heartbeat_ms: 15_000,
                linger_ms: 5_000,
                views_max: 500,
                watchers_max: 5_000,
                watch_s_max: 3_600,
            },
            page: PageConfig {
                title: "Footfall".into(),
                time_zone: "UTC".into(),
                rows_max: 10,
                recent_rows_max: 20,
                funnel: Vec::new(),
            },
            site: SiteConfig {
                dir: String::new(),
                ingest: String::new(),
                bodies_kib_max: 64 * 1024,
                second_names: Vec::new(),
            },
        }
    }
}
