# A NixOS configuration, evaluated: the options that Footfall's module sets, with their types, and what follows from them.
{
  lib,
  modules,
  packagesFor,
  specialArgs ? { },
}:
let
  evaluated = lib.evalModules {
    inherit specialArgs;
    modules = [
      ./assertions.nix
      ./environment.nix
      ./systemd.nix
      ./users.nix
      ./networking.nix
      ./nginx.nix
      ./postgresql.nix
      ./apache-kafka.nix
      ./grafana.nix
      ./machine.nix
      (
        { config, ... }:
        {
          _module.args.pkgs = packagesFor config.nixpkgs.hostPlatform;
        }
      )
    ]
    ++ modules;
  };
in
evaluated
