# Grafana with our dashboards, data source and alerts, through services.grafana.
#
# The options of services.grafana: nixpkgs, nixos/modules/services/monitoring/grafana.nix.
{ lib, config, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.footfall;
  files = "${cfg.package}/share/footfall/grafana";
  credential = name: "$__file{/run/credentials/grafana.service/${name}}";
  made = "/var/lib/footfall/secrets";
  # grafana/settings/footfall.env: `GF_SECTION_KEY=true` lines and comments.
  plain = builtins.foldl' lib.recursiveUpdate { } (
    map (
      found:
      lib.setAttrByPath [ (lib.toLower (lib.head found)) (lib.toLower (builtins.elemAt found 1)) ] (
        lib.mkDefault (lib.last found == "true")
      )
    ) (
      lib.filter (found: found != null) (
        map (builtins.match "GF_([A-Z]+)_([A-Z_]+)=(true|false)") (
          lib.splitString "\n" (builtins.readFile ../../grafana/settings/footfall.env)
        )
      )
    )
  );
in
{
  options.services.footfall.grafana = {
    enable = lib.mkEnableOption "Grafana with Footfall's dashboards and alerts (part of the profile appliance)";
    port = mkOption {
      type = types.port;
      default = 3000;
      example = 3100;
      description = "Grafana's port on 127.0.0.1: reach it through a tunnel, or put your own virtual host in front of it.";
    };
    environmentFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = "/run/keys/grafana.env";
      description = ''
        For a database elsewhere: a file with `GRAFANA_FOOTFALL_PASSWORD=...`, the password of footfall_reader. It must not
        be in the Nix store.
      '';
    };
  };

  config = lib.mkIf (cfg.enable && cfg.grafana.enable) {
    assertions = [
      {
        assertion =
          let
            file = cfg.grafana.environmentFile;
          in
          file == null || !(builtins.isPath file || lib.hasPrefix builtins.storeDir (toString file));
        message = ''
          services.footfall.grafana.environmentFile is or becomes a file in the Nix store, which every user of this host can
          read. Name a file outside the store, as a quoted string: "/run/keys/...".'';
      }
    ];

    services.grafana = {
      enable = true;
      settings = lib.recursiveUpdate plain {
        server.http_addr = lib.mkDefault "127.0.0.1";
        server.http_port = lib.mkDefault cfg.grafana.port;
        # Instead of the default password "admin".
        security.admin_password = lib.mkDefault (credential "grafana.admin_password");
        security.secret_key = lib.mkDefault (credential "grafana.secret_key");
        dashboards.default_home_dashboard_path = lib.mkDefault "${files}/dashboards/analytics-platform.json";
      };
      provision = {
        enable = true;
        datasources.path = "${files}/provisioning/datasources";
        dashboards.path = "${files}/provisioning/dashboards";
        alerting.rules.path = "${files}/provisioning/alerting";
      };
    };

    systemd.services.grafana = {
      after = [ "footfall-migrate.service" ];
      # The variables that grafana/README.md lists.
      environment = {
        GRAFANA_FOOTFALL_POSTGRES =
          if lib.hasPrefix "/" cfg.database.host then
            cfg.database.host
          else
            "${cfg.database.host}:${toString cfg.database.port}";
        GRAFANA_FOOTFALL_SSLMODE = lib.mkDefault "disable";
        GRAFANA_FOOTFALL_DASHBOARDS = "${files}/dashboards";
      };
      serviceConfig = {
        LoadCredential = [
          "grafana.admin_password:${made}/grafana.admin_password"
          "grafana.secret_key:${made}/grafana.secret_key"
        ];
        EnvironmentFile = lib.mkIf (cfg.grafana.environmentFile != null) cfg.grafana.environmentFile;
      };
    };

    # Grafana's own secrets, which `footfall secrets` does not generate.
    systemd.services.footfall-grafana-secrets = {
      description = "Footfall: generates missing secrets of Grafana";
      requiredBy = [ "grafana.service" ];
      before = [ "grafana.service" ];
      script = ''
        for name in grafana.admin_password grafana.secret_key; do
          file=${made}/$name
          if [[ ! -s $file ]]; then
            head -c 24 /dev/urandom | base64 > "$file.new"
            mv "$file.new" "$file"
          fi
        done
      '';
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        StateDirectory = "footfall/secrets";
        StateDirectoryMode = "0700";
        PrivateNetwork = true;
      };
    };
  };
}
