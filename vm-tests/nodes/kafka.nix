# One broker for other hosts, with the topics.
{
  imports = [ ./in-a-cluster.nix ];
  services.footfall.kafka.enable = true;
  # On this host its name resolves to the loopback address, so it listens on all addresses and only advertises the name.
  services.apache-kafka.settings.listeners = [
    "PLAINTEXT://0.0.0.0:9092"
    "CONTROLLER://127.0.0.1:9093"
  ];
  services.apache-kafka.settings."advertised.listeners" = [ "PLAINTEXT://kafka:9092" ];
  networking.firewall.allowedTCPPorts = [ 9092 ];
}
