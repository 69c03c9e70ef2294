# Site, tracker and everything else that browsers ask for, by services.nginx.
{ lib, config, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.footfall;
  site = cfg.site;
  nginxFiles = "${cfg.package}/share/footfall/nixos/nginx";
  ownCertificate = site.tls.certificate != null;
  tls = site.tls.acme || ownCertificate;
  ports =
    if tls then
      [
        80
        443
      ]
    else
      [ site.port ];
  elsewhere = site.ingestServers != [ ] || site.viewServers != [ ];
  upstream = servers: {
    servers = lib.genAttrs servers (_: { });
    # As in nixos/nginx/footfall-upstreams.conf, where the reason stands.
    extraConfig = ''
      keepalive 32;
      keepalive_timeout 10s;
    '';
  };
in
{
  options.services.footfall.site = {
    enable = lib.mkEnableOption "nginx with site and tracker, and the way to ingest and live page (part of the profile appliance)";
    root = mkOption {
      type = types.path;
      default = "${cfg.package}/share/footfall/web";
      defaultText = lib.literalExpression ''"''${config.services.footfall.package}/share/footfall/web"'';
      example = "/srv/www";
      description = "A folder with `site/` (pages; the demo site where nothing is said) and `tracker/dist/` (the tracker).";
    };
    address = mkOption {
      type = types.str;
      default = "0.0.0.0";
      example = "127.0.0.1";
      description = "The address that the site listens on where it speaks plain HTTP.";
    };
    port = mkOption {
      type = types.port;
      default = 8080;
      example = 80;
      description = "The port of the site where it speaks plain HTTP. With a certificate it is 443, and 80 leads there.";
    };
    tls = {
      acme = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = "Whether NixOS fetches and renews a certificate for the domain (security.acme, whose terms you accept there).";
      };
      certificate = mkOption {
        type = types.nullOr types.path;
        default = null;
        example = "/var/lib/certificates/events.pem";
        description = "A certificate of your own, with its chain.";
      };
      certificateKey = mkOption {
        type = types.nullOr types.path;
        default = null;
        example = "/var/lib/certificates/events.key";
        description = "Its key: a file that nginx can read. Never one in the Nix store.";
      };
    };
    ingestServers = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [
        "10.0.0.2:3001"
        "10.0.0.3:3001"
      ];
      description = "Where ingest listens, if not only on this host. nginx asks them in turn.";
    };
    viewServers = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "10.0.0.4:3003" ];
      description = "Where the live page is, if not on this host.";
    };
  };

  config = lib.mkIf (cfg.enable && site.enable) {
    assertions = [
      {
        assertion = (site.tls.certificate == null) == (site.tls.certificateKey == null);
        message = "services.footfall.site.tls.certificate and certificateKey belong together: set both or neither.";
      }
      {
        assertion = !(site.tls.acme && ownCertificate);
        message = "services.footfall.site.tls.acme fetches a certificate, so there can be none of your own beside it.";
      }
      {
        assertion = !site.tls.acme || cfg.domain != "localhost";
        message = "services.footfall.site.tls.acme needs a name that the world knows: set services.footfall.domain.";
      }
      {
        assertion =
          site.tls.certificateKey == null
          || !(
            builtins.isPath site.tls.certificateKey
            || lib.hasPrefix builtins.storeDir (toString site.tls.certificateKey)
          );
        message = ''
          services.footfall.site.tls.certificateKey is or becomes a file in the Nix store, which everybody on this host can
          read. Name a file outside it, as text in quotation marks: "/run/keys/...".'';
      }
    ];

    services.nginx = {
      enable = true;
      appendHttpConfig = lib.mkIf (!elsewhere) "include ${nginxFiles}/footfall-upstreams.conf;";
      upstreams = lib.mkIf elsewhere {
        footfall_ingest = upstream (
          if site.ingestServers == [ ] then [ cfg.ingest.listen ] else site.ingestServers
        );
        footfall_view = upstream (
          if site.viewServers == [ ] then [ cfg.view.listen ] else site.viewServers
        );
      };
      virtualHosts.${cfg.domain} = {
        default = lib.mkDefault true;
        root = site.root;
        extraConfig = "include ${nginxFiles}/footfall-locations.conf;";
        listen = lib.mkIf (!tls) [
          {
            addr = site.address;
            inherit (site) port;
          }
        ];
        forceSSL = tls;
        enableACME = site.tls.acme;
        sslCertificate = lib.mkIf ownCertificate site.tls.certificate;
        sslCertificateKey = lib.mkIf ownCertificate site.tls.certificateKey;
      };
    };

    networking.firewall.allowedTCPPorts = lib.mkIf cfg.openFirewall ports;
  };
}
