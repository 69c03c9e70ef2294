# The whole system: system.build.toplevel, and the options that describe a host's or a test machine's hardware.
{
  lib,
  config,
  pkgs,
  extended,
  ...
}:
let
  inherit (lib) mkOption types;
  failed = map (one: one.message) (lib.filter (one: !one.assertion) config.assertions);
in
{
  options = {
    nixpkgs.hostPlatform = mkOption { type = types.str; };
    system.stateVersion = mkOption { type = types.str; };
    system.build.toplevel = mkOption {
      type = types.package;
      readOnly = true;
    };
    specialisation = mkOption {
      default = { };
      type = types.attrsOf (
        types.submodule {
          options.configuration = mkOption {
            type = types.raw;
            default = { };
          };
        }
      );
    };
    fileSystems = mkOption {
      type = types.attrsOf (
        types.submodule {
          options = {
            device = mkOption { type = types.nullOr types.str; };
            fsType = mkOption { type = types.str; };
          };
        }
      );
      default = { };
    };
    boot.loader.grub.device = mkOption {
      type = types.str;
      default = "";
    };
    boot.loader.systemd-boot.enable = mkOption {
      type = types.bool;
      default = false;
    };
    time.timeZone = mkOption {
      type = types.nullOr types.str;
      default = null;
    };
    virtualisation = {
      memorySize = mkOption {
        type = types.ints.positive;
        default = 1024;
      };
      diskSize = mkOption {
        type = types.ints.positive;
        default = 1024;
      };
      cores = mkOption {
        type = types.ints.positive;
        default = 1;
      };
    };
  };
  config.system.build.toplevel =
    if failed != [ ] then
      throw "\nFailed assertions:\n${lib.concatMapStringsSep "\n" (message: "- ${message}") failed}"
    else
      pkgs.linkFarm "nixos-system" (
        {
          etc = config.system.build.etc;
        }
        // lib.mapAttrs' (
          name: one:
          lib.nameValuePair "specialisation/${name}" (extended one.configuration).config.system.build.toplevel
        ) config.specialisation
      );
}
