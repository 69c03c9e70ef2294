# An evaluated NixOS configuration: the options that Footfall's module sets, with their types and effects.
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
          # The same host with additional configuration, and without variants of its own.
          _module.args.extended =
            configuration:
            import ./. {
              inherit lib packagesFor specialArgs;
              modules = modules ++ [
                configuration
                { specialisation = lib.mkOverride 0 { }; }
              ];
            };
        }
      )
    ]
    ++ modules;
  };
in
evaluated
