# Which services a profile enables. A host's own settings take precedence.
{ lib, config, ... }:
let
  cfg = config.services.footfall;
  # Each service, and the profiles that include it.
  parts = {
    ingest = [
      "appliance"
      "light"
    ];
    sink = [ "appliance" ];
    view = [
      "appliance"
      "light"
    ];
    kafka = [ "appliance" ];
    database = [
      "appliance"
      "light"
    ];
    site = [ "appliance" ];
    grafana = [ "appliance" ];
    retention = [
      "appliance"
      "light"
    ];
    backup = [
      "appliance"
      "light"
    ];
  };
in
{
  config = lib.mkIf cfg.enable {
    services.footfall = lib.mkMerge [
      (lib.mapAttrs (_: profiles: { enable = lib.mkDefault (lib.elem cfg.profile profiles); }) parts)
      (lib.mkIf (cfg.profile == "light") {
        ingest.settings = {
          store = lib.mkDefault "postgresql";
          # Instead of Kafka's. The folder above, because ingest may not look into PostgreSQL's own.
          disk.folders = lib.mkOverride 900 [ (dirOf config.services.postgresql.dataDir) ];
          database.url = lib.mkDefault (cfg.database.urlOf "footfall_writer");
          # footfall-view is the proxy in front.
          privacy.trusted_proxies = lib.mkDefault [
            "127.0.0.1"
            "::1"
          ];
        };
        view.listen = lib.mkDefault "${cfg.site.address}:${toString cfg.site.port}";
        view.settings.site = {
          dir = lib.mkDefault "${cfg.package}/share/footfall/web";
          ingest = lib.mkDefault cfg.ingest.listen;
        };
      })
    ];

    networking.firewall.allowedTCPPorts =
      lib.mkIf (cfg.openFirewall && cfg.profile == "light" && cfg.view.enable)
        [
          cfg.site.port
        ];

    assertions = [
      {
        assertion =
          cfg.profile == "light"
          || !(cfg.ingest.enable || cfg.sink.enable)
          || cfg.kafka.enable
          || cfg.kafka.bootstrapServers != [ "127.0.0.1:9092" ];
        message = "Footfall's ingest and sink need Kafka: set services.footfall.kafka.enable, or services.footfall.kafka.bootstrapServers to one elsewhere.";
      }
      {
        assertion =
          !(cfg.sink.enable || cfg.view.enable)
          || cfg.database.enable
          || cfg.database.host != "/run/postgresql";
        message = "Footfall's sink and live page need PostgreSQL: set services.footfall.database.enable, or services.footfall.database.host to one elsewhere.";
      }
      {
        assertion = cfg.profile != "light" || !(cfg.sink.enable || cfg.kafka.enable || cfg.site.enable);
        message = "The light profile has no Kafka, sink or nginx: set services.footfall.profile = \"appliance\" to have them.";
      }
    ];
  };
}
