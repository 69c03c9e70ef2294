# The module system: declares options, merges definitions, and reports errors in both. It behaves like nixpkgs' own
# (nixos/tests/module-system.nix compares them), down to the wording of its errors.
{ lib }:
let
  inherit (builtins)
    attrNames
    concatMap
    concatStringsSep
    filter
    foldl'
    head
    isAttrs
    isPath
    isString
    length
    map
    mapAttrs
    removeAttrs
    sort
    tryEval
    ;

  priority = {
    option = 1500;
    default = 1000;
    plain = 100;
    force = 50;
  };

  mkOverride = level: content: {
    _type = "override";
    priority = level;
    inherit content;
  };
  mkOrder = level: content: {
    _type = "order";
    priority = level;
    inherit content;
  };
  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };
  mkMerge = contents: {
    _type = "merge";
    inherit contents;
  };
  mkOption = attributes: attributes // { _type = "option"; };

  typeOf = value: value._type or null;
  isOption = value: typeOf value == "option";

  showOption =
    loc:
    concatStringsSep "." (
      map (
        part:
        if builtins.match "[a-zA-Z_<‹*][a-zA-Z0-9_'>›*-]*" part != null then part else builtins.toJSON part
      ) loc
    );
  showFiles = files: concatStringsSep " and " (map (file: "`${file}'") files);
  showDefs =
    defs:
    lib.concatMapStrings (
      def:
      let
        value = tryEval (lib.generators.toPretty def.value);
      in
      "\n- In `${def.file}'${lib.optionalString value.success ": ${value.value}"}"
    ) defs;

  # A definition's sets, with mkIf, mkMerge and mkOverride moved into their values.
  pushDownProperties =
    value:
    if typeOf value == "merge" then
      concatMap pushDownProperties value.contents
    else if typeOf value == "if" then
      map (mapAttrs (_: mkIf value.condition)) (pushDownProperties value.content)
    else if typeOf value == "override" then
      map (mapAttrs (_: mkOverride value.priority)) (pushDownProperties value.content)
    else
      [ value ];

  # The values that apply, with mkIf and mkMerge resolved.
  dischargeProperties =
    value:
    if typeOf value == "merge" then
      concatMap dischargeProperties value.contents
    else if typeOf value == "if" then
      if value.condition then dischargeProperties value.content else [ ]
    else
      [ value ];

  # The value of one option: its definitions of the highest priority, in order, checked and merged.
  mergeDefinitions =
    loc: type: defs:
    let
      discharged = concatMap (
        def: map (value: def // { inherit value; }) (dischargeProperties def.value)
      ) defs;
      levelOf = def: if typeOf def.value == "override" then def.value.priority else priority.plain;
      strongest = foldl' (least: def: lib.min least (levelOf def)) 9999 discharged;
      strong = map (
        def: if typeOf def.value == "override" then def // { value = def.value.content; } else def
      ) (filter (def: levelOf def == strongest) discharged);
      orderOf = def: if typeOf def.value == "order" then def.value.priority else 1000;
      ordered = map (
        def: if typeOf def.value == "order" then def // { value = def.value.content; } else def
      ) (sort (a: b: orderOf a < orderOf b) strong);
      wrong = filter (def: !type.check def.value) ordered;
    in
    {
      isDefined = ordered != [ ];
      value =
        if wrong != [ ] then
          throw "A definition for option `${showOption loc}' is not of type `${type.description}'. Definition values:${showDefs wrong}"
        else if ordered != [ ] then
          type.merge loc ordered
        else
          type.emptyValue.value
            or (throw "The option `${showOption loc}' was accessed but has no value defined. Try setting the option.");
      inherit ordered strongest;
    };

  evaluateOption =
    loc: option: defs:
    let
      type = option.type or lib.types.unspecified;
      own = lib.optional (option ? default) {
        file = option.file;
        value = mkOverride priority.option option.default;
      };
      merged = mergeDefinitions loc type (own ++ defs);
    in
    if option.readOnly or false && length (concatMap (def: dischargeProperties def.value) defs) > 1 then
      throw "The option `${showOption loc}' is read-only, but it's set multiple times. Definition values:${showDefs defs}"
    else
      option
      // {
        inherit type loc;
        isDefined = merged.ordered != [ ];
        definitions = map (def: def.value) merged.ordered;
        files = map (def: def.file) merged.ordered;
        highestPrio = merged.strongest;
        declarations = [ option.file ];
        value = (option.apply or lib.id) merged.value;
        __toString = _: showOption loc;
      };

  # Walks the tree of declarations: { options, config, unmatched }.
  mergeTree =
    prefix: declarations: definitions:
    let
      names = lib.unique (concatMap (declaration: attrNames declaration.options) declarations);
      pushed = concatMap (
        definition: map (value: definition // { inherit value; }) (pushDownProperties definition.value)
      ) definitions;
      setsOnly = map (
        definition:
        if isAttrs definition.value then
          definition
        else
          throw "The option `${showOption prefix}' has definitions that are not sets, but it holds options:${showDefs [ definition ]}"
      ) pushed;
      below =
        name:
        concatMap (
          definition:
          lib.optional (definition.value ? ${name}) (definition // { value = definition.value.${name}; })
        ) setsOnly;
      children = lib.genAttrs names (
        name:
        let
          here = concatMap (
            declaration:
            lib.optional (declaration.options ? ${name}) (
              declaration // { options = declaration.options.${name}; }
            )
          ) declarations;
          loc = prefix ++ [ name ];
          options = filter (declaration: isOption declaration.options) here;
          # An option declared twice: the two declarations combined.
          merged = foldl' (
            all: declaration:
            if all ? type && declaration.options ? type then
              throw "The option `${showOption loc}' in `${declaration.file}' is already declared in `${all.file}'."
            else
              { inherit (declaration) file; } // all // declaration.options
          ) { } options;
        in
        if options == [ ] then
          mergeTree loc here (below name)
        else if length options != length here then
          throw "The option `${showOption loc}' is declared both as an option and as a set of options."
        else
          let
            option = evaluateOption loc merged (below name);
          in
          {
            options = option;
            config = option.value;
            unmatched = [ ];
          }
      );
    in
    {
      options = mapAttrs (_: child: child.options) children;
      config = mapAttrs (_: child: child.config) children;
      unmatched =
        concatMap (name: children.${name}.unmatched) names
        ++ concatMap (
          definition:
          map (name: {
            inherit (definition) file;
            loc = prefix ++ [ name ];
            value = definition.value.${name};
          }) (filter (name: !(children ? ${name})) (attrNames definition.value))
        ) setsOnly;
    };

  setDefaultModuleLocation = file: module: {
    _file = file;
    imports = [ module ];
  };

  evalModules =
    {
      modules,
      prefix ? [ ],
      specialArgs ? { },
      ...
    }:
    let
      base = specialArgs // {
        inherit lib config options;
      };
      call =
        _file: module:
        if lib.isFunction module then
          module (
            base
            // mapAttrs (name: _: base.${name} or config._module.args.${name}) (
              removeAttrs (lib.functionArgs module) (attrNames base)
            )
          )
        else
          module;
      # Normalizes a file, a function, a set of options and definitions, or a set of definitions only.
      load =
        file: module:
        let
          isFile = isPath module || isString module;
          file' = if isFile then toString module else file;
          value = call file' (if isFile then import module else module);
          where = value._file or file';
          full = value ? options || value ? config;
          strange = removeAttrs value [
            "_file"
            "key"
            "imports"
            "options"
            "config"
            "freeformType"
            "meta"
            "disabledModules"
            "_class"
          ];
        in
        if typeOf value != null then
          throw "Expected a module, but found a value of type ${builtins.toJSON (typeOf value)} in ${where}."
        else if full && strange != { } then
          throw "Module `${where}' has an unsupported attribute `${head (attrNames strange)}'. This is caused by introducing a top-level `config' or `options' attribute. Add configuration attributes immediately on the top level instead, or move all of them (namely: ${toString (attrNames strange)}) into the explicit `config' attribute."
        else
          [
            {
              file = where;
              key = value.key or (if isFile then file' else null);
              options = value.options or { };
              freeformType = value.freeformType or null;
              config =
                if full then
                  value.config or { }
                else
                  removeAttrs value [
                    "_file"
                    "key"
                    "imports"
                    "freeformType"
                    "meta"
                    "disabledModules"
                    "_class"
                  ];
            }
          ]
          ++ concatMap (load where) (value.imports or [ ]);
      all = concatMap (load "<unknown-file>") (modules ++ [ own ]);
      # A file that is imported twice counts once. Later modules are merged first, as in nixpkgs.
      once =
        lib.reverseList
          (foldl'
            (
              seen: module:
              if module.key != null && seen.keys ? ${module.key} then
                seen
              else
                {
                  keys = seen.keys // lib.optionalAttrs (module.key != null) { ${module.key} = true; };
                  list = seen.list ++ [ module ];
                }
            )
            {
              keys = { };
              list = [ ];
            }
            all
          ).list;
      own = {
        _file = "lib/modules.nix";
        options._module = {
          args = mkOption {
            type = lib.types.lazyAttrsOf lib.types.raw;
            internal = true;
            default = { };
            description = "Additional arguments of modules.";
          };
          check = mkOption {
            type = lib.types.bool;
            internal = true;
            default = true;
            description = "Whether a definition of an option that does not exist is refused.";
          };
        };
      };
      tree = mergeTree prefix once (
        map (module: {
          inherit (module) file;
          value = module.config;
        }) once
      );
      freeform = map (module: module.freeformType) (filter (module: module.freeformType != null) once);
      freeformType = if freeform == [ ] then null else head freeform;
      loose = map (definition: {
        inherit (definition) file;
        value = lib.setAttrByPath (lib.drop (length prefix) definition.loc) definition.value;
      }) tree.unmatched;
      first = head tree.unmatched;
      config =
        if freeformType != null then
          if loose == [ ] then
            tree.config
          else
            lib.recursiveUpdate (freeformType.merge prefix loose) tree.config
        else
          tree.config;
      options = tree.options;
      checked =
        if freeformType == null && tree.config._module.check && tree.unmatched != [ ] then
          throw "The option `${showOption first.loc}' does not exist. Definition values:${showDefs [ first ]}"
        else
          config;
    in
    {
      config = removeAttrs checked [ "_module" ];
      inherit options freeformType;
      _module = config._module;
    };
in
{
  inherit
    evalModules
    isOption
    mergeDefinitions
    mkIf
    mkMerge
    mkOption
    mkOrder
    mkOverride
    pushDownProperties
    setDefaultModuleLocation
    showDefs
    showFiles
    showOption
    ;
  showEnumValue = value: if isString value then builtins.toJSON value else toString value;
  drop = count: list: builtins.genList (n: builtins.elemAt list (n + count)) (length list - count);
  mkDefault = mkOverride priority.default;
  mkOptionDefault = mkOverride priority.option;
  mkForce = mkOverride priority.force;
  mkBefore = mkOrder 500;
  mkAfter = mkOrder 1500;
  mkEnableOption =
    what:
    mkOption {
      type = lib.types.bool;
      default = false;
      example = true;
      description = "Whether to enable ${what}.";
    };
  # A value as it would be written by hand, over several lines.
  generators.toPretty =
    let
      shown =
        indent: value:
        if isString value then
          builtins.toJSON value
        else if builtins.isFunction value then
          "<function>"
        else if lib.isDerivation value then
          "<derivation ${value.name}>"
        else if isAttrs value then
          if value == { } then
            "{ }"
          else
            "{\n${
              lib.concatMapStrings (
                name: "${indent}  ${showOption [ name ]} = ${shown "${indent}  " value.${name}};\n"
              ) (attrNames value)
            }${indent}}"
        else if builtins.isList value then
          if value == [ ] then
            "[ ]"
          else
            "[\n${lib.concatMapStrings (one: "${indent}  ${shown "${indent}  " one}\n") value}${indent}]"
        else if builtins.isBool value then
          lib.boolToString value
        else if value == null then
          "null"
        else
          toString value;
    in
    shown "";
}
