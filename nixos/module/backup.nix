# footfall-backup: backs up the database each night.
{
  lib,
  config,
  pkgs,
  ...
}:
let
  daemon = import ./daemon.nix { inherit lib pkgs; };
  cfg = config.services.footfall;
  file = daemon.checked {
    name = "backup";
    inherit (cfg.backup) settings;
    inherit (cfg) package;
    check = "footfall backup check-config";
  };
in
{
  options.services.footfall.backup = {
    enable = lib.mkEnableOption "footfall-backup, which backs up the database each night (part of the profiles appliance and light)";
    inherit (daemon) startAt;
  }
  // daemon.options {
    program = "backup";
    document = "footfall-backup.md";
    example = {
      dir = "/mnt/backup/footfall";
      keep = 14;
    };
    secrets."database.password" =
      "Password of a role that may read everything, if the database is elsewhere and requires one.";
  };

  config = lib.mkIf (cfg.enable && cfg.backup.enable) {
    services.footfall.backup.settings = lib.mkMerge [
      (daemon.defaults ../footfall/backup.toml)
      { database.url = lib.mkDefault (cfg.database.urlOf "postgres"); }
    ];
    assertions = daemon.assertions {
      option = "backup";
      inherit (cfg.backup) settings secrets;
    };
    environment.etc."footfall/backup.toml".source = file;
    systemd.services.footfall-backup = {
      # pg_dump and pg_restore.
      path = [ config.services.postgresql.package ];
      serviceConfig = {
        LoadCredential = daemon.credentials cfg.backup.secrets;
        # The host's own folder, in addition to the unit's.
        ReadWritePaths = lib.optional (cfg.backup.settings ? dir) cfg.backup.settings.dir;
      };
    };
    systemd.timers.footfall-backup = daemon.timer cfg.backup.startAt;
  };
}
