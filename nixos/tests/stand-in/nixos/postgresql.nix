# services.postgresql, run with this machine's PostgreSQL 17.
{
  lib,
  config,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.postgresql;
  no = mkOption {
    type = types.bool;
    default = false;
  };
  shown =
    value:
    if value == true then
      "yes"
    else if value == false then
      "no"
    else if builtins.isString value then
      "'${builtins.replaceStrings [ "'" ] [ "''" ] value}'"
    else
      toString value;
  configuration = pkgs.writeText "postgresql.conf" (
    lib.concatStrings (
      lib.mapAttrsToList (name: value: "${name} = ${shown value}\n") (
        lib.filterAttrs (_: value: value != null) cfg.settings
      )
    )
  );
in
{
  options.services.postgresql = {
    enable = no;
    enableJIT = no;
    enableTCPIP = no;
    package = mkOption {
      type = types.package;
      default = pkgs.postgresql_17;
    };
    dataDir = mkOption {
      type = types.path;
      # Apart from a cluster that Debian itself may have.
      default = "/var/lib/postgresql/nixos-${cfg.package.psqlSchema}";
    };
    extensions = mkOption {
      type = types.coercedTo (types.listOf types.path) (path: _: path) (
        types.functionTo (types.listOf types.path)
      );
      default = _: [ ];
    };
    authentication = mkOption {
      type = types.lines;
      default = "";
    };
    identMap = mkOption {
      type = types.lines;
      default = "";
    };
    initialScript = mkOption {
      type = types.nullOr types.path;
      default = null;
    };
    ensureDatabases = mkOption {
      type = types.listOf types.str;
      default = [ ];
    };
    ensureUsers = mkOption {
      default = [ ];
      type = types.listOf (
        types.submodule {
          options = {
            name = mkOption { type = types.str; };
            ensureDBOwnership = no;
          };
        }
      );
    };
    settings = mkOption {
      default = { };
      type = types.submodule {
        freeformType = types.attrsOf (
          types.nullOr (
            types.oneOf [
              types.bool
              types.float
              types.int
              types.str
            ]
          )
        );
        options = {
          shared_preload_libraries = mkOption {
            type = types.nullOr (
              types.coercedTo (types.listOf types.str) (lib.concatStringsSep ",") types.commas
            );
            default = null;
          };
          port = mkOption {
            type = types.port;
            default = 5432;
          };
        };
      };
    };
  };
  config = lib.mkIf cfg.enable {
    services.postgresql = {
      # Called, as NixOS does, so that a missing extension is an error.
      settings = {
        hba_file = "${pkgs.writeText "pg_hba.conf" cfg.authentication}";
        ident_file = "${pkgs.writeText "pg_ident.conf" cfg.identMap}";
        log_destination = "stderr";
        listen_addresses = if cfg.enableTCPIP then "*" else "localhost";
        jit = cfg.enableJIT;
      };
      authentication = lib.mkAfter ''
        local all postgres         peer map=postgres
        local all all              peer
        host  all all 127.0.0.1/32 md5
        host  all all ::1/128      md5
      '';
      identMap = lib.mkAfter "postgres postgres postgres";
    };
    systemd.services.postgresql = {
      description = "PostgreSQL Server";
      after = [ "network.target" ];
      environment.PGDATA = cfg.dataDir;
      # The packages are referenced, so that a missing one is an error here too.
      environment.EXTENSIONS = lib.concatMapStringsSep " " toString (cfg.extensions cfg.package.pkgs);
      preStart = ''
        [[ -e $PGDATA/PG_VERSION ]] || /usr/lib/postgresql/17/bin/initdb --username=postgres --auth=peer
        ln -sfn ${configuration} "$PGDATA/postgresql.conf"
      '';
      serviceConfig = {
        Type = "notify";
        User = "postgres";
        Group = "postgres";
        ExecStart = "/usr/lib/postgresql/17/bin/postgres";
        RuntimeDirectory = "postgresql";
        StateDirectory = "postgresql";
        KillSignal = "SIGINT";
        KillMode = "mixed";
        TimeoutSec = 120;
      };
    };
    systemd.services.postgresql-setup = {
      description = "PostgreSQL Setup Scripts";
      requires = [ "postgresql.service" ];
      after = [ "postgresql.service" ];
      script =
        "true\n"
        + lib.concatMapStrings (database: ''
          /usr/bin/psql -tAc "SELECT 1 FROM pg_database WHERE datname = '${database}'" | grep -q 1 || /usr/bin/psql -tAc 'CREATE DATABASE "${database}"'
        '') cfg.ensureDatabases;
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        User = "postgres";
        Group = "postgres";
      };
    };
    systemd.targets.postgresql = {
      description = "PostgreSQL";
      wantedBy = [ "multi-user.target" ];
      requires = [
        "postgresql.service"
        "postgresql-setup.service"
      ];
      after = [
        "postgresql.service"
        "postgresql-setup.service"
      ];
    };
    users.users.postgres = {
      isSystemUser = true;
      group = "postgres";
    };
    users.groups.postgres = { };
  };
}
