# A test of NixOS machines: the machines are evaluated, and the result contains the script and their systems. Nothing boots
# here: that needs QEMU and real nixpkgs.
{ lib, pkgs }:
test:
let
  inherit (lib) mkOption types;
  evaluated = lib.evalModules {
    specialArgs = { inherit pkgs; };
    modules = [
      test
      (
        { config, ... }:
        {
          options = {
            name = mkOption { type = types.str; };
            globalTimeout = mkOption {
              type = types.int;
              default = 3600;
            };
            nodes = mkOption { type = types.lazyAttrsOf types.raw; };
            defaults = mkOption {
              type = types.raw;
              default = { };
            };
            extraBaseModules = mkOption {
              type = types.raw;
              default = { };
            };
            testScript = mkOption { type = types.either types.str (types.functionTo types.str); };
            skipTypeCheck = mkOption {
              type = types.bool;
              default = false;
            };
            skipLint = mkOption {
              type = types.bool;
              default = false;
            };
            meta = mkOption {
              type = types.attrsOf types.raw;
              default = { };
            };
          };
        }
      )
    ];
  };
  inherit (evaluated) config;
  nodes = lib.mapAttrs (
    name: node:
    import ../nixos {
      inherit lib;
      packagesFor = _: pkgs;
      modules = [
        config.defaults
        config.extraBaseModules
        node
        {
          networking.hostName = lib.mkDefault name;
          nixpkgs.hostPlatform = pkgs.stdenv.hostPlatform.system;
        }
      ];
    }
  ) config.nodes;
  script =
    if builtins.isString config.testScript then
      config.testScript
    else
      config.testScript { nodes = lib.mapAttrs (_: node: node.config) nodes; };
in
pkgs.linkFarm "vm-test-${config.name}" (
  {
    "script.py" = pkgs.writeText "script.py" script;
  }
  // lib.mapAttrs' (
    name: node: lib.nameValuePair "machines/${name}" node.config.system.build.toplevel
  ) nodes
)
// {
  inherit nodes config;
}
