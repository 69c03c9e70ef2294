# A host that runs all of Footfall. Without the lines for domain and certificate it serves plain HTTP on port 8080.
{
  services.footfall = {
    enable = true;
    domain = "events.example.org";
    openFirewall = true;
    site.tls.acme = true;
    view.settings.page.time_zone = "Europe/Berlin";
  };

  security.acme.acceptTerms = true;
  security.acme.defaults.email = "admin@example.org";

  networking.hostName = "footfall";
  system.stateVersion = "26.05";
}
