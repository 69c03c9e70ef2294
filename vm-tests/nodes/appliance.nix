# The whole pipeline on one host, enabled by the single line in README.md; scripts use the usual port.
{
  services.footfall.enable = true;
  services.footfall.openFirewall = true;
  services.footfall.site.port = 80;
  # Of these tests one client sends what thousands would.
  services.footfall.ingest.settings.rates.events_per_s = 0;

  # Enough for Kafka, PostgreSQL and Grafana besides our own daemons.
  virtualisation.memorySize = 3072;
  virtualisation.diskSize = 4096;
  virtualisation.cores = 2;
  system.stateVersion = "26.05";
}
