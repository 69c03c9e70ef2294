# What the hosts' configurations must evaluate to: each of these is true.
{ nixosSystem }:
let
  hosts = import ./hosts.nix;
  configOf =
    modules:
    (nixosSystem {
      modules = [
        ../module.nix
        { nixpkgs.hostPlatform = "x86_64-linux"; }
      ]
      ++ modules;
    }).config;
  appliance = configOf hosts.appliance;
  light = configOf hosts.light;
  cluster = configOf hosts.cluster;
  web = configOf hosts.web;
  template = configOf hosts.template;
  changed = configOf (
    hosts.appliance
    ++ [
      {
        services.footfall.backup.enable = false;
        services.footfall.sink.instances = 3;
        services.footfall.ingest.settings.privacy.trusted_proxies = [ "10.0.0.1" ];
        services.footfall.logNamespace = "footfall";
        services.postgresql.settings.max_connections = 200;
        services.postgresql.settings.shared_preload_libraries = [ "pg_stat_statements" ];
        services.apache-kafka.settings."num.partitions" = 12;
      }
    ]
  );
  off = configOf [ { system.stateVersion = "26.05"; } ];
  contains = wanted: text: builtins.length (builtins.split wanted text) > 1;
in
{
  nothing_changes_if_footfall_is_not_enabled =
    off.systemd.packages == [ ] && !off.services.nginx.enable && !off.services.postgresql.enable;

  one_line_enables_every_service =
    appliance.services.postgresql.enable
    && appliance.services.apache-kafka.enable
    && appliance.services.nginx.enable
    && appliance.services.grafana.enable
    && appliance.systemd.packages == [ appliance.services.footfall.package ];
  kafka_is_set_by_the_plain_file =
    let
      inherit (appliance.services.apache-kafka) settings;
    in
    settings."auto.create.topics.enable" == "false"
    && settings."message.max.bytes" == "1048588"
    && settings."process.roles" == "broker,controller"
    &&
      settings.listeners == [
        "PLAINTEXT://127.0.0.1:9092"
        "CONTROLLER://127.0.0.1:9093"
      ];
  postgresql_is_set_by_the_plain_files =
    let
      inherit (appliance.services) postgresql;
    in
    postgresql.settings.shared_preload_libraries == "timescaledb"
    && postgresql.settings.max_connections == "60"
    && postgresql.settings."timescaledb.telemetry_level" == "off"
    && postgresql.settings.password_encryption == "scram-sha-256"
    && !postgresql.enableJIT
    && contains "local all footfall_writer peer map=footfall.*local all all +peer" (
      builtins.replaceStrings [ "\n" ] [ " " ] postgresql.authentication
    )
    && contains "footfall footfall-sink +footfall_writer" postgresql.identMap;
  users_match_the_plain_file =
    appliance.users.users.footfall-sink.isSystemUser
    && appliance.users.users.footfall-view.group == "footfall-view"
    && !(appliance.users.users ? footfall-kafka);
  kafka_is_the_unit_of_nixos = !appliance.systemd.services.footfall-kafka.enable;
  tables_are_migrated_after_the_database_is_set_up =
    builtins.elem "postgresql.target" appliance.systemd.services.footfall-migrate.after
    && builtins.elem "postgresql.target" appliance.systemd.services.footfall-migrate.requires;
  grafana_is_set_by_the_plain_file =
    let
      inherit (appliance.services.grafana) settings;
    in
    settings.security.disable_gravatar
    && !settings.news.news_feed_enabled
    && !settings.analytics.reporting_enabled
    && !settings.analytics.check_for_plugin_updates
    && settings.plugins.preinstall_disabled
    && settings.security ? secret_key;
  no_other_machine_reaches_a_host_that_opens_no_port =
    appliance.networking.firewall.allowedTCPPorts == [ ]
    && appliance.services.grafana.settings.server.http_addr == "127.0.0.1";
  the_site_listens_on_its_usual_port =
    map (one: one.port) appliance.services.nginx.virtualHosts.localhost.listen == [ 8080 ];

  a_hosts_own_setting_takes_precedence =
    !changed.systemd.timers.footfall-backup.enable
    && !changed.systemd.services.footfall-backup.enable
    && changed.services.footfall.ingest.settings.privacy.trusted_proxies == [ "10.0.0.1" ]
    && changed.services.postgresql.settings.max_connections == 200
    && changed.services.apache-kafka.settings."num.partitions" == 12;
  libraries_of_the_host_are_added =
    builtins.elem changed.services.postgresql.settings.shared_preload_libraries
      [
        "pg_stat_statements,timescaledb"
        "timescaledb,pg_stat_statements"
      ];
  each_sink_is_a_unit =
    changed.systemd.targets.footfall.wants == [
      "footfall-sink@4195.service"
      "footfall-sink@4196.service"
      "footfall-sink@4197.service"
    ];
  the_services_can_have_a_separate_journal =
    changed.systemd.services.footfall-ingest.serviceConfig.LogNamespace == "footfall"
    && changed.systemd.services."footfall-sink@".serviceConfig.LogNamespace == "footfall"
    && !(appliance.systemd.services.footfall-ingest.serviceConfig ? LogNamespace);

  light_has_no_kafka_and_no_nginx =
    !light.services.apache-kafka.enable
    && !light.services.nginx.enable
    && !light.services.grafana.enable
    && light.services.footfall.ingest.settings.store == "postgresql"
    && !light.systemd.services.footfall-topics.enable
    && !light.systemd.services."footfall-sink@4195".enable;
  light_has_a_small_database =
    light.services.postgresql.settings.max_connections == "20"
    && light.services.postgresql.settings.password_encryption == "scram-sha-256";
  light_serves_the_site_itself =
    light.systemd.sockets.footfall-view.listenStreams == [
      ""
      "0.0.0.0:8080"
    ]
    && light.networking.firewall.allowedTCPPorts == [ 8080 ]
    && light.services.footfall.view.settings.site.ingest == "127.0.0.1:3001";
  a_secret_of_the_host_replaces_the_generated_one =
    light.systemd.services.footfall-view.serviceConfig.LoadCredential
    == [ "access.password:/run/keys/footfall-password" ];

  a_cluster_host_runs_what_it_names =
    !cluster.services.postgresql.enable
    && !cluster.systemd.services.footfall-migrate.enable
    && !cluster.systemd.services.footfall-view.enable
    && !cluster.systemd.sockets.footfall-view.enable
    && cluster.services.footfall.sink.settings.kafka.bootstrap_servers == "10.0.0.4:9092,10.0.0.5:9092"
    &&
      cluster.services.footfall.sink.settings.database.url
      == "host=10.0.0.6 port=5432 user=footfall_writer dbname=analytics"
    &&
      cluster.systemd.services.footfall-topics.environment.FOOTFALL_BOOTSTRAP_SERVERS
      == "10.0.0.4:9092,10.0.0.5:9092";
  a_web_host_proxies_to_a_remote_ingest =
    builtins.attrNames web.services.nginx.upstreams.footfall_ingest.servers == [
      "10.0.0.2:3001"
      "10.0.0.3:3001"
    ]
    && builtins.attrNames web.services.nginx.upstreams.footfall_view.servers == [ "127.0.0.1:3003" ]
    && !contains "upstreams.conf" web.services.nginx.appendHttpConfig
    && web.services.nginx.virtualHosts."events.example.org".forceSSL
    &&
      web.networking.firewall.allowedTCPPorts == [
        80
        443
      ];
  the_template_obtains_a_certificate =
    template.services.nginx.virtualHosts."events.example.org".enableACME;
}
