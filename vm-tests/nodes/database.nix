# PostgreSQL for other hosts on the network, which log in with a password.
{ lib, ... }:
{
  imports = [ ./in-a-cluster.nix ];
  services.footfall.database.enable = true;
  services.footfall.database.host = lib.mkForce "/run/postgresql";
  services.postgresql.enableTCPIP = true;
  services.postgresql.authentication = lib.mkBefore ''
    host analytics footfall_writer,footfall_reader samenet scram-sha-256
  '';
  networking.firewall.allowedTCPPorts = [ 5432 ];
}
