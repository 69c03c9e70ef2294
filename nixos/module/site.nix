# Site, tracker and everything else that browsers request, through services.nginx.
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
    # As in nixos/nginx/footfall-upstreams.conf, which gives the reason.
    extraConfig = ''
      keepalive 32;
      keepalive_timeout 10s;
    '';
  };
in
{
  options.services.footfall.site = {
    enable = lib.mkEnableOption "nginx, which serves site and tracker and proxies to ingest and the live page (part of the profile appliance)";
    root = mkOption {
      type = types.path;
      default = "${cfg.package}/share/footfall/web";
      defaultText = lib.literalExpression ''"''${config.services.footfall.package}/share/footfall/web"'';
      example = "/srv/www";
      description = "A folder with `site/` (pages; by default the demo site) and `tracker/dist/` (the tracker).";
    };
    address = mkOption {
      type = types.str;
      default = "0.0.0.0";
      example = "127.0.0.1";
      description = "The address on which the site listens if it serves plain HTTP.";
    };
    port = mkOption {
      type = types.port;
      default = 8080;
      example = 80;
      description = "The site's port if it serves plain HTTP. With a certificate it is 443, and 80 redirects there.";
    };
    tls = {
      acme = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = "Whether NixOS obtains and renews a certificate for the domain (through security.acme, where you accept the terms).";
      };
      certificate = mkOption {
        type = types.nullOr types.path;
        default = null;
        example = "/var/lib/certificates/events.pem";
        description = "Your own certificate, with its chain.";
      };
      certificateKey = mkOption {
        type = types.nullOr types.path;
        default = null;
        example = "/var/lib/certificates/events.key";
        description = "Its key: a file that nginx can read. It must not be in the Nix store.";
      };
    };
    ingestServers = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [
        "10.0.0.2:3001"
        "10.0.0.3:3001"
      ];
      description = "Where ingest listens, if not only on this host. nginx uses them in turn.";
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
        message = "services.footfall.site.tls.acme obtains a certificate, so you cannot also set your own.";
      }
      {
        assertion = !site.tls.acme || cfg.domain != "localhost";
        message = "services.footfall.site.tls.acme needs a public domain name: set services.footfall.domain.";
      }
      {
        assertion =
          site.tls.certificateKey == null
          || !(
            builtins.isPath site.tls.certificateKey
            || lib.hasPrefix builtins.storeDir (toString site.tls.certificateKey)
          );
        message = ''
          services.footfall.site.tls.certificateKey is or becomes a file in the Nix store, which every user of this host can
          read. Name a file outside the store, as a quoted string: "/run/keys/...".'';
      }
    ];

    services.nginx = {
      enable = true;
      # An open live page takes two connections, and nginx's default is 512. An nginx that serves more than this keeps its own.
      eventsConfig = lib.mkDefault "worker_connections 8192;";
      appendConfig = lib.mkDefault "worker_rlimit_nofile 16384;";
      appendHttpConfig = ''
        include ${nginxFiles}/footfall-clients.conf;
        ${lib.optionalString (!elsewhere) "include ${nginxFiles}/footfall-upstreams.conf;"}
      '';
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
