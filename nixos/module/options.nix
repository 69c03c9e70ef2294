# Options for all of Footfall on this host.
{ lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
in
{
  options.services.footfall = {
    enable = lib.mkEnableOption "Footfall, web analytics on your own machine";

    package = mkOption {
      type = types.package;
      default = pkgs.callPackage ../package.nix { };
      defaultText = lib.literalExpression "footfall.packages.\${system}.default";
      example = lib.literalExpression "pkgs.footfall";
      description = "The package with programs, site, tracker, dashboards and unit files.";
    };

    profile = mkOption {
      type = types.enum [
        "appliance"
        "light"
        "cluster"
      ];
      default = "appliance";
      example = "light";
      description = ''
        Which services run here unless their own options say otherwise. `appliance`: all of them. `light`: ingest, which
        writes straight into PostgreSQL, and the live page, which also serves the site; no Kafka, nginx or Grafana.
        `cluster`: none; each host enables its own.
      '';
    };

    domain = mkOption {
      type = types.str;
      default = "localhost";
      example = "events.example.org";
      description = "The name under which browsers reach site, tracker and live page.";
    };

    openFirewall = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether the firewall lets other machines reach the site's ports. No other port is opened.";
    };

    logNamespace = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "footfall";
      description = ''
        A separate journal for Footfall's services (`journalctl --namespace=footfall`), with its own limits in
        `/etc/systemd/journald@footfall.conf`; null uses the system's journal.
      '';
    };
  };
}
