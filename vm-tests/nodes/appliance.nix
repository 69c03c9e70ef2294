# The whole path on one host, by the one line that README.md promises; scripts ask at the usual port.
{
  services.footfall.enable = true;
  services.footfall.openFirewall = true;
  services.footfall.site.port = 80;

  # Kafka, PostgreSQL and Grafana beside our own.
  virtualisation.memorySize = 3072;
  virtualisation.diskSize = 4096;
  virtualisation.cores = 2;
  system.stateVersion = "26.05";
}
