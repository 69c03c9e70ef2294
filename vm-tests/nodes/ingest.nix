{
  imports = [ ./in-a-cluster.nix ];
  services.footfall.ingest.enable = true;
  services.footfall.ingest.listen = "0.0.0.0:3001";
  # Of these tests one client sends what thousands would.
  services.footfall.ingest.settings.rates.events_per_s = 0;
  # The same on every host, so that a visitor is recognized by each of them. A test's secret may be public.
  services.footfall.ingest.secrets."privacy.visitor_secret" = "/etc/footfall-test/visitor_secret";
  environment.etc."footfall-test/visitor_secret".text = "a secret of this test alone\n";
  networking.firewall.allowedTCPPorts = [ 3001 ];
}
