# footfall-sink: stores events.
{
  lib,
  config,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  daemon = import ./daemon.nix { inherit lib pkgs; };
  cfg = config.services.footfall;
  file = daemon.checked {
    name = "sink";
    inherit (cfg.sink) settings;
    inherit (cfg) package;
    check = "footfall-sink check-config";
  };
in
{
  options.services.footfall.sink = {
    enable = lib.mkEnableOption "footfall-sink, which stores events (part of the profile appliance)";
    instances = mkOption {
      type = types.ints.between 1 16;
      default = 1;
      example = 2;
      description = ''
        How many sinks share the partitions on this host. Each is a unit named after the port of its `/ready` and
        `/metrics`: footfall-sink@4195, footfall-sink@4196 and so on.
      '';
    };
    units = mkOption {
      type = types.listOf types.str;
      internal = true;
      readOnly = true;
      default = lib.genList (n: "footfall-sink@${toString (4195 + n)}.service") cfg.sink.instances;
      description = "The units of all instances.";
    };
  }
  // daemon.options {
    program = "sink";
    document = "footfall-sink.md";
    example = {
      batch.rows_max = 10000;
    };
    secrets."database.password" =
      "Password of footfall_writer, if the database is elsewhere and requires one.";
  };

  config = lib.mkIf (cfg.enable && cfg.sink.enable) {
    services.footfall.sink.settings = lib.mkMerge [
      (daemon.defaults ../footfall/sink.toml)
      {
        kafka.bootstrap_servers = lib.mkDefault (lib.concatStringsSep "," cfg.kafka.bootstrapServers);
        database.url = lib.mkDefault (cfg.database.urlOf "footfall_writer");
      }
    ];
    assertions = daemon.assertions {
      option = "sink";
      inherit (cfg.sink) settings secrets;
    };
    environment.etc."footfall/sink.toml".source = file;
    systemd.services."footfall-sink@" = {
      restartTriggers = [ file ];
      serviceConfig = {
        LoadCredential = daemon.credentials cfg.sink.secrets;
      }
      // lib.optionalAttrs (cfg.logNamespace != null) { LogNamespace = cfg.logNamespace; };
    };
  };
}
