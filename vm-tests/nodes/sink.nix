{
  imports = [ ./in-a-cluster.nix ];
  services.footfall.sink.enable = true;
  services.footfall.sink.secrets."database.password" = "/etc/footfall-test/database.password";
  environment.etc."footfall-test/database.password".text = "password of this test\n";
}
