# What every program with a configuration file has in common: its options, its file, and its secrets.
{ lib, pkgs }:
let
  inherit (lib) mkOption types;
  toml = pkgs.formats.toml { };
in
{
  # `settings`, and `secrets` for the keys whose values are secret.
  options =
    {
      program,
      document,
      example,
      secrets ? { },
    }:
    {
      settings = mkOption {
        type = types.submodule { freeformType = toml.type; };
        default = { };
        inherit example;
        description = ''
          Keys of `/etc/footfall/${program}.toml`: see [${document}](${document}). The program itself checks them while
          the system is built, so a key that does not exist fails the build, not the start.
        '';
      };
    }
    // lib.optionalAttrs (secrets != { }) {
      secrets = lib.mapAttrs (
        key: description:
        mkOption {
          type = types.nullOr types.path;
          default = null;
          example = "/run/keys/footfall-${key}";
          description = "${description} A file that root can read; systemd passes it to the daemon. It must not be in the Nix store.";
        }
      ) secrets;
    };

  # For nightly jobs: the option for the time, and the resulting timer.
  startAt = mkOption {
    type = types.nullOr types.str;
    default = null;
    example = "*-*-* 04:00:00";
    description = "When it runs, as a systemd calendar event; null keeps the time in the plain unit.";
  };
  timer = startAt: {
    wantedBy = [ "timers.target" ];
    timerConfig = lib.mkIf (startAt != null) {
      # An empty value clears the plain unit's.
      OnCalendar = [
        ""
        startAt
      ];
    };
  };

  # The keys of a plain file in nixos/footfall, as defaults that the host can override.
  defaults =
    file:
    lib.optionalAttrs (builtins.pathExists file) (
      lib.mapAttrsRecursive (_: lib.mkDefault) (lib.importTOML file)
    );

  # The configuration file, after the program has checked it.
  checked =
    {
      name,
      settings,
      check,
      package,
    }:
    let
      file = toml.generate "${name}.toml" settings;
    in
    if pkgs.stdenv.buildPlatform.canExecute pkgs.stdenv.hostPlatform then
      pkgs.runCommand "checked-${name}.toml" { } ''
        ${package}/bin/${check} --config ${file}
        cp ${file} "$out"
      ''
    else
      file;

  # LoadCredential for the secrets that the host names; it replaces the unit's own line for the same key.
  credentials =
    secrets:
    lib.mapAttrsToList (key: file: "${key}:${file}") (lib.filterAttrs (_: file: file != null) secrets);

  # Every user of this host could read a secret in the settings.
  assertions =
    {
      option,
      settings,
      secrets,
    }:
    map (key: {
      assertion = !lib.hasAttrByPath (lib.splitString "." key) settings;
      message = ''
        services.footfall.${option}.settings.${key} is a secret, and settings are written to the Nix store, which every user
        of this host can read. Put it into a file and name that file in services.footfall.${option}.secrets."${key}".'';
    }) (lib.attrNames secrets)
    ++ lib.mapAttrsToList (key: file: {
      assertion =
        file == null || !(builtins.isPath file || lib.hasPrefix builtins.storeDir (toString file));
      message = ''
        services.footfall.${option}.secrets."${key}" is or becomes a file in the Nix store, which every user of this host
        can read. Name a file outside the store, as a quoted string: "/run/keys/...".'';
    }) secrets;
}
