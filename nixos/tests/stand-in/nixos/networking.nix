{ lib, ... }:
let
  inherit (lib) mkOption types;
  ports = mkOption {
    type = types.listOf types.port;
    default = [ ];
  };
in
{
  options.networking = {
    hostName = mkOption {
      type = types.str;
      default = "nixos";
    };
    firewall.enable = mkOption {
      type = types.bool;
      default = true;
    };
    firewall.allowedTCPPorts = ports;
    firewall.allowedUDPPorts = ports;
    hosts = mkOption {
      type = types.attrsOf (types.listOf types.str);
      default = { };
    };
  };
  options.security.acme = {
    acceptTerms = mkOption {
      type = types.bool;
      default = false;
    };
    defaults.email = mkOption {
      type = types.nullOr types.str;
      default = null;
    };
  };
}
