# services.grafana: only its options. The tests cannot download Grafana, so nothing runs.
{ lib, config, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.grafana;
  provided = mkOption {
    default = { };
    type = types.submodule {
      options = {
        settings = mkOption {
          type = types.nullOr (types.attrsOf types.anything);
          default = null;
        };
        path = mkOption {
          type = types.nullOr types.path;
          default = null;
        };
      };
    };
  };
in
{
  options.services.grafana = {
    enable = mkOption {
      type = types.bool;
      default = false;
    };
    openFirewall = mkOption {
      type = types.bool;
      default = false;
    };
    settings = mkOption {
      type = types.submodule {
        freeformType = types.attrsOf (
          types.attrsOf (
            types.nullOr (
              types.oneOf [
                types.bool
                types.int
                types.float
                types.str
              ]
            )
          )
        );
      };
      default = { };
    };
    provision = {
      enable = mkOption {
        type = types.bool;
        default = false;
      };
      datasources = provided;
      dashboards = provided;
      alerting = {
        rules = provided;
        contactPoints = provided;
        policies = provided;
        templates = provided;
        muteTimings = provided;
      };
    };
  };
  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.settings ? security && cfg.settings.security ? secret_key;
        message = "services.grafana.settings.security.secret_key must be set";
      }
    ];
    # Evaluated here, because Grafana would read them.
    environment.etc =
      let
        given = {
          inherit (cfg.provision) datasources dashboards;
        }
        // cfg.provision.alerting;
      in
      lib.concatMapAttrs (
        name: one:
        lib.optionalAttrs (one.path != null) { "grafana/provisioning/${name}".source = one.path; }
        // lib.optionalAttrs (one.settings != null) {
          "grafana/provisioning/${name}.json".text = builtins.toJSON one.settings;
        }
      ) given
      // {
        "grafana/grafana.json".text = builtins.toJSON cfg.settings;
      };
    users.users.grafana = {
      isSystemUser = true;
      group = "grafana";
    };
    users.groups.grafana = { };
    systemd.services.grafana = {
      description = "Grafana Service Daemon";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      serviceConfig.User = "grafana";
      # A Debian that boots this has no Grafana; the unit exists only so that it can be inspected.
      unitConfig.ConditionPathExists = "/usr/sbin/grafana";
      serviceConfig.ExecStart = "/usr/sbin/grafana server";
    };
  };
}
