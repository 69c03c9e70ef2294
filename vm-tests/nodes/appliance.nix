# The whole path on one host, by the one line that README.md promises.
{
  services.footfall.enable = true;
  services.footfall.openFirewall = true;

  # Kafka, PostgreSQL and Grafana beside our own.
  virtualisation.memorySize = 3072;
  virtualisation.diskSize = 4096;
  virtualisation.cores = 2;
  system.stateVersion = "26.05";
}
