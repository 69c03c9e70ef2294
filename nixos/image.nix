# The container image: the launcher with the whole appliance except Grafana. Its metadata is in image.json, which
# `cargo xtask image` reads too.
{
  lib,
  dockerTools,
  runCommand,
  writeTextDir,
  footfall,
  postgresql_17,
  nginx,
  jre_headless,
  apacheKafka,
  tzdata,
}:
let
  image = lib.importJSON ./image.json;
  postgresql = postgresql_17.withPackages (packages: [ packages.timescaledb-apache ]);
  parts = [
    footfall
    postgresql
    nginx
    jre_headless
  ];
  nanoseconds = seconds: seconds * 1000000000;
  # initdb and nginx look up their user.
  user = image.user;
  accounts = [
    (writeTextDir "etc/passwd" ''
      root:x:0:0:root:/:/noshell
      ${user.name}:x:${toString user.uid}:${toString user.gid}:Footfall:${image.working_directory}:/noshell
    '')
    (writeTextDir "etc/group" ''
      root:x:0:
      ${user.name}:x:${toString user.gid}:
    '')
  ];
  # Where footfall-view looks for time zones. PostgreSQL has a path of its own to the same package.
  zones = runCommand "zones" { } ''
    mkdir -p $out/usr/share
    ln -s ${tzdata}/share/zoneinfo $out/usr/share/zoneinfo
  '';
in
dockerTools.streamLayeredImage {
  inherit (image) name;
  tag = footfall.version;
  # initdb starts postgres through /bin/sh.
  contents =
    parts
    ++ accounts
    ++ [
      zones
      dockerTools.binSh
    ];
  # Folders owned by the user; a new volume is initialized with the image's content at its mount point.
  fakeRootCommands = lib.concatMapStrings (folder: ''
    mkdir -p ".${folder}"
    chown ${toString user.uid}:${toString user.gid} ".${folder}"
  '') (image.volumes ++ image.folders);
  config = {
    Entrypoint = [ (lib.getExe footfall) ] ++ lib.tail image.entry_point;
    User = "${toString user.uid}:${toString user.gid}";
    WorkingDir = image.working_directory;
    Env = lib.mapAttrsToList (name: value: "${name}=${value}") (
      image.environment
      // {
        PATH = lib.makeBinPath parts;
        FOOTFALL_KAFKA_LIBS = "${apacheKafka}/libs";
      }
    );
    ExposedPorts = lib.genAttrs image.ports (_: { });
    Volumes = lib.genAttrs image.volumes (_: { });
    StopSignal = image.stop_signal;
    Labels = image.labels // {
      "org.opencontainers.image.version" = footfall.version;
    };
    Healthcheck = {
      Test = [ "CMD" ] ++ [ "${lib.getExe footfall}" ] ++ lib.tail image.health.command;
      Interval = nanoseconds image.health.interval_s;
      Timeout = nanoseconds image.health.time_out_s;
      StartPeriod = nanoseconds image.health.start_period_s;
      Retries = image.health.retries;
    };
  };
}
