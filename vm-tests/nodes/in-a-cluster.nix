# What the hosts of the cluster have in common.
{
  services.footfall.enable = true;
  services.footfall.profile = "cluster";
  services.footfall.kafka.bootstrapServers = [ "kafka:9092" ];
  services.footfall.database.host = "database";

  virtualisation.memorySize = 1536;
  virtualisation.diskSize = 2048;
  system.stateVersion = "26.05";
}
