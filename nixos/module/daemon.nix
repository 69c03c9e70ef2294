# What every program with a configuration file has in common: its options, its file, and which secrets it is handed.
{ lib, pkgs }:
let
  inherit (lib) mkOption types;
  toml = pkgs.formats.toml { };
in
{
  # `settings`, and `secrets` for those keys that hold one.
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
          the system is built, so a key that does not exist ends the build, not the start.
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
          description = "${description} A file that root can read; systemd hands it to the daemon. Never one in the Nix store.";
        }
      ) secrets;
    };

  # For what is done each night: when, as an option, and the timer that this comes to.
  startAt = mkOption {
    type = types.nullOr types.str;
    default = null;
    example = "*-*-* 04:00:00";
    description = "When, as a calendar event of systemd; null keeps the time of the plain unit.";
  };
  timer = startAt: {
    wantedBy = [ "timers.target" ];
    timerConfig = lib.mkIf (startAt != null) {
      # An empty one takes the plain unit's away.
      OnCalendar = [
        ""
        startAt
      ];
    };
  };

  # The keys of a plain file of nixos/footfall, each to be overridden by the host's own.
  defaults =
    file:
    lib.optionalAttrs (builtins.pathExists file) (
      lib.mapAttrsRecursive (_: lib.mkDefault) (lib.importTOML file)
    );

  # The configuration file, once the program has found it good.
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

  # LoadCredential for the secrets that the host names; a unit's own line for a key is replaced by it.
  credentials =
    secrets:
    lib.mapAttrsToList (key: file: "${key}:${file}") (lib.filterAttrs (_: file: file != null) secrets);

  # A secret that stands in the settings would be readable by everybody on this host.
  assertions =
    {
      option,
      settings,
      secrets,
    }:
    map (key: {
      assertion = !lib.hasAttrByPath (lib.splitString "." key) settings;
      message = ''
        services.footfall.${option}.settings.${key} is a secret, and settings are written to the Nix store, which everybody
        on this host can read. Put it into a file and name that in services.footfall.${option}.secrets."${key}".'';
    }) (lib.attrNames secrets)
    ++ lib.mapAttrsToList (key: file: {
      assertion =
        file == null || !(builtins.isPath file || lib.hasPrefix builtins.storeDir (toString file));
      message = ''
        services.footfall.${option}.secrets."${key}" is or becomes a file in the Nix store, which everybody on this host can
        read. Name a file outside it, as text in quotation marks: "/run/keys/...".'';
    }) secrets;
}
