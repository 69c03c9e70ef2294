{
  imports = [ ./in-a-cluster.nix ];
  services.footfall.ingest.enable = true;
  services.footfall.ingest.listen = "0.0.0.0:3001";
  # The same on every host: a visitor is the same whichever of them he comes by. A test's secret is nobody's.
  services.footfall.ingest.secrets."privacy.visitor_secret" = "/etc/footfall-test/visitor_secret";
  environment.etc."footfall-test/visitor_secret".text = "a secret of this test alone\n";
  networking.firewall.allowedTCPPorts = [ 3001 ];
}
