# The package's plain units, which of them run here, and what they have in common.
{ lib, config, ... }:
let
  cfg = config.services.footfall;
  ours = {
    footfall-secrets = cfg.ingest.enable || cfg.view.enable || cfg.grafana.enable;
    footfall-migrate = cfg.database.migrates;
    # NixOS has a unit for Kafka itself.
    footfall-kafka = false;
    footfall-topics =
      cfg.profile != "light" && (cfg.kafka.enable || cfg.ingest.enable || cfg.sink.enable);
    footfall-ingest = cfg.ingest.enable;
    footfall-view = cfg.view.enable;
    footfall-retention = cfg.retention.enable;
    footfall-backup = cfg.backup.enable;
  };
  off = lib.filterAttrs (_: on: !on);
  disabled = lib.mapAttrs (_: _: { enable = false; });
in
{
  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    # Its tmpfiles.d is not used: /etc/footfall is generated from the options here.
    systemd.packages = [ cfg.package ];

    # NixOS ignores the [Install] section of a package's units.
    systemd.targets.footfall = {
      wantedBy = [ "multi-user.target" ];
      wants = lib.optionals cfg.sink.enable cfg.sink.units;
    };

    # The target wants all units; those that should not run here are masked, so that they do not count as failed.
    systemd.services = lib.mkMerge [
      (disabled (off ours))
      (lib.mkIf (cfg.logNamespace != null) (
        lib.mapAttrs (_: _: { serviceConfig.LogNamespace = cfg.logNamespace; }) (
          lib.filterAttrs (_: on: on) ours
        )
      ))
      (lib.mkIf (!(lib.elem "footfall-sink@4195.service" cfg.sink.units && cfg.sink.enable)) {
        "footfall-sink@4195".enable = false;
      })
    ];
    systemd.sockets = disabled (off {
      inherit (ours) footfall-ingest footfall-view;
    });
    systemd.timers = disabled (off {
      inherit (ours) footfall-retention footfall-backup;
    });
  };
}
