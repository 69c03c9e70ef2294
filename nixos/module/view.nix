# footfall-view: the live page.
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
    name = "view";
    inherit (cfg.view) settings;
    inherit (cfg) package;
    check = "footfall-view check-config";
  };
in
{
  options.services.footfall.view = {
    enable = lib.mkEnableOption "footfall-view, the live page (part of the profiles appliance and light)";
    listen = mkOption {
      type = types.str;
      default = "127.0.0.1:3003";
      example = "10.0.0.2:3003";
      description = "The address and port of the live page. In the light profile those of the site, which view also serves.";
      defaultText = lib.literalMD ''`"127.0.0.1:3003"`; in the light profile `site.address` and `site.port`'';
    };
  }
  // daemon.options {
    program = "view";
    document = "footfall-view.md";
    example = {
      page.title = "Example";
      page.time_zone = "Europe/Berlin";
    };
    secrets = {
      "access.password" =
        "Password of the login form, at least 8 characters; null uses one that is generated on the first boot.";
      "access.tokens" = "Bearer tokens of the API, separated by white space.";
      "database.password" = "Password of footfall_reader, if the database is elsewhere and requires one.";
    };
  };

  config = lib.mkIf (cfg.enable && cfg.view.enable) {
    services.footfall.view.settings = lib.mkMerge [
      (daemon.defaults ../footfall/view.toml)
      {
        listen = lib.mkDefault cfg.view.listen;
        database.url = lib.mkDefault (cfg.database.urlOf "footfall_reader");
      }
    ];
    assertions = daemon.assertions {
      option = "view";
      inherit (cfg.view) settings secrets;
    };
    environment.etc."footfall/view.toml".source = file;
    systemd.services.footfall-view = {
      restartTriggers = [ file ];
      serviceConfig.LoadCredential = daemon.credentials cfg.view.secrets;
    };
    systemd.sockets.footfall-view = {
      wantedBy = [ "sockets.target" ];
      # An empty value clears the plain unit's.
      listenStreams = [
        ""
        cfg.view.listen
      ];
    };
  };
}
