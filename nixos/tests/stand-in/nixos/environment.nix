# /etc, and the programs on every user's PATH.
{
  lib,
  config,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
in
{
  options = {
    environment.systemPackages = mkOption {
      type = types.listOf types.package;
      default = [ ];
    };
    environment.etc = mkOption {
      default = { };
      type = types.attrsOf (
        types.submodule (
          { name, config, ... }:
          {
            options = {
              enable = mkOption {
                type = types.bool;
                default = true;
              };
              target = mkOption { type = types.str; };
              text = mkOption {
                type = types.nullOr types.lines;
                default = null;
              };
              source = mkOption { type = types.path; };
              mode = mkOption {
                type = types.str;
                default = "symlink";
              };
              user = mkOption {
                type = types.str;
                default = "+0";
              };
              group = mkOption {
                type = types.str;
                default = "+0";
              };
            };
            config = {
              target = lib.mkDefault name;
              source = lib.mkIf (config.text != null) (
                lib.mkDefault (pkgs.writeText (baseNameOf name) config.text)
              );
            };
          }
        )
      );
    };
    system.build.etc = mkOption {
      type = types.package;
      readOnly = true;
    };
  };
  config.system.build.etc = pkgs.linkFarm "etc" (
    map (entry: {
      name = entry.target;
      path = entry.source;
    }) (lib.filter (entry: entry.enable) (lib.attrValues config.environment.etc))
  );
}
