# Packages: those that this machine must provide are just a name and a folder; the others are built with its bash.
#
# Builds run without a sandbox, with the machine's programs.
{ lib, system }:
let
  self = make (_: _: { });

  make =
    overlay:
    let
      final =
        basis final
        // overlay final (basis final)
        // {
          extend = next: make (lib.composeExtensions overlay next);
        };
    in
    final;

  # A program of this machine, under its name in nixpkgs.
  onThisMachine =
    pname: folder: extra:
    {
      type = "derivation";
      inherit pname system;
      name = pname;
      outPath = folder;
      drvPath = folder;
      meta.mainProgram = pname;
      version = "0";
      override = _: onThisMachine pname folder extra;
    }
    // extra;

  basis =
    pkgs:
    let
      fromThisMachine = lib.genAttrs [
        "cargo"
        "chromedriver"
        "chromium"
        "clippy"
        "cmake"
        "coreutils"
        "curl"
        "gnugrep"
        "jq"
        "maven"
        "mypy"
        "nginx"
        "nodejs"
        "openssl"
        "perl"
        "pkg-config"
        "python3"
        "rdkafka"
        "rust-analyzer"
        "rustc"
        "rustfmt"
        "systemd"
        "util-linux"
        "zlib"
        "zstd"
        "deadnix"
        "nixfmt"
        "grafana"
        "cacert"
        "bash"
        "buildah"
        "tini"
        "tzdata"
      ] (name: onThisMachine name "/usr" { });

      build =
        {
          name,
          script,
          passthru ? { },
          meta ? { },
          pname ? name,
          version ? "0",
          variables ? { },
        }:
        let
          derivation = builtins.derivation (
            variables
            // {
              inherit name system;
              builder = "/bin/bash";
              args = [
                "-c"
                # If bash execs its last command, the builder's output closes early, and Nix ends the build.
                ''
                  set -euo pipefail
                  export PATH=/usr/bin:/bin HOME=$PWD
                  ${script}
                  exit 0
                ''
              ];
            }
          );
        in
        derivation
        // passthru
        // {
          inherit
            meta
            pname
            version
            passthru
            ;
        };

      writeTextFile =
        {
          name,
          text,
          destination ? "",
          executable ? false,
          meta ? { },
        }:
        build {
          inherit name meta;
          variables = {
            inherit text;
            passAsFile = [ "text" ];
          };
          script = ''
            mkdir -p "$(dirname "$out${destination}")"
            cp "$textPath" "$out${destination}"
            ${lib.optionalString executable ''chmod +x "$out${destination}"''}
          '';
        };

      runCommand =
        name: attributes: script:
        build {
          inherit name;
          variables = removeAttrs attributes [
            "nativeBuildInputs"
            "buildInputs"
            "passthru"
            "meta"
          ];
          passthru = attributes.passthru or { };
          meta = attributes.meta or { };
          inherit script;
        };

      toml = import ./toml.nix { inherit lib; };
    in
    fromThisMachine
    // {
      inherit lib runCommand writeTextFile;
      runCommandLocal = runCommand;
      inherit (pkgs.stdenv) hostPlatform;
      stdenv = {
        hostPlatform = {
          inherit system;
          isLinux = true;
        };
        buildPlatform = {
          inherit system;
          canExecute = other: other.system == system;
        };
      };

      callPackage =
        file: given:
        let
          f = if builtins.isFunction file then file else import file;
          arguments =
            builtins.mapAttrs
              (
                name: _hasDefault:
                if given ? ${name} then
                  given.${name}
                else if pkgs ? ${name} then
                  pkgs.${name}
                else if name == "pkgs" then
                  pkgs
                else
                  throw "nixpkgs has no ${name} (or nixos/tests/stand-in/pkgs lacks it)"
              )
              (
                lib.filterAttrs (name: hasDefault: !hasDefault || given ? ${name} || pkgs ? ${name}) (
                  builtins.functionArgs f
                )
              );
        in
        f arguments;

      writeText = name: text: writeTextFile { inherit name text; };
      writeTextDir =
        path: text:
        writeTextFile {
          name = baseNameOf path;
          inherit text;
          destination = "/${path}";
        };
      writeShellScript =
        name: text:
        writeTextFile {
          inherit name;
          text = "#!/bin/bash\n${text}\n";
          executable = true;
        };
      writeShellScriptBin =
        name: text:
        writeTextFile {
          inherit name;
          text = "#!/bin/bash\n${text}\n";
          executable = true;
          destination = "/bin/${name}";
          meta.mainProgram = name;
        };
      writeShellApplication =
        {
          name,
          text,
          runtimeInputs ? [ ],
        }:
        pkgs.writeShellScriptBin name ''
          set -euo pipefail
          export PATH=${lib.makeBinPath runtimeInputs}:$PATH
          ${text}'';

      # A file that describes the shell.
      mkShell =
        attributes:
        pkgs.writeText "shell" (
          lib.concatLines (map toString ((attributes.packages or [ ]) ++ (attributes.inputsFrom or [ ])))
        );

      linkFarm =
        name: entries:
        runCommand name { } ''
          mkdir -p "$out"
          ${lib.concatLines (
            map
              (
                { name, path }:
                ''mkdir -p "$(dirname "$out/${name}")"; ln -s ${lib.escapeShellArg "${path}"} "$out/${name}"''
              )
              (
                if builtins.isAttrs entries then
                  lib.mapAttrsToList (name: path: { inherit name path; }) entries
                else
                  entries
              )
          )}
        '';

      formats.toml = { }: {
        type =
          let
            inherit (lib) types;
            value =
              types.oneOf [
                types.bool
                types.int
                types.float
                types.str
                types.path
                (types.attrsOf value)
                (types.listOf value)
              ]
              // {
                description = "TOML value";
                descriptionClass = null;
              };
          in
          value;
        generate = name: value: pkgs.writeText name (toml value);
      };

      rustPlatform = {
        # This machine's cargo builds the programs beforehand (`cargo xtask nix` says where they are), because a build from
        # scratch takes many minutes. The rest of the build is as in the package.
        buildRustPackage =
          attributes:
          let
            programs = builtins.fromJSON (builtins.readFile ../programs.json);
            # Read, so that a missing lock file is an error here too.
            locked = lib.importTOML attributes.cargoLock.lockFile;
          in
          assert lib.elem locked.version [
            3
            4
          ];
          build {
            inherit (attributes) pname version;
            name = "${attributes.pname}-${attributes.version}";
            meta = attributes.meta or { };
            passthru = (attributes.passthru or { }) // {
              overrideAttrs = change: pkgs.rustPlatform.buildRustPackage (attributes // change attributes);
              inherit (attributes) src;
            };
            variables = {
              inherit (attributes) src;
              inherit (programs) folder digest;
              postInstall = attributes.postInstall or "";
              postPatch = attributes.postPatch or "";
            };
            script = ''
              [[ -n $folder ]] || { echo "the programs must be built first: cargo xtask nix" >&2; exit 1; }
              cp -r --no-preserve=ownership "$src" source
              chmod -R u+w source
              cd source
              eval "$postPatch"
              mkdir -p "$out/bin"
              for program in footfall footfall-ingest footfall-sink footfall-view; do
                cp "$folder/$program" "$out/bin/"
                strip --strip-debug "$out/bin/$program"
              done
              eval "$postInstall"
            '';
          };
      };

      postgresql_17 = onThisMachine "postgresql" "/usr/lib/postgresql/17" {
        psqlSchema = "17";
        pkgs = {
          timescaledb-apache = onThisMachine "timescaledb-apache" "/usr" { };
          timescaledb = onThisMachine "timescaledb" "/usr" { };
        };
        withPackages = _: pkgs.postgresql_17;
      };
      postgresql17Packages = pkgs.postgresql_17.pkgs;
      jdk21_headless = onThisMachine "openjdk" "/usr" { };
      jre_headless = pkgs.jdk21_headless;
      apacheKafka = onThisMachine "kafka" "/usr/share/footfall/kafka" {
        passthru.jre = pkgs.jdk21_headless;
      };

      dockerTools.binSh = onThisMachine "bin-sh" "/usr" { };

      # A description of the image's content: only real nixpkgs can build the image itself.
      dockerTools.streamLayeredImage =
        {
          name,
          tag,
          contents,
          config,
          maxLayers ? 100,
          created ? "1970-01-01T00:00:01Z",
          architecture ? "amd64",
          extraCommands ? "",
          fakeRootCommands ? "",
          enableFakechroot ? false,
          uid ? 0,
          gid ? 0,
          uname ? "root",
          gname ? "root",
          passthru ? { },
          meta ? { },
        }:
        pkgs.writeText "stream-${name}" (
          builtins.toJSON {
            inherit
              name
              tag
              config
              maxLayers
              created
              ;
            contents = map toString (lib.flatten contents);
          }
        );

      testers.runNixOSTest = import ./nixos-test.nix { inherit lib pkgs; };
    };
in
self
