# PostgreSQL with TimescaleDB on this host, through services.postgresql, or the address of one elsewhere.
#
# The options of services.postgresql: nixpkgs, nixos/modules/services/databases/postgresql.nix.
{
  lib,
  config,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.footfall;
  database = cfg.database;
  # `key = value` lines, text in single quotes, and comments.
  read =
    file:
    lib.listToAttrs (
      map (found: lib.nameValuePair (lib.head found) (lib.last found)) (
        lib.filter (found: found != null) (
          map (builtins.match "([a-z_.]+) *= *'?([^']*[^' ])'? *") (
            lib.splitString "\n" (builtins.readFile file)
          )
        )
      )
    );
  settings =
    read ../postgresql/postgresql.conf
    // lib.optionalAttrs (cfg.profile == "light") (read ../postgresql/light.conf);
in
{
  options.services.footfall.database = {
    enable = lib.mkEnableOption "PostgreSQL with TimescaleDB on this host (part of the profiles appliance and light)";
    host = mkOption {
      type = types.str;
      default = "/run/postgresql";
      example = "db.example.org";
      description = ''
        Where the database is: the folder of its Unix socket, or a host name. On a remote one an administrator creates roles
        and passwords. Footfall's connections to it are not encrypted yet: keep them within a private network.
      '';
    };
    port = mkOption {
      type = types.port;
      default = 5432;
      description = "The port of the database.";
      example = 6432;
    };
    name = mkOption {
      type = types.strMatching "[a-z_][a-z0-9_]*";
      default = "analytics";
      example = "footfall";
      description = "The name of the database.";
    };
    migrationEnvironmentFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = "/run/keys/footfall-migrate";
      description = ''
        For a database elsewhere, on one host only: a file with `FOOTFALL_DATABASE_URL=...` of an owner, with which this
        host migrates the tables. It must not be in the Nix store. A database on this host needs none.
      '';
    };
    urlOf = mkOption {
      type = types.functionTo types.str;
      internal = true;
      readOnly = true;
      default =
        role: "host=${database.host} port=${toString database.port} user=${role} dbname=${database.name}";
      description = "How a role connects.";
    };
    migrates = mkOption {
      type = types.bool;
      internal = true;
      readOnly = true;
      default = database.enable || database.migrationEnvironmentFile != null;
      description = "Whether this host migrates the tables.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion =
          let
            file = database.migrationEnvironmentFile;
          in
          file == null || !(builtins.isPath file || lib.hasPrefix builtins.storeDir (toString file));
        message = ''
          services.footfall.database.migrationEnvironmentFile is or becomes a file in the Nix store, which every user of
          this host can read. Name a file outside the store, as a quoted string: "/run/keys/...".'';
      }
    ];

    services.postgresql = lib.mkIf database.enable {
      enable = true;
      # The version with which the schema is tested.
      package = lib.mkDefault pkgs.postgresql_17;
      extensions = packages: [ packages.timescaledb-apache ];
      enableJIT = lib.mkDefault (settings.jit == "on");
      settings =
        lib.mapAttrs (_: lib.mkDefault) (
          removeAttrs settings [
            "jit"
            "shared_preload_libraries"
          ]
        )
        // {
          # Added to the host's own.
          shared_preload_libraries = lib.splitString "," settings.shared_preload_libraries;
          port = lib.mkDefault database.port;
        };
      # Before NixOS's own lines: the first match decides.
      authentication = builtins.readFile ../postgresql/pg_hba.conf;
      identMap = builtins.readFile ../postgresql/pg_ident.conf;
      # footfall-migrate creates the database, owned by footfall_owner; ensureDatabases would make the superuser its owner.
    };

    systemd.services.footfall-migrate = lib.mkIf database.migrates {
      # Only the target waits for postgresql-setup.
      requires = lib.optional database.enable "postgresql.target";
      after = lib.optional database.enable "postgresql.target";
      # Another version of the package may have another schema.
      restartTriggers = [ cfg.package ];
      environment = lib.mkIf (database.migrationEnvironmentFile == null) {
        FOOTFALL_DATABASE_URL = "host=${database.host} port=${toString database.port} user=postgres dbname=${database.name}";
      };
      serviceConfig = lib.mkIf (database.migrationEnvironmentFile != null) {
        EnvironmentFile = database.migrationEnvironmentFile;
        # A remote database does not know this host's users.
        DynamicUser = true;
        User = "footfall-migrate";
      };
    };
  };
}
