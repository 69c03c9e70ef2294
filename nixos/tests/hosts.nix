# Realistic hosts. Each is evaluated and built by `nix flake check`; `appliance` is also booted in a Debian
# (cargo xtask nix --system DIR).
let
  machine = {
    boot.loader.grub.device = "nodev";
    fileSystems."/" = {
      device = "/dev/disk/by-label/nixos";
      fsType = "ext4";
    };
    system.stateVersion = "26.05";
  };
in
{
  template = [
    ../template/configuration.nix
    ../template/hardware-configuration.nix
  ];

  appliance = [
    machine
    { services.footfall.enable = true; }
  ];

  # The light profile, with the host's own password.
  light = [
    machine
    {
      services.footfall = {
        enable = true;
        profile = "light";
        openFirewall = true;
        view.secrets."access.password" = "/run/keys/footfall-password";
      };
    }
  ];

  # One host of a cluster: it receives and stores events; Kafka and the database are elsewhere.
  cluster = [
    machine
    {
      services.footfall = {
        enable = true;
        profile = "cluster";
        ingest = {
          enable = true;
          listen = "10.0.0.2:3001";
          secrets."privacy.visitor_secret" = "/run/keys/visitor";
        };
        sink = {
          enable = true;
          instances = 2;
          settings.batch.rows_max = 10000;
          secrets."database.password" = "/run/keys/writer";
        };
        kafka.bootstrapServers = [
          "10.0.0.4:9092"
          "10.0.0.5:9092"
        ];
        database.host = "10.0.0.6";
      };
    }
  ];

  # The host of a cluster that browsers reach, with its own certificate and the live page.
  web = [
    machine
    {
      services.footfall = {
        enable = true;
        profile = "cluster";
        domain = "events.example.org";
        logNamespace = "footfall";
        openFirewall = true;
        view.enable = true;
        view.secrets."database.password" = "/run/keys/reader";
        database.host = "10.0.0.6";
        site = {
          enable = true;
          ingestServers = [
            "10.0.0.2:3001"
            "10.0.0.3:3001"
          ];
          tls.certificate = "/var/lib/certificates/events.pem";
          tls.certificateKey = "/var/lib/certificates/events.key";
        };
      };
    }
  ];
}
