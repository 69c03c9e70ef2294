# footfall-retention: removes data that is too old, each night.
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
    name = "retention";
    inherit (cfg.retention) settings;
    inherit (cfg) package;
    check = "footfall retain check-config";
  };
in
{
  options.services.footfall.retention = {
    enable = lib.mkEnableOption "footfall-retention, which removes data that is too old, each night (part of the profiles appliance and light)";
    inherit (daemon) startAt;
  }
  // daemon.options {
    program = "retention";
    document = "footfall-retention.md";
    example = {
      keep_days.analytics_events = 400;
    };
    secrets."database.password" =
      "Password of footfall_owner, if the database is elsewhere and requires one.";
  };

  config = lib.mkIf (cfg.enable && cfg.retention.enable) {
    services.footfall.retention.settings = lib.mkMerge [
      (daemon.defaults ../footfall/retention.toml)
      { database.url = lib.mkDefault (cfg.database.urlOf "footfall_owner"); }
    ];
    assertions = daemon.assertions {
      option = "retention";
      inherit (cfg.retention) settings secrets;
    };
    environment.etc."footfall/retention.toml".source = file;
    systemd.services.footfall-retention = {
      serviceConfig.LoadCredential = daemon.credentials cfg.retention.secrets;
    };
    systemd.timers.footfall-retention = daemon.timer cfg.retention.startAt;
  };
}
