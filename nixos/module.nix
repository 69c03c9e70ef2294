# Footfall on NixOS: with `services.footfall.enable = true;` the whole pipeline runs on this host.
#
# The units are the plain files of nixos/systemd, taken from the package; each file here holds the options of one service
# and what they change in its units. What NixOS already has (PostgreSQL, Kafka, nginx, Grafana, certificates) is only
# configured.
{
  imports = [
    ./module/options.nix
    ./module/profiles.nix
    ./module/units.nix
    ./module/users.nix
    ./module/secrets.nix
    ./module/ingest.nix
    ./module/sink.nix
    ./module/view.nix
    ./module/kafka.nix
    ./module/postgresql.nix
    ./module/site.nix
    ./module/grafana.nix
    ./module/retention.nix
    ./module/backup.nix
  ];
}
