# Units: those from packages, with overrides, and those that the configuration defines.
{
  lib,
  config,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.systemd;

  unitValue = types.oneOf [
    types.bool
    types.int
    types.float
    types.str
    types.path
    types.package
  ];
  # One section of a unit file.
  section = mkOption {
    type = types.attrsOf (types.either unitValue (types.listOf unitValue));
    default = { };
  };
  names = mkOption {
    type = types.listOf types.str;
    default = [ ];
  };

  common = {
    enable = mkOption {
      type = types.bool;
      default = true;
    };
    overrideStrategy = mkOption {
      type = types.enum [
        "asDropinIfExists"
        "asDropin"
      ];
      default = "asDropinIfExists";
    };
    description = mkOption {
      type = types.str;
      default = "";
    };
    documentation = names;
    aliases = names;
    wants = names;
    requires = names;
    after = names;
    before = names;
    bindsTo = names;
    partOf = names;
    conflicts = names;
    wantedBy = names;
    requiredBy = names;
    unitConfig = section;
    restartTriggers = mkOption {
      type = types.listOf types.unspecified;
      default = [ ];
    };
  };
  script = mkOption {
    type = types.lines;
    default = "";
  };
  service = common // {
    serviceConfig = section;
    environment = mkOption {
      type = types.attrsOf (
        types.nullOr (
          types.oneOf [
            types.str
            types.path
            types.package
          ]
        )
      );
      default = { };
    };
    path = mkOption {
      type = types.listOf (
        types.oneOf [
          types.package
          types.str
        ]
      );
      default = [ ];
    };
    script = script;
    preStart = script;
    postStart = script;
    restartIfChanged = mkOption {
      type = types.bool;
      default = true;
    };
    stopIfChanged = mkOption {
      type = types.bool;
      default = true;
    };
    startAt = mkOption {
      type = types.either types.str (types.listOf types.str);
      default = [ ];
    };
  };
  socket = common // {
    listenStreams = names;
    socketConfig = section;
  };
  timer = common // {
    timerConfig = section;
  };
  several =
    options:
    mkOption {
      type = types.attrsOf (types.submodule { inherit options; });
      default = { };
    };

  shown = value: if builtins.isBool value then lib.boolToString value else toString value;
  lines =
    settings:
    lib.concatStrings (
      lib.mapAttrsToList (
        name: value:
        lib.concatMapStrings (one: "${name}=${shown one}\n") (
          if builtins.isList value then value else [ value ]
        )
      ) settings
    );
  joined =
    name: values: lib.optionalString (values != [ ]) "${name}=${lib.concatStringsSep " " values}\n";
  unitSection =
    unit:
    "[Unit]\n"
    + lib.optionalString (unit.description != "") "Description=${unit.description}\n"
    + lib.concatStrings (
      lib.mapAttrsToList joined {
        Wants = unit.wants;
        Requires = unit.requires;
        After = unit.after;
        Before = unit.before;
        BindsTo = unit.bindsTo;
        PartOf = unit.partOf;
        Conflicts = unit.conflicts;
        Documentation = unit.documentation;
      }
    )
    + lib.optionalString (
      unit.restartTriggers != [ ]
    ) "X-Restart-Triggers=${toString unit.restartTriggers}\n"
    + lines unit.unitConfig;

  started =
    name: kind: text:
    lib.optionalAttrs (text != "") {
      ${kind} = pkgs.writeShellScript "${name}-${lib.toLower kind}" "set -e\n${text}";
    };
  serviceText =
    name: unit:
    unitSection unit
    + "\n[Service]\n"
    + lib.concatStrings (
      lib.mapAttrsToList
        (
          variable: value:
          lib.optionalString (value != null) ''
            Environment="${variable}=${toString value}"
          ''
        )
        (
          unit.environment
          // lib.optionalAttrs (unit.path != [ ]) { PATH = "${lib.makeBinPath unit.path}:/usr/bin:/bin"; }
        )
    )
    + lines (
      unit.serviceConfig
      // started name "ExecStart" unit.script
      // started name "ExecStartPre" unit.preStart
      // started name "ExecStartPost" unit.postStart
    );

  units =
    lib.mapAttrs' (
      name: unit: lib.nameValuePair "${name}.service" (unit // { text = serviceText name unit; })
    ) cfg.services
    // lib.mapAttrs' (
      name: unit:
      lib.nameValuePair "${name}.socket" (
        unit
        // {
          text =
            unitSection unit
            + "\n[Socket]\n"
            + lib.concatMapStrings (address: "ListenStream=${address}\n") unit.listenStreams
            + lines unit.socketConfig;
        }
      )
    ) cfg.sockets
    // lib.mapAttrs' (
      name: unit:
      lib.nameValuePair "${name}.timer" (
        unit // { text = unitSection unit + "\n[Timer]\n" + lines unit.timerConfig; }
      )
    ) cfg.timers
    // lib.mapAttrs' (
      name: unit: lib.nameValuePair "${name}.target" (unit // { text = unitSection unit; })
    ) cfg.targets;

  install =
    name: unit:
    let
      text = pkgs.writeText (builtins.replaceStrings [ "@" ] [ "-" ] name) unit.text;
    in
    if !unit.enable then
      ''ln -sfn /dev/null "$out/${name}"''
    else
      ''
        if [[ ${unit.overrideStrategy} == asDropin || -e "$out/${name}" ]]; then
          mkdir -p "$out/${name}.d"
          ln -s ${text} "$out/${name}.d/overrides.conf"
        else
          ln -s ${text} "$out/${name}"
        fi
      ''
      + lib.concatMapStrings (target: ''
        mkdir -p "$out/${target}.wants"
        ln -sfn "../${name}" "$out/${target}.wants/${name}"
      '') unit.wantedBy
      + lib.concatMapStrings (target: ''
        mkdir -p "$out/${target}.requires"
        ln -sfn "../${name}" "$out/${target}.requires/${name}"
      '') unit.requiredBy
      + lib.concatMapStrings (alias: ''ln -sfn "${name}" "$out/${alias}"'' + "\n") unit.aliases;
in
{
  options.systemd = {
    packages = mkOption {
      type = types.listOf types.package;
      default = [ ];
    };
    services = several service;
    sockets = several socket;
    timers = several timer;
    targets = several common;
    tmpfiles.rules = names;
  };
  config.environment.etc = {
    "systemd/system".source = pkgs.runCommand "system-units" { } ''
      mkdir -p "$out"
      for unit in ${
        lib.concatMapStringsSep " " (package: "${package}/lib/systemd/system/*") cfg.packages
      }; do
        if [[ -d $unit ]]; then
          mkdir -p "$out/$(basename "$unit")"
          ln -s "$unit"/* "$out/$(basename "$unit")/"
        else
          ln -s "$unit" "$out/"
        fi
      done
      ${lib.concatStringsSep "\n" (lib.mapAttrsToList install units)}
    '';
    "tmpfiles.d/nixos.conf".text = lib.concatLines cfg.tmpfiles.rules;
  };
}
