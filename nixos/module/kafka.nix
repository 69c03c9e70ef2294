# Kafka on this host, through services.apache-kafka, or the address of one elsewhere.
#
# The options of services.apache-kafka: nixpkgs, nixos/modules/services/misc/apache-kafka.nix.
{ lib, config, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.footfall;
  # nixos/kafka/server.properties: `key=value` lines and comments.
  properties = lib.listToAttrs (
    map (found: lib.nameValuePair (lib.head found) (lib.mkDefault (lib.last found))) (
      lib.filter (found: found != null) (
        map (builtins.match "([^#= ]+)=(.*)") (
          lib.splitString "\n" (builtins.readFile ../kafka/server.properties)
        )
      )
    )
  );
in
{
  options.services.footfall.kafka = {
    enable = lib.mkEnableOption "Apache Kafka on this host, one broker (part of the profile appliance)";
    bootstrapServers = mkOption {
      type = types.listOf types.str;
      default = [ "127.0.0.1:9092" ];
      example = [
        "kafka1.example.org:9092"
        "kafka2.example.org:9092"
      ];
      description = "The brokers to which ingest and sink connect first. Set it if Kafka is elsewhere.";
    };
    listen = mkOption {
      type = types.str;
      default = "127.0.0.1";
      example = "10.0.0.3";
      description = "The address at which this host's broker is reached, also by itself: no wildcard.";
    };
    heapMib = mkOption {
      type = types.ints.positive;
      default = 512;
      example = 1024;
      description = "The heap of this host's broker, in MiB. Its cache is the system's page cache, outside the heap.";
    };
    dataDir = mkOption {
      type = types.path;
      default = "/var/lib/apache-kafka";
      example = "/srv/kafka";
      description = "The data folder of this host's broker.";
    };
  };

  config = lib.mkIf cfg.enable {
    services.apache-kafka = lib.mkIf cfg.kafka.enable {
      enable = true;
      # A name, not a secret: it keeps a broker from using another cluster's folders.
      clusterId = lib.mkDefault "Rm9vdGZhbGwtS2Fma2EtMQ";
      formatLogDirs = lib.mkDefault true;
      formatLogDirsIgnoreFormatted = lib.mkDefault true;
      jvmOptions = [
        "-Xms${toString cfg.kafka.heapMib}m"
        "-Xmx${toString cfg.kafka.heapMib}m"
      ];
      settings = properties // {
        "node.id" = lib.mkDefault 1;
        # Voters, not bootstrap servers: NixOS formats without the option that bootstrap servers would need.
        "controller.quorum.voters" = lib.mkDefault "1@${cfg.kafka.listen}:9093";
        "listeners" = lib.mkDefault [
          "PLAINTEXT://${cfg.kafka.listen}:9092"
          "CONTROLLER://${cfg.kafka.listen}:9093"
        ];
        "advertised.listeners" = lib.mkDefault [ "PLAINTEXT://${cfg.kafka.listen}:9092" ];
        "log.dirs" = lib.mkDefault [ cfg.kafka.dataDir ];
      };
    };

    systemd.services.apache-kafka = lib.mkIf cfg.kafka.enable {
      serviceConfig = {
        # A broker that crashes is restarted; clients wait for it meanwhile.
        Restart = "on-failure";
        RestartSec = 2;
        LimitNOFILE = 65536;
      };
    };

    systemd.services.footfall-topics = lib.mkIf (cfg.profile != "light") {
      environment.FOOTFALL_BOOTSTRAP_SERVERS = lib.concatStringsSep "," cfg.kafka.bootstrapServers;
      wants = lib.optional cfg.kafka.enable "apache-kafka.service";
    };
  };
}
