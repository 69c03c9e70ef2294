# `nix run`: runs everything as children of one launcher, with all programs from nixpkgs.
{ pkgs }:
let
  inherit (pkgs) lib;
  postgresql = pkgs.postgresql_17.withPackages (packages: [ packages.timescaledb-apache ]);
  up =
    name: description: parts: environment: arguments:
    let
      launcher = pkgs.writeShellApplication {
        inherit name;
        runtimeInputs = parts;
        text = ''
          ${environment}
          exec ${lib.getExe pkgs.footfall} up ${arguments} "$@"
        '';
      };
    in
    {
      type = "app";
      program = lib.getExe launcher;
      meta = { inherit description; };
    };
in
{
  default = up "footfall-up" "Starts everything on this machine and stays in the foreground" [
    postgresql
    pkgs.nginx
    pkgs.jre_headless
    pkgs.grafana
  ] "export FOOTFALL_KAFKA_LIBS=${pkgs.apacheKafka}/libs" "";

  light = up "footfall-light" "The same without Kafka, nginx and Grafana, for a small machine" [
    postgresql
  ] "" "--profile light";
}
