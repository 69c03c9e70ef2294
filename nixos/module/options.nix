# What holds for all of Footfall on this host.
{ lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
in
{
  options.services.footfall = {
    enable = lib.mkEnableOption "Footfall, which tells what people do on your web site";

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
        Which parts run here, where no option of a part says otherwise. `appliance`: all of them. `light`: ingest, which
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
      description = "Whether other machines reach the site's ports. Everything else stays on this host.";
    };

    logNamespace = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "footfall";
      description = ''
        A journal of its own for Footfall's services (`journalctl --namespace=footfall`), with limits of its own in
        `/etc/systemd/journald@footfall.conf`; null takes the system's journal.
      '';
    };
  };
}
