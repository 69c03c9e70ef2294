# An appliance with a domain name and the owner's certificates. The test's own files are in /etc/tls.
{ lib, pkgs, ... }:
{
  imports = [ ./appliance.nix ];
  services.footfall.domain = "stats.example";
  services.footfall.site.tls.certificate = "/etc/tls/own.pem";
  services.footfall.site.tls.certificateKey = "/etc/tls/own.key";
  # Generated on the machine before nginx starts: a key in the store would be refused.
  systemd.services.test-certificates = {
    wantedBy = [ "nginx.service" ];
    before = [ "nginx.service" ];
    path = [ pkgs.openssl ];
    serviceConfig.Type = "oneshot";
    serviceConfig.RemainAfterExit = true;
    script = ''
      mkdir -p /etc/tls && cd /etc/tls
      [[ ! -e own.pem ]] || exit 0
      new=(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30)
      "''${new[@]}" -subj /CN=test -keyout ca.key -out ca.pem
      "''${new[@]}" -subj /CN=stats.example -keyout own.key -out own.pem -CA ca.pem -CAkey ca.key \
        -addext subjectAltName=DNS:stats.example -addext basicConstraints=CA:FALSE
      chown nginx own.key
    '';
  };
  # Any other name is refused, as in the lab.
  services.nginx.virtualHosts."_" = {
    rejectSSL = true;
    default = true;
  };
  services.nginx.virtualHosts."stats.example".default = lib.mkForce false;
}
