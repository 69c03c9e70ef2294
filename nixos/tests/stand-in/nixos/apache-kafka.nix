# services.apache-kafka, run with the Kafka that `cargo xtask install --with-kafka` installs.
{
  lib,
  config,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.apache-kafka;
  no = mkOption {
    type = types.bool;
    default = false;
  };
  primitive = types.oneOf [
    types.bool
    types.int
    types.str
  ];
  shown =
    value:
    if builtins.isBool value then
      lib.boolToString value
    else if builtins.isList value then
      lib.concatMapStringsSep "," shown value
    else
      toString value;
in
{
  options.services.apache-kafka = {
    enable = no;
    package = mkOption {
      type = types.package;
      default = pkgs.apacheKafka;
    };
    settings = mkOption {
      type = types.submodule {
        freeformType = types.lazyAttrsOf (types.nullOr (types.either primitive (types.listOf primitive)));
        options = {
          "broker.id" = mkOption {
            type = types.nullOr types.int;
            default = null;
          };
          "log.dirs" = mkOption { type = types.listOf types.path; };
          "listeners" = mkOption {
            type = types.listOf types.str;
            default = [ "PLAINTEXT://localhost:9092" ];
          };
        };
      };
    };
    clusterId = mkOption {
      type = types.nullOr types.str;
      default = null;
    };
    configFiles.serverProperties = mkOption { type = types.path; };
    formatLogDirs = no;
    formatLogDirsIgnoreFormatted = no;
    jvmOptions = mkOption {
      type = types.listOf types.str;
      default = [ ];
    };
  };
  config = lib.mkIf cfg.enable {
    services.apache-kafka.configFiles.serverProperties = pkgs.writeText "server.properties" (
      lib.concatStrings (
        lib.mapAttrsToList (name: value: "${name}=${shown value}\n") (
          lib.filterAttrs (_: value: value != null) cfg.settings
        )
      )
    );
    users.users.apache-kafka = {
      isSystemUser = true;
      group = "apache-kafka";
    };
    users.groups.apache-kafka = { };
    systemd.tmpfiles.rules = map (
      folder: "d '${folder}' 0700 apache-kafka - - -"
    ) cfg.settings."log.dirs";
    systemd.services.apache-kafka = {
      description = "Apache Kafka Daemon";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      preStart = lib.mkIf cfg.formatLogDirs ''
        /usr/bin/java -Xmx256m -cp "${cfg.package}/*" kafka.tools.StorageTool format -t "${cfg.clusterId}" \
          -c ${cfg.configFiles.serverProperties} ${lib.optionalString cfg.formatLogDirsIgnoreFormatted "--ignore-formatted"}
      '';
      serviceConfig = {
        ExecStart = "/usr/bin/java -cp \"${cfg.package}/*\" ${toString cfg.jvmOptions} kafka.Kafka ${cfg.configFiles.serverProperties}";
        User = "apache-kafka";
        SuccessExitStatus = "0 143";
      };
    };
  };
}
