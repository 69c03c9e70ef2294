# services.nginx, run with this machine's nginx.
{
  lib,
  config,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.nginx;
  text = mkOption {
    type = types.lines;
    default = "";
  };
  maybe =
    type:
    mkOption {
      type = types.nullOr type;
      default = null;
    };
  no = mkOption {
    type = types.bool;
    default = false;
  };
  location = {
    proxyPass = maybe types.str;
    root = maybe types.path;
    alias = maybe types.path;
    tryFiles = maybe types.str;
    return = maybe (types.either types.str types.int);
    extraConfig = text;
  };
  virtualHost = {
    serverName = maybe types.str;
    serverAliases = mkOption {
      type = types.listOf types.str;
      default = [ ];
    };
    listen = mkOption {
      default = [ ];
      type = types.listOf (
        types.submodule {
          options = {
            addr = mkOption { type = types.str; };
            port = maybe types.port;
            ssl = no;
          };
        }
      );
    };
    addSSL = no;
    onlySSL = no;
    rejectSSL = no;
    forceSSL = no;
    enableACME = no;
    useACMEHost = maybe types.str;
    sslCertificate = mkOption { type = types.path; };
    sslCertificateKey = mkOption { type = types.path; };
    root = maybe types.path;
    default = no;
    locations = mkOption {
      type = types.attrsOf (types.submodule { options = location; });
      default = { };
    };
    extraConfig = text;
  };
  listening =
    host:
    if host.listen != [ ] then
      host.listen
    else
      [
        {
          addr = "0.0.0.0";
          port = 80;
          ssl = false;
        }
      ]
      ++ lib.optional (host.forceSSL || host.addSSL || host.onlySSL) {
        addr = "0.0.0.0";
        port = 443;
        ssl = true;
      };
  server = name: host: ''
    server {
      ${lib.concatMapStrings (
        one:
        "listen ${one.addr}${
          lib.optionalString (one.port != null) ":${toString one.port}"
        }${lib.optionalString one.ssl " ssl"}${lib.optionalString host.default " default_server"};\n"
      ) (listening host)}
      server_name ${
        if host.serverName != null then host.serverName else name
      } ${toString host.serverAliases};
      ${lib.optionalString (lib.any (one: one.ssl) (listening host)) ''
        ssl_certificate ${
          if host.enableACME then "/var/lib/acme/${name}/fullchain.pem" else host.sslCertificate
        };
        ssl_certificate_key ${
          if host.enableACME then "/var/lib/acme/${name}/key.pem" else host.sslCertificateKey
        };
      ''}
      ${lib.optionalString (host.root != null) "root ${host.root};"}
      ${host.extraConfig}
    }
  '';
in
{
  options.services.nginx = {
    enable = no;
    package = mkOption {
      type = types.package;
      default = pkgs.nginx;
    };
    appendConfig = text;
    appendHttpConfig = text;
    commonHttpConfig = text;
    eventsConfig = text;
    upstreams = mkOption {
      default = { };
      type = types.attrsOf (
        types.submodule {
          options = {
            servers = mkOption {
              type = types.attrsOf (types.submodule { freeformType = types.attrsOf types.unspecified; });
              default = { };
            };
            extraConfig = text;
          };
        }
      );
    };
    virtualHosts = mkOption {
      type = types.attrsOf (types.submodule { options = virtualHost; });
      default = { };
    };
  };
  config = lib.mkIf cfg.enable {
    users.users.nginx = {
      isSystemUser = true;
      group = "nginx";
    };
    users.groups.nginx = { };
    environment.etc."nginx/nixos.conf".text = ''
      daemon off;
      error_log stderr;
      user nginx nginx;
      pid /run/nginx/nginx.pid;
      events {
        ${cfg.eventsConfig}
      }
      http {
        include /etc/nginx/mime.types;
        ${cfg.commonHttpConfig}
        ${lib.concatStrings (
          lib.mapAttrsToList (name: upstream: ''
            upstream ${name} {
              ${lib.concatMapStrings (server: "server ${server};\n") (lib.attrNames upstream.servers)}
              ${upstream.extraConfig}
            }
          '') cfg.upstreams
        )}
        ${lib.concatStrings (lib.mapAttrsToList server cfg.virtualHosts)}
        ${cfg.appendHttpConfig}
      }
      ${cfg.appendConfig}
    '';
    systemd.services.nginx = {
      description = "Nginx Web Server";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      serviceConfig = {
        ExecStart = "/usr/sbin/nginx -c /etc/nginx/nixos.conf";
        RuntimeDirectory = "nginx";
        Restart = "always";
      };
    };
  };
}
