# One broker for other hosts, and the topics.
{
  imports = [ ./in-a-cluster.nix ];
  services.footfall.kafka.enable = true;
  # Its own name leads back to itself on its own host, so it listens everywhere and only tells its name.
  services.apache-kafka.settings.listeners = [
    "PLAINTEXT://0.0.0.0:9092"
    "CONTROLLER://127.0.0.1:9093"
  ];
  services.apache-kafka.settings."advertised.listeners" = [ "PLAINTEXT://kafka:9092" ];
  networking.firewall.allowedTCPPorts = [ 9092 ];
}
