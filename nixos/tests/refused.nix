# Configurations that must be refused, each with a part of the expected error message, so that no other error passes.
#
# `build`: the program refuses its settings while the system is built. Otherwise evaluation fails.
{ nixosSystem }:
let
  refuse = says: host: {
    inherit says;
    build = false;
    system = systemOf [ host ];
  };
  refuseToBuild = says: host: refuse says host // { build = true; };
  systemOf =
    modules:
    (nixosSystem {
      modules = [
        ../module.nix
        {
          nixpkgs.hostPlatform = "x86_64-linux";
          system.stateVersion = "26.05";
          services.footfall.enable = true;
        }
      ]
      ++ modules;
    }).config.system.build.toplevel;
  notThere = option: "The option `${option}' does not exist";
  wrongType = option: type: "A definition for option `${option}' is not of type `${type}'";
in
{
  typo_in_an_option = refuse (notThere "services.footfall.openFirewal") {
    services.footfall.openFirewal = true;
  };
  typo_in_a_part = refuse (notThere "services.footfall.site.tls.acm") {
    services.footfall.site.tls.acm = true;
  };
  typo_in_a_secrets_name =
    refuse (notThere ''services.footfall.ingest.secrets."privacy.visitor_sceret"'')
      {
        services.footfall.ingest.secrets."privacy.visitor_sceret" = "/run/keys/x";
      };
  typo_in_a_unit = refuse (notThere "systemd.services.footfall-ingest.serviceConfg") {
    systemd.services.footfall-ingest.serviceConfg.MemoryMax = "1G";
  };
  typo_in_nginx = refuse (notThere "services.nginx.virtualHosts.localhost.forceSLL") {
    services.nginx.virtualHosts.localhost.forceSLL = true;
  };
  typo_in_postgresql = refuse (notThere "services.postgresql.ensureDatabase") {
    services.postgresql.ensureDatabase = [ "analytics" ];
  };
  typo_in_grafana = refuse (notThere "services.grafana.provision.dashboards.paht") {
    services.grafana.provision.dashboards.paht = "/srv";
  };

  profile_that_is_none =
    refuse (wrongType "services.footfall.profile" ''one of "appliance", "light", "cluster"'')
      { services.footfall.profile = "aplliance"; };
  number_as_text =
    refuse (wrongType "services.footfall.sink.instances" "integer between 1 and 16 (both inclusive)")
      { services.footfall.sink.instances = "two"; };
  no_sinks =
    refuse (wrongType "services.footfall.sink.instances" "integer between 1 and 16 (both inclusive)")
      { services.footfall.sink.instances = 0; };
  port_of_postgresql_as_text =
    refuse
      (wrongType "services.postgresql.settings.port" "16 bit unsigned integer; between 0 and 65535 (both inclusive)")
      { services.postgresql.settings.port = "many"; };
  folder_of_kafka_as_text =
    refuse (wrongType ''services.apache-kafka.settings."log.dirs"'' "list of absolute path")
      { services.apache-kafka.settings."log.dirs" = "/srv/kafka"; };
  relative_secret =
    refuse
      (wrongType ''services.footfall.ingest.secrets."privacy.visitor_secret"'' "null or absolute path")
      { services.footfall.ingest.secrets."privacy.visitor_secret" = "keys/visitor"; };
  two_hosts_contradict =
    refuse "The option `services.footfall.domain' has conflicting definition values"
      {
        imports = [
          { services.footfall.domain = "a.example.org"; }
          { services.footfall.domain = "b.example.org"; }
        ];
      };
  name_of_a_database_with_a_quote =
    refuse (wrongType "services.footfall.database.name" "string matching the pattern [a-z_][a-z0-9_]*")
      { services.footfall.database.name = "a'b"; };
  argument_that_is_not_passed = refuse "attribute 'nonsense' missing" (
    { nonsense, ... }:
    {
      services.footfall.domain = nonsense;
    }
  );

  secret_beside_the_configuration =
    refuse
      ''services.footfall.ingest.secrets."privacy.visitor_secret" is or becomes a file in the Nix store''
      { services.footfall.ingest.secrets."privacy.visitor_secret" = ./hosts.nix; };
  secret_in_the_store =
    refuse ''services.footfall.view.secrets."access.password" is or becomes a file in the Nix store''
      { services.footfall.view.secrets."access.password" = builtins.toFile "password" "correct horse"; };
  secret_in_the_settings = refuse "services.footfall.view.settings.access.password is a secret" {
    services.footfall.view.settings.access.password = "correct horse";
  };
  key_in_the_store =
    refuse "services.footfall.site.tls.certificateKey is or becomes a file in the Nix store"
      {
        services.footfall.site.tls.certificate = "/var/lib/certificates/events.pem";
        services.footfall.site.tls.certificateKey = builtins.toFile "key" "PRIVATE";
      };
  database_url_in_the_store =
    refuse "services.footfall.database.migrationEnvironmentFile is or becomes a file in the Nix store"
      { services.footfall.database.migrationEnvironmentFile = builtins.toFile "environment" "PRIVATE"; };
  grafana_password_in_the_store =
    refuse "services.footfall.grafana.environmentFile is or becomes a file in the Nix store"
      { services.footfall.grafana.environmentFile = builtins.toFile "environment" "PRIVATE"; };

  ingest_without_kafka = refuse "Footfall's ingest and sink need Kafka" {
    services.footfall.kafka.enable = false;
  };
  view_without_database = refuse "Footfall's sink and live page need PostgreSQL" {
    services.footfall.database.enable = false;
  };
  light_with_kafka = refuse "The light profile has no Kafka, sink or nginx" {
    services.footfall.profile = "light";
    services.footfall.kafka.enable = true;
  };
  certificate_without_its_key = refuse "certificate and certificateKey belong together" {
    services.footfall.site.tls.certificate = "/var/lib/certificates/events.pem";
  };
  certificate_for_localhost = refuse "acme needs a public domain name" {
    services.footfall.site.tls.acme = true;
  };

  typo_in_a_setting_of_ingest = refuseToBuild "lisen: unknown key; did you mean listen?" {
    services.footfall.ingest.settings.lisen = "127.0.0.1:1";
  };
  typo_in_a_setting_of_the_sink =
    refuseToBuild "batch.row_max: unknown key; did you mean batch.rows_max?"
      {
        services.footfall.sink.settings.batch.row_max = 1;
      };
  typo_in_a_setting_of_the_page = refuseToBuild "page.titel: unknown key; did you mean page.title?" {
    services.footfall.view.settings.page.titel = "x";
  };
  typo_in_a_setting_of_retention =
    refuseToBuild "keep_days.analytic_events: unknown key; did you mean keep_days.analytics_events?"
      {
        services.footfall.retention.settings.keep_days.analytic_events = 1;
      };
  typo_in_a_setting_of_backup = refuseToBuild "kepp: unknown key; did you mean keep?" {
    services.footfall.backup.settings.kepp = 1;
  };
  setting_of_the_wrong_type = refuseToBuild "limits.events_max:" {
    services.footfall.ingest.settings.limits.events_max = "many";
  };
}
