# footfall-ingest: receives events.
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
    name = "ingest";
    inherit (cfg.ingest) settings;
    inherit (cfg) package;
    check = "footfall-ingest check-config";
  };
in
{
  options.services.footfall.ingest = {
    enable = lib.mkEnableOption "footfall-ingest, which receives events (part of the profiles appliance and light)";
    listen = mkOption {
      type = types.str;
      default = "127.0.0.1:3001";
      example = "10.0.0.2:3001";
      description = "The address and port to which events are posted. systemd holds the socket, so a restart refuses no request.";
    };
  }
  // daemon.options {
    program = "ingest";
    document = "footfall-ingest.md";
    example = {
      privacy.country_database = "/var/lib/geo/country.mmdb";
      limits.events_max = 500;
    };
    secrets = {
      "privacy.visitor_secret" =
        "Key of the visitors' daily hashes, at least 16 bytes; null uses one that is generated on the first boot. Hosts of one cluster share it.";
      "import.key" =
        "Key with which history may be imported, at least 16 bytes; null allows it to programs on this host only.";
      "database.password" =
        "Password of footfall_writer, in the light profile with a database elsewhere.";
    };
  };

  config = lib.mkIf (cfg.enable && cfg.ingest.enable) {
    services.footfall.ingest.settings = lib.mkMerge [
      (daemon.defaults ../footfall/ingest.toml)
      {
        listen = lib.mkDefault cfg.ingest.listen;
        kafka.bootstrap_servers = lib.mkDefault (lib.concatStringsSep "," cfg.kafka.bootstrapServers);
      }
    ];
    assertions = daemon.assertions {
      option = "ingest";
      inherit (cfg.ingest) settings secrets;
    };
    environment.etc."footfall/ingest.toml".source = file;
    systemd.services.footfall-ingest = {
      restartTriggers = [ file ];
      serviceConfig.LoadCredential = daemon.credentials cfg.ingest.secrets;
    };
    systemd.sockets.footfall-ingest = {
      wantedBy = [ "sockets.target" ];
      # An empty value clears the plain unit's.
      listenStreams = [
        ""
        cfg.ingest.listen
      ];
    };
  };
}
